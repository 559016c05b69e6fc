/*
 * x8ctl doctor --fix: what can be repaired is listed, agreed to once, and done.
 */
#include "doctor.h"

#include "doctor/repair.h"
#include "store/cache.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The same repair of the same thing once, however many checks it is good for. */
static int is_first(const struct x8_checks *checks, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (checks->items[k].fix == checks->items[i].fix &&
            strcmp(checks->items[k].arg, checks->items[i].arg) == 0)
            return 0;
    return checks->items[i].fix != X8_FIX_NONE;
}

/* All checks that the repair was for are well now; what they said stays to be read. */
static void settle(struct x8_checks *checks, const struct x8_check *done)
{
    char text[sizeof done->text], arg[sizeof done->arg];
    enum x8_fix fix = done->fix;

    x8_copy(arg, sizeof arg, done->arg);
    for (size_t i = 0; i < checks->count; i++) {
        struct x8_check *check = &checks->items[i];

        if (check->fix != fix || strcmp(check->arg, arg) != 0)
            continue;
        snprintf(text, sizeof text, "repaired: %.300s", check->text);
        x8_copy(check->text, sizeof check->text, text);
        check->next[0] = '\0';
        check->result = X8_CHECK_OK;
        check->fix = X8_FIX_NONE;
    }
}

/* Say each; how many can be done by this user. */
static size_t list(struct x8_ctx *ctx, const char *where, const struct x8_checks *checks)
{
    size_t count = 0;

    for (size_t i = 0; i < checks->count; i++) {
        const struct x8_check *check = &checks->items[i];
        int is_denied = x8_fix_needs_root(check->fix) && geteuid() != 0;

        if (!is_first(checks, i))
            continue;
        x8_ui_say(ctx->ui, "%s: %s%s%s%s%s", where, x8_fix_words(check->fix),
                  check->arg[0] ? " (" : "", check->arg, check->arg[0] ? ")" : "",
                  is_denied ? ": needs root, sudo x8ctl doctor --fix" : "");
        count += !is_denied;
    }
    return count;
}

static int clean_cache(struct x8_error *err)
{
    struct x8_prune how = {.keep = -1, .older_s = INT64_MAX / 4};
    char folder[1024];
    uint64_t freed = 0;
    int rc;

    x8_env_path("cache", "images", folder, sizeof folder);
    rc = x8_cache_prune(folder, &how, (int64_t)time(NULL), NULL, NULL, &freed, err);
    return rc < 0 ? rc : 0;
}

static int repair(struct x8_ctx *ctx, const struct x8_check *check, struct x8_error *err)
{
    return check->fix == X8_FIX_CACHE ? clean_cache(err) : x8_repair_host(&ctx->op, check, err);
}

static int may_do(const struct x8_checks *checks, size_t i)
{
    return is_first(checks, i) && !(x8_fix_needs_root(checks->items[i].fix) && geteuid() != 0);
}

static int has_any(const struct x8_checks *checks)
{
    for (size_t i = 0; i < checks->count; i++)
        if (is_first(checks, i))
            return 1;
    return 0;
}

/* 0 when the user agrees. */
static int ask(struct x8_ctx *ctx, const struct x8_checks *checks, size_t count,
               struct x8_error *err)
{
    char question[160];
    int rc;

    snprintf(question, sizeof question, "Shall x8ctl do these %zu repairs?", count);
    for (size_t i = 0; i < checks->count && count == 1; i++)
        if (may_do(checks, i))
            snprintf(question, sizeof question, "Shall x8ctl %s?",
                     x8_fix_words(checks->items[i].fix));
    rc = x8_ui_ask_yes(ctx->ui, question, err);
    if (rc == 0)
        rc = x8_cancel_check(ctx->cancel, X8_CANCEL_SOFT, err);
    else
        return rc < 0 ? rc : 0;
    if (rc == 0) {
        rc = x8_fail(err, X8_E_NEED_YES, "not confirmed; nothing was repaired");
        x8_error_why(err, "the answer was not yes");
        x8_error_next(err, "-y    agrees beforehand");
    }
    return rc;
}

int x8_fix_host(struct x8_ctx *ctx, struct x8_checks *checks, struct x8_error *err)
{
    size_t count = list(ctx, "host", checks);
    int rc;

    if (!has_any(checks))
        x8_ui_say(ctx->ui, "host: nothing that could be repaired from here");
    if (count == 0 || ctx->globals->dry_run)
        return 0;
    rc = ask(ctx, checks, count, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < checks->count && rc == 0; i++) {
        if (!may_do(checks, i))
            continue;
        rc = repair(ctx, &checks->items[i], err);
        if (rc < 0)
            break;
        x8_ui_say(ctx->ui, "host: done: %s", x8_fix_words(checks->items[i].fix));
        settle(checks, &checks->items[i]);
    }
    return rc;
}

int x8_fix_board(struct x8_job_on *job, struct x8_checks *checks, struct x8_error *err)
{
    struct x8_ctx *ctx = job->ctx;
    size_t count = list(ctx, job->target->label, checks);
    int rc;

    if (count == 0 || ctx->globals->dry_run)
        return 0;
    rc = x8_job_agree(job, "Repair", "what is listed above is done on the board", err);
    if (rc == 0)
        rc = x8_job_root(job, err);
    for (size_t i = 0; i < checks->count && rc == 0; i++) {
        if (!is_first(checks, i))
            continue;
        rc = x8_repair_board(job->session, &job->op, &job->root, &checks->items[i],
                             (int64_t)time(NULL), err);
        if (rc < 0)
            break;
        x8_ui_say(ctx->ui, "%s: done: %s", job->target->label, x8_fix_words(checks->items[i].fix));
        settle(checks, &checks->items[i]);
    }
    return rc;
}
