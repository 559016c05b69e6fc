/*
 * The queue and the painter. Any thread adds facts to a list and goes on; one thread takes the
 * whole list at most ten times a second, renders it, and is the only one that waits for the
 * terminal. A reader of stderr that is stuck therefore stops no flash: facts queue up, and progress
 * replaces the progress that waits before it.
 */
#include "ui/parts.h"
#include "util/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define IDLE_MS 1000 /* bars are redrawn this often although nothing came: time left goes on */

/* stderr may be non-blocking when it is shared with a program that made it so. */
int x8_write_all(int fd, const struct x8_buf *bytes)
{
    size_t at = 0;

    while (at < bytes->len) {
        ssize_t n = write(fd, bytes->data + at, bytes->len - at);
        struct pollfd p = {.fd = fd, .events = POLLOUT};

        if (n >= 0)
            at += (size_t)n;
        else if (errno == EAGAIN)
            poll(&p, 1, -1);
        else if (errno != EINTR)
            return -1;
    }
    return 0;
}

static void look_at_terminal(struct x8_view *view)
{
    struct winsize size = {0};

    view->columns = 80;
    view->rows = 24;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0)
        return;
    if (size.ws_col)
        view->columns = size.ws_col;
    if (size.ws_row)
        view->rows = size.ws_row;
}

static void render(struct x8_ui *ui, struct x8_fact *fact, struct x8_buf *text, struct x8_buf *log)
{
    struct x8_board_view *board = x8_view_note(&ui->view, fact);

    if (fact->kind == X8_FACT_PREVIEW)
        return;
    x8_log_add(&ui->log, &ui->view, board, fact, log);
    if (ui->view.mode == X8_PROGRESS_JSON)
        x8_json_fact(&ui->view, board, fact, text);
    else if (ui->view.mode == X8_PROGRESS_LINES)
        x8_lines_fact(&ui->view, board, fact, text);
    else
        x8_tty_fact(&ui->view, board, fact, text);
}

/* A full disk ends the log, not the run; the user is told once. */
static void write_log(struct x8_ui *ui, struct x8_buf *log, struct x8_buf *text)
{
    struct x8_event event = {.kind = X8_EV_WARN};
    struct x8_buf words = {0};
    struct x8_fact *fact;
    int errnum = x8_log_write(&ui->log, log);

    if (!errnum)
        return;
    x8_put(&words, "the log %s ends here: %s", ui->config.log_path, strerror(errnum));
    event.text = x8_buf_text(&words);
    fact = x8_fact_new(X8_EV_WARN, &event);
    if (fact)
        render(ui, fact, text, log);
    x8_fact_free(fact);
    x8_buf_done(&words);
}

/* Without the lock: this may wait for the terminal. */
static void paint(struct x8_ui *ui, struct x8_fact *facts, int hide)
{
    struct x8_buf text = {0}, log = {0}, frame = {0};

    look_at_terminal(&ui->view);
    ui->view.frame++;
    while (facts) {
        struct x8_fact *next = facts->next;

        render(ui, facts, &text, &log);
        x8_fact_free(facts);
        facts = next;
    }
    if (hide)
        ui->view.hidden = 1;
    write_log(ui, &log, &text);
    if (ui->view.mode == X8_PROGRESS_BAR)
        x8_tty_frame(&ui->view, &text, x8_now_ms(), &frame);
    if (!ui->out_dead &&
        x8_write_all(STDERR_FILENO, ui->view.mode == X8_PROGRESS_BAR ? &frame : &text) != 0)
        ui->out_dead = 1;
    ui->last_paint = x8_now_ms();
    x8_buf_done(&text);
    x8_buf_done(&log);
    x8_buf_done(&frame);
}

/* Sleep until something is to be painted; with the lock held. */
static void wait_for_work(struct x8_ui *ui)
{
    while (!ui->stopping && ui->flush_asked == ui->flush_done) {
        int bars = ui->view.mode == X8_PROGRESS_BAR && ui->view.block_lines > 0;
        int64_t due = X8_NO_DEADLINE;
        struct timespec ts;

        if (!ui->held && ui->head)
            due = ui->last_paint + X8_FRAME_MS;
        else if (!ui->held && bars)
            due = ui->last_paint + IDLE_MS;
        if (due == X8_NO_DEADLINE) {
            pthread_cond_wait(&ui->work, &ui->lock);
            continue;
        }
        if (x8_now_ms() >= due)
            return;
        ts = x8_deadline_timespec(due);
        pthread_cond_timedwait(&ui->work, &ui->lock, &ts);
    }
}

void *x8_ui_painter(void *arg)
{
    struct x8_ui *ui = arg;
    int stopping;

    pthread_mutex_lock(&ui->lock);
    do {
        struct x8_fact *facts;
        unsigned flush;

        wait_for_work(ui);
        facts = ui->head;
        ui->head = ui->progress = NULL;
        ui->tail = &ui->head;
        flush = ui->flush_asked;
        stopping = ui->stopping;
        pthread_mutex_unlock(&ui->lock);
        paint(ui, facts, flush != ui->flush_done || stopping);
        pthread_mutex_lock(&ui->lock);
        ui->flush_done = flush;
        pthread_cond_broadcast(&ui->done);
    } while (!stopping);
    pthread_mutex_unlock(&ui->lock);
    return NULL;
}

static int same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/*
 * Put new numbers into progress that waits already. Only when nothing but progress came behind it:
 * the order of facts is kept.
 */
static int coalesce(struct x8_ui *ui, const struct x8_fact *fact)
{
    struct x8_fact *found = NULL;

    for (struct x8_fact *f = ui->progress; f; f = f->next)
        if (same(f->board, fact->board))
            found = same(f->stage, fact->stage) ? f : NULL;
    if (!found)
        return 0;
    found->done = fact->done;
    found->total = fact->total;
    found->ms = fact->ms;
    memcpy(found->t, fact->t, sizeof found->t);
    return 1;
}

static void append(struct x8_ui *ui, struct x8_fact *fact)
{
    if (!ui->head)
        pthread_cond_signal(&ui->work);
    *ui->tail = fact;
    ui->tail = &fact->next;
    if (fact->kind != X8_EV_PROGRESS)
        ui->progress = NULL;
    else if (!ui->progress)
        ui->progress = fact;
}

void x8_ui_enqueue(struct x8_ui *ui, int kind, const struct x8_event *event)
{
    struct x8_fact *fact = x8_fact_new(kind, event);

    if (!fact)
        return; /* without memory there is nobody left to tell */
    pthread_mutex_lock(&ui->lock);
    if (kind == X8_EV_PROGRESS && coalesce(ui, fact))
        x8_fact_free(fact);
    else
        append(ui, fact);
    pthread_mutex_unlock(&ui->lock);
}
