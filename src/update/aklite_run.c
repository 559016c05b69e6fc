/*
 * Starting aklite-offline so that nothing on this side can end it, and looking how it stands.
 */
#include "update/aklite_parts.h"

#include "session/run.h"
#include "util/text.h"

#include <string.h>

#define START_MS 60000
#define STOP_MS  180000 /* a download of the daemon that has to be given up first */

void x8_aklite_run_done(struct x8_aklite_run *run)
{
    x8_buf_done(&run->log);
    x8_buf_done(&run->errors);
}

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

static int busy(const char *said, struct x8_error *err)
{
    x8_fail(err, X8_E_BUSY, "aklite-offline is at work on the board already");
    if (x8_starts(said, "other"))
        x8_error_why(err,
                     "process %.10s, which x8ctl did not start: the board's own update or "
                     "another program's",
                     said + strcspn(said, "0123456789"));
    else
        x8_error_why(err, "an x8ctl started it, here or on another computer");
    x8_error_next(err, "wait until it is done:  x8ctl update status    then x8ctl update finish");
    return -X8_E_BUSY;
}

static int silent(struct x8_error *err)
{
    x8_fail(err, X8_E_REFUSED, "aklite-offline was not seen to start on the board");
    x8_error_why(err, "neither systemd-run nor setsid got it going within 20 s; it was given up "
                      "and will not begin later");
    x8_error_next(err, "x8ctl logs --root -n 50    then x8ctl update finish");
    return -X8_E_REFUSED;
}

/* What the script said at its end. */
static int started(const struct x8_ran *ran, const char *stage, struct x8_error *err)
{
    const char *said = x8_buf_text(&ran->out);

    if (x8_starts(said, "started"))
        return 0;
    if (x8_starts(said, "busy") || x8_starts(said, "other"))
        return busy(said, err);
    if (x8_starts(said, "silent"))
        return silent(err);
    if (x8_starts(said, "notool")) {
        x8_fail(err, X8_E_WRONG_STATE, "the board has no aklite-offline");
        x8_error_next(err, "x8ctl update status    shows what it runs");
        return -X8_E_WRONG_STATE;
    }
    if (x8_starts(said, "foreign")) {
        x8_fail(err, X8_E_REFUSED, "%s/run on the board is not root's own", stage);
        x8_error_why(err, "what lies in it would be run as root");
        x8_error_next(err, "look at it, then: x8ctl exec --root -- rm -r %.200s/run", stage);
        return -X8_E_REFUSED;
    }
    return x8_run_explain("start aklite-offline", ran->status ? ran->status : 1,
                          x8_buf_text(&ran->errors), err);
}

int x8_aklite_start_tool(struct x8_session *session, const struct x8_op *op,
                         const struct x8_root *root, const struct x8_aklite_tool *tool,
                         enum x8_aklite_verb verb, const char *stage, int allow_downgrade,
                         struct x8_error *err)
{
    const struct aklite_start start = {.generation = tool->generation,
                                       .verb = verb,
                                       .stage = stage,
                                       .allow_downgrade = allow_downgrade,
                                       .program = tool->program,
                                       .libraries = tool->libraries};
    X8_AUTO_BUF text = {0};
    X8_AUTO_RAN ran = {0};
    int rc;

    if (stage[0] != '/')
        return x8_fail(err, X8_E_USAGE, "%s: the folder on the board has to begin with /", stage);
    if (aklite_start_text(&text, &start) < 0)
        return no_memory(err);
    rc = x8_run_as(session, op, root, x8_buf_text(&text), START_MS, &ran, err);
    if (rc == 0)
        rc = started(&ran, stage, err);
    if (rc == -X8_E_GONE || rc == -X8_E_LINK) {
        x8_error_prefix(err, "whether aklite-offline was started is unknown");
        x8_error_next(err, "x8ctl update finish    looks, and goes on from there");
    }
    return rc;
}

int x8_aklite_start(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    enum x8_aklite generation, enum x8_aklite_verb verb, const char *stage,
                    int allow_downgrade, struct x8_error *err)
{
    const struct x8_aklite_tool tool = {
        .generation = generation, .program = verb == X8_AKLITE_ROLLBACK ? "aktualizr-lite" : NULL};

    return x8_aklite_start_tool(session, op, root, &tool, verb, stage, allow_downgrade, err);
}

int x8_aklite_look(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                   const char *stage, struct x8_aklite_run *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0}, answer = {0};
    int rc;

    if (aklite_look_text(&text, stage) < 0)
        return no_memory(err);
    rc = x8_run_as_ok(session, op, root, "look at aklite-offline", x8_buf_text(&text),
                      X8_RUN_TEXT_MS, &answer, err);
    return rc < 0 ? rc : aklite_look_parse(x8_buf_span(&answer), out, err);
}

/* A unit that is not there is not in the way. "activating" is one that waits for its next try. */
int x8_update_daemon(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                     int start, struct x8_error *err)
{
    static const char stop_text[] =
        "command -v systemctl >/dev/null || exit 0; u=aktualizr-lite.service\n"
        "case $(systemctl is-active $u 2>/dev/null) in\n"
        "active|activating|reloading|deactivating) systemctl stop $u;; esac";
    static const char start_text[] =
        "command -v systemctl >/dev/null || exit 0; u=aktualizr-lite.service\n"
        "case $(systemctl is-active $u 2>/dev/null) in active|activating|reloading) exit 0;; esac\n"
        "systemctl cat $u >/dev/null 2>&1 || exit 0; systemctl start $u";

    return x8_run_as_ok(session, op, root,
                        start ? "start aktualizr-lite again" : "stop aktualizr-lite",
                        start ? start_text : stop_text, STOP_MS, NULL, err);
}
