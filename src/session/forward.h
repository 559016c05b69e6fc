/*
 * Ports of this computer that lead to ports of the board.
 */
#ifndef X8_SESSION_FORWARD_H
#define X8_SESSION_FORWARD_H

#include "session/session.h"

struct x8_forward {
    char host[64];       /* address to listen on: 127.0.0.1 unless given */
    uint16_t local_port; /* 0: any */
    char remote[128];    /* as x8_dial takes it */
};

/* "8080:80", "0:80" (any local port), "127.0.0.1:8080:80", "8080:unix:/run/x.sock". X8_E_USAGE
 * quoting the text. */
int x8_forward_parse(const char *text, struct x8_forward *out, struct x8_error *err);

struct x8_forwarder;

/* Listen on all of them (all or none); local_port is filled in where it was 0. X8_E_BUSY. */
int x8_forward_open(struct x8_session *session, struct x8_forward *forwards, size_t count,
                    struct x8_forwarder **out, struct x8_error *err);

/*
 * Serve connections until SOFT cancel (then 0) or until the board is gone (X8_E_GONE). A refused
 * connection is a warning with the reason, and the local one is reset. At most 64 at once, further
 * ones wait.
 */
int x8_forward_serve(struct x8_forwarder *forwarder, const struct x8_op *op, struct x8_error *err);
void x8_forward_close(struct x8_forwarder **forwarder);

#endif
