/*
 * Opening what a set holds. Readers are stacked: file or member, packing undone, archive walked to
 * a member, and so on for a member of an archive in an archive. Each layer labels its own errors,
 * so that a message reads "934.tar.gz: mfgtool-files-portenta-x8.tar.gz: truncated gzip".
 */
#include "image/setparts.h"
#include "util/file.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* Bytes between two reports of progress. */
#define REPORT_EVERY (4u * 1024 * 1024)

static ssize_t named_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct named *named = X8_CONTAINER(reader, struct named, reader);
    size_t left = named->again_len - named->again_at;
    if (left > 0) {
        left = left < cap ? left : cap;
        memcpy(out, named->again + named->again_at, left);
        named->again_at += left;
        return (ssize_t)left;
    }
    ssize_t n = x8_read(named->inner, out, cap, err);
    if (n >= 0)
        return n;
    named->failed = 1;
    if (!named->below_failed && named->label[0] && err)
        x8_error_prefix(err, "%s", named->label);
    if (named->tell)
        *named->tell = 1;
    return n;
}

static void named_close(struct x8_reader *reader)
{
    struct named *named = X8_CONTAINER(reader, struct named, reader);
    x8_reader_close(&named->inner);
    free(named->again);
    free(named);
}

int named_again(struct named *named, const uint8_t *data, size_t len, struct x8_error *err)
{
    named->again = malloc(len ? len : 1);
    if (!named->again)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    memcpy(named->again, data, len);
    named->again_len = len;
    return 0;
}

static int named_new(struct x8_reader *inner, const char *label, struct named **out,
                     struct x8_error *err)
{
    static const struct x8_reader_ops ops = {named_read, named_close};
    struct named *named = calloc(1, sizeof(*named));
    if (!named) {
        x8_reader_close(&inner);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    named->reader.ops = &ops;
    named->inner = inner;
    x8_copy(named->label, sizeof(named->label), label);
    *out = named;
    return 0;
}

int open_unpacked(struct named *inner, const char *label, struct named **out,
                  enum x8_packing *out_packing, struct x8_error *err)
{
    int below_failed = 0;
    struct x8_reader *unpacked = NULL;
    inner->tell = &below_failed;
    int rc = x8_inflate_reader(&inner->reader, &unpacked, out_packing, err);
    if (rc < 0) {
        if (!below_failed && err)
            x8_error_prefix(err, "%s", label);
        return rc;
    }
    rc = named_new(unpacked, label, out, err);
    if (rc >= 0)
        inner->tell = &(*out)->below_failed;
    return rc;
}

/* --- files: count, report, stop */

struct watch_reader {
    struct x8_reader reader;
    struct x8_reader *inner;
    struct x8_op op;
    struct tally *tally;
    uint64_t done, total, reported;
};

static ssize_t watch_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct watch_reader *watch = X8_CONTAINER(reader, struct watch_reader, reader);
    int rc = x8_cancel_check(watch->op.cancel, X8_CANCEL_SOFT, err);
    if (rc < 0)
        return rc;
    ssize_t n = x8_read(watch->inner, out, cap, err);
    if (n < 0)
        return n;
    if (watch->tally)
        tally_add(watch->tally, out, (size_t)n);
    watch->done += (uint64_t)n;
    if (watch->done - watch->reported >= REPORT_EVERY ||
        (n == 0 && watch->done != watch->reported)) {
        watch->reported = watch->done;
        x8_emit_progress(&watch->op, watch->done, watch->total);
    }
    return n;
}

static void watch_close(struct x8_reader *reader)
{
    struct watch_reader *watch = X8_CONTAINER(reader, struct watch_reader, reader);
    x8_reader_close(&watch->inner);
    free(watch);
}

static int watch_new(const struct x8_op *op, struct tally *tally, struct x8_reader *inner,
                     uint64_t total, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {watch_read, watch_close};
    struct watch_reader *watch = calloc(1, sizeof(*watch));
    if (!watch) {
        x8_reader_close(&inner);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    *watch = (struct watch_reader){.inner = inner, .op = *op, .tally = tally, .total = total};
    watch->reader.ops = &ops;
    watch->op.stage = "check";
    *out = &watch->reader;
    return 0;
}

/* A file's own errors name it already: no label. */
static int open_disk(const struct item *item, const struct x8_op *op, struct named **out,
                     struct x8_error *err)
{
    struct x8_reader *file = NULL;
    uint64_t size;
    int rc = x8_file_reader(item->disk, &file, &size, err);
    if (rc >= 0 && op)
        rc = watch_new(op, item->tally, file, size, &file, err);
    return rc < 0 ? rc : named_new(file, "", out, err);
}

/* The file of a set that is read through an opener. Its errors are labelled as a file's are not. */
static int open_origin(const struct item *item, const struct x8_op *op, struct named **out,
                       struct x8_error *err)
{
    const struct x8_image_origin *origin = item->origin;
    struct x8_reader *stream = NULL;
    int rc = origin->open(origin->ctx, &stream, err);
    if (rc >= 0 && op)
        rc = watch_new(op, item->tally, stream, origin->size, &stream, err);
    return rc < 0 ? rc : named_new(stream, "", out, err);
}

/* --- members */

struct member_reader {
    struct x8_reader reader;
    struct archive_walk *walk;
    int owns_walk;
    struct tally *tally; /* borrowed, or NULL */
    int to_the_end;      /* its end counts when the whole archive proved to be right */
    int ended;
};

static int is_through_opener(const struct item *item)
{
    for (; item; item = item->box)
        if (item->origin && !item->disk)
            return 1;
    return 0;
}

static ssize_t walk_to_end(struct member_reader *member, struct x8_error *err)
{
    struct archive_member other;
    int rc = 1;
    while (rc > 0)
        rc = archive_walk_next(member->walk, &other, err);
    member->ended = rc == 0;
    return rc;
}

static ssize_t member_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct member_reader *member = X8_CONTAINER(reader, struct member_reader, reader);
    ssize_t n = member->ended ? 0 : archive_walk_read(member->walk, out, cap, err);
    if (n > 0 && member->tally)
        tally_add(member->tally, out, (size_t)n);
    return n == 0 && member->to_the_end && !member->ended ? walk_to_end(member, err) : n;
}

static void member_close(struct x8_reader *reader)
{
    struct member_reader *member = X8_CONTAINER(reader, struct member_reader, reader);
    if (member->owns_walk)
        archive_walk_close(&member->walk);
    free(member);
}

/* Takes `walk` over when `owns_walk`, in every case. */
static int member_new(struct archive_walk *walk, int owns_walk, int to_the_end, const char *label,
                      struct named **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {member_read, member_close};
    struct member_reader *member = calloc(1, sizeof(*member));
    if (!member) {
        if (owns_walk)
            archive_walk_close(&walk);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    *member = (struct member_reader){.reader = {&ops}, .walk = walk, .owns_walk = owns_walk};
    member->to_the_end = to_the_end;
    return named_new(&member->reader, label, out, err);
}

int open_passing(struct archive_walk *walk, const char *label, struct tally *tally,
                 struct named **out, struct x8_error *err)
{
    int rc = member_new(walk, 0, 0, label, out, err);
    if (rc >= 0)
        X8_CONTAINER((*out)->inner, struct member_reader, reader)->tally = tally;
    return rc;
}

static int walk_to(struct archive_walk *walk, unsigned ordinal, struct x8_error *err)
{
    struct archive_member member;
    int rc;
    do
        rc = archive_walk_next(walk, &member, err);
    while (rc > 0 && member.ordinal < ordinal);
    if (rc == 0)
        return x8_fail(err, X8_E_BAD_IMAGE, "changed while it was read");
    return rc;
}

/* Read the box from its start up to the member. */
static int open_member(const struct item *item, const struct x8_op *op, struct named **out,
                       struct x8_error *err)
{
    char label[LABEL_MAX];
    struct named *stored = NULL, *box = NULL;
    struct archive_walk *walk = NULL;
    item_label(item->box, label);
    int rc = open_item(item->box, op, &stored, err);
    if (rc >= 0)
        rc = open_unpacked(stored, label, &box, NULL, err);
    if (rc < 0)
        return rc;
    int below_failed = 0;
    box->tell = &below_failed;
    rc = archive_walk_open(&box->reader, &walk, err);
    if (rc >= 0) {
        rc = walk_to(walk, item->ordinal, err);
        if (rc < 0)
            archive_walk_close(&walk);
    }
    if (rc < 0) {
        if (!below_failed && err)
            x8_error_prefix(err, "%s", label);
        return rc;
    }
    rc = member_new(walk, 1, is_through_opener(item->box), item_label(item, label), out, err);
    if (rc >= 0)
        box->tell = &(*out)->below_failed;
    return rc;
}

int open_item(const struct item *item, const struct x8_op *op, struct named **out,
              struct x8_error *err)
{
    char label[LABEL_MAX];
    struct x8_reader *reader = NULL;
    int rc;
    if (item->disk)
        return open_disk(item, op, out, err);
    if (item->origin)
        return open_origin(item, op, out, err);
    if (item->is_kept)
        rc = x8_mem_reader((struct x8_span){item->kept, (size_t)item->pub.size}, &reader, err);
    else if (item->offset != UINT64_MAX)
        rc = x8_file_reader_at(item->box->disk, item->offset, item->pub.size, &reader, err);
    else
        return open_member(item, op, out, err);
    return rc < 0 ? rc : named_new(reader, item_label(item, label), out, err);
}
