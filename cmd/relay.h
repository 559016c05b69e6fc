/*
 * Between this terminal or pipe and a channel to the board: stdin one way, stdout and stderr the
 * other, until the command has ended.
 */
#ifndef X8_CMD_RELAY_H
#define X8_CMD_RELAY_H

#include "running.h"

/* What stdin is to a command on the board. */
enum x8_stdin {
    X8_STDIN_NONE,     /* closed, /dev/null, or not wanted */
    X8_STDIN_STREAM,   /* a pipe, a file: read to its end */
    X8_STDIN_TERMINAL, /* keys: as they are typed */
};

/* What stdin is now. A terminal is only read where `want_terminal`. */
enum x8_stdin x8_stdin_kind(int want_terminal);

/* 1 when stdout and stderr lead to the same place, so that the board need not keep them apart. */
int x8_outputs_are_one(void);

/*
 * Relay until the command has ended; *out_status is its exit status (0..255). X8_E_GONE when it
 * did not come: the outcome is unknown. With `keep` output is not printed but kept (at most 4 MiB
 * of each stream) as "stdout" and "stderr" of the result.
 */
int x8_relay(struct x8_job_on *job, struct x8_channel *channel, enum x8_stdin input, int keep,
             int *out_status, struct x8_error *err);

/* What takes stdout instead of the terminal or pipe: 0 or a negative code. */
typedef int x8_relay_sink_fn(struct x8_job_on *job, const char *bytes, size_t len,
                             struct x8_error *err);

/* The same for a command without input whose complaint is to be told as a cause: what stderr says
 * before anything is on stdout is in `held` when the status is not 0, and printed else. stdout goes
 * to `sink` unless that is NULL. */
int x8_relay_held(struct x8_job_on *job, struct x8_channel *channel, struct x8_buf *held,
                  x8_relay_sink_fn *sink, int *out_status, struct x8_error *err);

/* A command for x8_relay_command. */
struct x8_remote {
    const char *text; /* NULL with tty: the login shell */
    int root, tty;    /* tty: it gets a terminal, and ours is raw meanwhile */
    enum x8_stdin input;
};

/* Start a command on the board and relay until it has ended. Its status (0..255), which also goes
 * into the result, or a negative code. */
int x8_relay_command(struct x8_job_on *job, const struct x8_remote *remote, struct x8_error *err);

/* Join operands to one command text, each quoted for the board's shell. -1 without memory. */
int x8_quote_all(struct x8_buf *out, char *const *argv, int argc) X8_NODISCARD;

#endif
