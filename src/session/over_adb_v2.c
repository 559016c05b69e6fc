/*
 * A command on a daemon with shell_v2: one stream whose packets say what is stdout, what is stderr
 * and how it ended.
 */
#include "session/over_adb_parts.h"
#include "session/shell_v2.h"
#include "util/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* AOSP's daemon reads packets into a buffer of this size at least. */
#define PACKET_LEN ((size_t)16 << 10)

struct v2 {
    struct x8_channel base;
    struct x8_lane lane;
    struct x8_shell_parser parser;
    struct x8_shell_piece piece; /* what the reader has not handed on yet; inside the lane */
    struct x8_buf early[2];      /* output that came before the other stream's start mark */
    size_t early_taken[2];
    pthread_mutex_t sending; /* packets of the writer and of resize do not mix */
    enum x8_input input;
    int in_lead;
    int is_merged; /* the command has begun, and what comes as stderr is none of its words */
    uint64_t input_left;
    atomic_int status, has_ended;
};

static struct v2 *v2_of(struct x8_channel *channel)
{
    return X8_CONTAINER(channel, struct v2, base);
}

static int send_packet(struct v2 *v2, const struct x8_op *op, enum x8_shell_id id, const void *data,
                       size_t len, int64_t deadline, struct x8_error *err)
{
    uint8_t packet[X8_SHELL_HEAD + PACKET_LEN];
    int rc;

    x8_shell_head(packet, id, (uint32_t)len);
    if (len > 0)
        memcpy(packet + X8_SHELL_HEAD, data, len);
    pthread_mutex_lock(&v2->sending);
    rc = x8_adb_write(v2->lane.stream, op, packet, X8_SHELL_HEAD + len, x8_wait_ms(deadline), err);
    pthread_mutex_unlock(&v2->sending);
    if (rc != 0 && atomic_load(&v2->has_ended))
        return x8_fail(err, X8_E_GONE, "the command on the board reads no more input");
    return rc;
}

/* The next piece of output, reading as needed. 1, 0 at the end, or negative. */
static int next_piece(struct v2 *v2, const struct x8_op *op, int64_t deadline, struct x8_error *err)
{
    struct x8_lane *lane = &v2->lane;

    for (;;) {
        struct x8_span rest = {lane->buf + lane->begin, lane->end - lane->begin};
        size_t used = 0;
        int got = x8_shell_next(&v2->parser, rest, &used, &v2->piece), rc;

        lane->begin += used;
        if (v2->parser.has_status) {
            atomic_store(&v2->status, v2->parser.status);
            atomic_store(&v2->has_ended, 1);
        }
        if (got && (!v2->is_merged || v2->piece.id != X8_SHELL_STDERR))
            return 1;
        if (got) {
            v2->piece.data.len = 0;
            continue;
        }
        if (lane->has_ended || v2->parser.has_status)
            return 0;
        rc = x8_lane_fill(lane, op, deadline, err);
        if (rc < 0)
            return rc;
    }
}

static ssize_t read_wire(struct v2 *v2, const struct x8_op *op, enum x8_output *which, void *out,
                         size_t cap, int64_t deadline, struct x8_error *err)
{
    size_t n;

    if (v2->piece.data.len == 0) {
        int rc = next_piece(v2, op, deadline, err);

        if (rc == -X8_E_GONE || rc == -X8_E_LINK)
            x8_error_prefix(err, "outcome unknown");
        if (rc <= 0)
            return rc;
    }
    n = v2->piece.data.len < cap ? v2->piece.data.len : cap;
    memcpy(out, v2->piece.data.data, n);
    v2->piece.data.data += n;
    v2->piece.data.len -= n;
    *which = v2->piece.id == X8_SHELL_STDERR ? X8_STDERR : X8_STDOUT;
    return (ssize_t)n;
}

static ssize_t v2_read(struct x8_channel *channel, const struct x8_op *op, enum x8_output *which,
                       void *out, size_t cap, int timeout_ms, struct x8_error *err)
{
    struct v2 *v2 = v2_of(channel);

    for (int i = X8_STDOUT; i <= X8_STDERR; i++) {
        size_t left = v2->early[i].len - v2->early_taken[i], n = left < cap ? left : cap;

        if (left == 0)
            continue;
        memcpy(out, v2->early[i].data + v2->early_taken[i], n);
        v2->early_taken[i] += n;
        *which = (enum x8_output)i;
        return (ssize_t)n;
    }
    return read_wire(v2, op, which, out, cap, x8_wait_until(op, timeout_ms), err);
}

static int v2_end_input(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    struct v2 *v2 = v2_of(channel);
    int rc = 0;

    if (!atomic_load(&v2->has_ended) && v2->input != X8_INPUT_TTY)
        rc = send_packet(v2, op, X8_SHELL_CLOSE_STDIN, NULL, 0, op->deadline, err);
    /* It has ended and needs none; a link that broke is the reader's to tell. */
    return rc == -X8_E_GONE ? 0 : rc;
}

static int v2_write(struct x8_channel *channel, const struct x8_op *op, const void *data,
                    size_t len, int timeout_ms, struct x8_error *err)
{
    struct v2 *v2 = v2_of(channel);
    const uint8_t *at = data;
    int is_counted = v2->input == X8_INPUT_COUNT && !v2->in_lead, rc = 0;

    if (atomic_load(&v2->has_ended))
        return x8_fail(err, X8_E_GONE, "the command on the board reads no more input");
    if ((v2->input == X8_INPUT_NONE && !v2->in_lead) || (is_counted && len > v2->input_left))
        return x8_fail(err, X8_E_INTERNAL, "more input than the command was started for");
    v2->input_left -= is_counted ? len : 0;
    while (rc == 0 && len > 0) {
        size_t n = len < PACKET_LEN ? len : PACKET_LEN;

        rc = send_packet(v2, op, X8_SHELL_STDIN, at, n, x8_wait_until(op, timeout_ms), err);
        at += n;
        len -= n;
    }
    if (rc == 0 && is_counted && v2->input_left == 0)
        rc = v2_end_input(channel, op, err);
    return rc;
}

/* Then a command without input has none. */
static int v2_begin(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    struct v2 *v2 = v2_of(channel);
    int rc = v2->in_lead ? send_packet(v2, op, X8_SHELL_STDIN, "\n", 1, op->deadline, err) : 0;

    v2->in_lead = 0;
    if (rc == 0 && v2->input != X8_INPUT_OPEN && v2->input_left == 0)
        rc = v2_end_input(channel, op, err);
    return rc;
}

static int v2_resize(struct x8_channel *channel, const struct x8_op *op, unsigned rows,
                     unsigned cols, struct x8_error *err)
{
    struct v2 *v2 = v2_of(channel);
    char text[64];
    int len = snprintf(text, sizeof text, "%ux%u,0x0", rows, cols);

    if (v2->input != X8_INPUT_TTY || rows == 0 || cols == 0)
        return 0;
    return send_packet(v2, op, X8_SHELL_WINDOW, text, (size_t)len + 1, op->deadline, err);
}

static int v2_status(const struct x8_channel *channel)
{
    return atomic_load(&((const struct v2 *)(const void *)channel)->status);
}

static void v2_shut(struct x8_channel *channel)
{
    x8_adb_stream_shut(v2_of(channel)->lane.stream);
}

static void v2_close(struct x8_channel *channel)
{
    struct v2 *v2 = v2_of(channel);

    x8_lane_close(&v2->lane);
    x8_buf_done(&v2->early[X8_STDOUT]);
    x8_buf_done(&v2->early[X8_STDERR]);
    pthread_mutex_destroy(&v2->sending);
    free(v2);
}

static const struct x8_channel_ops v2_ops = {
    .read = v2_read,
    .write = v2_write,
    .begin = v2_begin,
    .end_input = v2_end_input,
    .resize = v2_resize,
    .status = v2_status,
    .shut = v2_shut,
    .close = v2_close,
};

/* What a starting command says before it is one, on either stream. */
struct prelude {
    const char *nonce;
    struct x8_buf said[2];
    int has_started[2];
    int is_apart; /* stderr has a mark of its own */
    int has_answered;
};

/* The boards' .bashrc asks for the cursor's place, to learn the terminal's size, and waits three
 * seconds for it while it eats what is sent. An answer ends that. */
static int answer_resize(struct v2 *v2, struct prelude *prelude, const struct x8_op *op,
                         const struct x8_buf *said, int64_t deadline, struct x8_error *err)
{
    static const char place[] = "\033[24;80R";

    if (prelude->has_answered || v2->input == X8_INPUT_TTY ||
        !x8_ends(x8_buf_text(said), "\033[6n"))
        return 0;
    prelude->has_answered = 1;
    return send_packet(v2, op, X8_SHELL_STDIN, place, sizeof place - 1, deadline, err);
}

/* The text went as input: hand it over, since it is asked for. */
static int hand_over(struct v2 *v2, const struct x8_op *op, const char *text, int64_t deadline,
                     struct x8_error *err)
{
    size_t len = strlen(text);
    int rc = 0;

    while (rc == 0 && len > 0) {
        size_t n = len < PACKET_LEN ? len : PACKET_LEN;

        rc = send_packet(v2, op, X8_SHELL_STDIN, text, n, deadline, err);
        text += n;
        len -= n;
    }
    return rc;
}

/* Look at what came of one stream up to now. */
static int look(struct v2 *v2, struct prelude *prelude, const struct x8_op *op, const char *text,
                enum x8_output which, int64_t deadline, struct x8_error *err)
{
    struct x8_buf *said = &prelude->said[which];
    struct x8_mark mark;

    if (!x8_mark_find(prelude->nonce, said->data, said->len, &mark))
        return answer_resize(v2, prelude, op, said, deadline, err);
    said->len = 0;
    if (mark.kind == X8_MARK_SEND)
        return hand_over(v2, op, text, deadline, err);
    prelude->has_started[which] = 1;
    return 0;
}

static int ended_early(struct x8_buf said[2], struct x8_error *err)
{
    char text[200];

    x8_fail(err, X8_E_REFUSED, "start: the board's shell ended at once");
    x8_clean(text, sizeof text, x8_buf_text(&said[said[1].len > 0]), said[said[1].len > 0].len);
    if (text[0])
        x8_error_why(err, "it said: %s", text);
    return -X8_E_REFUSED;
}

static int take_byte(struct v2 *v2, struct prelude *prelude, const struct x8_op *op,
                     const char *text, enum x8_output which, uint8_t byte, int64_t deadline,
                     struct x8_error *err)
{
    struct x8_buf *to = prelude->has_started[which] ? &v2->early[which] : &prelude->said[which];

    if (to->len >= X8_LANE_LEN && !prelude->has_started[which])
        to->len = 0;
    if (x8_buf_add(to, &byte, 1) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    if (prelude->has_started[which] || (byte != ';' && byte != 'n'))
        return 0;
    return look(v2, prelude, op, text, which, deadline, err);
}

static int no_shell(struct x8_error *err)
{
    x8_fail(err, X8_E_TIMEOUT, "start: the board's shell did not come up in time");
    x8_error_why(err, "the link answers, but no command starts: the board may be overloaded, or "
                      "its ~/.bashrc does not end");
    x8_error_next(
        err, "try again in a minute; a ~/.bashrc can be mended over ssh or the serial console");
    return -X8_E_TIMEOUT;
}

/* Up to the start marks, byte by byte, so that nothing of the command's own output is lost. */
static int await_start(struct v2 *v2, struct prelude *prelude, const struct x8_op *op,
                       const char *text, int64_t deadline, struct x8_error *err)
{
    while (!prelude->has_started[X8_STDOUT] ||
           (prelude->is_apart && !prelude->has_started[X8_STDERR])) {
        enum x8_output which = X8_STDOUT;
        uint8_t byte;
        ssize_t n;
        int rc;

        /* Reading what is there takes no time, and some ~/.bashrc talks without end. */
        if (x8_deadline_left(deadline, 1) == 0)
            return no_shell(err);
        n = read_wire(v2, op, &which, &byte, 1, deadline, err);
        if (n == -X8_E_TIMEOUT)
            return no_shell(err);
        if (n == 0)
            return ended_early(prelude->said, err);
        if (n < 0)
            return (int)n;
        rc = take_byte(v2, prelude, op, text, which, byte, deadline, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int meet(struct v2 *v2, const struct x8_op *op, const struct x8_script *script,
                int64_t deadline, struct x8_error *err)
{
    const struct x8_command *command = script->command;
    struct prelude prelude = {.nonce = script->nonce};
    int rc;

    prelude.is_apart = !command->merge_errors && command->input != X8_INPUT_TTY;
    rc = await_start(v2, &prelude, op, command->text, deadline, err);
    x8_buf_done(&prelude.said[X8_STDOUT]);
    x8_buf_done(&prelude.said[X8_STDERR]);
    return rc;
}

static int bring_up(struct v2 *v2, struct x8_adb *adb, const struct x8_op *op,
                    const struct x8_command *command, struct x8_error *err)
{
    char nonce[X8_NONCE_LEN + 1];
    struct x8_script script = {.command = command, .nonce = nonce};
    int64_t deadline = x8_wait_until(op, X8_SHELL_UP_MS);
    X8_AUTO_BUF text = {0};
    int rc = x8_nonce_make(nonce, err);

    if (rc != 0)
        return rc;
    if (x8_script_v2(&text, &script) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    script.by_input = text.len > x8_adb_service_max(adb);
    if (script.by_input) {
        text.len = 0;
        if (x8_script_v2(&text, &script) != 0)
            return x8_fail(err, X8_E_INTERNAL, "no memory");
    }
    rc = x8_lane_open(&v2->lane, adb, op, x8_buf_text(&text), deadline, err);
    if (rc == 0)
        rc = v2_resize(&v2->base, op, command->rows, command->cols, err);
    if (rc == 0)
        rc = meet(v2, op, &script, deadline, err);
    /* The last of what a ~/.bashrc says there may come behind the start mark of stdout. */
    v2->is_merged = rc == 0 && command->merge_errors && command->input != X8_INPUT_TTY;
    if (rc == 0 && v2->input == X8_INPUT_COUNT && v2->input_left == 0 && !v2->in_lead)
        rc = v2_end_input(&v2->base, op, err);
    return rc;
}

int x8_v2_start(struct x8_adb_session *session, const struct x8_op *op,
                const struct x8_command *command, struct x8_channel **out, struct x8_error *err)
{
    struct v2 *v2 = calloc(1, sizeof *v2);
    int rc;

    if (!v2)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    v2->base.ops = &v2_ops;
    v2->input = command->input;
    v2->input_left = command->input == X8_INPUT_COUNT ? command->input_len : 0;
    v2->in_lead = command->has_lead;
    v2->status = X8_STATUS_UNKNOWN;
    pthread_mutex_init(&v2->sending, NULL);
    rc = bring_up(v2, session->adb, op, command, err);
    if (rc != 0) {
        v2_close(&v2->base);
        return rc;
    }
    *out = &v2->base;
    return 0;
}
