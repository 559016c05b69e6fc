/*
 * The doors of this room: start and stop, what can be told to it, and how its configuration meets
 * the terminal it finds. The work is done by the painter (painter.c).
 */
#include "ui/parts.h"
#include "util/await.h"
#include "util/clock.h"
#include "util/digest.h"
#include "util/text.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void x8_ui_emit(void *ctx, const struct x8_event *event)
{
    struct x8_ui *ui = ctx;

    /* Wire bytes that nobody wants are not even copied. */
    if (!x8_depth_has(ui->depth, (int)event->kind))
        return;
    x8_ui_enqueue(ui, (int)event->kind, event);
}

void x8_ui_say(struct x8_ui *ui, const char *fmt, ...)
{
    struct x8_event event = {.kind = X8_EV_NOTICE};
    char text[2048];
    va_list ap;

    va_start(ap, fmt);
    if (vsnprintf(text, sizeof text, fmt, ap) < 0)
        text[0] = '\0';
    va_end(ap);
    event.text = text;
    x8_ui_enqueue(ui, X8_FACT_SAY, &event);
}

void x8_ui_preview(struct x8_ui *ui, const char *text)
{
    const struct x8_event event = {.kind = X8_EV_NOTICE, .text = text};

    if (ui->view.mode == X8_PROGRESS_BAR)
        x8_ui_enqueue(ui, X8_FACT_PREVIEW, &event);
}

/* Before there is a ui, for instance because its log cannot be opened. */
static void error_without_ui(const struct x8_error *error)
{
    struct x8_event event = {.kind = X8_EV_ERROR, .error = error};
    struct x8_fact *fact = x8_fact_new(X8_FACT_FINAL, &event);
    struct x8_buf text = {0};

    if (!fact)
        return;
    x8_error_form("x8ctl", fact->error, 0, 0, &text);
    (void)!x8_write_all(STDERR_FILENO, &text);
    x8_buf_done(&text);
    x8_fact_free(fact);
}

void x8_ui_error(struct x8_ui *ui, const struct x8_error *error)
{
    struct x8_event event = {.kind = X8_EV_ERROR, .error = error};

    if (ui)
        x8_ui_enqueue(ui, X8_FACT_FINAL, &event);
    else
        error_without_ui(error);
}

/* With the lock held. */
static void flush_locked(struct x8_ui *ui)
{
    unsigned mine = ++ui->flush_asked;

    pthread_cond_signal(&ui->work);
    while ((int)(ui->flush_done - mine) < 0)
        pthread_cond_wait(&ui->done, &ui->lock);
}

void x8_ui_flush(struct x8_ui *ui)
{
    pthread_mutex_lock(&ui->lock);
    flush_locked(ui);
    pthread_mutex_unlock(&ui->lock);
}

void x8_ui_hold(struct x8_ui *ui, int on)
{
    pthread_mutex_lock(&ui->lock);
    ui->held = on;
    if (on)
        flush_locked(ui);
    else
        pthread_cond_signal(&ui->work);
    pthread_mutex_unlock(&ui->lock);
}

int x8_ui_is_asking(struct x8_ui *ui)
{
    int held;

    pthread_mutex_lock(&ui->lock);
    held = ui->held;
    pthread_mutex_unlock(&ui->lock);
    return held;
}

void x8_ui_set_cancel(struct x8_ui *ui, struct x8_cancel *cancel)
{
    pthread_mutex_lock(&ui->lock);
    ui->cancel = cancel;
    pthread_mutex_unlock(&ui->lock);
}

struct x8_cancel *x8_ui_cancel_of(struct x8_ui *ui)
{
    struct x8_cancel *cancel;

    pthread_mutex_lock(&ui->lock);
    cancel = ui->cancel;
    pthread_mutex_unlock(&ui->lock);
    return cancel;
}

static enum x8_progress_mode resolve_mode(const struct x8_ui_config *config, int terminal)
{
    int can_move = terminal && !config->dumb;

    if (config->progress == X8_PROGRESS_AUTO)
        return can_move && !config->in_ci ? X8_PROGRESS_BAR : X8_PROGRESS_LINES;
    if (config->progress == X8_PROGRESS_BAR && !can_move)
        return X8_PROGRESS_LINES;
    return config->progress;
}

static int resolve_color(const struct x8_ui_config *config, int terminal)
{
    if (config->color != X8_COLOR_AUTO)
        return config->color == X8_COLOR_ALWAYS;
    return config->force_color || (terminal && !config->no_color && !config->dumb);
}

/* Four characters that tell the runs of a log apart; no secret hangs on them. */
static void make_run_id(char out[8])
{
    static const char set[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    struct {
        struct timespec now;
        pid_t pid;
    } seed;
    uint32_t bits;

    memset(&seed, 0, sizeof seed);
    clock_gettime(CLOCK_REALTIME, &seed.now);
    seed.pid = getpid();
    bits = x8_crc32(0, &seed, sizeof seed);
    for (int i = 0; i < 4; i++, bits /= sizeof set - 1)
        out[i] = set[bits % (sizeof set - 1)];
    out[4] = '\0';
}

static void init_view(struct x8_ui *ui)
{
    const struct x8_ui_config *config = &ui->config;
    const char *word = strchr(config->command, ' ');

    ui->view.command = config->command;
    ui->view.word = word ? word + 1 : config->command;
    ui->view.terminal = isatty(STDERR_FILENO);
    ui->view.mode = resolve_mode(config, ui->view.terminal);
    ui->view.color = resolve_color(config, ui->view.terminal);
    ui->view.utf8 = config->utf8;
    ui->view.quiet = config->quiet;
    ui->view.verbosity = config->verbosity;
    ui->last_paint = x8_now_ms() - X8_FRAME_MS; /* the first fact is painted at once */
    make_run_id(ui->view.run);
}

static void init_sync(struct x8_ui *ui)
{
    pthread_mutex_init(&ui->lock, NULL);
    x8_cond_init(&ui->work);
    x8_cond_init(&ui->done);
}

static void ui_free(struct x8_ui *ui)
{
    x8_view_done(&ui->view);
    x8_log_close(&ui->log);
    pthread_cond_destroy(&ui->work);
    pthread_cond_destroy(&ui->done);
    pthread_mutex_destroy(&ui->lock);
    free(ui);
}

int x8_ui_start(const struct x8_ui_config *config, struct x8_ui **out, struct x8_error *err)
{
    struct x8_ui *ui = calloc(1, sizeof *ui);
    int rc;

    if (!ui)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    ui->config = *config;
    ui->tail = &ui->head;
    init_sync(ui);
    init_view(ui);
    rc = x8_log_open(&ui->log, config, err);
    ui->depth = ui->log.depth > config->verbosity ? ui->log.depth : config->verbosity;
    if (rc == 0 && pthread_create(&ui->painter, NULL, x8_ui_painter, ui) != 0)
        rc = x8_fail(err, X8_E_INTERNAL, "no thread for the display can be started");
    if (rc < 0) {
        ui_free(ui);
        return rc;
    }
    *out = ui;
    return 0;
}

void x8_ui_stop(struct x8_ui **ui)
{
    if (!*ui)
        return;
    pthread_mutex_lock(&(*ui)->lock);
    (*ui)->stopping = 1;
    pthread_cond_signal(&(*ui)->work);
    pthread_mutex_unlock(&(*ui)->lock);
    pthread_join((*ui)->painter, NULL);
    ui_free(*ui);
    *ui = NULL;
}
