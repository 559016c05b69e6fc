/*
 * The lines that wait, and which of them is the next.
 */
#include "merge.h"

#include "util/await.h"
#include "util/buf.h"
#include "util/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAITING_MAX ((size_t)1 << 20) /* of one board */
#define LOOK_MS     200               /* for a request to stop, while others are waited for */
#define DIGITS_MAX  12                /* seconds of a clock that is only wrong, not absurd */

struct lane {
    struct x8_buf text;
    size_t at;    /* printed up to here */
    size_t line;  /* length of the line there with its end; 0: none is whole */
    size_t stamp; /* length of its time; 0: it has that of the line before */
    int64_t us;   /* its time */
    int has_ended;
};

struct x8_merge {
    pthread_mutex_t lock;
    pthread_cond_t printed;
    x8_merge_print_fn *print;
    void *ctx;
    size_t count, last; /* last: the board that was printed */
    struct lane lanes[];
};

struct x8_merge *x8_merge_new(size_t count, x8_merge_print_fn *print, void *ctx)
{
    struct x8_merge *merge = calloc(1, sizeof *merge + count * sizeof merge->lanes[0]);

    if (!merge)
        return NULL;
    merge->count = count;
    merge->print = print;
    merge->ctx = ctx;
    pthread_mutex_init(&merge->lock, NULL);
    x8_cond_init(&merge->printed);
    return merge;
}

void x8_merge_free(struct x8_merge *merge)
{
    if (!merge)
        return;
    for (size_t i = 0; i < merge->count; i++)
        x8_buf_done(&merge->lanes[i].text);
    pthread_cond_destroy(&merge->printed);
    pthread_mutex_destroy(&merge->lock);
    free(merge);
}

size_t x8_merge_stamp(const char *line, size_t len, int64_t *out_us)
{
    int64_t us = 0;
    size_t i = 0, digits;

    while (i < len && i < DIGITS_MAX && line[i] >= '0' && line[i] <= '9')
        us = us * 10 + (line[i++] - '0');
    if (i == 0 || i >= len || line[i++] != '.')
        return 0;
    for (digits = 0; digits < 6 && i < len && line[i] >= '0' && line[i] <= '9'; digits++)
        us = us * 10 + (line[i++] - '0');
    if (digits < 6 || i >= len || line[i] != ' ')
        return 0;
    *out_us = us;
    return i;
}

/* Find the next line of a lane, unless it stands there already. */
static int has_line(struct lane *lane)
{
    const char *from = x8_buf_text(&lane->text) + lane->at, *end;
    size_t left = lane->text.len - lane->at;

    if (lane->line > 0 || left == 0)
        return lane->line > 0;
    end = memchr(from, '\n', left);
    if (end)
        lane->line = (size_t)(end - from) + 1;
    else if (lane->has_ended || left >= WAITING_MAX)
        lane->line = left;
    else
        return 0;
    lane->stamp = x8_merge_stamp(from, lane->line, &lane->us);
    return 1;
}

/* The board whose line is next, or -1 when one that is not known yet may come before all others.
 * Of equal times the board that was last goes on: a message of several lines stays whole. */
static int next_board(struct x8_merge *merge)
{
    int next = -1;

    for (size_t k = 0; k < merge->count; k++) {
        size_t i = (merge->last + k) % merge->count;
        struct lane *lane = &merge->lanes[i];

        if (!has_line(lane) && !lane->has_ended)
            return -1;
        if (lane->line > 0 && (next < 0 || lane->us < merge->lanes[next].us))
            next = (int)i;
    }
    return next;
}

static void print_line(struct x8_merge *merge, size_t board)
{
    struct lane *lane = &merge->lanes[board];
    const char *line = x8_buf_text(&lane->text) + lane->at;
    time_t seconds = (time_t)(lane->us / 1000000);
    X8_AUTO_BUF out = {0};
    char when[40] = "";
    struct tm tm;

    if (lane->stamp > 0 && gmtime_r(&seconds, &tm))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!when[0])
        merge->print(merge->ctx, board, line, lane->line);
    else if (x8_buf_addf(&out, "%s.%06dZ", when, (int)(lane->us % 1000000)) == 0 &&
             x8_buf_add(&out, line + lane->stamp, lane->line - lane->stamp) == 0)
        merge->print(merge->ctx, board, x8_buf_text(&out), out.len);
    lane->at += lane->line;
    lane->line = 0;
    merge->last = board;
}

static void print_due(struct x8_merge *merge)
{
    int board;

    while ((board = next_board(merge)) >= 0)
        print_line(merge, (size_t)board);
    for (size_t i = 0; i < merge->count; i++) {
        struct lane *lane = &merge->lanes[i];

        if (lane->at == 0)
            continue;
        lane->text.len -= lane->at;
        memmove(lane->text.data, lane->text.data + lane->at, lane->text.len);
        lane->at = 0;
    }
    pthread_cond_broadcast(&merge->printed);
}

static int wait_for_room(struct x8_merge *merge, const struct x8_op *op, const struct lane *lane,
                         struct x8_error *err)
{
    while (lane->text.len >= WAITING_MAX) {
        struct timespec until = x8_deadline_timespec(x8_deadline_in(LOOK_MS));
        int rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);

        if (rc < 0)
            return rc;
        pthread_cond_timedwait(&merge->printed, &merge->lock, &until);
    }
    return 0;
}

int x8_merge_add(struct x8_merge *merge, const struct x8_op *op, size_t board, const char *bytes,
                 size_t len, struct x8_error *err)
{
    struct lane *lane = &merge->lanes[board];
    int rc;

    pthread_mutex_lock(&merge->lock);
    rc = wait_for_room(merge, op, lane, err);
    if (rc == 0 && x8_buf_add(&lane->text, bytes, len) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "not enough memory");
    if (rc == 0)
        print_due(merge);
    pthread_mutex_unlock(&merge->lock);
    return rc;
}

void x8_merge_end(struct x8_merge *merge, size_t board)
{
    pthread_mutex_lock(&merge->lock);
    merge->lanes[board].has_ended = 1;
    print_due(merge);
    pthread_mutex_unlock(&merge->lock);
}
