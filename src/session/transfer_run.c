/*
 * Commands and threads of one transfer.
 */
#include "session/transfer_run.h"

#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX   ((size_t)256 << 20) /* lists of millions of files */
#define ERRORS_MAX   ((size_t)16 << 10)
#define PROGRESS_GAP 100 /* milliseconds between two reports */

static void shut_all(struct xfer *xfer)
{
    for (unsigned i = 0; i < XFER_CHANNELS; i++)
        if (xfer->open[i])
            x8_channel_shut(xfer->open[i]);
}

/* Nothing has its final name before the installing step, so a stop may come at any time until
 * then. */
static void wake(void *ctx, enum x8_cancel_level level)
{
    struct xfer *xfer = ctx;
    pthread_mutex_lock(&xfer->lock);
    if (!xfer->held || level >= X8_CANCEL_HARD) {
        atomic_store(&xfer->stopping, 1);
        shut_all(xfer);
    }
    pthread_mutex_unlock(&xfer->lock);
}

void xfer_init(struct xfer *xfer, struct x8_session *session, const struct x8_op *op,
               const struct x8_root *root)
{
    memset(xfer, 0, sizeof(*xfer));
    xfer->session = session;
    xfer->root = root;
    xfer->op = *op;
    pthread_mutex_init(&xfer->lock, NULL);
    atomic_init(&xfer->stopping, 0);
    xfer->waker = (struct x8_waker){.wake = wake, .ctx = xfer};
    x8_cancel_watch(op->cancel, &xfer->waker);
}

void xfer_done(struct xfer *xfer)
{
    if (!xfer->session)
        return;
    x8_cancel_unwatch(xfer->op.cancel, &xfer->waker);
    pthread_mutex_destroy(&xfer->lock);
    free(xfer->anchor);
    xfer->session = NULL;
}

void xfer_enter(struct xfer *xfer, const char *stage, uint64_t total)
{
    xfer->op.stage = stage;
    xfer->done = 0;
    xfer->total = total;
    xfer->shown_ms = 0;
    x8_emit_enter(&xfer->op);
}

/* Reported under the lock, so that no report goes back behind an earlier one. */
void xfer_moved(struct xfer *xfer, uint64_t bytes)
{
    int64_t now = x8_now_ms();
    pthread_mutex_lock(&xfer->lock);
    xfer->done += bytes;
    if (now - xfer->shown_ms >= PROGRESS_GAP || xfer->done == xfer->total) {
        xfer->shown_ms = now;
        /* Headers travel too: more than all is still all. */
        uint64_t shown = xfer->total && xfer->done > xfer->total ? xfer->total : xfer->done;
        x8_emit_progress(&xfer->op, shown, xfer->total);
    }
    pthread_mutex_unlock(&xfer->lock);
}

void xfer_hold(struct xfer *xfer, int held)
{
    pthread_mutex_lock(&xfer->lock);
    xfer->held = held;
    pthread_mutex_unlock(&xfer->lock);
}

int xfer_fail(struct xfer *xfer, int rc, const struct x8_error *err)
{
    pthread_mutex_lock(&xfer->lock);
    if (xfer->rc == 0 && rc < 0) {
        xfer->rc = rc;
        xfer->error = *err;
        atomic_store(&xfer->stopping, 1);
        shut_all(xfer);
    }
    pthread_mutex_unlock(&xfer->lock);
    return rc;
}

int xfer_result(struct xfer *xfer, struct x8_error *err)
{
    pthread_mutex_lock(&xfer->lock);
    int rc = xfer->rc;
    if (rc < 0 && err)
        *err = xfer->error;
    pthread_mutex_unlock(&xfer->lock);
    return rc;
}

int xfer_verdict(struct xfer *xfer, int rc, struct x8_error *err)
{
    enum x8_cancel_level level = xfer->held ? X8_CANCEL_HARD : X8_CANCEL_SOFT;
    int stopped = rc < 0 ? x8_cancel_check(xfer->op.cancel, level, err) : 0;
    return stopped < 0 ? stopped : rc;
}

static int remember(struct xfer *xfer, struct x8_channel *channel, struct x8_error *err)
{
    int rc = -1;
    pthread_mutex_lock(&xfer->lock);
    for (unsigned i = 0; i < XFER_CHANNELS && rc < 0; i++)
        if (!xfer->open[i]) {
            xfer->open[i] = channel;
            rc = 0;
        }
    if (rc == 0 && atomic_load(&xfer->stopping))
        x8_channel_shut(channel);
    pthread_mutex_unlock(&xfer->lock);
    return rc == 0 ? 0 : x8_fail(err, X8_E_INTERNAL, "too many channels at once");
}

int xfer_start_command(struct xfer *xfer, const struct x8_command *command, struct x8_channel **out,
                       struct x8_error *err)
{
    int rc = x8_cancel_check(xfer->op.cancel, xfer->held ? X8_CANCEL_HARD : X8_CANCEL_SOFT, err);
    if (rc == 0 && atomic_load(&xfer->stopping))
        rc = x8_fail(err, X8_E_STOPPED, "stopped because another part failed");
    if (rc == 0)
        rc = x8_start_as(xfer->session, &xfer->op, xfer->root, command, out, err);
    if (rc < 0)
        return rc;
    rc = remember(xfer, *out, err);
    if (rc < 0)
        x8_channel_close(out);
    return rc;
}

int xfer_start(struct xfer *xfer, const char *text, enum x8_input input, uint64_t input_len,
               struct x8_channel **out, struct x8_error *err)
{
    struct x8_command command = {.text = text, .input = input, .input_len = input_len};
    return xfer_start_command(xfer, &command, out, err);
}

int xfer_start_bare(struct xfer *xfer, const char *text, struct x8_channel **out,
                    struct x8_error *err)
{
    X8_AUTO_BUF quiet = {0};
    struct x8_command command = {.input = X8_INPUT_NONE, .merge_errors = 1};
    if (x8_buf_addf(&quiet, "exec 2>/dev/null\n%s", text) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    command.text = x8_buf_text(&quiet);
    return xfer_start_command(xfer, &command, out, err);
}

void xfer_end(struct xfer *xfer, struct x8_channel **channel)
{
    if (!*channel)
        return;
    pthread_mutex_lock(&xfer->lock);
    for (unsigned i = 0; i < XFER_CHANNELS; i++)
        if (xfer->open[i] == *channel)
            xfer->open[i] = NULL;
    pthread_mutex_unlock(&xfer->lock);
    x8_channel_close(channel);
}

static int keep_output(struct x8_buf *to, size_t max, const void *data, size_t len,
                       struct x8_error *err)
{
    if (to && to->len + len > max)
        return x8_fail(err, X8_E_LINK, "the board's answer has no end");
    if (to && x8_buf_add(to, data, len) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return 0;
}

/* Of what a command complains about, the start is the cause. */
static void keep_errors(struct x8_buf *errors, const void *data, size_t len)
{
    size_t room = ERRORS_MAX - errors->len;
    if (x8_buf_add(errors, data, len < room ? len : room) < 0)
        errors->len = 0;
}

static int read_rest(struct xfer *xfer, struct x8_channel *channel, int idle_ms, struct x8_buf *out,
                     struct x8_buf *errors, struct x8_error *err)
{
    uint8_t *block = malloc(XFER_BLOCK);
    int rc = block ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    while (rc == 0) {
        enum x8_output which = X8_STDOUT;
        ssize_t n = x8_channel_read(channel, &xfer->op, &which, block, XFER_BLOCK, idle_ms, err);
        if (n == 0)
            break;
        if (n < 0)
            rc = (int)n;
        else if (which == X8_STDERR)
            keep_errors(errors, block, (size_t)n);
        else
            rc = keep_output(out, OUTPUT_MAX, block, (size_t)n, err);
    }
    free(block);
    return rc;
}

int xfer_finish(struct xfer *xfer, struct x8_channel *channel, const char *what, int idle_ms,
                struct x8_buf *out, struct x8_error *err)
{
    X8_AUTO_BUF errors = {0};
    int rc = read_rest(xfer, channel, idle_ms, out, &errors, err);
    if (rc < 0) {
        x8_error_prefix(err, "%s", what);
        return rc;
    }
    int status = x8_channel_status(channel);
    if (status == 0)
        return 0;
    if (status > 0)
        return x8_run_explain(what, status, x8_buf_text(&errors), err);
    x8_fail(err, X8_E_GONE, "%s: the link broke, outcome unknown", what);
    x8_error_next(err, "x8ctl wait --state linux && run the command again");
    return -X8_E_GONE;
}

static void *feed_main(void *ctx)
{
    struct xfer_feed *feed = ctx;
    struct x8_error ignored;
    /* A command that ended well has read what it needed: how the last write ended says nothing. */
    x8_channel_write(feed->channel, &feed->xfer->op, feed->data, feed->len, XFER_IDLE_MS, &ignored);
    return NULL;
}

int xfer_feed_start(struct xfer_feed *feed, struct xfer *xfer, struct x8_channel *channel,
                    const void *data, size_t len, struct x8_error *err)
{
    *feed = (struct xfer_feed){.xfer = xfer, .channel = channel, .data = data, .len = len};
    if (len == 0)
        return 0;
    if (pthread_create(&feed->thread, NULL, feed_main, feed) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no thread");
    feed->started = 1;
    return 0;
}

void xfer_feed_join(struct xfer_feed *feed, int failed)
{
    if (!feed->started)
        return;
    if (failed)
        x8_channel_shut(feed->channel); /* what is still unwritten is not wanted */
    pthread_join(feed->thread, NULL);
    feed->started = 0;
}

int xfer_run(struct xfer *xfer, const char *what, const char *text, const void *input, size_t len,
             int idle_ms, struct x8_buf *out, struct x8_error *err)
{
    struct x8_channel *channel = NULL;
    int rc = xfer_start(xfer, text, len ? X8_INPUT_COUNT : X8_INPUT_NONE, len, &channel, err);
    if (rc < 0) {
        x8_error_prefix(err, "%s", what);
        return rc;
    }
    struct xfer_feed feed;
    rc = xfer_feed_start(&feed, xfer, channel, input, len, err);
    if (rc == 0)
        rc = xfer_finish(xfer, channel, what, idle_ms, out, err);
    xfer_feed_join(&feed, rc < 0);
    xfer_end(xfer, &channel);
    return rc;
}

struct hand {
    struct xfer *xfer;
    xfer_work_fn *work;
    void *ctx;
    unsigned i;
    pthread_t thread;
    int started;
};

static void *hand_main(void *ctx)
{
    struct hand *hand = ctx;
    struct x8_error error = {0};
    int rc = hand->work(hand->xfer, hand->ctx, hand->i, &error);
    if (rc < 0)
        xfer_fail(hand->xfer, rc, &error);
    return NULL;
}

int xfer_crew(struct xfer *xfer, xfer_work_fn *work, void *ctx, unsigned count,
              struct x8_error *err)
{
    struct hand hands[XFER_MOST_CREW];
    if (count > XFER_MOST_CREW)
        count = XFER_MOST_CREW;
    for (unsigned i = 0; i < count; i++) {
        struct x8_error error;
        hands[i] = (struct hand){.xfer = xfer, .work = work, .ctx = ctx, .i = i};
        if (i + 1 == count)
            hand_main(&hands[i]); /* the last share is the caller's own */
        else if (pthread_create(&hands[i].thread, NULL, hand_main, &hands[i]) == 0)
            hands[i].started = 1;
        else
            xfer_fail(xfer, x8_fail(&error, X8_E_INTERNAL, "no thread"), &error);
    }
    for (unsigned i = 0; i < count; i++)
        if (hands[i].started)
            pthread_join(hands[i].thread, NULL);
    return xfer_result(xfer, err);
}

/* 4 MB/s: a tenth of what the eMMC and sha256sum of the X8 do. */
int xfer_patience(uint64_t bytes)
{
    uint64_t ms = bytes / 4000;
    return ms > 24u * 3600 * 1000 ? 24 * 3600 * 1000 : XFER_IDLE_MS + (int)ms;
}
