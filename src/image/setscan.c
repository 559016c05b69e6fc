/*
 * Listing folders of the host. A file is only looked into where its content tells whether its name
 * is right; packed mfgtool archives are walked as if they were unpacked beside themselves. Links of
 * the host's file system are followed: they are the user's own.
 */
#include "image/setparts.h"
#include "image/sums.h"
#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A build's deploy folder holds some hundred. */
#define FILES_MAX 20000u
/* release/mfgtool-files/x below the folder that was named. */
#define DEPTH_MAX 2u

/* Large folders of builds that hold no part of a release. */
static const char *const passed_over[] = {"ostree_repo", "licenses", "lost+found"};

static void confirm(struct item *item)
{
    struct named *named = NULL;
    uint8_t *head = NULL;
    if (!role_is_small(item->named_role) || open_item(item, NULL, &named, NULL) < 0)
        return;
    struct x8_reader *reader = &named->reader;
    head = malloc(CONFIRM_LEN);
    ssize_t n = head ? x8_read_full(reader, head, CONFIRM_LEN, NULL) : -1;
    /* A file that cannot be read keeps its role: it is the right one, and opening it says why. */
    if (n >= 0 && !role_confirmed(item->named_role, (struct x8_span){head, (size_t)n}))
        item->pub.role = X8_ROLE_OTHER;
    free(head);
    x8_reader_close(&reader);
}

int scan_file(const char *disk, const char *path, struct item **out, struct x8_error *err)
{
    struct stat st, link;
    if (stat(disk, &st) < 0 || lstat(disk, &link) < 0)
        return x8_fail_sys(err, X8_E_NO_FILE, errno, "%s: cannot be read", disk);
    if (!S_ISREG(st.st_mode))
        return x8_fail(err, X8_E_NO_FILE, "%s: not a regular file", disk);
    struct item *item = item_new(path, err);
    if (!item)
        return -X8_E_INTERNAL;
    item->disk = x8_path_join("", disk);
    if (!item->disk) {
        item_free(item);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    item->pub.size = (uint64_t)st.st_size;
    item->dev = st.st_dev;
    item->ino = st.st_ino;
    item->is_link = S_ISLNK(link.st_mode);
    item->pub.role = item->named_role = role_of_name(path);
    confirm(item);
    *out = item;
    return 0;
}

static int is_passed_over(const char *name)
{
    for (size_t i = 0; i < X8_COUNT(passed_over); i++)
        if (!strcmp(name, passed_over[i]))
            return 1;
    return name[0] == '.';
}

static int list_folder(struct x8_imageset *set, const char *disk, const char *rel, unsigned depth,
                       struct x8_error *err);

/* Whoever compares lists has to say that this one was not. */
static int note_odd(struct x8_imageset *set, const char *rel, struct x8_error *err)
{
    struct item *item = item_new(rel, err);
    return item ? item_list_add(&set->odd, item, err) : -X8_E_INTERNAL;
}

static int see_name(struct x8_imageset *set, const char *disk, const char *rel, unsigned depth,
                    struct x8_error *err)
{
    enum x8_path_kind kind = x8_path_kind(disk);
    struct item *item = NULL;
    if (kind == X8_PATH_DIR && depth > 0)
        return list_folder(set, disk, rel, depth - 1, err);
    if (kind != X8_PATH_FILE)
        return x8_sums_is_name(rel) ? note_odd(set, rel, err) : 0;
    if (set->items.count >= FILES_MAX)
        return x8_fail(err, X8_E_BAD_IMAGE, "%s: more than %u files: no folder of a release",
                       set->source, FILES_MAX);
    /* What vanished since it was listed is not there. */
    if (scan_file(disk, rel, &item, NULL) < 0)
        return 0;
    item->seq = (unsigned)set->items.count;
    return item_list_add(&set->items, item, err);
}

static int list_folder(struct x8_imageset *set, const char *disk, const char *rel, unsigned depth,
                       struct x8_error *err)
{
    DIR *dir = opendir(disk);
    struct dirent *entry;
    int rc = 0;
    if (!dir) /* a sub-folder that may not be looked at holds nothing for us */
        return rel[0] ? 0 : x8_fail_sys(err, X8_E_NO_FILE, errno, "%s: cannot be listed", disk);
    while (rc >= 0 && (entry = readdir(dir)) != NULL) {
        if (is_passed_over(entry->d_name))
            continue;
        char *file = x8_path_join(disk, entry->d_name);
        char *path = rel[0] ? x8_path_join(rel, entry->d_name) : x8_path_join("", entry->d_name);
        rc = file && path ? see_name(set, file, path, depth, err)
                          : x8_fail(err, X8_E_INTERNAL, "out of memory");
        free(file);
        free(path);
    }
    closedir(dir);
    return rc;
}

/* Is the archive's content there, unpacked beside it? */
static int is_unpacked_beside(const struct x8_imageset *set, const struct item *box)
{
    const char *tar = strstr(x8_path_base(box->path), ".t");
    size_t stem = tar ? (size_t)(tar - box->path) : strlen(box->path);
    for (size_t i = 0; i < set->items.count; i++) {
        const char *path = set->items.at[i]->path;
        if (!strncmp(path, box->path, stem) && path[stem] == '/')
            return 1;
    }
    return 0;
}

/* Walk the packed mfgtool archives among the files. */
static int open_nested(struct x8_imageset *set, const struct x8_op *op, struct x8_error *err)
{
    int rc = 0;
    size_t listed = set->items.count;
    for (size_t i = 0; i < listed && rc >= 0; i++) {
        struct item *box = set->items.at[i];
        if (!is_nested_archive(box->path) || is_unpacked_beside(set, box))
            continue;
        char *prefix = x8_path_dir(box->path);
        rc = prefix ? walk_box(set, op, box, prefix, err)
                    : x8_fail(err, X8_E_INTERNAL, "out of memory");
        free(prefix);
    }
    return rc < 0 ? rc : settle_items(set, err);
}

int scan_folder(struct x8_imageset *set, const struct x8_op *op, struct x8_error *err)
{
    int rc = list_folder(set, set->root, "", DEPTH_MAX, err);
    if (rc >= 0)
        rc = settle_items(set, err);
    return rc < 0 ? rc : open_nested(set, op, err);
}

int scan_script(struct x8_imageset *set, const char *folder, struct x8_error *err)
{
    int rc = list_folder(set, set->root, "", 0, err);
    char *disk = x8_path_join(set->root, folder);
    if (rc >= 0 && folder[0])
        rc = disk ? list_folder(set, disk, folder, 0, err)
                  : x8_fail(err, X8_E_INTERNAL, "out of memory");
    free(disk);
    return rc < 0 ? rc : settle_items(set, err);
}
