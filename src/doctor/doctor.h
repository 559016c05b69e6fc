/*
 * The checks of this computer and of a running board. Nothing is changed, no root is needed; what
 * has to be waited for is waited for side by side.
 */
#ifndef X8_DOCTOR_DOCTOR_H
#define X8_DOCTOR_DOCTOR_H

#include "doctor/check.h"
#include "doctor/host.h"
#include "session/session.h"

/* All checks of the computer. 0; X8_E_STOPPED and such; X8_E_INTERNAL without memory. Takes as long
 * as host->search_ms and a moment, at most two seconds. */
int x8_doctor_host(const struct x8_host *host, const struct x8_op *op, struct x8_checks *out,
                   struct x8_error *err);

/* What the checks of a board have to know from elsewhere. */
struct x8_doctor_board {
    int64_t now;        /* this computer's clock, seconds since 1970; 0 when it is wrong itself */
    const char *known;  /* what the catalogue says of the board's image, or NULL */
    const char *newest; /* the newest image of the catalogue, or NULL */
};

/* What the board says of itself, for the callers that have to choose between releases first. */
struct x8_board_says;
int x8_doctor_ask(struct x8_session *session, const struct x8_op *op, struct x8_board_says **out,
                  struct x8_error *err);
void x8_board_says_free(struct x8_board_says **says);
/* "934", or "" when it has no number. Borrowed. */
const char *x8_board_says_image(const struct x8_board_says *says);

/* All checks of a board, from what it said. Pure. */
void x8_doctor_board(const struct x8_board_says *says, const struct x8_doctor_board *about,
                     struct x8_checks *out);

#endif
