/*
 * Buffered input: the decoders look at some bytes before they know what to do with them.
 */
#include "image/input.h"

#include <stdlib.h>
#include <string.h>

int input_open(struct input *in, struct x8_reader *inner, size_t cap, struct x8_error *err)
{
    *in = (struct input){.inner = inner, .cap = cap};
    in->data = malloc(cap);
    if (in->data)
        return 0;
    input_close(in);
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

void input_close(struct input *in)
{
    x8_reader_close(&in->inner);
    free(in->data);
    *in = (struct input){0};
}

ssize_t input_want(struct input *in, size_t want, struct x8_error *err)
{
    if (in->at == in->len) {
        in->used += in->len;
        in->at = in->len = 0;
    } else if (want > in->cap - in->at) {
        memmove(in->data, in->data + in->at, in->len - in->at);
        in->used += in->at;
        in->len -= in->at;
        in->at = 0;
    }
    while (in->len - in->at < want && !in->ended) {
        ssize_t n = x8_read(in->inner, in->data + in->len, in->cap - in->len, err);
        if (n < 0)
            return n;
        in->ended = n == 0;
        in->len += (size_t)n;
    }
    return (ssize_t)(in->len - in->at);
}

int input_byte(struct input *in, uint8_t *out, struct x8_error *err)
{
    if (in->at == in->len) {
        ssize_t n = input_want(in, 1, err);
        if (n <= 0)
            return (int)n;
    }
    *out = in->data[in->at++];
    return 1;
}

int input_bad(const char *what, const char *packing, uint64_t offset, const char *detail,
              struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "%s %s", what, packing);
    x8_error_why(err, "%s at byte %llu of the packed data", detail, (unsigned long long)offset);
    x8_error_next(err, "download or copy the file again and compare its SHA-256");
    return -X8_E_BAD_IMAGE;
}
