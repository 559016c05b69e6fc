/*
 * The connection as its users see it: waiting, its end, its names.
 */
#include "net/ssh.h"

#include "net/ssh_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void x8_ssh_enter(struct x8_ssh_waiter *waiter, struct x8_ssh *ssh, pthread_cond_t *cond,
                  const struct x8_op *op)
{
    waiter->ssh = ssh;
    x8_await_enter(&waiter->await, &ssh->lock, cond, op ? op->cancel : NULL);
}

void x8_ssh_rest(struct x8_ssh_waiter *waiter, int64_t deadline)
{
    x8_ssh_settle(waiter->ssh);
    x8_await_rest(&waiter->await, deadline);
}

void x8_ssh_leave(struct x8_ssh_waiter *waiter)
{
    x8_ssh_settle(waiter->ssh);
    x8_await_leave(&waiter->await);
}

int x8_ssh_wait_gone(struct x8_ssh *ssh, const struct x8_op *op, int64_t deadline,
                     struct x8_error *err)
{
    struct x8_ssh_waiter waiter;
    int rc;

    deadline = x8_deadline_min(deadline, op ? op->deadline : X8_NO_DEADLINE);
    x8_ssh_enter(&waiter, ssh, &ssh->gone, op);
    rc = x8_cancel_check(waiter.await.cancel, X8_CANCEL_HARD, err);
    while (rc == 0 && !ssh->is_dead && x8_deadline_left(deadline, 1) > 0) {
        x8_ssh_rest(&waiter, deadline);
        rc = x8_cancel_check(waiter.await.cancel, X8_CANCEL_HARD, err);
    }
    if (rc == 0)
        rc = ssh->is_dead;
    x8_ssh_leave(&waiter);
    return rc;
}

int x8_ssh_look(struct x8_ssh *ssh, struct x8_error *err)
{
    int rc = 0;

    pthread_mutex_lock(&ssh->lock);
    if (ssh->is_dead) {
        rc = -(int)ssh->death.code;
        if (err)
            *err = ssh->death;
    }
    pthread_mutex_unlock(&ssh->lock);
    return rc;
}

/* libssh closes its socket when it breaks, and otherwise leaves it to who gave it. */
static void end_session(struct x8_ssh *ssh)
{
    int theirs = ssh_get_fd(ssh->session);

    if (ssh->event)
        ssh_event_free(ssh->event); /* gives the session what it polls back */
    ssh_disconnect(ssh->session);
    if (theirs >= 0)
        close(theirs);
    ssh_free(ssh->session);
}

void x8_ssh_close(struct x8_ssh **ssh_at)
{
    struct x8_ssh *ssh = *ssh_at;

    if (!ssh)
        return;
    *ssh_at = NULL;
    if (ssh->has_engine)
        x8_ssh_engine_stop(ssh);
    while (ssh->channels)
        x8_ssh_free_channel(ssh->channels);
    if (ssh->session)
        end_session(ssh);
    for (int i = 0; i < 2; i++) {
        if (ssh->wakes[i] >= 0)
            close(ssh->wakes[i]);
    }
    if (ssh->fd >= 0)
        close(ssh->fd);
    x8_ssh_proxy_stop(ssh);
    x8_ssh_forget(ssh);
    pthread_cond_destroy(&ssh->gone);
    pthread_mutex_destroy(&ssh->lock);
    free(ssh);
}

static int has_command(const struct x8_ssh *ssh)
{
    for (const struct x8_ssh_channel *c = ssh->channels; c; c = c->next) {
        if (!c->is_dial)
            return 1;
    }
    return 0;
}

int x8_ssh_await_idle(struct x8_ssh *ssh, const struct x8_op *op, int64_t deadline,
                      struct x8_error *err)
{
    struct x8_ssh_waiter waiter;
    int rc;

    deadline = x8_deadline_min(deadline, op->deadline);
    x8_ssh_enter(&waiter, ssh, &ssh->gone, op);
    while ((rc = x8_cancel_check(waiter.await.cancel, X8_CANCEL_HARD, err)) == 0 &&
           has_command(ssh)) {
        if (x8_deadline_left(deadline, 1) == 0) {
            rc = x8_fail(err, X8_E_TIMEOUT, "the commands on %s do not end", ssh->host);
            break;
        }
        x8_ssh_rest(&waiter, deadline);
    }
    x8_ssh_leave(&waiter);
    return rc;
}

int x8_ssh_wants_commands_apart(const struct x8_ssh *ssh)
{
    return strstr(ssh->server, "dropbear_2022.82") || strstr(ssh->server, "dropbear_2022.83");
}

const char *x8_ssh_server(const struct x8_ssh *ssh)
{
    return ssh->server;
}

const char *x8_ssh_user(const struct x8_ssh *ssh)
{
    return ssh->user;
}
