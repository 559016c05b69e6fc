/*
 * Bytes in motion. One pull edge (reader), one pump, then only pushes (sinks). A stage knows its
 * `next` and nothing else; a sink takes everything it is given or fails.
 */
#ifndef X8_UTIL_STREAM_H
#define X8_UTIL_STREAM_H

#include "util/buf.h"
#include "util/op.h"

#include <sys/types.h>

struct x8_reader;

struct x8_reader_ops {
    /*
     * Read up to `cap` (> 0) bytes. Returns the count (>= 1; short counts are normal), 0 at the
     * proven end (a stream with a trailer has checked it by then), or a negative code. After an
     * error or the end, it keeps saying the same.
     */
    ssize_t (*read)(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err);
    /* Release everything, the inner readers it owns included. */
    void (*close)(struct x8_reader *reader);
};

/* First member of every concrete reader. */
struct x8_reader {
    const struct x8_reader_ops *ops;
};

static inline ssize_t x8_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    return reader->ops->read(reader, out, cap, err);
}

/* Close and forget; NULL is fine. */
void x8_reader_close(struct x8_reader **reader);
#define X8_AUTO_READER X8_CLEANUP(x8_reader_close) struct x8_reader *

/* Fill `out` as far as the stream goes: fewer than `cap` bytes only at the end. Count, or a
 * negative code. */
ssize_t x8_read_full(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err);

/* Read to the end into `out`. More than `max` bytes is X8_E_BAD_IMAGE. */
int x8_read_all(struct x8_reader *reader, size_t max, struct x8_buf *out, struct x8_error *err);

/* A reader over borrowed memory. */
int x8_mem_reader(struct x8_span bytes, struct x8_reader **out, struct x8_error *err);

struct x8_sink;

struct x8_sink_ops {
    /* Take all `len` bytes or fail. */
    int (*push)(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err);
    /* The stream ended well; what is left inside goes on now. */
    int (*finish)(struct x8_sink *sink, struct x8_error *err);
};

struct x8_sink {
    const struct x8_sink_ops *ops;
};

/* Move everything from `reader` to `sink`, then finish it. Looks at op->cancel (SOFT) between
 * reads. Bytes moved, or <0. */
int64_t x8_pump(const struct x8_op *op, struct x8_reader *reader, struct x8_sink *sink,
                struct x8_error *err);

#endif
