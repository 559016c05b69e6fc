/*
 * What is kept of the boards of a run, what an earlier one left, and what a failure says of it.
 */
#include "flash_resume.h"

#include "opts.h"
#include "running.h"

#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void path_of(const char *port, char *out, size_t cap)
{
    char name[X8_PORT_LEN + 32];

    snprintf(name, sizeof name, "flash/usb-%s.jsonl", port);
    x8_env_path("state", name, out, cap);
}

void x8_keeping_done(struct x8_keeping *keeping)
{
    for (size_t i = 0; keeping->items && i < keeping->count; i++)
        x8_past_done(&keeping->items[i].past);
    free(keeping->items);
    keeping->items = NULL;
    keeping->count = 0;
}

/* A digest knows best; without one it is the place that the image comes from. */
int x8_is_same_image(const struct x8_journal_head *a, const struct x8_journal_head *b)
{
    if (strcmp(a->image, b->image) != 0 || strcmp(a->script, b->script) != 0)
        return 0;
    if (a->sha256[0] && b->sha256[0])
        return x8_casecmp(a->sha256, b->sha256) == 0;
    return strcmp(a->source, b->source) == 0;
}

static void arrived_text(const struct x8_past *past, char out[24])
{
    const struct x8_progress *progress = &past->progress;
    uint64_t bytes = 0;

    for (size_t i = 0; i < progress->done_count; i++)
        bytes += progress->done[i].end - progress->done[i].start;
    x8_size_text(out, bytes);
}

void x8_tell_resumed(struct x8_ctx *ctx, const struct x8_past *past, const char *what)
{
    time_t when = (time_t)past->head.started;
    char size[24], begun[32] = "an unknown time";
    struct tm tm;

    arrived_text(past, size);
    if (gmtime_r(&when, &tm))
        strftime(begun, sizeof begun, "%Y-%m-%d %H:%M UTC", &tm);
    if (past->progress.done_count)
        x8_emit(&ctx->op, X8_EV_NOTICE,
                "usb %s: the run of %s begun at %s %s; %s of the image had arrived, which is "
                "compared on the board first if its loader can do that, else sent again",
                past->head.port, x8_path_base(past->head.source), begun, what, size);
    else
        x8_emit(&ctx->op, X8_EV_NOTICE,
                "usb %s: the run of %s begun at %s %s; nothing of the image had arrived",
                past->head.port, x8_path_base(past->head.source), begun, what);
}

static void tell_foreign(struct x8_ctx *ctx, const struct x8_kept *kept)
{
    if (kept->past.head.source[0])
        x8_emit(&ctx->op, X8_EV_NOTICE,
                "usb %s: the last run there was of another image (%s of %s): everything is "
                "compared on the board, and what differs is written",
                kept->port, kept->past.head.image, x8_path_base(kept->past.head.source));
    else
        x8_emit(&ctx->op, X8_EV_NOTICE,
                "usb %s: no earlier run is known: everything is compared on the board, and what "
                "differs is written",
                kept->port);
}

static void fill_one(struct x8_ctx *ctx, struct x8_keeping *keeping, struct x8_kept *kept)
{
    struct x8_error failed = {0};
    int rc = x8_journal_read(kept->path, &kept->past, &failed);

    if (rc < 0)
        x8_warn_unreadable(ctx, &failed);
    kept->is_resumed = rc > 0 && x8_is_same_image(&kept->past.head, &keeping->head);
    keeping->is_foreign |= !kept->is_resumed;
    if (kept->is_resumed)
        x8_tell_resumed(ctx, &kept->past, "is resumed");
    else
        tell_foreign(ctx, kept);
}

int x8_keeping_fill(struct x8_ctx *ctx, const struct x8_board *boards, size_t count, int resume,
                    struct x8_keeping *keeping, struct x8_error *err)
{
    keeping->items = calloc(count ? count : 1, sizeof *keeping->items);
    if (!keeping->items)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for %zu boards", count);
    keeping->count = count;
    for (size_t i = 0; i < count; i++) {
        struct x8_kept *kept = &keeping->items[i];

        x8_copy(kept->port, sizeof kept->port, boards[i].device.port);
        path_of(kept->port, kept->path, sizeof kept->path);
        if (resume)
            fill_one(ctx, keeping, kept);
    }
    return 0;
}

struct x8_journal *x8_kept_begin(const struct x8_op *op, const struct x8_keeping *keeping, size_t i)
{
    const struct x8_kept *kept = &keeping->items[i];
    struct x8_journal_head head = keeping->head;
    struct x8_journal *journal = NULL;
    struct x8_error failed = {0};
    char *folder = x8_path_dir(kept->path);
    int rc = folder ? x8_env_make_folder(folder, &failed) : -(int)X8_E_INTERNAL;

    if (rc == 0 && x8_path_kind(folder) != X8_PATH_DIR)
        rc = x8_fail(&failed, X8_E_NO_FILE, "%s is no folder", folder);
    x8_copy(head.port, sizeof head.port, kept->port);
    head.started = (int64_t)time(NULL);
    if (rc == 0 && kept->is_resumed)
        rc = x8_journal_continue(kept->path, &journal, &failed);
    else if (rc == 0)
        rc = x8_journal_begin(kept->path, &head, &journal, &failed);
    if (rc < 0)
        x8_emit(op, X8_EV_WARN,
                "usb %s: no journal can be kept: %s%s%s; a run that is cut off cannot be resumed",
                kept->port, failed.msg, failed.why[0] ? ": " : "", failed.why);
    free(folder);
    return journal;
}

int x8_tell_unfinished(struct x8_ctx *ctx, const char *port)
{
    struct x8_past past = {0};
    char path[1200], size[24];
    int is_unfinished;

    path_of(port, path, sizeof path);
    if (x8_journal_read(path, &past, NULL) <= 0)
        return 0;
    is_unfinished = past.progress.done_count > 0;
    arrived_text(&past, size);
    if (is_unfinished)
        x8_emit(&ctx->op, X8_EV_WARN,
                "the OS image on the board at usb %s is still unfinished: %s of %s had arrived",
                port, size, x8_path_base(past.head.source));
    x8_past_done(&past);
    return is_unfinished;
}

/* --- what a failure says --- */

static const struct x8_kept *kept_of(const struct x8_keeping *keeping, const char *port)
{
    for (size_t i = 0; keeping->items && i < keeping->count; i++)
        if (strcmp(keeping->items[i].port, port) == 0)
            return &keeping->items[i];
    return NULL;
}

/* --resume goes on with what this run is about. */
static int is_of_this_run(const struct x8_keeping *keeping, const struct x8_kept *kept,
                          const struct x8_journal_head *head)
{
    return kept->is_resumed || x8_is_same_image(head, &keeping->head) ||
           (strcmp(head->source, keeping->head.source) == 0 &&
            strcmp(head->script, keeping->head.script) == 0);
}

/* What comes before --resume: what must be done first, out of the error's own next step. */
static void before_resume(const struct x8_error *err, char *out, size_t cap)
{
    static const char *const again[] = {"run the command again", "flash once more"};
    size_t len = strlen(err->next);

    switch (err->code) {
    case X8_E_GONE:
    case X8_E_TIMEOUT:
    case X8_E_LINK:
        x8_copy(out, cap, "bring the board into flashing mode again at the same port; then  ");
        return;
    case X8_E_STOPPED:
    case X8_E_TERMINATED:
    case X8_E_VERIFY:
        len = 0;
        break;
    default:
        break;
    }
    /* Running it again is what --resume does better. */
    for (size_t i = 0; i < X8_COUNT(again); i++)
        if (x8_ends(err->next, again[i]) && len)
            len -= strlen(again[i]);
    snprintf(out, cap, "%.*s%s", (int)len, err->next, len == 0 || err->next[len] ? "" : "; then  ");
}

/* Of another board, or of what another try would not make better, --resume is no way on. */
static int is_hopeless(enum x8_code code)
{
    return code == X8_E_WRONG_STATE || code == X8_E_MISFIT || code == X8_E_USAGE ||
           code == X8_E_NEED_YES;
}

static void add_hint(const struct x8_past *past, const char *which, struct x8_error *err)
{
    char before[sizeof err->next], where[24];

    if (x8_ends(err->why, X8_NEEDS_FLASH)) /* not so where the rest of it will do */
        err->why[strlen(err->why) - strlen(X8_NEEDS_FLASH)] = '\0';
    if (err->code == X8_E_VERIFY) {
        x8_error_next(err,
                      "x8ctl flash --resume%s    writes what differs; if it fails at the same "
                      "place again, the eMMC is worn out",
                      which);
        return;
    }
    before_resume(err, before, sizeof before);
    x8_size_text(where, x8_progress_end(&past->progress));
    x8_error_next(err, "%sx8ctl flash --resume%s    goes on at %s", before, which, where);
}

void x8_kept_hint(const struct x8_keeping *keeping, const char *port, struct x8_error *err)
{
    const struct x8_kept *kept = is_hopeless(err->code) ? NULL : kept_of(keeping, port);
    struct x8_past past = {0};
    char which[X8_PORT_LEN + 16] = "";

    if (!kept || strstr(err->next, "--resume") || x8_journal_read(kept->path, &past, NULL) <= 0)
        return;
    if (keeping->count > 1 || x8_globals()->serial.count)
        snprintf(which, sizeof which, " -s usb:%s", port);
    if (past.progress.done_count && is_of_this_run(keeping, kept, &past.head))
        add_hint(&past, which, err);
    x8_past_done(&past);
}
