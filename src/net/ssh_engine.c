/*
 * The engine of a connection: it polls the socket, hands libssh what came, wakes who waits for it,
 * and looks whether the server is still there.
 */
#include "net/ssh_parts.h"

#include "util/text.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* One turn hands libssh 4 KiB; after so many of them others get the lock. */
    TURNS = 64,
    /* At the end: how long what is still to be sent may take. */
    LAST_MS = 2000,
};

/* A server that said nothing for so much of silent_ms is asked for a word. Source:
 * ServerAliveInterval of OpenSSH, whose users choose 10 of 25 s or about that. */
static int quiet_ms(const struct x8_ssh *ssh)
{
    return ssh->silent_ms / 5 * 2;
}

/*
 * Nobody reads a channel of which so much is waiting: then the whole connection stands still until
 * somebody does. A window keeps the usual channel below 2 MiB; libssh before 0.11 reckons with one
 * stream of a channel at a time and opens the window for stderr again while stdout is full.
 */
#define STUFFED ((size_t)4 << 20)

int x8_ssh_has_unsent(const struct x8_ssh *ssh)
{
    return (ssh_get_status(ssh->session) & SSH_WRITE_PENDING) != 0;
}

int x8_ssh_is_stuffed(const struct x8_ssh *ssh)
{
    for (const struct x8_ssh_channel *c = ssh->channels; c; c = c->next) {
        if (!c->is_abandoned && c->waiting[0] + c->waiting[1] > STUFFED)
            return 1;
    }
    return 0;
}

static void wake_engine(struct x8_ssh *ssh)
{
    (void)!write(ssh->wakes[1], "", 1); /* a full pipe wakes as well */
}

/* --- the end --- */

void x8_ssh_said(const struct x8_ssh *ssh, char *out, size_t cap)
{
    const char *said = ssh_get_error(ssh->session);

    x8_clean(out, cap, said ? said : "", said ? strlen(said) : 0);
}

static void explain_death(struct x8_ssh *ssh)
{
    char said[200];

    x8_ssh_said(ssh, said, sizeof said);
    if (x8_starts(said, "Socket error")) {
        x8_fail(&ssh->death, X8_E_GONE, "the ssh connection to %s broke", ssh->host);
        x8_error_why(&ssh->death, "the board rebooted, lost its network, or closed it");
    } else if (strstr(said, "DISCONNECT")) {
        x8_fail(&ssh->death, X8_E_GONE, "the ssh server of %s hung up", ssh->host);
        x8_error_why(&ssh->death, "%s", said);
    } else {
        x8_fail(&ssh->death, X8_E_LINK, "the ssh connection to %s is damaged", ssh->host);
        x8_error_why(&ssh->death, "%s", said);
    }
}

void x8_ssh_die(struct x8_ssh *ssh, const struct x8_error *cause)
{
    if (ssh->is_dead)
        return;
    if (cause)
        ssh->death = *cause;
    else
        explain_death(ssh);
    ssh->is_dead = 1;
    for (struct x8_ssh_channel *c = ssh->channels; c; c = c->next) {
        pthread_cond_broadcast(&c->readable);
        pthread_cond_broadcast(&c->writable);
    }
    pthread_cond_broadcast(&ssh->gone);
    wake_engine(ssh);
}

static int has_broken(const struct x8_ssh *ssh)
{
    return !ssh_is_connected(ssh->session) ||
           (ssh_get_status(ssh->session) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0;
}

/* --- channels that were closed here --- */

void x8_ssh_free_channel(struct x8_ssh_channel *channel)
{
    struct x8_ssh_channel **at = &channel->ssh->channels;

    while (*at != channel)
        at = &(*at)->next;
    *at = channel->next;
    pthread_cond_broadcast(&channel->ssh->gone);
    if (channel->raw) {
        ssh_remove_channel_callbacks(channel->raw, &channel->callbacks);
        ssh_channel_free(channel->raw);
    }
    x8_buf_done(&channel->taken[0]);
    x8_buf_done(&channel->taken[1]);
    pthread_cond_destroy(&channel->readable);
    pthread_cond_destroy(&channel->writable);
    free(channel);
}

/* Nobody waited for its opening any more; which kind it is does not matter now. 1 when the server
 * refused it. */
static int finish_opening(struct x8_ssh_channel *channel)
{
    int rc = ssh_channel_open_session(channel->raw);

    if (rc == SSH_AGAIN)
        return 0;
    channel->is_opening = 0;
    if (rc != SSH_OK)
        return 1;
    /* The first call may end with its EOF queued and no more. */
    if (ssh_channel_close(channel->raw) != SSH_OK)
        ssh_channel_close(channel->raw);
    return 0;
}

static void bury(struct x8_ssh *ssh)
{
    struct x8_ssh_channel *next;

    for (struct x8_ssh_channel *c = ssh->channels; c; c = next) {
        next = c->next;
        if (!c->is_abandoned)
            continue;
        if (ssh->is_dead || c->has_closed || (c->is_opening && finish_opening(c)))
            x8_ssh_free_channel(c);
    }
}

/* --- waking --- */

/* What a writer waits to get rid of is written here and now: waking the writer whenever a window
 * grows takes longer than the writing. */
void x8_ssh_settle(struct x8_ssh *ssh)
{
    if (ssh->is_dead)
        return;
    if (has_broken(ssh)) {
        x8_ssh_die(ssh, NULL);
        return;
    }
    for (struct x8_ssh_channel *c = ssh->channels; c; c = c->next) {
        if (c->awaits_answer)
            pthread_cond_broadcast(&c->readable);
        x8_ssh_write_due(c);
    }
    if ((x8_ssh_has_unsent(ssh) && !ssh->polls_out) || (ssh->holds_back && !x8_ssh_is_stuffed(ssh)))
        wake_engine(ssh);
}

/* --- the thread --- */

/* Ask for a word: a request that every server answers, with a refusal. Its answer is taken as any
 * other sign of life; libssh wants to be asked until it has it. */
static void probe(struct x8_ssh *ssh)
{
    if (ssh_channel_cancel_forward(ssh->session, "127.0.0.1", 1) != SSH_AGAIN)
        ssh->is_probing = 0;
}

static void look_for_life(struct x8_ssh *ssh)
{
    int64_t now = x8_now_ms();
    struct x8_error err;

    if (ssh->heard.in_bytes != ssh->heard_before) {
        ssh->heard_before = ssh->heard.in_bytes;
        ssh->heard_at = now;
    }
    if (ssh->is_probing) {
        probe(ssh);
    } else if (now - ssh->heard_at >= quiet_ms(ssh)) {
        ssh->is_probing = 1;
        probe(ssh);
    }
    if (now - ssh->heard_at < ssh->silent_ms)
        return;
    x8_fail(&err, X8_E_GONE, "%s no longer answers over ssh", ssh->host);
    x8_error_why(&err,
                 "nothing came for %.3g s, and a question was not answered: the board lost its "
                 "power or its network, or is overloaded",
                 (double)ssh->silent_ms / 1000);
    x8_error_next(&err, "see whether it is there:  x8ctl list");
    x8_ssh_die(ssh, &err);
}

/* Hand libssh what is there. */
static void dispatch(struct x8_ssh *ssh)
{
    int rc = SSH_OK;

    for (int i = 0; i < TURNS && rc == SSH_OK && !x8_ssh_is_stuffed(ssh); i++)
        rc = ssh_event_dopoll(ssh->event, 0);
    if (rc == SSH_ERROR)
        x8_ssh_die(ssh, NULL);
}

static int wait_ms(const struct x8_ssh *ssh)
{
    int64_t left = ssh->heard_at + (ssh->is_probing ? ssh->silent_ms : quiet_ms(ssh)) - x8_now_ms();

    return left < 10 ? 10 : (int)left;
}

/* Wait without the lock, until there is something to do. */
static void rest(struct x8_ssh *ssh)
{
    struct pollfd pfds[2] = {{.fd = ssh->wakes[0], .events = POLLIN}, {.fd = ssh->fd}};
    int stuffed = x8_ssh_is_stuffed(ssh), ms = stuffed ? -1 : wait_ms(ssh);
    char drain[64];

    ssh->polls_out = x8_ssh_has_unsent(ssh);
    ssh->holds_back = stuffed;
    pfds[1].events = (short)((stuffed ? 0 : POLLIN) | (ssh->polls_out ? POLLOUT : 0));
    if (pfds[1].events == 0)
        pfds[1].fd = -1; /* a hang-up would be told of without end */
    pthread_mutex_unlock(&ssh->lock);
    poll(pfds, 2, ms);
    if (pfds[0].revents)
        (void)!read(ssh->wakes[0], drain, sizeof drain);
    pthread_mutex_lock(&ssh->lock);
    ssh->polls_out = ssh->holds_back = 0;
    if (stuffed) {
        ssh->heard_at = x8_now_ms();
        if (pfds[1].revents & POLLOUT)
            (void)ssh_event_dopoll(ssh->event, 0);
    }
}

static int may_end(const struct x8_ssh *ssh, int64_t *limit)
{
    if (!ssh->is_ending)
        return 0;
    if (*limit == X8_NO_DEADLINE)
        *limit = x8_deadline_in(LAST_MS);
    return !x8_ssh_has_unsent(ssh) || x8_deadline_left(*limit, 1) == 0;
}

static void *engine(void *ctx)
{
    struct x8_ssh *ssh = ctx;
    int64_t limit = X8_NO_DEADLINE;

    pthread_mutex_lock(&ssh->lock);
    while (!ssh->is_dead && !may_end(ssh, &limit)) {
        rest(ssh);
        dispatch(ssh);
        if (!ssh->is_dead)
            look_for_life(ssh);
        x8_ssh_settle(ssh);
        bury(ssh);
    }
    bury(ssh);
    pthread_mutex_unlock(&ssh->lock);
    return NULL;
}

int x8_ssh_engine_start(struct x8_ssh *ssh, struct x8_error *err)
{
    ssh->event = ssh_event_new();
    if (!ssh->event || ssh_event_add_session(ssh->event, ssh->session) != SSH_OK)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    ssh->heard_before = ssh->heard.in_bytes;
    ssh->heard_at = x8_now_ms();
    if (pthread_create(&ssh->engine, NULL, engine, ssh) != 0)
        return x8_fail_sys(err, X8_E_INTERNAL, errno, "cannot start a thread");
    ssh->has_engine = 1;
    return 0;
}

void x8_ssh_engine_stop(struct x8_ssh *ssh)
{
    pthread_mutex_lock(&ssh->lock);
    ssh->is_ending = 1;
    wake_engine(ssh);
    pthread_mutex_unlock(&ssh->lock);
    pthread_join(ssh->engine, NULL);
}
