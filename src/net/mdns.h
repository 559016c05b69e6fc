/*
 * Boards of the local network by multicast DNS, without a daemon of this computer.
 *
 * Asked are all interfaces that are up and can do multicast, over IPv4 and IPv6, from sockets that
 * share port 5353 with a daemon that is there (and from a port of our own where that is refused).
 * Nothing is joined, sent or kept beyond the call.
 */
#ifndef X8_NET_MDNS_H
#define X8_NET_MDNS_H

#include "util/op.h"

#include <stdint.h>

#define X8_MDNS_ADDRESSES 8
#define X8_MDNS_HOSTS     256 /* more are left out, and said so by one X8_EV_NOTICE */

struct x8_mdns_host {
    char name[72]; /* host name without ".local", safe to print */
    int has_ssh;   /* it offers _sftp-ssh._tcp */
    uint16_t port; /* of that service, else 22 */
    char addresses[X8_MDNS_ADDRESSES]
                  [64]; /* figures; link-local IPv6 with %interface; IPv4 first */
    size_t address_count;
};

/*
 * Search for `ms` milliseconds (queries at 0, 1/4 and 1/2 of it) and call `each` from this thread
 * whenever a host of these names is new or has more to say: portenta-x8-HEX, dev-portenta-x8-HEX,
 * with avahi's -2 behind; and hosts of other names that offer _sftp-ssh when `foreign` is set.
 * How many hosts, or a negative code: X8_E_NETWORK when no interface could be asked, X8_E_STOPPED.
 */
int x8_mdns_find(const struct x8_op *op, int ms, int foreign,
                 void (*each)(void *ctx, const struct x8_mdns_host *host), void *ctx,
                 struct x8_error *err);

/* The serial number in a board's host name: upper case, 16 digits. 0 when it holds none. Pure. */
int x8_mdns_serial(const char *name, char out[20]);

#endif
