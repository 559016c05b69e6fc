/*
 * Sockets for multicast DNS: for each interface and family two, opened together, which ask the same
 * questions.
 *
 * The shared one is bound to the group's address and port 5353. It hears what everybody hears and,
 * since it is not bound to an address of this computer, takes no unicast message away from a daemon
 * that has the port too (RFC 6762, 15.1). The own one has a port of its own, so answers come
 * straight to us (6.7): also where wireless networks drop multicast, and where port 5353 is taken.
 * A firewall may let through only the one or the other.
 */
#ifndef X8_NET_MDNS_SOCK_H
#define X8_NET_MDNS_SOCK_H

#include "util/error.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define X8_MDNS_SOCKETS 128

struct ifaddrs;

struct x8_mdns_socket {
    int fd; /* -1 after it broke */
    int is_own, family;
    unsigned index;
    const char *interface; /* borrowed from `addresses` below */
};

struct x8_mdns_sockets {
    struct x8_mdns_socket at[X8_MDNS_SOCKETS];
    size_t count;
    int last_errno; /* of what did not work, 0 before */
    struct ifaddrs *addresses;
};

/* Open what can be opened, on interfaces that are up, connected, and can do multicast; not on the
 * loopback and on tunnels, where no board is. None at all is no error here. End it in any case. */
int x8_mdns_sockets_open(struct x8_mdns_sockets *sockets, struct x8_error *err);
void x8_mdns_sockets_close(struct x8_mdns_sockets *sockets);

/* Send to the group through all of one kind. Through how many it went. */
int x8_mdns_sockets_send(struct x8_mdns_sockets *sockets, int is_own, const void *data, size_t len);

/*
 * Receive a message without waiting. Its length; 0 for one to be ignored (oversized, not from port
 * 5353, or sent to us alone by somebody who is not on this link: RFC 6762, 6 and 11); -1 when there
 * is none, or the socket broke and was closed.
 */
ssize_t x8_mdns_socket_receive(struct x8_mdns_sockets *sockets, size_t i, void *out, size_t cap);

#endif
