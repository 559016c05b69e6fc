/*
 * Repairs that doctor can do itself: small, named, and nothing that could lose data.
 */
#ifndef X8_DOCTOR_REPAIR_H
#define X8_DOCTOR_REPAIR_H

#include "doctor/check.h"
#include "session/root.h"

/* What it would do, in words: "install the udev rules". */
const char *x8_fix_words(enum x8_fix fix);
/* 1 when it is done on the board, and needs root there. */
int x8_fix_is_on_board(enum x8_fix fix);
/* 1 when root of this computer is needed. */
int x8_fix_needs_root(enum x8_fix fix);

/* Repair this computer: X8_FIX_UDEV, X8_FIX_AUTOSUSPEND. X8_E_NO_PERMISSION. */
int x8_repair_host(const struct x8_op *op, const struct x8_check *check, struct x8_error *err);

/* Repair the board; `now` for its clock. */
int x8_repair_board(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    const struct x8_check *check, int64_t now, struct x8_error *err);

#endif
