/*
 * Objects of an ostree repository in its "archive" form: their names, what is inside, and whether
 * they are what their name says. Pure functions over bytes.
 *
 * Sources: libostree's repository documentation and the GVariant specification (framing offsets);
 * formats confirmed by hashing again what Debian's ostree 2022.7 wrote.
 */
#ifndef X8_UPDATE_OBJECTS_H
#define X8_UPDATE_OBJECTS_H

#include "util/bytes.h"
#include "util/digest.h"
#include "util/stream.h"

#define X8_OBJECT_META_MAX ((size_t)128 << 20) /* libostree's own limit for metadata */

enum x8_object_type { X8_OBJECT_COMMIT, X8_OBJECT_DIRTREE, X8_OBJECT_DIRMETA, X8_OBJECT_FILE };
/* File name extension in an archive repository ("commit", "dirtree", "dirmeta", "filez") and in a
 * bare one ("file"). */
const char *x8_object_extension(enum x8_object_type type, int is_bare);

/* "xx/<62 hex>.<extension>". */
#define X8_OBJECT_PATH 80
void x8_object_path(const uint8_t sum[X8_SHA256_LEN], enum x8_object_type type, int is_bare,
                    char out[X8_OBJECT_PATH]);

/* The reverse, of an archive or a bare repository; 0, or -1 when it is no object's path. */
int x8_object_parse_path(const char *path, size_t len, uint8_t out_sum[X8_SHA256_LEN],
                         enum x8_object_type *out_type);

struct x8_commit {
    uint8_t tree[X8_SHA256_LEN], meta[X8_SHA256_LEN]; /* dirtree and dirmeta of the root folder */
};
int x8_commit_parse(struct x8_span bytes, struct x8_commit *out, struct x8_error *err);

struct x8_dirtree_item {
    struct x8_span name;     /* borrowed from the bytes; no '/', not "." or ".." */
    const uint8_t *sum;      /* of the file, or of the folder's dirtree */
    const uint8_t *meta_sum; /* of the folder's dirmeta; NULL for a file */
};
/* Call `each` for every entry; a value other than 0 ends and is returned. X8_E_BAD_IMAGE for bytes
 * that are no dirtree. */
int x8_dirtree_parse(struct x8_span bytes,
                     int (*each)(void *ctx, const struct x8_dirtree_item *item), void *ctx,
                     struct x8_error *err);

/* A dirmeta is (uuua(ayay)): X8_E_BAD_IMAGE when it is not. */
int x8_dirmeta_check(struct x8_span bytes, struct x8_error *err);

/*
 * Read a .filez to its end and compute the checksum that is its name: the header without its size,
 * then the inflated content. *out_size: uncompressed bytes, as the header says and as they came
 * (a difference is X8_E_BAD_IMAGE). Uses image/inflate.h's or zlib's raw deflate: see objects.c.
 */
int x8_filez_digest(struct x8_reader *reader, uint8_t out_sum[X8_SHA256_LEN], uint64_t *out_size,
                    struct x8_error *err);

/* Only the uncompressed size, from the first bytes of the file. */
int x8_filez_size(struct x8_span head, uint64_t *out_size, struct x8_error *err);

#endif
