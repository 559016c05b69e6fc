/*
 * An archive of a bundle, unpacked. Members that are no part of a bundle (a README beside the
 * folders) are passed over; what is taken goes through bundle_place.c.
 */
#include "update/bundle_place.h"

#include "util/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMBERS_MAX  ((uint64_t)1 << 22)
#define REPORT_EVERY ((uint64_t)4 << 20)

/* --- the archive, with progress */

struct watched {
    struct x8_reader reader;
    struct x8_reader *inner;
    struct x8_op op;
    uint64_t done, reported, total;
};

static ssize_t watched_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct watched *watched = X8_CONTAINER(reader, struct watched, reader);
    int rc = x8_cancel_check(watched->op.cancel, X8_CANCEL_SOFT, err);
    ssize_t n = rc < 0 ? rc : x8_read(watched->inner, out, cap, err);
    if (n <= 0)
        return n;
    watched->done += (uint64_t)n;
    if (watched->done - watched->reported >= REPORT_EVERY || watched->done == watched->total) {
        watched->reported = watched->done;
        x8_emit_progress(&watched->op, watched->done, watched->total);
    }
    return n;
}

static void watched_close(struct x8_reader *reader)
{
    struct watched *watched = X8_CONTAINER(reader, struct watched, reader);
    x8_reader_close(&watched->inner);
    free(watched);
}

static int open_watched(const struct x8_op *op, const char *archive, struct x8_reader **out,
                        uint64_t *out_size, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {watched_read, watched_close};
    struct watched *watched = calloc(1, sizeof(*watched));
    if (!watched)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = x8_file_reader(archive, &watched->inner, &watched->total, err);
    if (rc < 0) {
        free(watched);
        return rc;
    }
    watched->reader.ops = &ops;
    watched->op = *op;
    *out_size = watched->total == UINT64_MAX ? 0 : watched->total;
    *out = &watched->reader;
    return 0;
}

/* --- the walk */

static int take(struct unpack *unpack, struct archive_walk *walk,
                const struct archive_member *member, struct x8_error *err)
{
    char name[PLACE_PATH];
    const char *path = NULL;
    if (!member->path)
        return place_refuse(unpack, "?", "its name cannot be read", err);
    int rc = place_name(unpack, member->path, name, err);
    if (rc == 0)
        rc = place_of(unpack, name, &path, err);
    if (rc < 0)
        return rc;
    if (!path && bundle_is_flash_name(name))
        return bundle_fail_flash(unpack->archive, name, err);
    int is_plain = member->kind == MEMBER_FILE || member->kind == MEMBER_DIR;
    if (!is_plain && path)
        return place_refuse(unpack, name, "it is a link or a special file", err);
    if (!is_plain && !unpack->strange[0]) /* a flash image may have links, and be told as such */
        x8_clean(unpack->strange, sizeof(unpack->strange), name, strlen(name));
    if (!path)
        return 0;
    if (member->kind == MEMBER_DIR)
        return place_folders(unpack, path, 1, err);
    return place_file(unpack, walk, member, path, err);
}

static int take_all(struct unpack *unpack, struct archive_walk *walk, struct x8_error *err)
{
    struct archive_member member;
    int rc;
    uint64_t members = 0;
    while ((rc = archive_walk_next(walk, &member, err)) > 0) {
        if (++members > MEMBERS_MAX)
            return bundle_fail_none(unpack->archive, "it has more than four million members", err);
        rc = take(unpack, walk, &member, err);
        if (rc < 0)
            return rc;
    }
    if (rc == 0 && unpack->strange[0])
        return place_refuse(unpack, unpack->strange, "it is a link or a special file", err);
    return rc;
}

static int unpack_from(struct unpack *unpack, struct x8_reader *file, struct x8_error *err)
{
    struct archive_walk *walk = NULL;
    struct x8_reader *unpacked = NULL;
    int rc = x8_inflate_reader(file, &unpacked, NULL, err);
    if (rc >= 0)
        rc = archive_walk_open(unpacked, &walk, err);
    if (rc >= 0)
        rc = take_all(unpack, walk, err);
    archive_walk_close(&walk);
    if (rc == -X8_E_BAD_IMAGE && !x8_starts(err->msg, unpack->archive))
        x8_error_prefix(err, "%s", unpack->archive);
    if (rc == -X8_E_BAD_IMAGE && !err->next[0])
        x8_error_next(err, "name the archive of a bundle as downloaded, or its unpacked folder");
    return rc;
}

int bundle_unpack(const struct x8_op *op, const char *archive, const char *folder,
                  struct x8_error *err)
{
    struct unpack unpack = {.archive = archive, .data = malloc(PLACE_COPY)};
    struct x8_op here = *op;
    struct x8_reader *file = NULL;
    struct x8_error why;
    uint64_t packed = 0;
    X8_AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    here.stage = "unpack";
    unpack.folder = fd;
    int rc = fd < 0 || !unpack.data ? x8_fail(&why, X8_E_INTERNAL, "cannot unpack here") : 0;
    if (rc == 0)
        rc = open_watched(&here, archive, &file, &packed, &why);
    if (rc == 0)
        rc = place_find_room(&unpack, packed, &why);
    if (rc < 0)
        x8_reader_close(&file);
    if (rc == 0) {
        x8_emit_enter(&here);
        rc = unpack_from(&unpack, file, &why);
    }
    free(unpack.data);
    if (rc < 0 && err)
        *err = why;
    if (rc == 0)
        x8_emit(&here, X8_EV_STAGE, "%s", unpack.placed ? "unpacked" : "nothing to unpack");
    return rc;
}
