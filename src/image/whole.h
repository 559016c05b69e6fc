/*
 * Is a file all there? What is packed or an archive says itself where it ends; of anything else
 * nobody can tell.
 */
#ifndef X8_IMAGE_WHOLE_H
#define X8_IMAGE_WHOLE_H

#include "util/stream.h"

/*
 * Read `reader` (taken over in every case) to its end, in the stage "check"; `total` (0 unknown)
 * for the bar. X8_E_BAD_IMAGE when its packing (gzip, bzip2, xz, zstd) is damaged or cut off, or
 * when it is a tar or zip archive, packed or not, whose members or end mark (two blocks of zeros,
 * the end of the directory) are missing. 0 for all else, what is neither included. Members are not
 * looked into.
 */
int x8_whole_check(const struct x8_op *op, struct x8_reader *reader, uint64_t total,
                   struct x8_error *err);

#endif
