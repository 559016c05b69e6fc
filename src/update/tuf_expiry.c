/*
 * Until when: the earliest date of all roles, judged by somebody's clock.
 */
#include "update/tuf.h"
#include "util/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_S ((int64_t)24 * 60 * 60)

#define RENEW                                                                                      \
    "ask its maker for newer metadata (fioctl targets offline-update --tuf-only ...), get a "      \
    "newer "                                                                                       \
    "bundle, or flash the image with x8ctl flash"

/* Exactly `n` digits. */
static int digits(const char **at, int n)
{
    int value = 0;

    for (; n > 0; n--, (*at)++) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

/* `n` digits and the separator behind them. */
static int field(const char **at, int n, char separator)
{
    int value = digits(at, n);

    if (value < 0 || (separator && **at != separator))
        return -1;
    *at += separator != '\0';
    return value;
}

/* "Z", or "+hh:mm": seconds east of UTC. -1 with *ok 0 for anything else. */
static int64_t zone(const char *at, int *ok)
{
    int sign = *at == '-' ? -1 : 1, hours, minutes;

    *ok = strcmp(at, "Z") == 0;
    if (*ok || (*at != '+' && *at != '-'))
        return 0;
    at++;
    hours = field(&at, 2, ':');
    minutes = hours < 0 ? -1 : digits(&at, 2);
    *ok = minutes >= 0 && hours < 24 && minutes < 60 && *at == '\0';
    return sign * (hours * 60 + minutes) * 60;
}

int64_t x8_tuf_time(const char *text)
{
    const char *at = text;
    int year = field(&at, 4, '-'), month, day, hour, minute, second, ok;
    int64_t east, time;

    month = year < 0 ? -1 : field(&at, 2, '-');
    day = month < 0 ? -1 : field(&at, 2, 'T');
    hour = day < 0 ? -1 : field(&at, 2, ':');
    minute = hour < 0 ? -1 : field(&at, 2, ':');
    second = minute < 0 ? -1 : digits(&at, 2);
    time = x8_utc_seconds(year, month, day, hour, minute, second);
    if (time < 0)
        return 0;
    if (*at == '.') {
        at++;
        at += strspn(at, "0123456789");
    }
    east = zone(at, &ok);
    return ok && time - east > 0 ? time - east : 0;
}

/* "in 3 days", "51 days ago", below two days in hours. */
static void distance(int64_t seconds, char out[40])
{
    int64_t far = seconds < 0 ? -seconds : seconds;
    int by_day = far >= 2 * DAY_S;
    int64_t n = far / (by_day ? DAY_S : 3600);

    snprintf(out, 40, "%s%" PRId64 " %s%s%s", seconds < 0 ? "" : "in ", n, by_day ? "day" : "hour",
             n == 1 ? "" : "s", seconds < 0 ? " ago" : "");
}

static unsigned count_expired(const struct x8_tuf *tuf, int64_t now_s)
{
    unsigned n = 0;

    for (int i = 0; i < X8_TUF_ROLES; i++)
        n += tuf->roles[i].present && tuf->roles[i].expires_s != 0 &&
             tuf->roles[i].expires_s <= now_s;
    return n;
}

static const struct x8_tuf_role *earliest(const struct x8_tuf *tuf, const char **name)
{
    const struct x8_tuf_role *first = NULL;

    for (int i = 0; i < X8_TUF_ROLES; i++) {
        const struct x8_tuf_role *role = &tuf->roles[i];

        if (role->present && role->expires_s && (!first || role->expires_s < first->expires_s)) {
            first = role;
            *name = x8_tuf_role_name((enum x8_tuf_role_id)i);
        }
    }
    return first;
}

void x8_tuf_judge_expiry(const struct x8_tuf *tuf, int64_t now_s, const char *whose,
                         struct x8_findings *findings)
{
    unsigned expired = count_expired(tuf, now_s);
    const char *name = "";
    const struct x8_tuf_role *first = earliest(tuf, &name);
    char when[40], more[40] = "";

    if (!first)
        return; /* what cannot be read was told when it was read */
    distance(first->expires_s - now_s, when);
    if (expired > 1)
        snprintf(more, sizeof more, " (%u more %s too)", expired - 1,
                 expired == 2 ? "role has" : "roles have");
    if (expired)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "expiry", RENEW,
                 "the %s metadata expired %s by the clock of %s, on %s%s", name, when, whose,
                 first->expires, more);
    else if (first->expires_s - now_s < 2 * DAY_S)
        x8_found(findings, X8_FOUND_WARN, X8_OK, "expiry", RENEW,
                 "the %s metadata expires %s by the clock of %s, on %s; older boards need it until "
                 "after the restart",
                 name, when, whose, first->expires);
    else
        x8_found(findings, X8_FOUND_OK, X8_OK, "expiry", NULL,
                 "valid until %s (%s), %s by the clock of %s", first->expires, name, when, whose);
}
