/*
 * From devices on the bus to boards: what each one is, whether it can be used, and what to do when
 * it cannot.
 */
#ifndef X8_BOARD_DISCOVER_H
#define X8_BOARD_DISCOVER_H

#include "board/modes.h"

/* One board as seen at one moment: a value. */
struct x8_board {
    struct x8_device device;
    enum x8_mode mode;
    enum x8_mode_trust trust;
    char label[X8_STRING_LEN]; /* how messages call it: "usb 1-4.2", or its serial number */
    char note[256];            /* what the user should know, or "" */
    char next[96];             /* what to do about it, or "" */
    int needs_care;            /* 1: counts as "need something" */
};

/* 1 and *out when the device is a board or an NXP chip that waits for a loader, else 0. */
int x8_board_of(const struct x8_device *device, struct x8_board *out);

/* All of them in port order. *out is one heap array: free() it. Count or a negative code. */
int x8_boards_find(struct x8_bus *bus, struct x8_board **out, struct x8_error *err);

/* The word of the STATE column: the mode's name, or "no-access". */
const char *x8_board_state(const struct x8_board *board);

/* "12M", "480M", "5000M", "1.5M" or "-". */
const char *x8_speed_name(enum x8_speed speed);

/*
 * What is on the bus, in one line for messages: "1-4.1 (linux), 3-2 (rom, no access)"; "nothing of
 * NXP or Arduino" when there is none. Devices with other NXP or Arduino ids are included by id.
 */
void x8_bus_words(const struct x8_device *devices, size_t count, char *out, size_t cap);

#endif
