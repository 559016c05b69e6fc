/*
 * Following a run on the board: one command there tells what is new, and ends with the run. It is
 * killed with its link; the run is not.
 */
#include "update/aklite_parts.h"

#include "session/run.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define SAY_MS    2000  /* between two statements while nothing is heard */
#define PING_MS   10000 /* a link as quiet as this is asked for a sign of life */
#define QUIET_MS  90000 /* a board that is busy writing may be slow, not this slow */
#define LINE_KEPT 200

struct follow {
    const struct x8_op *op;
    struct x8_session *session;
    struct x8_channel *channel;
    enum x8_aklite_verb verb;
    struct x8_buf text;       /* what came and was not taken */
    struct x8_buf line;       /* of the log, so far */
    struct x8_buf errors;     /* stderr of the command itself */
    char last[LINE_KEPT];     /* what it said last */
    int64_t age_s, age_at_ms; /* how long it runs, as the board said at that time */
    int64_t said_ms, heard_ms;
    size_t raw; /* bytes of the log that come next */
};

static void say_line(struct follow *f)
{
    char line[LINE_KEPT];

    x8_clean(line, sizeof(line), x8_buf_text(&f->line), f->line.len);
    f->line.len = 0;
    if (strspn(line, " ") == strlen(line))
        return;
    memcpy(f->last, line, sizeof(f->last));
    x8_emit(f->op, X8_EV_DETAIL, "aklite-offline: %s", line);
}

static int take_log(struct follow *f, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i] == '\n' || at[i] == '\r')
            say_line(f);
        else if (f->line.len < 4096 && x8_buf_add(&f->line, at + i, 1) < 0)
            return -1;
    }
    return 0;
}

static void say_how_long(struct follow *f)
{
    int64_t now = x8_now_ms();
    char time[24];

    if (now - f->said_ms < SAY_MS)
        return;
    f->said_ms = now;
    x8_time_text(time, f->age_s * 1000 + (f->age_at_ms ? now - f->age_at_ms : 0));
    x8_emit(f->op, X8_EV_WAIT, "aklite-offline %s runs for %s%s%s", aklite_verb_name(f->verb), time,
            f->last[0] ? ": " : "", f->last);
}

static void take_word(struct follow *f, const char *line, size_t len)
{
    char text[32];
    uint64_t number = 0;

    x8_clean(text, sizeof(text), line, len);
    if (len < 3 || text[1] != ' ' || x8_parse_u64(text + 2, &number) < 0)
        return;
    if (text[0] == 'L' && number <= 1 << 20)
        f->raw = (size_t)number;
    if (text[0] == 'T' && number < 1u << 30) {
        f->age_s = (int64_t)number;
        f->age_at_ms = x8_now_ms();
    }
}

/* Lines "L LEN", LEN bytes behind it, "T AGE", "end". */
static int take(struct follow *f)
{
    size_t at = 0;
    int rc = 0;

    while (rc == 0 && at < f->text.len) {
        const uint8_t *here = f->text.data + at;
        size_t left = f->text.len - at;

        if (f->raw) {
            size_t part = f->raw < left ? f->raw : left;
            rc = take_log(f, here, part);
            f->raw -= part;
            at += part;
            continue;
        }
        const uint8_t *end = memchr(here, '\n', left);
        if (!end)
            break;
        take_word(f, (const char *)here, (size_t)(end - here));
        at += (size_t)(end - here) + 1;
    }
    if (at)
        memmove(f->text.data, f->text.data + at, f->text.len - at);
    f->text.len -= at;
    return rc < 0 || f->text.len > 65536 ? -1 : 0;
}

/* Nothing came for a while. */
static int quiet(struct follow *f, int64_t *pinged_ms, struct x8_error *err)
{
    int64_t now = x8_now_ms();

    if (now - f->heard_ms > QUIET_MS) {
        x8_fail(err, X8_E_GONE, "the board has said nothing for %d s", QUIET_MS / 1000);
        return -X8_E_GONE;
    }
    if (now - f->heard_ms < PING_MS || now - *pinged_ms < PING_MS)
        return 0;
    *pinged_ms = now;
    return x8_session_ping(f->session, f->op, PING_MS, err) == -X8_E_GONE ? -X8_E_GONE : 0;
}

static int late(const struct follow *f, struct x8_error *err)
{
    x8_fail(err, X8_E_TIMEOUT, "aklite-offline %s is not done yet", aklite_verb_name(f->verb));
    x8_error_why(err, "it goes on on the board%s%s", f->last[0] ? "; it said last: " : "", f->last);
    x8_error_next(err, "x8ctl update finish    waits for it and goes on");
    return -X8_E_TIMEOUT;
}

/* The command there ended before the run did, which it does only when something is wrong with it:
 * it is not asked again at once. */
static int not_yet(const struct follow *f, int64_t deadline, struct x8_error *err)
{
    if (x8_deadline_left(deadline, 1) == 0)
        return late(f, err);
    return x8_cancel_sleep(f->op->cancel, x8_deadline_in(1000), X8_CANCEL_SOFT, err);
}

/* Until the command there has ended. */
static int follow(struct follow *f, int64_t deadline, struct x8_error *err)
{
    int64_t pinged_ms = 0;

    f->said_ms = f->heard_ms = x8_now_ms();
    for (;;) {
        uint8_t piece[4096];
        enum x8_output which = X8_STDOUT;
        int left = x8_deadline_left(deadline, 1000), stop;

        stop = x8_cancel_check(f->op->cancel, X8_CANCEL_SOFT, err);
        if (stop < 0)
            return stop;
        ssize_t n =
            left == 0 ? 0
                      : x8_channel_read(f->channel, f->op, &which, piece, sizeof(piece), left, err);
        if (left == 0)
            return late(f, err);
        if (n == 0 || (n < 0 && n != -X8_E_TIMEOUT))
            return (int)n;
        if (n > 0) {
            struct x8_buf *to = which == X8_STDERR ? &f->errors : &f->text;
            f->heard_ms = x8_now_ms();
            if (x8_buf_add(to, piece, (size_t)n) < 0 || f->errors.len > 65536 || take(f) < 0)
                return x8_fail(err, X8_E_INTERNAL, "the board talks without end");
        } else if (quiet(f, &pinged_ms, err) < 0) {
            return -X8_E_GONE;
        }
        say_how_long(f);
    }
}

/* The first request to stop ends the waiting at once: there is nothing here to bring to an end. */
static int follow_once(struct follow *f, const struct x8_root *root, const char *stage,
                       int64_t deadline, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    struct x8_command command = {.input = X8_INPUT_NONE, .ends_at_soft = 1};
    struct x8_haste haste;
    struct x8_op own = *f->op;
    const struct x8_op *op = f->op;
    int rc;

    if (aklite_wait_text(&text, stage) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    command.text = x8_buf_text(&text);
    own.cancel = x8_haste_begin(&haste, op->cancel);
    f->op = &own;
    rc = x8_start_as(f->session, &own, root, &command, &f->channel, err);
    if (rc == 0)
        rc = follow(f, deadline, err);
    if (rc == 0 && x8_channel_status(f->channel) == X8_STATUS_UNKNOWN)
        rc = x8_fail(err, X8_E_GONE, "the link ended while the board's update was awaited");
    x8_channel_close(&f->channel);
    x8_haste_end(&haste);
    f->op = op;
    return rc;
}

static int explain(int rc, const struct x8_op *op, struct x8_error *err)
{
    struct x8_error stopped;

    if (rc < 0 && x8_cancel_check(op->cancel, X8_CANCEL_SOFT, &stopped) < 0) {
        if (err)
            *err = stopped;
        rc = -(int)stopped.code;
    }
    if (!err || rc == 0 || rc == -X8_E_TIMEOUT)
        return rc;
    if (rc == -X8_E_GONE || rc == -X8_E_LINK || rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED) {
        char why[300];
        x8_copy(why, sizeof(why), err->why);
        x8_error_why(err, "%s%saklite-offline goes on on the board", why, why[0] ? "; " : "");
        x8_error_next(err, "x8ctl update finish    waits for it and goes on");
    }
    return rc;
}

int x8_aklite_wait(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                   const char *stage, int64_t limit_ms, struct x8_aklite_run *out,
                   struct x8_error *err)
{
    int64_t deadline = x8_deadline_min(op->deadline, x8_deadline_in(limit_ms));
    struct follow f = {.op = op, .session = session};
    int rc = x8_aklite_look(session, op, root, stage, out, err);

    f.verb = out->verb;
    while (rc == 0 && out->is_running) {
        rc = follow_once(&f, root, stage, deadline, err);
        if (rc == 0)
            rc = x8_aklite_look(session, op, root, stage, out, err);
        if (rc == 0 && out->is_running)
            rc = not_yet(&f, deadline, err);
    }
    if (f.line.len)
        say_line(&f);
    x8_buf_done(&f.text);
    x8_buf_done(&f.line);
    x8_buf_done(&f.errors);
    return explain(rc, op, err);
}
