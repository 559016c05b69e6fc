/*
 * The user's folders: room, rights, what was left lying in them.
 */
#include "doctor/parts.h"

#include "util/json.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The download of an image is 1.1 GB today; a journal of an update is a few kilobytes. */
#define CACHE_FULL   ((uint64_t)100 << 20)
#define CACHE_NARROW ((uint64_t)1500 << 20)
#define STATE_FULL   ((uint64_t)1 << 20)
#define STATE_NARROW ((uint64_t)32 << 20)

enum { PATH_LEN = 1024, DAY = 86400, OLD_DAYS = 30 };

/* The folder itself, or the nearest one above it that is there. */
static void existing(const struct x8_host *host, const char *folder, char *out, size_t cap)
{
    x8_copy(out, cap, folder);
    while (out[0] && !x8_host_exists(host, out)) {
        char *slash = strrchr(out, '/');

        if (!slash || slash == out)
            break;
        *slash = '\0';
    }
    if (!x8_host_exists(host, out))
        x8_copy(out, cap, "/");
}

/* What goes from one folder makes room in the other. */
static int is_same_disk(const struct x8_host *host, const char *there, const char *folder)
{
    char other[PATH_LEN], path[PATH_LEN + 256];
    struct stat a, b;

    existing(host, folder, other, sizeof other);
    return x8_host_path(host, there, path, sizeof path) == 0 && stat(path, &a) == 0 &&
           x8_host_path(host, other, path, sizeof path) == 0 && stat(path, &b) == 0 &&
           a.st_dev == b.st_dev;
}

struct limits {
    const char *id, *about, *what;
    uint64_t full, narrow;
};

static void check_room(struct x8_look *look, const struct limits *limits, const char *folder)
{
    char there[PATH_LEN], text[24];
    uint64_t size, left;
    struct x8_check *check;

    existing(look->host, folder, there, sizeof there);
    if (look->host->ops->may_use(look->host, there) == 0) {
        int is_there = strcmp(there, folder) == 0;

        check =
            x8_check_add(look->out, X8_CHECK_FAIL, limits->id, limits->about,
                         "\"%s\" may not %s %s%s%s", look->user, is_there ? "write to" : "make",
                         folder, is_there ? "" : ": no right to write to ", is_there ? "" : there);
        /* Only a folder of x8ctl's own may change hands; what is above it belongs to others. */
        if (strcmp(there, folder) == 0)
            x8_check_next(check, "sudo chown -R %s %s    (a run with sudo may have made it)",
                          look->user, there);
        else
            x8_check_next(check, "X8CTL_HOME=FOLDER    a folder that \"%s\" may write to",
                          look->user);
        return;
    }
    if (look->host->ops->space(look->host, there, &size, &left) < 0) {
        x8_check_add(look->out, X8_CHECK_SKIPPED, limits->id, limits->about,
                     "its room cannot be read");
        return;
    }
    x8_size_text(text, left);
    if (left >= limits->narrow) {
        x8_check_add(look->out, X8_CHECK_OK, limits->id, limits->about, "%s free", text);
        return;
    }
    check = x8_check_add(look->out, left < limits->full ? X8_CHECK_FAIL : X8_CHECK_WARN, limits->id,
                         limits->about, "only %s free for %s in %s", text, limits->what, there);
    if (is_same_disk(look->host, there, look->host->cache))
        x8_check_next(check, "x8ctl image prune (the last two images stay), or X8CTL_HOME=FOLDER "
                             "on another disk");
    else
        x8_check_next(check, "make room in %s, or X8CTL_HOME=FOLDER on another disk", there);
}

void x8_check_disks(struct x8_look *look)
{
    static const struct limits cache = {"disk-cache", "cache disk", "an image of 1.1 GB",
                                        CACHE_FULL, CACHE_NARROW};
    static const struct limits state = {"disk-state", "state disk", "journals and logs", STATE_FULL,
                                        STATE_NARROW};

    check_room(look, &cache, look->host->cache);
    check_room(look, &state, look->host->state);
}

/* --- what lies in the cache --- */

struct leftovers {
    size_t bad, old;
    uint64_t bytes;
};

static void count_leftovers(const struct x8_host *host, const char *folder, struct leftovers *out)
{
    char path[PATH_LEN], **names;
    size_t count = x8_host_names(host, folder, &names);
    int64_t now = host->ops->clock(host), changed;

    for (size_t i = 0; i < count; i++) {
        int is_bad = x8_starts(names[i], "bad-");
        int is_part = x8_starts(names[i], "part-") && !strchr(names[i], '.');

        if (snprintf(path, sizeof path, "%s/%s", folder, names[i]) >= (int)sizeof path ||
            !(is_bad || is_part) || x8_host_mtime(host, path, &changed) < 0)
            continue;
        if (is_part && now - changed < (int64_t)OLD_DAYS * DAY)
            continue;
        out->bad += (size_t)is_bad;
        out->old += (size_t)is_part;
        out->bytes += x8_host_size(host, path);
    }
    free(names);
}

void x8_check_cache(struct x8_look *look)
{
    char folder[PATH_LEN], size[24];
    struct leftovers left = {0};
    struct x8_check *check;

    snprintf(folder, sizeof folder, "%s/images", look->host->cache);
    count_leftovers(look->host, folder, &left);
    if (!left.bad && !left.old) {
        x8_check_add(look->out, X8_CHECK_OK, "cache", "cache",
                     "nothing damaged, nothing left over");
        return;
    }
    x8_size_text(size, left.bytes);
    if (left.bad)
        check = x8_check_add(look->out, X8_CHECK_WARN, "cache", "cache",
                             "%zu damaged download%s in the cache (%s): bytes changed after they "
                             "were checked, or came wrong",
                             left.bad, left.bad == 1 ? "" : "s", size);
    else
        check = x8_check_add(look->out, X8_CHECK_WARN, "cache", "cache",
                             "%zu unfinished download%s older than %d days (%s)", left.old,
                             left.old == 1 ? "" : "s", (int)OLD_DAYS, size);
    x8_check_next(check, "x8ctl doctor --fix    removes these, and no image");
    x8_check_fix(check, X8_FIX_CACHE, NULL);
}

/* --- updates that nobody finished --- */

/* The steps of a journal after which nothing is due. */
static int is_over(const char *step)
{
    return strcmp(step, "done") == 0 || strcmp(step, "failed") == 0 || strcmp(step, "none") == 0;
}

static void tell_update(struct x8_look *look, const struct x8_json *journal)
{
    const char *step = x8_json_get_str(journal, "step"), *board = x8_json_get_str(journal, "board");
    const char *serial = x8_json_get_str(journal, "serial");
    int64_t now = look->host->ops->clock(look->host);
    struct x8_check *check;
    double changed = 0;

    if (!step || is_over(step) || x8_json_as_num(x8_json_get(journal, "changed"), &changed) < 0)
        return;
    if ((double)now - changed < 3600) /* it may well be under way */
        return;
    check = x8_check_add(look->out, X8_CHECK_WARN, "updates", "updates",
                         "an update of %s stopped at \"%s\" %.0f %s ago and was not finished",
                         board ? board : "a board", step,
                         ((double)now - changed) / (changed + DAY < (double)now ? DAY : 3600),
                         changed + DAY < (double)now ? "days" : "hours");
    x8_check_next(check, "x8ctl update finish -s %s", serial ? serial : "BOARD");
}

void x8_check_updates(struct x8_look *look)
{
    char folder[PATH_LEN], path[PATH_LEN + 256], **names;
    size_t before = look->out->count, count;

    snprintf(folder, sizeof folder, "%s/update", look->host->state);
    count = x8_host_names(look->host, folder, &names);
    for (size_t i = 0; i < count; i++) {
        X8_AUTO_BUF text = {0};
        struct x8_json *json = NULL;

        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (x8_starts(names[i], "update-") && x8_ends(names[i], ".json") &&
            x8_host_read(look->host, path, &text) == 0 &&
            x8_json_parse(x8_buf_text(&text), text.len, &json, NULL) == 0)
            tell_update(look, json);
        x8_json_free(&json);
    }
    free(names);
    if (look->out->count == before)
        x8_check_add(look->out, X8_CHECK_OK, "updates", "updates", "none is unfinished");
}
