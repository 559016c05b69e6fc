/*
 * The temporary folder on this computer, and renaming what is complete to where it belongs.
 */
#define _XOPEN_SOURCE 700 /* mkdtemp is in the X/Open part of POSIX 2008 */

#include "session/pull_parts.h"
#include "session/unpack.h"

#include "util/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The deepest folder on the way to `path` that is there. */
static char *existing_folder(const char *path)
{
    char *folder = strdup(path);
    while (folder && x8_path_kind(folder) != X8_PATH_DIR) {
        char *up = x8_path_dir(folder);
        int stuck = up && strcmp(up, folder) == 0;
        free(folder);
        folder = up;
        if (stuck)
            break;
    }
    return folder;
}

static int check_space(const struct pull *pull, const char *folder, struct x8_error *err)
{
    struct statvfs fs;
    uint64_t need = 0;
    for (size_t i = 0; i < pull->tree.count; i++)
        if (pull->tree.nodes[i].wanted & PULL_GET)
            need += (pull->tree.nodes[i].size + 4095) / 4096 * 4096;
    if (statvfs(folder, &fs) != 0 || need <= (uint64_t)fs.f_bavail * fs.f_frsize)
        return 0;
    x8_fail(err, X8_E_HOST_SPACE, "no room in %.200s: %llu MiB needed, %llu MiB free", folder,
            (unsigned long long)(need >> 20),
            (unsigned long long)((uint64_t)fs.f_bavail * fs.f_frsize >> 20));
    x8_error_next(err, "free some space there or choose another folder");
    return -X8_E_HOST_SPACE;
}

/* All folders that something goes into, and the new ones. No link is made before all files are. */
static int make_folders(struct pull *pull, struct x8_error *err)
{
    for (size_t i = 0; i < pull->tree.count; i++) {
        const struct node *node = &pull->tree.nodes[i];
        if (node->kind == NODE_DIR && node->rel[0] && mkdirat(pull->stage_fd, node->rel, 0700) != 0)
            return unpack_refused(errno, node->rel, err);
    }
    return 0;
}

static int open_in(struct pull *pull, const char *folder, struct x8_error *err)
{
    char *stage = x8_path_join(folder, ".x8ctl-XXXXXX");
    if (!stage)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (!mkdtemp(stage)) {
        int rc = unpack_refused(errno, folder, err);
        free(stage);
        return rc;
    }
    pull->stage = stage;
    char *top = x8_path_join(stage, "t");
    if (top && mkdir(top, 0700) == 0)
        pull->stage_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = pull->stage_fd < 0 ? unpack_refused(errno, stage, err) : 0;
    free(top);
    return rc < 0 ? rc : make_folders(pull, err);
}

/* Beside the target, or in it when it is a folder that is there: it may be another file system. */
int pull_stage_open(struct pull *pull, struct x8_error *err)
{
    char *around = pull->target_fd >= 0 ? strdup(pull->target) : x8_path_dir(pull->target);
    char *folder = around ? existing_folder(around) : NULL;
    int rc = folder ? check_space(pull, folder, err) : x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = open_in(pull, folder, err);
    free(around);
    free(folder);
    return rc;
}

static int make_links(struct pull *pull, struct x8_error *err)
{
    for (size_t i = 0; i < pull->tree.count; i++) {
        const struct node *node = &pull->tree.nodes[i];
        if (node->kind == NODE_LINK && node->wanted & PULL_GET && node->link &&
            symlinkat(node->link, pull->stage_fd, node->rel) != 0)
            return unpack_refused(errno, node->rel, err);
    }
    return 0;
}

static int make_parents(const char *path, struct x8_error *err)
{
    char *folder = x8_path_dir(path);
    int rc = folder ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    for (char *at = folder ? folder + 1 : NULL; rc == 0 && at; at = *at ? at + 1 : NULL) {
        at += strcspn(at, "/");
        char kept = *at;
        *at = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST && x8_path_kind(folder) != X8_PATH_DIR)
            rc = unpack_refused(errno, folder, err);
        *at = kept;
    }
    free(folder);
    return rc;
}

/* A whole new name: one rename. */
static int rename_all(struct pull *pull, struct x8_error *err)
{
    X8_AUTO_BUF from = {0};
    if (x8_buf_addf(&from, "%s/t", pull->stage) < 0 ||
        (!pull->is_dir && x8_buf_addf(&from, "/%s", pull->tree.nodes[0].rel) < 0))
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = make_parents(pull->target, err);
    if (rc == 0 && rename(x8_buf_text(&from), pull->target) != 0)
        rc = unpack_refused(errno, pull->target, err);
    return rc;
}

/* Into a folder that is there: new folders as a whole, files over the old ones. */
static int rename_each(struct pull *pull, struct x8_error *err)
{
    const struct node *inside = NULL;
    for (size_t i = 0; i < pull->tree.count; i++) {
        const struct node *node = &pull->tree.nodes[i];
        if (!node->rel[0] || !(node->wanted & PULL_GET) ||
            (inside && tree_inside(node->rel, inside->rel)))
            continue;
        if (renameat(pull->stage_fd, node->rel, pull->target_fd, node->rel) != 0)
            return unpack_refused(errno, node->rel, err);
        inside = node->kind == NODE_DIR ? node : NULL;
    }
    return 0;
}

/* Innermost first, so that a folder that gets locked is entered no more. */
static int set_modes(struct pull *pull, struct x8_error *err)
{
    X8_AUTO_FD top = pull->is_dir ? open(pull->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    for (size_t i = pull->tree.count; pull->is_dir && i-- > 0;) {
        const struct node *node = &pull->tree.nodes[i];
        int is_new = node->kind == NODE_DIR && node->wanted & PULL_GET;
        if (!node->rel[0] && pull->target_fd >= 0)
            continue; /* a folder that was there keeps its own */
        if (!is_new && !((node->wanted & PULL_MODE) && !(node->wanted & PULL_GET)))
            continue;
        if (top < 0 ||
            fchmodat(top, node->rel[0] ? node->rel : ".", (mode_t)node->mode & 0777, 0) != 0)
            return unpack_refused(errno, node->rel, err);
    }
    return 0;
}

int pull_install(struct pull *pull, struct x8_error *err)
{
    int rc = make_links(pull, err);
    if (rc == 0)
        rc = pull->target_fd >= 0 ? rename_each(pull, err) : rename_all(pull, err);
    return rc < 0 ? rc : set_modes(pull, err);
}

/* All of a folder, following nothing. What cannot be removed stays; there is nobody to tell. */
static void remove_below(int fd, unsigned depth)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = copy < 0 || depth > 2000 ? NULL : fdopendir(copy);
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            unlinkat(fd, entry->d_name, 0) == 0)
            continue;
        int inner = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0)
            continue;
        remove_below(inner, depth + 1);
        close(inner);
        unlinkat(fd, entry->d_name, AT_REMOVEDIR);
    }
    if (dir)
        closedir(dir);
    else if (copy >= 0)
        close(copy);
}

void pull_stage_close(struct pull *pull)
{
    x8_fd_close(&pull->stage_fd);
    if (!pull->stage)
        return;
    int fd = open(pull->stage, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        remove_below(fd, 0);
        close(fd);
    }
    rmdir(pull->stage);
    free(pull->stage);
    pull->stage = NULL;
}
