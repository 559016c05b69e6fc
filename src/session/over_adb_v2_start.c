/*
 * Starting a command on a daemon with shell_v2: up to its start marks, behind which everything is
 * the command's own.
 */
#include "session/over_adb_v2.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* A daemon reads both streams in turn, a packet of 1 MiB at most. */
#define EARLY_MAX ((size_t)2 << 20)

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
static int answer_resize(struct x8_v2 *v2, struct prelude *prelude, const struct x8_op *op,
                         const struct x8_buf *said, int64_t deadline, struct x8_error *err)
{
    static const char place[] = "\033[24;80R";

    if (prelude->has_answered || v2->input == X8_INPUT_TTY ||
        !x8_ends(x8_buf_text(said), "\033[6n"))
        return 0;
    prelude->has_answered = 1;
    return x8_v2_send(v2, op, X8_SHELL_STDIN, place, sizeof place - 1, deadline, err);
}

/* The text went as input: hand it over, since it is asked for. */
static int hand_over(struct x8_v2 *v2, const struct x8_op *op, const char *text, int64_t deadline,
                     struct x8_error *err)
{
    size_t len = strlen(text);
    int rc = 0;

    while (rc == 0 && len > 0) {
        size_t n = len < X8_V2_PACKET_LEN ? len : X8_V2_PACKET_LEN;

        rc = x8_v2_send(v2, op, X8_SHELL_STDIN, text, n, deadline, err);
        text += n;
        len -= n;
    }
    return rc;
}

/* Look at what came of one stream up to now. */
static int look(struct x8_v2 *v2, struct prelude *prelude, const struct x8_op *op, const char *text,
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

/* Both marks are said before the command runs, so that an honest daemon has few bytes of one
 * stream before it comes to the other's mark. */
static int too_early(struct x8_error *err)
{
    x8_fail(err, X8_E_LINK, "start: the board's adb daemon does not come to the point");
    x8_error_why(err, "more than %zu KiB of output came before its other stream had begun",
                 EARLY_MAX >> 10);
    x8_error_next(err, "restart the board; if it comes back, its adb daemon is not to be trusted");
    return -X8_E_LINK;
}

static int take_byte(struct x8_v2 *v2, struct prelude *prelude, const struct x8_op *op,
                     const char *text, enum x8_output which, uint8_t byte, int64_t deadline,
                     struct x8_error *err)
{
    struct x8_buf *to = prelude->has_started[which] ? &v2->early[which] : &prelude->said[which];

    if (to->len >= X8_LANE_LEN && !prelude->has_started[which])
        to->len = 0;
    if (to->len >= EARLY_MAX)
        return too_early(err);
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
static int await_start(struct x8_v2 *v2, struct prelude *prelude, const struct x8_op *op,
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
        n = x8_v2_read(v2, op, &which, &byte, 1, deadline, err);
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

static int meet(struct x8_v2 *v2, const struct x8_op *op, const struct x8_script *script,
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

static int bring_up(struct x8_v2 *v2, struct x8_adb *adb, const struct x8_op *op,
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
        rc = v2->base.ops->resize(&v2->base, op, command->rows, command->cols, err);
    if (rc == 0)
        rc = meet(v2, op, &script, deadline, err);
    /* The last of what a ~/.bashrc says there may come behind the start mark of stdout. */
    v2->is_merged = rc == 0 && command->merge_errors && command->input != X8_INPUT_TTY;
    if (rc == 0 && v2->input == X8_INPUT_COUNT && v2->input_left == 0 && !v2->in_lead)
        rc = v2->base.ops->end_input(&v2->base, op, err);
    return rc;
}

int x8_v2_start(struct x8_adb_session *session, const struct x8_op *op,
                const struct x8_command *command, struct x8_channel **out, struct x8_error *err)
{
    struct x8_v2 *v2 = calloc(1, sizeof *v2);
    int rc;

    if (!v2)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    v2->base.ops = &x8_v2_ops;
    v2->input = command->input;
    v2->input_left = command->input == X8_INPUT_COUNT ? command->input_len : 0;
    v2->in_lead = command->has_lead;
    v2->status = X8_STATUS_UNKNOWN;
    pthread_mutex_init(&v2->sending, NULL);
    rc = bring_up(v2, session->adb, op, command, err);
    if (rc != 0) {
        v2->base.ops->close(&v2->base);
        return rc;
    }
    *out = &v2->base;
    return 0;
}
