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

#endif
