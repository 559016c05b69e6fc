/*
 * Which board the user means. Forms: usb:1-4.2 and 1-4.2 (the kernel's port path), 1:42 (the
 * vendor tool's, when only one port reads so), a serial number, or its last four or more
 * characters when only one board ends so, the user's own name for a board, adb:HOST[:PORT] and
 * HOST:PORT (an ADB daemon on the network), net:HOST[:PORT] (ssh).
 */
#ifndef X8_BOARD_SELECT_H
#define X8_BOARD_SELECT_H

#include "board/discover.h"

/* SERIAL stands for names as well. */
enum x8_select_kind {
    X8_SELECT_PORT,
    X8_SELECT_GLUED,
    X8_SELECT_SERIAL,
    X8_SELECT_ADDRESS,
    X8_SELECT_NET,
};

struct x8_selector {
    enum x8_select_kind kind;
    char text[X8_STRING_LEN]; /* as given */
    char key[X8_STRING_LEN]; /* port, "bus:digits", serial number or name, "HOST:PORT"; NET: HOST */
    uint16_t port;           /* NET: the port, 0 when none was said */
};

/* The port of an ADB daemon that listens on TCP, unless the user says otherwise. */
#define X8_SELECT_ADB_PORT 5555

/* X8_E_USAGE, quoting the text, when it is empty, holds {...} or $..., or is no known form. */
int x8_selector_parse(const char *text, struct x8_selector *out, struct x8_error *err);

/* 1 when the board fits; exact: the whole serial or the port itself, no suffix. */
int x8_selector_match(const struct x8_selector *selector, const struct x8_board *board,
                      int *out_exact);

/*
 * The one board of `boards` that a selector means: its index, X8_E_NO_BOARD with what is there
 * instead, or X8_E_SEVERAL with the list.
 */
int x8_select_one(const struct x8_selector *selector, const struct x8_board *boards, size_t count,
                  struct x8_error *err);

/*
 * The boards a command works on: those of the selectors, or with none given the only one, or with
 * `all` every one. `boards` should hold the fitting ones only. Puts the picked boards first in
 * `boards` (port order kept) and returns how many; never 0. X8_E_NO_BOARD, X8_E_SEVERAL,
 * X8_E_USAGE.
 */
int x8_select_boards(const char *const *selectors, size_t selector_count, int all,
                     struct x8_board *boards, size_t count, struct x8_error *err);

#endif
