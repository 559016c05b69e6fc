/*
 * Files over the sync service, one stream for each request: a daemon that refused goes on reading
 * until the end of the data, and closing the stream is the shorter way.
 */
#include "adb/sync.h"

#include "adb/backend.h"
#include "adb/sync_wire.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    OPEN_MS = 5000,
    /* Without a byte. A daemon answers when the file system did, which may have to write back what
     * it holds. */
    SILENCE_MS = 60000,
    LAST_WORDS_MS = 1000, /* why the daemon closed the stream: it is on its way already */
    /* A block and its header fill whole packets of every daemon. */
    BLOCK = X8_SYNC_DATA_MAX - X8_SYNC_HEADER,
    READ_LEN = 128 << 10,
};

struct sync {
    const struct x8_op *op;
    const char *path;
    struct x8_adb_stream *stream;
    struct x8_sync_parser parser;
    uint8_t *buffer;
};

static int sync_open(struct sync *s, struct x8_adb *adb, const struct x8_op *op, const char *path,
                     size_t buffer_len, struct x8_error *err)
{
    *s = (struct sync){.op = op, .path = path};
    s->buffer = malloc(buffer_len);
    if (!s->buffer)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return x8_adb_open(adb, op, "sync:", OPEN_MS, &s->stream, err);
}

static void sync_close(struct sync *s)
{
    x8_adb_stream_close(&s->stream);
    free(s->buffer);
}

static int ended(struct x8_error *err)
{
    x8_fail(err, X8_E_GONE, "the board's file service ended before it answered");
    x8_error_next(err, "x8ctl list shows whether the board is there; then try again");
    return -(int)X8_E_GONE;
}

static int send_request(struct sync *s, const struct x8_buf *request, struct x8_error *err)
{
    return x8_adb_write(s->stream, s->op, request->data, request->len, SILENCE_MS, err);
}

static int read_exactly(struct sync *s, uint8_t *out, size_t len, struct x8_error *err)
{
    while (len > 0) {
        ssize_t n = x8_adb_read(s->stream, s->op, out, len, SILENCE_MS, err);

        if (n <= 0)
            return n < 0 ? (int)n : ended(err);
        out += n;
        len -= (size_t)n;
    }
    return 0;
}

/* --- stat --- */

static int ask_stat(struct sync *s, int is_v2, struct x8_adb_stat *out, struct x8_error *err)
{
    uint8_t answer[X8_SYNC_STAT2];
    X8_AUTO_BUF request = {0};
    int rc = x8_sync_path_put(&request, is_v2 ? X8_SYNC_LST2 : X8_SYNC_STAT, s->path, err);

    if (rc == 0)
        rc = send_request(s, &request, err);
    if (rc == 0)
        rc = read_exactly(s, answer, is_v2 ? X8_SYNC_STAT2 : X8_SYNC_STAT1, err);
    if (rc < 0)
        return rc;
    return is_v2 ? x8_sync_stat2_get(answer, s->path, out, err)
                 : x8_sync_stat1_get(answer, s->path, out, err);
}

int x8_adb_stat(struct x8_adb *adb, const struct x8_op *op, const char *path,
                struct x8_adb_stat *out, struct x8_error *err)
{
    struct sync s;
    int rc = sync_open(&s, adb, op, path, 1, err);

    if (rc == 0)
        rc = ask_stat(&s, x8_adb_has(adb, "stat_v2"), out, err);
    sync_close(&s);
    return rc;
}

/* --- writing a file --- */

/*
 * What the daemon has said, waiting up to `timeout_ms`: 1 OKAY, 0 nothing yet, X8_E_TIMEOUT never.
 * Its FAIL is the error.
 */
static int answer_so_far(struct sync *s, int timeout_ms, struct x8_error *err)
{
    struct x8_error own;
    uint8_t bytes[256];
    struct x8_span in = {bytes, 0}, data;
    ssize_t n = x8_adb_read(s->stream, s->op, bytes, sizeof bytes, timeout_ms, &own);
    int event;

    if (n == -(ssize_t)X8_E_TIMEOUT)
        return 0;
    if (n == 0)
        return ended(err);
    if (n < 0) {
        if (err)
            *err = own;
        return (int)n;
    }
    in.len = (size_t)n;
    event = x8_sync_next(&s->parser, &in, &data, err);
    if (event == X8_SYNC_EV_FAIL)
        return x8_sync_fail(s->parser.words, s->parser.words_len, s->path, 0, err);
    if (event > 0 && event != X8_SYNC_EV_OKAY)
        return x8_fail(err, X8_E_LINK, "the board's file service sends what it should take");
    return event < 0 ? event : event == X8_SYNC_EV_OKAY;
}

/* A stream that the daemon closed may hold its reason. */
static int with_last_words(struct sync *s, int rc, struct x8_error *err)
{
    int64_t deadline = x8_op_limit(s->op, LAST_WORDS_MS);
    struct x8_error words;

    if (rc != -(int)X8_E_GONE)
        return rc;
    do {
        rc = answer_so_far(s, LAST_WORDS_MS, &words);
    } while (rc == 0 && x8_deadline_left(deadline, 1) > 0);
    if (rc == -(int)X8_E_REFUSED || rc == -(int)X8_E_BOARD_SPACE) {
        if (err)
            *err = words;
        return rc;
    }
    return -(int)X8_E_GONE;
}

static int send_block(struct sync *s, uint32_t id, uint32_t value, size_t len, struct x8_error *err)
{
    int rc;

    x8_sync_header_put(s->buffer, id, value);
    rc = x8_adb_write(s->stream, s->op, s->buffer, X8_SYNC_HEADER + len, SILENCE_MS, err);
    return with_last_words(s, rc, err);
}

static int64_t send_data(struct sync *s, struct x8_reader *input, struct x8_error *err)
{
    int64_t sent = 0;

    for (;;) {
        int rc = x8_cancel_check(x8_op_cancel(s->op), X8_CANCEL_SOFT, err);
        ssize_t n = rc < 0 ? rc : x8_read_full(input, s->buffer + X8_SYNC_HEADER, BLOCK, err);

        if (n <= 0)
            return n < 0 ? n : sent;
        rc = send_block(s, X8_SYNC_DATA, (uint32_t)n, (size_t)n, err);
        if (rc == 0)
            rc = answer_so_far(s, 0, err); /* a refusal comes at once, in the middle of it all */
        if (rc < 0)
            return rc;
        if (rc > 0)
            return x8_fail(err, X8_E_LINK, "the board took a file before it had all of it");
        sent += n;
    }
}

static int finish_send(struct sync *s, struct x8_error *err)
{
    int64_t deadline = x8_op_limit(s->op, SILENCE_MS);
    int rc = send_block(s, X8_SYNC_DONE, (uint32_t)time(NULL), 0, err);

    while (rc == 0) {
        if (x8_deadline_left(deadline, 1) == 0)
            return x8_fail(err, X8_E_TIMEOUT, "the board did not say whether it has the file");
        rc = answer_so_far(s, x8_deadline_left(deadline, SILENCE_MS), err);
    }
    return rc < 0 ? rc : 0;
}

int64_t x8_adb_send_file(struct x8_adb *adb, const struct x8_op *op, const char *path,
                         unsigned mode, struct x8_reader *input, struct x8_error *err)
{
    X8_AUTO_BUF request = {0};
    struct sync s;
    int64_t sent = 0;
    int rc = x8_sync_send_put(&request, x8_adb_has(adb, "sendrecv_v2"), path, mode, err);

    if (rc < 0)
        return rc;
    rc = sync_open(&s, adb, op, path, X8_SYNC_HEADER + BLOCK, err);
    if (rc == 0)
        rc = send_request(&s, &request, err);
    if (rc == 0)
        sent = send_data(&s, input, err);
    if (rc == 0 && sent >= 0)
        rc = finish_send(&s, err);
    sync_close(&s);
    return rc < 0 ? rc : sent;
}

/* --- reading a file --- */

/* Everything in `in` to the sink. 1 at the end of the file, 0 when more is to come. */
static int take_data(struct sync *s, struct x8_span in, struct x8_sink *sink, int64_t *total,
                     struct x8_error *err)
{
    for (;;) {
        struct x8_span data;
        int event = x8_sync_next(&s->parser, &in, &data, err), rc;

        switch (event) {
        case X8_SYNC_EV_DATA:
            rc = sink->ops->push(sink, data.data, data.len, err);
            if (rc < 0)
                return rc;
            *total += (int64_t)data.len;
            break;
        case X8_SYNC_EV_DONE:
            return 1;
        case X8_SYNC_EV_FAIL:
            return x8_sync_fail(s->parser.words, s->parser.words_len, s->path, 1, err);
        case X8_SYNC_EV_OKAY:
            return x8_fail(err, X8_E_LINK, "the board's file service answered out of order");
        default:
            return event;
        }
    }
}

static int64_t recv_data(struct sync *s, struct x8_sink *sink, struct x8_error *err)
{
    int64_t total = 0;
    int rc = 0;

    while (rc == 0) {
        ssize_t n;

        rc = x8_cancel_check(x8_op_cancel(s->op), X8_CANCEL_SOFT, err);
        if (rc < 0)
            return rc;
        n = x8_adb_read(s->stream, s->op, s->buffer, READ_LEN, SILENCE_MS, err);
        if (n <= 0)
            return n < 0 ? n : ended(err);
        rc = take_data(s, (struct x8_span){s->buffer, (size_t)n}, sink, &total, err);
    }
    if (rc > 0)
        rc = sink->ops->finish(sink, err);
    return rc < 0 ? rc : total;
}

int64_t x8_adb_recv_file(struct x8_adb *adb, const struct x8_op *op, const char *path,
                         struct x8_sink *sink, struct x8_error *err)
{
    X8_AUTO_BUF request = {0};
    struct sync s;
    int64_t total = 0;
    int rc = x8_sync_recv_put(&request, x8_adb_has(adb, "sendrecv_v2"), path, err);

    if (rc < 0)
        return rc;
    rc = sync_open(&s, adb, op, path, READ_LEN, err);
    if (rc == 0)
        rc = send_request(&s, &request, err);
    if (rc == 0)
        total = recv_data(&s, sink, err);
    sync_close(&s);
    return rc < 0 ? rc : total;
}
