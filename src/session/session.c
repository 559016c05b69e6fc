/*
 * The calls of session.h: each hands on to the way in that the session or channel has.
 */
#include "session/session.h"

int x8_start(struct x8_session *session, const struct x8_op *op, const struct x8_command *command,
             struct x8_channel **out, struct x8_error *err)
{
    return session->ops->start(session, op, command, out, err);
}

int x8_dial(struct x8_session *session, const struct x8_op *op, const char *remote,
            struct x8_channel **out, struct x8_error *err)
{
    return session->ops->dial(session, op, remote, out, err);
}

ssize_t x8_channel_read(struct x8_channel *channel, const struct x8_op *op, enum x8_output *which,
                        void *out, size_t cap, int timeout_ms, struct x8_error *err)
{
    return channel->ops->read(channel, op, which, out, cap, timeout_ms, err);
}

int x8_channel_write(struct x8_channel *channel, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err)
{
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
    if (*channel)
        (*channel)->ops->close(*channel);
    *channel = NULL;
}

void x8_session_close(struct x8_session **session)
{
    if (*session)
        (*session)->ops->close(*session);
    *session = NULL;
}
