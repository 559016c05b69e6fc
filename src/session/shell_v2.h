/*
 * The packets of ADB's shell protocol: a letter, a length, bytes. Pure functions.
 * Source: AOSP packages/modules/adb: shell_protocol.h.
 */
#ifndef X8_SESSION_SHELL_V2_H
#define X8_SESSION_SHELL_V2_H

#include "util/bytes.h"

#define X8_SHELL_HEAD 5 /* bytes before a packet's payload */

enum x8_shell_id {
    X8_SHELL_STDIN = 0,
    X8_SHELL_STDOUT = 1,
    X8_SHELL_STDERR = 2,
    X8_SHELL_EXIT = 3,
    X8_SHELL_CLOSE_STDIN = 4,
    X8_SHELL_WINDOW = 5,
};

/* Fill `out` with the beginning of a packet of `len` bytes. */
void x8_shell_head(uint8_t out[X8_SHELL_HEAD], enum x8_shell_id id, uint32_t len);

/* Reads a stream of packets, fed in pieces of any size. Starts zeroed. */
struct x8_shell_parser {
    uint8_t head[X8_SHELL_HEAD];
    size_t head_len;
    uint32_t left; /* of the payload */
    int status;    /* valid with has_status */
    int has_status;
};
struct x8_shell_piece {
    enum x8_shell_id id; /* X8_SHELL_STDOUT or X8_SHELL_STDERR */
    struct x8_span data; /* inside what was fed */
};

/*
 * Take bytes from `data` up to the end of the next piece of output; *out_used says how many.
 * 1: a piece is there; 0: all was used and there is none. An exit status is remembered, packets of
 * other kinds are passed over.
 */
int x8_shell_next(struct x8_shell_parser *parser, struct x8_span data, size_t *out_used,
                  struct x8_shell_piece *out);

#endif
