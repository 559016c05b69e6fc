/*
 * A host's end of the adb protocol, as bare as can be, against the double in this process: what is
 * sent is written down packet by packet, what comes back is compared.
 */
#ifndef ADBD_KIT_H
#define ADBD_KIT_H

#include "testlib.h"

#include "ad_model.h"

#include <pthread.h>

#define LIMIT_MS 60000 /* for what must come */
#define QUIET_MS 150   /* for what must not */

struct rig {
    struct ad *ad;
    pthread_t thread;
    int fd, stop[2], has_ended;
    enum ad_end end;
    struct ad_buf in, rest; /* `rest`: of the stream's bytes, by rig_read */
    uint32_t id;            /* of the daemon, for the stream opened last */
};

struct answer {
    uint32_t command, arg0, arg1, len, sum;
    const uint8_t *data; /* valid until the next answer */
};

/* A daemon of these words with one link. */
void rig_start(struct rig *r, const char *words);
/* The same, connected. */
void rig_connect(struct rig *r, const char *words);
/* Close the link; how it ended. */
enum ad_end rig_end(struct rig *r);

void rig_bytes(struct rig *r, const void *data, size_t len);
void rig_send(struct rig *r, uint32_t command, uint32_t arg0, uint32_t arg1, const void *data,
              size_t len);
/* The next packet, whatever it is. 0 at the end of the link. */
int rig_next(struct rig *r, struct answer *a);
/* It must be this one. */
struct answer rig_expect(struct rig *r, uint32_t command, uint32_t arg0, uint32_t arg1);
void rig_expect_end(struct rig *r);     /* the link ends, nothing before it */
void rig_expect_silence(struct rig *r); /* nothing comes, and the link stays */

/* Streams with id 1 of ours, one after the other. */
void rig_open(struct rig *r, const char *service);
void rig_write(struct rig *r, const void *data, size_t len); /* and its OKAY; answers are kept */
/* The stream's bytes up to its CLSE, acknowledged. For free(), NUL-terminated. */
char *rig_read_all(struct rig *r, size_t *len);
/* So many bytes of it. */
void rig_read(struct rig *r, void *out, size_t len);
/* Open, read all, done. */
char *rig_run(struct rig *r, const char *service);

/* Sync requests on the open stream. */
void rig_sync(struct rig *r, const char *id, uint32_t number, const void *data, size_t len);
void rig_sync_path(struct rig *r, const char *id, const char *path);
/* An answer of an id and a number. */
uint32_t rig_sync_answer(struct rig *r, const char *id);
/* FAIL with this text. */
void rig_sync_fails(struct rig *r, const char *text);

#endif
