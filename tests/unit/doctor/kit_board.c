/*
 * A session whose commands answer with a recording, and the judgement of what came out.
 */
#include "kit_host.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recorded_session {
    struct x8_session base;
    struct kit_host *host;
};

struct recorded_channel {
    struct x8_channel base;
    struct x8_buf text;
    size_t read;
};

static ssize_t channel_read(struct x8_channel *base, const struct x8_op *op,
                            enum x8_output *out_which, void *out, size_t cap, int timeout_ms,
                            struct x8_error *err)
{
    struct recorded_channel *channel = X8_CONTAINER(base, struct recorded_channel, base);
    size_t n = channel->text.len - channel->read;

    (void)op;
    (void)timeout_ms;
    (void)err;
    n = n < cap ? n : cap;
    if (n)
        memcpy(out, channel->text.data + channel->read, n);
    channel->read += n;
    *out_which = X8_STDOUT;
    return (ssize_t)n;
}

static int channel_status(const struct x8_channel *base)
{
    (void)base;
    return 0;
}

static void channel_shut(struct x8_channel *base)
{
    (void)base;
}

static void channel_close(struct x8_channel *base)
{
    struct recorded_channel *channel = X8_CONTAINER(base, struct recorded_channel, base);

    x8_buf_done(&channel->text);
    free(channel);
}

static const struct x8_channel_ops channel_ops = {
    .read = channel_read, .status = channel_status, .shut = channel_shut, .close = channel_close};

static int start(struct x8_session *base, const struct x8_op *op, const struct x8_command *command,
                 struct x8_channel **out, struct x8_error *err)
{
    struct recorded_session *session = X8_CONTAINER(base, struct recorded_session, base);
    struct recorded_channel *channel = calloc(1, sizeof *channel);

    (void)op;
    (void)err;
    assert_int_equal(command->input, X8_INPUT_NONE);
    assert_non_null(channel);
    channel->base.ops = &channel_ops;
    assert_int_equal(x8_buf_addf(&channel->text, "%s", x8_buf_text(&session->host->says)), 0);
    *out = &channel->base;
    return 0;
}

static void session_close(struct x8_session *base)
{
    free(X8_CONTAINER(base, struct recorded_session, base));
}

static const struct x8_session_ops session_ops = {.start = start, .close = session_close};

struct x8_session *kit_board_open(struct kit_host *host)
{
    struct recorded_session *session = calloc(1, sizeof *session);

    assert_non_null(session);
    session->base.ops = &session_ops;
    session->base.parallel = 1;
    session->host = host;
    return &session->base;
}

/* --- judgement --- */

static struct kit_expected *expected_of(struct kit_host *host, const struct x8_check *check)
{
    for (size_t i = 0; i < host->expected_count; i++)
        if (strcmp(host->expected[i].id, check->id) == 0 &&
            strcmp(host->expected[i].result, x8_check_word(check->result)) == 0 &&
            strstr(check->text, host->expected[i].phrase))
            return &host->expected[i];
    return NULL;
}

static int is_also(const struct kit_host *host, const char *id)
{
    for (size_t i = 0; i < host->also_count; i++)
        if (strcmp(host->also[i], id) == 0)
            return 1;
    return 0;
}

/* A row that is no finding, or one that should be there. */
static unsigned judge_row(struct kit_host *host, const char *name, const struct x8_check *check)
{
    struct kit_expected *expected = expected_of(host, check);
    const char *wrong = NULL;

    if (expected)
        expected->is_seen = 1;
    if (strchr(check->text, '\n') || !check->text[0])
        wrong = "the cause is not one line";
    else if (check->result != X8_CHECK_WARN && check->result != X8_CHECK_FAIL)
        return 0;
    else if (!check->next[0])
        wrong = "there is no next step";
    else if (!expected && !is_also(host, check->id))
        wrong = "it is not expected";
    if (wrong)
        print_error("%s: %s %s: %s: %s\n", name, check->id, x8_check_word(check->result), wrong,
                    check->text);
    return wrong != NULL;
}

unsigned kit_judge(struct kit_host *host, const char *name, const struct x8_checks *checks)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < checks->count; i++)
        wrong += judge_row(host, name, &checks->items[i]);
    for (size_t i = 0; i < host->expected_count; i++) {
        const struct kit_expected *e = &host->expected[i];

        if (e->is_seen)
            continue;
        wrong++;
        print_error("%s: not found: %s %s: %s\n", name, e->id, e->result, e->phrase);
        for (size_t k = 0; k < checks->count; k++)
            if (strcmp(checks->items[k].id, e->id) == 0)
                print_error("    there is: %s: %s\n", x8_check_word(checks->items[k].result),
                            checks->items[k].text);
    }
    return wrong;
}
