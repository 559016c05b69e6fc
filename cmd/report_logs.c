/*
 * Logs and journals for a report: the newest of them, and of each its end.
 */
#include "report.h"

#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 20, END_MAX = 1 << 20, PATH_LEN = 1024 };

/* Of a line that was cut nothing is kept: a secret in it might not be known as one any more. */
static void drop_first_line(struct x8_buf *text)
{
    const uint8_t *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
    size_t len = end ? (size_t)(end - text->data) + 1 : text->len;

    if (len < text->len)
        memmove(text->data, text->data + len, text->len - len);
    text->len -= len;
}

int x8_report_add_file(struct x8_report *report, const char *folder, const char *path,
                       struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    char name[160];
    struct x8_buf *out;
    struct stat st;
    uint64_t from = 0, size = 0;
    int rc;

    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        size = (uint64_t)st.st_size;
    from = size > END_MAX ? size - END_MAX : 0;
    rc = x8_file_reader_at(path, from, size - from, &reader, err);
    if (rc < 0)
        return rc;
    snprintf(name, sizeof name, "%s/%.120s", folder, x8_path_base(path));
    out = x8_report_add(report, name);
    if (!out) {
        rc = x8_fail(err, X8_E_USAGE, "there are too many logs for one report");
        x8_error_why(err, "each of them is kept in memory until the archive is written");
        x8_error_next(err, "name fewer than %d", X8_REPORT_MEMBERS - X8_REPORT_OWN);
        return rc;
    }
    rc = x8_read_all(reader, END_MAX, out, err);
    if (rc == 0 && from)
        drop_first_line(out);
    return rc;
}

struct found {
    char path[PATH_LEN];
    struct timespec mtime;
};

/* Of one moment the later name, so that the order never depends on the folder's. */
static int by_age(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->mtime.tv_sec != y->mtime.tv_sec)
        return x->mtime.tv_sec < y->mtime.tv_sec ? 1 : -1;
    if (x->mtime.tv_nsec != y->mtime.tv_nsec)
        return x->mtime.tv_nsec < y->mtime.tv_nsec ? 1 : -1;
    return strcmp(y->path, x->path);
}

/* Files of a folder with this ending; how many are in `list` then. */
static size_t look(const char *folder, const char *ending, struct found *list, size_t count,
                   size_t cap)
{
    struct dirent *entry;
    DIR *dir = opendir(folder);
    struct stat st;

    while (dir && count < cap && (entry = readdir(dir)) != NULL) {
        struct found *f = &list[count];

        if (!x8_ends(entry->d_name, ending) ||
            snprintf(f->path, sizeof f->path, "%s/%s", folder, entry->d_name) >= PATH_LEN ||
            lstat(f->path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        f->mtime = st.st_mtim;
        count++;
    }
    if (dir)
        closedir(dir);
    return count;
}

struct place {
    const char *folder, *ending;
};

static void add_newest(struct x8_report *report, const struct place *places, size_t n)
{
    enum { CAP = 500 };
    struct found *list = calloc(CAP, sizeof *list);
    char folder[PATH_LEN];
    size_t count = 0;

    for (size_t i = 0; list && i < n; i++) {
        x8_env_path("state", places[i].folder, folder, sizeof folder);
        count = look(folder, places[i].ending, list, count, CAP);
    }
    if (count)
        qsort(list, count, sizeof *list, by_age);
    /* One that vanishes or cannot be read meanwhile is not worth a failure. */
    for (size_t i = 0; i < count && i < FILES_MAX; i++)
        (void)x8_report_add_file(report, "state", list[i].path, NULL);
    free(list);
}

/* Apart, as many runs leave a log and few a journal. */
void x8_report_add_state(struct x8_report *report)
{
    static const struct place logs[] = {{"", ".log"}, {"logs", ".log"}, {"logs", ".txt"}},
                              journals[] = {{"update", ".json"}, {"flash", ".jsonl"}};

    add_newest(report, logs, X8_COUNT(logs));
    add_newest(report, journals, X8_COUNT(journals));
}
