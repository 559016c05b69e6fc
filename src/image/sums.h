/*
 * Lists of checksums as they lie beside files or in archives: SHA256SUMS, NAME.sha256 and the like.
 * Lines of coreutils ("HEX  NAME", "HEX *NAME"), of BSD and OpenSSL ("SHA256 (NAME) = HEX"), and a
 * digest alone in NAME.sha256.
 */
#ifndef X8_IMAGE_SUMS_H
#define X8_IMAGE_SUMS_H

#include "util/buf.h"
#include "util/error.h"

/* No list of a release is larger. */
#define X8_SUMS_MAX ((uint64_t)1 << 20)

/* 1 when a file of this name holds SHA-256 digests of others. */
int x8_sums_is_name(const char *path);

/* One line: the file's path, relative as the list's own path is, and its digest in small
 * hexadecimal. A negative code ends the reading. */
typedef int x8_sums_fn(void *ctx, const char *path, const char sha256[65], struct x8_error *err);

/* Lines that say something else (other digests, comments) are passed over. How many were
 * understood, or what `each` failed with. Pure. */
int x8_sums_read(struct x8_span text, const char *own_path, x8_sums_fn *each, void *ctx,
                 struct x8_error *err);

/* 1 when the list `path` is that of one file, and of the one of this name: NAME.sha256 of NAME. */
int x8_sums_is_of(const char *path, const char *name);

/* 1 when it is a list of whatever files: SHA256SUMS, checksums.txt. */
int x8_sums_is_of_many(const char *path);

/* What of a list x8_sums_read() passes over although it is no comment. Pure. */
struct x8_sums_rest {
    size_t cut;    /* lines that begin like a SHA-256 and have too few or too many digits */
    size_t others; /* lines with digests of another kind: MD5, SHA-1, SHA-512 ... */
};
struct x8_sums_rest x8_sums_rest(struct x8_span text);

#endif
