/*
 * What became of it. Success is only what the unit that is OpenOCD's own says by its status, or
 * OpenOCD's own words in the journal; everything else is a failure or not known.
 */
#include "sketch/upload_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

static int is_invocation(const char *text)
{
    size_t len = strlen(text);

    return len == 32 && strspn(text, "0123456789abcdef") == len;
}

int upload_read_journal(struct x8_session *session, const struct x8_op *op,
                        const struct x8_root *root, const char *invocation, struct x8_openocd *out,
                        struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF journal = {0};
    int rc;

    memset(out, 0, sizeof(*out));
    if (!is_invocation(invocation))
        return x8_fail(err, X8_E_LINK, "systemd names the run '%s'", invocation);
    if (upload_script_journal(&text, invocation) < 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    rc = x8_run_as_ok(session, op, root, "the board's journal", x8_buf_text(&text),
                      X8_SKETCH_TEXT_MS, &journal, err);
    if (rc == 0)
        x8_openocd_judge(x8_buf_span(&journal), out);
    return rc;
}

/* Behind the rename a first stop waits, so questions are asked without it. */
static struct x8_op calm_op(const struct upload *up)
{
    struct x8_op op = up->op;

    if (x8_cancel_level(op.cancel) < X8_CANCEL_HARD)
        op.cancel = NULL;
    return op;
}

static int ask_journal(struct upload *up, struct x8_openocd *out, struct x8_error *err)
{
    struct x8_op op = calm_op(up);
    int rc = upload_root(up, err);

    if (rc == 0)
        rc = upload_read_journal(up->session, &op, up->root, up->said.watcher.invocation, out, err);
    return rc;
}

static void next_journal(struct x8_error *err)
{
    x8_error_next(err, "read it:  x8ctl exec --root -- journalctl -n 50 -o cat -u %s",
                  X8_SKETCH_SERVICE);
}

static int refused(struct upload *up, const struct x8_openocd *openocd, const char *no_journal,
                   struct x8_error *err)
{
    const struct x8_watcher *watcher = &up->said.watcher;

    up->out->outcome = X8_SKETCH_REFUSED;
    x8_copy(up->out->reason, sizeof(up->out->reason), openocd->reason);
    x8_fail(err, X8_E_SKETCH, "the board's programming of the M4 failed");
    if (openocd->reason[0] && openocd->cause[0])
        x8_error_why(err, "%s; OpenOCD: %s", openocd->cause, openocd->reason);
    else if (openocd->reason[0])
        x8_error_why(err, "OpenOCD: %s", openocd->reason);
    else
        x8_error_why(err, "%s ended with %s, status %d%s%s", X8_SKETCH_SERVICE,
                     watcher->service_result, watcher->exit_status,
                     no_journal[0] ? "; the reason is in the journal: " : "", no_journal);
    if (openocd->reason[0])
        x8_error_next(err, "try again; if it stays, reset the M7 and M4:  x8ctl sketch reset");
    else
        next_journal(err);
    return -X8_E_SKETCH;
}

static int no_word(struct x8_error *err)
{
    x8_fail(err, X8_E_UNKNOWN_STATE, "nobody can say whether the M4 was programmed");
    x8_error_why(err, "on this image the programming unit always reports success, and its journal "
                      "has no word of OpenOCD's end");
    next_journal(err);
    return -X8_E_UNKNOWN_STATE;
}

static void write_record(struct upload *up)
{
    struct x8_op op = calm_op(up);
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF said = {0};
    struct x8_error ignored;

    if (upload_script_record(&text, up, x8_sketch_outcome_name(up->out->outcome)) == 0 &&
        (x8_run_ok(up->session, &op, "the record", x8_buf_text(&text), X8_SKETCH_TEXT_MS, &said,
                   &ignored) < 0 ||
         said.len > 0))
        upload_no_record(up);
}

/* The unit's status says nothing: images 95. */
static int judge_hidden(struct upload *up, struct x8_error *err)
{
    struct x8_openocd openocd = {0};
    int rc;

    if (up->job->no_verify) {
        up->out->outcome = X8_SKETCH_UNPROVEN;
        write_record(up);
        return 0;
    }
    rc = ask_journal(up, &openocd, err);
    if (rc < 0) {
        x8_error_prefix(err, "programming ended, how is not known");
        return rc;
    }
    if (openocd.verdict == X8_OPENOCD_UNKNOWN)
        return no_word(err);
    if (openocd.verdict == X8_OPENOCD_FAILED)
        rc = refused(up, &openocd, "", err);
    else
        up->out->outcome = X8_SKETCH_VERIFIED;
    if (rc == 0 && !openocd.has_reset && !up->out->is_stalled)
        x8_emit(&up->op, X8_EV_WARN,
                "the sketch was programmed, but the M4 was not started: x8ctl sketch reset");
    write_record(up);
    return rc;
}

static int judge_run(struct upload *up, struct x8_error *err)
{
    const struct x8_watcher *watcher = &up->said.watcher;
    int is_success = strcmp(watcher->service_result, "success") == 0 && watcher->exit_status == 0;
    struct x8_openocd openocd = {0};
    struct x8_error no_journal = {0};

    if (is_success && watcher->hides_status)
        return judge_hidden(up, err);
    if (is_success) {
        /* OpenOCD's `program ... verify` has no status 0 without "Verified OK". */
        up->out->outcome = X8_SKETCH_VERIFIED;
        return 0;
    }
    if (ask_journal(up, &openocd, &no_journal) == 0)
        no_journal.msg[0] = '\0';
    return refused(up, &openocd, no_journal.msg, err);
}

static int replaced(struct x8_error *err)
{
    x8_fail(err, X8_E_UNKNOWN_STATE, "another program put a file in place of the sketch meanwhile");
    x8_error_why(err, "what lies at %s is not what was uploaded, so the M4 may run either",
                 X8_SKETCH_TARGET);
    x8_error_next(err, "let nothing else upload (an IDE?), and repeat the upload");
    return -X8_E_UNKNOWN_STATE;
}

static int stalled(const struct upload *up, struct x8_error *err)
{
    x8_fail(err, X8_E_UNHEALTHY, "%s, but the bridge no longer answers",
            up->out->outcome == X8_SKETCH_VERIFIED ? "the sketch was programmed and verified"
                                                   : "the board's programming has ended");
    x8_error_why(err, "the STM32H7's firmware did not come back after the programming: reading its "
                      "version fails");
    x8_error_next(err, "power-cycle the board: take all power from it; a reboot is not enough");
    return -X8_E_UNHEALTHY;
}

static int judge_done(struct upload *up, struct x8_error *err)
{
    const struct x8_watcher *watcher = &up->said.watcher;
    int rc;

    if (watcher->end_us > watcher->start_us)
        up->out->programming_ms = (int64_t)((watcher->end_us - watcher->start_us) / 1000);
    up->out->is_stalled = strcmp(up->said.m7, "stalled") == 0;
    if (!up->said.is_same)
        return replaced(err);
    rc = judge_run(up, err);
    if (rc == 0 && up->out->is_stalled)
        return stalled(up, err);
    if (rc < 0 && up->out->is_stalled)
        x8_emit(&up->op, X8_EV_WARN,
                "the bridge (the M7's firmware) no longer answers: power-cycle the board");
    return rc;
}

static int late(const struct upload *up, struct x8_error *err)
{
    x8_fail(err, X8_E_TIMEOUT, "the board's programming did not end in time, outcome unknown");
    x8_error_why(err, "%s is still %s", X8_SKETCH_SERVICE, up->said.watcher.service_state);
    x8_error_next(err, "look again:  x8ctl sketch status");
    return -X8_E_TIMEOUT;
}

static int not_begun(const struct upload *up, struct x8_error *err)
{
    if (strcmp(up->said.watcher.path_state, "active") != 0)
        return upload_watcher_fault(up, err);
    x8_fail(err, X8_E_SKETCH, "the board did not begin to program");
    x8_error_why(err, "%s listens (%s), but started nothing within 5 s", X8_SKETCH_PATH_UNIT,
                 up->said.watcher.path_sub);
    x8_error_next(err, "x8ctl exec --root -- systemctl restart %s", X8_SKETCH_PATH_UNIT);
    return -X8_E_SKETCH;
}

static int not_written(const struct upload *up, struct x8_error *err)
{
    if (strstr(up->said.error, "No space"))
        return upload_no_space(up, err);
    x8_fail(err, X8_E_REFUSED, "the sketch could not be written to %s", X8_SKETCH_FOLDER);
    x8_error_why(err, "the board says: %s", up->said.error[0] ? up->said.error : "nothing");
    x8_error_next(err, "look at it:  x8ctl exec -- ls -lan %s", X8_SKETCH_FOLDER);
    return -X8_E_REFUSED;
}

static int differs(const struct upload *up, struct x8_error *err)
{
    x8_fail(err, X8_E_VERIFY, "what arrived on the board is not what was sent");
    x8_error_why(err, "SHA-256 here %s, on the board %s; it was removed, nothing was programmed",
                 up->job->sketch->sha256, up->said.sum);
    x8_error_next(err, "try again; if it stays, check the cable");
    return -X8_E_VERIFY;
}

static int busy(const struct upload *up, struct x8_error *err)
{
    x8_fail(err, X8_E_BUSY, "the board is still busy with another upload");
    x8_error_why(err, "%s",
                 x8_watcher_is_busy(&up->said.watcher)
                     ? "its programming unit did not become idle in time"
                     : "another x8ctl uploads to this board and did not end in time");
    x8_error_next(err, "try again; what the board does:  x8ctl sketch status");
    return -X8_E_BUSY;
}

static int bad_target(struct x8_error *err)
{
    x8_fail(err, X8_E_REFUSED, "%s is not what a sketch may be put over", X8_SKETCH_TARGET);
    x8_error_why(err, "the folder or the file became a link or something else meanwhile");
    x8_error_next(err, "look at it:  x8ctl exec -- ls -lan %s", X8_SKETCH_FOLDER);
    return -X8_E_REFUSED;
}

int upload_judge(struct upload *up, struct x8_error *err)
{
    const char *word = up->said.word;

    x8_copy(up->out->sha256, sizeof(up->out->sha256), up->said.sum);
    if (strcmp(word, "done") == 0)
        return judge_done(up, err);
    if (strcmp(word, "late") == 0)
        return late(up, err);
    if (strcmp(word, "none") == 0 || strcmp(word, "dead") == 0)
        return up->phase >= UPLOAD_DONE && !up->said.is_same ? replaced(err) : not_begun(up, err);
    if (strcmp(word, "shut") == 0)
        return upload_watcher_fault(up, err);
    if (strcmp(word, "busy") == 0)
        return busy(up, err);
    if (strcmp(word, "differs") == 0)
        return differs(up, err);
    if (strcmp(word, "target") == 0)
        return bad_target(err);
    if (strcmp(word, "write") == 0)
        return not_written(up, err);
    return x8_fail(err, X8_E_LINK, "the board's answer is not readable: %s", word);
}
