/*
 * Facts as they are queued: copied, timed and cleaned in the thread that reports them.
 */
#include "ui/parts.h"
#include "util/clock.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* Clean what lies between line ends; the ends stay (for text) or go (for one-line words). */
char *x8_clean_copy(const char *text, int keep_lines)
{
    size_t len = strlen(text), at = 0;
    char *out = malloc(len + 1);

    if (!out)
        return NULL;
    while (len > 0 && text[len - 1] == '\n')
        len--;
    while (at < len) {
        const char *end = keep_lines ? memchr(text + at, '\n', len - at) : NULL;
        size_t part = end ? (size_t)(end - text) - at : len - at;

        x8_clean(out + at, part + 1, text + at, part);
        at += part;
        if (end)
            out[at++] = '\n';
    }
    out[at] = '\0';
    return out;
}

static void clean_field(char *field, size_t cap)
{
    char *copy = x8_clean_copy(field, 1);

    if (copy)
        x8_copy(field, cap, copy);
    free(copy);
}

static struct x8_error *error_copy(const struct x8_error *error)
{
    struct x8_error *copy = malloc(sizeof *copy);

    if (!copy)
        return NULL;
    *copy = *error;
    clean_field(copy->msg, sizeof copy->msg);
    clean_field(copy->why, sizeof copy->why);
    clean_field(copy->next, sizeof copy->next);
    return copy;
}

struct x8_fact *x8_fact_new(int kind, const struct x8_event *event)
{
    struct x8_fact *fact = calloc(1, sizeof *fact);

    if (!fact)
        return NULL;
    fact->kind = kind;
    fact->ms = x8_now_ms();
    x8_utc_text(fact->t, 1);
    fact->done = event->done;
    fact->total = event->total;
    fact->board = event->board ? x8_clean_copy(event->board, 0) : NULL;
    fact->stage = event->stage ? x8_clean_copy(event->stage, 0) : NULL;
    fact->text = x8_clean_copy(event->text ? event->text : "", 1);
    fact->error = event->error ? error_copy(event->error) : NULL;
    if (!fact->text || (event->error && !fact->error) || (event->board && !fact->board) ||
        (event->stage && !fact->stage)) {
        x8_fact_free(fact);
        return NULL;
    }
    return fact;
}

void x8_fact_free(struct x8_fact *fact)
{
    if (!fact)
        return;
    free(fact->board);
    free(fact->stage);
    free(fact->text);
    free(fact->error);
    free(fact);
}

const char *x8_fact_word(int kind)
{
    static const char *const words[] = {
        [X8_EV_START] = "start",   [X8_EV_STAGE] = "stage",   [X8_EV_PROGRESS] = "progress",
        [X8_EV_NOTICE] = "notice", [X8_EV_WAIT] = "wait",     [X8_EV_WARN] = "warn",
        [X8_EV_DETAIL] = "detail", [X8_EV_TRACE] = "trace",   [X8_EV_WIRE] = "wire",
        [X8_EV_ERROR] = "error",   [X8_EV_RESULT] = "result", [X8_FACT_SAY] = "notice",
        [X8_FACT_FINAL] = "error",
    };

    return words[kind];
}
