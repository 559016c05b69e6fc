/*
 * The face of the room: calls go to the way that was opened.
 */
#include "adb/backend.h"
#include "adb/wire.h"

#include <string.h>

const struct x8_adb_banner *x8_adb_banner(const struct x8_adb *adb)
{
    return &adb->banner;
}

int x8_adb_has(const struct x8_adb *adb, const char *feature)
{
    return x8_adb_features_have(adb->banner.features, feature);
}

size_t x8_adb_service_max(const struct x8_adb *adb)
{
    return adb->service_max;
}

int x8_adb_open(struct x8_adb *adb, const struct x8_op *op, const char *service, int timeout_ms,
                struct x8_adb_stream **out, struct x8_error *err)
{
    size_t len = strlen(service);
    int rc = x8_cancel_check(x8_op_cancel(op), X8_CANCEL_HARD, err);

    if (rc < 0)
        return rc;
    if (len == 0 || len > adb->service_max)
        return x8_fail(err, X8_E_INTERNAL, "a service text of %zu bytes; the way takes 1 to %zu",
                       len, adb->service_max);
    x8_emit(op, X8_EV_TRACE, "adb open %.200s%s", service, len > 200 ? "..." : "");
    return adb->ops->open(adb, op, service, timeout_ms, out, err);
}

ssize_t x8_adb_read(struct x8_adb_stream *stream, const struct x8_op *op, void *out, size_t cap,
                    int timeout_ms, struct x8_error *err)
{
    int rc = x8_cancel_check(x8_op_cancel(op), X8_CANCEL_HARD, err);

    return rc < 0 ? rc : stream->ops->read(stream, op, out, cap, timeout_ms, err);
}

int x8_adb_write(struct x8_adb_stream *stream, const struct x8_op *op, const void *data, size_t len,
                 int timeout_ms, struct x8_error *err)
{
    int rc = x8_cancel_check(x8_op_cancel(op), X8_CANCEL_HARD, err);

    return rc < 0 ? rc : stream->ops->write(stream, op, data, len, timeout_ms, err);
}

int x8_adb_wait_any(struct x8_adb_stream *const *streams, size_t count, const struct x8_op *op,
                    int timeout_ms, struct x8_error *err)
{
    int rc = x8_cancel_check(x8_op_cancel(op), X8_CANCEL_HARD, err);

    return rc < 0 ? rc : streams[0]->ops->wait_any(streams, count, op, timeout_ms, err);
}

void x8_adb_stream_close(struct x8_adb_stream **stream)
{
    if (*stream)
        (*stream)->ops->close(*stream);
    *stream = NULL;
}

void x8_adb_stream_shut(struct x8_adb_stream *stream)
{
    stream->ops->shut(stream);
}

int x8_adb_wait_gone(struct x8_adb *adb, const struct x8_op *op, int64_t deadline,
                     struct x8_error *err)
{
    int rc = x8_cancel_check(x8_op_cancel(op), X8_CANCEL_HARD, err);

    if (op)
        deadline = x8_deadline_min(deadline, op->deadline);
    return rc < 0 ? rc : adb->ops->wait_gone(adb, op, deadline, err);
}

void x8_adb_close(struct x8_adb **adb)
{
    if (*adb)
        (*adb)->ops->close(*adb);
    *adb = NULL;
}
