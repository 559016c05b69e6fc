/*
 * A server with one file, as wrong as the test wants, and a cache beside it.
 */
#ifndef KIT_FETCH_H
#define KIT_FETCH_H

#include "kit_web.h"

#include "store/fetch.h"

#include <stdatomic.h>

/* What the server has; the test changes it between downloads, or from inside `before`. */
struct file {
    const char *etag; /* NULL: none, and no ranges */
    const uint8_t *data;
    size_t len;
    size_t cut;           /* send the body up to there and close; 0: all */
    int fails;            /* so many requests are answered with 503 first */
    int retry_after;      /* seconds, for these; -1: not said */
    int status;           /* instead of 200; 0: as it should be */
    const char *location; /* with a status of 3xx */
    int is_unsized;       /* no Content-Length */
    int pace_ms;          /* between pieces of 16 KiB */
    uint64_t claims;      /* the Content-Length; 0: the true one */
    /* Called with each request before the answer. */
    void (*before)(struct file *file, unsigned n);
};

struct kit {
    struct web web;
    struct file file;
    atomic_uint bodies; /* answers with a body of the file, whole or a part */
    char *dir, *cache;  /* the cache's folder is not there at first */
    char url[200], sha[65];
    struct x8_http_config http;
    struct x8_cancel cancel;
    struct x8_op op;
    struct x8_fetch job;
    struct x8_cached got;
    struct x8_error err;
    pthread_mutex_t lock;
    char told[16384]; /* "kind stage: text" of all facts but progress, one per line */
    uint64_t done, total;
    void (*on_progress)(struct kit *kit);
};

/* A server with `len` bytes of noise (or `data`), a cache, a job for it with its digest. */
void kit_begin(struct kit *kit, const void *data, size_t len);
void kit_end(struct kit *kit);

void kit_sha(const void *data, size_t len, char out[65]);
/* Bytes that no packing or zeroing leaves as they are; free(). */
uint8_t *kit_noise(size_t len, unsigned seed);

/* What was changed of the file counts from now on, for the server's thread too. */
void kit_meet(struct kit *kit);
/* x8_fetch() with the job; what it fails with stays in kit->err. */
int kit_fetch(struct kit *kit);
/* It works, and the file in the cache has these bytes; nothing else is left of the download. */
void kit_comes(struct kit *kit, const void *data, size_t len);
/* It fails so, with this in its cause or message. */
void kit_fails(struct kit *kit, int code, const char *words);

/* Files of the cache whose names begin with `kind`; complete ones with "". */
unsigned kit_count(const struct kit *kit, const char *kind);
/* The size of the part that is there; -1 for none. */
long kit_part(const struct kit *kit);
/* The part's path, for free(). */
char *kit_part_path(const struct kit *kit, const char *ending);

#endif
