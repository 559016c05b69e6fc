/*
 * The command on the board, line by line. A first stop shuts it at once until it said that it will
 * rename; from then on it is answered with a sentence and waits.
 */
#include "sketch/upload_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_MS  250 /* how often a stop that has to wait is looked for */
#define WRITE_MS  20000
#define BLOCK     ((size_t)128 << 10)
#define SAID_MAX  ((size_t)1 << 20)
#define SHOWN_GAP 100 /* milliseconds between two reports */

void upload_enter(struct upload *up, const char *stage)
{
    if (up->op.stage && strcmp(up->op.stage, stage) == 0)
        return;
    up->op.stage = stage;
    x8_emit_enter(&up->op);
}

void upload_phase(struct upload *up, enum upload_phase phase)
{
    pthread_mutex_lock(&up->lock);
    up->phase = phase;
    pthread_mutex_unlock(&up->lock);
}

static void wake(void *ctx, enum x8_cancel_level level)
{
    struct upload *up = ctx;

    pthread_mutex_lock(&up->lock);
    if (up->channel && (level >= X8_CANCEL_HARD || up->phase < UPLOAD_DONE))
        x8_channel_shut(up->channel);
    pthread_mutex_unlock(&up->lock);
}

int upload_talk_start(struct upload *up, const struct x8_buf *text, int is_fed,
                      struct x8_error *err)
{
    struct x8_command command = {.text = x8_buf_text(text),
                                 .input = is_fed ? X8_INPUT_COUNT : X8_INPUT_NONE,
                                 .input_len = is_fed ? up->job->sketch->file.len : 0,
                                 .has_lead = is_fed,
                                 .merge_errors = 1,
                                 .ends_at_soft = up->phase < UPLOAD_DONE};
    struct x8_channel *channel = NULL;
    int rc = x8_start(up->session, &up->op, &command, &channel, err);

    if (rc < 0)
        return rc;
    up->text.len = up->taken = 0;
    pthread_mutex_lock(&up->lock);
    up->channel = channel;
    pthread_mutex_unlock(&up->lock);
    up->waker = (struct x8_waker){.wake = wake, .ctx = up};
    if (up->op.cancel)
        x8_cancel_watch(up->op.cancel, &up->waker);
    return 0;
}

void upload_talk_end(struct upload *up)
{
    if (up->channel && up->op.cancel)
        x8_cancel_unwatch(up->op.cancel, &up->waker);
    x8_channel_close(&up->channel);
}

static int split(char *text, char **rest)
{
    char *blank = strchr(text, ' ');

    *rest = blank ? blank + 1 : text + strlen(text);
    if (blank)
        *blank = '\0';
    return blank != NULL;
}

/* The units' text has its line ends as tabs. What is not readable leaves what was known. */
static void take_units(struct upload_said *said, char *text)
{
    struct x8_watcher watcher;
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (text[i] == '\t')
            text[i] = '\n';
    if (x8_watcher_parse((struct x8_span){(const uint8_t *)text, len}, &watcher, NULL) == 0) {
        said->watcher = watcher;
        said->has_watcher = 1;
    }
}

static void take_sum(struct upload_said *said, char *rest)
{
    char *inode;

    if (split(rest, &inode) && x8_parse_u64(inode, &said->inode) == 0)
        x8_clean(said->sum, sizeof(said->sum), rest, strlen(rest));
}

static void take_end(struct upload_said *said, char *rest)
{
    char *outcome;

    split(rest, &outcome);
    x8_clean(said->word, sizeof(said->word), rest, strlen(rest));
    x8_clean(said->outcome, sizeof(said->outcome), outcome, strlen(outcome));
}

static void take_number(uint64_t *out, const char *text)
{
    uint64_t number;

    if (x8_parse_u64(text, &number) == 0)
        *out = number;
}

void upload_take_line(struct upload_said *said, const char *line)
{
    char *copy = strdup(line), *rest;

    if (!copy)
        return; /* as a line that was not said: no success without the last one */
    split(copy, &rest);
    if (strcmp(copy, "units") == 0)
        take_units(said, rest);
    else if (strcmp(copy, "folder") == 0)
        x8_clean(said->folder, sizeof(said->folder), rest, strlen(rest));
    else if (strcmp(copy, "target") == 0)
        x8_clean(said->target, sizeof(said->target), rest, strlen(rest));
    else if (strcmp(copy, "error") == 0)
        x8_clean(said->error, sizeof(said->error), rest, strlen(rest));
    else if (strcmp(copy, "m7") == 0)
        x8_clean(said->m7, sizeof(said->m7), rest, strlen(rest));
    else if (strcmp(copy, "space") == 0)
        take_number(&said->space, rest);
    else if (strcmp(copy, "user") == 0)
        take_number(&said->user, rest);
    else if (strcmp(copy, "sum") == 0)
        take_sum(said, rest);
    else if (strcmp(copy, "same") == 0)
        said->is_same = strcmp(rest, "yes") == 0;
    else if (strcmp(copy, "facts") == 0)
        said->has_facts = 1;
    else if (strcmp(copy, "ready") == 0)
        said->is_ready = 1;
    else if (strcmp(copy, "end") == 0)
        take_end(said, rest);
    free(copy);
}

void upload_no_record(struct upload *up)
{
    if (up->has_no_record)
        return;
    up->has_no_record = 1;
    x8_emit(&up->op, X8_EV_NOTICE,
            "the board keeps no record of this upload: its user's home folder cannot be written");
}

/* What happens on the board, for the user. */
static void tell(struct upload *up, const char *line)
{
    if (x8_starts(line, "sum ")) {
        up->out->copy_ms = x8_now_ms() - up->start_ms;
        if (strcmp(up->said.sum, up->job->sketch->sha256) == 0)
            x8_emit(&up->op, X8_EV_STAGE, "sha256 %.8s... confirmed on the board", up->said.sum);
    } else if (strcmp(line, "queue") == 0 && up->phase < UPLOAD_DONE) {
        upload_enter(up, "queue");
        x8_emit(&up->op, X8_EV_WAIT, "waiting for the board to end another programming");
    } else if (strcmp(line, "commit") == 0) {
        upload_phase(up, UPLOAD_DONE);
        upload_enter(up, "program");
    } else if (strcmp(line, "norecord") == 0)
        upload_no_record(up);
    else if (strcmp(line, "again") == 0)
        x8_emit(&up->op, X8_EV_DETAIL, "another programming ran meanwhile, so once more");
    else if (x8_starts(line, "same ") && up->phase == UPLOAD_DONE)
        upload_enter(up, "verify");
    else if (x8_starts(line, "end "))
        upload_phase(up, UPLOAD_END);
}

/* Take the lines that are complete. */
static void take_lines(struct upload *up)
{
    char *at = (char *)up->text.data + up->taken, *end;

    while (up->taken < up->text.len && (end = memchr(at, '\n', up->text.len - up->taken)) != NULL) {
        *end = '\0';
        x8_emit(&up->op, X8_EV_TRACE, "board: %.200s", at);
        upload_take_line(&up->said, at);
        tell(up, at);
        up->taken += (size_t)(end - at) + 1;
        at = end + 1;
    }
}

static void answer_stop(struct upload *up)
{
    if (up->told_wait || up->phase != UPLOAD_DONE ||
        x8_cancel_level(up->op.cancel) != X8_CANCEL_SOFT)
        return;
    up->told_wait = 1;
    x8_emit(&up->op, X8_EV_NOTICE,
            "the board programs already and cannot be stopped: waiting for it to end (press again "
            "to leave)");
}

/* Some more text, or a slice of time. 1, 0 at the end, negative. */
static int read_some(struct upload *up, int64_t deadline, struct x8_error *err)
{
    enum x8_output which;
    char piece[4096];
    int slice = x8_deadline_left(deadline, SLICE_MS);
    ssize_t n =
        x8_channel_read(up->channel, &up->op, &which, piece, sizeof(piece), slice ? slice : 1, err);

    if (n == -X8_E_TIMEOUT && x8_deadline_left(deadline, 1) > 0 &&
        x8_deadline_left(up->op.deadline, 1) > 0)
        return 1;
    if (n <= 0)
        return (int)n;
    if (up->text.len + (size_t)n > SAID_MAX)
        return x8_fail(err, X8_E_LINK, "the board talks without end");
    if (x8_buf_add(&up->text, piece, (size_t)n) < 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    take_lines(up);
    return 1;
}

int upload_talk_until(struct upload *up, int (*is_there)(const struct upload *up), int64_t limit_ms,
                      struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(limit_ms);

    while (!is_there(up) && !up->said.word[0]) {
        int rc;

        answer_stop(up);
        rc = read_some(up, deadline, err);
        if (rc < 0)
            return rc;
        if (rc == 0) /* its last line did not come */
            return x8_fail(err, X8_E_GONE, "the command on the board ended without a word");
    }
    return 0;
}

/* The command takes all of it, also when it has no use for it. */
int upload_talk_send(struct upload *up, struct x8_error *err)
{
    const struct x8_buf *file = &up->job->sketch->file;
    int64_t shown = 0;

    for (size_t at = 0; at < file->len;) {
        size_t n = file->len - at < BLOCK ? file->len - at : BLOCK;
        int rc;

        if (at + n == file->len)
            upload_phase(up, UPLOAD_SENT);
        rc = x8_channel_write(up->channel, &up->op, file->data + at, n, WRITE_MS, err);
        if (rc < 0)
            return rc;
        at += n;
        if (x8_now_ms() - shown >= SHOWN_GAP || at == file->len) {
            shown = x8_now_ms();
            x8_emit_progress(&up->op, at, file->len);
        }
    }
    return 0;
}
