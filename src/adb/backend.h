/*
 * The two ways to a daemon behind adb.h: a link of our own (conn.h) and an adb server.
 */
#ifndef X8_ADB_BACKEND_H
#define X8_ADB_BACKEND_H

#include "adb/adb.h"

#include <string.h>

struct x8_adb_ops {
    int (*open)(struct x8_adb *adb, const struct x8_op *op, const char *service, int timeout_ms,
                struct x8_adb_stream **out, struct x8_error *err);
    int (*wait_gone)(struct x8_adb *adb, const struct x8_op *op, int64_t deadline,
                     struct x8_error *err);
    void (*close)(struct x8_adb *adb);
};

/* First member of both. */
struct x8_adb {
    const struct x8_adb_ops *ops;
    struct x8_adb_banner banner;
    size_t service_max;
};

struct x8_adb_stream_ops {
    ssize_t (*read)(struct x8_adb_stream *stream, const struct x8_op *op, void *out, size_t cap,
                    int timeout_ms, struct x8_error *err);
    int (*write)(struct x8_adb_stream *stream, const struct x8_op *op, const void *data, size_t len,
                 int timeout_ms, struct x8_error *err);
    void (*close)(struct x8_adb_stream *stream);
    void (*shut)(struct x8_adb_stream *stream);
    /* All of them are streams of one daemon. */
    int (*wait_any)(struct x8_adb_stream *const *streams, size_t count, const struct x8_op *op,
                    int timeout_ms, struct x8_error *err);
};

struct x8_adb_stream {
    const struct x8_adb_stream_ops *ops;
};

static inline struct x8_cancel *x8_op_cancel(const struct x8_op *op)
{
    return op ? op->cancel : NULL;
}

/* The deadline of a step that may take `timeout_ms` (< 0: no limit of its own). */
static inline int64_t x8_op_limit(const struct x8_op *op, int timeout_ms)
{
    return x8_deadline_min(x8_deadline_in(timeout_ms), op ? op->deadline : X8_NO_DEADLINE);
}

/* How much of a service is for messages: the text of a command behind "shell:" is nobody's news. */
static inline size_t x8_adb_service_name_len(const char *service)
{
    return strncmp(service, "shell", 5) == 0 ? strcspn(service, ":") + 1 : strlen(service);
}

#endif
