/*
 * A link for fuzz targets: takes everything, answers with pieces of the input. A piece is a length
 * byte and that many bytes; a length of 255 is a failing read, whose code the next byte picks. At
 * the end of the input every read times out.
 */
#ifndef FUZZ_WIRE_H
#define FUZZ_WIRE_H

#include "link/transport.h"
#include "util/bytes.h"
#include "util/clock.h"

#include <stdlib.h>
#include <string.h>

struct wire {
    struct x8_transport base;
    struct x8_span input;
};

static int wire_send(struct x8_transport *link, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err)
{
    (void)op;
    (void)data;
    (void)timeout_ms;
    (void)err;
    link->bytes_out += len;
    return 0;
}

static ssize_t wire_recv(struct x8_transport *link, const struct x8_op *op, void *out, size_t cap,
                         int timeout_ms, struct x8_error *err)
{
    static const enum x8_code codes[] = {X8_E_TIMEOUT, X8_E_GONE, X8_E_LINK, X8_E_STOPPED};
    struct wire *wire = (struct wire *)(void *)link;
    struct x8_span *in = &wire->input;
    size_t len;

    (void)op;
    (void)timeout_ms;
    if (in->len < 2)
        return x8_fail(err, X8_E_TIMEOUT, "no answer");
    len = in->data[0];
    if (len == 255) {
        enum x8_code code = codes[in->data[1] % X8_COUNT(codes)];

        *in = (struct x8_span){in->data + 2, in->len - 2};
        return x8_fail(err, code, "the link broke");
    }
    *in = (struct x8_span){in->data + 1, in->len - 1};
    len = len < in->len ? len : in->len;
    len = len < cap ? len : cap;
    memcpy(out, in->data, len);
    *in = (struct x8_span){in->data + len, in->len - len};
    link->bytes_in += len;
    return (ssize_t)len;
}

static const struct x8_transport_ops wire_ops = {.send = wire_send, .recv = wire_recv};

static inline struct wire wire_over(struct x8_span input)
{
    return (struct wire){.base.ops = &wire_ops, .input = input};
}

/* A failure has its code and says something; nothing that came from a board can move a cursor. */
static inline void check_error(int rc, const struct x8_error *err)
{
    const char *texts[] = {err->msg, err->why, err->next};

    if (rc >= 0)
        return;
    if ((int)err->code != -rc || !err->msg[0])
        abort();
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        for (const char *p = texts[i]; *p; p++)
            if ((unsigned char)*p < ' ' || *p == 0x7f)
                abort();
}

#endif
