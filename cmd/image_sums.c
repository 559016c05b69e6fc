/*
 * Lists of checksums that came with an image (SHA256SUMS, NAME.sha256), compared with what is there
 * when everything was read.
 */
#include "image_parts.h"

#include "image/sums.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct comparing {
    const struct x8_op *op;
    struct x8_image_look *look;
    const struct x8_entry *list;
};

/* A list may be of names as they are before packing: NAME of NAME.gz. */
static const char *unpacked_digest(const struct x8_image_look *look, const char *path)
{
    for (size_t i = 0; i < look->part_count; i++) {
        const struct x8_image_part *part = &look->parts[i];
        const char *dot = strrchr(part->entry->path, '.');

        if (part->unpacked[0] && dot && strlen(path) == (size_t)(dot - part->entry->path) &&
            memcmp(path, part->entry->path, strlen(path)) == 0)
            return part->unpacked;
    }
    return NULL;
}

static const struct x8_entry *find(const struct x8_imageset *set, const char *path)
{
    const struct x8_entry *entry = x8_imageset_find(set, "", path), *box;

    for (size_t i = 0; !entry && (box = x8_imageset_box(set, i)); i++)
        if (strcmp(box->path, path) == 0)
            entry = box;
    return entry;
}

/* The digest of what a list calls `path`: 1, 0 when it is not there, or a negative code. */
static int digest_of(const struct comparing *comparing, const char *path, char out[65],
                     struct x8_error *err)
{
    struct x8_image_look *look = comparing->look;
    const struct x8_entry *entry = find(look->set, path);
    const char *unpacked = entry ? NULL : unpacked_digest(look, path);
    int rc;

    if (unpacked)
        x8_copy(out, 65, unpacked);
    if (!entry)
        return unpacked != NULL;
    for (size_t i = 0; i < look->part_count; i++)
        if (look->parts[i].entry == entry && look->parts[i].sha256[0]) {
            x8_copy(out, 65, look->parts[i].sha256);
            return 1;
        }
    rc = x8_image_entry_digest(comparing->op, look, entry, out, err);
    return rc < 0 ? rc : 1;
}

/* The same file beside the list, where the list was made in another folder. */
static int digest_beside(const struct comparing *comparing, const char *path, char out[65],
                         struct x8_error *err)
{
    char *dir = x8_path_dir(comparing->list->path), *joined, *beside;
    int rc;

    joined = dir ? x8_path_join(dir, x8_path_base(path)) : NULL;
    beside = joined ? x8_path_normal(joined) : NULL;
    rc = beside ? digest_of(comparing, beside, out, err) : 0;
    free(dir);
    free(joined);
    free(beside);
    return rc;
}

static int compare(void *ctx, const char *path, const char sha256[65], struct x8_error *err)
{
    struct comparing *comparing = ctx;
    struct x8_image_sums *sums = &comparing->look->sums;
    char have[65];
    int rc = digest_of(comparing, path, have, err);

    if (rc == 0)
        rc = digest_beside(comparing, path, have, err);
    if (rc <= 0) {
        sums->absent += rc == 0;
        return rc;
    }
    if (strcmp(have, sha256) == 0) {
        sums->good++;
    } else if (sums->wrong++ == 0) {
        x8_copy(sums->list, sizeof sums->list, comparing->list->path);
        x8_copy(sums->path, sizeof sums->path, path);
        x8_copy(sums->have, sizeof sums->have, have);
        x8_copy(sums->want, sizeof sums->want, sha256);
    }
    return 0;
}

static int read_list(struct comparing *comparing, struct x8_error *err)
{
    struct x8_image_sums *sums = &comparing->look->sums;
    X8_AUTO_BUF text = {0};
    int rc = x8_imageset_load(comparing->look->set, comparing->list, X8_SUMS_MAX, &text, err);

    if (rc == 0)
        rc = x8_sums_read(x8_buf_span(&text), comparing->list->path, compare, comparing, err);
    if (rc > 0 && sums->lists++ == 0 && !sums->wrong)
        x8_copy(sums->list, sizeof sums->list, comparing->list->path);
    return rc < 0 ? rc : 0;
}

int x8_image_compare_sums(const struct x8_op *op, struct x8_image_look *look, struct x8_error *err)
{
    struct comparing comparing = {.op = op, .look = look};
    int rc = 0;

    for (size_t i = 0; rc == 0 && (comparing.list = x8_imageset_entry(look->set, i)); i++)
        if (x8_sums_is_name(comparing.list->path) && comparing.list->size <= X8_SUMS_MAX)
            rc = read_list(&comparing, err);
    return rc;
}

void x8_image_put_sums(struct x8_buf *out, int is_person, const struct x8_image_sums *sums)
{
    char others[48] = "", absent[48] = "";

    if (!sums->lists)
        return;
    if (sums->lists > 1)
        snprintf(others, sizeof others, " and %zu more", sums->lists - 1);
    if (sums->absent)
        snprintf(absent, sizeof absent, ", %zu not there", sums->absent);
    x8_image_line(out, is_person, "checksums", "%s%s: %zu right, %zu wrong%s%s%s", sums->list,
                  others, sums->good, sums->wrong, absent, sums->wrong ? "; wrong is " : "",
                  sums->path);
}

void x8_image_json_sums(struct x8_json *json, const struct x8_image_sums *sums)
{
    struct x8_json *own;

    if (!sums->lists) {
        x8_json_str(json, "checksums", NULL);
        return;
    }
    own = x8_json_object();
    x8_json_str(own, "list", sums->list);
    x8_json_u64(own, "lists", sums->lists);
    x8_json_u64(own, "good", sums->good);
    x8_json_u64(own, "wrong", sums->wrong);
    x8_json_u64(own, "absent", sums->absent);
    x8_json_str(own, "first_wrong", sums->wrong ? sums->path : NULL);
    x8_json_add(json, "checksums", own);
}
