/*
 * Inside the room: names and files of this computer, as a transfer needs them.
 */
#ifndef X8_SESSION_TRANSFER_HOST_H
#define X8_SESSION_TRANSFER_HOST_H

#include "session/transfer_tree.h"
#include "util/op.h"

/*
 * Add `path` and, when it is a folder, all it holds. `rel` is the name it gets ("": what a folder
 * holds goes to the anchor itself). A link that was named is followed, links inside stay links.
 * Sockets, pipes and devices are left out with a warning. X8_E_NO_FILE.
 */
int host_walk(const struct x8_op *op, const char *path, const char *rel, unsigned root,
              struct tree *out, struct x8_error *err);

/* SHA-256 of a file that must stay as `node` says; sets sha256 and done. */
int host_digest(const struct x8_op *op, struct node *node, struct x8_error *err);
/* Of what `sha` has had already and the rest of an open file. */
int host_digest_more(const struct x8_op *op, int fd, struct x8_sha256 *sha,
                     uint8_t out[X8_SHA256_LEN], struct x8_error *err);
/* Of an open file, from where it stands to its end. */
int host_digest_fd(const struct x8_op *op, int fd, uint8_t out[X8_SHA256_LEN],
                   struct x8_error *err);

/* The last part of a name: its start and length, without slashes behind it. Length 0: it has none
 * or it is "." or "..". */
const char *host_base(const char *path, size_t *out_len);

#endif
