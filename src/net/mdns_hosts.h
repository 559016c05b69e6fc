/*
 * What a search has heard: services, hosts and their addresses, put together from answers in any
 * order. Touches no network. All that comes in is hostile until read: the table is bounded, and
 * hosts that are no boards never take the places of those that are.
 */
#ifndef X8_NET_MDNS_HOSTS_H
#define X8_NET_MDNS_HOSTS_H

#include "net/dns.h"
#include "net/mdns.h"

#define X8_MDNS_SERVICE "_sftp-ssh._tcp.local"

struct x8_mdns_table;

/* `foreign`: keep hosts of other names that offer the service. NULL without memory. */
struct x8_mdns_table *x8_mdns_table_new(int foreign);
void x8_mdns_table_free(struct x8_mdns_table *table);

/* Take in a message that came over `interface` (the zone of its link-local addresses). X8_E_LINK
 * when it is damaged or no answer; what stood before the damage is kept. */
int x8_mdns_table_take(struct x8_mdns_table *table, struct x8_span message, const char *interface,
                       struct x8_error *err);

/* What should be asked to know more of names that were heard, at most `cap`: what was not asked
 * before, and `again` also what was, a few times. The names are borrowed from the table. */
size_t x8_mdns_table_gaps(struct x8_mdns_table *table, int again, struct x8_dns_question *out,
                          size_t cap);

/* Call `each` for the hosts with something new. */
void x8_mdns_table_tell(struct x8_mdns_table *table,
                        void (*each)(void *ctx, const struct x8_mdns_host *host), void *ctx);

/* Hosts that were told and have an address; whether some found no place. */
int x8_mdns_table_count(const struct x8_mdns_table *table);
int x8_mdns_table_is_full(const struct x8_mdns_table *table);

/* 1 when a host name is one that boards give themselves. */
int x8_mdns_is_board(const char *name);

#endif
