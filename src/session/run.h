/*
 * Run a command on the board and take what it says.
 */
#ifndef X8_SESSION_RUN_H
#define X8_SESSION_RUN_H

#include "session/session.h"
#include "util/buf.h"

#define X8_RUN_TEXT_MS  30000             /* limit of a command that answers with text */
#define X8_RUN_TEXT_MAX ((size_t)4 << 20) /* more output than this is an error */

struct x8_ran {
    struct x8_buf out, errors; /* stdout and stderr */
    int status;                /* 0..255; never unknown: that is an error */
};
void x8_ran_done(struct x8_ran *ran);
#define X8_AUTO_RAN X8_CLEANUP(x8_ran_done) struct x8_ran

/*
 * Run `text` without input to its end within `timeout_ms`. A status other than 0 is no error here:
 * look at it. X8_E_GONE "... outcome unknown" when the link broke before the status came,
 * X8_E_TIMEOUT (the command got SIGHUP), X8_E_STOPPED at the first request to stop.
 */
int x8_run(struct x8_session *session, const struct x8_op *op, const char *text, int timeout_ms,
           struct x8_ran *out, struct x8_error *err);

/* The same with `len` bytes on stdin. */
int x8_run_input(struct x8_session *session, const struct x8_op *op, const char *text,
                 const void *input, size_t len, int timeout_ms, struct x8_ran *out,
                 struct x8_error *err);

/* As x8_run, and a status other than 0 is X8_E_REFUSED with the last line of stderr as cause;
 * "No space left on device" is X8_E_BOARD_SPACE, "Permission denied" and "Read-only file system"
 * are told apart with their next steps. `what` names the step in messages. */
int x8_run_ok(struct x8_session *session, const struct x8_op *op, const char *what,
              const char *text, int timeout_ms, struct x8_buf *out, struct x8_error *err);

/* The end of all of them, for a channel that was started already, which is taken: write `len` bytes
 * of input (all of it, with COUNT), read to the end, keep the status. */
int x8_run_channel(struct x8_channel *channel, const struct x8_op *op, const void *input,
                   size_t len, int timeout_ms, struct x8_ran *out, struct x8_error *err);

/* 0 and the output moved to `out` (may be NULL) for status 0, else the error of x8_run_ok. */
int x8_run_result(const char *what, struct x8_ran *ran, struct x8_buf *out, struct x8_error *err);

/* Turn what a failed command said on stderr into an error, as x8_run_ok does. Returns the code. */
int x8_run_explain(const char *what, int status, const char *errors, struct x8_error *err);

/* Append `text` quoted for one level of bash: 'it'\''s'. Any bytes but NUL. -1 without memory. */
int x8_quote(struct x8_buf *out, const char *text) X8_NODISCARD;

#endif
