/*
 * Inside the room: names and files of this computer as a tar stream whose length is known before
 * the first byte. The door to libarchive for writing.
 */
#ifndef X8_SESSION_PACK_H
#define X8_SESSION_PACK_H

#include "session/transfer_tree.h"
#include "util/stream.h"

/* The bytes the archive of these nodes will have. */
int pack_length(struct node *const *nodes, size_t count, uint64_t *out, struct x8_error *err);

/*
 * Write the archive: names as raw bytes with "./" in front, in GNU's form, nobody's user ids. Fills
 * sha256 and done of the files. A file that is not what the node says (or becomes so while it is
 * read) is X8_E_NO_FILE, and the stream ends there, short.
 */
int pack_write(const struct x8_op *op, struct node *const *nodes, size_t count,
               struct x8_sink *sink, struct x8_error *err);

/* An open file of this computer that must stay what `node` says. X8_E_NO_FILE "changed while it was
 * read"; they are for others who read such files too. */
int pack_open(const struct node *node, struct x8_error *err);
int pack_check(int fd, const struct node *node, struct x8_error *err);
int pack_changed(const struct node *node, struct x8_error *err);

#endif
