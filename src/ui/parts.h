/*
 * What the files of this room share: a fact as it is queued, what is known about each board, and
 * the renderers. A renderer is pure: it appends bytes to a buffer and touches no file, so that
 * tests compare its text. Only ui.c writes.
 */
#ifndef X8_UI_PARTS_H
#define X8_UI_PARTS_H

#include "ui/ui.h"
#include "util/buf.h"

#include <pthread.h>

/* Kinds beyond enum x8_event_kind: what the ui is told by cmd/ instead of by the engine. */
#define X8_FACT_SAY     (X8_EV_RESULT + 1) /* a plain line */
#define X8_FACT_FINAL   (X8_EV_RESULT + 2) /* the error the command ends with */
#define X8_FACT_PREVIEW (X8_EV_RESULT + 3) /* lines of a result to come; for the terminal alone */

/* A queued fact. Texts are cleaned; only `text` may hold line ends. */
struct x8_fact {
    struct x8_fact *next;
    int kind;
    char t[32];           /* time of day when it was emitted, with milliseconds */
    int64_t ms;           /* the same moment on the clock of x8_now_ms() */
    char *board, *stage;  /* may be NULL */
    char *text;           /* never NULL */
    uint64_t done, total; /* bytes */
    struct x8_error *error;
};

/* Copy an event. NULL without memory. */
struct x8_fact *x8_fact_new(int kind, const struct x8_event *event);
void x8_fact_free(struct x8_fact *fact);

/* The word for a kind: "start", "stage", ... */
const char *x8_fact_word(int kind);

/* Speed over the last seconds, from samples of bytes done. */
#define X8_RATE_SAMPLES   64
#define X8_RATE_WINDOW_MS 5000
struct x8_rate {
    struct {
        int64_t ms;
        uint64_t done;
    } samples[X8_RATE_SAMPLES];
    size_t first, count;
};

void x8_rate_reset(struct x8_rate *rate);
void x8_rate_add(struct x8_rate *rate, int64_t ms, uint64_t done);
/* Bytes per second; 0 while unknown or stalled. */
uint64_t x8_rate_now(struct x8_rate *rate, int64_t now);
/* Seconds until `left` bytes are done; -1 when that cannot be said. */
int64_t x8_rate_eta(uint64_t rate, uint64_t left);

/* What is known about one board (or, with name NULL, about the run as a whole). */
struct x8_board_view {
    char *name, *stage, *wait; /* may be NULL */
    int64_t stage_since, last_end;
    uint64_t done, total;
    struct x8_rate rate;
    int in_stage, failed;
    int64_t line_ms, wait_ms, log_ms; /* when a limited kind of line was last written */
    uint64_t json_frame;
    int line_percent, waiting;
};

struct x8_view {
    const char *command, *word; /* "x8ctl flash", "flash" */
    char run[8];                /* random, tells runs apart in JSON lines */
    enum x8_progress_mode mode; /* resolved: never AUTO */
    int utf8, color, quiet, verbosity;
    int terminal; /* stderr is one */
    int columns, rows;
    uint64_t frame; /* counts from 1 */
    struct x8_board_view **boards;
    size_t count, named; /* all; those with a name */
    char *preview;       /* lines, or NULL */
    /* The block of bars: */
    struct x8_buf block;   /* as it stands on the screen */
    size_t block_lines;    /* how many lines that is */
    int hidden;            /* taken off until something moves again */
    struct x8_error known; /* the last error shown for a board, so that it is not said twice */
};

void x8_view_done(struct x8_view *view);
/* Take a fact into the view and return its board. Call before rendering it. NULL without memory. */
struct x8_board_view *x8_view_note(struct x8_view *view, const struct x8_fact *fact);
/* 1 when the fact is for the eyes of this user (quiet, -v). */
int x8_view_wants(const struct x8_view *view, const struct x8_fact *fact);
/* 1 when `fact` repeats the error of a board that was shown before. */
int x8_view_is_known(const struct x8_view *view, const struct x8_fact *fact);
/* The error a fact shows, with the board's name when it does not say it and others are there. */
struct x8_error x8_view_error(const struct x8_view *view, const struct x8_fact *fact);

/* Renderers. `board` is what x8_view_note returned. */
void x8_lines_fact(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact,
                   struct x8_buf *out);
void x8_json_fact(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact,
                  struct x8_buf *out);
void x8_log_fact(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact,
                 struct x8_buf *out);
/* The terminal: permanent text of a fact, and the block of bars below. */
void x8_tty_fact(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact,
                 struct x8_buf *out);
/* The lines of all boards that are at work, as text without control bytes. Number of lines. */
size_t x8_tty_block(struct x8_view *view, int64_t now, struct x8_buf *out);
/* One frame: step over the old block, write `permanent` (may be empty), draw the block of `now`
 * (none while `hidden`). Nothing is added when nothing changed. */
void x8_tty_frame(struct x8_view *view, const struct x8_buf *permanent, int64_t now,
                  struct x8_buf *out);

/* The three-part form. `columns` 0: never wrap. */
void x8_error_form(const char *command, const struct x8_error *error, int columns, int color,
                   struct x8_buf *out);

/* Columns a text takes on a terminal; bytes of it that fit into `columns`. */
size_t x8_columns(const char *text);
size_t x8_columns_fit(const char *text, size_t columns);

/* Append; memory failure aborts, as a message that is lost silently is worse. */
void x8_put(struct x8_buf *out, const char *fmt, ...) X8_PRINTF(2, 3);
void x8_put_padded(struct x8_buf *out, const char *text, size_t columns);
/* Text and a line end, broken between words so that no line is wider than `columns` - 1 (0: never);
 * `used` columns stand on the first line already, the others are indented. */
void x8_put_wrapped(struct x8_buf *out, const char *text, int columns, size_t used, size_t indent);

/* A log (log.c): that of --log FILE, or the one that is kept of a run. */
struct x8_log {
    int fd; /* -1: none, or it could not be written any more */
    int is_kept, is_full;
    int depth; /* as a verbosity: what it has */
    uint64_t bytes;
};

/* X8_E_NO_FILE, X8_E_HOST_SPACE. */
int x8_log_open(struct x8_log *log, const struct x8_ui_config *config, struct x8_error *err);
void x8_log_close(struct x8_log *log);
/* Append what it says of a fact. */
void x8_log_add(struct x8_log *log, struct x8_view *view, struct x8_board_view *board,
                const struct x8_fact *fact, struct x8_buf *out);
/* Write it; else the log ends. The errno where the user is to be told, or 0. */
int x8_log_write(struct x8_log *log, const struct x8_buf *text);
/* 1 when a verbosity of `depth` has this kind of fact. */
static inline int x8_depth_has(int depth, int kind)
{
    return kind < X8_EV_DETAIL || kind > X8_EV_WIRE || depth > kind - X8_EV_DETAIL;
}

/* The object behind ui.h: a queue between the threads that report and the painter. */
#define X8_FRAME_MS 100
struct x8_ui {
    struct x8_ui_config config;
    int depth; /* the verbosity that screen and log need */
    pthread_t painter;
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    /* Under the lock: */
    struct x8_fact *head, **tail;
    struct x8_fact *progress; /* where the progress at the end of the list begins */
    unsigned flush_asked, flush_done;
    int stopping, held;
    struct x8_cancel *cancel;
    /* The painter's own: */
    struct x8_view view;
    struct x8_log log;
    int out_dead; /* nobody reads any more */
    int64_t last_paint;
};

/* Add a fact: the only thing reporting threads do. */
void x8_ui_enqueue(struct x8_ui *ui, int kind, const struct x8_event *event);
/* The painter's thread; `arg` is the struct x8_ui. */
void *x8_ui_painter(void *arg);
/* Write everything, or find out that nobody reads: 0 or -1. */
int x8_write_all(int fd, const struct x8_buf *bytes);
/* A heap copy with all but the line ends cleaned (those too unless `keep_lines`). NULL without
 * memory. */
char *x8_clean_copy(const char *text, int keep_lines);

/* For signals.c: the token that ends a prompt, or NULL. */
void x8_ui_set_cancel(struct x8_ui *ui, struct x8_cancel *cancel);
/* For ask.c: hold all painting, with the bars off the screen, until released. */
void x8_ui_hold(struct x8_ui *ui, int on);
/* For signals.c: 1 while a question stands on the terminal. */
int x8_ui_is_asking(struct x8_ui *ui);
struct x8_cancel *x8_ui_cancel_of(struct x8_ui *ui);

#endif
