/*
 * The network for x8ctl watch: searched again and again in a thread of its own, so that nothing
 * else waits for it.
 */
#ifndef X8_CMD_WATCH_NET_H
#define X8_CMD_WATCH_NET_H

#include "board/target.h"

struct x8_net_watch;

/* Both are borrowed until the end. NULL without memory or a thread: then there is no network. */
struct x8_net_watch *x8_net_watch_start(const struct x8_op *op, const struct x8_reach *reach);

/* What is there now, as one heap array: free() it. 1 when the first search has ended. */
int x8_net_watch_take(struct x8_net_watch *watch, struct x8_mdns_host **out, size_t *count);

void x8_net_watch_stop(struct x8_net_watch **watch);

#endif
