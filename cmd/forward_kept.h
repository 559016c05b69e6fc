/*
 * Ports that are forwarded in the background: each process that does it notes so in a file of the
 * runtime folder, which counts for as long as the process has it locked.
 */
#ifndef X8_CMD_FORWARD_KEPT_H
#define X8_CMD_FORWARD_KEPT_H

#include "running.h"

#include "session/forward.h"

/* host, port and remote of each, as an array of the caller's. */
struct x8_json *x8_forward_ports(const struct x8_forward *forwards, size_t count);

/* Note that this process does it. *out_fd is to stay open as long, and may be -1: where the folder
 * is not to be had, nobody is told. */
void x8_forward_note(const char *board, const struct x8_forward *forwards, size_t count,
                     int *out_fd);
/* The end of it. */
void x8_forward_note_end(int *fd);

/* X8_E_BUSY when a forward in the background has one of these ports: known before a board is asked,
 * which may be taken by that very forward. */
int x8_forward_free(const struct x8_forward *forwards, size_t count, struct x8_error *err);

/* forward --list, and forward --stop [PORT...]. */
int x8_forward_list(struct x8_ctx *ctx, struct x8_error *err);
int x8_forward_stop(struct x8_ctx *ctx, struct x8_error *err);

#endif
