/*
 * Inner header of the cache.
 */
#ifndef X8_STORE_CACHE_PARTS_H
#define X8_STORE_CACHE_PARTS_H

#include "store/cache.h"

/* FOLDER/<sha256>ENDING. */
void cache_complete_path(const char *folder, const char *sha256, const char *ending, char *out,
                         size_t cap);

/* What a record says; -1 for one that cannot be read. */
int cache_record_load(const char *path, struct x8_cached *out);

/* SHA-256 of a file, in the stage "check". */
int cache_digest(const struct x8_op *op, const char *path, char out[65], struct x8_error *err);

/* Move a file with a wrong digest aside: always X8_E_BAD_DIGEST, which names `what`. */
int cache_put_aside(const char *folder, const char *path, const char *got, const char *want,
                    const char *what, struct x8_error *err);

#endif
