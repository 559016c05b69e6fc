/*
 * A session over SSH: what a server gives by itself (status, stderr, end of input) is used as it
 * is.
 */
#ifndef X8_SESSION_OVER_SSH_H
#define X8_SESSION_OVER_SSH_H

#include "net/ssh.h"
#include "session/session.h"

/* Takes `ssh`, also on failure. `label` and `via` are copied. */
int x8_session_over_ssh(struct x8_ssh *ssh, const char *label, const char *via,
                        struct x8_session **out, struct x8_error *err);

#endif
