/*
 * Ports and sockets of the board: a stream to the daemon's service, as it is. ADB has no half-close
 * and a connection has no status.
 */
#include "session/over_adb_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIAL_MS 10000

struct dialled {
    struct x8_channel base;
    struct x8_adb_stream *stream;
};

static struct x8_adb_stream *stream_of(struct x8_channel *channel)
{
    return X8_CONTAINER(channel, struct dialled, base)->stream;
}

static ssize_t dial_read(struct x8_channel *channel, const struct x8_op *op, enum x8_output *which,
                         void *out, size_t cap, int timeout_ms, struct x8_error *err)
{
    *which = X8_STDOUT;
    return x8_adb_read(stream_of(channel), op, out, cap, x8_wait_ms(x8_wait_until(op, timeout_ms)),
                       err);
}

static int dial_write(struct x8_channel *channel, const struct x8_op *op, const void *data,
                      size_t len, int timeout_ms, struct x8_error *err)
{
    return x8_adb_write(stream_of(channel), op, data, len,
                        x8_wait_ms(x8_wait_until(op, timeout_ms)), err);
}

static int dial_end_input(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    (void)channel;
    (void)op;
    (void)err;
    return 0;
}

static int dial_begin(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    (void)channel;
    (void)op;
    (void)err;
    return 0;
}

static int dial_resize(struct x8_channel *channel, const struct x8_op *op, unsigned rows,
                       unsigned cols, struct x8_error *err)
{
    (void)channel;
    (void)op;
    (void)rows;
    (void)cols;
    (void)err;
    return 0;
}

static int dial_status(const struct x8_channel *channel)
{
    (void)channel;
    return X8_STATUS_UNKNOWN;
}

static void dial_shut(struct x8_channel *channel)
{
    x8_adb_stream_shut(stream_of(channel));
}

static void dial_close(struct x8_channel *channel)
{
    struct dialled *dialled = X8_CONTAINER(channel, struct dialled, base);

    x8_adb_stream_close(&dialled->stream);
    free(dialled);
}

static const struct x8_channel_ops dial_ops = {
    .read = dial_read,
    .write = dial_write,
    .begin = dial_begin,
    .end_input = dial_end_input,
    .resize = dial_resize,
    .status = dial_status,
    .shut = dial_shut,
    .close = dial_close,
};

/* "tcp:80" is ADB's own word; Unix sockets have another. */
static int service_of(const char *remote, struct x8_buf *out, struct x8_error *err)
{
    uint32_t port = 0;
    int rc;

    if (x8_starts(remote, "tcp:") && x8_parse_u32(remote + 4, &port) == 0 && port > 0 &&
        port < 65536)
        rc = x8_buf_addf(out, "tcp:%u", port);
    else if (x8_starts(remote, "unix:/"))
        rc = x8_buf_addf(out, "localfilesystem:%s", remote + strlen("unix:"));
    else
        return x8_fail(err, X8_E_USAGE, "'%.100s' is neither tcp:PORT nor unix:/PATH", remote);
    return rc == 0 ? 0 : x8_fail(err, X8_E_INTERNAL, "no memory");
}

int x8_adb_dial(struct x8_session *base, const struct x8_op *op, const char *remote,
                struct x8_channel **out, struct x8_error *err)
{
    struct x8_adb_session *session = X8_CONTAINER(base, struct x8_adb_session, base);
    X8_AUTO_BUF service = {0};
    struct dialled *dialled;
    int rc = service_of(remote, &service, err);

    if (rc != 0)
        return rc;
    dialled = calloc(1, sizeof *dialled);
    if (!dialled)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    dialled->base.ops = &dial_ops;
    rc = x8_adb_open(session->adb, op, x8_buf_text(&service),
                     x8_wait_ms(x8_wait_until(op, DIAL_MS)), &dialled->stream, err);
    if (rc == -X8_E_REFUSED) {
        x8_fail(err, X8_E_REFUSED, "nothing on the board listens on %.100s", remote);
        x8_error_next(err, "see what listens:  x8ctl exec -- ss -ltnx");
    }
    if (rc != 0) {
        free(dialled);
        return rc;
    }
    *out = &dialled->base;
    return 0;
}
