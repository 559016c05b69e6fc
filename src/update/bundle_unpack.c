/*
 * An archive of a bundle, unpacked. Nothing of it is trusted: names are taken apart first, only
 * folders and plain files are made, each is new, and all of it together has to fit with room to
 * spare. Members that are no part of a bundle (a README beside the folders) are passed over.
 */
#include "update/bundle_parts.h"

#include "image/archive.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PATH_LEN     1024u
#define DEPTH_MAX    64u
#define MEMBERS_MAX  ((uint64_t)1 << 22)
#define COPY_LEN     ((size_t)256 * 1024)
#define REPORT_EVERY ((uint64_t)4 << 20)
/* What stays free for the rest of the computer. */
#define SPARE ((uint64_t)64 << 20)

struct unpack {
    const char *archive;
    int folder;          /* where to */
    uint64_t room, unit; /* bytes that may still be used; what a file takes at least */
    char top[256];       /* folder of the archive that holds the parts; "" for none */
    int placed;          /* something was: `top` is known */
    char strange[160];   /* a member that is refused unless the whole is something else */
    uint8_t *data;
};

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

/* --- names */

static int refuse(const struct unpack *unpack, const char *path, const char *why,
                  struct x8_error *err)
{
    char name[160];
    x8_clean(name, sizeof(name), path, strlen(path));
    x8_fail(err, X8_E_BAD_IMAGE, "%s: member '%s' is refused", unpack->archive, name);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "no bundle has such a member: get the archive from a source you trust");
    return -X8_E_BAD_IMAGE;
}

/* The name without "./" and double slashes; "" for the archive's own root. */
static int normal_name(const struct unpack *unpack, const char *path, char out[PATH_LEN],
                       struct x8_error *err)
{
    size_t len = 0, depth = 0;
    if (path[0] == '/')
        return refuse(unpack, path, "its name is absolute", err);
    while (*path) {
        size_t n = strcspn(path, "/");
        int is_up = n == 2 && path[0] == '.' && path[1] == '.';
        if (is_up || n > NAME_MAX || len + n + 2 > PATH_LEN || depth == DEPTH_MAX)
            return refuse(unpack, path, is_up ? "its name leads out" : "its name is too long", err);
        if (n > 0 && !(n == 1 && path[0] == '.')) {
            if (len > 0)
                out[len++] = '/';
            memcpy(out + len, path, n);
            len += n;
            depth++;
        }
        path += n + (path[n] == '/');
    }
    out[len] = '\0';
    return 0;
}

/* "tuf", "tuf/...": a part of a bundle. */
static int is_part(const char *path)
{
    static const char *const parts[] = {"tuf", "ostree_repo", "apps"};
    size_t len = strcspn(path, "/");
    for (size_t i = 0; i < X8_COUNT(parts); i++)
        if (strlen(parts[i]) == len && strncmp(path, parts[i], len) == 0)
            return 1;
    return 0;
}

/* Where in a bundle the member goes; NULL: nowhere. All parts lie in the same folder. */
static int place_of(struct unpack *unpack, const char *name, const char **out, struct x8_error *err)
{
    const char *slash = strchr(name, '/');
    const char *below = slash ? slash + 1 : "";
    size_t top = slash ? (size_t)(slash - name) : 0;
    *out = NULL;
    if (is_part(name)) {
        below = name;
        top = 0;
    } else if (!is_part(below) || top >= sizeof(unpack->top)) {
        return 0;
    }
    if (unpack->placed && (strlen(unpack->top) != top || strncmp(unpack->top, name, top) != 0))
        return refuse(unpack, name, "it belongs to a second bundle in the same archive", err);
    memcpy(unpack->top, name, top);
    unpack->top[top] = '\0';
    unpack->placed = 1;
    *out = below;
    return 0;
}

/* --- writing */

static int no_room(const struct unpack *unpack, struct x8_error *err)
{
    x8_fail(err, X8_E_HOST_SPACE, "%s: no room to unpack it", unpack->archive);
    x8_error_why(err, "the disk of the cache folder would have less than 64 MiB left");
    x8_error_next(err, "free some space, or unpack it on another disk and name the folder");
    return -X8_E_HOST_SPACE;
}

static int fail_write(const struct unpack *unpack, int errnum, const char *path,
                      struct x8_error *err)
{
    if (errnum == ENOSPC || errnum == EDQUOT)
        return no_room(unpack, err);
    if (errnum == EEXIST || errnum == ENOTDIR || errnum == EISDIR)
        return refuse(unpack, path, "there is another member of this name", err);
    return x8_fail_sys(err, X8_E_NO_PERMISSION, errnum, "'%s' cannot be written", path);
}

static int use_room(struct unpack *unpack, uint64_t bytes, struct x8_error *err)
{
    if (bytes > unpack->room)
        return no_room(unpack, err);
    unpack->room -= bytes;
    return 0;
}

/* Make the folders of `path`: all of it, or all but its last name. Nothing in the fresh folder is a
 * link, so names lead nowhere else. */
static int make_folders(struct unpack *unpack, const char *path, int with_last,
                        struct x8_error *err)
{
    char name[PATH_LEN];
    int rc = 0;
    x8_copy(name, sizeof(name), path);
    for (char *slash = name; slash && rc == 0;) {
        slash = strchr(slash + 1, '/');
        if (!slash && !with_last)
            break;
        if (slash)
            *slash = '\0';
        if (mkdirat(unpack->folder, name, 0700) == 0)
            rc = use_room(unpack, unpack->unit, err);
        else if (errno != EEXIST)
            rc = fail_write(unpack, errno, name, err);
        if (slash)
            *slash = '/';
    }
    return rc;
}

static int create(struct unpack *unpack, const char *path, struct x8_error *err)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(unpack->folder, path, flags, 0600);
    if (fd < 0 && errno == ENOENT) {
        int rc = make_folders(unpack, path, 0, err);
        if (rc < 0)
            return rc;
        fd = openat(unpack->folder, path, flags, 0600);
    }
    return fd < 0 ? fail_write(unpack, errno, path, err) : fd;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int write_member(struct unpack *unpack, struct archive_walk *walk,
                        const struct archive_member *member, const char *path, struct x8_error *err)
{
    if (member->size != UINT64_MAX && member->size > unpack->room)
        return no_room(unpack, err);
    X8_AUTO_FD fd = create(unpack, path, err);
    uint64_t size = 0, used = 0;
    if (fd < 0)
        return fd;
    for (;;) {
        ssize_t n = archive_walk_read(walk, unpack->data, COPY_LEN, err);
        if (n <= 0 && (n < 0 || size > 0))
            return (int)n;
        size += (uint64_t)n;
        /* In whole blocks, one at least. */
        uint64_t blocks = (size / unpack->unit + 1) * unpack->unit;
        int rc = use_room(unpack, blocks - used, err);
        used = blocks;
        int errnum = rc < 0 ? 0 : write_all(fd, unpack->data, (size_t)n);
        if (rc < 0 || n == 0)
            return rc;
        if (errnum != 0)
            return fail_write(unpack, errnum, path, err);
    }
}

/* --- the walk */

static int take(struct unpack *unpack, struct archive_walk *walk,
                const struct archive_member *member, struct x8_error *err)
{
    char name[PATH_LEN];
    const char *path = NULL;
    if (!member->path)
        return refuse(unpack, "?", "its name cannot be read", err);
    int rc = normal_name(unpack, member->path, name, err);
    if (rc == 0)
        rc = place_of(unpack, name, &path, err);
    if (rc < 0)
        return rc;
    if (!path && bundle_is_flash_name(name))
        return bundle_fail_flash(unpack->archive, name, err);
    int is_plain = member->kind == MEMBER_FILE || member->kind == MEMBER_DIR;
    if (!is_plain && path)
        return refuse(unpack, name, "it is a link or a special file", err);
    if (!is_plain && !unpack->strange[0]) /* a flash image may have links, and be told as such */
        x8_clean(unpack->strange, sizeof(unpack->strange), name, strlen(name));
    if (!path)
        return 0;
    if (member->kind == MEMBER_DIR)
        return make_folders(unpack, path, 1, err);
    return write_member(unpack, walk, member, path, err);
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
        return refuse(unpack, unpack->strange, "it is a link or a special file", err);
    return rc;
}

static int find_room(struct unpack *unpack, uint64_t packed, struct x8_error *err)
{
    struct statvfs fs;
    if (fstatvfs(unpack->folder, &fs) != 0)
        return x8_fail_sys(err, X8_E_NO_PERMISSION, errno, "%s: no room can be found to unpack it",
                           unpack->archive);
    uint64_t is_free = (uint64_t)fs.f_bavail * fs.f_frsize;
    unpack->room = is_free > SPARE ? is_free - SPARE : 0;
    unpack->unit = fs.f_frsize > 0 ? fs.f_frsize : 4096;
    /* Objects are packed already: an archive of them does not unpack to less than it is. */
    return packed > unpack->room ? no_room(unpack, err) : 0;
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
    if (rc < 0 && !x8_starts(err->msg, unpack->archive))
        x8_error_prefix(err, "%s", unpack->archive);
    if (rc == -X8_E_BAD_IMAGE && !err->next[0])
        x8_error_next(err, "name the archive of a bundle as downloaded, or its unpacked folder");
    return rc;
}

int bundle_unpack(const struct x8_op *op, const char *archive, const char *folder,
                  struct x8_error *err)
{
    struct unpack unpack = {.archive = archive, .data = malloc(COPY_LEN)};
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
        rc = find_room(&unpack, packed, &why);
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
