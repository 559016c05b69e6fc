/*
 * TCP of this computer: sockets whose every wait has a limit and can be stopped.
 *
 * HARD cancel of op->cancel ends a blocked call by shutting the socket down, so a socket that was
 * stopped is of no more use.
 *
 * Threads: one thread may send while another receives.
 */
#ifndef X8_NET_TCP_H
#define X8_NET_TCP_H

#include "link/transport.h"

/*
 * Connect to a name or an address (IPv4, IPv6, with %scope), trying each address it has. The name
 * look-up is bounded by `deadline` too. Sockets are close-on-exec and without Nagle's delay.
 * Errors: X8_E_NO_BOARD (no such name, refused, unreachable: `err->sys` tells), X8_E_TIMEOUT,
 * X8_E_STOPPED.
 */
int x8_tcp_connect(const struct x8_op *op, const char *host, uint16_t port, int64_t deadline,
                   int *out_fd, struct x8_error *err);

/* Listen on `host` (NULL: 127.0.0.1) and `port` (0: any); *out_port gets the real one. X8_E_BUSY
 * when it is taken, with the holder's process where it is known. */
int x8_tcp_listen(const char *host, uint16_t port, int *out_fd, uint16_t *out_port,
                  struct x8_error *err);

/* Wait for a connection. X8_E_TIMEOUT at the deadline; X8_E_STOPPED at SOFT. */
int x8_tcp_accept(const struct x8_op *op, int listen_fd, int64_t deadline, int *out_fd,
                  struct x8_error *err);

/* Send all of it; `timeout_ms` without progress is X8_E_TIMEOUT (< 0: no limit), a closed peer
 * X8_E_GONE. */
int x8_sock_send(const struct x8_op *op, int fd, const void *data, size_t len, int timeout_ms,
                 struct x8_error *err);

/* Receive what is there, at most `cap`. Count, 0 at the end of the stream, or a negative code as
 * above. */
ssize_t x8_sock_recv(const struct x8_op *op, int fd, void *out, size_t cap, int timeout_ms,
                     struct x8_error *err);

/* Receive exactly `len` bytes; an earlier end is X8_E_GONE. */
int x8_sock_recv_full(const struct x8_op *op, int fd, void *out, size_t len, int timeout_ms,
                      struct x8_error *err);

/*
 * Acknowledge what has come so far at once. A peer that leaves Nagle's algorithm on (the adb server
 * does) holds a short piece back until the one before was acknowledged, which a side that has
 * nothing to send puts off for 40 ms. Linux takes the wish for the moment only: make it at the
 * opening and after each short piece. Elsewhere it does nothing.
 */
void x8_tcp_acknowledge(int fd);

/* The socket as a byte link (recv: short counts are normal, 0 bytes is X8_E_GONE); takes `fd`. -1
 * only without memory, then `fd` is closed. */
int x8_tcp_transport(int fd, struct x8_transport **out, struct x8_error *err);

/* "HOST", "HOST:PORT", "[v6]:PORT": split and checked. X8_E_USAGE quoting the text. */
int x8_host_port(const char *text, uint16_t default_port, char *host, size_t cap,
                 uint16_t *out_port, struct x8_error *err);

#endif
