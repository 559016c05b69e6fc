/*
 * Image sets: what others see of them. Opening finds all items once; from then on the set is only
 * read, but for files on disk that are asked for by a path that was not listed.
 */
/* realpath() is one of POSIX's XSI functions. */
#define _XOPEN_SOURCE 700

#include "image/imageset.h"
#include "image/setparts.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct item *item_new(const char *path, struct x8_error *err)
{
    struct item *item = calloc(1, sizeof(*item));
    if (item)
        item->path = strdup(path);
    if (!item || !item->path) {
        free(item);
        x8_fail(err, X8_E_INTERNAL, "out of memory");
        return NULL;
    }
    item->pub.path = item->path;
    item->pub.size = UINT64_MAX;
    item->offset = UINT64_MAX;
    return item;
}

void item_free(struct item *item)
{
    if (!item)
        return;
    free(item->path);
    free(item->disk);
    free(item->target);
    free(item->kept);
    free(item);
}

int item_list_add(struct item_list *list, struct item *item, struct x8_error *err)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;
        struct item **at = realloc(list->at, cap * sizeof(*at));
        if (!at) {
            item_free(item);
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        }
        list->at = at;
        list->cap = cap;
    }
    list->at[list->count++] = item;
    return 0;
}

struct item *item_list_find(const struct item_list *sorted, const char *path)
{
    size_t low = 0, high = sorted->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(path, sorted->at[mid]->path);
        if (order == 0)
            return sorted->at[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

static void item_list_done(struct item_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        item_free(list->at[i]);
    free(list->at);
}

const char *item_label(const struct item *item, char out[LABEL_MAX])
{
    char box[LABEL_MAX] = "", own[LABEL_MAX];
    const char *name =
        item->origin ? item->origin->name : x8_path_base(item->disk ? item->disk : item->path);
    x8_clean(own, sizeof(own), name, strlen(name));
    if (item->box)
        item_label(item->box, box);
    size_t len = strlen(box);
    x8_copy(out, LABEL_MAX, box);
    if (len > 0 && len + 2 < LABEL_MAX) {
        x8_copy(out + len, LABEL_MAX - len, ": ");
        len += 2;
    }
    x8_copy(out + len, LABEL_MAX - len, own);
    return out;
}

/* --- opening */

/* Its folder and the one above; an absolute path, so that the folder has a name. */
static int open_script(struct x8_imageset *set, struct x8_error *err)
{
    char *given = x8_path_dir(set->path);
    char *folder = given ? realpath(given, NULL) : NULL;
    int rc = folder
                 ? 0
                 : x8_fail_sys(err, X8_E_NO_FILE, errno, "%s: cannot find its folder", set->source);
    if (folder) {
        const char *name = x8_path_base(folder);
        set->root = x8_path_dir(folder);
        set->script = x8_path_join(name, x8_path_base(set->path));
        rc = set->root && set->script ? scan_script(set, name, err)
                                      : x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    free(given);
    free(folder);
    if (rc >= 0 && !x8_imageset_script(set))
        rc = x8_fail(err, X8_E_NO_FILE, "%s: cannot be read", set->source);
    return rc;
}

/* The image and, when it is there, its block map. */
static int open_image(struct x8_imageset *set, struct x8_error *err)
{
    struct item *item = NULL;
    const char *name = x8_path_base(set->source);
    set->root = x8_path_dir(set->path);
    int rc = set->root ? scan_file(set->path, name, &item, err) : -X8_E_INTERNAL;
    if (rc < 0)
        return rc;
    item->pub.role = item->named_role = X8_ROLE_OS;
    rc = item_list_add(&set->items, item, err);
    size_t len = strlen(set->path), short_len = unpacked_name_len(set->path);
    for (int packed = 0; packed < 2 && rc >= 0; packed++, len = short_len) {
        X8_AUTO_BUF path = {0};
        if (packed && len == short_len)
            break;
        if (x8_buf_add(&path, set->path, len) < 0 || x8_buf_add(&path, ".bmap", 5) < 0)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        const char *bmap = x8_buf_text(&path);
        if (scan_file(bmap, x8_path_base(bmap), &item, NULL) >= 0)
            rc = item_list_add(&set->items, item, err);
    }
    return rc < 0 ? rc : settle_items(set, err);
}

/* A file that is no folder, as far as it was looked at. */
struct peek {
    struct x8_reader *reader; /* of `unpacked`; owned until that is walked */
    struct named *unpacked;   /* begins with the head again */
    enum x8_packing packing;
    uint8_t head[ARCHIVE_HEAD];
    size_t len;
};

/* The first unpacked bytes. It is opened once: what is behind it may come from a server or a
 * pipe. */
static int peek(struct x8_imageset *set, const struct x8_op *op, struct peek *out,
                struct x8_error *err)
{
    struct named *stored = NULL;
    char label[LABEL_MAX];
    int rc = open_item(set->outer, op, &stored, err);
    if (rc >= 0)
        rc = open_unpacked(stored, item_label(set->outer, label), &out->unpacked, &out->packing,
                           err);
    if (rc < 0)
        return rc;
    out->reader = &out->unpacked->reader;
    ssize_t n = x8_read_full(out->reader, out->head, ARCHIVE_HEAD, err);
    if (n < 0)
        return (int)n;
    out->len = (size_t)n;
    return named_again(out->unpacked, out->head, out->len, err);
}

/* Read through an opener, only an archive says what it holds. */
static int no_archive(const struct x8_imageset *set, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "%s: not an archive", set->source);
    x8_error_why(err, "only the archive of a release can be used as it comes");
    x8_error_next(err, "give the archive of a release, or put this into a file and name that");
    return -X8_E_BAD_IMAGE;
}

static int open_archive(struct x8_imageset *set, struct peek *peek, struct tally *tally,
                        struct x8_error *err)
{
    set->is_stream =
        !set->path || peek->packing != X8_PACK_NONE || memcmp(peek->head, "PK", 2) == 0;
    peek->reader = NULL;
    int rc = walk_opened(set, set->outer, "", peek->unpacked, peek->packing, err);
    if (rc < 0)
        return rc;
    if (tally->sha)
        tally_end(tally);
    return settle_items(set, err);
}

static int open_seen(struct x8_imageset *set, struct peek *peek, struct tally *tally,
                     struct x8_error *err)
{
    if (archive_is((struct x8_span){peek->head, peek->len}))
        return open_archive(set, peek, tally, err);
    if (set->path && peek->len >= 11 && memcmp(peek->head, "uuu_version", 11) == 0)
        return open_script(set, err);
    if (set->path && role_of_name(set->source) == X8_ROLE_OS)
        return open_image(set, err);
    if (!set->path)
        return no_archive(set, err);
    x8_fail(err, X8_E_BAD_IMAGE, "%s: neither an archive nor a script nor an image", set->source);
    x8_error_why(err, "it is empty, or begins like nothing that is known");
    x8_error_next(err, "name a release archive, its folder, a .uuu script or a .wic image");
    return -X8_E_BAD_IMAGE;
}

static int open_file(struct x8_imageset *set, const struct x8_op *op, struct x8_error *err)
{
    /* A pipe cannot be read twice, and waiting for its writer could take for ever. */
    X8_AUTO_FD fd = set->path ? x8_file_open(set->path, 0, err) : -1;
    if (set->path && fd < 0)
        return fd;
    if (set->path && role_of_name(set->source) == X8_ROLE_SCRIPT)
        return open_script(set, err);
    set->outer = item_new("", err);
    if (!set->outer)
        return -X8_E_INTERNAL;
    set->outer->origin = set->origin;
    set->outer->disk = set->path ? x8_path_join("", set->path) : NULL;
    if (set->path && !set->outer->disk)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    struct peek seen = {0};
    AUTO_TALLY tally;
    int rc = tally_begin(&tally, set, set->outer, err);
    if (rc < 0)
        return rc;
    set->outer->tally = tally.sha ? &tally : NULL;
    rc = peek(set, op, &seen, err);
    if (rc >= 0)
        rc = open_seen(set, &seen, &tally, err);
    x8_reader_close(&seen.reader);
    set->outer->tally = NULL;
    return rc;
}

static int open_source(struct x8_imageset *set, const struct x8_op *op, struct x8_error *err)
{
    struct x8_op fallback = {.deadline = X8_NO_DEADLINE};
    op = op ? op : &fallback;
    if (!set->path || x8_path_kind(set->path) != X8_PATH_DIR)
        return open_file(set, op, err);
    set->root = x8_path_join("", set->path);
    if (!set->root)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return scan_folder(set, op, err);
}

static int open_set(const struct x8_op *op, const char *source,
                    const struct x8_image_origin *origin, const struct x8_pass *pass,
                    int is_digested, struct x8_imageset **out, struct x8_error *err)
{
    const char *path = origin ? origin->path : source;
    struct x8_imageset *set = calloc(1, sizeof(*set));
    if (!set)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    pthread_mutex_init(&set->lock, NULL);
    set->origin = origin;
    set->pass = pass;
    set->is_digested = is_digested;
    set->source = strdup(origin ? origin->name : source);
    set->path = path ? strdup(path) : NULL;
    int rc = set->source && (set->path || !path) ? open_source(set, op, err)
                                                 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    set->pass = NULL;
    if (rc < 0)
        x8_imageset_free(&set);
    else
        *out = set;
    return rc < 0 ? rc : 0;
}

int x8_imageset_open(const struct x8_op *op, const char *source, struct x8_imageset **out,
                     struct x8_error *err)
{
    return open_set(op, source, NULL, NULL, 0, out, err);
}

int x8_imageset_open_digest(const struct x8_op *op, const char *source, struct x8_imageset **out,
                            struct x8_error *err)
{
    return open_set(op, source, NULL, NULL, 1, out, err);
}

int x8_imageset_open_origin(const struct x8_op *op, const struct x8_image_origin *origin,
                            struct x8_imageset **out, struct x8_error *err)
{
    return open_set(op, NULL, origin, NULL, 0, out, err);
}

int x8_imageset_open_pass(const struct x8_op *op, const char *source,
                          const struct x8_image_origin *origin, const struct x8_pass *pass,
                          struct x8_imageset **out, struct x8_error *err)
{
    return open_set(op, source, origin, pass, 0, out, err);
}

void x8_imageset_free(struct x8_imageset **set)
{
    if (!*set)
        return;
    item_list_done(&(*set)->items);
    item_list_done(&(*set)->hidden);
    item_list_done(&(*set)->odd);
    item_list_done(&(*set)->found);
    item_free((*set)->outer);
    free((*set)->source);
    free((*set)->path);
    free((*set)->root);
    free((*set)->script);
    pthread_mutex_destroy(&(*set)->lock);
    free(*set);
    *set = NULL;
}

const char *x8_imageset_source(const struct x8_imageset *set)
{
    return set->source;
}

int x8_entry_is_packed(const struct x8_entry *entry)
{
    return ((const struct item *)entry)->box != NULL;
}

int x8_imageset_is_brief(const struct x8_imageset *set)
{
    return set->is_brief;
}

int x8_imageset_is_stream(const struct x8_imageset *set)
{
    return set->is_stream;
}
