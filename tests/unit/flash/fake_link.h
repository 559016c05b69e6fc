/*
 * A link that plays a script: what it must be sent, what it answers, and where it breaks. A call
 * that is not the next step of the script fails the test.
 */
#ifndef FAKE_LINK_H
#define FAKE_LINK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "link/transport.h"
#include "util/buf.h"
#include "util/clock.h"

enum fake_kind {
    FAKE_END,       /* no more steps */
    FAKE_SEND,      /* exactly these bytes are sent */
    FAKE_DATA,      /* `len` bytes of any content are sent; they are kept */
    FAKE_REPORTS,   /* `times` sends of `len` bytes, the first of each being report id 2; kept */
    FAKE_RECV,      /* these bytes are received */
    FAKE_SEND_FAIL, /* a send fails with `code` */
    FAKE_RECV_FAIL, /* a read fails with `code` */
    FAKE_SHORT,     /* a send that moves `len` bytes only and says nothing */
    FAKE_STOP,      /* no call: the stop token is raised to SOFT before the next one */
};

struct fake_step {
    enum fake_kind kind;
    const void *bytes;
    size_t len;
    int code;
    size_t times;
};

#define SENDS(...)                                                                                 \
    {                                                                                              \
        .kind = FAKE_SEND, .bytes = (const uint8_t[]){__VA_ARGS__},                                \
        .len = sizeof((const uint8_t[]){__VA_ARGS__})                                              \
    }
#define ANSWERS(...)                                                                               \
    {                                                                                              \
        .kind = FAKE_RECV, .bytes = (const uint8_t[]){__VA_ARGS__},                                \
        .len = sizeof((const uint8_t[]){__VA_ARGS__})                                              \
    }
#define SENDS_TEXT(t)                                                                              \
    {                                                                                              \
        .kind = FAKE_SEND, .bytes = (t), .len = sizeof(t) - 1                                      \
    }
#define SAYS(t)                                                                                    \
    {                                                                                              \
        .kind = FAKE_RECV, .bytes = (t), .len = sizeof(t) - 1                                      \
    }
#define READ_FAILS(c)                                                                              \
    {                                                                                              \
        .kind = FAKE_RECV_FAIL, .code = (c)                                                        \
    }
#define WRITE_FAILS(c)                                                                             \
    {                                                                                              \
        .kind = FAKE_SEND_FAIL, .code = (c)                                                        \
    }

struct fake_link {
    struct x8_transport base;
    const struct fake_step *steps;
    size_t next, used; /* used: sends of the present FAKE_REPORTS */
    struct x8_cancel cancel;
    struct x8_op op;
    struct x8_buf taken; /* payload of FAKE_DATA and FAKE_REPORTS */
    int last_timeout_ms;
    char details[512]; /* texts of X8_EV_DETAIL, one per line */
};

static const struct fake_step *fake_next(struct fake_link *fake)
{
    while (fake->steps[fake->next].kind == FAKE_STOP) {
        x8_cancel_raise(&fake->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
        fake->next++;
    }
    return &fake->steps[fake->next];
}

static int fake_send(struct x8_transport *link, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err)
{
    struct fake_link *fake = (struct fake_link *)(void *)link;
    const struct fake_step *step = fake_next(fake);
    const uint8_t *bytes = data;

    (void)op;
    fake->last_timeout_ms = timeout_ms;
    switch (step->kind) {
    case FAKE_SEND_FAIL:
        fake->next++;
        return x8_fail(err, (enum x8_code)step->code, "link broke while writing");
    case FAKE_SHORT:
        fake->next++;
        link->bytes_out += step->len;
        return 0;
    case FAKE_SEND:
        assert_int_equal(len, step->len);
        assert_memory_equal(data, step->bytes, len);
        fake->next++;
        break;
    case FAKE_DATA:
        assert_int_equal(len, step->len);
        assert_int_equal(x8_buf_add(&fake->taken, data, len), 0);
        fake->next++;
        break;
    case FAKE_REPORTS:
        assert_int_equal(len, step->len);
        assert_int_equal(bytes[0], 2);
        assert_int_equal(x8_buf_add(&fake->taken, bytes + 1, len - 1), 0);
        if (++fake->used == step->times) {
            fake->used = 0;
            fake->next++;
        }
        break;
    default:
        fail_msg("step %zu: a send of %zu bytes was not expected", fake->next, len);
    }
    link->bytes_out += len;
    return 0;
}

static ssize_t fake_recv(struct x8_transport *link, const struct x8_op *op, void *out, size_t cap,
                         int timeout_ms, struct x8_error *err)
{
    struct fake_link *fake = (struct fake_link *)(void *)link;
    const struct fake_step *step = fake_next(fake);

    (void)op;
    fake->last_timeout_ms = timeout_ms;
    if (step->kind == FAKE_RECV_FAIL) {
        fake->next++;
        return x8_fail(err, (enum x8_code)step->code, "link broke while reading");
    }
    if (step->kind != FAKE_RECV)
        fail_msg("step %zu: a read was not expected", fake->next);
    assert_true(step->len <= cap);
    if (step->len)
        memcpy(out, step->bytes, step->len);
    if (++fake->used >= step->times) {
        fake->used = 0;
        fake->next++;
    }
    link->bytes_in += step->len;
    return (ssize_t)step->len;
}

static const struct x8_transport_ops fake_ops = {.send = fake_send, .recv = fake_recv};

static void fake_emit(void *ctx, const struct x8_event *event)
{
    struct fake_link *fake = ctx;
    size_t used = strlen(fake->details);

    if (event->kind == X8_EV_DETAIL && used < sizeof fake->details - 1)
        (void)snprintf(fake->details + used, sizeof fake->details - used, "%s\n", event->text);
}

static void fake_init(struct fake_link *fake, const struct fake_step *steps)
{
    memset(fake, 0, sizeof *fake);
    fake->base.ops = &fake_ops;
    fake->steps = steps;
    x8_cancel_init(&fake->cancel);
    fake->op = (struct x8_op){
        .deadline = X8_NO_DEADLINE, .cancel = &fake->cancel, .emit = fake_emit, .emit_ctx = fake};
}

/* The whole script must have been played. */
static void fake_finish(struct fake_link *fake)
{
    size_t left = fake->next;
    int kind = (int)fake->steps[left].kind;

    x8_cancel_done(&fake->cancel);
    x8_buf_done(&fake->taken);
    if (kind != FAKE_END)
        fail_msg("step %zu was never reached", left);
}

#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            fail_msg("\"%s\" does not contain \"%s\"", (text), (part));                            \
    } while (0)

#endif
