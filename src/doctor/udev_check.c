/*
 * Are the rules there, are they this version's, and do they come early enough?
 */
#include "doctor/udev.h"

#include "usb/usb.h"
#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* systemd hands out the uaccess rights in 73-seat-late.rules. */
enum { RULES_MAX = 64 << 10, UACCESS_NUMBER = 73 };

static int is_ours(const char *name)
{
    size_t digits = strspn(name, "0123456789");

    return digits > 0 && strcmp(name + digits, "-x8ctl.rules") == 0;
}

static int names_ids(const char *text)
{
    int nxp = strstr(text, "\"1fc9\"") &&
              (strstr(text, "\"0134\"") || strstr(text, "\"0151\"") || strstr(text, "\"0152\""));
    int arduino = strstr(text, "\"2341\"") && strstr(text, "\"0061\"");

    return nxp || arduino;
}

/* A package may have been made where the group is another question than here. */
static int is_current(const struct x8_buf *old)
{
    X8_AUTO_BUF with = {0}, without = {0};

    if (x8_udev_text(X8_UDEV_GROUP, &with) < 0 || x8_udev_text(NULL, &without) < 0)
        return 0;
    return (old->len == with.len && memcmp(old->data, with.data, with.len) == 0) ||
           (old->len == without.len && memcmp(old->data, without.data, without.len) == 0);
}

static void read_ours(const char *path, const char *name, struct x8_udev_report *out)
{
    X8_AUTO_BUF old = {0};

    if (out->is_present) /* the strongest folder comes first */
        return;
    out->is_present = 1;
    out->is_effective = strtoul(name, NULL, 10) < UACCESS_NUMBER;
    x8_copy(out->path, sizeof out->path, path);
    if (x8_file_load(path, RULES_MAX, &old, NULL) == 0)
        out->is_current = is_current(&old);
}

static void read_other(const char *path, struct x8_udev_report *out)
{
    X8_AUTO_BUF text = {0};

    /* Of files of one name udev reads that in the strongest folder; /lib is often /usr/lib. */
    for (size_t i = 0; i < out->other_count; i++)
        if (strcmp(x8_path_base(out->others[i]), x8_path_base(path)) == 0)
            return;
    if (out->other_count == X8_COUNT(out->others) ||
        x8_file_load(path, RULES_MAX, &text, NULL) < 0 || !names_ids(x8_buf_text(&text)))
        return;
    x8_copy(out->others[out->other_count++], sizeof out->others[0], path);
}

static void scan(const char *dir, struct x8_udev_report *out)
{
    struct dirent *entry;
    char path[512];
    DIR *d = opendir(dir);

    while (d && (entry = readdir(d)) != NULL) {
        if (!x8_ends(entry->d_name, ".rules") ||
            snprintf(path, sizeof path, "%s/%s", dir, entry->d_name) >= (int)sizeof path)
            continue;
        if (is_ours(entry->d_name))
            read_ours(path, entry->d_name, out);
        else
            read_other(path, out);
    }
    if (d)
        closedir(d);
}

static int verdict(const struct x8_udev_report *report, struct x8_error *err)
{
    if (!report->is_present) {
        x8_fail(err, X8_E_DIFFERS, "the udev rules of x8ctl are not installed");
        if (report->other_count)
            x8_error_why(err, "%s names some of the same ids", report->others[0]);
        else
            x8_error_why(err, "without them only root can open a board in flashing mode");
    } else if (!report->is_effective) {
        x8_fail(err, X8_E_DIFFERS, "%s comes too late", report->path);
        x8_error_why(err, "the uaccess tag has no effect in files numbered 73 and above");
    } else if (!report->is_current) {
        x8_fail(err, X8_E_DIFFERS, "%s is not the file this x8ctl would install", report->path);
    } else {
        return 0;
    }
    x8_error_next(err, "sudo x8ctl udev install");
    return -X8_E_DIFFERS;
}

/* Paths in the report are those of the computer that is looked at. */
static void cut_root(size_t len, struct x8_udev_report *out)
{
    if (out->is_present)
        memmove(out->path, out->path + len, strlen(out->path + len) + 1);
    for (size_t i = 0; i < out->other_count; i++)
        memmove(out->others[i], out->others[i] + len, strlen(out->others[i] + len) + 1);
}

void x8_udev_look(const char *root, struct x8_udev_report *out)
{
    char path[512];

    memset(out, 0, sizeof *out);
    for (size_t i = 0; x8_usb_rules_dirs[i]; i++)
        if (snprintf(path, sizeof path, "%s%s", root, x8_usb_rules_dirs[i]) < (int)sizeof path)
            scan(path, out);
    cut_root(strlen(root), out);
    if (!out->is_present)
        x8_copy(out->path, sizeof out->path, X8_UDEV_DIR "/" X8_USB_RULES_NAME);
    snprintf(path, sizeof path, "%s/run/udev/control", root);
    out->has_udev = access(path, F_OK) == 0;
}

int x8_udev_check(const char *dir, struct x8_udev_report *out, struct x8_error *err)
{
    memset(out, 0, sizeof *out);
    snprintf(out->path, sizeof out->path, "%s/%s", dir ? dir : X8_UDEV_DIR, X8_USB_RULES_NAME);
    out->has_udev = x8_udev_has_udevadm();
    if (dir)
        scan(dir, out);
    for (size_t i = 0; !dir && x8_usb_rules_dirs[i]; i++)
        scan(x8_usb_rules_dirs[i], out);
    return verdict(out, err);
}
