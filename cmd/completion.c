/*
 * x8ctl completion: print the completion script of a shell.
 */
#include "completion.h"

#include <stdio.h>
#include <string.h>

static const struct shell {
    const char *name;
    void (*script)(struct x8_page *out);
} shells[] = {
    {"bash", x8_completion_bash},
    {"zsh", x8_completion_zsh},
    {"fish", x8_completion_fish},
};

static const struct shell *wanted(const struct x8_ctx *ctx)
{
    for (size_t i = 0; ctx->argc == 1 && i < X8_COUNT(shells); i++)
        if (strcmp(shells[i].name, ctx->argv[0]) == 0)
            return &shells[i];
    return NULL;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    const struct shell *shell = wanted(ctx);
    X8_AUTO_PAGE text = {0};

    if (!shell) {
        int rc = x8_fail(err, X8_E_USAGE, "completion needs one shell: bash, zsh or fish");

        if (ctx->argc)
            x8_error_why(err, "'%s' was given", ctx->argv[ctx->argc - 1]);
        else
            x8_error_why(err, "each of them has a script of its own form");
        x8_error_next(err, "x8ctl completion bash");
        return rc;
    }
    shell->script(&text);
    return x8_page_print(&text, err);
}

static const char *const verbs[] = {"bash", "zsh", "fish", NULL};
static const struct x8_example examples[] = {
    {"source <(x8ctl completion bash)", "completion in this shell"},
    {"x8ctl completion zsh > ~/.zfunc/_x8ctl", "for zsh, in a folder of its fpath"},
    {"x8ctl completion fish > ~/.config/fish/completions/x8ctl.fish", "for fish"},
    {NULL, NULL},
};
static const unsigned char exits[] = {X8_E_USAGE, 0};

const struct x8_cmd x8_cmd_completion = {
    .name = "completion",
    .group = "house",
    .summary = "print a completion script for a shell",
    .usage = "bash|zsh|fish",
    .verbs = verbs,
    .description =
        "The script knows all commands and options of this version, and asks `x8ctl list`\n"
        "for boards. Installing x8ctl installs it too; print it yourself where it is not.",
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl help",
    .run = run,
};
