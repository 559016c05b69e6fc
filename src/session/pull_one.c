/*
 * One file as it comes. Files of /proc and /sys have no size worth the name, and files that are
 * being written change while they are read: cat takes what there is, and the board's digest right
 * after tells whether that was the whole file.
 */
#include "session/pull_parts.h"
#include "session/unpack.h"

#include "util/file.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 3
/* A file may have grown since it was listed, and those of the kernel have no size: what comes
 * beyond twice the listed size and this is not written. */
#define GROWTH ((uint64_t)256 << 20)

static int pump(struct xfer_reader *reader, struct x8_sink *sink, struct x8_sha256 *sha,
                uint8_t *block, struct x8_error *err)
{
    for (;;) {
        ssize_t n = x8_read(&reader->reader, block, XFER_BLOCK, err);
        if (n <= 0)
            return (int)n;
        x8_sha256_add(sha, block, (size_t)n);
        int rc = sink->ops->push(sink, block, (size_t)n, err);
        if (rc < 0)
            return rc;
    }
}

/* How a cat that failed is told: what is gone is no refusal. */
static int explain(const struct xfer *xfer, const struct node *node, int status,
                   struct xfer_reader *reader, struct x8_error *err)
{
    X8_AUTO_BUF path = {0};
    char shown[300];
    const char *around = strcmp(xfer->anchor, "/") == 0 ? "" : xfer->anchor;
    if (x8_buf_addf(&path, "%s/%s", around, node->rel) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_clean(shown, sizeof(shown), x8_buf_text(&path), path.len);
    if (status == X8_STATUS_UNKNOWN)
        return x8_fail(err, X8_E_GONE, "%s: the link broke while it was read", shown);
    if (!strstr(x8_buf_text(&reader->errors), "No such file"))
        return x8_run_explain(shown, status, x8_buf_text(&reader->errors), err);
    x8_fail(err, X8_E_NO_FILE, "%s: vanished from the board while it was read", shown);
    return -X8_E_NO_FILE;
}

int pull_cat(struct xfer *xfer, const struct node *node, struct x8_sink *sink,
             uint8_t out_sha[X8_SHA256_LEN], struct x8_error *err)
{
    struct x8_channel *channel = NULL;
    struct xfer_reader reader;
    X8_AUTO_BUF text = {0};
    int rc = board_begin(&text, xfer, err);
    if (rc == 0 && (x8_buf_addf(&text, "cat ./") < 0 || x8_quote(&text, node->rel) < 0))
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = xfer_start(xfer, x8_buf_text(&text), X8_INPUT_NONE, 0, &channel, err);
    if (rc < 0)
        return rc;
    xfer_reader_init(&reader, xfer, channel, XFER_IDLE_MS);
    struct x8_sha256 *sha = x8_sha256_new();
    uint8_t *block = malloc(XFER_BLOCK);
    rc = sha && block ? pump(&reader, sink, sha, block, err)
                      : x8_fail(err, X8_E_INTERNAL, "out of memory");
    int status = rc == 0 ? x8_channel_status(channel) : 0;
    if (status != 0)
        rc = explain(xfer, node, status, &reader, err);
    if (rc == 0)
        x8_sha256_take(sha, out_sha);
    free(block);
    x8_sha256_free(&sha);
    reader.reader.ops->close(&reader.reader);
    xfer_end(xfer, &channel);
    return rc;
}

int pull_range(struct xfer *xfer, const struct node *node, uint64_t begin, uint64_t len,
               struct x8_sink *sink, struct x8_error *err)
{
    struct x8_channel *channel = NULL;
    struct xfer_reader reader;
    X8_AUTO_BUF text = {0};
    ssize_t n = 1;
    int rc = board_begin(&text, xfer, err);
    if (rc == 0)
        rc = board_range_text(&text, node->rel, begin, len, err);
    if (rc == 0)
        rc = xfer_start_bare(xfer, x8_buf_text(&text), &channel, err);
    if (rc < 0)
        return rc;
    xfer_reader_init(&reader, xfer, channel, XFER_IDLE_MS);
    reader.silent = 1;
    uint8_t *block = malloc(XFER_BLOCK);
    rc = block ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    while (rc == 0 && (n = x8_read(&reader.reader, block, XFER_BLOCK, err)) > 0) {
        size_t mine = (uint64_t)n < len ? (size_t)n : (size_t)len;
        len -= mine;
        rc = mine ? sink->ops->push(sink, block, mine, err) : 0;
    }
    rc = n < 0 ? (int)n : rc;
    if (rc == 0 && x8_channel_status(channel) == X8_STATUS_UNKNOWN)
        rc = x8_fail(err, X8_E_GONE, "the link broke while a file was read");
    free(block);
    reader.reader.ops->close(&reader.reader);
    xfer_end(xfer, &channel);
    return rc;
}

struct file_sink {
    struct x8_sink sink;
    int fd;
    struct node *node;
    uint64_t listed; /* its size when the board was asked */
};

static int file_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct file_sink *file = X8_CONTAINER(sink, struct file_sink, sink);
    if (file->node->size > GROWTH && (file->node->size - GROWTH) / 2 > file->listed)
        return unpack_too_long(file->node, file->listed, err);
    int rc = unpack_write(file->fd, file->node, data, len, err);
    file->node->size += rc == 0 ? len : 0;
    return rc;
}

static int try_whole(struct pull *pull, struct node *node, uint64_t listed, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {file_push, NULL};
    X8_AUTO_FD fd = unpack_create(pull->stage_fd, node, err);
    struct file_sink sink = {.sink.ops = &ops, .fd = fd, .node = node, .listed = listed};
    if (fd < 0)
        return fd;
    node->size = 0;
    int rc = pull_cat(&pull->xfer, node, &sink.sink, node->sha256, err);
    return rc < 0 ? rc : unpack_settle(fd, node, err);
}

int pull_whole(struct pull *pull, struct node *node, struct x8_error *err)
{
    uint8_t digest[1][X8_SHA256_LEN], has = 0;
    uint64_t listed = node->size;
    for (unsigned i = 0; i < TRIES; i++) {
        int rc = try_whole(pull, node, listed, err);
        if (rc == 0)
            rc = board_digests(&pull->xfer, 0, &node, 1, digest, &has, err);
        if (rc < 0)
            return rc;
        if (has && memcmp(digest[0], node->sha256, X8_SHA256_LEN) == 0) {
            node->done = 1;
            return 0;
        }
    }
    char shown[200];
    x8_clean(shown, sizeof(shown), node->rel, strlen(node->rel));
    x8_fail(err, X8_E_VERIFY, "%s: what arrived is not what the board has", shown);
    x8_error_why(err, "%u tries, each with another SHA-256: it may be changing all the time",
                 TRIES);
    x8_error_next(err, "stop what writes it, or take it as it comes:  x8ctl exec -- cat FILE");
    return -X8_E_VERIFY;
}
