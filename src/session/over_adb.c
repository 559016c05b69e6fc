/*
 * The session itself: which way a command goes, files by the sync service, the end of the link.
 */
#include "session/over_adb.h"
#include "adb/sync.h"
#include "session/over_adb_parts.h"
#include "util/text.h"

#include <stdlib.h>

/* One stream has one packet in flight; several side by side doubled the rate of the X8's daemon,
 * more than four added little. */
#define PARALLEL 4

static struct x8_adb_session *session_of(struct x8_session *session)
{
    return X8_CONTAINER(session, struct x8_adb_session, base);
}

static int adb_start(struct x8_session *base, const struct x8_op *op,
                     const struct x8_command *command, struct x8_channel **out,
                     struct x8_error *err)
{
    struct x8_adb_session *session = session_of(base);

    if (!command->text && command->input != X8_INPUT_TTY)
        return x8_fail(err, X8_E_INTERNAL, "a login shell needs a terminal");
    if (session->has_shell_v2)
        return x8_v2_start(session, op, command, out, err);
    return x8_pty_start(session, op, command, out, err);
}

static int adb_put(struct x8_session *base, const struct x8_op *op, const char *path, unsigned mode,
                   struct x8_reader *input, struct x8_error *err)
{
    int64_t sent = x8_adb_send_file(session_of(base)->adb, op, path, mode, input, err);

    return sent < 0 ? (int)sent : 0;
}

static int adb_get(struct x8_session *base, const struct x8_op *op, const char *path,
                   struct x8_sink *sink, struct x8_error *err)
{
    int64_t got = x8_adb_recv_file(session_of(base)->adb, op, path, sink, err);

    return got < 0 ? (int)got : 0;
}

static int adb_wait_gone(struct x8_session *base, const struct x8_op *op, int64_t deadline,
                         struct x8_error *err)
{
    return x8_adb_wait_gone(session_of(base)->adb, op, deadline, err);
}

/* Every daemon closes at once what it does not know. One that was started again has not been
 * greeted by this link and does not even do that. */
static int adb_ping(struct x8_session *base, const struct x8_op *op, int timeout_ms,
                    struct x8_error *err)
{
    struct x8_adb_stream *stream = NULL;
    struct x8_error own = {0};
    int rc = x8_adb_open(session_of(base)->adb, op, "x8ctl:", timeout_ms, &stream, &own);

    x8_adb_stream_close(&stream);
    if (rc == 0 || rc == -X8_E_REFUSED)
        return 0;
    if (err)
        *err = own;
    if (rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED)
        return rc;
    x8_fail(err, X8_E_GONE, "the board's adb daemon does not answer any more");
    x8_error_why(err, "%s", own.msg);
    return -X8_E_GONE;
}

static void adb_close(struct x8_session *base)
{
    struct x8_adb_session *session = session_of(base);

    x8_adb_close(&session->adb);
    free(session);
}

static const struct x8_session_ops adb_ops = {
    .start = adb_start,
    .dial = x8_adb_dial,
    .put = adb_put,
    .get = adb_get,
    .wait_gone = adb_wait_gone,
    .ping = adb_ping,
    .close = adb_close,
};

int x8_session_over_adb(struct x8_adb *adb, const char *label, const char *via,
                        struct x8_session **out, struct x8_error *err)
{
    struct x8_adb_session *session = calloc(1, sizeof *session);

    if (!session) {
        x8_adb_close(&adb);
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    }
    session->base.ops = &adb_ops;
    session->base.parallel = PARALLEL;
    x8_copy(session->base.label, sizeof session->base.label, label ? label : "");
    x8_copy(session->base.via, sizeof session->base.via, via ? via : "");
    session->adb = adb;
    session->has_shell_v2 = x8_adb_has(adb, "shell_v2");
    *out = &session->base;
    return 0;
}
