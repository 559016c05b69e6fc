/*
 * Names in a folder.
 */
#include "sketch/find_parts.h"

#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A folder that is no sketch's may be huge: nobody needs more names than this. */
enum { NAMES_MAX = 10000, SHOWN_MAX = 6 };

void find_names_done(struct find_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct find_names){0};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name), end = strlen(suffix);

    return len > end && x8_casecmp(name + len - end, suffix) == 0;
}

static int keep(struct find_names *names, const char *name)
{
    char **items = realloc(names->items, (names->count + 1) * sizeof *items);
    char *copy = strdup(name);

    if (items)
        names->items = items;
    if (!items || !copy) {
        free(copy);
        return -1;
    }
    items[names->count++] = copy;
    return 0;
}

static int is_kind(const char *dir, const char *name, enum x8_path_kind kind)
{
    char *path = x8_path_join(dir, name);
    int is = path && x8_path_kind(path) == kind;

    free(path);
    return is;
}

int find_list(const char *dir, const char *suffix, enum x8_path_kind kind, struct find_names *out,
              struct x8_error *err)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;
    int rc = 0;

    if (!folder) {
        if (errno == ENOENT || errno == ENOTDIR)
            return 0;
        rc = x8_fail_sys(err, X8_E_NO_FILE, errno, "%s: the folder cannot be read", dir);
        x8_error_next(err, "give yourself read access to the folder, or name the .elf file");
        return rc;
    }
    while (rc == 0 && out->count < NAMES_MAX && (entry = readdir(folder)))
        if (entry->d_name[0] != '.' && ends_in(entry->d_name, suffix) &&
            is_kind(dir, entry->d_name, kind) && keep(out, entry->d_name) < 0)
            rc = x8_fail(err, X8_E_INTERNAL, "%s: out of memory", dir);
    closedir(folder);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, by_name);
    return rc;
}

int find_has(const struct find_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return 1;
    return 0;
}

void find_names_text(const struct find_names *names, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < names->count && i < SHOWN_MAX && len + 1 < cap; i++) {
        char name[80];

        x8_clean(name, sizeof name, names->items[i], strlen(names->items[i]));
        snprintf(out + len, cap - len, "%s%s", i ? ", " : "", name);
        len += strlen(out + len);
    }
    if (names->count > SHOWN_MAX && len + 1 < cap)
        snprintf(out + len, cap - len, " and %zu more", names->count - SHOWN_MAX);
}
