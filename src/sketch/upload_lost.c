/*
 * An upload that was cut short: by the user, by the link or by time. What is said depends on how
 * far it was. Until the last byte was sent, the digest cannot match, so nothing was programmed.
 * Between that and the board's word that it renames, the board is asked when the link allows it.
 */
#include "sketch/upload_parts.h"

#include <string.h>

#define CHECK_MS 5000

enum fate { NOT_PROGRAMMED, RENAMED, UNKNOWN };

/* Ask whether the file got its final name. Its command was hung up before. */
static enum fate check(struct upload *up)
{
    struct x8_op op = up->op;
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF answer = {0};
    struct x8_error ignored;

    if (up->phase <= UPLOAD_COPY)
        return NOT_PROGRAMMED;
    if (up->phase >= UPLOAD_DONE)
        return RENAMED;
    op.cancel = NULL; /* raised already, or not the reason; it has a limit of its own */
    op.deadline = x8_deadline_in(CHECK_MS);
    if (upload_script_check(&text, up) < 0 ||
        x8_run_ok(up->session, &op, "check", x8_buf_text(&text), CHECK_MS, &answer, &ignored) < 0)
        return UNKNOWN;
    if (strcmp(x8_buf_text(&answer), "no\n") == 0)
        return NOT_PROGRAMMED;
    return strcmp(x8_buf_text(&answer), "yes\n") == 0 ? RENAMED : UNKNOWN;
}

static void say(enum fate fate, struct x8_error *err)
{
    if (fate == NOT_PROGRAMMED) {
        x8_error_why(err, "nothing was programmed, and nothing is left on the board");
        return;
    }
    x8_error_why(err, fate == RENAMED
                          ? "the board has the whole sketch and programs it without us: outcome "
                            "unknown"
                          : "the board has the whole sketch and may still program it: outcome "
                            "unknown");
    x8_error_next(err, "see what became of it:  x8ctl sketch status");
}

static int stopped(struct upload *up, const struct x8_error *cause, struct x8_error *err)
{
    enum fate fate = check(up);

    *err = *cause;
    say(fate, err);
    return -(int)cause->code;
}

static int gone(struct upload *up, struct x8_error *err)
{
    enum fate fate = up->phase <= UPLOAD_COPY   ? NOT_PROGRAMMED
                     : up->phase >= UPLOAD_DONE ? RENAMED
                                                : UNKNOWN;

    x8_fail(err, X8_E_GONE, "the link to the board was lost %s",
            fate == NOT_PROGRAMMED ? "before the sketch was on it" : "during the upload");
    if (fate == NOT_PROGRAMMED)
        x8_error_next(err, "check the cable and upload again");
    say(fate, err);
    return -X8_E_GONE;
}

static int slow(struct upload *up, struct x8_error *err)
{
    enum fate fate = check(up);

    x8_fail(err, X8_E_TIMEOUT, "the board did not answer in time");
    if (fate == NOT_PROGRAMMED)
        x8_error_next(err, "try again; is the board busy?  x8ctl info");
    say(fate, err);
    return -X8_E_TIMEOUT;
}

int upload_lost(struct upload *up, int rc, struct x8_error *err)
{
    enum x8_cancel_level level = up->phase < UPLOAD_DONE ? X8_CANCEL_SOFT : X8_CANCEL_HARD;
    struct x8_error cause, own = err ? *err : (struct x8_error){0};
    struct x8_error *to = err ? err : &own;

    upload_talk_end(up); /* hung up: its trap removes what is there */
    if (x8_cancel_check(up->op.cancel, level, &cause) < 0)
        return stopped(up, &cause, to);
    if (rc == -X8_E_GONE)
        return gone(up, to);
    if (rc == -X8_E_TIMEOUT)
        return slow(up, to);
    if (up->phase > UPLOAD_COPY)
        say(up->phase >= UPLOAD_DONE ? RENAMED : UNKNOWN, to);
    return rc;
}
