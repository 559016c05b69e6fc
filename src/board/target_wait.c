/*
 * Following one board through a restart. It is known again by its port, its serial number or its
 * address, and a restart by its boot id: a board that only lost its link for a moment has the old
 * one.
 */
#include "board/target_parts.h"

#include "session/power.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* LOOK: how often a board that no bus tells about is looked for. ASK: limit of one attempt. HANDS:
 * after this time a board that should be in flashing mode may need its plug pulled. */
enum { LOOK_MS = 1000, ASK_MS = 6000, HANDS_MS = 15000, BOOT_ID_LEN = 40 };

struct following {
    struct x8_bus *bus;
    const struct x8_op *op;
    const struct x8_reach *reach;
    const struct x8_target *target;
    enum x8_mode mode;
    const char *old_boot_id;
    int64_t deadline, hands_at;
    char seen[320]; /* what was there instead */
};

static const char *port_of(const struct x8_target *target)
{
    return target->has_usb ? target->usb.device.port : target->has_adb ? target->adb.port : "";
}

static int is_same(const struct x8_target *a, const struct x8_target *b)
{
    if (port_of(a)[0] && strcmp(port_of(a), port_of(b)) == 0)
        return 1;
    if (a->host[0] && x8_casecmp(a->host, b->host) == 0 && a->port == b->port)
        return 1;
    if (a->net_name[0] && x8_casecmp(a->net_name, b->net_name) == 0)
        return 1;
    if (a->has_net && b->has_net && x8_casecmp(a->net_host, b->net_host) == 0 &&
        a->net_port == b->net_port)
        return 1;
    if (a->has_adb && b->has_adb && strcmp(a->adb.serial, b->adb.serial) == 0)
        return 1;
    /* Serial numbers of other modes are none of the board's. */
    return a->mode == b->mode && x8_serial_equal(a->serial, b->serial);
}

/* How it is looked for: at its address, or by a search where its name on the network is all that is
 * sure to stay. */
static size_t address_of(const struct following *f, struct x8_reach *reach, char *out, size_t cap)
{
    const struct x8_target *target = f->target;

    if (target->host[0]) {
        snprintf(out, cap, strchr(target->host, ':') ? "[%s]:%u" : "%s:%u", target->host,
                 (unsigned)target->port);
        return 1;
    }
    if (!target->has_net)
        return 0;
    reach->net.is_wide = target->net_name[0] && reach->net.search_ms > 0;
    snprintf(out, cap, "net:[%s]", target->net_host);
    if (target->net_port)
        snprintf(out + strlen(out), cap - strlen(out), ":%u", (unsigned)target->net_port);
    return !reach->net.is_wide;
}

/* The board as it is now, if it is anywhere. 1 or 0, or a negative code. */
static int look(struct following *f, struct x8_target *out, struct x8_error *err)
{
    char address[sizeof f->target->net_host + 32];
    const char *addresses[] = {address};
    struct x8_reach reach = *f->reach;
    struct x8_target *targets = NULL;
    size_t address_count = address_of(f, &reach, address, sizeof address);
    int found = 0, count;

    count = x8_targets_find(f->bus, f->op, &reach, addresses, address_count, 0, &targets, err);
    for (int i = 0; i < count && !found; i++) {
        found = is_same(f->target, &targets[i]);
        if (found)
            *out = targets[i];
    }
    if (count >= 0 && found)
        snprintf(f->seen, sizeof f->seen, "%s is there as %s", out->where, out->state);
    else if (count >= 0)
        x8_copy(f->seen, sizeof f->seen, "it is not there");
    free(targets);
    return count < 0 ? count : found;
}

/* 1 when the board answers from another boot; then *out_session is open. */
static int answers(struct following *f, const struct x8_target *now, struct x8_session **out,
                   struct x8_error *err)
{
    struct x8_op op = *f->op;
    X8_AUTO_SESSION session = NULL;
    struct x8_error failed;
    char id[BOOT_ID_LEN] = "";
    int rc;

    op.deadline = x8_deadline_min(f->deadline, x8_deadline_in(ASK_MS));
    rc = x8_target_open(f->bus, &op, f->reach, now, &session, &failed);
    if (rc == 0)
        rc = x8_boot_id(session, &op, id, &failed);
    if (rc == -(int)X8_E_STOPPED || rc == -(int)X8_E_TERMINATED) {
        *err = failed;
        return rc;
    }
    if (rc < 0) {
        x8_copy(f->seen, sizeof f->seen, failed.msg);
        return 0;
    }
    if (f->old_boot_id && strcmp(id, f->old_boot_id) == 0) {
        x8_copy(f->seen, sizeof f->seen, "it answers, but has not restarted");
        return 0;
    }
    *out = session;
    session = NULL;
    return 1;
}

static int came_up_elsewhere(const struct following *f, const struct x8_target *now,
                             struct x8_error *err)
{
    x8_fail(err, X8_E_NO_BOOT, "board %s came up in %s mode instead of Linux", f->target->label,
            x8_mode_name(now->mode));
    x8_error_why(err, "its boot switches stand on flashing, or its boot areas are empty");
    x8_error_next(err, "set the boot switches to OFF and plug it in again (x8ctl guide); an empty "
                       "board needs x8ctl flash");
    return -(int)X8_E_NO_BOOT;
}

/* 1 when what was waited for is there. */
static int judge(struct following *f, struct x8_target *now, struct x8_session **session,
                 struct x8_error *err)
{
    int rc = look(f, now, err);

    if (rc <= 0)
        return rc;
    if (f->mode != X8_MODE_LINUX)
        return x8_mode_is_flashable(now->mode);
    if (now->mode == X8_MODE_ROM)
        return came_up_elsewhere(f, now, err);
    if (now->mode != X8_MODE_LINUX || now->trouble == X8_E_NO_PERMISSION)
        return 0;
    return answers(f, now, session, err);
}

static void tell(struct following *f)
{
    x8_emit(f->op, X8_EV_WAIT, "waiting for %s to come back%s (%d s left): %s", f->target->label,
            f->mode == X8_MODE_LINUX ? "" : " in flashing mode",
            x8_deadline_left(f->deadline, 86400 * 1000) / 1000, f->seen);
    if (f->mode == X8_MODE_LINUX || x8_deadline_left(f->hands_at, 1) > 0)
        return;
    x8_emit(f->op, X8_EV_NOTICE,
            "now      unplug the board's USB-C cable and plug it in again: a restart alone may not "
            "be enough");
    f->hands_at = X8_NO_DEADLINE;
}

static int too_late(const struct following *f, struct x8_error *err)
{
    x8_fail(err, X8_E_NO_BOOT, "board %s did not come back%s in time", f->target->label,
            f->mode == X8_MODE_LINUX ? "" : " in flashing mode");
    x8_error_why(err, "%s", f->seen);
    if (f->mode == X8_MODE_LINUX)
        x8_error_next(err,
                      "look at its LEDs (x8ctl guide leds), replug it, then x8ctl wait --state "
                      "linux");
    else
        x8_error_next(err, "unplug and replug its USB-C cable, then x8ctl list; x8ctl flash goes "
                           "on from there");
    return -(int)X8_E_NO_BOOT;
}

/* Until the bus changes, or it is time to look again. */
static int pause_until(struct following *f, uint64_t *seq, struct x8_error *err)
{
    int64_t until = x8_deadline_min(f->deadline, x8_deadline_in(LOOK_MS));

    if (f->bus)
        return f->bus->ops->wait(f->bus, f->op, seq, until, err);
    return x8_cancel_sleep(f->op->cancel, until, X8_CANCEL_SOFT, err);
}

int x8_target_wait(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                   const struct x8_target *target, enum x8_mode mode, const char *old_boot_id,
                   int64_t deadline, struct x8_target *out, struct x8_session **out_session,
                   struct x8_error *err)
{
    struct following f = {.bus = bus,
                          .op = op,
                          .reach = reach,
                          .target = target,
                          .mode = mode,
                          .old_boot_id = old_boot_id,
                          .deadline = deadline,
                          .hands_at = x8_deadline_in(HANDS_MS)};
    struct x8_target *now = calloc(1, sizeof *now);
    X8_AUTO_SESSION session = NULL;
    uint64_t seq = 0;
    int rc = now ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory while waiting for a board");

    while (rc == 0) {
        rc = judge(&f, now, &session, err);
        if (rc == 0 && x8_deadline_left(deadline, 1) == 0)
            rc = too_late(&f, err);
        if (rc != 0)
            break;
        tell(&f);
        rc = pause_until(&f, &seq, err);
        rc = rc > 0 ? 0 : rc;
    }
    if (rc > 0 && out) {
        /* Its own serial number and name: another mode shows others. */
        x8_copy(now->label, sizeof now->label, target->label);
        *out = *now;
    }
    if (rc > 0 && out_session) {
        *out_session = session;
        session = NULL;
    }
    free(now);
    return rc > 0 ? 0 : rc;
}
