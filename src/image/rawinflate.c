/*
 * Raw deflate through ISA-L, as gzip.c. The library says at which byte a stream ends; bytes that it
 * has taken into its bit buffer beyond that end count as not used.
 */
#include "image/rawinflate.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#define IN_LEN  ((size_t)64 * 1024)
#define OUT_LEN ((size_t)128 * 1024)

struct x8_rawinflate {
    struct inflate_state state;
    uint8_t in[IN_LEN], out[OUT_LEN];
};

struct x8_rawinflate *x8_rawinflate_new(void)
{
    return malloc(sizeof(struct x8_rawinflate));
}

void x8_rawinflate_free(struct x8_rawinflate **raw)
{
    free(*raw);
    *raw = NULL;
}

static int bad(const char *what, const char *detail, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "%s content", what);
    x8_error_why(err, "%s", detail);
    x8_error_next(err, "download or copy it again and compare its SHA-256");
    return -X8_E_BAD_IMAGE;
}

/* One portion of output, at most `room` bytes. */
static int step(struct x8_rawinflate *raw, size_t room, size_t *out_len, struct x8_error *err)
{
    struct inflate_state *state = &raw->state;
    state->next_out = raw->out;
    state->avail_out = (uint32_t)room;
    int ret = isal_inflate(state);
    *out_len = room - state->avail_out;
    if (ret < 0 || ret > ISAL_OUT_OVERFLOW)
        return bad("damaged", "no valid compressed data", err);
    return 0;
}

/* Nothing may follow the last block: it would be part of the file and of no checksum. */
static int check_end(struct x8_rawinflate *raw, struct x8_reader *in, struct x8_error *err)
{
    size_t left = raw->state.avail_in;
    if (raw->state.read_in_length > 0)
        left += (size_t)raw->state.read_in_length / 8;
    ssize_t more = left ? 1 : x8_read(in, raw->in, 1, err);
    if (more > 0)
        return bad("damaged", "bytes behind the end of the compressed data", err);
    return (int)more;
}

static int feed(struct x8_rawinflate *raw, struct x8_reader *in, int *ended, struct x8_error *err)
{
    if (raw->state.avail_in > 0 || *ended)
        return 0;
    ssize_t n = x8_read(in, raw->in, IN_LEN, err);
    if (n < 0)
        return (int)n;
    *ended = n == 0;
    raw->state.next_in = raw->in;
    raw->state.avail_in = (uint32_t)n;
    return 0;
}

int x8_rawinflate_run(struct x8_rawinflate *raw, struct x8_reader *in, uint64_t size,
                      void (*each)(void *ctx, const void *data, size_t len), void *ctx,
                      struct x8_error *err)
{
    int ended = 0, rc;
    isal_inflate_init(&raw->state);
    raw->state.avail_in = 0;
    raw->state.crc_flag = ISAL_DEFLATE;
    while (raw->state.block_state != ISAL_BLOCK_FINISH) {
        size_t len = 0, room = size < OUT_LEN ? (size_t)size + 1 : OUT_LEN;
        rc = feed(raw, in, &ended, err);
        if (rc >= 0)
            rc = step(raw, room, &len, err);
        if (rc < 0)
            return rc;
        if (len > size)
            return bad("damaged", "more content than its header says", err);
        if (len == 0 && ended && raw->state.block_state != ISAL_BLOCK_FINISH)
            return bad("truncated", "the compressed data end too early", err);
        size -= len;
        each(ctx, raw->out, len);
    }
    if (size > 0)
        return bad("damaged", "less content than its header says", err);
    return check_end(raw, in, err);
}
