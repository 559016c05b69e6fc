/*
 * What hands must do on each carrier to get a Portenta X8 into flashing mode and back, and what
 * its LEDs mean. Text in the binary; schematic: the labels are those printed on the boards, the
 * order of the switches on the board may differ. Source: Arduino's Portenta X8 user manual.
 */
#ifndef X8_BOARD_CARRIERS_H
#define X8_BOARD_CARRIERS_H

#include "util/buf.h"

#define X8_CARRIER_SWITCHES 2
#define X8_CARRIER_STEPS    5

struct x8_carrier {
    const char *name;                          /* max, breakout, hat, mid, none */
    const char *title;                         /* "Portenta Max Carrier" */
    const char *switches[X8_CARRIER_SWITCHES]; /* labels of those that go to ON; NULL where none */
    const char *steps[X8_CARRIER_STEPS];       /* NULL-terminated when fewer */
    const char *hands;                         /* one line for a waiting message */
    const char *after;                         /* one line for the end of a flash */
};

/* The i-th carrier, or NULL past the end; by name (any case), or NULL. */
const struct x8_carrier *x8_carrier_row(size_t i);
const struct x8_carrier *x8_carrier_find(const char *name);

struct x8_led {
    const char *led, *color, *meaning;
};
const struct x8_led *x8_led_row(size_t i);

/* The page of a carrier: switches, steps, afterwards, LEDs. ASCII when `utf8` is 0. -1 without
 * memory. */
int x8_carrier_page(const struct x8_carrier *carrier, int utf8, struct x8_buf *out) X8_NODISCARD;

#endif
