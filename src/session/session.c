/*
 * The calls of session.h: each hands on to the way in that the session or channel has.
 */
#include "session/session.h"

#include <string.h>

#define PING_MS 5000

static int start_hastily(struct x8_session *session, const struct x8_op *op,
                         const struct x8_command *command, struct x8_channel **out,
                         struct x8_error *err)
{
    struct x8_haste haste;
    struct x8_op own = *op;
    int rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);

    if (rc != 0)
        return rc;
    own.cancel = x8_haste_begin(&haste, op->cancel);
    rc = session->ops->start(session, &own, command, out, err);
    x8_haste_end(&haste);
    return rc;
}

int x8_start(struct x8_session *session, const struct x8_op *op, const struct x8_command *command,
             struct x8_channel **out, struct x8_error *err)
{
    struct x8_error gone;
    int rc = command->ends_at_soft ? start_hastily(session, op, command, out, err)
                                   : session->ops->start(session, op, command, out, err);

    /* An adb server that lost the board ends a stream as a shell does that does not want to run,
     * and a daemon that was started again is as silent as a shell that does not come up. */
    if ((rc == -X8_E_REFUSED || rc == -X8_E_TIMEOUT) &&
        x8_session_ping(session, op, PING_MS, &gone) == -X8_E_GONE) {
        if (err)
            *err = gone;
        x8_error_prefix(err, "outcome unknown");
        return -X8_E_GONE;
    }
    return rc;
}

int x8_session_ping(struct x8_session *session, const struct x8_op *op, int timeout_ms,
                    struct x8_error *err)
{
    struct x8_haste haste;
    struct x8_op own = *op;
    int rc;

    if (!session->ops->ping)
        return 0;
    own.cancel = x8_haste_begin(&haste, op->cancel);
    rc = session->ops->ping(session, &own, timeout_ms, err);
    x8_haste_end(&haste);
    return rc;
}

int x8_dial(struct x8_session *session, const struct x8_op *op, const char *remote,
            struct x8_channel **out, struct x8_error *err)
{
    return session->ops->dial(session, op, remote, out, err);
}

static ssize_t take_back(struct x8_buf *unread, void *out, size_t cap)
{
    size_t n = unread->len < cap ? unread->len : cap;

    memcpy(out, unread->data, n);
    unread->len -= n;
    memmove(unread->data, unread->data + n, unread->len);
    return (ssize_t)n;
}

ssize_t x8_channel_read(struct x8_channel *channel, const struct x8_op *op, enum x8_output *which,
                        void *out, size_t cap, int timeout_ms, struct x8_error *err)
{
    if (channel->unread.len > 0) {
        *which = X8_STDERR;
        return take_back(&channel->unread, out, cap);
    }
    return channel->ops->read(channel, op, which, out, cap, timeout_ms, err);
}

int x8_channel_unread(struct x8_channel *channel, const void *errors, size_t len)
{
    return x8_buf_add(&channel->unread, errors, len);
}

int x8_channel_write(struct x8_channel *channel, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err)
{
    if (len == 0) /* also where the command has ended meanwhile: nothing was lost */
        return 0;
    return channel->ops->write(channel, op, data, len, timeout_ms, err);
}

int x8_channel_begin(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    return channel->ops->begin(channel, op, err);
}

int x8_channel_end_input(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    return channel->ops->end_input(channel, op, err);
}

int x8_channel_resize(struct x8_channel *channel, const struct x8_op *op, unsigned rows,
                      unsigned cols, struct x8_error *err)
{
    return channel->ops->resize(channel, op, rows, cols, err);
}

int x8_channel_status(const struct x8_channel *channel)
{
    return channel->ops->status(channel);
}

void x8_channel_shut(struct x8_channel *channel)
{
    channel->ops->shut(channel);
}

void x8_channel_close(struct x8_channel **channel)
{
    if (*channel) {
        x8_buf_done(&(*channel)->unread);
        (*channel)->ops->close(*channel);
    }
    *channel = NULL;
}

void x8_session_close(struct x8_session **session)
{
    if (*session)
        (*session)->ops->close(*session);
    *session = NULL;
}
