/*
 * Addresses of a host: from a record to text, and the order in which they should be tried.
 */
#ifndef X8_NET_MDNS_ADDRESS_H
#define X8_NET_MDNS_ADDRESS_H

#include "net/dns.h"
#include "net/mdns.h"

/* The address of an A or AAAA record in figures, a link-local IPv6 one with %interface. 0 for what
 * no host of a network has: loopback, multicast, unspecified, IPv4 in the clothes of IPv6. */
int x8_mdns_address_text(const struct x8_dns_record *record, const char *interface, char out[64]);

/* Add it at its place: IPv4, then IPv6, those that are valid on one link only last of each. Of more
 * than fit, the last are dropped. 1 when the host has changed. */
int x8_mdns_address_add(struct x8_mdns_host *host, const char *text);

/* 1 when it was there. */
int x8_mdns_address_remove(struct x8_mdns_host *host, const char *text);

#endif
