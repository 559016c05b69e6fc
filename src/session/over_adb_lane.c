/*
 * One stream of a daemon, read through a buffer in which marks are looked for.
 */
#include "session/over_adb_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

int x8_wait_ms(int64_t deadline)
{
    return deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(deadline, INT32_MAX);
}

int64_t x8_wait_until(const struct x8_op *op, int timeout_ms)
{
    return x8_deadline_min(op->deadline, x8_deadline_in(timeout_ms));
}

int x8_lane_open(struct x8_lane *lane, struct x8_adb *adb, const struct x8_op *op,
                 const char *service, int64_t deadline, struct x8_error *err)
{
    lane->buf = malloc(X8_LANE_LEN);
    if (!lane->buf)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    return x8_adb_open(adb, op, service, x8_wait_ms(deadline), &lane->stream, err);
}

void x8_lane_close(struct x8_lane *lane)
{
    x8_adb_stream_close(&lane->stream);
    free(lane->buf);
    lane->buf = NULL;
}

int x8_lane_fill(struct x8_lane *lane, const struct x8_op *op, int64_t deadline,
                 struct x8_error *err)
{
    ssize_t n;

    if (lane->has_ended)
        return 0;
    if (lane->begin > 0) {
        memmove(lane->buf, lane->buf + lane->begin, lane->end - lane->begin);
        lane->end -= lane->begin;
        lane->begin = 0;
    }
    if (lane->end == X8_LANE_LEN)
        return 0;
    n = x8_adb_read(lane->stream, op, lane->buf + lane->end, X8_LANE_LEN - lane->end,
                    x8_wait_ms(deadline), err);
    if (n < 0)
        return (int)n;
    lane->end += (size_t)n;
    lane->has_ended = n == 0;
    return 0;
}

enum x8_lane_piece x8_lane_next(struct x8_lane *lane, const char *nonce, size_t *out_len,
                                struct x8_mark *mark)
{
    size_t len = lane->end - lane->begin;
    int found = x8_mark_find(nonce, lane->buf + lane->begin, len, mark);

    if (mark->at > 0) {
        *out_len = mark->at;
        return X8_LANE_DATA;
    }
    if (found) {
        lane->begin += mark->len;
        return X8_LANE_MARK;
    }
    if (!lane->has_ended)
        return X8_LANE_MORE;
    /* What looked like the beginning of a mark was none. */
    *out_len = len;
    return len > 0 ? X8_LANE_DATA : X8_LANE_END;
}

size_t x8_lane_take(struct x8_lane *lane, void *out, size_t cap, size_t len)
{
    size_t n = len < cap ? len : cap;

    memcpy(out, lane->buf + lane->begin, n);
    lane->begin += n;
    return n;
}

/* The shell ended, and these were its last words. */
static int ended_early(const char *what, const char *said, size_t len, struct x8_error *err)
{
    char clean[200];

    x8_fail(err, X8_E_REFUSED, "%s: the board's shell ended at once", what);
    x8_clean(clean, sizeof clean, said, len);
    if (clean[0])
        x8_error_why(err, "it said: %s", clean);
    return -X8_E_REFUSED;
}

int x8_lane_await(struct x8_lane *lane, const char *nonce, const struct x8_op *op, int64_t deadline,
                  const char *what, struct x8_mark *mark, struct x8_error *err)
{
    char said[160];
    size_t said_len = 0, len = 0;

    for (;;) {
        int rc;

        switch (x8_lane_next(lane, nonce, &len, mark)) {
        case X8_LANE_MARK:
            return 0;
        case X8_LANE_DATA:
            said_len = x8_lane_take(lane, said, sizeof said, len);
            continue;
        case X8_LANE_END:
            return ended_early(what, said, said_len, err);
        case X8_LANE_MORE:
            break;
        }
        /* Also where the shell talks without end: reading what is there takes no time. */
        rc = x8_deadline_left(deadline, 1) > 0 ? x8_lane_fill(lane, op, deadline, err)
                                               : -X8_E_TIMEOUT;
        if (rc == -X8_E_TIMEOUT) {
            x8_fail(err, X8_E_TIMEOUT, "%s: the board's shell did not come up in time", what);
            x8_error_why(err, "the link answers, but no shell does: the board may be overloaded "
                              "or still starting");
        }
        if (rc < 0)
            return rc;
    }
}
