/*
 * Whose turn it is: of the processes that want the same file one downloads, the others wait for it.
 */
#include "store/fetch_parts.h"

#include "util/file.h"
#include "util/lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_MS 200 /* between looks at a lock that another process has */
#define TELL_MS 2000

int part_make_folder(const char *folder, struct x8_error *err)
{
    char path[1200];
    size_t len = strlen(folder);

    if (len >= sizeof(path))
        return x8_fail(err, X8_E_USAGE, "the name of the cache's folder is too long");
    if (!x8_path_is_ours(folder)) {
        x8_fail(err, X8_E_NO_PERMISSION,
                "root keeps nothing in the cache's folder %.200s, which is another user's", folder);
        x8_error_why(err, "that user could not use it afterwards: HOME is not root's own here");
        x8_error_next(err, "sudo -H x8ctl ...    uses root's home; X8CTL_HOME=FOLDER any other");
        return -(int)X8_E_NO_PERMISSION;
    }
    for (size_t i = 1; i <= len; i++) {
        if (folder[i] != '/' && folder[i] != '\0')
            continue;
        snprintf(path, sizeof(path), "%.*s", (int)i, folder);
        if (mkdir(path, 0700) == 0 || errno == EEXIST || i < len)
            continue;
        x8_fail_sys(err, x8_write_code(errno, X8_E_NO_PERMISSION), errno,
                    "the cache's folder %.250s cannot be made", folder);
        x8_error_next(err, "name another place: XDG_CACHE_HOME=FOLDER");
        return -(int)err->code;
    }
    return 0;
}

/* A lock whose file was removed while it was waited for locks nobody out. */
static int is_current(const struct fetch_part *part)
{
    struct stat held, named;

    return fstat(part->lock_fd, &held) == 0 && lstat(part->lock, &named) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* 1, or 0 when another has it and *holder tells who. */
static int try_lock(struct fetch_part *part, struct x8_error *holder)
{
    for (int i = 0; i < 100; i++) {
        if (x8_lock_take(part->lock, &part->lock_fd, holder) < 0)
            return 0;
        if (part->lock_fd < 0 || is_current(part))
            return 1;
        x8_fd_close(&part->lock_fd);
    }
    return 0;
}

int part_take_turn(struct fetch_part *part, const struct x8_op *op, const char *name,
                   struct x8_error *err)
{
    struct x8_error holder = {0};
    int64_t told = 0;
    int rc;

    while (!try_lock(part, &holder)) {
        if (!told || x8_now_ms() - told >= TELL_MS) {
            told = x8_now_ms();
            x8_emit(op, X8_EV_WAIT, "%s is downloaded by another x8ctl already (%s)", name,
                    holder.why);
        }
        rc = x8_cancel_sleep(op->cancel, x8_deadline_in(LOOK_MS), X8_CANCEL_SOFT, err);
        if (rc < 0)
            return rc;
        if (op->deadline != X8_NO_DEADLINE && x8_deadline_left(op->deadline, 1) == 0) {
            x8_fail(err, X8_E_TIMEOUT, "%s did not come in time", name);
            x8_error_why(err, "another x8ctl downloads it (%.200s)", holder.why);
            x8_error_next(err, "repeat it with a longer --timeout");
            return -X8_E_TIMEOUT;
        }
    }
    return 0;
}
