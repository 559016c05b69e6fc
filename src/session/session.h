/*
 * A running board as an idea: start a command with its streams and its true exit status, dial a
 * port of the board. ADB implements it (over_adb.h); everything else a running board is asked for
 * is built on it in this room, so that another way in (SSH) brings all of it along.
 *
 * Threads: channels of one session may be used from different threads at once, each by at most one
 * reader and one writer; start and dial may be called from any thread.
 */
#ifndef X8_SESSION_SESSION_H
#define X8_SESSION_SESSION_H

#include "util/stream.h"

#include <stddef.h>

enum x8_input {
    X8_INPUT_NONE,  /* stdin is /dev/null */
    X8_INPUT_COUNT, /* exactly input_len bytes will be written */
    X8_INPUT_OPEN,  /* until x8_channel_end_input */
    X8_INPUT_TTY,   /* a terminal of its own: interactive, stderr merged, no end of input */
};

/*
 * A command, for one level of `bash -c`. It starts in the user's home folder with umask 022, HOME,
 * USER and LOGNAME set, as over ssh. Except with TTY its stdout and stderr are no terminals.
 * Children that it leaves behind get SIGHUP unless they guard themselves (nohup); a daemon of today
 * waits for those that keep its output open, an old one does not.
 *
 * Output must be read while input is written (two threads) when both may be long: a command that
 * cannot get rid of its output takes no input.
 */
struct x8_command {
    const char *text; /* NULL with TTY: the login shell. Any length: long ones travel as input */
    enum x8_input input;
    uint64_t input_len;  /* with COUNT */
    int has_lead;        /* lines come before the input, until x8_channel_begin (not with TTY) */
    int merge_errors;    /* 1: stderr is the same stream as stdout; 0: apart */
    unsigned rows, cols; /* with TTY; 0: unknown */
    const char *term;    /* with TTY: TERM of the user's terminal, or NULL */
    int ends_at_soft;    /* the first request to stop ends its start as well, at once; without it
                            only the second does */
};

enum x8_output { X8_STDOUT, X8_STDERR };

/* How a command ended that did not say so: the link broke or it was killed with its shell. Never to
 * be taken for success. */
#define X8_STATUS_UNKNOWN (-1)

struct x8_channel;

struct x8_channel_ops {
    /* Read what is there. Count (> 0) and which stream it came from, 0 when all streams have ended,
     * or a negative code. timeout_ms < 0: no limit but op->deadline. */
    ssize_t (*read)(struct x8_channel *channel, const struct x8_op *op, enum x8_output *out_which,
                    void *out, size_t cap, int timeout_ms, struct x8_error *err);
    /* Write all of it to stdin. X8_E_GONE when the command reads no more. */
    int (*write)(struct x8_channel *channel, const struct x8_op *op, const void *data, size_t len,
                 int timeout_ms, struct x8_error *err);
    /*
     * The end of the lead. Until then each write is whole lines (not counted by COUNT, allowed with
     * NONE), which are with the command at once. This hands it one empty line more; nothing may be
     * written before the command has shown that it took that line.
     */
    int (*begin)(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err);
    /* No more input (OPEN only; a dialled port: half-close where the way in has one). */
    int (*end_input)(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err);
    /* New size of the terminal (TTY). 0 also where the protocol cannot say it. */
    int (*resize)(struct x8_channel *channel, const struct x8_op *op, unsigned rows, unsigned cols,
                  struct x8_error *err);
    /* After read gave 0: 0..255 (128 + n: killed by signal n), or X8_STATUS_UNKNOWN. */
    int (*status)(const struct x8_channel *channel);
    /* From any thread: blocked and later reads and writes end with X8_E_STOPPED. */
    void (*shut)(struct x8_channel *channel);
    /* The remote command gets SIGHUP when it still runs. */
    void (*close)(struct x8_channel *channel);
};

struct x8_channel {
    const struct x8_channel_ops *ops;
    struct x8_buf unread; /* of stderr; kept by x8_channel_unread */
};

struct x8_session;

struct x8_session_ops {
    /* Errors: X8_E_REFUSED, X8_E_TIMEOUT (the shell did not come up), X8_E_GONE, X8_E_LINK. */
    int (*start)(struct x8_session *session, const struct x8_op *op,
                 const struct x8_command *command, struct x8_channel **out, struct x8_error *err);
    /* Connect to "tcp:PORT" or "unix:/PATH" on the board. X8_E_REFUSED when nothing listens. */
    int (*dial)(struct x8_session *session, const struct x8_op *op, const char *remote,
                struct x8_channel **out, struct x8_error *err);
    /*
     * Optional (NULL where there is none): one file by the protocol's own file service, without a
     * command of the board. `put` makes or replaces `path`, visibly growing and with wider
     * permission bits than asked for on old daemons: give it a temporary name, then mend and
     * rename. `get` X8_E_NO_FILE with the board's words.
     */
    int (*put)(struct x8_session *session, const struct x8_op *op, const char *path, unsigned mode,
               struct x8_reader *input, struct x8_error *err);
    int (*get)(struct x8_session *session, const struct x8_op *op, const char *path,
               struct x8_sink *sink, struct x8_error *err);
    /* Wait until the link is gone. 1, 0 at the deadline, negative when stopped. */
    int (*wait_gone)(struct x8_session *session, const struct x8_op *op, int64_t deadline,
                     struct x8_error *err);
    /* Optional: see x8_session_ping. */
    int (*ping)(struct x8_session *session, const struct x8_op *op, int timeout_ms,
                struct x8_error *err);
    void (*close)(struct x8_session *session);
};

struct x8_session {
    const struct x8_session_ops *ops;
    char label[128];   /* how messages call the board */
    char via[96];      /* "usb 1-4.2", "adb server on 5037", "tcp 10.0.0.5:5555" */
    unsigned parallel; /* channels side by side that pay off on this link (1..8) */
};

/* X8_E_GONE: the link broke, or the daemon has forgotten it: "outcome unknown".
 * X8_E_STOPPED and X8_E_TERMINATED: whether the command began is unknown, but for a stop that came
 * before the call. */
int x8_start(struct x8_session *session, const struct x8_op *op, const struct x8_command *command,
             struct x8_channel **out, struct x8_error *err);
int x8_dial(struct x8_session *session, const struct x8_op *op, const char *remote,
            struct x8_channel **out, struct x8_error *err);
/*
 * Ask the board's daemon for a sign of life: 0, also where the way in has no such question. A
 * silent link looks the same whether a command has nothing to say, the daemon was started again and
 * has forgotten it, or hangs: over USB and through an adb server nothing else tells.
 * X8_E_GONE (no answer within the time, or the link broke), X8_E_STOPPED at SOFT.
 */
int x8_session_ping(struct x8_session *session, const struct x8_op *op, int timeout_ms,
                    struct x8_error *err);
ssize_t x8_channel_read(struct x8_channel *channel, const struct x8_op *op, enum x8_output *which,
                        void *out, size_t cap, int timeout_ms, struct x8_error *err);
/* Give bytes of stderr back, to be read next: streams are read side by side, so what belongs to the
 * command may come before the mark on stdout that it begins. Thread: the reader's. -1 without
 * memory. */
int x8_channel_unread(struct x8_channel *channel, const void *errors, size_t len) X8_NODISCARD;
int x8_channel_write(struct x8_channel *channel, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err);
int x8_channel_begin(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err);
int x8_channel_end_input(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err);
int x8_channel_resize(struct x8_channel *channel, const struct x8_op *op, unsigned rows,
                      unsigned cols, struct x8_error *err);
int x8_channel_status(const struct x8_channel *channel);
void x8_channel_shut(struct x8_channel *channel);

/* Close and forget; NULL is fine. */
void x8_channel_close(struct x8_channel **channel);
void x8_session_close(struct x8_session **session);

#define X8_AUTO_CHANNEL X8_CLEANUP(x8_channel_close) struct x8_channel *
#define X8_AUTO_SESSION X8_CLEANUP(x8_session_close) struct x8_session *

#endif
