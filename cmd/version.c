/*
 * x8ctl version: the version, with -v the libraries it was built with.
 */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char libraries[] = X8_LIBRARIES; /* lines "name version" */

const char *x8_version_text(void)
{
    return X8_VERSION;
}

static void json_libraries(struct x8_json *in)
{
    const char *line = libraries;

    while (*line) {
        size_t len = strcspn(line, "\n"), name = strcspn(line, " ");
        char key[32], value[64];

        snprintf(key, sizeof key, "%.*s", (int)name, line);
        snprintf(value, sizeof value, "%.*s", (int)(len - name - 1), line + name + 1);
        x8_json_str(in, key, value);
        line += len + (line[len] == '\n');
    }
}

static void print_json(void)
{
    struct x8_json *top = x8_json_object(), *libs = x8_json_object();
    char *text;

    x8_json_str(top, "name", "x8ctl");
    x8_json_str(top, "version", X8_VERSION);
    json_libraries(libs);
    x8_json_add(top, "built_with", libs);
    text = x8_json_text(top, 1);
    printf("%s\n", text);
    free(text);
    x8_json_free(&top);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    if (ctx->cmd == &x8_cmd_version && ctx->argc > 0 && !ctx->globals->version) {
        int rc = x8_fail(err, X8_E_USAGE, "version takes no operand, not '%s'", ctx->argv[0]);
        x8_error_next(err, "x8ctl version");
        return rc;
    }
    if (ctx->globals->json) {
        print_json();
        return 0;
    }
    printf("x8ctl %s\n", X8_VERSION);
    if (ctx->globals->verbosity)
        printf("built with\n%s", libraries);
    return 0;
}

static const struct x8_example examples[] = {
    {"x8ctl version", "the version"},
    {"x8ctl version -v", "with the libraries it was built with, for a bug report"},
    {NULL, NULL},
};
static const unsigned char exits[] = {X8_E_USAGE, 0};

const struct x8_cmd x8_cmd_version = {
    .name = "version",
    .group = "house",
    .summary = "show the version",
    .usage = "",
    .description = "With -v also the libraries x8ctl was built with; with --json the same as one\n"
                   "document.",
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl help",
    .run = run,
};
