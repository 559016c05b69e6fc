/*
 * gzip through ISA-L, the only file that knows its inflater. Several members in a row are one
 * stream, as pigz and "cat a.gz b.gz" make them. Every member's header is checked here (RFC 1952:
 * magic, method, reserved flags, header CRC), its CRC-32 and length by the library; the end of the
 * stream is only reported once nothing but zero padding follows.
 */
#include "image/input.h"

#include "util/digest.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

enum { FLAG_HCRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAGS_RESERVED = 0xE0 };

/* Longest name or comment taken; a damaged header must not run through the whole file. */
#define TEXT_MAX 65536u

struct gzip_reader {
    struct x8_reader reader;
    struct input in;
    enum { AT_HEADER, IN_BODY, AT_END } state;
    unsigned members; /* begun so far */
    uint64_t end;     /* of the last member that is whole, in the packed data */
    uint32_t header_crc;
    int rc; /* negative: failed for good, with `error` */
    struct x8_error error;
    struct inflate_state inflate;
};

static int bad(struct gzip_reader *gz, const char *what, const char *detail, struct x8_error *err)
{
    return input_bad(what, "gzip", input_offset(&gz->in), detail, err);
}

/* A header byte; the end of the data is an error here. */
static int header_byte(struct gzip_reader *gz, uint8_t *out, struct x8_error *err)
{
    int rc = input_byte(&gz->in, out, err);
    if (rc == 0)
        return bad(gz, "truncated", "the data end inside a member's header", err);
    if (rc > 0)
        gz->header_crc = x8_crc32(gz->header_crc, out, 1);
    return rc;
}

static int header_bytes(struct gzip_reader *gz, uint8_t *out, size_t len, struct x8_error *err)
{
    int rc = 1;
    for (size_t i = 0; i < len && rc > 0; i++)
        rc = header_byte(gz, out + i, err);
    return rc;
}

static int skip_text(struct gzip_reader *gz, struct x8_error *err)
{
    uint8_t byte = 1;
    for (size_t n = 0; byte != 0; n++) {
        if (n > TEXT_MAX)
            return bad(gz, "damaged", "a name or comment without end in a member's header", err);
        int rc = header_byte(gz, &byte, err);
        if (rc < 0)
            return rc;
    }
    return 1;
}

static int skip_extra(struct gzip_reader *gz, struct x8_error *err)
{
    uint8_t pair[2], byte;
    int rc = header_bytes(gz, pair, 2, err);
    for (unsigned n = x8_get_le16(pair); rc > 0 && n > 0; n--)
        rc = header_byte(gz, &byte, err);
    return rc;
}

static int check_header_crc(struct gzip_reader *gz, struct x8_error *err)
{
    uint32_t crc = gz->header_crc;
    uint8_t pair[2];
    int rc = header_bytes(gz, pair, 2, err);
    if (rc > 0 && x8_get_le16(pair) != (crc & 0xffff))
        return bad(gz, "damaged", "wrong checksum of a member's header", err);
    return rc;
}

/* From the first byte of a member to its compressed data. */
static int read_header(struct gzip_reader *gz, struct x8_error *err)
{
    uint8_t fixed[10]; /* magic 2, method, flags, time 4, extra flags, system */
    gz->header_crc = 0;
    int rc = header_bytes(gz, fixed, sizeof(fixed), err);
    if (rc < 0)
        return rc;
    if (fixed[0] != 0x1f || fixed[1] != 0x8b)
        return bad(gz, "damaged", "something else than a gzip member", err);
    if (fixed[2] != 8 || (fixed[3] & FLAGS_RESERVED))
        return bad(gz, "damaged", "unknown method or flags in a member's header", err);
    if (fixed[3] & FLAG_EXTRA)
        rc = skip_extra(gz, err);
    if (rc > 0 && (fixed[3] & FLAG_NAME))
        rc = skip_text(gz, err);
    if (rc > 0 && (fixed[3] & FLAG_COMMENT))
        rc = skip_text(gz, err);
    if (rc > 0 && (fixed[3] & FLAG_HCRC))
        rc = check_header_crc(gz, err);
    if (rc < 0)
        return rc;
    isal_inflate_reset(&gz->inflate);
    /* Compressed data and trailer; the library compares CRC and length. */
    gz->inflate.crc_flag = ISAL_GZIP_NO_HDR_VER;
    gz->inflate.avail_in = 0;
    gz->members++;
    return 0;
}

static const char *inflate_fault(int ret)
{
    if (ret == ISAL_INCORRECT_CHECKSUM)
        return "wrong checksum or length of the unpacked data";
    return "no valid compressed data";
}

/* Decode into `out`; *out_len may be 0 when more input is needed or the member ended. */
static int decode(struct gzip_reader *gz, uint8_t *out, size_t cap, size_t *out_len,
                  struct x8_error *err)
{
    ssize_t have = input_want(&gz->in, 1, err);
    if (have < 0)
        return (int)have;
    struct inflate_state *state = &gz->inflate;
    uint32_t room = cap > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)cap;
    state->next_in = gz->in.data + gz->in.at;
    state->avail_in = (uint32_t)have;
    state->next_out = out;
    state->avail_out = room;
    int ret = isal_inflate(state);
    size_t used = (size_t)have - state->avail_in;
    gz->in.at += used;
    *out_len = room - state->avail_out;
    if (ret < 0 || ret > ISAL_OUT_OVERFLOW)
        return bad(gz, "damaged", inflate_fault(ret), err);
    if (state->block_state == ISAL_BLOCK_FINISH) {
        gz->state = AT_HEADER;
        gz->end = input_offset(&gz->in);
    } else if (*out_len == 0 && have == 0)
        return bad(gz, "truncated", "the data end inside a member", err);
    else if (*out_len == 0 && used == 0)
        return bad(gz, "damaged", "the inflater is stuck", err);
    return 0;
}

/* gzip(1) warns and leaves it out; whether it belongs to the image is not known here, and an image
 * that might lack its end is not written. */
static int something_follows(const struct gzip_reader *gz, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "something follows the gzip data");
    x8_error_why(err,
                 "they are whole and end at byte %llu; what comes then is neither gzip nor zeros",
                 (unsigned long long)gz->end);
    x8_error_next(err, "take the file as it was published; if what follows does not belong to the "
                       "image: gzip -dc FILE >IMAGE leaves it out");
    return -X8_E_BAD_IMAGE;
}

/* The magic, or as much of it as there is: one that was cut in there is a truncated member. */
static int is_member(const struct input *in, ssize_t have)
{
    const uint8_t *at = in->data + in->at;
    return have > 0 && at[0] == 0x1f && (have < 2 || at[1] == 0x8b);
}

/* Behind a member: another one, the end, or zero padding up to the end. */
static int next_member(struct gzip_reader *gz, struct x8_error *err)
{
    ssize_t have = input_want(&gz->in, 2, err);
    if (have < 0)
        return (int)have;
    if (gz->members == 0 || is_member(&gz->in, have)) {
        int rc = read_header(gz, err);
        if (rc >= 0)
            gz->state = IN_BODY;
        return rc;
    }
    uint8_t byte = 0;
    int rc = 1;
    while (rc > 0 && byte == 0)
        rc = input_byte(&gz->in, &byte, err);
    if (rc > 0)
        return something_follows(gz, err);
    gz->state = AT_END;
    return rc;
}

static ssize_t gzip_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct gzip_reader *gz = X8_CONTAINER(reader, struct gzip_reader, reader);
    size_t len = 0;
    while (gz->rc >= 0 && len == 0 && gz->state != AT_END) {
        if (gz->state == AT_HEADER)
            gz->rc = next_member(gz, &gz->error);
        else
            gz->rc = decode(gz, out, cap, &len, &gz->error);
    }
    if (gz->rc < 0 && err)
        *err = gz->error;
    return gz->rc < 0 ? gz->rc : (ssize_t)len;
}

static void gzip_close(struct x8_reader *reader)
{
    struct gzip_reader *gz = X8_CONTAINER(reader, struct gzip_reader, reader);
    input_close(&gz->in);
    free(gz);
}

int gzip_reader_new(struct input *in, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {gzip_read, gzip_close};
    struct gzip_reader *gz = calloc(1, sizeof(*gz));
    if (!gz) {
        input_close(in);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    gz->reader.ops = &ops;
    gz->in = *in;
    *in = (struct input){0};
    isal_inflate_init(&gz->inflate);
    *out = &gz->reader;
    return 0;
}
