/*
 * Inside the room: a tar stream from a board into a folder of this computer. The door to libarchive
 * for reading.
 *
 * The stream is not trusted. Only names that were asked for are taken, in the order they were asked
 * for; all are made by this side, new, below one folder in which there is no link yet; links are
 * only written down; their bytes are as many as were listed and a little more. So a stream can at
 * worst give wrong contents, which the digests find.
 */
#ifndef X8_SESSION_UNPACK_H
#define X8_SESSION_UNPACK_H

#include "session/transfer_tree.h"
#include "util/stream.h"

/*
 * Read `in` to its end (several archives one behind the other are fine). For each file that comes:
 * its contents go to the new file `rel` below `folder` (a descriptor; its folders are there), with
 * mode and time of the node; sha256, size and done are set. For each link: `link` and done. What
 * does not come is no error: done stays 0.
 * X8_E_LINK for a stream that is no such archive, holds anything else, or far more than the nodes'
 * sizes tell, X8_E_HOST_SPACE,
 * X8_E_NO_PERMISSION, those of `in`.
 */
int unpack_files(const struct x8_op *op, struct x8_reader *in, int folder,
                 struct node *const *nodes, size_t count, struct x8_error *err);

/* A new file below `folder`, replacing one of an earlier try. Descriptor, or a negative code. */
int unpack_create(int folder, const struct node *node, struct x8_error *err);
/* Give it its mode (without set-id bits: those of a board are no one's here) and its time. */
int unpack_settle(int fd, const struct node *node, struct x8_error *err);
int unpack_write(int fd, const struct node *node, const void *data, size_t len,
                 struct x8_error *err);

/* X8_E_LINK: far more of it comes than the `listed` bytes. */
int unpack_too_long(const struct node *node, uint64_t listed, struct x8_error *err);

/* What became of writing here: no room, no permission, or the reason. */
int unpack_refused(int errnum, const char *name, struct x8_error *err);

#endif
