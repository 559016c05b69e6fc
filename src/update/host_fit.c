/*
 * Does this bundle fit this board? Each question leaves a finding that names both sides. What a
 * board decides by itself (its signatures, its space) is looked at elsewhere; here is what would
 * end in a refusal, or in a harm that nobody meant.
 */
#include "update/host_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define DAY        ((int64_t)86400)
#define OLD_CLOCK  1640995200 /* 2022: no X8 is older; a clock before that was never set */
#define LMP_91     844u       /* Arduino's first image of LmP 91, and the last of it */
#define LMP_91_END 934u

struct fit {
    const struct x8_bundle *bundle;
    const struct x8_update_board *board;
    const struct x8_fit *how;
    struct x8_findings *to;
};

static int is_ab(const struct fit *fit)
{
    return fit->board->aklite == X8_AKLITE_A || fit->board->aklite == X8_AKLITE_B;
}

static void clock_fits(const struct fit *fit)
{
    const struct x8_tuf *tuf = &fit->bundle->tuf;
    int64_t now = fit->board->clock_s, left = tuf->expires_s - now;
    char end[32], today[32];

    host_time_text(tuf->expires_s, end);
    host_time_text(now, today);
    if (now < OLD_CLOCK)
        x8_found(fit->to, X8_FOUND_WARN, X8_OK, "clock",
                 "let the board have a network for its time, or set it: x8ctl exec --root -- date",
                 "the board's clock was never set (%s), so it cannot see what has expired", today);
    else if (tuf->expires_s == 0)
        return; /* reading the bundle has told which date is not readable */
    else if (left <= 0)
        x8_found(fit->to, X8_FOUND_BAD, X8_E_BAD_DIGEST, "clock",
                 "get a fresh bundle of the same version (fioctl targets offline-update "
                 "--tuf-only), or look at the board's clock",
                 "the bundle expired on %s (%s), by the board's clock it is %s", end,
                 tuf->expires_role, today);
    else if (left < 2 * DAY)
        x8_found(fit->to, X8_FOUND_WARN, X8_OK, "clock", "update now, or get a fresh bundle",
                 "the bundle expires on %s (%s), by the board's clock it is %s%s", end,
                 tuf->expires_role, today,
                 is_ab(fit) ? "; this board looks again after its restart" : "");
    else
        x8_found(fit->to, X8_FOUND_OK, X8_OK, "clock", NULL,
                 "valid until %s, by the board's clock it is %s", end, today);
}

static void hardware_fits(const struct fit *fit)
{
    const char *want = fit->bundle->target->hardware, *have = fit->board->hardware;

    if (!want[0])
        x8_found(fit->to, X8_FOUND_BAD, X8_E_MISFIT, "hardware",
                 "get a bundle for this hardware id alone",
                 "the bundle does not name one hardware id, the board is %s",
                 have[0] ? have : "portenta-x8");
    else if (!have[0])
        x8_found(fit->to, X8_FOUND_WARN, X8_OK, "hardware", "x8ctl update check --to BUNDLE",
                 "the bundle is for %s; the board's own hardware id could not be read", want);
    else if (strcmp(want, have) != 0)
        x8_found(fit->to, X8_FOUND_BAD, X8_E_MISFIT, "hardware",
                 "get a bundle that was made for this board",
                 "the bundle is for %s, the board is %s", want, have);
    else
        x8_found(fit->to, X8_FOUND_OK, X8_OK, "hardware", NULL, "both are %s", have);
}

static int shares_a_tag(const char *board, const char *target)
{
    char tag[64];

    while (*target) {
        size_t len = strcspn(target, ", ");

        if (len && len < sizeof(tag)) {
            memcpy(tag, target, len);
            tag[len] = '\0';
            if (host_listed(board, tag))
                return 1;
        }
        target += len;
        target += strspn(target, ", ");
    }
    return 0;
}

/* Generation C compares the bundle's own tag as well; the older ones do not know it. */
static void tag_fits(const struct fit *fit)
{
    const char *have = fit->board->tags, *want = fit->bundle->target->tags;
    const char *own = fit->bundle->tuf.tag;

    if (!have[0])
        x8_found(fit->to, X8_FOUND_OK, X8_OK, "tag", NULL,
                 "the bundle is of tag %s, the board takes any", want[0] ? want : own);
    else if (!shares_a_tag(have, want))
        x8_found(fit->to, X8_FOUND_BAD, X8_E_MISFIT, "tag",
                 "get a bundle of the board's tag (fioctl targets offline-update --tag)",
                 "the bundle's target is of tag %s, the board takes %s", want[0] ? want : "(none)",
                 have);
    else if (!is_ab(fit) && own[0] && !host_listed(have, own))
        x8_found(fit->to, X8_FOUND_BAD, X8_E_MISFIT, "tag",
                 "get a bundle of the board's tag (fioctl targets offline-update --tag)",
                 "the bundle was made for tag %s, the board takes %s", own, have);
    else
        x8_found(fit->to, X8_FOUND_OK, X8_OK, "tag", NULL,
                 "the bundle is of tag %s, the board takes %s", want, have);
}

static void type_fits(const struct fit *fit)
{
    const char *have = fit->board->device_type, *want = fit->bundle->tuf.type;

    if (!want[0] || !have[0])
        x8_found(fit->to, X8_FOUND_INFO, X8_OK, "type", NULL, "the bundle is of type %s, the %s",
                 want[0] ? want : "(not said)",
                 have[0] ? have : "board has none yet: the first bundle decides");
    else if (strcmp(want, have) != 0)
        x8_found(fit->to, X8_FOUND_BAD, X8_E_MISFIT, "type",
                 "get a bundle of the board's type (fioctl targets offline-update, with or "
                 "without --prod)",
                 "the bundle is of type %s, the board is registered as %s", want, have);
    else
        x8_found(fit->to, X8_FOUND_OK, X8_OK, "type", NULL, "both are %s", have);
}

/* From 8x to 95 everything changes at once. */
static void jump_fits(const struct fit *fit, uint64_t from, uint64_t to)
{
    if (x8_starts(fit->bundle->target->name, "portenta-x8-lmp-") && from < LMP_91 &&
        to > LMP_91_END)
        x8_found(fit->to, X8_FOUND_WARN, X8_OK, "boot", "x8ctl pull    what must not be lost",
                 "from %s to %s is a jump over several releases: the boot firmware changes and "
                 "takes one or two more restarts, and so do the number of user fio and docker's "
                 "data",
                 fit->board->version, fit->bundle->target->version);
}

static void same_version(const struct fit *fit)
{
    const struct x8_tuf_target *target = fit->bundle->target;

    if (!fit->board->booted[0] || strcmp(fit->board->booted, target->commit) == 0)
        x8_found(fit->to, X8_FOUND_INFO, X8_OK, "version", NULL,
                 "the bundle is %s, the board runs %s already", target->version,
                 fit->board->version);
    else
        x8_found(fit->to, X8_FOUND_WARN, X8_OK, "version", "look at both: x8ctl update status",
                 "the bundle and the board both say %s, but are different builds (%.12s, %.12s)",
                 target->version, target->commit, fit->board->booted);
}

static void older_version(const struct fit *fit)
{
    const char *want = fit->bundle->target->version, *have = fit->board->version;

    if (fit->how->allow_downgrade)
        x8_found(fit->to, X8_FOUND_WARN, X8_OK, "version", "",
                 "the bundle is %s, older than the board's %s; --allow-downgrade was given", want,
                 have);
    else
        x8_found(fit->to, X8_FOUND_BAD, X8_E_NEED_YES, "version",
                 "x8ctl update apply BUNDLE --allow-downgrade    if that is what you want",
                 "the bundle is %s, older than the board's %s", want, have);
}

static void version_fits(const struct fit *fit)
{
    const char *want = fit->bundle->target->version, *have = fit->board->version;
    uint64_t from = 0, to = 0;

    if (strcmp(want, have) == 0) {
        same_version(fit);
    } else if (x8_parse_u64(have, &from) < 0 || x8_parse_u64(want, &to) < 0) {
        x8_found(fit->to, X8_FOUND_WARN, X8_OK, "version", "see that it is what you want",
                 "the bundle is %s, the board runs %s: which of them is newer cannot be told",
                 want[0] ? want : "(not said)", have[0] ? have : "(unknown)");
    } else if (to < from) {
        older_version(fit);
    } else {
        x8_found(fit->to, X8_FOUND_OK, X8_OK, "version", NULL, "from %s to %s", have, want);
        jump_fits(fit, from, to);
    }
}

void x8_update_fit(const struct x8_bundle *bundle, const struct x8_update_board *board,
                   const struct x8_fit *how, struct x8_findings *findings)
{
    const struct fit fit = {bundle, board, how, findings};

    if (bundle->target) {
        clock_fits(&fit);
        hardware_fits(&fit);
        tag_fits(&fit);
        type_fits(&fit);
        version_fits(&fit);
    }
    host_fit_state(bundle, board, findings);
}
