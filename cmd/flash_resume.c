/*
 * Journals of earlier runs: finding, choosing, going on.
 */
#include "flash_resume.h"

#include "opts.h"
#include "running.h"

#include "board/wait.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOURNALS_MAX = 64 };

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

/* --- which run is meant --- */

struct found {
    struct x8_past *items; /* JOURNALS_MAX */
    size_t count;
};

static void found_done(struct found *found)
{
    for (size_t i = 0; i < found->count; i++)
        x8_past_done(&found->items[i]);
    free(found->items);
}

/* All that can be read; what cannot is told, as it may be the one that is meant. */
static int find_all(struct x8_ctx *ctx, struct found *found, struct x8_error *err)
{
    char folder[1100];
    struct dirent *entry;
    DIR *dir;

    x8_env_path("state", "flash", folder, sizeof folder);
    found->items = calloc(JOURNALS_MAX, sizeof *found->items);
    if (!found->items)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for the journals of earlier runs");
    dir = opendir(folder);
    while (dir && found->count < JOURNALS_MAX && (entry = readdir(dir)) != NULL) {
        struct x8_error failed = {0};
        char *path;
        int rc;

        if (!x8_starts(entry->d_name, "usb-") || !x8_ends(entry->d_name, ".jsonl"))
            continue;
        path = x8_path_join(folder, entry->d_name);
        rc = path ? x8_journal_read(path, &found->items[found->count], &failed) : 0;
        free(path);
        if (rc > 0)
            found->count++;
        else if (rc < 0)
            x8_emit(&ctx->op, X8_EV_WARN, "%s: %s", failed.msg, failed.why);
    }
    if (dir)
        closedir(dir);
    return 0;
}

/* By its port, or by the serial number that the loader or Linux says of the board that is there. */
static int is_meant(const struct x8_past *past, const struct x8_selector *selector,
                    const struct x8_board *boards, int count)
{
    struct x8_board at_port = {0};
    int exact;

    x8_copy(at_port.device.port, sizeof at_port.device.port, past->head.port);
    x8_copy(at_port.device.serial, sizeof at_port.device.serial, past->serial);
    if (x8_selector_match(selector, &at_port, &exact))
        return 1;
    for (int i = 0; i < count; i++)
        if (strcmp(boards[i].device.port, past->head.port) == 0 &&
            x8_selector_match(selector, &boards[i], &exact))
            return 1;
    return 0;
}

/* Leave those that -s does not mean out. */
static int narrow(struct x8_ctx *ctx, struct found *found, struct x8_error *err)
{
    const struct x8_strings *serial = &ctx->globals->serial;
    struct x8_board *boards = NULL;
    int n = serial->count ? x8_boards_find(ctx->bus, &boards, err) : 0, rc = n < 0 ? n : 0;
    size_t kept = 0;

    for (size_t i = 0; rc == 0 && i < found->count; i++) {
        struct x8_selector selector;
        int meant = serial->count == 0;

        for (size_t k = 0; rc == 0 && k < serial->count; k++) {
            rc = x8_selector_parse(serial->items[k], &selector, err);
            if (rc == 0) {
                x8_env_resolve_name(&selector);
                meant |= is_meant(&found->items[i], &selector, boards, n);
            }
        }
        if (meant && kept != i) {
            struct x8_past other = found->items[kept];

            found->items[kept] = found->items[i];
            found->items[i] = other;
        }
        kept += meant != 0;
    }
    for (size_t i = kept; rc == 0 && i < found->count; i++)
        x8_past_done(&found->items[i]);
    if (rc == 0)
        found->count = kept;
    free(boards);
    return rc;
}

static int is_same_run(const struct x8_journal_head *a, const struct x8_journal_head *b)
{
    return strcmp(a->source, b->source) == 0 && strcmp(a->script, b->script) == 0 &&
           a->only == b->only && a->skip_unused == b->skip_unused;
}

static int none_left(struct x8_error *err)
{
    x8_fail(err, X8_E_NO_FILE, "there is no run that could be resumed");
    x8_error_why(err, "a flash that ends well, or was not begun from this account, leaves none");
    x8_error_next(err, "x8ctl flash SOURCE --skip-same    finds out on the board what is right");
    return -(int)X8_E_NO_FILE;
}

static int several_left(const struct x8_ctx *ctx, const struct found *found, struct x8_error *err)
{
    const struct x8_journal_head *first = &found->items[0].head, *last;
    int same = 1;

    last = &found->items[found->count - 1].head;
    for (size_t i = 1; i < found->count; i++)
        same &= is_same_run(first, &found->items[i].head);
    if (found->count == 1 || (same && (ctx->globals->all || ctx->globals->serial.count > 1)))
        return 0;
    x8_fail(err, X8_E_SEVERAL, "%zu runs could be resumed", found->count);
    x8_error_why(err, "%s at usb %s, %s at usb %s%s", x8_path_base(first->source), first->port,
                 x8_path_base(last->source), last->port, found->count > 2 ? " and more" : "");
    x8_error_next(err,
                  same ? "x8ctl flash --resume --all    or one of them with -s usb:%s"
                       : "x8ctl flash --resume -s usb:%s",
                  first->port);
    return -(int)X8_E_SEVERAL;
}

/* From here on the boards are those at the ports of the journals. */
static void select_ports(const struct found *found)
{
    static char selectors[JOURNALS_MAX][X8_PORT_LEN + 8];
    struct x8_strings *serial = &x8_globals()->serial;

    serial->count = 0;
    for (size_t i = 0; i < found->count; i++) {
        snprintf(selectors[i], sizeof selectors[i], "usb:%s", found->items[i].head.port);
        serial->items[serial->count++] = selectors[i];
    }
    x8_globals()->all = 0;
}

int x8_resume_choose(struct x8_ctx *ctx, struct x8_journal_head *head, struct x8_error *err)
{
    struct found found = {0};
    int rc = find_all(ctx, &found, err);

    if (rc == 0)
        rc = narrow(ctx, &found, err);
    if (rc == 0 && found.count == 0)
        rc = none_left(err);
    if (rc == 0)
        rc = several_left(ctx, &found, err);
    if (rc == 0) {
        *head = found.items[0].head;
        select_ports(&found);
    }
    found_done(&found);
    return rc;
}

/* --- the boards of a run --- */

/* A digest knows best; without one it is the place that the image comes from. */
static int is_same_image(const struct x8_journal_head *a, const struct x8_journal_head *b)
{
    if (strcmp(a->image, b->image) != 0 || strcmp(a->script, b->script) != 0)
        return 0;
    if (a->sha256[0] && b->sha256[0])
        return x8_casecmp(a->sha256, b->sha256) == 0;
    return strcmp(a->source, b->source) == 0;
}

static void tell_resumed(struct x8_ctx *ctx, const struct x8_kept *kept)
{
    const struct x8_progress *progress = &kept->past.progress;
    time_t when = (time_t)kept->past.head.started;
    char size[24], begun[32] = "an unknown time";
    uint64_t bytes = 0;
    struct tm tm;

    for (size_t i = 0; i < progress->done_count; i++)
        bytes += progress->done[i].end - progress->done[i].start;
    x8_size_text(size, bytes);
    if (gmtime_r(&when, &tm))
        strftime(begun, sizeof begun, "%Y-%m-%d %H:%M UTC", &tm);
    x8_emit(&ctx->op, X8_EV_NOTICE,
            "usb %s: the run of %s begun at %s is resumed; %s of the image had arrived, which is "
            "compared on the board first",
            kept->port, x8_path_base(kept->past.head.source), begun, size);
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
        x8_emit(&ctx->op, X8_EV_WARN, "%s: %s", failed.msg, failed.why);
    kept->is_resumed = rc > 0 && is_same_image(&kept->past.head, &keeping->head);
    keeping->is_foreign |= !kept->is_resumed;
    if (kept->is_resumed)
        tell_resumed(ctx, kept);
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

    x8_copy(head.port, sizeof head.port, kept->port);
    head.started = (int64_t)time(NULL);
    if (rc == 0 && kept->is_resumed)
        rc = x8_journal_continue(kept->path, &journal, &failed);
    else if (rc == 0)
        rc = x8_journal_begin(kept->path, &head, &journal, &failed);
    if (rc < 0)
        x8_emit(op, X8_EV_WARN,
                "usb %s: no journal can be kept: %s (%s); a run that is cut off cannot be resumed",
                kept->port, failed.msg, failed.why);
    free(folder);
    return journal;
}

/* --- what a failure says --- */

static const struct x8_kept *kept_of(const struct x8_keeping *keeping, const char *port)
{
    for (size_t i = 0; keeping->items && i < keeping->count; i++)
        if (strcmp(keeping->items[i].port, port) == 0)
            return &keeping->items[i];
    return NULL;
}

/* What hands do before --resume; NULL where it does not help. */
static const char *before_resume(enum x8_code code)
{
    switch (code) {
    case X8_E_GONE:
    case X8_E_TIMEOUT:
    case X8_E_LINK:
        return "bring the board into flashing mode again at the same port; then  ";
    case X8_E_STOPPED:
    case X8_E_TERMINATED:
    case X8_E_VERIFY:
        return "";
    default:
        return NULL;
    }
}

void x8_kept_hint(const struct x8_keeping *keeping, const char *port, struct x8_error *err)
{
    const char *before = before_resume(err->code);
    const struct x8_kept *kept = before ? kept_of(keeping, port) : NULL;
    struct x8_past past = {0};
    char which[X8_PORT_LEN + 16] = "", where[24];

    if (!kept || x8_journal_read(kept->path, &past, NULL) <= 0)
        return;
    x8_size_text(where, x8_progress_end(&past.progress));
    if (keeping->count > 1 || x8_globals()->serial.count)
        snprintf(which, sizeof which, " -s usb:%s", port);
    if (past.progress.done_count && err->code == X8_E_VERIFY)
        x8_error_next(err,
                      "x8ctl flash --resume%s    writes what differs; if it fails at the same "
                      "place again, the eMMC is worn out",
                      which);
    else if (past.progress.done_count)
        x8_error_next(err, "%sx8ctl flash --resume%s    goes on at %s", before, which, where);
    x8_past_done(&past);
}
