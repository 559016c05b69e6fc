/*
 * Is the clock right? It decides whether certificates and signed metadata count. Nobody is asked
 * for the time: files that the system writes as it lives say when it was alive.
 */
#include "doctor/parts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400, YEAR = 365 * DAY, YEARS_OFF = 3 };

/* Written by package managers, at every start, and by who keeps the time. */
static const char *const living[] = {
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/pacman/local",
    "/var/lib/systemd/timesync/clock",
    "/var/lib/systemd/timers",
    "/var/log/journal",
    "/var/log/wtmp",
    "/var/cache/ldconfig/aux-cache",
    "/etc/ld.so.cache",
    "/etc/resolv.conf",
    "/etc/passwd",
    "/etc/machine-id",
};

static int64_t newest(const struct x8_look *look, const char **which)
{
    const char *mine[] = {look->host->cache, look->host->state};
    int64_t best = 0, changed;

    for (size_t i = 0; i < X8_COUNT(living) + X8_COUNT(mine); i++) {
        const char *path = i < X8_COUNT(living) ? living[i] : mine[i - X8_COUNT(living)];

        if (x8_host_mtime(look->host, path, &changed) == 0 && changed > best) {
            best = changed;
            *which = path;
        }
    }
    return best;
}

static void day_text(int64_t seconds, char out[16])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    out[0] = '\0';
    if (gmtime_r(&t, &tm))
        strftime(out, 16, "%Y-%m-%d", &tm);
}

static void add(struct x8_look *look, enum x8_check_result result, const char *text)
{
    struct x8_check *check = x8_check_add(look->out, result, "clock", "clock", "%s", text);

    x8_check_next(check, "sudo timedatectl set-ntp true    or: sudo date -s 'YYYY-MM-DD HH:MM'");
}

void x8_check_clock(struct x8_look *look)
{
    const char *which = "";
    int64_t now = look->host->ops->clock(look->host), last = newest(look, &which);
    char today[16], other[16], text[300];

    day_text(now, today);
    day_text(last, other);
    if (now < look->host->released) {
        day_text(look->host->released, other);
        snprintf(text, sizeof text, "the clock says %s, before this x8ctl was made (%s)", today,
                 other);
        add(look, X8_CHECK_FAIL, text);
    } else if (last > now + DAY) {
        snprintf(text, sizeof text,
                 "the clock says %s, and is behind: the newest file is of %s (%s)", today, other,
                 which);
        add(look, X8_CHECK_FAIL, text);
    } else if (last && now > last + (int64_t)YEARS_OFF * YEAR) {
        snprintf(text, sizeof text, "the clock says %s, years after its newest file (%s, %s)",
                 today, other, which);
        add(look, X8_CHECK_WARN, text);
    } else {
        x8_check_add(look->out, X8_CHECK_OK, "clock", "clock", "%s", today);
    }
}
