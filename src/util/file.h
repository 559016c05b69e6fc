/*
 * Files of the host. The only place of the core that opens them.
 */
#ifndef X8_UTIL_FILE_H
#define X8_UTIL_FILE_H

#include "util/stream.h"

void x8_fd_close(int *fd);
#define X8_AUTO_FD X8_CLEANUP(x8_fd_close) int

/*
 * Open for reading; only regular files (and pipes when `allow_pipe`). X8_E_NO_FILE with the reason;
 * never blocks on a FIFO that nobody writes unless allowed, and then for X8_WRITER_MS, after which
 * it is X8_E_TIMEOUT. (A stop is not heard meanwhile: see x8_file_open_for().)
 */
#define X8_WRITER_MS 60000 /* a person at the other end begins by hand */
int x8_file_open(const char *path, int allow_pipe, struct x8_error *err);

/* The same where a stop of `cancel` (SOFT; NULL: none) ends the wait: X8_E_STOPPED,
 * X8_E_TERMINATED. */
int x8_file_open_for(const struct x8_cancel *cancel, const char *path, int allow_pipe,
                     struct x8_error *err);

/* Wait until a FIFO that was opened with O_NONBLOCK has had a writer. X8_E_TIMEOUT. */
int x8_file_await_writer(int fd, const char *path, int timeout_ms, struct x8_error *err);

/* A reader over a file, with sequential read-ahead advice. `out_size` (may be NULL) gets the size,
 * UINT64_MAX for a pipe. */
int x8_file_reader(const char *path, struct x8_reader **out, uint64_t *out_size,
                   struct x8_error *err);

/* The same for what may be a pipe: a stop of `cancel` ends the wait for its writer, and for what
 * that writes. The token must live as long as the reader. */
int x8_file_reader_for(const struct x8_cancel *cancel, const char *path, struct x8_reader **out,
                       uint64_t *out_size, struct x8_error *err);

/* As x8_file_reader, over bytes [off, off + len) only. The file ending early is X8_E_BAD_IMAGE. */
int x8_file_reader_at(const char *path, uint64_t off, uint64_t len, struct x8_reader **out,
                      struct x8_error *err);

/* A whole file of at most `max` bytes. */
int x8_file_load(const char *path, size_t max, struct x8_buf *out, struct x8_error *err);

/*
 * Write under a temporary name in the same folder, fsync, rename: the old file or the new one,
 * never half. X8_E_HOST_SPACE on ENOSPC, EDQUOT and EFBIG, X8_E_NO_PERMISSION on
 * EACCES/EPERM/EROFS.
 */
int x8_file_replace(const char *path, const void *data, size_t len, unsigned mode,
                    struct x8_error *err);

/*
 * What it means that something cannot be written to this computer's disk (opened for that,
 * extended, synced, renamed): X8_E_HOST_SPACE for ENOSPC, EDQUOT and EFBIG (a limit of file sizes),
 * X8_E_NO_PERMISSION for EACCES, EPERM and EROFS, else `other`.
 */
enum x8_code x8_write_code(int errnum, enum x8_code other);

/* Write all of it, however many calls that takes. 0 or the errno; a part may have been written. */
int x8_write_whole(int fd, const void *data, size_t len);

/*
 * A file that grows: x8_file_append_open() opens one that is there (a regular file) and returns its
 * descriptor, x8_file_append() writes all of `data` behind its end, `path` for the message. What is
 * there is not made durable. A failed write may leave a part of it. Errors as x8_file_replace().
 */
int x8_file_append_open(const char *path, struct x8_error *err);
int x8_file_append(int fd, const char *path, const void *data, size_t len, struct x8_error *err);

enum x8_path_kind { X8_PATH_NONE, X8_PATH_FILE, X8_PATH_DIR, X8_PATH_OTHER };
enum x8_path_kind x8_path_kind(const char *path);

/* 0 for root where a path (or of what is there of it, the last) is another user's: what root makes
 * there, that user could not use any more. 1 for everybody else, and where the owner is a number
 * that no user has: a container's home on the disk of its host. */
int x8_path_is_ours(const char *path);

/* Lexical path work; nothing touches the disk. Results need free(). NULL without memory. */
char *x8_path_join(const char *dir, const char *name); /* an absolute `name` wins */
char *x8_path_dir(const char *path);                   /* "a/b.c" -> "a", "b.c" -> "." */
const char *x8_path_base(const char *path);            /* points into `path` */
char *
x8_path_normal(const char *path); /* drops ".", "//", resolves ".." lexically; keeps leading ".." */

#endif
