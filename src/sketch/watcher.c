/*
 * What systemd says about the two units. A property that is not set may be missing or empty, and
 * properties come in systemd's order.
 */
#include "sketch/watcher.h"
#include "util/text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 512 /* of ExecStart, what matters stands at its beginning */

struct reading {
    struct x8_watcher *out;
    int is_service;  /* past the empty line */
    int runs_script; /* the service runs a program that is not OpenOCD, as its last one */
    int has_program;
    int loaded[2]; /* 1: yes, -1: not */
};

/* Where the text of a property goes; a name that stands here twice is one of both units. */
static const struct {
    const char *name;
    int is_service;
    size_t at, cap;
} texts[] = {
#define TEXT(name, service, field)                                                                 \
    {                                                                                              \
        name, service, offsetof(struct x8_watcher, field), sizeof(((struct x8_watcher *)0)->field) \
    }
    TEXT("ActiveState", 0, path_state), TEXT("SubState", 0, path_sub),
    TEXT("Result", 0, path_result),     TEXT("ActiveState", 1, service_state),
    TEXT("Result", 1, service_result),  TEXT("InvocationID", 1, invocation),
#undef TEXT
};

/* The program behind "{ path=/bin/openocd ; argv[]=... ; ignore_errors=no ; ...": only OpenOCD's
 * own status says what became of it. Of several programs the last one counts, the earlier ones only
 * write a line. */
static void take_program(struct reading *reading, const char *value)
{
    const char *path = strstr(value, "path="), *end = path ? strstr(path, " ;") : NULL;
    static const char name[] = "/openocd";
    size_t len = sizeof(name) - 1;
    int is_openocd = end && (size_t)(end - path) > len && memcmp(end - len, name, len) == 0;

    reading->has_program = 1;
    reading->runs_script = !is_openocd || strstr(value, "ignore_errors=yes") != NULL;
}

static void take_number(struct x8_watcher *out, const char *name, const char *value)
{
    uint64_t number;

    if (x8_parse_u64(value, &number) < 0)
        return;
    if (strcmp(name, "ExecMainStatus") == 0)
        out->exit_status = number < 256 ? (int)number : 255;
    else if (strcmp(name, "ExecMainStartTimestampMonotonic") == 0)
        out->start_us = number;
    else if (strcmp(name, "ExecMainExitTimestampMonotonic") == 0)
        out->end_us = number;
}

static void take(struct reading *reading, const char *name, const char *value)
{
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        if (texts[i].is_service == reading->is_service && strcmp(texts[i].name, name) == 0)
            x8_clean((char *)reading->out + texts[i].at, texts[i].cap, value, strlen(value));
    if (strcmp(name, "LoadState") == 0)
        reading->loaded[reading->is_service] = strcmp(value, "not-found") == 0 ? -1 : 1;
    else if (reading->is_service && strcmp(name, "ExecStart") == 0)
        take_program(reading, value);
    else if (reading->is_service)
        take_number(reading->out, name, value);
}

static void take_line(struct reading *reading, const uint8_t *at, size_t len)
{
    char line[LINE_MAX_LEN];
    size_t n = len < sizeof(line) - 1 ? len : sizeof(line) - 1;

    memcpy(line, at, n);
    line[n] = '\0';
    if (n > 0 && line[n - 1] == '\r')
        line[--n] = '\0';
    char *equals = strchr(line, '=');
    if (n == 0)
        reading->is_service = 1;
    else if (equals) {
        *equals = '\0';
        take(reading, line, equals + 1);
    }
}

int x8_watcher_parse(struct x8_span text, struct x8_watcher *out, struct x8_error *err)
{
    struct x8_watcher found = {0};
    struct reading reading = {.out = &found};

    for (size_t at = 0; at < text.len;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.data) - at : text.len - at;

        take_line(&reading, text.data + at, len);
        at += len + 1;
    }
    if (!reading.loaded[0] || !reading.loaded[1])
        return x8_fail(err, X8_E_LINK,
                       "what systemd says about the programming unit is not "
                       "readable");
    found.has_units = reading.loaded[0] > 0 && reading.loaded[1] > 0;
    /* No program at all was asked for or there is none: only the journal can tell. */
    found.hides_status = found.has_units && (!reading.has_program || reading.runs_script);
    *out = found;
    return 0;
}

int x8_watcher_is_busy(const struct x8_watcher *watcher)
{
    static const char *const busy[] = {"activating", "active", "deactivating", "reloading"};

    for (size_t i = 0; i < X8_COUNT(busy); i++)
        if (strcmp(watcher->service_state, busy[i]) == 0)
            return 1;
    /* The path unit leaves "running" a moment after the service has ended, and hears nothing until
     * then. */
    return strcmp(watcher->path_sub, "running") == 0;
}

int x8_watcher_is_dead(const struct x8_watcher *watcher)
{
    /* "unit-start-limit-hit", "start-limit-hit", and since systemd 253 "trigger-limit-hit". */
    return strcmp(watcher->path_state, "failed") == 0 && x8_ends(watcher->path_result, "limit-hit");
}
