/*
 * Undo compression of a stream, recognised by its first bytes, never by its name. gzip goes through
 * ISA-L with our own check of every member's header, CRC and length (libarchive 3.6.2 accepts
 * damaged ones); bzip2, xz and zstd through libarchive, whose silence about truncation is made up
 * for here. Unpacked tar archives are not looked into: that is archive.h.
 */
#ifndef X8_IMAGE_INFLATE_H
#define X8_IMAGE_INFLATE_H

#include "util/stream.h"

enum x8_packing { X8_PACK_NONE, X8_PACK_GZIP, X8_PACK_BZIP2, X8_PACK_XZ, X8_PACK_ZSTD };

/* Recognise by the first bytes (6 suffice). */
enum x8_packing x8_packing_of(struct x8_span head);
const char *x8_packing_name(enum x8_packing packing);

/*
 * Wrap `inner` (taken over in every case, also on failure). `*out_packing` (may be NULL) says what
 * was found. An empty stream is X8_PACK_NONE. Damage, truncation, wrong CRC or length and garbage
 * behind the last member are X8_E_BAD_IMAGE from read. Zero padding behind the last gzip member is
 * accepted, as gzip itself does.
 */
int x8_inflate_reader(struct x8_reader *inner, struct x8_reader **out, enum x8_packing *out_packing,
                      struct x8_error *err);

#endif
