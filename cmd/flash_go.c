/*
 * `flash` once its plan stands: which boards, what is kept of the run, how they are written and
 * whether their new Linux is waited for.
 */
#include "flash_parts.h"

#include "boot_erase.h"
#include "flash_boards.h"
#include "opts.h"

#include "util/file.h"
#include "util/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RETRIES = 3 };

static const char *hands(const struct x8_carrier *row)
{
    return row ? row->after
               : "set the boot switches back to OFF (x8ctl guide), then replug; without a carrier "
                 "just replug";
}

/* What is said when boards were written. */
struct written {
    struct x8_flash_source *source;
    const struct x8_carrier *row;
    const struct x8_board *boards;
    size_t count;
    int has_os;
};

/* A board whose OS image is still half written is not to be started. */
static void say_switches(struct x8_ctx *ctx, void *user)
{
    const struct written *it = user;
    const char *port = NULL;

    x8_flash_source_accept(it->source);
    for (size_t i = 0; !it->has_os && i < it->count; i++)
        if (x8_tell_unfinished(ctx, it->boards[i].device.port))
            port = it->boards[i].device.port;
    if (port)
        x8_ui_say(ctx->ui, "now      x8ctl flash --resume -s usb:%s    writes the rest of it",
                  port);
    else
        x8_ui_say(ctx->ui, "now      %s", hands(it->row));
}

static const char *price(const struct x8_plan *plan)
{
    const struct x8_step *os = x8_plan_os(plan);

    return os && os->unused ? "Everything on the eMMC is lost, though traces of it stay where the "
                              "image uses nothing."
                            : "Everything on the eMMC is lost.";
}

/* The release that was named, or that has this digest; NULL when it is none that is known. */
static const struct x8_release *release_of(const struct x8_flash_source *source)
{
    if (!source->is_remote)
        return NULL;
    if (source->wanted.release)
        return source->wanted.release;
    if (!source->setup.has_catalogue || !source->sha256[0])
        return NULL;
    return x8_catalogue_is(&source->setup.catalogue, source->sha256);
}

/* "934" of a file 934.tar.gz or a folder 934: what it is called, and no more. */
static void image_of_name(const char *word, char *out, size_t cap)
{
    char *path = x8_path_normal(word);
    const char *base = path ? x8_path_base(path) : "";
    size_t len = 0;

    while (isdigit((unsigned char)base[len]))
        len++;
    if (len && len < cap && (base[len] == '\0' || base[len] == '.'))
        snprintf(out, cap, "%.*s", (int)len, base);
    free(path);
}

static void fill_head(const struct x8_flashing *f, struct x8_journal_head *head)
{
    const struct x8_step *os = x8_plan_os(f->plan);
    const struct x8_release *release = release_of(f->source);
    char here[4096] = ".";
    char *path = NULL, *whole = NULL;

    if (!f->source->is_remote && getcwd(here, sizeof here))
        path = x8_path_join(here, f->source->word);
    if (path)
        whole = x8_path_normal(path);
    /* An address without what is secret in it; whoever resumes gives it again. */
    x8_copy(head->source, sizeof head->source,
            whole                            ? whole
            : release                        ? release->image
            : strstr(f->source->word, "://") ? f->source->url
                                             : f->source->word);
    x8_copy(head->image, sizeof head->image, os ? x8_input_name(&os->input) : "");
    x8_copy(head->sha256, sizeof head->sha256, f->source->sha256);
    x8_copy(head->script, sizeof head->script, x8_flash_opt.script ? x8_flash_opt.script : "");
    head->only = x8_flash_opt.only;
    head->skip_unused = x8_flash_opt.skip_unused;
    free(path);
    free(whole);
}

/* With what must be compared on the board, nothing is erased before. */
static int may_erase(const struct x8_flash_how *how)
{
    return x8_flash_opt.may_erase && !x8_flash_opt.skip_unused && !how->skip_same;
}

static int prepare(struct x8_ctx *ctx, const struct x8_flashing *f, const struct x8_board *boards,
                   size_t count, struct x8_run *run, struct x8_error *err)
{
    int rc = 0;

    fill_head(f, &run->keeping.head);
    if (x8_plan_os(f->plan))
        rc = x8_keeping_fill(ctx, boards, count, x8_flash_opt.resume, &run->keeping, err);
    run->how.skip_same = x8_flash_opt.skip_same || run->keeping.is_foreign;
    run->how.transfer = (enum x8_transfer)x8_flash_opt.transfer;
    run->how.may_erase = may_erase(&run->how);
    return rc;
}

/* Without a board: nobody knows what it has. */
static int dry_run(struct x8_ctx *ctx, const struct x8_flashing *f, struct x8_error *err)
{
    struct x8_flash_how how = {.skip_same = x8_flash_opt.skip_same};
    struct x8_journal_head head = {0};
    int rc = 0;

    how.may_erase = x8_plan_os(f->plan) && !x8_flash_opt.resume && may_erase(&how);
    fill_head(f, &head);
    if (x8_flash_opt.resume && x8_plan_os(f->plan))
        rc = x8_resume_preview(ctx, &head, err);
    return rc == 0 ? x8_dry_run(ctx, f->plan, &how, err) : rc;
}

/* 1 when the new Linux is waited for: when somebody asked for it, or is there to see it. */
static int is_watched(const struct x8_ctx *ctx, const struct x8_plan *plan)
{
    if (x8_flash_opt.no_wait)
        return 0;
    if (x8_flash_opt.wait_ms != X8_WAIT_UNSET)
        return 1;
    return x8_ui_can_ask(ctx->ui) && !ctx->globals->json && x8_plan_os(plan) != NULL;
}

/* 1 when a script restarts the board itself. */
static int restarts(const struct x8_plan *plan)
{
    const struct x8_step *step;

    for (size_t i = 0; (step = x8_plan_step(plan, X8_PROTO_FB, i)); i++) {
        const struct x8_command *command = step->command;

        if (step->is_skipped)
            continue;
        if (command->verb == X8_VERB_REBOOT || command->verb == X8_VERB_CONTINUE)
            return 1;
        if ((command->verb == X8_VERB_UCMD || command->verb == X8_VERB_ACMD) && command->rest &&
            x8_starts(command->rest, "reset"))
            return 1;
    }
    return 0;
}

static void fill_watch(const struct x8_flashing *f, struct x8_watch_for *want)
{
    const struct x8_release *release = release_of(f->source);
    int64_t limit = x8_flash_opt.wait_ms;

    want->limit_ms =
        limit == X8_WAIT_UNSET || limit == X8_DURATION_ALONE ? X8_WATCH_PERSON_MS : limit;
    want->hands = hands(f->row);
    want->restarts = restarts(f->plan);
    if (!x8_plan_os(f->plan))
        return;
    if (release)
        x8_copy(want->image, sizeof want->image, release->image);
    else if (!f->source->is_remote)
        image_of_name(f->source->word, want->image, sizeof want->image);
    want->is_name = !release;
}

static int flash_boards(struct x8_ctx *ctx, const struct x8_flashing *f, struct x8_error *err)
{
    struct written written = {
        .source = f->source, .row = f->row, .has_os = x8_plan_os(f->plan) != NULL};
    struct x8_run run = {.before_watch = say_switches, .user = &written};
    struct x8_watch_for want = {0};
    struct x8_board *boards = NULL;
    int n = 0, rc = x8_run_how(f->plan, RETRIES, &run.how, err);

    if (rc == 0)
        rc = x8_can_agree_to_plan(ctx, f->plan, err);
    if (rc == 0)
        rc = n = x8_pick_boards(ctx, NULL, 1, &boards, err);
    if (rc >= 0)
        rc = x8_agree_to_plan(ctx, f->plan, boards, (size_t)n, "Write to",
                              x8_flash_opt.via_boot_erase ? NULL : price(f->plan), err);
    if (rc == 0)
        rc = prepare(ctx, f, boards, (size_t)n, &run, err);
    written.boards = boards;
    written.count = n > 0 ? (size_t)n : 0;
    if (is_watched(ctx, f->plan)) {
        fill_watch(f, &want);
        run.watch = &want;
    }
    if (rc == 0)
        rc = x8_run_boards(ctx, f->plan, &run, boards, (size_t)n, err);
    x8_keeping_done(&run.keeping);
    free(boards);
    return rc;
}

/* From Linux into flashing mode; then the board is the one at this port, whatever -s said. */
static int come_from_linux(struct x8_ctx *ctx, const struct x8_plan *plan, struct x8_error *err)
{
    static char selector[X8_PORT_LEN + 8];
    struct x8_to_flash how = {
        .carrier = x8_flash_opt.carrier, .erase = 1, .has_image = 1, .is_quiet_json = 1};
    int rc = x8_to_flash_check(&ctx->op, plan, err);

    if (rc == 0)
        rc = x8_to_flash(ctx, &how, err);
    if (rc < 0 || !how.port[0])
        return rc;
    snprintf(selector, sizeof selector, "usb:%s", how.port);
    x8_globals()->serial = (struct x8_strings){.items = {selector}, .count = 1};
    x8_globals()->all = 0;
    return 0;
}

int x8_flash_go(struct x8_ctx *ctx, const struct x8_flashing *flashing, struct x8_error *err)
{
    struct x8_flashing f = *flashing;
    int rc = 0;

    /* Nothing may be cleared for a run that is refused afterwards. */
    if (x8_flash_opt.via_boot_erase && !ctx->globals->dry_run)
        rc = x8_agree_to_plan(ctx, f.plan, NULL, 0, "Flash", NULL, err);
    if (rc == 0 && x8_flash_opt.via_boot_erase)
        rc = come_from_linux(ctx, f.plan, err);
    if (rc < 0)
        return rc;
    if (x8_flash_opt.via_boot_erase && !f.row)
        f.row = x8_carrier_find("none");
    return ctx->globals->dry_run ? dry_run(ctx, &f, err) : flash_boards(ctx, &f, err);
}
