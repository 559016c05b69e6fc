/*
 * Inside of health checks: the list (health.c reads it, health_run.c asks the board).
 */
#ifndef X8_SESSION_HEALTH_PARTS_H
#define X8_SESSION_HEALTH_PARTS_H

#include "session/health.h"

enum x8_check_kind {
    X8_CHECK_IMAGE,       /* text: OP VALUE for IMAGE_VERSION */
    X8_CHECK_UNIT,        /* text: name */
    X8_CHECK_COMMAND,     /* text: for the board's shell; number: status wanted */
    X8_CHECK_PORT,        /* number: somebody listens on this TCP port */
    X8_CHECK_FREE,        /* text: path; number: bytes wanted */
    X8_CHECK_TEMPERATURE, /* number: degrees Celsius it must stay below */
};

struct x8_check {
    enum x8_check_kind kind;
    char *text;
    uint64_t number;
    int root;
    int timeout_ms;
};

struct x8_health {
    struct x8_check *checks;
    size_t count;
};

#endif
