/*
 * Faults as data: "stage:fastboot,after:1048576,do:stall". README.md has the table of all words and
 * actions. A fault waits at a point (a command, a byte of a data phase, the arrival on the bus, the
 * jump) and strikes there as often as `times` allows.
 */
#include "vb_model.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    enum vb_action action;
    int times;    /* default: how often; -1 always */
    int standing; /* asked for with vb_fault_standing or by the medium, never strikes at a command
                   */
} actions[] = {
    {"stall", VB_DO_STALL, 1, 0},
    {"stallin", VB_DO_STALLIN, 1, 0},
    {"hang", VB_DO_HANG, 1, 0},
    {"unplug", VB_DO_UNPLUG, 1, 0},
    {"fail", VB_DO_FAIL, 1, 0},
    {"wrongword", VB_DO_WRONGWORD, 1, 0},
    {"wrongsec", VB_DO_WRONGSEC, 1, 0},
    {"garbage", VB_DO_GARBAGE, 1, 0},
    {"short", VB_DO_SHORT, 1, 0},
    {"delay", VB_DO_DELAY, 1, 0},
    {"slow", VB_DO_SLOW, 1, 0},
    {"denied", VB_DO_DENIED, 1, 0},
    {"rom", VB_DO_ROM, 1, 0},
    {"never", VB_DO_NEVER, 1, 0},
    {"stay", VB_DO_STAY, 1, 0},
    {"badhab", VB_DO_BADHAB, 1, 0},
    {"closed", VB_DO_CLOSED, 1, 0},
    {"double", VB_DO_DOUBLE, -1, 1},
    {"info", VB_DO_INFO, -1, 1},
    {"dec", VB_DO_DEC, -1, 1},
    {"writefail", VB_DO_WRITEFAIL, -1, 1},
    {"readfail", VB_DO_READFAIL, -1, 1},
    {"flip", VB_DO_FLIP, 1, 1},
};

/* ---- parsing ---- */

static int bad(char why[256], const char *text, const char *what)
{
    snprintf(why, 256, "fault: %.80s: %s", text, what);
    return -1;
}

static int take_stage(struct vb_fault *f, const char *value)
{
    static const enum vb_stage stages[] = {VB_ROM, VB_SPL, VB_FASTBOOT, VB_LINUX};
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        if (strcmp(value, vb_stage_word(stages[i])) == 0) {
            f->stage = stages[i];
            return 0;
        }
    }
    if (strcmp(value, "any") == 0)
        return 0;
    if (strncmp(value, "cmd:", 4) == 0)
        value += 4;
    if (strlen(value) >= sizeof f->point || !*value)
        return -1;
    memcpy(f->point, value, strlen(value) + 1);
    return 0;
}

static int take_action(struct vb_fault *f, const char *value)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(value, actions[i].word) == 0) {
            f->action = actions[i].action;
            if (f->times == 0)
                f->times = actions[i].times;
            return 0;
        }
    }
    return -1;
}

static int take_numbers(struct vb_fault *f, const char *key, const char *value)
{
    uint64_t n;
    if (strcmp(key, "area") == 0) {
        f->area = !strcmp(value, "boot0") ? 1 : !strcmp(value, "boot1") ? 2 : 0;
        return f->area == 0 && strcmp(value, "user");
    }
    if (vb_size_parse(value, strcmp(key, "rate") ? 1024 : 1000, &n) || n > INT64_MAX / 1000)
        return -1;
    if (!strcmp(key, "after")) {
        f->has_after = 1;
        f->after = n;
    } else if (!strcmp(key, "nth") && n > 0 && n < UINT32_MAX)
        f->nth = (unsigned)n;
    else if (!strcmp(key, "for"))
        f->for_us = (int64_t)n * 1000;
    else if (!strcmp(key, "times"))
        f->times = n ? (int64_t)n : -1;
    else if (!strcmp(key, "rate"))
        f->rate = n;
    else if (!strcmp(key, "sector") || !strcmp(key, "off")) {
        f->has_place = 1;
        f->place = n;
    } else
        return -1;
    return 0;
}

static int take_pair(struct vb_fault *f, const char *key, const char *value)
{
    if (!strcmp(key, "stage") || !strcmp(key, "at"))
        return take_stage(f, value);
    if (!strcmp(key, "do"))
        return take_action(f, value);
    if (!strcmp(key, "match")) {
        if (strlen(value) >= sizeof f->match)
            return -1;
        memcpy(f->match, value, strlen(value) + 1);
        return 0;
    }
    return take_numbers(f, key, value);
}

int vb_fault_parse(struct vb *vb, const char *text, char why[256])
{
    if (vb->fault_count == sizeof vb->faults / sizeof *vb->faults)
        return bad(why, text, "too many faults");
    struct vb_fault f = {.nth = 1, .for_us = -1};
    char copy[512];
    if (strlen(text) >= sizeof copy)
        return bad(why, text, "too long");
    memcpy(copy, text, strlen(text) + 1);
    for (char *pair = copy, *next; pair; pair = next) {
        if (strncmp(pair, "text:", 5) == 0) { /* the rest, commas included */
            snprintf(f.text, sizeof f.text, "%.59s", pair + 5);
            break;
        }
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
    if (f.action == VB_DO_NOTHING)
        return bad(why, text, "do: is missing");
    vb->faults[vb->fault_count++] = f;
    return 0;
}

/* ---- waiting ---- */

static int here(const struct vb *vb, const struct vb_fault *f)
{
    return f->times != 0 && (f->stage == VB_OFF || f->stage == vb->stage);
}

static int is_standing(enum vb_action action)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (actions[i].action == action)
            return actions[i].standing;
    return 0;
}

static void used(struct vb_fault *f)
{
    if (f->times > 0)
        f->times--;
}

/* Actions that decide what a jump or an arrival leads to wait there, wherever else the words say
 * nothing. */
static const char *own_point(const struct vb_fault *f)
{
    if (*f->point)
        return f->point;
    switch (f->action) {
    case VB_DO_ROM:
    case VB_DO_NEVER:
    case VB_DO_STAY:
    case VB_DO_BADHAB:
        return "jump";
    case VB_DO_DENIED:
        return "connect";
    default:
        return "";
    }
}

const struct vb_fault *vb_fault_at(struct vb *vb, const char *point, const char *text)
{
    for (unsigned i = 0; i < vb->fault_count; i++) {
        struct vb_fault *f = &vb->faults[i];
        const char *own = own_point(f);
        if (!here(vb, f) || f->has_after || is_standing(f->action))
            continue;
        if (*own ? strcmp(own, point) != 0 : strcmp(point, "connect") == 0)
            continue;
        if (*f->match && !strstr(text, f->match))
            continue;
        if (++f->seen < f->nth)
            continue;
        used(f);
        return f;
    }
    return NULL;
}

const struct vb_fault *vb_fault_data(struct vb *vb, size_t len, size_t *before)
{
    const struct vb_fault *hit = NULL;
    for (unsigned i = 0; i < vb->fault_count && !hit; i++) {
        struct vb_fault *f = &vb->faults[i];
        if (!here(vb, f) || !f->has_after || is_standing(f->action))
            continue;
        if (f->after < vb->stage_bytes || f->after - vb->stage_bytes > len)
            continue;
        *before = (size_t)(f->after - vb->stage_bytes);
        used(f);
        hit = f;
    }
    vb->stage_bytes += len;
    return hit;
}

const struct vb_fault *vb_fault_standing(struct vb *vb, enum vb_action action)
{
    for (unsigned i = 0; i < vb->fault_count; i++)
        if (vb->faults[i].action == action && here(vb, &vb->faults[i]))
            return &vb->faults[i];
    return NULL;
}

int vb_fault_medium(struct vb *vb, enum vb_action action, int area, uint64_t sector,
                    uint64_t sectors)
{
    for (unsigned i = 0; i < vb->fault_count; i++) {
        struct vb_fault *f = &vb->faults[i];
        if (f->action != action || f->times == 0 || f->area != area)
            continue;
        if (f->has_place ? f->place >= sector && f->place - sector < sectors : 1) {
            used(f);
            return 1;
        }
    }
    return 0;
}

uint64_t vb_fault_flip(struct vb *vb, unsigned *from, int area, uint64_t off, uint64_t len)
{
    while (*from < vb->fault_count) {
        struct vb_fault *f = &vb->faults[(*from)++];
        if (f->action != VB_DO_FLIP || f->times == 0 || f->area != area)
            continue;
        if (f->place >= off && f->place - off < len) {
            if (f->times > 0)
                f->times--;
            return f->place;
        }
    }
    return UINT64_MAX;
}

int vb_fault_strike(struct vb *vb, const struct vb_fault *fault, struct vb_result *result)
{
    if (!fault)
        return 0;
    result->ready_us = vb->now;
    switch (fault->action) {
    case VB_DO_STALL:
        vb->halted_out = 1;
        result->status = VB_STALL;
        return 1;
    case VB_DO_HANG:
        vb->hang_until = fault->for_us < 0 ? VB_NEVER : vb->now + fault->for_us;
        result->status = VB_NAK;
        result->actual = 0;
        return 1;
    case VB_DO_UNPLUG:
        vb_unplug(vb, fault->for_us);
        result->status = VB_GONE;
        return 1;
    case VB_DO_SLOW:
        vb->link_now = fault->rate ? fault->rate : 1;
        return 0;
    case VB_DO_CLOSED:
        vb->cfg.closed = 1;
        return 0;
    default:
        return 0;
    }
}
