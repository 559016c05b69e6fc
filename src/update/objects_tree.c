/*
 * Commits and folders: commit (a{sv}aya(say)sstayay), dirtree (a(say)a(sayay)), dirmeta
 * (uuua(ayay)). What libostree demands of them is demanded here: names without '/', checksums of 32
 * bytes, folders that are folders.
 */
#include "update/objects.h"

#include "update/objects_gvariant.h"

#include <string.h>

#define MODE_KIND 0170000u
#define MODE_DIR  0040000u

/* Members of a commit that end at an offset: metadata, parent, related, subject, body, and behind
 * the time the root's dirtree. The root's dirmeta ends where the offsets begin. */
enum { C_METADATA, C_PARENT, C_RELATED, C_SUBJECT, C_BODY, C_TREE, C_OFFSETS };

/* Where member `i` ends; not before `from`. 0 or -1. */
static int commit_end(struct x8_span bytes, size_t i, size_t from, size_t *out)
{
    int rc = gv_offset(bytes, C_OFFSETS, i, out);
    return rc < 0 || *out < from ? -1 : 0;
}

static int commit_ends(struct x8_span bytes, size_t ends[C_OFFSETS])
{
    size_t from = 0;
    for (size_t i = 0; i < C_OFFSETS; i++) {
        if (commit_end(bytes, i, from, &ends[i]) < 0)
            return -1;
        from = ends[i];
    }
    return 0;
}

static int commit_texts(struct x8_span bytes, const size_t ends[C_OFFSETS])
{
    struct x8_span text;
    size_t parent = ends[C_PARENT] - ends[C_METADATA];
    if (parent != 0 && parent != X8_SHA256_LEN)
        return -1;
    if (gv_string(gv_part(bytes, ends[C_RELATED], ends[C_SUBJECT]), &text) < 0)
        return -1;
    return gv_string(gv_part(bytes, ends[C_SUBJECT], ends[C_BODY]), &text);
}

int x8_commit_parse(struct x8_span bytes, struct x8_commit *out, struct x8_error *err)
{
    size_t body, ends[C_OFFSETS];
    if (gv_body(bytes, C_OFFSETS, &body) < 0 || commit_ends(bytes, ends) < 0)
        return object_bad("commit", "its members do not lie where they should", err);
    if (commit_texts(bytes, ends) < 0)
        return object_bad("commit", "its parent or its subject is not one", err);
    /* The time is a number of 8 bytes, and such a number begins at a multiple of 8. */
    size_t time = (ends[C_BODY] + 7) / 8 * 8;
    if (ends[C_TREE] != time + 8 + X8_SHA256_LEN || body != ends[C_TREE] + X8_SHA256_LEN)
        return object_bad("commit", "the checksums of its root folder are not there", err);
    memcpy(out->tree, bytes.data + time + 8, X8_SHA256_LEN);
    memcpy(out->meta, bytes.data + ends[C_TREE], X8_SHA256_LEN);
    return 0;
}

static int is_name(struct x8_span name)
{
    if (name.len == 0 || memchr(name.data, '/', name.len))
        return 0;
    return !(name.data[0] == '.' && (name.len == 1 || (name.len == 2 && name.data[1] == '.')));
}

/* (say) of a file, or (sayay) of a folder: a name and one or two checksums. 0 or -1. */
static int parse_item(struct x8_span bytes, int is_folder, struct x8_dirtree_item *out)
{
    size_t count = is_folder ? 2 : 1, body, name, sum;
    if (gv_body(bytes, count, &body) < 0 || gv_offset(bytes, count, 0, &name) < 0)
        return -1;
    if (gv_string(gv_part(bytes, 0, name), &out->name) < 0 || !is_name(out->name))
        return -1;
    sum = name + X8_SHA256_LEN;
    if (body != name + count * X8_SHA256_LEN)
        return -1;
    if (is_folder && (gv_offset(bytes, count, 1, &body) < 0 || body != sum))
        return -1;
    out->sum = bytes.data + name;
    out->meta_sum = is_folder ? bytes.data + sum : NULL;
    return 0;
}

static int parse_items(struct x8_span bytes, int is_folder,
                       int (*each)(void *ctx, const struct x8_dirtree_item *item), void *ctx,
                       struct x8_error *err)
{
    struct gv_array array;
    struct x8_span part;
    int rc = gv_array_open(bytes, &array);
    while (rc == 0 && (rc = gv_array_next(&array, &part)) > 0) {
        struct x8_dirtree_item item;
        if (parse_item(part, is_folder, &item) < 0)
            return object_bad("dirtree", "an entry has no proper name or no checksum", err);
        rc = each(ctx, &item);
        if (rc != 0)
            return rc;
    }
    return rc < 0 ? object_bad("dirtree", "its entries do not lie where they should", err) : 0;
}

int x8_dirtree_parse(struct x8_span bytes,
                     int (*each)(void *ctx, const struct x8_dirtree_item *item), void *ctx,
                     struct x8_error *err)
{
    size_t body, files;
    if (gv_body(bytes, 1, &body) < 0 || gv_offset(bytes, 1, 0, &files) < 0)
        return object_bad("dirtree", "it is too short", err);
    int rc = parse_items(gv_part(bytes, 0, files), 0, each, ctx, err);
    if (rc == 0)
        rc = parse_items(gv_part(bytes, files, body), 1, each, ctx, err);
    return rc;
}

int x8_dirmeta_check(struct x8_span bytes, struct x8_error *err)
{
    enum { OWNERS_AND_MODE = 12 };
    if (bytes.len < OWNERS_AND_MODE)
        return object_bad("dirmeta", "it is too short", err);
    if ((x8_get_be32(bytes.data + 8) & MODE_KIND) != MODE_DIR)
        return object_bad("dirmeta", "its mode is not that of a folder", err);
    if (gv_xattrs(gv_part(bytes, OWNERS_AND_MODE, bytes.len)) < 0)
        return object_bad("dirmeta", "its extended attributes are none", err);
    return 0;
}
