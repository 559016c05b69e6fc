/*
 * The repairs.
 */
#include "doctor/repair.h"

#include "doctor/udev.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REPAIR_MS = 20000 };

static const struct {
    const char *words;
    int is_on_board, needs_root;
} rows[] = {
    [X8_FIX_NONE] = {"", 0, 0},
    [X8_FIX_UDEV] = {"install the udev rules and apply them", 0, 1},
    [X8_FIX_AUTOSUSPEND] = {"keep the board's USB port awake until it is unplugged", 0, 1},
    [X8_FIX_CACHE] = {"remove damaged and unfinished downloads", 0, 0},
    [X8_FIX_M4_WATCHER] = {"start the board's watcher for sketches again", 1, 0},
    [X8_FIX_M4_FOLDER] = {"give /tmp/arduino to the board's user", 1, 0},
    [X8_FIX_BOARD_CLOCK] = {"set the board's clock to this computer's", 1, 0},
};

const char *x8_fix_words(enum x8_fix fix)
{
    return rows[fix].words;
}

int x8_fix_is_on_board(enum x8_fix fix)
{
    return rows[fix].is_on_board;
}

int x8_fix_needs_root(enum x8_fix fix)
{
    return rows[fix].needs_root;
}

static int wake_port(const char *port, struct x8_error *err)
{
    char path[160];
    int errnum = 0, rc;

    snprintf(path, sizeof path, "/sys/bus/usb/devices/%.48s/power/control", port);
    X8_AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "on", 2) != 2)
        errnum = errno;
    if (errnum == 0)
        return 0;
    rc = x8_fail_sys(err, errnum == ENOENT ? X8_E_GONE : X8_E_NO_PERMISSION, errnum,
                     "%s cannot be written", path);
    x8_error_next(err, "sudo x8ctl doctor --fix");
    return rc;
}

int x8_repair_host(const struct x8_op *op, const struct x8_check *check, struct x8_error *err)
{
    int rc;

    switch (check->fix) {
    case X8_FIX_UDEV:
        rc = x8_udev_install(op, NULL, err);
        return rc < 0 ? rc : 0;
    case X8_FIX_AUTOSUSPEND:
        return wake_port(check->arg, err);
    default:
        return x8_fail(err, X8_E_INTERNAL, "this is no repair of the computer");
    }
}

int x8_repair_board(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    const struct x8_check *check, int64_t now, struct x8_error *err)
{
    char text[256];

    switch (check->fix) {
    case X8_FIX_M4_WATCHER:
        snprintf(text, sizeof text,
                 "systemctl reset-failed monitor-m4-elf-file.service monitor-m4-elf-file.path; "
                 "systemctl start monitor-m4-elf-file.path");
        break;
    case X8_FIX_M4_FOLDER:
        /* Not what a link leads to. The user who came in has SUDO_UID; root itself owns it then. */
        snprintf(text, sizeof text,
                 "d=/tmp/arduino; [ ! -L $d ] && chown \"${SUDO_UID:-0}\" $d && chmod u+rwx $d");
        break;
    case X8_FIX_BOARD_CLOCK:
        snprintf(text, sizeof text, "date -s @%lld", (long long)now);
        break;
    default:
        return x8_fail(err, X8_E_INTERNAL, "this is no repair of a board");
    }
    return x8_run_as_ok(session, op, root, x8_fix_words(check->fix), text, REPAIR_MS, NULL, err);
}
