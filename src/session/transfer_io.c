/*
 * A command's stdin as a sink, and its stdout as a reader.
 */
#include "session/transfer_run.h"

#include <string.h>

#define ERRORS_MAX ((size_t)16 << 10)

static int sink_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct xfer_sink *to = X8_CONTAINER(sink, struct xfer_sink, sink);
    int rc = x8_channel_write(to->channel, &to->xfer->op, data, len, XFER_IDLE_MS, err);
    if (rc == 0)
        xfer_moved(to->xfer, len);
    return rc;
}

static int sink_finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)sink;
    (void)err;
    return 0;
}

void xfer_sink_init(struct xfer_sink *sink, struct xfer *xfer, struct x8_channel *channel)
{
    static const struct x8_sink_ops ops = {sink_push, sink_finish};
    sink->sink.ops = &ops;
    sink->xfer = xfer;
    sink->channel = channel;
}

static ssize_t reader_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct xfer_reader *from = X8_CONTAINER(reader, struct xfer_reader, reader);
    for (;;) {
        enum x8_output which = X8_STDOUT;
        ssize_t n =
            x8_channel_read(from->channel, &from->xfer->op, &which, out, cap, from->idle_ms, err);
        if (n > 0 && which == X8_STDERR) {
            size_t room = ERRORS_MAX - from->errors.len;
            if (x8_buf_add(&from->errors, out, (size_t)n < room ? (size_t)n : room) < 0)
                return x8_fail(err, X8_E_INTERNAL, "out of memory");
            continue;
        }
        if (n > 0 && !from->silent)
            xfer_moved(from->xfer, (uint64_t)n);
        from->ended |= n == 0;
        return n;
    }
}

static void reader_close(struct x8_reader *reader)
{
    struct xfer_reader *from = X8_CONTAINER(reader, struct xfer_reader, reader);
    x8_buf_done(&from->errors);
}

void xfer_reader_init(struct xfer_reader *reader, struct xfer *xfer, struct x8_channel *channel,
                      int idle_ms)
{
    static const struct x8_reader_ops ops = {reader_read, reader_close};
    memset(reader, 0, sizeof(*reader));
    reader->reader.ops = &ops;
    reader->xfer = xfer;
    reader->channel = channel;
    reader->idle_ms = idle_ms;
}
