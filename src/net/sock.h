/*
 * Waiting for a socket, for the files of this room.
 */
#ifndef X8_NET_SOCK_H
#define X8_NET_SOCK_H

#include "util/op.h"

/*
 * Wait until poll() reports one of `events` (or an error or hang-up) for `fd`. 0, X8_E_TIMEOUT at
 * the deadline, or "stopped" after a HARD stop, which shuts the socket down.
 */
int x8_sock_wait(const struct x8_op *op, int fd, short events, int64_t deadline,
                 struct x8_error *err);

#endif
