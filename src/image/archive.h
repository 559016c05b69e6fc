/*
 * The only door to libarchive: members of tar and zip archives, and the packings it undoes (bzip2,
 * xz, zstd). Only for the files of this room.
 */
#ifndef X8_IMAGE_ARCHIVE_H
#define X8_IMAGE_ARCHIVE_H

#include "image/inflate.h"
#include "image/input.h"

/* Undo one layer of bzip2, xz or zstd. `in` is moved into the new reader, also on failure. */
int unpack_reader_new(struct input *in, enum x8_packing packing, struct x8_reader **out,
                      struct x8_error *err);

/* Bytes needed to recognise an archive. */
#define ARCHIVE_HEAD 512u

/* 1 when the first bytes (of an unpacked stream) are a tar header or a zip member. */
int archive_is(struct x8_span head);

enum archive_kind {
    MEMBER_FILE,
    MEMBER_DIR,
    MEMBER_SYMLINK,
    MEMBER_HARDLINK,
    MEMBER_SPECIAL /* devices, FIFOs, sockets */
};

struct archive_member {
    enum archive_kind kind;
    const char *path, *target; /* as in the archive, not checked; NULL when unreadable. Borrowed
                                  until the next member. */
    uint64_t size;             /* as the header says; UINT64_MAX when it does not */
    uint64_t offset;  /* of the data in the stream; UINT64_MAX when they do not lie there plainly */
    unsigned ordinal; /* number of the header, from 1: the same in every walk */
};

/* Members of a tar or zip stream (compression undone before), in their order. Takes `inner` over in
 * every case. */
struct archive_walk;
int archive_walk_open(struct x8_reader *inner, struct archive_walk **out, struct x8_error *err);
void archive_walk_close(struct archive_walk **walk);

/* 1 with the next member, 0 at the proven end (end mark seen, stream read to its end). */
int archive_walk_next(struct archive_walk *walk, struct archive_member *out, struct x8_error *err);

/* At the end: 1 unless a tar archive has only the first of the two blocks that end it. All members
 * are there then, and something of the file is not. */
int archive_walk_is_closed(const struct archive_walk *walk);

/* Data of the current member: count, 0 at its end, or a negative code. */
ssize_t archive_walk_read(struct archive_walk *walk, void *out, size_t cap, struct x8_error *err);

/* zipend.c: the end record of a zip archive, its comment of 64 KiB at most, and a locator. */
#define ZIP_TAIL ((size_t)22 + 65535 + 20)

/* 1 when `tail`, the last bytes of a zip archive of `size` bytes, has the record that ends it, and
 * what that says of the directory lies before it. Pure. */
int zip_has_end(struct x8_span tail, uint64_t size);

#endif
