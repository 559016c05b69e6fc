/*
 * Judging what runs. The booted commit decides, because it is the system's own digest; the version
 * number stands in for it where the commit cannot be read. A target that changes apps alone has the
 * commit and the version number of an earlier build, so there the recorded target decides.
 */
#include "update/proof.h"

#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct proving {
    const struct x8_update_board *board;
    const struct x8_expected *expected;
    struct x8_proven *out;
};

static void say(const struct proving *p, enum x8_proof proof, const char *fmt, ...) X8_PRINTF(3, 4);
static void say(const struct proving *p, enum x8_proof proof, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(p->out->reason, sizeof(p->out->reason), fmt, ap);
    va_end(ap);
    p->out->proof = proof;
}

static int same(const char *a, const char *b)
{
    return a[0] && strcmp(a, b) == 0;
}

/* The target runs: is it confirmed? bootcount is not looked at when upgrade_available is 0: the
 * loader counts only while that is set. */
static void judge_new(const struct proving *p)
{
    const struct x8_update_board *board = p->board;
    const struct x8_expected *want = p->expected;

    if (board->rollback_flag == 1)
        say(p, X8_PROOF_MIXED, "image %s runs, but the boot loader says that it went back",
            want->version);
    else if (same(board->pending, want->old_commit) && strcmp(board->pending, want->commit) != 0)
        say(p, X8_PROOF_MIXED, "image %s runs, but the old system is deployed for the next start",
            want->version);
    else if (board->upgrade_available == 1)
        say(p, X8_PROOF_UNCONFIRMED,
            "image %s runs, but the boot loader still counts its starts (%d so far)", want->version,
            board->bootcount < 0 ? 0 : board->bootcount);
    else if (board->upgrade_available < 0 && board->bootcount > 0)
        say(p, X8_PROOF_UNCONFIRMED, "image %s runs, but the boot loader has counted %d start%s",
            want->version, board->bootcount, board->bootcount == 1 ? "" : "s");
    else if (board->target[0] && want->target[0] && strcmp(board->target, want->target) != 0) {
        say(p, X8_PROOF_UNCONFIRMED, "image %s runs, but the board's record still names %.100s",
            want->version, board->target);
        p->out->record_is_old = 1;
    } else
        say(p, X8_PROOF_NEW, "image %s runs (%.*s) and is confirmed", want->version,
            board->booted[0] ? 12 : 30, board->booted[0] ? board->booted : "commit not readable");
}

static void judge_apps_only(const struct proving *p)
{
    const struct x8_update_board *board = p->board;
    const struct x8_expected *want = p->expected;

    if (board->booted[0] && strcmp(board->booted, want->commit) != 0)
        say(p, X8_PROOF_MIXED, "commit %.12s runs, neither the old system nor the new one",
            board->booted);
    else if (board->target[0] && want->target[0] && strcmp(board->target, want->target) != 0)
        say(p, X8_PROOF_OLD, "the board's record still names %.100s, not %.100s", board->target,
            want->target);
    else
        judge_new(p);
}

static void judge_commit(const struct proving *p)
{
    const struct x8_update_board *board = p->board;
    const struct x8_expected *want = p->expected;

    if (same(board->booted, want->commit)) {
        /* A build may carry an earlier one's number, but not that of another old system. */
        if (same(board->version, want->old_version) && strcmp(board->version, want->version) != 0)
            say(p, X8_PROOF_MIXED, "commit %.12s is the target's, but os-release says %s",
                board->booted, board->version);
        else
            judge_new(p);
    } else if (same(board->booted, want->old_commit)) {
        if (same(board->version, want->version) && strcmp(board->version, want->old_version) != 0)
            say(p, X8_PROOF_MIXED, "commit %.12s is the old system's, but os-release says %s",
                board->booted, board->version);
        else if (same(board->pending, want->commit))
            say(p, X8_PROOF_OLD, "image %s runs; the new system waits for a restart",
                board->version);
        else
            say(p, X8_PROOF_OLD, "image %s runs (%.12s), the system from before", board->version,
                board->booted);
    } else {
        say(p, X8_PROOF_MIXED, "commit %.12s runs, neither the old system nor the new one",
            board->booted);
    }
}

static void judge_version(const struct proving *p)
{
    const struct x8_update_board *board = p->board;
    const struct x8_expected *want = p->expected;

    if (same(board->version, want->version) && !same(board->version, want->old_version))
        judge_new(p);
    else if (same(board->version, want->old_version) && !same(board->version, want->version))
        say(p, X8_PROOF_OLD, "image %s runs, the system from before", board->version);
    else
        say(p, X8_PROOF_MIXED, "image %s runs, and which build of it cannot be read",
            board->version[0] ? board->version : "(unknown)");
}

static int is_up(const struct x8_update_board *board, const char *app, size_t len)
{
    for (size_t i = 0; i < board->container_count; i++) {
        const struct x8_container *container = &board->containers[i];

        if (container->is_running && strlen(container->project) == len &&
            memcmp(container->project, app, len) == 0)
            return 1;
    }
    return 0;
}

/* A board without docker leaves apps out; that is no failure of theirs. */
static void find_apps_down(const struct proving *p)
{
    char *out = p->out->apps_down;
    size_t cap = sizeof(p->out->apps_down);

    for (const char *app = p->expected->apps; *app && p->board->has_docker;) {
        size_t len = strcspn(app, " "), used = strlen(out);

        if (len > 0 && !is_up(p->board, app, len) && used + len + 2 < cap)
            snprintf(out + used, cap - used, "%s%.*s", used ? " " : "", (int)len, app);
        app += len + strspn(app + len, " ");
    }
}

void x8_proof_judge(const struct x8_update_board *board, const struct x8_expected *expected,
                    struct x8_proven *out)
{
    const struct proving p = {board, expected, out};
    const char *cmdline = board->cmdline;

    memset(out, 0, sizeof(*out));
    if (cmdline[0] && board->booted[0] && strcmp(cmdline, board->booted) != 0)
        say(&p, X8_PROOF_MIXED, "ostree says that %.12s runs, the kernel's command line %.12s",
            board->booted, cmdline);
    else if (same(expected->commit, expected->old_commit))
        judge_apps_only(&p);
    else if (board->booted[0] && expected->commit[0])
        judge_commit(&p);
    else
        judge_version(&p);
    find_apps_down(&p);
    out->reboot_advised = board->bootupgrade_available == 1;
}
