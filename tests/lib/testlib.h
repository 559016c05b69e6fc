/*
 * Small things that many unit tests need: a folder that goes away, files in it, what a piece of
 * code writes to a descriptor, and a terminal. A failure ends the test program: there is nothing to
 * test without them.
 */
#ifndef TESTLIB_H
#define TESTLIB_H

/* What cmocka.h wants before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A fresh folder; removed with all it holds by test_dir_free. */
char *test_dir_new(void);
void test_dir_free(char *dir);

/* dir/name with these contents. The path, for free(). */
char *test_file(const char *dir, const char *name, const void *data, size_t len);
/* dir/name, for free(). */
char *test_path(const char *dir, const char *name);
/* The contents, NUL-terminated, for free(). `len` may be NULL. */
char *test_read(const char *path, size_t *len);

/* Send what is written to `fd` into a file until test_capture_end, which returns the text for
 * free(). One capture per descriptor, not nested. */
struct test_capture {
    int fd, saved, file;
};
void test_capture_begin(struct test_capture *capture, int fd);
char *test_capture_end(struct test_capture *capture);

/* A terminal of `columns` x 24; returns the side of the person, `*inside` gets that of the program.
 */
int test_pty(int columns, int *inside);
/* Put `fd` in the place of `target` (0, 1, 2) and return a copy of the old one for test_restore. */
int test_replace(int target, int fd);
void test_restore(int target, int saved);
/* Read from `fd` until `needle` was seen or `ms` passed. The text, for free(). */
char *test_read_until(int fd, const char *needle, int ms);

/* For a line of shell: TEST_FLIP " FILE OFFSET [BITS]" changes one byte for certain. Writing a
 * letter over a byte that is not known changes nothing once in 256 times. */
#define TEST_FLIP "'" TEST_SOURCE_DIR "/lib/flip'"

/* Exact text comparison with both texts shown in full when they differ. */
void test_same_text(const char *got, const char *want);

#endif
