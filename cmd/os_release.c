/*
 * x8ctl os-release: the board's /etc/os-release, read or compared.
 */
#include "running.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

static struct x8_strings checks;

/* Image 399 has no IMAGE_VERSION: its number stands in other keys. */
static const char *value_of(const struct x8_os_release *os, const char *key, char room[32])
{
    const char *value = x8_os_release_get(os, key);

    if (value || strcmp(key, "IMAGE_VERSION") != 0)
        return value;
    return x8_os_image(os, room) ? room : NULL;
}

static int no_key(const struct x8_os_release *os, const char *key, struct x8_error *err)
{
    const char *names[X8_OS_ITEMS], *near;
    char clean[64];
    int rc;

    for (size_t i = 0; i < os->count; i++)
        names[i] = os->items[i].key;
    near = x8_closest(key, names, os->count);
    x8_clean(clean, sizeof clean, key, strlen(key));
    rc = x8_fail(err, X8_E_DIFFERS, "os-release of the board has no %s", clean);
    if (near)
        x8_error_why(err, "did you mean %s?", near);
    x8_error_next(err, "x8ctl os-release    shows all of it");
    return rc;
}

static int print_one(struct x8_job_on *job, const struct x8_os_release *os, const char *key,
                     struct x8_error *err)
{
    char room[32];
    const char *value = value_of(os, key, room);
    struct x8_json *json;
    X8_AUTO_BUF out = {0};

    if (!value)
        return no_key(os, key, err);
    if (x8_buf_addf(&out, "%s\n", value) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    json = x8_json_object();
    x8_json_str(json, key, value);
    x8_json_add(job->result, "os_release", json);
    if (!job->ctx->globals->json)
        x8_job_print(job, 0, out.data, out.len);
    return 0;
}

static int print_all(struct x8_job_on *job, const struct x8_os_release *os, struct x8_error *err)
{
    struct x8_json *json = x8_json_object();
    X8_AUTO_BUF out = {0};
    int rc = 0;

    for (size_t i = 0; i < os->count; i++) {
        x8_json_str(json, os->items[i].key, os->items[i].value);
        rc |= x8_buf_addf(&out, "%s=%s\n", os->items[i].key, os->items[i].value);
    }
    x8_json_add(job->result, "os_release", json);
    if (rc < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (!job->ctx->globals->json)
        x8_job_print(job, 0, out.data, out.len);
    return 0;
}

/* What else a person wants to know of a board that is not as it should be. */
static void explain(const struct x8_os_release *os, struct x8_error *err)
{
    const char *machine = x8_os_release_get(os, "LMP_MACHINE");
    char image[32];

    (void)x8_os_image(os, image);
    if (!err->why[0])
        x8_error_why(err, "the board runs image %s%s%s", image, machine ? " on " : "",
                     machine ? machine : "");
    if (!err->next[0])
        x8_error_next(err, "x8ctl os-release    shows all of it");
}

/* All are looked at, so that one run tells everything; the first that differs is the result. */
static int check_all(struct x8_job_on *job, const struct x8_os_release *os, struct x8_error *err)
{
    struct x8_error failed;
    int rc = 0, first = 0;

    for (size_t i = 0; i < checks.count; i++) {
        rc = x8_os_check(os, checks.items[i], &failed);
        if (rc < 0 && rc != -(int)X8_E_DIFFERS) {
            *err = failed;
            return rc;
        }
        if (rc < 0 && first < 0)
            x8_emit(&job->op, X8_EV_WARN, "%s", failed.msg);
        if (rc < 0 && first == 0) {
            *err = failed;
            first = rc;
        }
    }
    if (first < 0 && err) {
        x8_error_prefix(err, "%s", job->target->label);
        explain(os, err);
    }
    return first;
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_facts *facts = calloc(1, sizeof *facts);
    const char *key = job->ctx->argc ? job->ctx->argv[0] : NULL;
    int rc = facts ? x8_facts_probe_short(job->session, &job->op, X8_RUN_TEXT_MS, facts, err)
                   : x8_fail(err, X8_E_INTERNAL, "out of memory");

    if (rc == 0 && key)
        rc = print_one(job, &facts->os, key, err);
    else if (rc == 0 && checks.count == 0)
        rc = print_all(job, &facts->os, err);
    if (rc == 0)
        rc = check_all(job, &facts->os, err);
    free(facts);
    return rc;
}

/* "IMAGE_VERSION==", mostly from a variable of a shell that is empty; == "" means it. */
static int has_no_value(const char *expression)
{
    size_t len = strlen(expression);

    while (len && expression[len - 1] == ' ')
        len--;
    return len && strchr("=<>", expression[len - 1]) != NULL;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .needs_linux = 1};
    static const struct x8_os_release nothing;

    if (ctx->argc > 1) {
        x8_fail(err, X8_E_USAGE, "os-release takes one key");
        x8_error_next(err, "x8ctl os-release IMAGE_VERSION");
        return -(int)X8_E_USAGE;
    }
    /* A misspelt expression is told before a board is looked for. */
    for (size_t i = 0; i < checks.count; i++) {
        int rc;

        if (has_no_value(checks.items[i])) {
            x8_fail(err, X8_E_USAGE, "there is nothing to compare with in '%.100s'",
                    checks.items[i]);
            x8_error_why(err, "a variable of the shell may be empty");
            x8_error_next(err, "KEY OP VALUE: 'IMAGE_VERSION>=844'; KEY==\"\" for an empty one");
            return -(int)X8_E_USAGE;
        }
        rc = x8_os_check(&nothing, checks.items[i], err);

        if (rc == -(int)X8_E_USAGE) {
            if (err && !err->why[0])
                x8_error_why(err, "it is none of the forms that --check knows");
            return rc;
        }
    }
    return x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_opt opts[] = {
    {"check", 0, X8_OPT_LIST, &checks, "EXPR", NULL,
     "compare, exit status 4 when it differs: KEY, !KEY, KEY==V, also != < <= > >=; repeatable",
     NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl os-release", "all of it"},
    {"x8ctl os-release IMAGE_VERSION", "one value"},
    {"x8ctl os-release --check 'IMAGE_VERSION>=844'", "for a script: 0 or 4"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2, 4, 10, 11, 12, 13, 14, 15, 16, 17, 40, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_os_release = {
    .name = "os-release",
    .group = "look",
    .summary = "read or compare a running board's os-release",
    .usage = "[KEY]",
    .description =
        "Prints the board's /etc/os-release, or the value of one key, without quotes.\n"
        "IMAGE_VERSION is the number of the image also on image 399, which does not have\n"
        "that key; an image of your own may have a word there (local-image).\n"
        "\n"
        "--check compares numbers as numbers, versions field by field and anything else\n"
        "as text. With several, all must hold. Quote them: < and > mean something to\n"
        "the shell.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl info",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
