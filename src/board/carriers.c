/*
 * The carriers as text. Labels and button presses are those of Arduino's Portenta X8 user manual.
 */
#include "board/carriers.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

enum { LEDS_COLUMN = 30 };

static const struct x8_carrier carriers[] = {
    {
        .name = "max",
        .title = "Portenta Max Carrier",
        .switches = {"BOOT SEL", "BOOT"},
        .steps = {"set both switches to ON", "start:  x8ctl flash SOURCE",
                  "power the carrier: the board starts in flashing mode by itself"},
        .hands = "Max Carrier: BOOT SEL and BOOT to ON, then power-cycle",
        .after = "set BOOT SEL and BOOT to OFF, then power-cycle",
    },
    {
        .name = "breakout",
        .title = "Portenta Breakout",
        .switches = {"BT_SEL", "BOOT"},
        .steps = {"set both switches to ON", "start:  x8ctl flash SOURCE",
                  "hold the ON button until x8ctl says it found the board"},
        .hands = "Breakout: BT_SEL and BOOT to ON, then a long press on the ON button",
        .after = "set BT_SEL and BOOT to OFF, then replug",
    },
    {
        .name = "hat",
        .title = "Portenta Hat Carrier",
        .switches = {"BTSEL", NULL},
        .steps = {"set BTSEL to ON (ETH CENTER TAP does not matter)", "start:  x8ctl flash SOURCE",
                  "power-cycle the board",
                  "or without the switch: power-cycle, hold BOOT within 2 to 3 s,",
                  "   press Reset, then let go of both"},
        .hands = "Hat Carrier: BTSEL to ON, then power-cycle",
        .after = "set BTSEL to OFF, then power-cycle",
    },
    {
        .name = "mid",
        .title = "Portenta Mid Carrier",
        .switches = {"BOOT SEL", NULL},
        .steps = {"set the switch to ON", "start:  x8ctl flash SOURCE",
                  "power the carrier: the board starts in flashing mode by itself"},
        .hands = "Mid Carrier: BOOT SEL to ON, then power-cycle",
        .after = "set BOOT SEL to OFF, then power-cycle",
    },
    {
        .name = "none",
        .title = "Portenta X8 without a carrier",
        .switches = {NULL, NULL},
        .steps = {"there is no switch: a board without a valid loader starts in flashing mode",
                  "in a root shell on the board clear both boot areas, mmcblk2boot0 and",
                  "   mmcblk2boot1 (this cannot be undone: it must be flashed afterwards)",
                  "start:  x8ctl flash SOURCE", "unplug and replug the USB-C cable"},
        .hands = "no carrier: with its boot areas cleared, unplug and replug the board",
        .after = "unplug and replug the board",
    },
};

static const struct x8_led leds[] = {
    {"power", "red", "power is on"},
    {"status", "white", "the system is starting"},
    {"status", "blue", "Linux runs"},
    {"status", "green", "the internet is reached"},
    {"status", "red", "the STM32H7, when a sketch uses it"},
};

const struct x8_carrier *x8_carrier_row(size_t i)
{
    return i < X8_COUNT(carriers) ? &carriers[i] : NULL;
}

const struct x8_carrier *x8_carrier_find(const char *name)
{
    for (size_t i = 0; i < X8_COUNT(carriers); i++)
        if (x8_casecmp(carriers[i].name, name) == 0)
            return &carriers[i];
    return NULL;
}

const struct x8_led *x8_led_row(size_t i)
{
    return i < X8_COUNT(leds) ? &leds[i] : NULL;
}

/* Switches at the left, LEDs at the right. */
static int add_picture(const struct x8_carrier *carrier, int utf8, struct x8_buf *out)
{
    const char *knob = utf8 ? "\xe2\x96\xa0" : "#"; /* a black square: three bytes, one column */

    if (x8_buf_addf(out, "%*sLEDs on the X8\n", LEDS_COLUMN, "") < 0)
        return -1;
    for (size_t i = 0; i < X8_COUNT(leds); i++) {
        const char *label = i < X8_CARRIER_SWITCHES ? carrier->switches[i] : NULL;
        char left[64] = "";
        int pad = LEDS_COLUMN;

        if (label)
            pad += (utf8 ? 2 : 0) - snprintf(left, sizeof left, "   %-10s[ %s ON ]", label, knob);
        if (x8_buf_addf(out, "%s%*s%-7s%-6s %s\n", left, pad, "", leds[i].led, leds[i].color,
                        leds[i].meaning) < 0)
            return -1;
    }
    return 0;
}

static int add_steps(const struct x8_carrier *carrier, struct x8_buf *out)
{
    int number = 0;

    for (size_t i = 0; i < X8_CARRIER_STEPS && carrier->steps[i]; i++) {
        int rc = x8_starts(carrier->steps[i], "   ") || x8_starts(carrier->steps[i], "or ")
                     ? x8_buf_addf(out, "   %s\n", carrier->steps[i])
                     : x8_buf_addf(out, " %d %s\n", ++number, carrier->steps[i]);

        if (rc < 0)
            return -1;
    }
    return 0;
}

int x8_carrier_page(const struct x8_carrier *carrier, int utf8, struct x8_buf *out)
{
    if (x8_buf_addf(out, "%s: flashing mode\n", carrier->title) < 0 ||
        add_picture(carrier, utf8, out) < 0 || x8_buf_addf(out, "\n") < 0 ||
        add_steps(carrier, out) < 0)
        return -1;
    return x8_buf_addf(out, " after the flash: %s\n", carrier->after);
}
