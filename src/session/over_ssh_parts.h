/*
 * The parts of a session over SSH, for the files over_ssh*.c alone.
 */
#ifndef X8_SESSION_OVER_SSH_PARTS_H
#define X8_SESSION_OVER_SSH_PARTS_H

#include "net/ssh.h"
#include "session/sentinel.h"
#include "session/session.h"

struct x8_ssh_session {
    struct x8_session base;
    struct x8_ssh *ssh;
};

/* A command, or with `is_dial` a connection, as a channel. */
struct x8_over_ssh {
    struct x8_channel base;
    struct x8_ssh_channel *channel;
    enum x8_input input;
    uint64_t input_left; /* COUNT */
    int in_lead, is_dial;
    struct x8_buf early[2]; /* output that came before the other stream's start mark; limited */
    size_t early_taken[2];
};

extern const struct x8_channel_ops x8_over_ssh_ops;

/* over_ssh_start.c */
int x8_over_ssh_start(struct x8_session *base, const struct x8_op *op,
                      const struct x8_command *command, struct x8_channel **out,
                      struct x8_error *err);

/* What the user's login shell on the board is given to run (over_ssh_script.c); no terminal. With
 * `by_input` the text is asked for by X8_MARK_SEND. -1 without memory. */
int x8_over_ssh_script(struct x8_buf *out, const struct x8_command *command, const char *nonce,
                       int by_input) X8_NODISCARD;
/* The same for a command at a terminal. */
int x8_over_ssh_script_tty(struct x8_buf *out, const char *text) X8_NODISCARD;

#endif
