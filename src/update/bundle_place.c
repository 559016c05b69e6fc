/*
 * Names of members, and files made of them.
 */
#include "update/bundle_place.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DEPTH_MAX 64u
/* What stays free for the rest of the computer. */
#define SPARE ((uint64_t)64 << 20)

/* --- names */

int place_refuse(const struct unpack *unpack, const char *path, const char *why,
                 struct x8_error *err)
{
    char name[160];
    x8_clean(name, sizeof(name), path, strlen(path));
    x8_fail(err, X8_E_BAD_IMAGE, "%s: member '%s' is refused", unpack->archive, name);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "no bundle has such a member: get the archive from a source you trust");
    return -X8_E_BAD_IMAGE;
}

int place_name(const struct unpack *unpack, const char *path, char out[PLACE_PATH],
               struct x8_error *err)
{
    size_t len = 0, depth = 0;
    if (path[0] == '/')
        return place_refuse(unpack, path, "its name is absolute", err);
    while (*path) {
        size_t n = strcspn(path, "/");
        int is_up = n == 2 && path[0] == '.' && path[1] == '.';
        if (is_up || n > NAME_MAX || len + n + 2 > PLACE_PATH || depth == DEPTH_MAX)
            return place_refuse(unpack, path, is_up ? "its name leads out" : "its name is too long",
                                err);
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

int place_of(struct unpack *unpack, const char *name, const char **out, struct x8_error *err)
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
        return place_refuse(unpack, name, "it belongs to a second bundle in the same archive", err);
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
    if (x8_write_code(errnum, X8_E_NO_PERMISSION) == X8_E_HOST_SPACE)
        return no_room(unpack, err);
    if (errnum == EEXIST || errnum == ENOTDIR || errnum == EISDIR)
        return place_refuse(unpack, path, "there is another member of this name", err);
    return x8_fail_sys(err, X8_E_NO_PERMISSION, errnum, "'%s' cannot be written", path);
}

static int use_room(struct unpack *unpack, uint64_t bytes, struct x8_error *err)
{
    if (bytes > unpack->room)
        return no_room(unpack, err);
    unpack->room -= bytes;
    return 0;
}

/* Nothing in the fresh folder is a link, so names lead nowhere else. */
int place_folders(struct unpack *unpack, const char *path, int with_last, struct x8_error *err)
{
    char name[PLACE_PATH];
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
        int rc = place_folders(unpack, path, 0, err);
        if (rc < 0)
            return rc;
        fd = openat(unpack->folder, path, flags, 0600);
    }
    return fd < 0 ? fail_write(unpack, errno, path, err) : fd;
}

int place_file(struct unpack *unpack, struct archive_walk *walk,
               const struct archive_member *member, const char *path, struct x8_error *err)
{
    if (member->size != UINT64_MAX && member->size > unpack->room)
        return no_room(unpack, err);
    X8_AUTO_FD fd = create(unpack, path, err);
    uint64_t size = 0, used = 0;
    if (fd < 0)
        return fd;
    for (;;) {
        ssize_t n = archive_walk_read(walk, unpack->data, PLACE_COPY, err);
        if (n <= 0 && (n < 0 || size > 0))
            return (int)n;
        size += (uint64_t)n;
        /* In whole blocks, one at least. */
        uint64_t blocks = (size / unpack->unit + 1) * unpack->unit;
        int rc = use_room(unpack, blocks - used, err);
        used = blocks;
        int errnum = rc < 0 ? 0 : x8_write_whole(fd, unpack->data, (size_t)n);
        if (rc < 0 || n == 0)
            return rc;
        if (errnum != 0)
            return fail_write(unpack, errnum, path, err);
    }
}

int place_find_room(struct unpack *unpack, uint64_t packed, struct x8_error *err)
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
