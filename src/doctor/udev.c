/*
 * The udev rules: text, installation, removal. Checking is in udev_check.c.
 */
#include "doctor/udev.h"

#include "usb/usb.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/proc.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RULES_MAX = 64 << 10, RELOAD_MS = 20000 };

static const struct {
    const char *vid, *pid, *what;
} ids[] = {
    {"1fc9", "0134", "boot ROM of the i.MX 8M Mini"},
    {"1fc9", "0151", "SPL"},
    {"0525", "b4a4", "SPL of older loaders"},
    {"1fc9", "0152", "fastboot"},
    {"0525", "a4a5", "fastboot of older loaders"},
    {"066f", "9bff", "flashing system in RAM"},
    {"2341", "0061", "Linux: adb, serial line, network"},
};

static int add_rule(const char *vid, const char *pid, const char *what, const char *group,
                    struct x8_buf *out)
{
    if (x8_buf_addf(out,
                    "# %s\nSUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", "
                    "ATTR{idVendor}==\"%s\", ATTR{idProduct}==\"%s\", ",
                    what, vid, pid) < 0)
        return -1;
    if (group && x8_buf_addf(out, "MODE=\"0660\", GROUP=\"%s\", ", group) < 0)
        return -1;
    return x8_buf_addf(out, "TAG+=\"uaccess\"\n");
}

int x8_udev_text(const char *group, struct x8_buf *out)
{
    if (group && !group[0])
        group = NULL;
    if (x8_buf_addf(out,
                    "# Access to an Arduino Portenta X8 in each of its modes, for x8ctl.\n"
                    "# uaccess: whoever sits at this computer. The number of this file must stay "
                    "below 73, where\n"
                    "# the tag is read.%s\n\n"
                    "ACTION==\"remove\", GOTO=\"x8ctl_end\"\n\n",
                    group ? " The group: sessions without a seat, as over ssh." : "") < 0)
        return -1;
    for (size_t i = 0; i < X8_COUNT(ids); i++)
        if (add_rule(ids[i].vid, ids[i].pid, ids[i].what, group, out) < 0)
            return -1;
    return x8_buf_addf(out, "\n# The serial line is no modem.\n"
                            "SUBSYSTEMS==\"usb\", ATTRS{idVendor}==\"2341\", "
                            "ATTRS{idProduct}==\"0061\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"\n\n"
                            "LABEL=\"x8ctl_end\"\n");
}

const char *x8_udev_group(void)
{
    struct group gr, *found = NULL;
    char buf[4096];

    return getgrnam_r(X8_UDEV_GROUP, &gr, buf, sizeof buf, &found) == 0 && found ? X8_UDEV_GROUP
                                                                                 : NULL;
}

int x8_udev_has_udevadm(void)
{
    return access("/usr/bin/udevadm", X_OK) == 0 || access("/bin/udevadm", X_OK) == 0 ||
           access("/usr/sbin/udevadm", X_OK) == 0 || access("/sbin/udevadm", X_OK) == 0;
}

static int rules_path(const char *dir, char **out, struct x8_error *err)
{
    *out = x8_path_join(dir ? dir : X8_UDEV_DIR, X8_USB_RULES_NAME);
    return *out ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory while handling udev rules");
}

/*
 * Rules that are in place but not applied yet are no failure: a replug applies them, and in a
 * container there may be no daemon to tell.
 */
static void reload(const struct x8_op *op)
{
    static const char command[] =
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin; udevadm control --reload && "
        "for vendor in 1fc9 0525 066f 2341; do udevadm trigger --action=change "
        "--subsystem-match=usb --attr-match=idVendor=$vendor || exit 1; done";
    struct x8_error why;

    if (!x8_udev_has_udevadm()) {
        x8_emit(op, X8_EV_WARN, "udevadm is not installed: the rules take effect where udev runs");
        return;
    }
    if (x8_proc_run(op, command, x8_deadline_in(RELOAD_MS), NULL, NULL, &why) < 0)
        x8_emit(op, X8_EV_WARN, "udev did not reload its rules (%s): replug the board",
                why.why[0] ? why.why : why.msg);
}

static int is_same(const char *path, const struct x8_buf *text)
{
    X8_AUTO_BUF old = {0};

    return x8_path_kind(path) == X8_PATH_FILE && x8_file_load(path, RULES_MAX, &old, NULL) >= 0 &&
           old.len == text->len && memcmp(old.data, text->data, old.len) == 0;
}

/* The sudo line helps only where x8ctl itself chose the folder. */
static int denied(int rc, const char *dir, const char *verb, struct x8_error *err)
{
    if (rc == -X8_E_NO_PERMISSION) {
        if (dir)
            x8_error_next(err, "choose a folder you may write to, or run this as its owner");
        else if (geteuid() != 0)
            x8_error_next(err, "sudo x8ctl udev %s", verb);
        else
            x8_error_next(err, "make %s writable: is this a read-only system?", X8_UDEV_DIR);
    }
    return rc;
}

static int check_folder(const char *dir, struct x8_error *err)
{
    if (x8_path_kind(dir ? dir : X8_UDEV_DIR) == X8_PATH_DIR)
        return 0;
    x8_fail(err, X8_E_NO_FILE, "there is no folder %s", dir ? dir : X8_UDEV_DIR);
    if (dir)
        x8_error_next(err, "mkdir -p %s", dir);
    else
        x8_error_next(err, "install udev, or print the rules with x8ctl udev print");
    return -X8_E_NO_FILE;
}

static int install_at(const struct x8_op *op, const char *dir, const char *path,
                      struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc;

    if (x8_udev_text(x8_udev_group(), &text) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory while writing udev rules");
    if (is_same(path, &text))
        return 0;
    rc = x8_file_replace(path, text.data, text.len, 0644, err);
    if (rc < 0)
        return denied(rc, dir, "install", err);
    if (!dir)
        reload(op);
    return 1;
}

int x8_udev_install(const struct x8_op *op, const char *dir, struct x8_error *err)
{
    char *path = NULL;
    int rc = check_folder(dir, err);

    if (rc == 0)
        rc = rules_path(dir, &path, err);
    if (rc == 0)
        rc = install_at(op, dir, path, err);
    free(path);
    return rc;
}

int x8_udev_remove(const struct x8_op *op, const char *dir, struct x8_error *err)
{
    char *path = NULL;
    int rc = rules_path(dir, &path, err);

    if (rc < 0)
        return rc;
    if (unlink(path) == 0) {
        if (!dir)
            reload(op);
        rc = 1;
    } else if (errno != ENOENT && errno != ENOTDIR) {
        int code = errno == EACCES || errno == EPERM || errno == EROFS ? X8_E_NO_PERMISSION
                                                                       : X8_E_INTERNAL;

        rc = x8_fail_sys(err, (enum x8_code)code, errno, "cannot remove %s", path);
        rc = denied(rc, dir, "remove", err);
    }
    free(path);
    return rc;
}
