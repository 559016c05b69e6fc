/*
 * The watch after a flash: somebody sets the switches back and power-cycles the board; does its new
 * Linux come up at the same port, and is it the image that was written?
 */
#ifndef X8_CMD_FLASH_WAIT_H
#define X8_CMD_FLASH_WAIT_H

#include "cmd.h"

/* What a person needs for two switches and a cable, and for the switches that were forgotten. */
#define X8_WATCH_PERSON_MS 300000

struct x8_watch_for {
    int64_t limit_ms;  /* negative: for ever */
    const char *hands; /* "set BT_SEL and BOOT to OFF, then replug" */
    char image[24];    /* number of the image that must come up; "" when it is not known */
    int is_name;       /* `image` is only what the source is called */
    int restarts;      /* the script restarts the board: the ROM comes once by itself */
};

/* A board that is watched, and what came up at its port. */
struct x8_came_up {
    char port[X8_PORT_LEN];
    int is_watched; /* 0: of no interest, as it was not written */
    int rc;         /* 0, or a negative code explained by `error`: X8_E_NO_BOOT, X8_E_DIFFERS */
    struct x8_error error;
    int is_up; /* Linux answered; the rest is set */
    char image[32], serial[X8_STRING_LEN];
    double seconds; /* since it left flashing mode */
};

/*
 * Watch the boards, all at the same time, until each runs Linux or has failed, or the time is over.
 * Of several, failures are told as they come. Negative when that could not be done: stopped.
 */
int x8_watch_boards(struct x8_ctx *ctx, const struct x8_watch_for *want, struct x8_came_up *came,
                    size_t count, struct x8_error *err);

#endif
