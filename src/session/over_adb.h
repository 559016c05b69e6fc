/*
 * A session over ADB. On a daemon without shell_v2 a command travels in a raw terminal with a nonce
 * and a sentinel that carries its exit status; its stderr comes through a second stream.
 */
#ifndef X8_SESSION_OVER_ADB_H
#define X8_SESSION_OVER_ADB_H

#include "adb/adb.h"
#include "session/session.h"

/* Takes `adb`, also on failure. `label` and `via` are copied. */
int x8_session_over_adb(struct x8_adb *adb, const char *label, const char *via,
                        struct x8_session **out, struct x8_error *err);

#endif
