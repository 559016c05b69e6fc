/*
 * Boards of the local network by multicast DNS, without a daemon of this computer.
 *
 * Asked are all interfaces that are up and can do multicast (not the loopback and not tunnels,
 * where no board is), over IPv4 and IPv6: from sockets that share port 5353 with a daemon that is
 * there, and from a port of our own, to which answers come straight. An interface or a family that
 * does not work is left out as long as another one does. Nothing is joined, sent or kept beyond the
 * call.
 */
#ifndef X8_NET_MDNS_H
#define X8_NET_MDNS_H

#include "util/op.h"

#include <stdint.h>

#define X8_MDNS_ADDRESSES 8
#define X8_MDNS_HOSTS     256 /* more are left out, and said so by one X8_EV_NOTICE */

struct x8_mdns_host {
    char name[72]; /* host name without ".local", safe to print; case as announced */
    int has_ssh;   /* it offers _sftp-ssh._tcp */
    uint16_t port; /* of that service, else 22 */
    char addresses[X8_MDNS_ADDRESSES]
                  [64]; /* figures; IPv4, then IPv6, then link-local IPv6 with %interface */
    size_t address_count;
};

/*
 * Search for `ms` milliseconds (questions at 0, 1/4 and 1/2 of it, and once more after answers that
 * leave something open; op->deadline may end it before) and call `each` from this thread whenever a
 * host with an address is new or has more to say: hosts named portenta-x8-HEX, portenta-x8-unknown,
 * these with dev- in front or avahi's -2 behind; and hosts of other names that offer _sftp-ssh when
 * `foreign` is set. A host is told whole each time, so take it in the place of what was told
 * before; one that says goodbye is told once more without addresses. `each` should not wait for
 * long.
 *
 * All of it is what somebody on the network says: bounded and safe to print, and not to be believed
 * before the board's key and its answers were looked at.
 *
 * How many hosts have an address in the end, or a negative code: X8_E_NETWORK when no interface
 * could be asked, X8_E_STOPPED (or X8_E_TERMINATED) as soon as op->cancel is raised at all.
 */
int x8_mdns_find(const struct x8_op *op, int ms, int foreign,
                 void (*each)(void *ctx, const struct x8_mdns_host *host), void *ctx,
                 struct x8_error *err);

/* The serial number in a board's host name (without ".local"): upper case, 16 digits, with the
 * zeros that the name leaves out. 1, or 0 when it holds none. Pure. */
int x8_mdns_serial(const char *name, char out[20]);

#endif
