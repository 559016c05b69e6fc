/*
 * One forwarded connection: its own thread carries bytes towards the board, a second one carries
 * them back.
 */
#include "session/forward_parts.h"

#include "net/tcp.h"
#include "util/text.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE 65536
/* ADB cannot pass on that one side has ended; a server that waits for it would keep the connection
 * for ever. After the end of our side an answer may pause this long, or until others wait for the
 * place (forward_serve.c). */
#define HALF_CLOSED_MS 30000

/* From the board until it ends its side, then tell the local program. */
static void *pump_back(void *arg)
{
    struct x8_forwarded *c = arg;
    char *piece = malloc(PIECE);
    ssize_t n = piece ? 1 : 0;

    while (n > 0) {
        enum x8_output which;
        struct x8_error err;

        n = x8_channel_read(c->channel, &c->op, &which, piece, PIECE, HALF_CLOSED_MS, &err);
        if (n == -X8_E_TIMEOUT && !atomic_load(&c->half_closed_ms))
            n = 1; /* a quiet connection, nothing more */
        else if (n > 0 && x8_sock_send(&c->op, c->fd, piece, (size_t)n, -1, NULL) < 0)
            break;
    }
    free(piece);
    x8_channel_shut(c->channel);
    shutdown(c->fd, n == 0 ? SHUT_WR : SHUT_RDWR);
    if (n == 0)
        shutdown(c->fd, SHUT_RD); /* the board is done: nothing more can be passed on */
    return NULL;
}

/* From the local program until it ends its side. */
static void pump_out(struct x8_forwarded *c)
{
    char *piece = malloc(PIECE);
    ssize_t n = piece ? 1 : 0;

    while (n > 0) {
        n = x8_sock_recv(&c->op, c->fd, piece, PIECE, -1, NULL);
        if (n > 0 && x8_channel_write(c->channel, &c->op, piece, (size_t)n, -1, NULL) < 0)
            n = -1;
    }
    free(piece);
    atomic_store(&c->half_closed_ms, x8_now_ms());
    if (n == 0)
        (void)x8_channel_end_input(c->channel, &c->op, NULL);
    else
        x8_channel_shut(c->channel);
}

static void carry(struct x8_forwarded *c)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, pump_back, c) != 0)
        return;
    pump_out(c);
    pthread_join(thread, NULL);
}

/* A local program shall see a reset, not an empty answer. */
static void refuse(struct x8_forwarded *c, const struct x8_error *why)
{
    struct linger reset = {.l_onoff = 1};

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    x8_emit(&c->op, X8_EV_WARN, "%s%s%s", why->msg, why->why[0] ? ": " : "", why->why);
}

static void *run_connection(void *arg)
{
    struct x8_forwarded *c = arg;
    struct x8_forwarder *f = c->owner;
    struct x8_channel *channel = NULL;
    struct x8_error err;
    int rc = x8_dial(f->session, &c->op, c->forward->remote, &channel, &err);

    pthread_mutex_lock(&f->lock);
    c->channel = channel;
    pthread_mutex_unlock(&f->lock);
    if (rc == 0)
        carry(c);
    else if (rc != -X8_E_STOPPED)
        refuse(c, &err);
    pthread_mutex_lock(&f->lock);
    c->channel = NULL;
    close(c->fd);
    c->fd = -1;
    c->ended = 1;
    pthread_mutex_unlock(&f->lock);
    x8_channel_close(&channel);
    x8_forward_wake(f);
    return NULL;
}

void x8_forward_begin(struct x8_forwarder *f, const struct x8_op *op, size_t slot,
                      const struct x8_forward *forward, int fd)
{
    struct x8_forwarded *c = &f->connections[slot];

    *c = (struct x8_forwarded){.owner = f, .forward = forward, .op = *op, .fd = fd};
    c->op.cancel = &f->ending; /* a stop ends the loop first, the loop ends its connections */
    c->used = pthread_create(&c->thread, NULL, run_connection, c) == 0;
    if (!c->used) {
        x8_emit(op, X8_EV_WARN, "no thread can be started for another connection");
        close(fd);
    }
}

void x8_forward_cut(struct x8_forwarded *c)
{
    pthread_mutex_lock(&c->owner->lock);
    if (c->channel)
        x8_channel_shut(c->channel);
    if (c->fd >= 0)
        shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&c->owner->lock);
}
