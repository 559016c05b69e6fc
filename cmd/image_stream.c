/*
 * Stages that bytes of images pass: a digest on the way, several sinks at the end, a bar.
 */
#include "image_parts.h"

#include "util/digest.h"
#include "util/file.h"

#include <stdlib.h>
#include <string.h>

/* Digest of what passes through a reader. */
struct tap {
    struct x8_reader reader;
    struct x8_reader *inner;
    struct x8_sha256 *sha; /* borrowed */
};

static ssize_t tap_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct tap *tap = X8_CONTAINER(reader, struct tap, reader);
    ssize_t n = x8_read(tap->inner, out, cap, err);

    if (n > 0)
        x8_sha256_add(tap->sha, out, (size_t)n);
    return n;
}

static void tap_close(struct x8_reader *reader)
{
    struct tap *tap = X8_CONTAINER(reader, struct tap, reader);

    x8_reader_close(&tap->inner);
    free(tap);
}

int x8_image_tap(struct x8_reader *inner, struct x8_sha256 *sha, struct x8_reader **out,
                 struct x8_error *err)
{
    static const struct x8_reader_ops ops = {tap_read, tap_close};
    struct tap *tap = calloc(1, sizeof *tap);

    if (!tap) {
        x8_reader_close(&inner);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    *tap = (struct tap){.reader = {&ops}, .inner = inner, .sha = sha};
    *out = &tap->reader;
    return 0;
}

static int basin_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct x8_image_basin *basin = X8_CONTAINER(sink, struct x8_image_basin, sink);
    const uint8_t *from = data;

    for (size_t i = 0; i < len && basin->size + i < sizeof basin->head; i++)
        basin->head[basin->size + i] = from[i];
    basin->size += len;
    if (basin->sha)
        x8_sha256_add(basin->sha, data, len);
    for (size_t i = 0; i < X8_COUNT(basin->next); i++) {
        int rc = basin->next[i] ? basin->next[i]->ops->push(basin->next[i], data, len, err) : 0;

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int basin_finish(struct x8_sink *sink, struct x8_error *err)
{
    struct x8_image_basin *basin = X8_CONTAINER(sink, struct x8_image_basin, sink);

    for (size_t i = 0; i < X8_COUNT(basin->next); i++) {
        int rc = basin->next[i] ? basin->next[i]->ops->finish(basin->next[i], err) : 0;

        if (rc < 0)
            return rc;
    }
    return 0;
}

void x8_image_basin_init(struct x8_image_basin *basin)
{
    static const struct x8_sink_ops ops = {basin_push, basin_finish};

    memset(basin, 0, sizeof *basin);
    basin->sink.ops = &ops;
}

/* Counts for the bar. */
struct meter {
    struct x8_sink sink;
    struct x8_sink *next;
    struct x8_op op;
    uint64_t done, total, told;
};

static int meter_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct meter *meter = X8_CONTAINER(sink, struct meter, sink);

    meter->done += len;
    if (meter->done - meter->told >= (uint64_t)4 << 20) {
        meter->told = meter->done;
        x8_emit_progress(&meter->op, meter->done, meter->total > meter->done ? meter->total : 0);
    }
    return meter->next->ops->push(meter->next, data, len, err);
}

static int meter_finish(struct x8_sink *sink, struct x8_error *err)
{
    struct meter *meter = X8_CONTAINER(sink, struct meter, sink);

    x8_emit_progress(&meter->op, meter->done, meter->done);
    return meter->next->ops->finish(meter->next, err);
}

int x8_image_pour(const struct x8_op *op, const char *stage, struct x8_reader *reader,
                  uint64_t total, struct x8_sink *sink, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {meter_push, meter_finish};
    struct meter meter = {.sink = {&ops}, .next = sink, .op = *op};
    int64_t rc;

    meter.op.stage = stage;
    meter.total = total == UINT64_MAX ? 0 : total;
    rc = x8_pump(&meter.op, reader, &meter.sink, err);
    return rc < 0 ? (int)rc : 0;
}

void x8_image_hex(struct x8_sha256 *sha, char out[65])
{
    uint8_t digest[X8_SHA256_LEN];

    x8_sha256_take(sha, digest);
    x8_hex(out, digest, sizeof digest);
}

int x8_image_digest(const struct x8_op *op, const char *path, char out[65], struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    struct x8_image_basin basin;
    uint64_t size;
    int rc = x8_file_reader(path, &reader, &size, err);

    if (rc < 0)
        return rc;
    x8_image_basin_init(&basin);
    basin.sha = x8_sha256_new();
    if (!basin.sha)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = x8_image_pour(op, "digest", reader, size, &basin.sink, err);
    if (rc == 0)
        x8_image_hex(basin.sha, out);
    x8_sha256_free(&basin.sha);
    return rc;
}
