/*
 * Judging a run of aklite-offline: its code by the generation's table, and where that says little,
 * its words. Both streams are searched, because the generations differ in what they write where.
 */
#include "update/aklite_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

struct judging {
    enum x8_aklite generation;
    enum x8_aklite_verb verb;
    int status;
    struct x8_buf log, errors; /* plain */
    struct x8_aklite_verdict *out;
};

const char *aklite_verb_name(enum x8_aklite_verb verb)
{
    static const char *const names[] = {"install", "run", "rollback"};

    return (size_t)verb < X8_COUNT(names) ? names[verb] : "";
}

static const char *find(const struct judging *j, const char *words)
{
    const char *at = strstr(x8_buf_text(&j->errors), words);

    return at ? at : strstr(x8_buf_text(&j->log), words);
}

static int said(const struct judging *j, const char *const words[2])
{
    return (!words[0] || find(j, words[0])) && (!words[1] || find(j, words[1]));
}

static int is_of(const struct judging *j, unsigned generations, unsigned verbs)
{
    static const unsigned char bits[] = {0, AKLITE_A, AKLITE_B, AKLITE_C};
    /* A rollback installs, with the codes of an installation. */
    unsigned verb = j->verb == X8_AKLITE_RUN ? AKLITE_RUN : AKLITE_INSTALL;

    return (size_t)j->generation < X8_COUNT(bits) && (generations & bits[j->generation]) &&
           (verbs & verb);
}

static const struct aklite_row *row_of(const struct judging *j)
{
    for (size_t i = 0; i < aklite_row_count; i++) {
        const struct aklite_row *row = &aklite_rows[i];

        if (row->status == j->status && is_of(j, row->generations, row->verbs) &&
            said(j, row->said))
            return row;
    }
    return NULL;
}

static const struct aklite_cause *cause_of(const struct judging *j)
{
    for (size_t i = 0; i < aklite_cause_count; i++) {
        const struct aklite_cause *cause = &aklite_causes[i];

        if (is_of(j, cause->generations, cause->verbs) && said(j, cause->said))
            return cause;
    }
    return NULL;
}

/* Failures are wrapped from outside in, with "err: " between: where there is no room for all of it,
 * the inner part says more. The outermost names only what we know. */
static const char *inner(const char *words, size_t room)
{
    static const char mark[] = "err: ";
    const char *next = x8_starts(words, "Failed to ") ? strstr(words, mark) : NULL;

    while (next && next[sizeof(mark) - 1]) {
        words = next + sizeof(mark) - 1;
        next = strlen(words) > room ? strstr(words, mark) : NULL;
    }
    return words;
}

/* The board's own last words, behind ours. Failures are told on stderr; where that is empty the
 * log's end is what there is. */
static void quote(const struct judging *j, const char *why)
{
    char words[1024], *out = j->out->why;
    size_t cap = sizeof(j->out->why), used;

    aklite_last_words(&j->errors, words, sizeof(words));
    if (!words[0])
        aklite_last_words(&j->log, words, sizeof(words));
    snprintf(out, cap, "%.120s%s", why, words[0] ? "; it says: " : "");
    used = strlen(out);
    x8_copy(out + used, cap - used, inner(words, cap - used - 1));
}

static void set(const struct judging *j, enum x8_aklite_means means, enum x8_code code,
                const char *next)
{
    j->out->means = means;
    j->out->code = code;
    x8_copy(j->out->next, sizeof(j->out->next), next);
}

/* No row: killed, not started, or a code of a version that is not known here. */
static void judge_other(const struct judging *j)
{
    char why[120];
    enum x8_aklite_means means = X8_MEANS_FAILED;

    if (j->status == X8_STATUS_UNKNOWN || j->status > 128) {
        snprintf(why, sizeof(why), "aklite-offline %s was ended before it was done (%s)",
                 aklite_verb_name(j->verb),
                 j->status > 128 ? "by a signal" : "killed, or the board lost its power");
        set(j, X8_MEANS_UNDEFINED, X8_E_UNKNOWN_STATE, "x8ctl update finish");
    } else if (j->status == 126 || j->status == 127) {
        snprintf(why, sizeof(why), "aklite-offline could not be started on the board");
        set(j, means, X8_E_WRONG_STATE, "x8ctl update status    shows which one it has");
    } else {
        snprintf(why, sizeof(why), "aklite-offline %s ended with %d", aklite_verb_name(j->verb),
                 j->status);
        set(j, means, X8_E_REFUSED, "-v with this command shows all it said");
    }
    quote(j, why);
}

static void judge_row(const struct judging *j, const struct aklite_row *row)
{
    const struct aklite_cause *cause = row->is_open ? cause_of(j) : NULL;

    if (cause) {
        set(j, row->means, cause->code, cause->next);
        quote(j, cause->why);
        return;
    }
    set(j, row->means, row->code,
        row->next[0] || row->code == X8_OK ? row->next : "-v with this command shows all it said");
    if (row->means == X8_MEANS_FAILED || row->means == X8_MEANS_UNDEFINED)
        quote(j, row->why);
    else
        x8_copy(j->out->why, sizeof(j->out->why), row->why);
}

/* The name behind "failed to start App": the one app to look at. */
static void add_app(const struct judging *j)
{
    const char *at = find(j, "failed to start App");
    size_t used = strlen(j->out->why), len;
    char name[64];

    if (!at || (j->out->means != X8_MEANS_ROLLING && j->out->means != X8_MEANS_ROLLED_BACK))
        return;
    at += strlen("failed to start App");
    at += strspn(at, " :;'\"");
    len = strcspn(at, " \n,;'\"");
    x8_clean(name, sizeof(name), at, len);
    if (name[0])
        snprintf(j->out->why + used, sizeof(j->out->why) - used, "; app %s", name);
}

/* "Couldn't find file object HEX": what to send. */
static void find_object(const struct judging *j)
{
    static const char words[] = "Couldn't find file object";
    const char *at = find(j, words);
    size_t n;

    if (!at || j->out->means != X8_MEANS_FAILED)
        return;
    at += sizeof(words) - 1;
    at += strspn(at, " '\"");
    n = strspn(at, "0123456789abcdef");
    if (n == 64)
        x8_clean(j->out->object, sizeof(j->out->object), at, n);
}

void x8_aklite_judge(enum x8_aklite generation, enum x8_aklite_verb verb, int status,
                     struct x8_span log, struct x8_span errors, struct x8_aklite_verdict *out)
{
    struct judging j = {.generation = generation, .verb = verb, .status = status, .out = out};
    const struct aklite_row *row;

    memset(out, 0, sizeof(*out));
    /* Without memory there are fewer words, and the code's own meaning stays. */
    if (aklite_plain(log, &j.log) < 0)
        x8_buf_done(&j.log);
    if (aklite_plain(errors, &j.errors) < 0)
        x8_buf_done(&j.errors);
    row = row_of(&j);
    if (row)
        judge_row(&j, row);
    else
        judge_other(&j);
    add_app(&j);
    find_object(&j);
    x8_buf_done(&j.log);
    x8_buf_done(&j.errors);
}
