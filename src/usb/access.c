/*
 * Diagnosis of a device that cannot be opened. Reads /proc and the rule folders; changes nothing.
 */
#include "usb/access.h"

#include "usb/usb.h"
#include "util/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const x8_usb_rules_dirs[] = {"/etc/udev/rules.d",           "/run/udev/rules.d",
                                         "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d",
                                         "/lib/udev/rules.d",           NULL};

int x8_usb_rules_found(char path[256])
{
    char tried[256];

    for (size_t i = 0; x8_usb_rules_dirs[i]; i++) {
        snprintf(tried, sizeof tried, "%s/%s", x8_usb_rules_dirs[i], X8_USB_RULES_NAME);
        if (access(tried, F_OK) != 0)
            continue;
        if (path)
            x8_copy(path, 256, tried);
        return 1;
    }
    return 0;
}

static void user_name(char *out, size_t cap)
{
    struct passwd pw, *found = NULL;
    char buf[2048];

    if (getpwuid_r(geteuid(), &pw, buf, sizeof buf, &found) == 0 && found)
        x8_copy(out, cap, found->pw_name);
    else
        snprintf(out, cap, "user %ld", (long)geteuid());
}

static void explain_missing_node(const struct x8_device *device, struct x8_error *err)
{
    x8_error_why(err, "the device node %s does not exist here", device->node);
    x8_error_next(err, "in a container: give it the devices, as with docker run --privileged "
                       "-v /dev/bus/usb:/dev/bus/usb");
}

/* The mode of the node would allow it, so something else forbids it. */
static void explain_denied(const struct x8_device *device, struct x8_error *err)
{
    x8_error_why(err,
                 "%s (owner %s, mode %04o) could be opened by its mode, but the system denies it: "
                 "a container or a sandbox without access to devices",
                 device->node, device->node_owner, device->node_mode);
    x8_error_next(err, "run outside of it, or give it the devices (docker run --privileged "
                       "-v /dev/bus/usb:/dev/bus/usb)");
}

static void explain_user(const struct x8_device *device, struct x8_error *err)
{
    char user[64], rules[256];

    user_name(user, sizeof user);
    if (x8_usb_rules_found(rules)) {
        x8_error_why(err,
                     "no permission on %s: owner %s, group %s, mode %04o, you are \"%s\"; "
                     "%s is there but did not give this user access",
                     device->node, device->node_owner, device->node_group, device->node_mode, user,
                     rules);
        x8_error_next(err,
                      "replug the board; over ssh also join its group: "
                      "sudo usermod -aG plugdev %s",
                      user);
        return;
    }
    x8_error_why(err,
                 "no permission on %s: owner %s, mode %04o, you are \"%s\", "
                 "no rule of x8ctl for %04x:%04x",
                 device->node, device->node_owner, device->node_mode, user, device->vid,
                 device->pid);
    x8_error_next(err, "sudo x8ctl udev install          once per computer");
}

int x8_usb_explain_access(const struct x8_device *device, struct x8_error *err)
{
    x8_fail(err, X8_E_NO_PERMISSION, "cannot open the board at usb %s", device->port);
    if (!device->node_owner[0])
        explain_missing_node(device, err);
    else if (!device->no_access)
        explain_denied(device, err);
    else
        explain_user(device, err);
    return -X8_E_NO_PERMISSION;
}

/*
 * 1 when descriptor `path` is the node, by name or, where the name is another one (a bind mount),
 * by being the same file. Only what looks like a device is asked: a file of a network that is down
 * would not answer.
 */
static int is_node(const char *path, const char *node)
{
    struct stat wanted, is;
    char target[256];
    ssize_t len = readlink(path, target, sizeof target - 1);

    if (len <= 0)
        return 0;
    target[len] = '\0';
    if (strcmp(target, node) == 0)
        return 1;
    return strstr(target, "/dev/") && stat(node, &wanted) == 0 && stat(path, &is) == 0 &&
           wanted.st_dev == is.st_dev && wanted.st_ino == is.st_ino;
}

/* 1 when one of the process's descriptors is the node. Others' processes are closed to us. */
static int holds(const char *pid, const char *node)
{
    struct dirent *entry;
    char path[288];
    int found = 0;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    dir = opendir(path);
    while (dir && !found && (entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof path, "/proc/%.20s/fd/%.20s", pid, entry->d_name);
        found = is_node(path, node);
    }
    if (dir)
        closedir(dir);
    return found;
}

static void process_name(const char *pid, char *out, size_t cap)
{
    char path[64], raw[64];
    ssize_t len = -1;
    int fd;

    snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        len = read(fd, raw, sizeof raw);
        close(fd);
    }
    if (len > 0 && raw[len - 1] == '\n')
        len--;
    if (len > 0)
        x8_clean(out, cap, raw, (size_t)len);
    else
        x8_copy(out, cap, "process");
}

void x8_usb_holders(const char *node, char *out, size_t cap)
{
    struct dirent *entry;
    char name[64], own[24];
    size_t used = 0;
    DIR *dir = opendir("/proc");

    x8_copy(out, cap, "");
    snprintf(own, sizeof own, "%ld", (long)getpid());
    while (dir && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[strspn(entry->d_name, "0123456789")] != '\0' ||
            strcmp(entry->d_name, own) == 0 || !holds(entry->d_name, node))
            continue;
        process_name(entry->d_name, name, sizeof name);
        snprintf(out + used, cap - used, "%s%s (%s)", used ? ", " : "", name, entry->d_name);
        used = strlen(out);
    }
    if (dir)
        closedir(dir);
}

int x8_usb_explain_busy(const struct x8_device *device, const char *driver, struct x8_error *err)
{
    char holders[256];

    x8_usb_holders(device->node, holders, sizeof holders);
    x8_fail(err, X8_E_BUSY, "the board at usb %s is in use", device->port);
    if (holders[0])
        x8_error_why(err, "held by %s", holders);
    else if (driver[0] && strcmp(driver, "usbfs") != 0)
        x8_error_why(err, "the kernel driver \"%s\" does not let go of it", driver);
    else
        x8_error_why(err, "another program holds it; which one is not visible to this user");
    if (device->has_adb)
        x8_error_next(err, "end the other program (an adb server ends with: adb kill-server), "
                           "then start again");
    else
        x8_error_next(err, "end the other program (another x8ctl, uuu, fastboot, adb, "
                           "ModemManager), then start again");
    return -X8_E_BUSY;
}
