/*
 * Names to addresses, with a limit of time.
 */
#ifndef X8_NET_RESOLVE_H
#define X8_NET_RESOLVE_H

#include "util/op.h"

#include <netdb.h>

/*
 * The addresses of `host` for TCP on `port`. Addresses in figures are not looked up; a name is
 * looked up in a thread of its own, since getaddrinfo() cannot be interrupted. One that ends late
 * cleans up after itself. Errors: X8_E_NO_BOARD (no such name), X8_E_TIMEOUT, X8_E_STOPPED (HARD).
 * *out: freeaddrinfo().
 */
int x8_resolve(const struct x8_op *op, const char *host, uint16_t port, int64_t deadline,
               struct addrinfo **out, struct x8_error *err);

/* Addresses in figures only, never a look-up. `for_listen`: suitable for bind(). A value of
 * getaddrinfo(). */
int x8_resolve_figures(const char *host, uint16_t port, int for_listen, struct addrinfo **out);

#endif
