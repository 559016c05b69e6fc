/*
 * Recognise a packing by the first bytes and hand the stream to its decoder. What is not packed
 * passes through.
 */
#include "image/inflate.h"
#include "image/archive.h"
#include "image/input.h"

#include <stdlib.h>
#include <string.h>

/* Enough that one read of a decoder is worth a system call, little enough for a CPU's L2 cache. */
#define INPUT_LEN ((size_t)256 * 1024)

#define MAGIC_MAX 6

static const struct magic {
    enum x8_packing packing;
    uint8_t len, value[MAGIC_MAX], mask[MAGIC_MAX];
} magics[] = {
    {X8_PACK_GZIP, 2, {0x1f, 0x8b}, {0xff, 0xff}},
    /* "BZh", level, then the mark of a block or of the end. */
    {X8_PACK_BZIP2, 6, {'B', 'Z', 'h', '0', 0x31, 0x41}, {0xff, 0xff, 0xff, 0xf0, 0xff, 0xff}},
    {X8_PACK_BZIP2, 6, {'B', 'Z', 'h', '0', 0x17, 0x72}, {0xff, 0xff, 0xff, 0xf0, 0xff, 0xff}},
    {X8_PACK_XZ, 6, {0xfd, '7', 'z', 'X', 'Z', 0}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    {X8_PACK_ZSTD, 4, {0x28, 0xb5, 0x2f, 0xfd}, {0xff, 0xff, 0xff, 0xff}},
    /* A skippable frame: pzstd begins with one. */
    {X8_PACK_ZSTD, 4, {0x50, 0x2a, 0x4d, 0x18}, {0xf0, 0xff, 0xff, 0xff}},
};

/* The first row that agrees with `len` bytes of `head`; all rows are longer than one byte. */
static const struct magic *find_magic(struct x8_span head)
{
    for (size_t i = 0; i < X8_COUNT(magics); i++) {
        size_t k = 0;
        while (k < magics[i].len && k < head.len &&
               (head.data[k] & magics[i].mask[k]) == magics[i].value[k])
            k++;
        if (k == magics[i].len || k == head.len)
            return &magics[i];
    }
    return NULL;
}

enum x8_packing x8_packing_of(struct x8_span head)
{
    const struct magic *magic = head.len ? find_magic(head) : NULL;
    return magic && head.len >= magic->len ? magic->packing : X8_PACK_NONE;
}

const char *x8_packing_name(enum x8_packing packing)
{
    static const char *const names[] = {[X8_PACK_NONE] = "none",
                                        [X8_PACK_GZIP] = "gzip",
                                        [X8_PACK_BZIP2] = "bzip2",
                                        [X8_PACK_XZ] = "xz",
                                        [X8_PACK_ZSTD] = "zstd"};
    return (size_t)packing < X8_COUNT(names) ? names[packing] : "unknown";
}

/* Not packed: what was looked at first, then the inner reader itself. */
struct plain_reader {
    struct x8_reader reader;
    struct input in;
};

static ssize_t plain_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct plain_reader *plain = X8_CONTAINER(reader, struct plain_reader, reader);
    struct input *in = &plain->in;
    size_t n = in->len - in->at;
    if (n == 0)
        return x8_read(in->inner, out, cap, err);
    n = n < cap ? n : cap;
    memcpy(out, in->data + in->at, n);
    in->at += n;
    if (in->at == in->len) {
        free(in->data);
        in->data = NULL;
    }
    return (ssize_t)n;
}

static void plain_close(struct x8_reader *reader)
{
    struct plain_reader *plain = X8_CONTAINER(reader, struct plain_reader, reader);
    input_close(&plain->in);
    free(plain);
}

static int plain_reader_new(struct input *in, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {plain_read, plain_close};
    struct plain_reader *plain = calloc(1, sizeof(*plain));
    if (!plain) {
        input_close(in);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    plain->reader.ops = &ops;
    plain->in = *in;
    *in = (struct input){0};
    *out = &plain->reader;
    return 0;
}

/* A stream that is over in the middle of a magic was cut; there is no image of five bytes. */
static int check_cut(const struct input *in, struct x8_error *err)
{
    struct x8_span head = {in->data, in->len};
    const struct magic *magic = head.len ? find_magic(head) : NULL;
    if (!magic || head.len >= magic->len)
        return 0;
    return input_bad("truncated", x8_packing_name(magic->packing), head.len,
                     "the data end inside the header", err);
}

int x8_inflate_reader(struct x8_reader *inner, struct x8_reader **out, enum x8_packing *out_packing,
                      struct x8_error *err)
{
    struct input in;
    int rc = input_open(&in, inner, INPUT_LEN, err);
    if (rc < 0)
        return rc;
    ssize_t have = input_want(&in, MAGIC_MAX, err);
    rc = have < 0 ? (int)have : check_cut(&in, err);
    if (rc < 0) {
        input_close(&in);
        return rc;
    }
    enum x8_packing packing = x8_packing_of((struct x8_span){in.data, (size_t)have});
    if (packing == X8_PACK_NONE)
        rc = plain_reader_new(&in, out, err);
    else if (packing == X8_PACK_GZIP)
        rc = gzip_reader_new(&in, out, err);
    else
        rc = unpack_reader_new(&in, packing, out, err);
    if (rc >= 0 && out_packing)
        *out_packing = packing;
    return rc;
}
