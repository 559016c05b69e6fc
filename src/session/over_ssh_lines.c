/*
 * Which connection a command is started on. Usually the one there is: channels of one connection do
 * not disturb each other. A server that cannot end one command while another is being started
 * (x8_ssh_wants_commands_apart) gets a connection for each command that runs at a time; those that
 * were made stay for the next.
 */
#include "session/over_ssh_parts.h"

#include "util/await.h"
#include "util/clock.h"

enum {
    WAIT_MS = 30000, /* for a command on one of all connections to end */
    LOOK_MS = 50,
};

void x8_lines_init(struct x8_ssh_session *session, struct x8_ssh *first)
{
    session->ssh = first;
    session->apart = x8_ssh_wants_commands_apart(first);
    session->lines[0].ssh = first;
    session->count = 1;
    pthread_mutex_init(&session->lock, NULL);
    x8_cond_init(&session->freed);
}

void x8_lines_done(struct x8_ssh_session *session)
{
    /* The first remembers how the others were made. */
    while (session->count > 0)
        x8_ssh_close(&session->lines[--session->count].ssh);
    pthread_cond_destroy(&session->freed);
    pthread_mutex_destroy(&session->lock);
}

static int is_idle(struct x8_ssh *ssh)
{
    const struct x8_op now = {.deadline = X8_NO_DEADLINE};

    return x8_ssh_await_idle(ssh, &now, x8_now_ms(), NULL) == 0;
}

static int is_gone(struct x8_ssh *ssh)
{
    const struct x8_op now = {.deadline = X8_NO_DEADLINE};

    return x8_ssh_wait_gone(ssh, &now, x8_now_ms(), NULL) == 1;
}

/* With the lock held: a line that is free, or a place for another (its ssh is NULL), or NULL. They
 * are opened one after the other: dropbear has few places for those that have not logged in. */
static struct x8_ssh_line *choose(struct x8_ssh_session *session)
{
    for (unsigned i = 0; i < session->count; i++) {
        struct x8_ssh_line *line = &session->lines[i];

        if (line->is_taken || (line->ssh && !is_idle(line->ssh)))
            continue;
        if (i > 0 && line->ssh && is_gone(line->ssh))
            x8_ssh_close(&line->ssh);
        if (line->ssh || !session->is_opening)
            return line;
    }
    if (session->count == X8_SSH_LINES || session->is_opening)
        return NULL;
    return &session->lines[session->count++];
}

static void wake(void *ctx, enum x8_cancel_level level)
{
    if (level >= X8_CANCEL_HARD)
        x8_lines_look(ctx);
}

/* With the lock held. */
static int await_line(struct x8_ssh_session *session, const struct x8_op *op,
                      struct x8_ssh_line **out, struct x8_error *err)
{
    int64_t deadline = x8_deadline_min(op->deadline, x8_deadline_in(WAIT_MS));

    while (!(*out = choose(session))) {
        /* A command that was closed before its end ends when the server says so. */
        struct timespec soon = x8_deadline_timespec(x8_deadline_in(LOOK_MS));
        int rc = x8_cancel_check(op->cancel, X8_CANCEL_HARD, err);

        if (rc == 0) /* what runs on a server that is gone does not end */
            rc = x8_ssh_look(session->ssh, err);
        if (rc < 0)
            return rc;
        if (x8_deadline_left(deadline, 1) == 0)
            return x8_fail(err, X8_E_TIMEOUT, "%d commands run on the board, and none ends",
                           X8_SSH_LINES);
        pthread_cond_timedwait(&session->freed, &session->lock, &soon);
    }
    (*out)->is_taken = 1;
    session->is_opening |= !(*out)->ssh;
    return 0;
}

/* There was a board at that address when the session began: nobody there is one that left. */
static int as_gone(int rc, struct x8_error *err)
{
    if (rc != -X8_E_NO_BOARD)
        return rc;
    if (err)
        err->code = X8_E_GONE;
    x8_error_next(err, "x8ctl list    shows whether the board is there");
    return -X8_E_GONE;
}

int x8_line_take(struct x8_ssh_session *session, const struct x8_op *op, struct x8_ssh **out,
                 struct x8_error *err)
{
    struct x8_waker waker = {.wake = wake, .ctx = session};
    struct x8_ssh_line *line = NULL;
    struct x8_ssh *another = NULL;
    int rc;

    *out = session->ssh;
    if (!session->apart)
        return 0;
    x8_cancel_watch(op->cancel, &waker);
    pthread_mutex_lock(&session->lock);
    rc = await_line(session, op, &line, err);
    if (rc == 0)
        *out = line->ssh;
    pthread_mutex_unlock(&session->lock);
    x8_cancel_unwatch(op->cancel, &waker);
    if (rc != 0 || *out)
        return rc;
    rc = as_gone(x8_ssh_open_another(session->ssh, op, &another, err), err);
    pthread_mutex_lock(&session->lock);
    session->is_opening = 0;
    *out = line->ssh = another;
    line->is_taken = rc == 0;
    pthread_cond_broadcast(&session->freed);
    pthread_mutex_unlock(&session->lock);
    return rc;
}

void x8_line_give(struct x8_ssh_session *session, struct x8_ssh *ssh)
{
    if (!session->apart)
        return;
    pthread_mutex_lock(&session->lock);
    for (unsigned i = 0; i < session->count; i++) {
        if (session->lines[i].ssh == ssh)
            session->lines[i].is_taken = 0;
    }
    pthread_cond_broadcast(&session->freed);
    pthread_mutex_unlock(&session->lock);
}

void x8_lines_look(struct x8_ssh_session *session)
{
    pthread_mutex_lock(&session->lock);
    pthread_cond_broadcast(&session->freed);
    pthread_mutex_unlock(&session->lock);
}
