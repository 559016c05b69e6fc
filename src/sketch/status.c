/*
 * What is known of the board's M4: one question to the board, and one to its journal.
 */
#include "sketch/status_parts.h"
#include "sketch/upload_parts.h"

#include <string.h>

int x8_sketch_status(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                     struct x8_sketch_status *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF answer = {0};
    struct x8_error ignored;
    int rc;

    memset(out, 0, sizeof(*out));
    if (upload_script_status(&text) < 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    rc = x8_run_ok(session, op, "the state of the M4", x8_buf_text(&text), X8_SKETCH_TEXT_MS,
                   &answer, err);
    if (rc == 0)
        rc = sketch_status_parse(x8_buf_span(&answer), out, err);
    if (rc < 0 || !root || !out->watcher.invocation[0] || x8_watcher_is_busy(&out->watcher))
        return rc;
    rc = upload_read_journal(session, op, root, out->watcher.invocation, &out->last, &ignored);
    if (rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED || rc == -X8_E_GONE) {
        if (err)
            *err = ignored;
        return rc;
    }
    return 0; /* what the journal does not tell is left open */
}
