/*
 * What a check found: a list of rows, each with a stable id, a result, the cause in one line and
 * what to do next. A front end prints them; nothing here speaks.
 */
#ifndef X8_DOCTOR_CHECK_H
#define X8_DOCTOR_CHECK_H

#include "util/attr.h"

#include <stddef.h>

enum x8_check_result {
    X8_CHECK_OK,
    X8_CHECK_WARN,    /* works, or will until something happens */
    X8_CHECK_FAIL,    /* something that people want to do does not work */
    X8_CHECK_SKIPPED, /* there is nothing to look at, or it cannot be seen from here */
};
const char *x8_check_word(enum x8_check_result result); /* "ok", "warn", "fail", "skipped" */

/* What doctor could do about it itself. */
enum x8_fix {
    X8_FIX_NONE,
    X8_FIX_UDEV,        /* install the rules */
    X8_FIX_AUTOSUSPEND, /* `arg`: the port */
    X8_FIX_CACHE,       /* throw damaged and old unfinished downloads away */
    X8_FIX_M4_WATCHER,  /* start the path unit again */
    X8_FIX_M4_FOLDER,   /* give /tmp/arduino to the user */
    X8_FIX_BOARD_CLOCK, /* set it from this computer's */
};

struct x8_check {
    const char *id; /* static, for scripts: "udev-rules", "usb-speed" */
    char about[64]; /* what it is about, for people: "udev rules", "usb 3-1.4" */
    char text[320]; /* the cause, or how it is when it is well; one line */
    char next[240]; /* one command to paste or thing to do; "" when there is nothing */
    enum x8_check_result result;
    enum x8_fix fix;
    char arg[64];
};

struct x8_checks {
    struct x8_check *items;
    size_t count, cap;
    int is_short; /* memory ran out: rows are missing */
};
void x8_checks_done(struct x8_checks *checks);
#define X8_AUTO_CHECKS X8_CLEANUP(x8_checks_done) struct x8_checks

/* Add a row. Never NULL: without memory is_short is set, and what is returned leads nowhere. */
struct x8_check *x8_check_add(struct x8_checks *checks, enum x8_check_result result, const char *id,
                              const char *about, const char *fmt, ...) X8_PRINTF(5, 6);
/* Set the next step of a row. */
void x8_check_next(struct x8_check *check, const char *fmt, ...) X8_PRINTF(2, 3);
/* Say what doctor can do about it; `arg` may be NULL. */
void x8_check_fix(struct x8_check *check, enum x8_fix fix, const char *arg);

/* How many rows have this result. */
size_t x8_checks_count(const struct x8_checks *checks, enum x8_check_result result);

#endif
