/*
 * GVariant containers as ostree's objects use them: members one behind the other, then framing
 * offsets that say where members of variable size end. Only the normal form is taken: another one
 * would be rewritten by libostree, and then have another checksum.
 *
 * Source: the GVariant specification (2.3.6 framing offsets). Only for the objects_*.c files.
 */
#ifndef X8_UPDATE_OBJECTS_GVARIANT_H
#define X8_UPDATE_OBJECTS_GVARIANT_H

#include "util/bytes.h"
#include "util/error.h"

/* Bytes of one framing offset in a container that has `count` of them behind `body` bytes. */
size_t gv_width(uint64_t body, size_t count);

/* Where the members of a tuple with `count` framing offsets end and the offsets begin. 0 or -1. */
int gv_body(struct x8_span box, size_t count, size_t *out_body);

/* The i-th framing offset of a tuple with `count` of them, in the order of its members; gv_body was
 * fine before. It is at most the body. 0 or -1. */
int gv_offset(struct x8_span box, size_t count, size_t i, size_t *out);

/* Arrays of elements of variable size and without alignment. */
struct gv_array {
    struct x8_span box;
    size_t width, count, index; /* of the offsets; of the elements; of the next one */
    size_t body, at;            /* where the offsets begin; where the next element begins */
};
int gv_array_open(struct x8_span box, struct gv_array *out);
int gv_array_next(struct gv_array *array, struct x8_span *out); /* 1, 0 at the end, or -1 */

/* A string: UTF-8, a zero byte at its end and no other. `out` without that. 0 or -1. */
int gv_string(struct x8_span bytes, struct x8_span *out);

/* Extended attributes, a(ayay). 0 or -1. */
int gv_xattrs(struct x8_span bytes);

/* [from, to) of `box`. */
static inline struct x8_span gv_part(struct x8_span box, size_t from, size_t to)
{
    return (struct x8_span){box.data + from, to - from};
}

/* X8_E_BAD_IMAGE: "damaged dirtree", and what is wrong with it. */
int object_bad(const char *type, const char *detail, struct x8_error *err);

#endif
