/*
 * Inner header of downloads: the stream that is asked for until it is complete, and the part on the
 * disk.
 */
#ifndef X8_STORE_FETCH_PARTS_H
#define X8_STORE_FETCH_PARTS_H

#include "store/cache_parts.h"
#include "store/fetch.h"
#include "util/digest.h"

/* Room for fetch_address(). */
#define FETCH_ADDRESS (X8_HTTP_URL + 64)

/* --- fetch_stream.c: one file on its way, however many requests it takes --- */

struct fetch_stream;

/* Where the bytes go. */
struct fetch_target {
    /* An answer begins: its bytes follow behind `start` ones, all that are there or none (what was
     * there is of another file then). stream->total and ->validator are the answer's. */
    int (*begin)(void *ctx, const struct fetch_stream *stream, uint64_t start,
                 struct x8_error *err);
    int (*write)(void *ctx, const void *data, size_t len, struct x8_error *err);
};

struct fetch_stream {
    struct x8_sink sink; /* first: what x8_http_fetch() pushes into */
    struct x8_op op;     /* stage "download" */
    const struct x8_fetch *job;
    const struct fetch_target *target;
    void *ctx;
    struct x8_sha256 *sha; /* of the first `have` bytes; owned by the caller */
    uint64_t have;
    uint64_t resumed;    /* of them from an earlier run */
    uint64_t most;       /* the most there ever was: for counting tries */
    uint64_t total;      /* UINT64_MAX: nobody knows */
    char validator[160]; /* of what is there; "": cannot be gone on with */
    int is_joined;       /* it came in more than one answer */
    int is_other;        /* the server has another file than it said */
    struct x8_http_result result;
};

/* Ask, and ask again, until everything came. */
int fetch_stream_run(struct fetch_stream *stream, struct x8_error *err);

/* How a download is called in messages: job->name, or the last part of the address, or its host.
 */
void fetch_name(const struct x8_fetch *job, char *out, size_t cap);
/* The last part of an address, or its host. */
void fetch_last_part(const char *url, char *out, size_t cap);
/* What stands for an address in names and records: itself, or when it holds secrets, what may be
 * shown of it and a digest of the rest. */
void fetch_address(const char *url, char *out, size_t cap);

/* --- fetch_pin.c: which file it must be --- */

/* The digest this job must have: 1 known, 2 pinned before, 0 none; or negative. Lower case. */
int fetch_digest_wanted(const struct x8_fetch *job, char out[65], struct x8_error *err);
/* The release that a file without a digest has the size of, and not the digest: a damaged one. NULL
 * for none. */
const struct x8_release *fetch_twin(const struct x8_fetch *job, uint64_t size, const char *got);
/* Complete the error of such a file. */
void fetch_explain_twin(const struct x8_release *twin, struct x8_error *err);

/* Remember the digest of a file that had none; says so, or which release it is. */
int fetch_pin(const struct x8_op *op, const struct x8_fetch *job, const char *was, const char *got,
              struct x8_error *err);
/* The digest of a file that was read as it came, to be noted once it proved to be whole. */
struct fetch_due {
    char sha256[65]; /* "": nothing is to be noted */
    char was[65];    /* what was noted before, for a file that moves; or "" */
};
/* Note it, unless that was done meanwhile. */
int fetch_accept(const struct x8_op *op, const struct x8_fetch *job, const struct fetch_due *due,
                 struct x8_error *err);
/* fetch_reader.c: what is to be noted of it; once its end was read. */
void fetch_reader_due(const struct x8_reader *reader, struct fetch_due *out);

/* Complete the error of a pinned file that is another one now. */
void fetch_explain_pin(const struct x8_fetch *job, struct x8_error *err);

/* Which answer of the server a moving name's file came from. What cannot be written costs a
 * download. */
void fetch_seen_save(const struct x8_fetch *job, const char *validator, const char *sha256);
/* Does the server still have the file that is there? 1, 0 when it has another or cannot tell, or
 * negative. */
int fetch_seen_ask(const struct x8_op *op, const struct x8_fetch *job,
                   const struct x8_cached *cached, struct x8_error *err);

/* --- fetch_look.c: can it be an image? --- */

/* Its first bytes, so many as there are or FETCH_HEAD: X8_E_BAD_IMAGE for nothing, and for text. */
#define FETCH_HEAD ((size_t)512)
int fetch_look_at(const char *name, const uint8_t *head, size_t len, struct x8_error *err);
/* Of a file without a digest. Empty or text is X8_E_BAD_IMAGE; so is a packed one or an archive
 * that is damaged or cut off (read to its end, stage "check"). `is_end_known`: for the words of it.
 */
int fetch_look(const struct x8_op *op, const char *name, const char *path, int is_end_known,
               struct x8_error *err);
/* Such a file out of the way; the error says where it is. */
void fetch_set_aside(const char *folder, const char *path, const char *got, struct x8_error *err);

/* --- fetch_part.c: what is on the disk --- */

struct fetch_part {
    const char *folder;
    char path[1200], record[1200], lock[1200];
    char shown[512]; /* the address, for the record */
    int fd, lock_fd;
    uint64_t have, synced;
    /* From the record. */
    char validator[160];
    uint64_t total;
};

void part_init(struct fetch_part *part, const char *folder, const char *address, const char *shown);
void part_done(struct fetch_part *part);

/* Make the folder and those above it (fetch_turn.c). */
int part_make_folder(const char *folder, struct x8_error *err);

/* Wait for the part's lock, with a statement now and then (fetch_turn.c). */
int part_take_turn(struct fetch_part *part, const struct x8_op *op, const char *name,
                   struct x8_error *err);

/* Open what is there; cut to what is certainly good. */
int part_open(struct fetch_part *part, struct x8_error *err);

/* SHA-256 of what is there, in the stage "check". */
int part_hash(struct fetch_part *part, const struct x8_op *op, struct x8_sha256 *sha,
              struct x8_error *err);

/* Nothing is there from now on; then the record of what will come. */
int part_restart(struct fetch_part *part, struct x8_error *err);
int part_note(struct fetch_part *part, const char *validator, uint64_t total, struct x8_error *err);

int part_write(struct fetch_part *part, const void *data, size_t len, struct x8_error *err);

/* Make what is there durable; what fails costs no more than bytes. */
void part_keep(struct fetch_part *part);

/* Remove record and lock of a part that was taken or put aside. */
void part_forget(struct fetch_part *part);

/* Is there room for `more` bytes? X8_E_HOST_SPACE. */
int part_check_space(const struct fetch_part *part, uint64_t more, struct x8_error *err);

#endif
