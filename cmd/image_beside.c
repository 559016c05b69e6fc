/*
 * A list of checksums that lies beside a file: NAME.sha256 of NAME, or a SHA256SUMS that names it
 * among others. A folder or an archive has its lists in it (image_sums.c).
 */
#include "image_parts.h"

#include "image/sums.h"
#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct beside {
    const struct x8_op *op;
    struct x8_image_look *look;
    const char *name;         /* of the file */
    const char *list;         /* of the list, in the same folder */
    int is_own;               /* the list is of this file alone */
    char other[200];          /* the first other file that it names */
    unsigned found;           /* lines that are of this file */
    const char *have;         /* digest of the file as it is */
    const char *unpacked;     /* of what is in it, or "" */
    char unpacked_name[1024]; /* NAME without its packing */
};

/* An own list may have been made in another folder. */
static int is_named(const struct beside *beside, const char *path, const char *name)
{
    return name[0] && strcmp(beside->is_own ? x8_path_base(path) : path, name) == 0;
}

static int compare(void *ctx, const char *path, const char sha256[65], struct x8_error *err)
{
    struct beside *beside = ctx;
    const char *have = NULL;

    (void)err;
    if (is_named(beside, path, beside->name))
        have = beside->have;
    else if (beside->unpacked[0] && is_named(beside, path, beside->unpacked_name))
        have = beside->unpacked;
    if (have) {
        beside->found++;
        x8_image_count_sum(&beside->look->sums, beside->list, path, have, sha256);
    } else if (!beside->other[0]) {
        x8_copy(beside->other, sizeof beside->other, path);
    }
    return 0;
}

/* Of a list of many files nothing is expected: it is a folder's, not this file's. */
static void not_read(struct beside *beside, const char *why)
{
    if (beside->is_own)
        x8_image_sums_unread(&beside->look->sums, beside->list, why);
    else
        x8_emit(beside->op, X8_EV_WARN, "%s is not read as a list of checksums: %s", beside->list,
                why);
}

static void read_list(struct beside *beside, const char *path)
{
    X8_AUTO_BUF text = {0};
    struct x8_error cause = {0};
    struct x8_sums_rest rest;
    char why[300];
    int count;

    if (x8_file_load(path, X8_SUMS_MAX, &text, &cause) < 0) {
        not_read(beside, cause.why[0] ? cause.why : cause.msg);
        return;
    }
    count = x8_sums_read(x8_buf_span(&text), beside->list, compare, beside, NULL);
    rest = x8_sums_rest(x8_buf_span(&text));
    if (beside->found) {
        x8_image_sums_add_list(&beside->look->sums, beside->list);
    } else if (beside->is_own && count > 0) {
        snprintf(why, sizeof why, "it is of %s, and not of %s", beside->other, beside->name);
        not_read(beside, why);
    } else if (beside->is_own || count == 0) {
        if (x8_image_sums_fault(count, &rest, why, sizeof why))
            not_read(beside, why);
    }
}

static void see(struct beside *beside, const char *folder, const char *list)
{
    char *path = x8_path_join(folder, list);

    beside->list = list;
    beside->found = 0;
    beside->other[0] = '\0';
    beside->is_own = x8_sums_is_of(list, beside->name) ||
                     (beside->unpacked[0] && x8_sums_is_of(list, beside->unpacked_name));
    /* NAME.sha256 of another file. */
    if (path && (beside->is_own || x8_sums_is_of_many(list)))
        read_list(beside, path);
    free(path);
}

static void list_folder(struct beside *beside, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL)
        if (x8_sums_is_name(entry->d_name))
            see(beside, folder, entry->d_name);
    if (dir)
        closedir(dir);
}

void x8_image_compare_beside(const struct x8_op *op, const char *path, struct x8_image_look *look)
{
    const struct x8_image_part *os = look->os;
    struct beside beside = {.op = op, .look = look, .name = x8_path_base(path), .unpacked = ""};
    const char *dot = strrchr(beside.name, '.');
    char *folder = x8_path_dir(path);

    beside.have = look->is_archive ? look->sha256 : os ? os->sha256 : "";
    if (!look->is_archive && os && os->unpacked[0] && dot) {
        beside.unpacked = os->unpacked;
        snprintf(beside.unpacked_name, sizeof beside.unpacked_name, "%.*s",
                 (int)(dot - beside.name), beside.name);
    }
    if (folder && beside.have[0])
        list_folder(&beside, folder);
    free(folder);
}
