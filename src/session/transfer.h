/*
 * Files and folders to and from a running board. What arrives has its own mode and, on the board,
 * appears under its final name only when it is complete and its SHA-256 was compared; a transfer
 * that fails leaves what was there before, and no temporary file where it can help it.
 */
#ifndef X8_SESSION_TRANSFER_H
#define X8_SESSION_TRANSFER_H

#include "session/root.h"
#include "util/stream.h"

struct x8_transfer {
    const char *const *sources; /* names as the user gave them */
    size_t source_count;
    const char *target; /* ends in '/' or is a folder: into it; else the new name (one source) */
    const struct x8_root *root; /* NULL: as the session's user */
    int checksum;               /* compare contents, not size and time, to find what is unchanged */
    int prune; /* push of folders: remove what the source does not have (--delete) */
    int dry_run;
};
struct x8_transferred {
    uint64_t files, folders, links;
    uint64_t bytes;                        /* in all files */
    uint64_t changed, sent_bytes, removed; /* what had to be moved */
    int64_t took_ms;
    char sha256[65]; /* of the one file, when it was one; else "" */
};

/* Push. X8_E_NO_FILE (host), X8_E_BOARD_SPACE, X8_E_REFUSED (permission, read-only: with the
 * cause), X8_E_VERIFY (digests differ), X8_E_GONE, X8_E_STOPPED. */
int x8_push(struct x8_session *session, const struct x8_op *op, const struct x8_transfer *job,
            struct x8_transferred *out, struct x8_error *err);

/* Push what `input` gives until its end as the one file `target` with these permission bits. */
int x8_push_stream(struct x8_session *session, const struct x8_op *op,
                   const struct x8_transfer *job, struct x8_reader *input, unsigned mode,
                   struct x8_transferred *out, struct x8_error *err);

/* Pull. X8_E_NO_FILE (not on the board), X8_E_HOST_SPACE, X8_E_VERIFY, as above. */
int x8_pull(struct x8_session *session, const struct x8_op *op, const struct x8_transfer *job,
            struct x8_transferred *out, struct x8_error *err);

/* Pull one file into `sink`; the digests are compared before the sink is finished. */
int x8_pull_stream(struct x8_session *session, const struct x8_op *op,
                   const struct x8_transfer *job, struct x8_sink *sink, struct x8_transferred *out,
                   struct x8_error *err);

#endif
