/*
 * Inside of forwarding: listeners (forward.c), the loop that accepts (forward_serve.c), one
 * connection (forward_pump.c).
 */
#ifndef X8_SESSION_FORWARD_PARTS_H
#define X8_SESSION_FORWARD_PARTS_H

#include "session/forward.h"

#include <pthread.h>
#include <stdatomic.h>

#define X8_FORWARDS            16
#define X8_FORWARD_CONNECTIONS 64

struct x8_forwarder;

/* One connection; its slot is free when `used` is 0. */
struct x8_forwarded {
    struct x8_forwarder *owner;
    const struct x8_forward *forward;
    struct x8_op op;
    int used, ended; /* under owner->lock: its threads have ended, join `thread` */
    int fd;
    atomic_llong half_closed_ms; /* when the local program ended its side; 0: not yet */
    struct x8_channel *channel;  /* under owner->lock until both pumps have ended */
    pthread_t thread;
};

struct x8_forwarder {
    struct x8_session *session;
    struct x8_forward forwards[X8_FORWARDS];
    int fds[X8_FORWARDS];
    size_t count;
    int wake[2]; /* a byte: look again (a connection ended, a stop, the board is gone) */
    pthread_mutex_t lock;
    struct x8_cancel ending; /* of everything that serve started */
    int gone;                /* under lock: the link to the board broke */
    struct x8_forwarded connections[X8_FORWARD_CONNECTIONS];
};

/* Make the loop look again. Any thread. */
void x8_forward_wake(struct x8_forwarder *forwarder);

/* Start the thread of a connection in a free slot; takes `fd`. */
void x8_forward_begin(struct x8_forwarder *forwarder, const struct x8_op *op, size_t slot,
                      const struct x8_forward *forward, int fd);

/* End a connection now: its thread comes to its end soon. */
void x8_forward_cut(struct x8_forwarded *connection);

#endif
