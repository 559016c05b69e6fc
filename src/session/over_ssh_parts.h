/*
 * The parts of a session over SSH, for the files over_ssh*.c alone.
 */
#ifndef X8_SESSION_OVER_SSH_PARTS_H
#define X8_SESSION_OVER_SSH_PARTS_H

#include "net/ssh.h"
#include "session/sentinel.h"
#include "session/session.h"

#include <pthread.h>

/* A server that wants commands apart gets a connection for each that runs at a time, up to so many.
 */
#define X8_SSH_LINES 8

struct x8_ssh_session {
    struct x8_session base;
    struct x8_ssh *ssh; /* the first; dialled connections are all on it */
    int apart;
    pthread_mutex_t lock;
    pthread_cond_t freed; /* a line may be free, or another may be opened */
    int is_opening;
    struct x8_ssh_line {
        struct x8_ssh *ssh;
        int is_taken; /* a command is being started on it */
    } lines[X8_SSH_LINES];
    unsigned count;
};

/* over_ssh_lines.c: a connection to start a command on; give it back when it is started or has
 * failed (`rc`). */
void x8_lines_init(struct x8_ssh_session *session, struct x8_ssh *first);
void x8_lines_done(struct x8_ssh_session *session);
int x8_line_take(struct x8_ssh_session *session, const struct x8_op *op, struct x8_ssh **out,
                 struct x8_error *err);
void x8_line_give(struct x8_ssh_session *session, struct x8_ssh *ssh);
/* A channel was closed. */
void x8_lines_look(struct x8_ssh_session *session);

/* A command, or with `is_dial` a connection, as a channel. */
struct x8_over_ssh {
    struct x8_channel base;
    struct x8_ssh_session *session;
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
