/*
 * Files and folders to and from a running board. What arrives appears under its final name only
 * when it is complete and its SHA-256 was compared; a transfer that fails leaves what was there
 * before, and no temporary file where it can help it.
 *
 * Names, as cp -r and scp have them:
 *  - A target that ends in '/' or is a folder takes the sources into it, each under its last name.
 *    One that ends in '/' and is not there is made, with the folders around it.
 *  - Any other target is the new name of the one source; the folder around it must be there.
 *  - A source that is "." or ends in "/." or "/.." stands for what it holds. A '/' behind the name
 *    of a source means nothing.
 *  - A folder for a target that is a folder of the same last name, without '/' behind the target,
 *    is that folder: `push app /home/fio/app` said again brings it up to date, and does not make
 *    app/app. This alone differs from cp.
 *  - A link that is named as source is followed, links inside folders stay links. A target that is
 *    a link to a file or folder stays; a link inside the target is replaced, not followed.
 *  - Relative names of the board start in the home folder of the session's user, also as root.
 *  - A folder never takes the place of a file, or a file that of a folder.
 *
 * What is kept: permission bits (pull: without set-id and sticky bits), the time of files in whole
 * seconds, links, any bytes in names. Owners are whoever writes. A folder that was there gets the
 * source's bits, but not the target itself. Sockets, pipes and devices are left out with a warning.
 *
 * Files of equal size and time are taken for unchanged and not moved; those of a push whose time is
 * within the last seconds, and the one file of a push, are compared by content. One file is always
 * pulled. Data may still be in the board's memory at the end: switch it off by x8_reboot.
 *
 * On the board everything goes through a folder .x8ctl-NONCE (0700) beside the target, which a
 * command of its own removes when the link is cut; a pull uses .x8ctl-XXXXXX on this computer.
 * Progress comes in the stages "send" or "receive", and "verify". A first Ctrl-C stops at once
 * until names are being changed, and then waits for that.
 */
#ifndef X8_SESSION_TRANSFER_H
#define X8_SESSION_TRANSFER_H

#include "session/root.h"
#include "util/stream.h"

struct x8_transfer {
    const char *const *sources; /* names as the user gave them */
    size_t source_count;
    const char *target;
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

/* Push. X8_E_NO_FILE (host; also when a file changes while it is read), X8_E_BOARD_SPACE (told in
 * advance where the board says what is free), X8_E_REFUSED (permission, read-only, a file where a
 * folder has to be: with the cause), X8_E_USAGE (two sources of one name), X8_E_VERIFY (digests
 * differ), X8_E_GONE, X8_E_STOPPED. */
int x8_push(struct x8_session *session, const struct x8_op *op, const struct x8_transfer *job,
            struct x8_transferred *out, struct x8_error *err);

/* Push what `input` gives until its end as the one file `target` with these permission bits. */
int x8_push_stream(struct x8_session *session, const struct x8_op *op,
                   const struct x8_transfer *job, struct x8_reader *input, unsigned mode,
                   struct x8_transferred *out, struct x8_error *err);

/*
 * Pull. A file that changes while it is read is fetched again, then X8_E_VERIFY. X8_E_NO_FILE (not
 * on the board, or no folder here), X8_E_HOST_SPACE, X8_E_NO_PERMISSION (here), X8_E_USAGE (a file
 * where a folder is, or the other way round), X8_E_LINK (an answer nobody may send), as above. What
 * sources before the failing one brought stays.
 */
int x8_pull(struct x8_session *session, const struct x8_op *op, const struct x8_transfer *job,
            struct x8_transferred *out, struct x8_error *err);

/* Pull one file into `sink`; the digests are compared before the sink is finished. */
int x8_pull_stream(struct x8_session *session, const struct x8_op *op,
                   const struct x8_transfer *job, struct x8_sink *sink, struct x8_transferred *out,
                   struct x8_error *err);

#endif
