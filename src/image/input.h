/*
 * Buffered input for the decoders of this room: bytes of a reader with look-ahead.
 */
#ifndef X8_IMAGE_INPUT_H
#define X8_IMAGE_INPUT_H

#include "util/stream.h"

struct input {
    struct x8_reader *inner; /* owned */
    uint8_t *data;
    size_t cap, at, len; /* bytes [at, len) are not used yet */
    uint64_t used;       /* bytes of the stream before data[0] */
    int ended;           /* the inner reader said so */
};

/* Takes `inner` over in every case. */
int input_open(struct input *in, struct x8_reader *inner, size_t cap, struct x8_error *err);
void input_close(struct input *in);

/* Have at least `want` bytes (<= cap) at `at`, or all there are. Bytes ready, or a negative code.
 */
ssize_t input_want(struct input *in, size_t want, struct x8_error *err);

/* The next byte: 1, 0 at the end, or a negative code. */
int input_byte(struct input *in, uint8_t *out, struct x8_error *err);

/* Offset of the next unused byte in the stream. */
static inline uint64_t input_offset(const struct input *in)
{
    return in->used + in->at;
}

/* X8_E_BAD_IMAGE for damaged input: "truncated gzip" and the like, with a cause and a next step. */
int input_bad(const char *what, const char *packing, uint64_t offset, const char *detail,
              struct x8_error *err);

/* Decoders: `in` is moved into the new reader, also on failure. */
int gzip_reader_new(struct input *in, struct x8_reader **out, struct x8_error *err);

#endif
