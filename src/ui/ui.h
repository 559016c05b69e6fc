/*
 * The only speaker besides cmd/. Takes facts (struct x8_event) from any thread, keeps them in order
 * and lossless, progress as the latest value per board, and paints them on stderr: a bar per board
 * on a terminal, plain lines elsewhere, or JSON lines. Results go to stdout through table.h. Also
 * prompts and the three-part error form.
 *
 * What each kind of fact looks like is decided in tty.c, lines.c and events_json.c. An X8_EV_STAGE
 * without text enters a stage, one with text finishes it. An X8_EV_ERROR shows the whole form for
 * its board; x8_ui_error() does not repeat it when the command ends with the same error.
 */
#ifndef X8_UI_UI_H
#define X8_UI_UI_H

#include "util/op.h"

enum x8_progress_mode {
    X8_PROGRESS_AUTO,
    X8_PROGRESS_BAR,
    X8_PROGRESS_LINES,
    X8_PROGRESS_JSON,
    X8_PROGRESS_NONE
};
enum x8_color_mode { X8_COLOR_AUTO, X8_COLOR_ALWAYS, X8_COLOR_NEVER };

/* How to speak; filled by cmd/ from options and environment (the ui reads neither). */
struct x8_ui_config {
    const char *command; /* "x8ctl flash", for messages; borrowed */
    enum x8_progress_mode progress;
    enum x8_color_mode color;
    int quiet;            /* errors only */
    int verbosity;        /* 0..3: DETAIL, TRACE, WIRE events */
    int json;             /* results on stdout are one JSON document */
    int no_input;         /* never ask */
    int assume_yes;       /* -y */
    int no_color;         /* NO_COLOR set, TERM=dumb */
    int dumb;             /* TERM=dumb or none: the cursor cannot be moved, AUTO means LINES */
    int force_color;      /* CLICOLOR_FORCE */
    int in_ci;            /* GITHUB_ACTIONS or GITLAB_CI: AUTO means LINES */
    int utf8;             /* locale can show block characters */
    const char *log_path; /* --log FILE or NULL: every event, regardless of quiet */
    /* Without log_path: a log that is kept although nobody asked for it, open for writing and
     * borrowed; 0: none. Events as with that verbosity, at most some MiB of them, and a disk that
     * is full is not worth a word. */
    int kept_fd, kept_depth;
};

struct x8_ui;

/* Start the painter thread. X8_E_NO_FILE when the log cannot be written. */
int x8_ui_start(const struct x8_ui_config *config, struct x8_ui **out, struct x8_error *err);
/* Paint what is left, restore the terminal, stop, free. NULL is fine. */
void x8_ui_stop(struct x8_ui **ui);

/* The emit function of struct x8_op; ctx is the struct x8_ui. Any thread. Never blocks on the
 * terminal. */
void x8_ui_emit(void *ui, const struct x8_event *event);

/* What is known up to now of a result that is still being worked out: lines that stand above the
 * bars of a terminal and are drawn over by the next text, gone with "" (before the result itself is
 * printed). Elsewhere nothing. */
void x8_ui_preview(struct x8_ui *ui, const char *text);

/* Wait until everything emitted so far is painted and the bars are off the screen (before a prompt
 * or a table). */
void x8_ui_flush(struct x8_ui *ui);

/* The three-part form on stderr ("x8ctl flash: what / why / next / code") and in the log; with
 * X8_PROGRESS_JSON an event instead. `ui` NULL: before there is one, plainly. */
void x8_ui_error(struct x8_ui *ui, const struct x8_error *error);

/* A plain line on stderr unless quiet. */
void x8_ui_say(struct x8_ui *ui, const char *fmt, ...) X8_PRINTF(2, 3);

/* 1 when a question can be asked: stdin and stderr are terminals, input is allowed, and stderr is
 * not a stream of JSON. */
int x8_ui_can_ask(const struct x8_ui *ui);
/* Ask yes or no (default no). 1 yes, 0 no, X8_E_NEED_YES (negative) when it cannot be asked; -y
 * answers yes. Ctrl-C and end of input are no. */
int x8_ui_ask_yes(struct x8_ui *ui, const char *question, struct x8_error *err);
/* Ask for a line; not answered by -y. 0 with the line in `out` (cut to fit, empty at the end of
 * input), the error "stopped" after Ctrl-C, X8_E_NEED_YES naming --confirm when it cannot be asked.
 */
int x8_ui_ask_line(struct x8_ui *ui, const char *question, char *out, size_t cap,
                   struct x8_error *err);
/* The same for what cannot be taken back: what was typed before the question stood there is
 * dropped, so that keys meant for something else agree to nothing. */
int x8_ui_ask_severe(struct x8_ui *ui, const char *question, char *out, size_t cap,
                     struct x8_error *err);
/* The same for a password: nothing that is typed is shown, and nothing but `out` holds it.
 * X8_E_AUTH when it cannot be asked. */
int x8_ui_ask_secret(struct x8_ui *ui, const char *question, char *out, size_t cap,
                     struct x8_error *err);

/*
 * Signals: block SIGINT, SIGTERM, SIGHUP and ignore SIGPIPE and SIGXFSZ (call first in main,
 * before any thread), then one thread waits for them and raises `cancel`: first SOFT, second HARD,
 * third ends the process with 130/143. `ui` may be NULL; it announces the first two, and its
 * questions end with the first. A signal that was ignored when the process began stays ignored
 * (nohup, jobs in the background of a script). Stop before the ui is stopped.
 */
void x8_signals_block(void);
int x8_signals_start(struct x8_cancel *cancel, struct x8_ui *ui, struct x8_error *err);
void x8_signals_stop(void);
/* From now on the first signal is how the command is meant to end (something is followed until the
 * user has seen enough): it is not announced. */
void x8_signals_expect(void);
/* What the first signal is answered with from now on, instead of the words for a flash (borrowed
 * for ever). */
void x8_signals_say(const char *words);

#endif
