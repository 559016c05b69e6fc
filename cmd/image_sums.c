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

void x8_image_count_sum(struct x8_image_sums *sums, const char *list, const char *path,
                        const char *have, const char *want)
{
    if (strcmp(have, want) == 0) {
        sums->good++;
    } else if (sums->wrong++ == 0) {
        x8_copy(sums->list, sizeof sums->list, list);
        x8_copy(sums->path, sizeof sums->path, path);
        x8_copy(sums->have, sizeof sums->have, have);
        x8_copy(sums->want, sizeof sums->want, want);
    }
}

void x8_image_sums_add_list(struct x8_image_sums *sums, const char *list)
{
    if (sums->lists++ == 0 && !sums->wrong)
        x8_copy(sums->list, sizeof sums->list, list);
}

void x8_image_sums_unread(struct x8_image_sums *sums, const char *list, const char *why)
{
    if (sums->unread++ > 0)
        return;
    x8_copy(sums->unread_list, sizeof sums->unread_list, list);
    x8_copy(sums->unread_why, sizeof sums->unread_why, why);
}

int x8_image_sums_fault(int count, const struct x8_sums_rest *rest, char *why, size_t cap)
{
    if (rest->cut)
        snprintf(why, cap, "%zu line%s of it %s a digest that has not 64 digits", rest->cut,
                 rest->cut == 1 ? "" : "s", rest->cut == 1 ? "has" : "have");
    else if (count == 0 && !rest->others)
        x8_copy(why, cap, "no line of it is a SHA-256");
    else
        return 0;
    return 1;
}

static int compare(void *ctx, const char *path, const char sha256[65], struct x8_error *err)
{
    struct comparing *comparing = ctx;
    struct x8_image_sums *sums = &comparing->look->sums;
    char have[65];
    int rc = digest_of(comparing, path, have, err);

    if (rc == 0)
        rc = digest_beside(comparing, path, have, err);
    if (rc < 0)
        return rc;
    if (rc > 0)
        x8_image_count_sum(sums, comparing->list->path, path, have, sha256);
    else if (sums->absent++ == 0)
        x8_copy(sums->absent_path, sizeof sums->absent_path, path);
    return 0;
}

static int read_list(struct comparing *comparing, struct x8_error *err)
{
    struct x8_image_sums *sums = &comparing->look->sums;
    const char *path = comparing->list->path;
    struct x8_error cause = {0};
    struct x8_sums_rest rest;
    X8_AUTO_BUF text = {0};
    char why[200];
    int rc;

    if (comparing->list->size > X8_SUMS_MAX && comparing->list->size != UINT64_MAX) {
        x8_image_sums_unread(sums, path, "it is larger than 1 MiB");
        return 0;
    }
    rc = x8_imageset_load(comparing->look->set, comparing->list, X8_SUMS_MAX, &text, &cause);
    if (rc == -(int)X8_E_NO_FILE || rc == -(int)X8_E_BAD_IMAGE) {
        x8_image_sums_unread(sums, path, cause.why[0] ? cause.why : cause.msg);
        return 0;
    }
    if (rc < 0) {
        *err = cause;
        return rc;
    }
    rc = x8_sums_read(x8_buf_span(&text), path, compare, comparing, err);
    if (rc > 0)
        x8_image_sums_add_list(sums, path);
    rest = x8_sums_rest(x8_buf_span(&text));
    if (rc >= 0 && x8_image_sums_fault(rc, &rest, why, sizeof why))
        x8_image_sums_unread(sums, path, why);
    return rc < 0 ? rc : 0;
}

int x8_image_compare_sums(const struct x8_op *op, struct x8_image_look *look, struct x8_error *err)
{
    struct comparing comparing = {.op = op, .look = look};
    const struct x8_entry *odd;
    int rc = 0;

    for (size_t i = 0; rc == 0 && (comparing.list = x8_imageset_entry(look->set, i)); i++)
        if (x8_sums_is_name(comparing.list->path))
            rc = read_list(&comparing, err);
    for (size_t i = 0; (odd = x8_imageset_odd_list(look->set, i)); i++)
        x8_image_sums_unread(&look->sums, odd->path, "it is no file, or a link to nothing");
    return rc;
}

static int judge_wrong(const struct x8_image_sums *sums, const char *name, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_DIGEST, "%s does not fit its own list of checksums: %s", name,
            sums->path);
    x8_error_why(err,
                 "%s says SHA-256 %.12s..., it has %.12s...; %zu of %zu that are listed are right",
                 sums->list, sums->want, sums->have, sums->good, sums->good + sums->wrong);
    x8_error_next(err, "get it again; if it stays so, its maker listed another build");
    return -(int)X8_E_BAD_DIGEST;
}

static int judge_absent(const struct x8_image_sums *sums, const char *name, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_DIGEST, "%s is not all that its list of checksums names: %s", name,
            sums->absent_path);
    x8_error_why(err, "%zu file%s of %s %s not there; %zu are, and are right", sums->absent,
                 sums->absent == 1 ? "" : "s", sums->list, sums->absent == 1 ? "is" : "are",
                 sums->good);
    x8_error_next(err, "get it again; where files were left out on purpose, take them out of the "
                       "list as well");
    return -(int)X8_E_BAD_DIGEST;
}

int x8_image_judge_sums(const struct x8_image_sums *sums, const char *name, struct x8_error *err)
{
    if (sums->wrong)
        return judge_wrong(sums, name, err);
    if (sums->absent)
        return judge_absent(sums, name, err);
    if (!sums->unread)
        return 0;
    x8_fail(err, X8_E_BAD_IMAGE, "%s cannot be read as a list of checksums", sums->unread_list);
    x8_error_why(err, "%s; so %s was not compared with it", sums->unread_why, name);
    x8_error_next(err, "get the list again, or move it away if it is none");
    return -(int)X8_E_BAD_IMAGE;
}

void x8_image_put_sums(struct x8_buf *out, int is_person, const struct x8_image_sums *sums)
{
    char others[48] = "", absent[256] = "";

    if (sums->unread)
        x8_image_line(out, is_person, "not read", "%s: %s", sums->unread_list, sums->unread_why);
    if (!sums->lists)
        return;
    if (sums->lists > 1)
        snprintf(others, sizeof others, " and %zu more", sums->lists - 1);
    if (sums->absent)
        snprintf(absent, sizeof absent, ", %zu not there (%s)", sums->absent, sums->absent_path);
    x8_image_line(out, is_person, "checksums", "%s%s: %zu right, %zu wrong%s%s%s", sums->list,
                  others, sums->good, sums->wrong, absent, sums->wrong ? "; wrong is " : "",
                  sums->path);
}

void x8_image_json_sums(struct x8_json *json, const struct x8_image_sums *sums)
{
    struct x8_json *own;

    if (!sums->lists && !sums->unread) {
        x8_json_str(json, "checksums", NULL);
        return;
    }
    own = x8_json_object();
    x8_json_str(own, "list", sums->list[0] ? sums->list : NULL);
    x8_json_u64(own, "lists", sums->lists);
    x8_json_u64(own, "good", sums->good);
    x8_json_u64(own, "wrong", sums->wrong);
    x8_json_u64(own, "absent", sums->absent);
    x8_json_str(own, "first_wrong", sums->wrong ? sums->path : NULL);
    x8_json_str(own, "first_absent", sums->absent ? sums->absent_path : NULL);
    x8_json_u64(own, "unread", sums->unread);
    x8_json_str(own, "first_unread", sums->unread ? sums->unread_list : NULL);
    x8_json_add(json, "checksums", own);
}
