/*
 * Finding an entry of a set by path or by role, and its bytes.
 */
#include "image/imageset.h"
#include "image/setparts.h"
#include "util/file.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

static const struct item *item_of(const struct x8_entry *entry)
{
    return (const struct item *)(const void *)entry;
}

const struct x8_entry *x8_imageset_entry(const struct x8_imageset *set, size_t i)
{
    return i < set->items.count ? &set->items.at[i]->pub : NULL;
}

const struct x8_entry *x8_imageset_script(const struct x8_imageset *set)
{
    const struct item *item = set->script ? item_list_find(&set->items, set->script) : NULL;
    return item ? &item->pub : NULL;
}

/* --- by path */

/* NULL when the path leaves the tree. */
static char *normal_path(const char *dir, const char *path)
{
    char *slashed = strdup(path);
    for (char *p = slashed; p && *p; p++)
        if (*p == '\\')
            *p = '/';
    char *joined = slashed && slashed[0] != '/' ? x8_path_join(dir, slashed) : NULL;
    char *normal = joined ? x8_path_normal(joined) : NULL;
    free(slashed);
    free(joined);
    if (normal && (normal[0] == '/' || !strcmp(normal, "..") || x8_starts(normal, "../"))) {
        free(normal);
        return NULL;
    }
    return normal;
}

/* A file on disk that was not listed; found once, it stays. */
static int find_on_disk(struct x8_imageset *set, const char *disk, const char *path,
                        const struct x8_entry **out, struct x8_error *err)
{
    struct item *item = NULL;
    int rc = 0;
    pthread_mutex_lock(&set->lock);
    for (size_t i = 0; i < set->found.count && !item; i++)
        if (!strcmp(set->found.at[i]->path, path))
            item = set->found.at[i];
    if (!item) {
        rc = scan_file(disk, path, &item, err);
        if (rc >= 0)
            rc = item_list_add(&set->found, item, err);
    }
    if (rc >= 0)
        *out = &item->pub;
    pthread_mutex_unlock(&set->lock);
    return rc;
}

const struct x8_entry *x8_imageset_find(const struct x8_imageset *set, const char *dir,
                                        const char *path)
{
    const struct x8_entry *entry = NULL;
    char *normal = normal_path(dir, path);
    const struct item *item = normal ? item_list_find(&set->items, normal) : NULL;
    char *disk = normal && !item && set->root ? x8_path_join(set->root, normal) : NULL;
    if (item)
        entry = &item->pub;
    else if (disk) /* the list of found files has its own lock: the set looks unchanged */
        (void)find_on_disk((struct x8_imageset *)(uintptr_t)set, disk, normal, &entry, NULL);
    free(normal);
    free(disk);
    return entry;
}

int x8_imageset_add_file(struct x8_imageset *set, const char *path, const struct x8_entry **out,
                         struct x8_error *err)
{
    return find_on_disk(set, path, path, out, err);
}

/* --- by role */

/* Files that have the name of the part and not its content. */
static int none_of_role(const struct x8_imageset *set, enum x8_role role, struct x8_error *err)
{
    x8_fail(err, X8_E_NO_FILE, "%s: no %s", set->source, role_words(role));
    if (set->items.count)
        x8_error_why(err, "none of the %zu files there is called like one", set->items.count);
    else
        x8_error_why(err, "there is no file");
    for (size_t i = 0; i < set->items.count; i++)
        if (set->items.at[i]->named_role == role)
            x8_error_why(err, "%s has the name but not the content of one", set->items.at[i]->path);
    x8_error_next(err, "name the archive of a release as downloaded, or the folder with its parts");
    return -X8_E_NO_FILE;
}

static int several_of_role(const struct x8_imageset *set, enum x8_role role,
                           const struct item **items, size_t count, struct x8_error *err)
{
    X8_AUTO_BUF list = {0};
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = x8_buf_addf(&list, "%s%s", i ? ", " : "", items[i]->path);
    x8_fail(err, X8_E_BAD_IMAGE, "%s: %zu files could be the %s", set->source, count,
            role_words(role));
    x8_error_why(err, "%s", x8_buf_text(&list));
    x8_error_next(err, "name a folder with one of them, or a script that names the right one");
    return -X8_E_BAD_IMAGE;
}

int x8_imageset_by_role(const struct x8_imageset *set, enum x8_role role,
                        const struct x8_entry **out, struct x8_error *err)
{
    if (role == X8_ROLE_SCRIPT && x8_imageset_script(set)) {
        *out = x8_imageset_script(set);
        return 0;
    }
    const struct item **some = calloc(set->items.count + 1, sizeof(const struct item *));
    size_t count = 0;
    if (!some)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    for (size_t i = 0; i < set->items.count; i++)
        if (set->items.at[i]->pub.role == role)
            some[count++] = set->items.at[i];
    count = role_choose(role, some, count);
    int rc = 0;
    if (count == 1)
        *out = &some[0]->pub;
    else if (count == 0)
        rc = none_of_role(set, role, err);
    else
        rc = several_of_role(set, role, some, count, err);
    free(some);
    return rc;
}

/* --- bytes */

int x8_imageset_open_raw(const struct x8_imageset *set, const struct x8_entry *entry,
                         struct x8_reader **out, struct x8_error *err)
{
    struct named *named = NULL;
    (void)set;
    int rc = open_item(item_of(entry), NULL, &named, err);
    if (rc >= 0)
        *out = &named->reader;
    return rc;
}

/* A name that says packed and a content that is not: the first bytes are damaged, and what follows
 * would reach the board as it is. */
static int check_packed_name(const struct item *item, enum x8_packing packing, const char *label,
                             struct x8_error *err)
{
    if (packing != X8_PACK_NONE || !item->path[unpacked_name_len(item->path)])
        return 0;
    x8_fail(err, X8_E_BAD_IMAGE, "%s: not packed, although its name says so", label);
    x8_error_why(err, "it does not begin like gzip, bzip2, xz or zstd: damaged, or misnamed");
    x8_error_next(err, "get it again; if it really is not packed, rename it to '%.*s'",
                  (int)unpacked_name_len(x8_path_base(item->path)), x8_path_base(item->path));
    return -X8_E_BAD_IMAGE;
}

static int open_content(const struct item *item, struct named **out, struct x8_error *err)
{
    char label[LABEL_MAX];
    struct named *stored = NULL, *content = NULL;
    enum x8_packing packing = X8_PACK_NONE;
    int rc = open_item(item, NULL, &stored, err);
    if (rc >= 0)
        rc = open_unpacked(stored, item_label(item, label), &content, &packing, err);
    if (rc < 0)
        return rc;
    rc = check_packed_name(item, packing, label, err);
    if (rc < 0) {
        struct x8_reader *reader = &content->reader;
        x8_reader_close(&reader);
        return rc;
    }
    *out = content;
    return 0;
}

int x8_imageset_open_content(const struct x8_imageset *set, const struct x8_entry *entry,
                             struct x8_reader **out, struct x8_error *err)
{
    struct named *content = NULL;
    (void)set;
    int rc = open_content(item_of(entry), &content, err);
    if (rc >= 0)
        *out = &content->reader;
    return rc;
}

int x8_imageset_load(const struct x8_imageset *set, const struct x8_entry *entry, size_t max,
                     struct x8_buf *out, struct x8_error *err)
{
    struct named *content = NULL;
    char label[LABEL_MAX];
    int failed = 0;
    (void)set;
    int rc = open_content(item_of(entry), &content, err);
    if (rc < 0)
        return rc;
    struct x8_reader *reader = &content->reader;
    content->tell = &failed;
    rc = x8_read_all(reader, max, out, err);
    if (rc < 0 && !failed && err)
        x8_error_prefix(err, "%s", item_label(item_of(entry), label));
    x8_reader_close(&reader);
    return rc;
}
