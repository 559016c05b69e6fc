/*
 * Reading an image with everything in it: digests of its parts, and of the system image what its
 * own tables say.
 *
 * An archive is read in one pass, from a pipe too: its bytes are digested as they come, its members
 * as they come out of it, and the system image is unpacked and looked into as it goes by. The
 * tables of its file systems lie before what they speak of, so that only they are kept. One thing
 * can make a part of it be read twice: a block map that lies behind its image.
 */
#include "image_parts.h"

#include "image/inflate.h"
#include "util/file.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* --- the pass */

struct pass {
    const struct x8_op *op;
    struct x8_image_look *look;
};

/* Which of several images would be flashed is known at the end: a fault of one of them counts only
 * if it is that one. */
static int see_image(void *ctx, const struct x8_passing *image, struct x8_reader *content,
                     struct x8_error *err)
{
    struct pass *pass = ctx;
    struct x8_image_look *look = pass->look;
    struct x8_image_reading how = {.set = image->so_far, .is_packed = image->is_packed};
    struct x8_image_scan *scan;
    struct x8_error own = {0}, *why = err ? err : &own;
    int rc = -(int)X8_E_BAD_IMAGE;

    if (look->scan_count == X8_IMAGE_SCANS)
        return 0;
    scan = &look->scans[look->scan_count++];
    scan->number = image->number;
    if (content) {
        how.bmap = x8_image_bmap_of(image->so_far, image->path, x8_imageset_passed);
        rc = x8_image_scan_read(pass->op, &how, content, scan, why);
    }
    if (rc != -(int)X8_E_BAD_IMAGE && rc != -(int)X8_E_BAD_DIGEST)
        return rc;
    if (!strstr(why->msg, x8_path_base(image->path)))
        x8_error_prefix(why, "%s", x8_path_base(image->path));
    scan->fault = *why;
    x8_image_scan_done(scan);
    return 0;
}

static int open_pipe(void *ctx, struct x8_reader **out, struct x8_error *err)
{
    struct x8_image_look *look = ctx;

    if (look->pipe_is_read) {
        x8_fail(err, X8_E_NO_FILE, "%s cannot be read twice", look->pipe.name);
        x8_error_why(err, "it is a pipe, and its image cannot be told by the names in it alone");
        x8_error_next(err, "put it into a file first, and name that");
        return -(int)X8_E_NO_FILE;
    }
    look->pipe_is_read = 1;
    return x8_file_reader_for(look->stop, look->pipe.name, out, NULL, err);
}

static int open_set(const struct x8_op *op, const char *path, struct x8_image_look *look,
                    struct x8_error *err)
{
    struct pass pass = {op, look};
    const struct x8_pass watch = {.ctx = &pass, .image = see_image};
    int is_pipe = x8_path_kind(path) == X8_PATH_OTHER;

    look->stop = op->cancel;
    if (is_pipe)
        look->pipe = (struct x8_image_origin){.name = path, .open = open_pipe, .ctx = look};
    return x8_imageset_open_pass(op, path, is_pipe ? &look->pipe : NULL, &watch, &look->set, err);
}

/* --- the parts */

/* An archive in an archive is no entry; one in a folder is, and was read for what is in it. */
static int is_box(const struct x8_entry *entry)
{
    return !x8_entry_is_packed(entry) && entry->role == X8_ROLE_OTHER && x8_entry_sha256(entry)[0];
}

static int list_parts(struct x8_image_look *look, struct x8_error *err)
{
    const struct x8_entry *entry;
    size_t count = 0;

    while (x8_imageset_entry(look->set, count))
        count++;
    for (size_t i = 0; x8_imageset_box(look->set, i); i++)
        count++;
    look->parts = calloc(count ? count : 1, sizeof *look->parts);
    if (!look->parts)
        return out_of_memory(err);
    for (size_t i = 0; (entry = x8_imageset_entry(look->set, i)); i++) {
        struct x8_image_part part = {.entry = entry, .is_box = is_box(entry)};

        if (entry->role == X8_ROLE_OTHER && !part.is_box)
            look->other_count++;
        else
            look->parts[look->part_count++] = part;
    }
    for (size_t i = 0; (entry = x8_imageset_box(look->set, i)); i++)
        look->parts[look->part_count++] = (struct x8_image_part){.entry = entry, .is_box = 1};
    look->size = x8_imageset_stored_size(look->set);
    x8_copy(look->sha256, sizeof look->sha256, x8_imageset_sha256(look->set));
    look->is_archive = look->sha256[0] != '\0';
    return 0;
}

/* No system image is a fact about a source, and no reason to say nothing of the rest. */
static void find_os(struct x8_image_look *look)
{
    const struct x8_entry *entry = NULL;

    if (x8_imageset_by_role(look->set, X8_ROLE_OS, &entry, &look->no_os) < 0)
        return;
    for (size_t i = 0; i < look->part_count; i++)
        if (look->parts[i].entry == entry)
            look->os = &look->parts[i];
}

int x8_image_entry_digest(const struct x8_op *op, const struct x8_image_look *look,
                          const struct x8_entry *entry, char out[65], struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    struct x8_image_basin basin;
    int rc;

    if (x8_entry_sha256(entry)[0]) {
        x8_copy(out, 65, x8_entry_sha256(entry));
        return 0;
    }
    rc = x8_imageset_open_raw(look->set, entry, &reader, err);
    if (rc < 0)
        return rc;
    x8_image_basin_init(&basin);
    basin.sha = x8_sha256_new();
    if (!basin.sha)
        return out_of_memory(err);
    rc = x8_image_pour(op, "digest", reader, entry->size, &basin.sink, err);
    if (rc == 0)
        x8_image_hex(basin.sha, out);
    x8_sha256_free(&basin.sha);
    return rc;
}

/* Files that are read anyhow are digested then. */
static int digest_parts(const struct x8_op *op, struct x8_image_look *look, struct x8_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < look->part_count && rc == 0; i++) {
        struct x8_image_part *part = &look->parts[i];

        if (part != look->os || x8_entry_sha256(part->entry)[0])
            rc = x8_image_entry_digest(op, look, part->entry, part->sha256, err);
        for (size_t k = 0; k < look->scan_count; k++)
            if (look->scans[k].number == x8_entry_number(part->entry))
                x8_copy(part->unpacked, sizeof part->unpacked, look->scans[k].unpacked);
    }
    return rc;
}

/* --- the system image */

static const struct x8_entry *find_entry(const struct x8_imageset *set, const char *path)
{
    return x8_imageset_find(set, "", path);
}

static int open_os(struct x8_image_look *look, struct x8_sha256 *stored,
                   struct x8_image_reading *how, struct x8_reader **out, struct x8_error *err)
{
    enum x8_packing packing = X8_PACK_NONE;
    struct x8_reader *raw = NULL;
    int exact = 0, rc = x8_imageset_open_raw(look->set, look->os->entry, &raw, err);

    if (rc == 0)
        rc = x8_image_tap(raw, stored, &raw, err);
    if (rc == 0)
        rc = x8_inflate_reader(raw, out, &packing, err);
    how->set = look->set;
    how->bmap = x8_image_bmap_of(look->set, look->os->entry->path, find_entry);
    how->stage = "image";
    how->total = x8_imageset_content_size(look->set, look->os->entry, &exact);
    how->total = exact ? how->total : UINT64_MAX;
    how->is_packed = packing != X8_PACK_NONE;
    return rc;
}

/* A file; or a member that was not known for an image when it passed: a link had its name. With
 * `bmap_only` what is known of it but for the block map. */
static int read_os(const struct x8_op *op, struct x8_image_look *look, int bmap_only,
                   struct x8_error *err)
{
    struct x8_sha256 *stored = x8_sha256_new();
    X8_AUTO_READER reader = NULL;
    struct x8_image_reading how = {0};
    const char *name = x8_path_base(look->os->entry->path);
    int rc = stored ? open_os(look, stored, &how, &reader, err) : out_of_memory(err);

    if (rc == 0 && bmap_only)
        rc = x8_image_scan_bmap(op, &how, reader, &look->scan.bmap_ranges, err);
    else if (rc == 0)
        rc = x8_image_scan_read(op, &how, reader, &look->scan, err);
    if (rc == 0) {
        x8_image_hex(stored, look->os->sha256);
        x8_copy(look->os->unpacked, sizeof look->os->unpacked, look->scan.unpacked);
    } else if (stored && !strstr(err->msg, name)) {
        x8_error_prefix(err, "%s", name);
    }
    x8_sha256_free(&stored);
    return rc;
}

/* The block map came behind the image: its ranges were not known when they went by. */
static int compare_late_bmap(const struct x8_op *op, struct x8_image_look *look,
                             struct x8_error *err)
{
    const struct x8_entry *bmap = x8_image_bmap_of(look->set, look->os->entry->path, find_entry);

    if (!bmap || bmap == look->scan.bmap)
        return 0;
    if (look->pipe_is_read) {
        x8_emit(op, X8_EV_WARN,
                "%s is not compared: it came behind its image, and a pipe cannot be "
                "read again",
                bmap->path);
        look->scan.bmap_ranges = 0;
        return 0;
    }
    x8_emit(op, X8_EV_NOTICE, "%s lies behind its image, which is read once more for it",
            bmap->path);
    return read_os(op, look, 1, err);
}

static int look_at_os(const struct x8_op *op, struct x8_image_look *look, struct x8_error *err)
{
    unsigned number = x8_entry_number(look->os->entry);

    for (size_t i = 0; i < look->scan_count && number; i++) {
        struct x8_image_scan *scan = &look->scans[i];

        if (scan->number != number)
            continue;
        if (scan->fault.code) {
            *err = scan->fault;
            return -(int)scan->fault.code;
        }
        look->scan = *scan;
        scan->map = NULL;
        return compare_late_bmap(op, look, err);
    }
    return read_os(op, look, 0, err);
}

/* --- the whole */

static int look_at(const struct x8_op *op, const struct x8_image_source *source,
                   struct x8_image_look *out, struct x8_error *err)
{
    int rc = open_set(op, source->path, out, err);

    if (rc == 0)
        rc = list_parts(out, err);
    if (rc == 0)
        find_os(out);
    if (rc == 0)
        rc = digest_parts(op, out, err);
    if (rc == 0 && out->os)
        rc = look_at_os(op, out, err);
    if (rc == 0)
        rc = x8_image_compare_sums(op, out, err);
    if (rc == 0 && !source->is_remote && !x8_imageset_script(out->set) &&
        x8_path_kind(source->path) == X8_PATH_FILE)
        x8_image_compare_beside(op, source->path, out);
    return rc < 0 ? rc : 0;
}

/* The file in the cache must be what its name says. It was read just now; only when it is another
 * one, or damaged, it is read again to be put aside. */
static int check_cached(const struct x8_op *op, const struct x8_image_source *source,
                        const struct x8_image_look *look, int rc, struct x8_error *err)
{
    const char *have = look->sha256;
    struct x8_cached cached;
    struct x8_error why = {0};
    int found;

    if (rc < 0 && rc != -(int)X8_E_BAD_IMAGE && rc != -(int)X8_E_BAD_DIGEST)
        return rc;
    if (!have[0] && look->os)
        have = look->os->sha256;
    if (rc == 0 && strcmp(have, source->cached.sha256) == 0)
        return 0;
    found = x8_cache_find(op, source->setup.folder, source->cached.sha256, 1, &cached, &why);
    if (found < 0)
        *err = why;
    if (found != 0)
        return found < 0 ? found : rc;
    x8_fail(err, X8_E_NO_FILE, "%s went out of the cache meanwhile", source->name);
    x8_error_why(err, "something else removed it, as x8ctl image prune does");
    x8_error_next(err, "try again");
    return -(int)X8_E_NO_FILE;
}

int x8_image_look(const struct x8_op *op, const struct x8_image_source *source,
                  struct x8_image_look *out, struct x8_error *err)
{
    int rc;

    memset(out, 0, sizeof *out);
    rc = look_at(op, source, out, err);
    if (source->is_remote)
        rc = check_cached(op, source, out, rc, err);
    if (rc < 0) {
        x8_image_look_done(out);
        return rc;
    }
    x8_image_judge(source, out);
    return 0;
}

int x8_image_check_empty(const struct x8_image_look *look, struct x8_error *err)
{
    if (look->os && look->scan.size == 0) {
        x8_fail(err, X8_E_BAD_IMAGE, "%s is empty", look->os->entry->path);
        x8_error_why(err, "it has 0 bytes, unpacked if it is packed");
        x8_error_next(err, "get it again");
        return -(int)X8_E_BAD_IMAGE;
    }
    if (look->part_count || look->is_archive)
        return 0;
    *err = look->no_os;
    return -(int)err->code;
}

void x8_image_look_done(struct x8_image_look *look)
{
    for (size_t i = 0; i < look->scan_count; i++)
        x8_image_scan_done(&look->scans[i]);
    x8_image_scan_done(&look->scan);
    x8_imageset_free(&look->set);
    free(look->parts);
    memset(look, 0, sizeof *look);
}
