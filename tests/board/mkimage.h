/*
 * x8-mkimage: releases for tests and the demo, shaped like the vendor's, deterministic by a seed.
 * mkimage_content.c makes the bytes of the disk image, mkimage_pack.c gzip and tar, mkimage.c puts
 * the files of a release together.
 */
#ifndef MKIMAGE_H
#define MKIMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MK_BLOCK 4096u

struct mk_image {
    uint64_t size;
    uint64_t seed;
    unsigned nonzero; /* percent of the blocks */
    /* made by mk_image_plan */
    uint8_t *kinds; /* one for each block */
    uint8_t *phrases;
};

/* Decide what every block holds. `size` is a multiple of 4096, at least 8 MiB. */
void mk_image_plan(struct mk_image *image);
void mk_image_done(struct mk_image *image);
/* The next `count` blocks from `first` into `out`. */
void mk_image_blocks(const struct mk_image *image, uint64_t first, uint8_t *out, size_t count);

/* A gzip stream into a file. Failures end the program with a message: it is a tool for tests. */
struct mk_gz;
struct mk_gz *mk_gz_open(const char *path, unsigned level);
void mk_gz_write(struct mk_gz *gz, const void *data, size_t len);
/* End the member and begin another one. */
void mk_gz_member(struct mk_gz *gz);
void mk_gz_close(struct mk_gz *gz);

/* A file or folder of the disk into a tar stream; folders without what is in them. */
void mk_tar_add(struct mk_gz *gz, const char *name, const char *path);
void mk_tar_end(struct mk_gz *gz);

_Noreturn void mk_die(const char *what);

#endif
