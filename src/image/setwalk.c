/*
 * Walking an archive once, to its proven end. Names are checked, small parts are kept in memory as
 * they pass, a nested mfgtool archive is walked in place.
 */
#include "image/setparts.h"
#include "image/sums.h"
#include "util/file.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* A release holds some twenty files; a build folder some hundred. */
#define ITEMS_MAX    20000u
#define PATH_MAX_LEN 4096u
/* No storage of a board is larger. */
#define MEMBER_MAX ((uint64_t)64 << 30)
#define KEEP_EACH  ((uint64_t)64 << 20)
#define PASS_LEN   ((size_t)64 * 1024)

struct walk {
    struct x8_imageset *set;
    struct named *stream; /* the unpacked archive */
    const struct item *box;
    const char *prefix;
    int plain; /* members lie in the box's file as they are */
    int nested;
    char label[LABEL_MAX];
};

static int walk_stream(struct walk *walk, struct named *unpacked, struct x8_error *err);

static int refuse(const struct walk *walk, const char *name, const char *fault,
                  struct x8_error *err)
{
    char clean[160];
    x8_clean(clean, sizeof(clean), name, strlen(name));
    x8_fail(err, X8_E_BAD_IMAGE, "%s: member '%s' %s", walk->label, clean, fault);
    x8_error_why(err, "no release has such a member: the archive is damaged, or made to do harm");
    x8_error_next(err, "do not use this archive, get it again from its maker");
    return -X8_E_BAD_IMAGE;
}

static int has_dotdot(const char *path)
{
    for (const char *p = path; (p = strstr(p, "..")) != NULL; p += 2)
        if ((p == path || p[-1] == '/') && (p[2] == 0 || p[2] == '/'))
            return 1;
    return 0;
}

/* A member's name as a path in the set; freed by the caller. */
static int safe_path(const struct walk *walk, const char *raw, char **out, struct x8_error *err)
{
    if (!raw || !raw[0])
        return refuse(walk, "", "has no readable name", err);
    if (raw[0] == '/')
        return refuse(walk, raw, "has an absolute name", err);
    if (has_dotdot(raw))
        return refuse(walk, raw, "points out of the archive with '..'", err);
    if (strlen(raw) > PATH_MAX_LEN)
        return refuse(walk, raw, "has a name of more than 4096 bytes", err);
    char *joined = x8_path_join(walk->prefix, raw);
    *out = joined ? x8_path_normal(joined) : NULL;
    free(joined);
    return *out ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

static int add_item(struct walk *walk, const char *raw, struct item **out, struct x8_error *err)
{
    char *path = NULL;
    int rc = safe_path(walk, raw, &path, err);
    if (rc < 0)
        return rc;
    if (walk->set->items.count >= ITEMS_MAX)
        rc = refuse(walk, raw, "is one too many: more than 20000 members", err);
    struct item *item = rc < 0 ? NULL : item_new(path, err);
    free(path);
    if (rc < 0 || !item)
        return rc < 0 ? rc : -X8_E_INTERNAL;
    item->box = walk->box;
    rc = item_list_add(&walk->set->items, item, err);
    if (rc < 0)
        return rc;
    item->seq = (unsigned)walk->set->items.count;
    *out = item;
    return 0;
}

/* --- data of members */

/* Large or of no known use: let it pass. */
static int pass_member(struct archive_walk *archive, struct tally *tally, struct x8_error *err)
{
    uint8_t *data = malloc(PASS_LEN);
    if (!data)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    ssize_t n;
    while ((n = archive_walk_read(archive, data, PASS_LEN, err)) > 0)
        tally_add(tally, data, (size_t)n);
    free(data);
    return (int)n;
}

/* A system image in a pass: whoever asked for it looks at its content. The rest is passed over, so
 * that a fault of the archive is told as that. `told` as in see_member. */
static int show_member(struct walk *walk, struct archive_walk *archive, struct tally *tally,
                       int *told, struct x8_error *err)
{
    struct x8_imageset *set = walk->set;
    struct x8_passing passing = {.so_far = set, .number = tally->item->number};
    struct named *stored = NULL, *content = NULL;
    enum x8_packing packing = X8_PACK_NONE;
    char label[LABEL_MAX];
    item_label(tally->item, label);
    int rc = open_passing(archive, label, tally, &stored, err);
    if (rc < 0)
        return *told = 1, rc;
    walk->stream->tell = &stored->below_failed;
    rc = open_unpacked(stored, label, &content, &packing, err);
    passing.path = tally->item->path;
    passing.is_packed = packing != X8_PACK_NONE;
    if (rc >= 0 || rc == -X8_E_BAD_IMAGE)
        rc = set->pass->image(set->pass->ctx, &passing, rc < 0 ? NULL : &content->reader, err);
    if (content) {
        struct x8_reader *reader = &content->reader;
        x8_reader_close(&reader);
    }
    walk->stream->tell = told;
    *told = rc < 0 || walk->stream->failed;
    return rc < 0 ? rc : pass_member(archive, tally, err);
}

/* Memory that a member may take. */
static size_t keep_limit(const struct walk *walk, const struct item *item)
{
    size_t left = KEEP_ALL - walk->set->kept_bytes;
    size_t most = role_is_small(item->named_role) ? KEEP_EACH : (size_t)X8_SUMS_MAX;
    return most < left ? most : left;
}

/*
 * All of a member, up to `limit` bytes; one more means that there is more. The byte behind the last
 * one is always asked for: that is when a zip member's checksum is looked at. Archives that were
 * written to a pipe do not say how large a member will be.
 */
static int load_member(struct archive_walk *archive, struct item *item, size_t limit, size_t *have,
                       struct x8_error *err)
{
    size_t cap = item->pub.size < limit ? (size_t)item->pub.size : limit;
    ssize_t n = 1;
    if (item->pub.size == UINT64_MAX)
        cap = PASS_LEN < limit ? PASS_LEN : limit;
    while (n > 0) {
        uint8_t *data = realloc(item->kept, cap + 1);
        if (!data)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        item->kept = data;
        while (*have <= cap &&
               (n = archive_walk_read(archive, data + *have, cap + 1 - *have, err)) > 0)
            *have += (size_t)n;
        if (cap == limit)
            break;
        cap = cap < limit / 2 ? cap * 2 + PASS_LEN : limit;
        cap = cap < limit ? cap : limit;
    }
    return n < 0 ? (int)n : 0;
}

static int keep_member(struct walk *walk, struct archive_walk *archive, struct tally *tally,
                       struct x8_error *err)
{
    struct item *item = tally->item;
    size_t have = 0, limit = keep_limit(walk, item);
    int rc = load_member(archive, item, limit, &have, err);
    if (rc < 0)
        return rc;
    tally_add(tally, item->kept, have);
    if (have > limit) {
        free(item->kept);
        item->kept = NULL;
        return pass_member(archive, tally, err);
    }
    item->pub.size = have;
    item->is_kept = 1;
    walk->set->kept_bytes += have;
    struct x8_span head = {item->kept, have < CONFIRM_LEN ? have : CONFIRM_LEN};
    if (!role_confirmed(item->named_role, head))
        item->pub.role = X8_ROLE_OTHER;
    return 0;
}

static int is_kept_kind(const struct walk *walk, const struct item *item)
{
    if (!role_is_small(item->named_role) && !(walk->set->pass && x8_sums_is_name(item->path)))
        return 0;
    return item->pub.size == UINT64_MAX || item->pub.size <= keep_limit(walk, item);
}

/* The archive takes the place of a folder: it moves to the archives that are read from. */
static int walk_nested(struct walk *walk, struct archive_walk *archive, struct tally *tally,
                       struct x8_error *err)
{
    struct item *item = tally->item;
    struct x8_imageset *set = walk->set;
    set->items.count--;
    int rc = item_list_add(&set->hidden, item, err);
    if (rc < 0)
        return rc;
    struct walk inner = {.set = set, .box = item, .nested = 1};
    item_label(item, inner.label);
    char *prefix = x8_path_dir(item->path);
    struct named *passing = NULL, *unpacked = NULL;
    rc = prefix ? open_passing(archive, inner.label, tally, &passing, err)
                : x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc >= 0) {
        walk->stream->tell = &passing->below_failed;
        rc = open_unpacked(passing, inner.label, &unpacked, NULL, err);
    }
    inner.prefix = prefix;
    if (rc >= 0)
        rc = walk_stream(&inner, unpacked, err);
    free(prefix);
    return rc;
}

/* --- kinds of members */

/* The system image, and everything else that a flash needs is there. */
static int is_enough(const struct walk *walk, const struct item *image)
{
    const struct x8_imageset *set = walk->set;
    unsigned needed = 1u << X8_ROLE_SCRIPT | 1u << X8_ROLE_MFG_SPL | 1u << X8_ROLE_MFG_FIT |
                      1u << X8_ROLE_SPL | 1u << X8_ROLE_FIT | 1u << X8_ROLE_SIT;
    if (!set->origin || !set->origin->is_brief || set->path || walk->nested || set->pass ||
        image->named_role != X8_ROLE_OS)
        return 0;
    for (size_t i = 0; i < set->items.count; i++)
        if (!set->items.at[i]->is_link)
            needed &= ~(1u << set->items.at[i]->pub.role);
    return needed == 0;
}

static int see_file(struct walk *walk, struct archive_walk *archive,
                    const struct archive_member *member, int *told, struct x8_error *err)
{
    struct item *item;
    if (member->size != UINT64_MAX && member->size > MEMBER_MAX)
        return *told = 1, refuse(walk, member->path, "claims a size no board can hold", err);
    int rc = add_item(walk, member->path, &item, err);
    if (rc < 0)
        return *told = 1, rc;
    item->pub.size = member->size;
    item->ordinal = member->ordinal;
    item->offset = walk->plain ? member->offset : UINT64_MAX;
    item->pub.role = item->named_role = role_of_name(item->path);
    if (is_enough(walk, item))
        return walk->set->is_brief = 1, 0;
    item->number = walk->set->pass ? ++walk->set->passed : 0;
    AUTO_TALLY tally;
    rc = tally_begin(&tally, walk->set, item, err);
    if (rc < 0)
        return *told = 1, rc;
    if (!walk->nested && is_nested_archive(item->path))
        *told = 1, rc = walk_nested(walk, archive, &tally, err);
    else if (is_kept_kind(walk, item))
        rc = keep_member(walk, archive, &tally, err);
    else if (walk->set->pass && item->named_role == X8_ROLE_OS)
        rc = show_member(walk, archive, &tally, told, err);
    else
        rc = pass_member(archive, &tally, err);
    if (rc >= 0)
        tally_end(&tally);
    if (rc < 0 && !*told && err) {
        char label[LABEL_MAX];
        x8_error_prefix(err, "%s", item_label(item, label));
        *told = 1;
    }
    return rc;
}

static int see_link(struct walk *walk, const struct archive_member *member, struct x8_error *err)
{
    struct item *item;
    int rc = add_item(walk, member->path, &item, err);
    if (rc < 0)
        return rc;
    item->is_link = 1;
    item->pub.role = item->named_role = role_of_name(item->path);
    if (member->kind == MEMBER_HARDLINK)
        return safe_path(walk, member->target, &item->target, err);
    if (!member->target || member->target[0] == '/')
        return refuse(walk, member->path, "is a link out of the archive", err);
    char *dir = x8_path_dir(item->path);
    char *joined = dir ? x8_path_join(dir, member->target) : NULL;
    item->target = joined ? x8_path_normal(joined) : NULL;
    free(dir);
    free(joined);
    if (!item->target)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (has_dotdot(item->target))
        return refuse(walk, member->path, "is a link out of the archive", err);
    return 0;
}

/* `told` is set when the message names the archive already. */
static int see_member(struct walk *walk, struct archive_walk *archive,
                      const struct archive_member *member, int *told, struct x8_error *err)
{
    char *path = NULL;
    int rc = 0;
    switch (member->kind) {
    case MEMBER_FILE:
        return see_file(walk, archive, member, told, err);
    case MEMBER_DIR:
        rc = safe_path(walk, member->path, &path, err);
        free(path);
        break;
    case MEMBER_SYMLINK:
    case MEMBER_HARDLINK:
        rc = see_link(walk, member, err);
        break;
    default:
        rc = refuse(walk, member->path ? member->path : "", "is a device or another special file",
                    err);
    }
    *told = 1;
    return rc;
}

/* Takes `unpacked` over. */
static int walk_stream(struct walk *walk, struct named *unpacked, struct x8_error *err)
{
    struct archive_walk *archive = NULL;
    struct archive_member member;
    int told = 0;
    walk->stream = unpacked;
    unpacked->tell = &told;
    int rc = archive_walk_open(&unpacked->reader, &archive, err);
    if (rc >= 0)
        rc = 1;
    while (rc > 0) {
        rc = archive_walk_next(archive, &member, err);
        if (rc <= 0)
            break;
        rc = see_member(walk, archive, &member, &told, err);
        if (rc < 0 || walk->set->is_brief)
            break;
        unpacked->tell = &told;
        told = 0;
        rc = 1;
    }
    archive_walk_close(&archive);
    if (rc < 0 && !told && err)
        x8_error_prefix(err, "%s", walk->label);
    return rc;
}

int walk_opened(struct x8_imageset *set, struct item *box, const char *prefix,
                struct named *unpacked, enum x8_packing packing, struct x8_error *err)
{
    struct walk walk = {.set = set, .box = box, .prefix = prefix};
    walk.nested = box != set->outer;
    walk.plain = packing == X8_PACK_NONE && box->disk;
    item_label(box, walk.label);
    return walk_stream(&walk, unpacked, err);
}

int walk_box(struct x8_imageset *set, const struct x8_op *op, struct item *box, const char *prefix,
             struct x8_error *err)
{
    struct named *stored = NULL, *unpacked = NULL;
    enum x8_packing packing = X8_PACK_NONE;
    char label[LABEL_MAX];
    AUTO_TALLY tally;
    int rc = tally_begin(&tally, set, box, err);
    if (rc < 0)
        return rc;
    item_label(box, label);
    box->tally = &tally;
    rc = open_item(box, op, &stored, err);
    if (rc >= 0)
        rc = open_unpacked(stored, label, &unpacked, &packing, err);
    if (rc >= 0)
        rc = walk_opened(set, box, prefix, unpacked, packing, err);
    box->tally = NULL;
    if (rc >= 0)
        tally_end(&tally);
    return rc;
}
