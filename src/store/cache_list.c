/*
 * What is in the cache, and taking away what is not needed any more.
 */
#include "store/cache_parts.h"

#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_S (24 * 3600)

struct listing {
    struct x8_cached *items;
    size_t count, cap;
};

static int is_digest(const char *name)
{
    return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

static int starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* A data file of the folder, not a record or a lock. */
static int is_data(const char *name)
{
    return is_digest(name) ||
           ((starts(name, "part-") || starts(name, "bad-")) && !strchr(name, '.'));
}

static int add(struct listing *list, const char *folder, const char *name, const struct stat *st)
{
    char record[1200];

    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        struct x8_cached *items = realloc(list->items, cap * sizeof(*items));
        if (!items)
            return -1;
        list->items = items;
        list->cap = cap;
    }
    struct x8_cached *item = &list->items[list->count++];
    memset(item, 0, sizeof(*item));
    snprintf(item->path, sizeof(item->path), "%.700s/%.255s", folder, name);
    snprintf(record, sizeof(record), "%s.json", item->path);
    item->is_part = !is_digest(name);
    item->is_damaged = starts(name, "bad-");
    if (cache_record_load(record, item) < 0)
        item->added_s = item->used_s = (int64_t)st->st_mtim.tv_sec;
    else
        item->is_damaged |= !item->is_part && item->size != (uint64_t)st->st_size;
    item->size = (uint64_t)st->st_size;
    if (item->is_part)
        item->used_s = (int64_t)st->st_mtim.tv_sec;
    else
        snprintf(item->sha256, sizeof(item->sha256), "%.64s", name);
    return 0;
}

static int last_used_first(const void *a, const void *b)
{
    const struct x8_cached *x = a, *y = b;

    if (x->used_s != y->used_s)
        return x->used_s < y->used_s ? 1 : -1;
    return strcmp(x->path, y->path);
}

static int read_folder(const char *folder, struct listing *list, struct x8_error *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int rc = 0;

    if (!dir)
        return errno == ENOENT ? 0 : x8_fail_sys(err, X8_E_NO_PERMISSION, errno, "%.300s", folder);
    while (rc == 0 && (entry = readdir(dir))) {
        struct stat st;
        char path[1200];
        snprintf(path, sizeof(path), "%.700s/%.255s", folder, entry->d_name);
        if (is_data(entry->d_name) && lstat(path, &st) == 0 && S_ISREG(st.st_mode))
            rc = add(list, folder, entry->d_name, &st);
    }
    closedir(dir);
    return rc < 0 ? x8_fail(err, X8_E_INTERNAL, "out of memory") : 0;
}

int x8_cache_list(const char *folder, struct x8_cached **out, struct x8_error *err)
{
    struct listing list = {0};
    int rc = read_folder(folder, &list, err);

    if (rc < 0) {
        free(list.items);
        return rc;
    }
    if (list.count)
        qsort(list.items, list.count, sizeof(*list.items), last_used_first);
    *out = list.items;
    return (int)list.count;
}

/* 1 when nobody holds the lock of a part. */
static int is_idle(const char *path)
{
    char lock[1200];
    int fd = -1;
    struct x8_error ignored = {0};

    snprintf(lock, sizeof(lock), "%s.lock", path);
    int rc = x8_lock_take(lock, &fd, &ignored);
    x8_fd_close(&fd);
    return rc == 0;
}

/* For how long nothing used it. What is of a day that is still to come was noted while the clock
 * was wrong, and would stay for ever. */
static int64_t age_of(const struct x8_cached *item, int64_t now_s)
{
    int64_t age = now_s - item->used_s;

    return age < -DAY_S ? INT64_MAX : age;
}

static int must_go(const struct x8_prune *how, const struct x8_cached *item, int64_t place,
                   int64_t now_s)
{
    if (starts(x8_path_base(item->path), "bad-")) /* no run has a use for it */
        return how->keep >= 0 || how->older_s >= 0;
    if (item->is_part)
        return age_of(item, now_s) > DAY_S && is_idle(item->path);
    if (how->keep >= 0 && place < how->keep)
        return 0;
    if (how->older_s >= 0 && age_of(item, now_s) <= how->older_s)
        return 0;
    return how->keep >= 0 || how->older_s >= 0;
}

static int take_away(const char *path, struct x8_error *err)
{
    static const char *const with[] = {".json", ".lock"};
    char other[1200];

    if (unlink(path) != 0 && errno != ENOENT)
        return x8_fail_sys(err, X8_E_NO_PERMISSION, errno, "%.300s cannot be removed", path);
    for (size_t i = 0; i < X8_COUNT(with); i++) {
        snprintf(other, sizeof(other), "%s%s", path, with[i]);
        if (unlink(other) != 0 && errno != ENOENT)
            return x8_fail_sys(err, X8_E_NO_PERMISSION, errno, "%.300s cannot be removed", other);
    }
    return 0;
}

static int is_there(const char *path, const char *ending)
{
    char other[1240];

    snprintf(other, sizeof(other), "%s%s", path, ending);
    return x8_path_kind(other) != X8_PATH_NONE;
}

/* Lock or record of a part that is gone, and what was to replace a small file when it was killed.
 */
static int is_stray(const char *folder, const char *name)
{
    char path[1200], *dot;

    if (starts(name, ".x8ctl-"))
        return 1;
    snprintf(path, sizeof(path), "%.700s/%.255s", folder, name);
    dot = strrchr(path, '.');
    if (!starts(name, "part-") || !dot || dot < x8_path_base(path))
        return 0;
    *dot = '\0';
    if (is_there(path, ""))
        return 0;
    return strcmp(dot + 1, "lock") == 0 ? is_idle(path)
                                        : strcmp(dot + 1, "json") == 0 && !is_there(path, ".lock");
}

/* What a kill left, a day ago and before; none of it is anything to anybody. */
static void sweep(const char *folder, int64_t now_s)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        struct stat st;
        char path[1200];

        snprintf(path, sizeof(path), "%.700s/%.255s", folder, entry->d_name);
        if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
            now_s - (int64_t)st.st_mtim.tv_sec > DAY_S && is_stray(folder, entry->d_name))
            unlink(path);
    }
    if (dir)
        closedir(dir);
}

int x8_cache_prune(const char *folder, const struct x8_prune *how, int64_t now_s,
                   void (*each)(void *ctx, const struct x8_cached *cached), void *ctx,
                   uint64_t *out_freed, struct x8_error *err)
{
    struct x8_cached *items = NULL;
    int count = x8_cache_list(folder, &items, err), gone = 0, rc = count < 0 ? count : 0;
    int64_t place = 0;

    *out_freed = 0;
    for (int i = 0; i < count && rc == 0; i++) {
        int goes = must_go(how, &items[i], place, now_s);
        place += !items[i].is_part;
        if (!goes)
            continue;
        if (!how->dry_run)
            rc = take_away(items[i].path, err);
        if (rc == 0) {
            gone++;
            *out_freed += items[i].size;
            if (each)
                each(ctx, &items[i]);
        }
    }
    free(items);
    if (rc == 0 && !how->dry_run)
        sweep(folder, now_s);
    return rc < 0 ? rc : gone;
}
