/*
 * The lines of several boards on one stdout and one stderr, whole and with the board's name in
 * front.
 */
#include "running_parts.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A line that never ends is passed on in pieces of this size. */
enum { LINE_MAX_LEN = 65536 };

static struct x8_on_board *board_of(struct x8_job_on *job)
{
    return X8_CONTAINER(job, struct x8_on_board, job);
}

/* The reader of a pipe went away: what is still under way has no purpose any more. */
static void stop_unread(struct x8_run *run)
{
    run->ctx->stdout_errno = errno;
    if (!atomic_exchange(&run->is_unread, 1))
        x8_cancel_raise(run->ctx->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
}

static void put(struct x8_run *run, FILE *to, const void *text, size_t len)
{
    if (fwrite(text, 1, len, to) != len && to == stdout)
        stop_unread(run);
}

static void put_line(struct x8_on_board *board, FILE *to, const void *text, size_t len)
{
    fputs(board->job.target->label, to);
    fputs(": ", to);
    put(board->run, to, text, len);
}

/* What follows is seen at once, also through a pipe. */
static void flush(struct x8_run *run, FILE *to)
{
    if (fflush(to) != 0 && to == stdout)
        stop_unread(run);
}

static void put_lines(struct x8_on_board *board, FILE *to, struct x8_buf *partial)
{
    const char *text = x8_buf_text(partial);
    size_t at = 0;

    while (at < partial->len) {
        const char *end = memchr(text + at, '\n', partial->len - at);
        size_t len = end ? (size_t)(end - (text + at)) + 1 : partial->len - at;

        if (!end && len < LINE_MAX_LEN)
            break;
        put_line(board, to, text + at, len);
        if (!end)
            put(board->run, to, "\n", 1);
        at += len;
    }
    if (at)
        memmove(partial->data, partial->data + at, partial->len - at);
    partial->len -= at;
}

void x8_job_print(struct x8_job_on *job, int to_errors, const void *text, size_t len)
{
    struct x8_on_board *board = board_of(job);
    struct x8_buf *partial = &board->partial[to_errors != 0];
    FILE *to = to_errors ? stderr : stdout;

    if (len == 0)
        return;
    if (isatty(fileno(to))) /* bars must be off the screen */
        x8_ui_flush(job->ctx->ui);
    pthread_mutex_lock(&board->run->print);
    if (job->count == 1)
        put(board->run, to, text, len);
    else if (x8_buf_add(partial, text, len) == 0)
        put_lines(board, to, partial);
    else
        put_line(board, to, text, len);
    flush(board->run, to);
    pthread_mutex_unlock(&board->run->print);
}

void x8_run_print_rest(struct x8_on_board *board)
{
    for (int i = 0; i < 2; i++)
        if (board->partial[i].len)
            x8_job_print(&board->job, i, "\n", 1);
}
