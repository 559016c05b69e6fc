/* For struct ip_mreqn, the flags of interfaces and the addresses of an interface, which POSIX does
 * not have. */
#define _DEFAULT_SOURCE
#include "net/mdns_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 5353, HOPS = 255 /* RFC 6762, 11 */ };

static const char group4[] = "224.0.0.251", group6[] = "ff02::fb";

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

static const struct sockaddr_in *in_of(const struct sockaddr *address)
{
    return (const struct sockaddr_in *)(const void *)address;
}

static const struct sockaddr_in6 *in6_of(const struct sockaddr *address)
{
    return (const struct sockaddr_in6 *)(const void *)address;
}

static socklen_t group_address(const struct x8_mdns_socket *socket, union address *out)
{
    memset(out, 0, sizeof *out);
    out->any.sa_family = (sa_family_t)socket->family;
    if (socket->family == AF_INET) {
        out->in.sin_port = htons(PORT);
        inet_pton(AF_INET, group4, &out->in.sin_addr);
        return sizeof out->in;
    }
    out->in6.sin6_port = htons(PORT);
    out->in6.sin6_scope_id = socket->index;
    inet_pton(AF_INET6, group6, &out->in6.sin6_addr);
    return sizeof out->in6;
}

/* --- opening --- */

static int set_int(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

/* Where to send: this interface, from its own address, as far as this link. */
static int aim4(const struct x8_mdns_socket *socket, const struct sockaddr *own)
{
    struct ip_mreqn from = {.imr_address = in_of(own)->sin_addr, .imr_ifindex = (int)socket->index};

    if (setsockopt(socket->fd, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof from) != 0)
        return -1;
    return set_int(socket->fd, IPPROTO_IP, IP_MULTICAST_TTL, HOPS);
}

static int aim6(const struct x8_mdns_socket *socket)
{
    if (set_int(socket->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0 ||
        set_int(socket->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)socket->index) != 0)
        return -1;
    return set_int(socket->fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, HOPS);
}

static int join4(const struct x8_mdns_socket *socket, const union address *group)
{
    struct ip_mreqn member = {.imr_multiaddr = group->in.sin_addr,
                              .imr_ifindex = (int)socket->index};

#ifdef IP_MULTICAST_ALL
    /* Only what comes over this interface, not what others joined the group for. */
    (void)!set_int(socket->fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
#endif
    return setsockopt(socket->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member);
}

static int join6(const struct x8_mdns_socket *socket, const union address *group)
{
    struct ipv6_mreq member = {.ipv6mr_multiaddr = group->in6.sin6_addr,
                               .ipv6mr_interface = socket->index};

    return setsockopt(socket->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &member, sizeof member);
}

static int bind_shared(const struct x8_mdns_socket *socket)
{
    union address group;
    socklen_t len = group_address(socket, &group);

    /* Which of the two the others of this port have set differs, so both. */
    (void)!set_int(socket->fd, SOL_SOCKET, SO_REUSEADDR, 1);
#ifdef SO_REUSEPORT
    (void)!set_int(socket->fd, SOL_SOCKET, SO_REUSEPORT, 1);
#endif
    if (bind(socket->fd, &group.any, len) != 0)
        return -1;
    return socket->family == AF_INET ? join4(socket, &group) : join6(socket, &group);
}

static int bind_own(const struct x8_mdns_socket *socket, const struct sockaddr *own)
{
    union address at;

    memset(&at, 0, sizeof at);
    if (socket->family == AF_INET) {
        at.in = *in_of(own);
        at.in.sin_port = 0;
        return bind(socket->fd, &at.any, sizeof at.in);
    }
    at.in6 = *in6_of(own);
    at.in6.sin6_port = 0;
    at.in6.sin6_scope_id = socket->index;
    return bind(socket->fd, &at.any, sizeof at.in6);
}

static int prepare(struct x8_mdns_socket *s, const struct sockaddr *own)
{
    int flags;

    s->fd = socket(s->family, SOCK_DGRAM, 0);
    if (s->fd < 0)
        return -1;
    fcntl(s->fd, F_SETFD, FD_CLOEXEC);
    flags = fcntl(s->fd, F_GETFL);
    if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return -1;
    if ((s->family == AF_INET ? aim4(s, own) : aim6(s)) != 0)
        return -1;
    return s->is_own ? bind_own(s, own) : bind_shared(s);
}

static void add(struct x8_mdns_sockets *sockets, const struct ifaddrs *at, int is_own)
{
    struct x8_mdns_socket *s = &sockets->at[sockets->count];

    *s = (struct x8_mdns_socket){.fd = -1,
                                 .is_own = is_own,
                                 .family = at->ifa_addr->sa_family,
                                 .index = if_nametoindex(at->ifa_name),
                                 .interface = at->ifa_name};
    if (s->index != 0 && prepare(s, at->ifa_addr) == 0) {
        sockets->count++;
        return;
    }
    sockets->last_errno = errno;
    if (s->fd >= 0)
        close(s->fd);
}

/* An address to ask from: of IPv6 the link-local one, as all answers should come from such. */
static int is_fit(const struct ifaddrs *at)
{
    unsigned want = IFF_UP | IFF_RUNNING | IFF_MULTICAST;

    if (!at->ifa_addr || (at->ifa_flags & want) != want ||
        at->ifa_flags & (IFF_LOOPBACK | IFF_POINTOPOINT))
        return 0;
    if (at->ifa_addr->sa_family == AF_INET6)
        return IN6_IS_ADDR_LINKLOCAL(&in6_of(at->ifa_addr)->sin6_addr);
    return at->ifa_addr->sa_family == AF_INET;
}

/* The same interface and family came before. */
static int is_known(const struct x8_mdns_sockets *sockets, const struct ifaddrs *at)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->at[i].family == at->ifa_addr->sa_family &&
            strcmp(sockets->at[i].interface, at->ifa_name) == 0)
            return 1;
    return 0;
}

int x8_mdns_sockets_open(struct x8_mdns_sockets *sockets, struct x8_error *err)
{
    memset(sockets, 0, sizeof *sockets);
    if (getifaddrs(&sockets->addresses) != 0) {
        sockets->addresses = NULL;
        return x8_fail_sys(err, X8_E_NETWORK, errno, "cannot list the network interfaces");
    }
    for (const struct ifaddrs *at = sockets->addresses; at; at = at->ifa_next) {
        if (!is_fit(at) || is_known(sockets, at) || sockets->count + 2 > X8_MDNS_SOCKETS)
            continue;
        add(sockets, at, 0);
        add(sockets, at, 1);
    }
    return 0;
}

void x8_mdns_sockets_close(struct x8_mdns_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->at[i].fd >= 0)
            close(sockets->at[i].fd); /* which leaves the group */
    if (sockets->addresses)
        freeifaddrs(sockets->addresses);
    memset(sockets, 0, sizeof *sockets);
}

/* --- asking and hearing --- */

int x8_mdns_sockets_send(struct x8_mdns_sockets *sockets, int is_own, const void *data, size_t len)
{
    int sent = 0;

    for (size_t i = 0; i < sockets->count; i++) {
        const struct x8_mdns_socket *s = &sockets->at[i];
        union address group;
        socklen_t group_len = group_address(s, &group);

        if (s->fd < 0 || s->is_own != is_own)
            continue;
        if (sendto(s->fd, data, len, 0, &group.any, group_len) == (ssize_t)len)
            sent++;
        else
            sockets->last_errno = errno;
    }
    return sent;
}

static int is_neighbour4(const struct x8_mdns_sockets *sockets, const char *interface,
                         struct in_addr from)
{
    for (const struct ifaddrs *at = sockets->addresses; at; at = at->ifa_next) {
        if (!at->ifa_addr || !at->ifa_netmask || at->ifa_addr->sa_family != AF_INET ||
            strcmp(at->ifa_name, interface) != 0)
            continue;
        if (((in_of(at->ifa_addr)->sin_addr.s_addr ^ from.s_addr) &
             in_of(at->ifa_netmask)->sin_addr.s_addr) == 0)
            return 1;
    }
    return 0;
}

/* What was sent to the group is of this link, for routers do not pass it on. */
static int is_welcome(const struct x8_mdns_sockets *sockets, const struct x8_mdns_socket *s,
                      const union address *from)
{
    if (s->family == AF_INET)
        return from->in.sin_port == htons(PORT) &&
               (!s->is_own || is_neighbour4(sockets, s->interface, from->in.sin_addr));
    return from->in6.sin6_port == htons(PORT) &&
           (!s->is_own || IN6_IS_ADDR_LINKLOCAL(&from->in6.sin6_addr));
}

ssize_t x8_mdns_socket_receive(struct x8_mdns_sockets *sockets, size_t i, void *out, size_t cap)
{
    struct x8_mdns_socket *s = &sockets->at[i];
    union address from = {0};
    struct iovec part = {.iov_base = out, .iov_len = cap};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
    ssize_t n = recvmsg(s->fd, &message, 0);

    if (n < 0 && errno == EINTR)
        return 0;
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        /* The interface went away, say. The others go on. */
        close(s->fd);
        s->fd = -1;
    }
    if (n < 0)
        return -1;
    return message.msg_flags & MSG_TRUNC || !is_welcome(sockets, s, &from) ? 0 : n;
}
