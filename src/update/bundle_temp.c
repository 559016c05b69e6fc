/*
 * Folders that archives are unpacked into: private, gone when the program ends well or badly, and
 * after a kill gone the next time.
 */
#include "update/bundle_parts.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "bundle-"
/* A folder younger than this may belong to somebody who has not locked it yet. */
#define LEFTOVER_S 60
#define DEPTH_MAX  80u

static void remove_at(int folder, const char *name, unsigned depth)
{
    struct dirent *entry;
    if (unlinkat(folder, name, 0) == 0 || depth == 0)
        return;
    int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = inner < 0 ? NULL : fdopendir(inner);
    if (!list) {
        x8_fd_close(&inner);
        return;
    }
    while ((entry = readdir(list)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_at(dirfd(list), entry->d_name, depth - 1);
    closedir(list);
    unlinkat(folder, name, AT_REMOVEDIR);
}

void bundle_temp_remove(struct bundle_temp *temp)
{
    if (!temp->dir)
        return;
    remove_at(AT_FDCWD, temp->dir, DEPTH_MAX);
    x8_fd_close(&temp->lock);
    free(temp->dir);
    *temp = (struct bundle_temp){.lock = -1};
}

/* The lock file of a folder: 0 when it is ours now. */
static int take_lock(const char *dir, int *out, struct x8_error *err)
{
    char *path = x8_path_join(dir, "lock");
    int rc = path ? x8_lock_take(path, out, err) : x8_fail(err, X8_E_INTERNAL, "out of memory");
    free(path);
    return rc;
}

static int is_old(const char *dir)
{
    struct stat st;
    return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           st.st_mtime + LEFTOVER_S < time(NULL);
}

/* Folders of runs that were killed: nobody holds their lock. */
static void remove_leftovers(const char *work)
{
    struct dirent *entry;
    DIR *list = opendir(work);
    while (list && (entry = readdir(list)) != NULL) {
        struct bundle_temp left = {.lock = -1};
        if (!x8_starts(entry->d_name, PREFIX))
            continue;
        left.dir = x8_path_join(work, entry->d_name);
        if (left.dir && is_old(left.dir) && take_lock(left.dir, &left.lock, NULL) == 0 &&
            left.lock >= 0)
            bundle_temp_remove(&left);
        free(left.dir);
    }
    if (list)
        closedir(list);
}

/* As `mkdir -p`, for this user alone. */
static int make_folders(const char *path)
{
    char *copy = strdup(path);
    int errnum = copy ? 0 : ENOMEM;
    for (char *slash = copy; slash && errnum == 0;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            errnum = errno;
        if (slash)
            *slash = '/';
    }
    free(copy);
    return errnum;
}

static int fail_make(const char *work, int errnum, struct x8_error *err)
{
    enum x8_code code = x8_write_code(errnum, X8_E_NO_PERMISSION);
    x8_fail_sys(err, code, errnum, "%s: no folder can be made there", work);
    x8_error_next(err, "unpack the archive yourself and name the folder");
    return -(int)code;
}

int bundle_temp_make(const char *work, struct bundle_temp *out, struct x8_error *err)
{
    struct bundle_temp temp = {.lock = -1};
    int errnum = make_folders(work);
    if (errnum != 0)
        return fail_make(work, errnum, err);
    remove_leftovers(work);
    temp.dir = x8_path_join(work, PREFIX "XXXXXX");
    if (!temp.dir)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (!mkdtemp(temp.dir)) {
        errnum = errno;
        free(temp.dir);
        return fail_make(work, errnum, err);
    }
    int rc = take_lock(temp.dir, &temp.lock, err);
    if (rc < 0) {
        bundle_temp_remove(&temp);
        return rc;
    }
    *out = temp;
    return 0;
}
