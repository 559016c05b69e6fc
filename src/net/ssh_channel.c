/*
 * Channels: opening, requests, the end.
 */
#include "net/ssh_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPEN_MS = 20000, /* a loaded board needs a second or two */
    CLOSE_TRIES = 2,
    FIRST_READ = 65536, /* more than the window that libssh opens a channel with: 64000 */
};

/* --- what the server says: with the lock held, from whatever thread called libssh --- */

static int on_data(ssh_session session, ssh_channel raw, void *data, uint32_t len, int is_error,
                   void *ctx)
{
    struct x8_ssh_channel *channel = ctx;

    (void)session;
    (void)raw;
    (void)data;
    /* Left where it is: libssh lets the server send more for what is taken, also when the channel
     * was closed here, and dropbear ends the connection over a word about a channel that is gone.
     */
    if (channel->is_abandoned)
        return 0;
    channel->waiting[is_error != 0] = len;
    pthread_cond_signal(&channel->readable);
    return 0;
}

static void wake_both(struct x8_ssh_channel *channel)
{
    pthread_cond_broadcast(&channel->readable);
    pthread_cond_broadcast(&channel->writable);
}

static void on_eof(ssh_session session, ssh_channel raw, void *ctx)
{
    struct x8_ssh_channel *channel = ctx;

    (void)session;
    (void)raw;
    channel->has_eof = 1;
    wake_both(channel);
}

static void on_close(ssh_session session, ssh_channel raw, void *ctx)
{
    struct x8_ssh_channel *channel = ctx;

    (void)session;
    (void)raw;
    channel->has_closed = 1;
    wake_both(channel);
}

static void on_status(ssh_session session, ssh_channel raw, int status, void *ctx)
{
    struct x8_ssh_channel *channel = ctx;

    (void)session;
    (void)raw;
    atomic_store(&channel->status, status & 0xff);
    wake_both(channel);
}

/* Numbers of the board's Linux; the names are those of RFC 4254, 6.10. */
static void on_signal(ssh_session session, ssh_channel raw, const char *name, int core,
                      const char *message, const char *lang, void *ctx)
{
    static const struct {
        const char *name;
        int number;
    } rows[] = {{"HUP", 1},   {"INT", 2},   {"QUIT", 3},  {"ILL", 4},   {"TRAP", 5},
                {"ABRT", 6},  {"BUS", 7},   {"FPE", 8},   {"KILL", 9},  {"USR1", 10},
                {"SEGV", 11}, {"USR2", 12}, {"PIPE", 13}, {"ALRM", 14}, {"TERM", 15}};
    struct x8_ssh_channel *channel = ctx;

    (void)session;
    (void)raw;
    (void)core;
    (void)message;
    (void)lang;
    for (size_t i = 0; name && i < X8_COUNT(rows); i++) {
        if (strcmp(name, rows[i].name) == 0)
            atomic_store(&channel->status, 128 + rows[i].number);
    }
    wake_both(channel);
}

/* --- opening --- */

static struct x8_ssh_channel *new_channel(struct x8_ssh *ssh)
{
    struct x8_ssh_channel *channel = calloc(1, sizeof *channel);

    if (!channel)
        return NULL;
    channel->ssh = ssh;
    atomic_init(&channel->status, -1);
    x8_cond_init(&channel->readable);
    x8_cond_init(&channel->writable);
    ssh_callbacks_init(&channel->callbacks);
    channel->callbacks.userdata = channel;
    channel->callbacks.channel_data_function = on_data;
    channel->callbacks.channel_eof_function = on_eof;
    channel->callbacks.channel_close_function = on_close;
    channel->callbacks.channel_exit_status_function = on_status;
    channel->callbacks.channel_exit_signal_function = on_signal;
    return channel;
}

/* One question to the server; each step is repeated until libssh has the answer. */
struct wish {
    struct x8_ssh_channel *channel;
    int (*ask)(const struct wish *wish);
    const char *text; /* command, host or path */
    uint16_t port;
    const struct x8_ssh_terminal *terminal;
};

static int ask_session(const struct wish *wish)
{
    return ssh_channel_open_session(wish->channel->raw);
}

static int ask_port(const struct wish *wish)
{
    return ssh_channel_open_forward(wish->channel->raw, wish->text, wish->port, "127.0.0.1", 0);
}

static int ask_socket(const struct wish *wish)
{
    return ssh_channel_open_forward_unix(wish->channel->raw, wish->text, "127.0.0.1", 0);
}

static int ask_terminal(const struct wish *wish)
{
    const struct x8_ssh_terminal *t = wish->terminal;

    return ssh_channel_request_pty_size(wish->channel->raw, t->term && *t->term ? t->term : "dumb",
                                        t->cols ? (int)t->cols : 80, t->rows ? (int)t->rows : 24);
}

static int ask_exec(const struct wish *wish)
{
    return ssh_channel_request_exec(wish->channel->raw, wish->text);
}

static int ask_shell(const struct wish *wish)
{
    return ssh_channel_request_shell(wish->channel->raw);
}

static int no_answer(const struct x8_ssh *ssh, struct x8_error *err)
{
    x8_fail(err, X8_E_TIMEOUT, "the ssh server of %s does not answer a request", ssh->host);
    x8_error_why(err, "the board may be overloaded");
    return -X8_E_TIMEOUT;
}

static int dead(const struct x8_ssh *ssh, struct x8_error *err)
{
    if (err)
        *err = ssh->death;
    return -(int)ssh->death.code;
}

/* 0, X8_E_REFUSED with libssh's words, or why there is no answer. With the lock held. */
static int fulfil(const struct wish *wish, struct x8_ssh_waiter *waiter, int64_t deadline,
                  struct x8_error *err)
{
    struct x8_ssh_channel *channel = wish->channel;
    struct x8_ssh *ssh = channel->ssh;
    char said[200];
    int rc = SSH_AGAIN;

    for (;;) {
        int stopped = x8_cancel_check(waiter->await.cancel, X8_CANCEL_HARD, err);

        if (stopped < 0)
            return stopped;
        if (!ssh->is_dead)
            rc = wish->ask(wish);
        x8_ssh_settle(ssh);
        if (ssh->is_dead)
            return dead(ssh, err);
        if (rc != SSH_AGAIN || x8_deadline_left(deadline, 1) == 0)
            break;
        channel->awaits_answer = 1;
        x8_ssh_rest(waiter, deadline);
        channel->awaits_answer = 0;
    }
    if (rc == SSH_AGAIN)
        return no_answer(ssh, err);
    if (rc == SSH_OK)
        return 0;
    x8_ssh_said(ssh, said, sizeof said);
    x8_fail(err, X8_E_REFUSED, "the ssh server of %s refuses", ssh->host);
    x8_error_why(err, "it said: %s", said);
    return -X8_E_REFUSED;
}

/* With the lock held: the channel is known to libssh, and the server is asked for it. */
static int open_channel(const struct wish *wish, struct x8_ssh_waiter *waiter, int64_t deadline,
                        struct x8_error *err)
{
    struct x8_ssh_channel *channel = wish->channel;
    struct x8_ssh *ssh = channel->ssh;
    int rc;

    if (ssh->is_dead)
        return dead(ssh, err);
    channel->raw = ssh_channel_new(ssh->session);
    if (!channel->raw || ssh_set_channel_callbacks(channel->raw, &channel->callbacks) != SSH_OK)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    channel->is_opening = 1;
    rc = fulfil(wish, waiter, deadline, err);
    if (rc == 0 || rc == -X8_E_REFUSED)
        channel->is_opening = 0;
    return rc;
}

/* --- the end --- */

/* With the lock held. The server is told, and what it still says is dropped until it has closed the
 * channel as well. */
static void abandon(struct x8_ssh_channel *channel)
{
    struct x8_ssh *ssh = channel->ssh;
    int rc = SSH_AGAIN;

    channel->is_abandoned = 1;
    x8_buf_done(&channel->taken[0]);
    x8_buf_done(&channel->taken[1]);
    if (ssh->is_dead ||
        (!channel->is_opening && !ssh_channel_is_open(channel->raw) && !channel->has_closed)) {
        x8_ssh_free_channel(channel); /* refused, or there is nobody to say goodbye to */
        return;
    }
    if (channel->is_opening)
        return;
    if (!channel->is_dial && !channel->has_closed && atomic_load(&channel->status) < 0)
        ssh_channel_request_send_signal(channel->raw, "HUP");
    /* The first call may end with its EOF queued and no more. */
    for (int i = 0; i < CLOSE_TRIES && rc != SSH_OK; i++)
        rc = ssh_channel_close(channel->raw);
    if (channel->has_closed)
        x8_ssh_free_channel(channel);
}

void x8_ssh_channel_close(struct x8_ssh_channel **at)
{
    struct x8_ssh_channel *channel = *at;
    struct x8_ssh *ssh;

    if (!channel)
        return;
    *at = NULL;
    ssh = channel->ssh;
    pthread_mutex_lock(&ssh->lock);
    if (channel->raw)
        abandon(channel);
    else
        x8_ssh_free_channel(channel);
    x8_ssh_settle(ssh);
    pthread_mutex_unlock(&ssh->lock);
}

void x8_ssh_shut(struct x8_ssh_channel *channel)
{
    pthread_mutex_lock(&channel->ssh->lock);
    atomic_store(&channel->is_shut, 1);
    wake_both(channel);
    pthread_mutex_unlock(&channel->ssh->lock);
}

int x8_ssh_status(const struct x8_ssh_channel *channel)
{
    return atomic_load(&channel->status);
}

/* --- the kinds --- */

/*
 * libssh before 0.11 opens a channel with a small window and widens it at the first bytes that
 * come. When those come after the channel was closed here, dropbear ends the connection (on_data).
 * So it is widened at once, by a read of more than the window holds, which takes what has come
 * already. With the lock held.
 */
static int widen(struct x8_ssh_channel *channel, struct x8_error *err)
{
    struct x8_buf *taken = &channel->taken[0];
    int n;

    if (x8_buf_reserve(taken, FIRST_READ) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    n = ssh_channel_read_timeout(channel->raw, taken->data, FIRST_READ, 0, 0);
    taken->len = n > 0 ? (size_t)n : 0;
    channel->waiting[0] -= taken->len < channel->waiting[0] ? taken->len : channel->waiting[0];
    if (taken->len == 0)
        x8_buf_done(taken);
    return 0;
}

/* Ask for the channel, then for what it is for. */
static int begin(struct x8_ssh *ssh, const struct x8_op *op, struct wish *wishes, size_t count,
                 struct x8_ssh_channel **out, struct x8_error *err)
{
    struct x8_ssh_channel *channel = new_channel(ssh);
    int64_t deadline = x8_deadline_min(op->deadline, x8_deadline_in(OPEN_MS));
    struct x8_ssh_waiter waiter;
    int rc;

    if (!channel)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    x8_ssh_enter(&waiter, ssh, &channel->readable, op);
    channel->next = ssh->channels;
    ssh->channels = channel;
    channel->is_dial = wishes[0].ask != ask_session;
    wishes[0].channel = channel;
    rc = open_channel(&wishes[0], &waiter, deadline, err);
    for (size_t i = 1; i < count && rc == 0; i++) {
        wishes[i].channel = channel;
        rc = fulfil(&wishes[i], &waiter, deadline, err);
    }
    if (rc == 0)
        rc = widen(channel, err);
    x8_ssh_leave(&waiter);
    if (rc != 0) {
        x8_ssh_channel_close(&channel);
        return rc;
    }
    *out = channel;
    return 0;
}

int x8_ssh_exec(struct x8_ssh *ssh, const struct x8_op *op, const char *command,
                const struct x8_ssh_terminal *terminal, struct x8_ssh_channel **out,
                struct x8_error *err)
{
    struct wish wishes[3] = {{.ask = ask_session}};
    size_t count = 1;

    if (terminal)
        wishes[count++] = (struct wish){.ask = ask_terminal, .terminal = terminal};
    wishes[count++] = (struct wish){.ask = command ? ask_exec : ask_shell, .text = command};
    return begin(ssh, op, wishes, count, out, err);
}

/* dropbear forwards no Unix sockets; libssh asks OpenSSH's servers alone. */
static int no_sockets(const struct x8_ssh *ssh, const char *path, struct x8_error *err)
{
    x8_fail(err, X8_E_REFUSED, "the ssh server of %s does not connect to unix sockets (%.100s)",
            ssh->host, path);
    x8_error_why(err, "it is %s; OpenSSH can", ssh->server);
    x8_error_next(err, "use the board's USB (--via usb), or a TCP port of the board");
    return -X8_E_REFUSED;
}

int x8_ssh_dial(struct x8_ssh *ssh, const struct x8_op *op, const char *host, uint16_t port,
                struct x8_ssh_channel **out, struct x8_error *err)
{
    struct wish wish = {.ask = host[0] == '/' ? ask_socket : ask_port, .text = host, .port = port};

    if (host[0] == '/' && !ssh_get_openssh_version(ssh->session))
        return no_sockets(ssh, host, err);
    return begin(ssh, op, &wish, 1, out, err);
}
