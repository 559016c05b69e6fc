/*
 * Who listens on a port of this computer.
 */
#ifndef X8_NET_HOLDER_H
#define X8_NET_HOLDER_H

#include <stdint.h>

enum { X8_HOLDER_LEN = 64 };

/* "adb (1234)", as far as this user may see it. 1 when found, 0 when not. */
int x8_port_holder(uint16_t port, char out[X8_HOLDER_LEN]);

/* The inode of the socket that listens on `port`, from a line of /proc/net/tcp or tcp6; 0 when the
 * line is about something else. A pure function. */
uint64_t x8_listener_inode(const char *line, uint16_t port);

#endif
