/*
 * Restarting a running board.
 */
#ifndef X8_SESSION_POWER_H
#define X8_SESSION_POWER_H

#include "session/root.h"

/* The boot the board is in: differs after every start. X8_E_GONE, X8_E_TIMEOUT. */
int x8_boot_id(struct x8_session *session, const struct x8_op *op, char out[40],
               struct x8_error *err);

/* Ask for a restart as root and see the link go (up to 60 s). X8_E_REFUSED with the board's words;
 * X8_E_TIMEOUT when it said yes and stays. Never sends ADB's reboot service, which hangs. */
int x8_reboot(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
              struct x8_error *err);

/* Blink the status LED for `ms`, then put it back as it was, also when stopped. */
int x8_identify(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                int64_t ms, struct x8_error *err);

#endif
