/*
 * Readers and the pump. A reader is opened by whoever knows the source, wrapped by stages that
 * change the bytes, and pumped into a sink.
 */
#include "util/stream.h"

#include <stdlib.h>
#include <string.h>

/* Large enough that a system call per buffer does not matter, small enough for a CPU's L2 cache. */
#define PUMP_LEN ((size_t)256 * 1024)

void x8_reader_close(struct x8_reader **reader)
{
    if (*reader)
        (*reader)->ops->close(*reader);
    *reader = NULL;
}

ssize_t x8_read_full(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    size_t have = 0;

    while (have < cap) {
        ssize_t n = x8_read(reader, (uint8_t *)out + have, cap - have, err);

        if (n < 0)
            return n;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

/* Room for the next read: doubling keeps the copies few, the limit plus one byte shows an excess.
 */
static size_t next_room(const struct x8_buf *out, size_t start, size_t max)
{
    size_t have = out->len - start, room = have < 4096 ? 4096 : have;

    return room > max - have ? max - have + 1 : room;
}

int x8_read_all(struct x8_reader *reader, size_t max, struct x8_buf *out, struct x8_error *err)
{
    size_t start = out->len;

    for (;;) {
        size_t room = next_room(out, start, max);
        ssize_t n;

        if (x8_buf_reserve(out, room) < 0)
            return x8_fail(err, X8_E_INTERNAL, "out of memory for %zu bytes", room);
        n = x8_read(reader, out->data + out->len, room, err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        out->len += (size_t)n;
        if (out->len - start > max)
            return x8_fail(err, X8_E_BAD_IMAGE, "larger than the %zu bytes it may have", max);
    }
    out->data[out->len] = '\0';
    return 0;
}

struct mem_reader {
    struct x8_reader reader;
    struct x8_span left;
};

static ssize_t mem_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct mem_reader *mem = (struct mem_reader *)reader;
    size_t n = mem->left.len < cap ? mem->left.len : cap;

    (void)err;
    if (n == 0)
        return 0;
    memcpy(out, mem->left.data, n);
    mem->left.data += n;
    mem->left.len -= n;
    return (ssize_t)n;
}

static void mem_close(struct x8_reader *reader)
{
    free(reader);
}

int x8_mem_reader(struct x8_span bytes, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {mem_read, mem_close};
    struct mem_reader *mem = calloc(1, sizeof *mem);

    if (!mem)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    mem->reader.ops = &ops;
    mem->left = bytes;
    *out = &mem->reader;
    return 0;
}

static int64_t pump_with(const struct x8_op *op, struct x8_reader *reader, struct x8_sink *sink,
                         uint8_t *buffer, struct x8_error *err)
{
    int64_t moved = 0;
    int rc;

    for (;;) {
        ssize_t n;

        rc = x8_cancel_check(op ? op->cancel : NULL, X8_CANCEL_SOFT, err);
        if (rc < 0)
            return rc;
        n = x8_read(reader, buffer, PUMP_LEN, err);
        if (n < 0)
            return n;
        if (n == 0)
            break;
        rc = sink->ops->push(sink, buffer, (size_t)n, err);
        if (rc < 0)
            return rc;
        moved += n;
    }
    rc = sink->ops->finish(sink, err);
    return rc < 0 ? rc : moved;
}

int64_t x8_pump(const struct x8_op *op, struct x8_reader *reader, struct x8_sink *sink,
                struct x8_error *err)
{
    uint8_t *buffer = malloc(PUMP_LEN);
    int64_t moved;

    if (!buffer)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    moved = pump_with(op, reader, sink, buffer, err);
    free(buffer);
    return moved;
}
