/*
 * How the status of a board's M4 reads.
 */
#include "sketch.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LABEL_COLUMNS = 12, TEXT_LEN = 512 };

/* A person compares the beginning of a digest; all of it would fill the line. */
static int digest_len(const struct x8_sketch_shown *shown)
{
    return shown->is_person ? 12 : 64;
}

static void time_text(char out[32], int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm tm;

    out[0] = '\0';
    if (seconds > 0 && gmtime_r(&when, &tm))
        strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* What x8ctl put there last, as far as nothing else came since. */
static void put_sketch(const struct x8_sketch_shown *shown, char out[TEXT_LEN])
{
    const struct x8_sketch_status *status = &shown->status;
    char when[32];

    time_text(when, status->record_time_s);
    if (!status->has_record)
        x8_copy(out, TEXT_LEN, "not known: the board has no record of an upload by x8ctl");
    else
        snprintf(out, TEXT_LEN, "%s%s, %s, %s, sha256 %.*s", status->is_newer ? "was " : "",
                 status->record_name, x8_sketch_outcome_name(status->record_outcome), when,
                 digest_len(shown), status->record_sha256);
}

static void put_file(const struct x8_sketch_shown *shown, char out[TEXT_LEN])
{
    const struct x8_sketch_status *status = &shown->status;
    char when[32], size[24];

    if (!status->has_file) {
        x8_copy(out, TEXT_LEN, "none came since the board started; the M4 keeps its sketch");
        return;
    }
    time_text(when, status->file_time_s);
    x8_size_text(size, status->file_size);
    snprintf(out, TEXT_LEN, "%s%s, %s, sha256 %.*s",
             status->is_newer ? "not x8ctl's last one: " : "", size, when, digest_len(shown),
             status->file_sha256);
}

static void put_watcher(const struct x8_sketch_shown *shown, char out[TEXT_LEN])
{
    const struct x8_watcher *watcher = &shown->status.watcher;

    if (!watcher->has_units)
        x8_copy(out, TEXT_LEN, "not there: this image does not program sketches");
    else if (x8_watcher_is_dead(watcher))
        snprintf(out, TEXT_LEN,
                 "stopped: too many uploads in a short time (%s); the next x8ctl sketch upload "
                 "mends it",
                 watcher->path_result);
    else if (x8_watcher_is_busy(watcher))
        x8_copy(out, TEXT_LEN, "programs right now");
    else if (strcmp(watcher->path_state, "active") == 0)
        x8_copy(out, TEXT_LEN, "listens");
    else
        snprintf(out, TEXT_LEN, "does not listen (%s, %s)", watcher->path_state,
                 watcher->path_result);
}

/* Without the journal a unit's status is all there is, and on images 95 that says nothing. */
static void put_unread(const struct x8_sketch_shown *shown, char out[TEXT_LEN])
{
    const struct x8_watcher *watcher = &shown->status.watcher;
    char unit[96] = "not known";

    if (!watcher->hides_status)
        snprintf(unit, sizeof unit, "%s (status %d)", watcher->service_result,
                 watcher->exit_status);
    if (shown->has_root)
        snprintf(out, TEXT_LEN, "%s; the journal has no word of OpenOCD's", unit);
    else if (shown->is_person) /* one line of a narrow terminal */
        snprintf(out, TEXT_LEN, "%s, journal unread without root: --password-file", unit);
    else
        snprintf(out, TEXT_LEN, "%s, journal unread: %s", unit, shown->no_root.msg);
}

static void put_last(const struct x8_sketch_shown *shown, char out[TEXT_LEN])
{
    const struct x8_openocd *last = &shown->status.last;

    if (last->verdict == X8_OPENOCD_VERIFIED)
        snprintf(out, TEXT_LEN, "programmed and verified by OpenOCD%s",
                 last->has_reset ? "" : ", but not started");
    else if (last->verdict == X8_OPENOCD_FAILED)
        snprintf(out, TEXT_LEN, "failed: %s%s%s", last->reason, last->cause[0] ? "; " : "",
                 last->cause);
    else if (!shown->status.watcher.invocation[0])
        x8_copy(out, TEXT_LEN, "none since the board started");
    else
        put_unread(shown, out);
}

static void put_bridge(const struct x8_sketch_shown *shown, char out[TEXT_LEN])
{
    const struct x8_sketch_status *status = &shown->status;

    if (status->is_stalled)
        x8_copy(out, TEXT_LEN,
                "stalled: the M7 does not answer; switch the board's power off and on");
    else
        snprintf(out, TEXT_LEN, "the M7 answers%s%.*s", status->m7_version[0] ? ", firmware " : "",
                 digest_len(shown), status->m7_version);
}

static const struct {
    const char *name;
    void (*put)(const struct x8_sketch_shown *shown, char out[TEXT_LEN]);
} fields[] = {{"sketch", put_sketch},
              {"file", put_file},
              {"watcher", put_watcher},
              {"last-run", put_last},
              {"bridge", put_bridge}};

int x8_sketch_show(const struct x8_sketch_shown *shown, struct x8_buf *out)
{
    for (size_t i = 0; i < X8_COUNT(fields); i++) {
        char text[TEXT_LEN], head[32];

        fields[i].put(shown, text);
        if (shown->is_person) {
            snprintf(head, sizeof head, "%-*s ", LABEL_COLUMNS, fields[i].name);
            x8_put_behind(out, head, text, x8_file_columns(stdout));
        } else if (x8_buf_addf(out, "%s\t%s\n", fields[i].name, text) < 0) {
            return -1;
        }
    }
    return 0;
}

static void add_text(struct x8_json *out, const char *key, const char *text)
{
    x8_json_str(out, key, text[0] ? text : NULL);
}

static struct x8_json *file_json(const struct x8_sketch_status *status)
{
    struct x8_json *json = x8_json_object();
    char when[32];

    time_text(when, status->file_time_s);
    x8_json_str(json, "path", X8_SKETCH_TARGET);
    add_text(json, "sha256", status->file_sha256);
    x8_json_u64(json, "size", status->file_size);
    add_text(json, "time", when);
    return json;
}

static struct x8_json *record_json(const struct x8_sketch_status *status)
{
    struct x8_json *json = x8_json_object();
    char when[32];

    time_text(when, status->record_time_s);
    add_text(json, "name", status->record_name);
    add_text(json, "sha256", status->record_sha256);
    add_text(json, "time", when);
    x8_json_str(json, "outcome", x8_sketch_outcome_name(status->record_outcome));
    x8_json_bool(json, "replaced", status->is_newer);
    return json;
}

static struct x8_json *watcher_json(const struct x8_watcher *watcher)
{
    struct x8_json *json = x8_json_object();

    x8_json_bool(json, "present", watcher->has_units);
    x8_json_bool(json, "busy", x8_watcher_is_busy(watcher));
    x8_json_bool(json, "dead", x8_watcher_is_dead(watcher));
    add_text(json, "path_state", watcher->path_state);
    add_text(json, "path_result", watcher->path_result);
    add_text(json, "service_state", watcher->service_state);
    add_text(json, "service_result", watcher->service_result);
    x8_json_num(json, "service_status", watcher->exit_status);
    x8_json_bool(json, "status_is_telling", !watcher->hides_status);
    return json;
}

static struct x8_json *last_json(const struct x8_openocd *last)
{
    static const char *const verdicts[] = {[X8_OPENOCD_UNKNOWN] = "unknown",
                                           [X8_OPENOCD_VERIFIED] = "verified",
                                           [X8_OPENOCD_FAILED] = "failed"};
    struct x8_json *json = x8_json_object();

    x8_json_str(json, "verdict", verdicts[last->verdict]);
    x8_json_bool(json, "started", last->has_reset);
    add_text(json, "reason", last->reason);
    add_text(json, "cause", last->cause);
    return json;
}

void x8_sketch_show_json(const struct x8_sketch_shown *shown, struct x8_json *out)
{
    const struct x8_sketch_status *status = &shown->status;

    if (status->has_file)
        x8_json_add(out, "file", file_json(status));
    else
        x8_json_str(out, "file", NULL);
    if (status->has_record)
        x8_json_add(out, "record", record_json(status));
    else
        x8_json_str(out, "record", NULL);
    x8_json_add(out, "watcher", watcher_json(&status->watcher));
    if (shown->has_root)
        x8_json_add(out, "last", last_json(&status->last));
    else
        x8_json_str(out, "last", NULL);
    x8_json_str(out, "last_unread_reason", shown->has_root ? NULL : shown->no_root.msg);
    x8_json_str(out, "bridge", status->is_stalled ? "stalled" : "answers");
    add_text(out, "m7_firmware", status->m7_version);
}
