/*
 * Reading a file to its end for no other reason than to see whether it has one.
 */
#include "image/whole.h"

#include "image/archive.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK        ((size_t)1 << 18)
#define REPORT_EVERY ((uint64_t)4 << 20)

/* --- the file as it comes: how far it is, and whether it shall go on */

struct counted {
    struct x8_reader reader;
    struct x8_reader *inner;
    struct x8_op op;
    uint64_t done, told, total;
};

static ssize_t counted_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct counted *counted = X8_CONTAINER(reader, struct counted, reader);
    int rc = x8_cancel_check(counted->op.cancel, X8_CANCEL_SOFT, err);
    ssize_t n = rc < 0 ? rc : x8_read(counted->inner, out, cap, err);

    if (n > 0)
        counted->done += (uint64_t)n;
    if (counted->done - counted->told >= REPORT_EVERY || (n == 0 && counted->done)) {
        counted->told = counted->done;
        x8_emit_progress(&counted->op, counted->done, counted->total);
    }
    return n;
}

static void counted_close(struct x8_reader *reader)
{
    struct counted *counted = X8_CONTAINER(reader, struct counted, reader);

    x8_reader_close(&counted->inner);
    free(counted);
}

static int counted_new(const struct x8_op *op, struct x8_reader *inner, uint64_t total,
                       struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {counted_read, counted_close};
    struct counted *counted = calloc(1, sizeof(*counted));

    if (!counted) {
        x8_reader_close(&inner);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    *counted = (struct counted){.reader = {&ops}, .inner = inner, .op = *op, .total = total};
    counted->op.stage = "check";
    x8_emit_enter(&counted->op);
    *out = &counted->reader;
    return 0;
}

/* --- what was looked at, once more */

struct again {
    struct x8_reader reader;
    struct x8_reader *inner;
    uint8_t head[ARCHIVE_HEAD];
    size_t at, len;
};

static ssize_t again_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct again *again = X8_CONTAINER(reader, struct again, reader);
    size_t left = again->len - again->at;

    if (left == 0)
        return x8_read(again->inner, out, cap, err);
    left = left < cap ? left : cap;
    memcpy(out, again->head + again->at, left);
    again->at += left;
    return (ssize_t)left;
}

static void again_close(struct x8_reader *reader)
{
    struct again *again = X8_CONTAINER(reader, struct again, reader);

    x8_reader_close(&again->inner);
    free(again);
}

/* Takes `inner` over; 1 when what comes is an archive. */
static int again_new(struct x8_reader *inner, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {again_read, again_close};
    struct again *again = calloc(1, sizeof(*again));
    ssize_t n;

    if (!again) {
        x8_reader_close(&inner);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    *again = (struct again){.reader = {&ops}, .inner = inner};
    *out = &again->reader;
    n = x8_read_full(inner, again->head, sizeof(again->head), err);
    if (n < 0)
        return (int)n;
    again->len = (size_t)n;
    return archive_is((struct x8_span){again->head, again->len});
}

/* --- to the end */

/* Takes `reader` over. */
static int walk(struct x8_reader *reader, struct x8_error *err)
{
    struct archive_walk *walk = NULL;
    struct archive_member member;
    int rc = archive_walk_open(reader, &walk, err);

    if (rc == 0)
        rc = 1;
    while (rc > 0)
        rc = archive_walk_next(walk, &member, err);
    if (rc == 0 && !archive_walk_is_closed(walk)) {
        rc = x8_fail(err, X8_E_BAD_IMAGE, "truncated tar archive");
        x8_error_why(err, "it ends inside its end mark");
    }
    archive_walk_close(&walk);
    return rc;
}

static int drain(struct x8_reader *reader, struct x8_error *err)
{
    uint8_t *block = malloc(BLOCK);
    ssize_t n = block ? 1 : x8_fail(err, X8_E_INTERNAL, "out of memory");

    while (n > 0)
        n = x8_read(reader, block, BLOCK, err);
    free(block);
    return (int)n;
}

int x8_whole_check(const struct x8_op *op, struct x8_reader *reader, uint64_t total,
                   struct x8_error *err)
{
    X8_AUTO_READER content = NULL;
    struct x8_reader *taken = NULL;
    int rc = counted_new(op, reader, total, &taken, err);

    if (rc == 0)
        rc = x8_inflate_reader(taken, &content, NULL, err);
    if (rc == 0) {
        taken = content;
        content = NULL;
        rc = again_new(taken, &content, err);
    }
    if (rc <= 0)
        return rc < 0 ? rc : drain(content, err);
    taken = content;
    content = NULL;
    return walk(taken, err);
}
