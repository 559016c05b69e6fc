/*
 * The board's system: its image, units, room, docker, updates under way, clock.
 */
#include "doctor/board.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

enum {
    FIRST_OFFLINE = 674, /* the first image with aklite-offline */
    NARROW_PERCENT = 90,
    OFF_S = 120,
    FAR_OFF_S = 86400,
};
#define FULL_BYTES ((uint64_t)64 << 20)

/* What is known to be wrong with images. Source: the notes of the releases that mended it. */
static const struct {
    uint32_t from, to;
    const char *text, *next;
} problems[] = {
    {1, 399, "has no aklite-offline and needs a procedure of its own to be updated",
     "x8ctl update legacy-399 BUNDLE, or x8ctl flash latest"},
    {400, FIRST_OFFLINE - 1, "has no aklite-offline: it cannot be updated in place",
     "x8ctl flash latest"},
    {747, 821, "has a CAN driver that was taken back in 822",
     "x8ctl update apply, to 822 or later"},
    {844, 845, "has UART3 without its pull-up, and PCIe and RS-485 that do not work",
     "x8ctl update apply, to 861 or later"},
    {846, 860, "has PCIe and RS-485 that do not work", "x8ctl update apply, to 861 or later"},
};

static void check_image(const struct x8_board_says *says, const struct x8_doctor_board *about,
                        struct x8_checks *out)
{
    const char *machine = x8_os_release_get(&says->facts.os, "LMP_MACHINE");
    struct x8_check *check;
    uint32_t newest = 0;

    if (!x8_os_is_x8(&says->facts.os)) {
        check = x8_check_add(out, X8_CHECK_FAIL, "image", "image",
                             "os-release names %s: this is no Portenta X8",
                             machine ? machine : "no machine");
        x8_check_next(check, "x8ctl os-release    shows all of it");
        return;
    }
    for (size_t i = 0; i < X8_COUNT(problems); i++)
        if (says->number >= problems[i].from && says->number <= problems[i].to) {
            check = x8_check_add(out, X8_CHECK_WARN, "image", "image", "image %s %s", says->image,
                                 problems[i].text);
            x8_check_next(check, "%s", problems[i].next);
            return;
        }
    if (about->newest)
        (void)x8_parse_u32(about->newest, &newest);
    x8_check_add(out, X8_CHECK_OK, "image", "image", "%s%s%s%s%s%s", says->image,
                 about->known ? " (" : "", about->known ? about->known : "",
                 about->known ? ")" : "", newest > says->number && says->number ? "; newest: " : "",
                 newest > says->number && says->number ? about->newest : "");
}

static void check_units(const struct x8_board_says *says, struct x8_checks *out)
{
    const char *failed = says->facts.units_failed;
    struct x8_check *check;

    if (!failed[0]) {
        x8_check_add(out, X8_CHECK_OK, "units", "units", "none has failed");
        return;
    }
    check = x8_check_add(out, X8_CHECK_FAIL, "units", "units", "failed units: %s", failed);
    x8_check_next(check, "x8ctl logs -u %.*s -p err", (int)strcspn(failed, " "), failed);
}

static void check_space(const char *where, uint64_t size, uint64_t left, struct x8_checks *out)
{
    char about[64], text[24];
    struct x8_check *check;
    unsigned percent = size ? (unsigned)((size - (left < size ? left : size)) * 100 / size) : 0;

    if (!size)
        return;
    snprintf(about, sizeof about, "space %s", where);
    x8_size_text(text, left);
    if (percent < NARROW_PERCENT) {
        x8_check_add(out, X8_CHECK_OK, "space", about, "%s free", text);
        return;
    }
    check = x8_check_add(out, left < FULL_BYTES ? X8_CHECK_FAIL : X8_CHECK_WARN, "space", about,
                         "%s is %s: %s free, %u %% used", where,
                         left < FULL_BYTES ? "full" : "nearly full", text, percent);
    x8_check_next(check, strcmp(where, "/tmp") == 0
                             ? "x8ctl exec -- ls -l /tmp    it is memory: a restart empties it"
                             : "x8ctl exec --root -- docker system prune, or du -x /var");
}

static void check_docker(const struct x8_board_says *says, struct x8_checks *out)
{
    const struct x8_facts *facts = &says->facts;
    struct x8_check *check;

    if (!facts->has_docker) {
        x8_check_add(out, X8_CHECK_SKIPPED, "docker", "docker", "this image has none");
    } else if (strcmp(facts->docker, "active") == 0) {
        x8_check_add(out, X8_CHECK_OK, "docker", "docker", "runs");
    } else {
        check = x8_check_add(out, X8_CHECK_FAIL, "docker", "docker",
                             "docker does not run (%s): no container does",
                             facts->docker[0] ? facts->docker : "unknown");
        x8_check_next(check, "x8ctl logs -u docker.service -p err");
    }
}

static void check_update(const struct x8_board_says *says, struct x8_checks *out)
{
    struct x8_check *check = NULL;

    if (says->upgrade_available == 1) {
        check = x8_check_add(out, X8_CHECK_WARN, "update", "update",
                             "an update is installed and not confirmed: after a few starts the "
                             "board goes back");
    } else if (says->is_staged) {
        check =
            x8_check_add(out, X8_CHECK_WARN, "update", "update", "an update waits for a restart");
    }
    if (check)
        x8_check_next(check, "x8ctl update finish");
    if (says->rollback == 1) {
        check =
            x8_check_add(out, X8_CHECK_WARN, "update", "update",
                         "the last update did not start, the board went back to its old system");
        x8_check_next(check, "x8ctl update status");
    }
    if (!check)
        x8_check_add(out, X8_CHECK_OK, "update", "update", "none is pending");
    if (says->bootupgrade_available == 1) {
        check =
            x8_check_add(out, X8_CHECK_WARN, "bootloader", "boot loader",
                         "a new boot loader is written and waits for a restart to be confirmed");
        x8_check_next(check, "x8ctl reboot");
    }
}

static void check_clock(const struct x8_board_says *says, int64_t now, struct x8_checks *out)
{
    int64_t off = says->facts.clock_s - now, size = off < 0 ? -off : off;
    int is_far = size > FAR_OFF_S;
    struct x8_check *check;

    if (!now || !says->facts.clock_s)
        return;
    if (size <= OFF_S) {
        x8_check_add(out, X8_CHECK_OK, "board-clock", "clock", "%s",
                     says->is_synchronised == 1 ? "synchronised" : "as this computer's");
        return;
    }
    check = x8_check_add(out, is_far ? X8_CHECK_FAIL : X8_CHECK_WARN, "board-clock", "clock",
                         "the board's clock is %lld %s %s this computer's%s",
                         (long long)(is_far ? size / 86400 : size / 60),
                         is_far ? "days" : "minutes", off < 0 ? "behind" : "ahead of",
                         says->is_synchronised == 0 ? ", and nothing synchronises it" : "");
    x8_check_next(check, "connect the board to a network, or x8ctl doctor --board --fix");
    x8_check_fix(check, X8_FIX_BOARD_CLOCK, NULL);
}

void board_check_system(const struct x8_board_says *says, const struct x8_doctor_board *about,
                        struct x8_checks *out)
{
    check_image(says, about, out);
    check_units(says, out);
    check_space("/var", says->facts.var_size, says->facts.var_free, out);
    check_space("/tmp", says->facts.tmp_size, says->facts.tmp_free, out);
    check_docker(says, out);
    check_update(says, out);
    check_clock(says, about->now, out);
}
