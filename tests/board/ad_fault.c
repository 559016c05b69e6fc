/*
 * Faults as data: "at:open,match:shell:,do:drop". ADBD.md has the table. A fault waits for a
 * message, or for a number of payload bytes, and strikes as often as `times` allows.
 */
#include "ad_model.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    enum ad_action action;
    int dir; /* it makes sense there only */
} actions[] = {
    {"drop", AD_DO_DROP, 0},
    {"stall", AD_DO_STALL, 0},
    {"badsum", AD_DO_BADSUM, AD_OUT},
    {"badmagic", AD_DO_BADMAGIC, AD_OUT},
    {"oversize", AD_DO_OVERSIZE, AD_OUT},
    {"garbage", AD_DO_GARBAGE, AD_OUT},
    {"delay", AD_DO_DELAY, 0},
    {"slow", AD_DO_SLOW, 0},
    {"die", AD_DO_DIE, 0},
    {"refuse", AD_DO_REFUSE, AD_IN},
    {"reboot", AD_DO_REBOOT, 0},
};

static const struct {
    const char *word;
    uint32_t command;
} points[] = {
    {"msg", 0},        {"cnxn", AD_CNXN}, {"open", AD_OPEN}, {"okay", AD_OKAY},
    {"wrte", AD_WRTE}, {"clse", AD_CLSE}, {"auth", AD_AUTH},
};

static int bad(char why[256], const char *text, const char *what)
{
    snprintf(why, 256, "fault: %.80s: %s", text, what);
    return -1;
}

static int take_action(struct ad_fault *f, const char *value)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(value, actions[i].word))
            continue;
        f->action = actions[i].action;
        if (actions[i].dir)
            f->dir = actions[i].dir;
        if (f->action == AD_DO_REFUSE)
            f->command = AD_OPEN;
        return 0;
    }
    return -1;
}

static int take_point(struct ad_fault *f, const char *value)
{
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        if (strcmp(value, points[i].word) == 0) {
            f->command = points[i].command;
            return 0;
        }
    }
    return -1;
}

static int take_number(struct ad_fault *f, const char *key, const char *value)
{
    uint64_t n;
    if (ad_number(value, strcmp(key, "rate") ? 1024 : 1000, &n) || n > INT64_MAX / 1000)
        return -1;
    if (!strcmp(key, "nth") && n > 0) {
        f->nth = n;
    } else if (!strcmp(key, "after")) {
        f->has_after = 1;
        f->after = n;
    } else if (!strcmp(key, "cut")) {
        f->has_cut = 1;
        f->cut = n;
    } else if (!strcmp(key, "for")) {
        f->for_us = (int64_t)n * 1000;
    } else if (!strcmp(key, "times")) {
        f->times = n ? (int64_t)n : -1;
    } else if (!strcmp(key, "rate")) {
        f->rate = n;
    } else {
        return -1;
    }
    return 0;
}

static int take_pair(struct ad_fault *f, const char *key, const char *value)
{
    if (!strcmp(key, "do"))
        return take_action(f, value);
    if (!strcmp(key, "at"))
        return take_point(f, value);
    if (!strcmp(key, "dir")) {
        f->dir = !strcmp(value, "in") ? AD_IN : !strcmp(value, "out") ? AD_OUT : 0;
        return f->dir ? 0 : -1;
    }
    if (!strcmp(key, "match")) {
        if (strlen(value) >= sizeof f->match)
            return -1;
        memcpy(f->match, value, strlen(value) + 1);
        return 0;
    }
    return take_number(f, key, value);
}

int ad_fault_parse(struct ad *ad, const char *text, char why[256])
{
    struct ad_fault f = {.nth = 1, .times = 1, .for_us = -1};
    char copy[512];
    if (ad->fault_count == AD_FAULTS || strlen(text) >= sizeof copy)
        return bad(why, text, "too many or too long");
    memcpy(copy, text, strlen(text) + 1);
    for (char *pair = copy, *next; pair; pair = next) {
        next = strchr(pair, ',');
        if (next)
            *next++ = 0;
        char *value = strchr(pair, ':');
        if (!value)
            return bad(why, pair, "name:value expected");
        *value++ = 0;
        if (take_pair(&f, pair, value))
            return bad(why, pair, "not possible");
    }
    if (f.action == AD_DO_NOTHING)
        return bad(why, text, "do: is missing");
    if (f.has_after)
        f.command = AD_WRTE;
    ad->faults[ad->fault_count++] = f;
    return 0;
}

static int concerns(const struct ad_fault *f, int dir, uint32_t command, const char *service)
{
    if ((f->dir && f->dir != dir) || (f->command && f->command != command))
        return 0;
    return !f->match[0] || (service && strstr(service, f->match));
}

/* Count the message; does its time come now? */
static int is_due(const struct ad_fault *f, struct ad_mark *mark, size_t len)
{
    mark->messages++;
    mark->bytes += len;
    if (f->times >= 0 && mark->struck >= f->times)
        return 0;
    return f->has_after ? mark->bytes > f->after : mark->messages >= f->nth;
}

/* How many bytes of the message, header included, still go through. */
static size_t allowance(const struct ad_fault *f, const struct ad_mark *mark, size_t len)
{
    uint64_t before = mark->bytes - len, cut = 0;
    if (f->has_cut)
        cut = f->cut;
    else if (f->has_after && before <= f->after)
        cut = AD_HEADER + f->after - before;
    return cut < AD_HEADER + len ? (size_t)cut : AD_HEADER + len;
}

const struct ad_fault *ad_fault_at(struct ad *ad, int dir, uint32_t command, size_t len,
                                   const char *service, size_t *cut)
{
    const struct ad_fault *found = NULL;
    for (size_t i = 0; i < ad->fault_count; i++) {
        const struct ad_fault *f = &ad->faults[i];
        struct ad_mark *mark = &ad->marks[i];
        if (!concerns(f, dir, command, service) || !is_due(f, mark, len) || found)
            continue;
        mark->struck++;
        *cut = allowance(f, mark, len);
        found = f;
    }
    return found;
}
