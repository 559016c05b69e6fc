/*
 * Where x8ctl runs: on a computer, or in something that shows only a part of one. A board goes
 * through several USB devices on its way from the boot ROM to Linux; what is between it and x8ctl
 * has to hand over each of them.
 */
#include "doctor/parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define ALL_IDS "1fc9:0134, 1fc9:0151, 1fc9:0152 and 2341:0061"

/* Sources: systemd's src/basic/virt.c says what each of them leaves behind. */
void x8_container_name(const struct x8_host *host, char *out, size_t cap)
{
    static const struct {
        const char *path, *name;
    } files[] = {{"/.dockerenv", "docker"}, {"/run/.containerenv", "podman"}};
    static const char *const words[] = {"docker", "lxc", "kubepods", "libpod", "containerd"};

    x8_copy(out, cap, "");
    if (x8_host_line(host, "/run/systemd/container", out, cap) == 0 && out[0])
        return;
    for (size_t i = 0; i < X8_COUNT(files); i++)
        if (x8_host_exists(host, files[i].path)) {
            x8_copy(out, cap, files[i].name);
            return;
        }
    for (size_t i = 0; i < X8_COUNT(words); i++)
        if (x8_host_has(host, "/proc/1/cgroup", words[i])) {
            x8_copy(out, cap, words[i]);
            return;
        }
}

/* Source: Microsoft's kernels: "4.4.0-19041-Microsoft" is version 1,
 * "5.15.90.1-microsoft-standard-WSL2" version 2. */
char x8_wsl_version(const struct x8_host *host)
{
    char text[128];

    if (x8_host_line(host, "/proc/sys/kernel/osrelease", text, sizeof text) < 0)
        return 0;
    if (strstr(text, "microsoft-standard") || strstr(text, "WSL2"))
        return '2';
    return strstr(text, "Microsoft") ? '1' : 0;
}

/* What the firmware calls itself. A rented machine has no ports that somebody could plug into. */
static const struct machine {
    const char *vendor, *product, *name, *how;
} machines[] = {
    {"VMware", "", "VMware", "VM > Removable Devices"},
    {"innotek", "", "VirtualBox", "Settings > USB > a filter for each id"},
    {"Oracle", "VirtualBox", "VirtualBox", "Settings > USB > a filter for each id"},
    {"QEMU", "", "QEMU", "-device usb-host,vendorid=0x...,productid=0x... for each id"},
    {"Red Hat", "", "KVM", "virsh attach-device, or USB redirection, for each id"},
    {"Parallels", "", "Parallels", "Devices > USB & Bluetooth"},
    {"Microsoft Corporation", "Virtual Machine", "Hyper-V", NULL},
    {"Xen", "", "Xen", "usbdev in the domain's configuration"},
    {"Amazon EC2", "", "Amazon EC2", NULL},
    {"Google", "Google Compute Engine", "Google Compute Engine", NULL},
};

static const struct machine *machine_of(const struct x8_host *host)
{
    char vendor[96], product[96];

    (void)x8_host_line(host, "/sys/class/dmi/id/sys_vendor", vendor, sizeof vendor);
    (void)x8_host_line(host, "/sys/class/dmi/id/product_name", product, sizeof product);
    for (size_t i = 0; i < X8_COUNT(machines); i++)
        if (vendor[0] && x8_starts(vendor, machines[i].vendor) &&
            x8_starts(product, machines[i].product))
            return &machines[i];
    return NULL;
}

static void check_machine(struct x8_look *look)
{
    const struct machine *machine = machine_of(look->host);
    struct x8_check *check;

    if (!machine || look->wsl || look->container[0])
        return;
    if (look->tree.count || !machine->how) {
        x8_check_add(look->out, look->tree.count ? X8_CHECK_OK : X8_CHECK_SKIPPED, "vm", "machine",
                     look->tree.count ? "virtual (%s); flashing needs all of " ALL_IDS
                                      : "virtual (%s), without USB ports",
                     machine->name);
        return;
    }
    check = x8_check_add(look->out, X8_CHECK_WARN, "vm", "machine",
                         "this is a virtual machine (%s), and no board is passed through to it",
                         machine->name);
    x8_check_next(check, "pass " ALL_IDS " through: %s", machine->how);
}

static void check_wsl(struct x8_look *look)
{
    struct x8_check *check;

    if (!look->wsl)
        return;
    if (look->wsl == '2' && look->tree.count) {
        x8_check_add(look->out, X8_CHECK_OK, "wsl", "wsl",
                     "version 2, a board is attached; flashing needs all of " ALL_IDS);
        return;
    }
    if (look->wsl == '1') {
        check = x8_check_add(look->out, X8_CHECK_FAIL, "wsl", "wsl",
                             "WSL 1 has no USB: boards are out of reach but for the network");
        x8_check_next(check, "in Windows: wsl --set-version DISTRIBUTION 2");
        return;
    }
    check = x8_check_add(look->out, X8_CHECK_WARN, "wsl", "wsl",
                         "WSL 2 sees no USB device of Windows until it is attached, and no board "
                         "is");
    x8_check_next(check, "in Windows: usbipd attach --wsl --auto-attach --hardware-id 2341:0061, "
                         "and so for 1fc9:0134, 1fc9:0151, 1fc9:0152");
}

/* A container shares /sys with the computer around it, but has a /dev of its own. */
static void check_container(struct x8_look *look)
{
    struct x8_check *check;

    if (!look->container[0] || look->wsl)
        return;
    if (look->tree.count == 0) {
        x8_check_add(look->out, X8_CHECK_SKIPPED, "container", "container",
                     "%s; no board is on this computer's USB", look->container);
    } else if (x8_host_exists(look->host, "/dev/bus/usb")) {
        x8_check_add(look->out, X8_CHECK_OK, "container", "container", "%s, with the USB nodes",
                     look->container);
    } else {
        check = x8_check_add(look->out, X8_CHECK_FAIL, "container", "container",
                             "this container (%s) has no /dev/bus/usb, and %zu board%s on USB",
                             look->container, look->tree.count,
                             look->tree.count == 1 ? " is" : "s are");
        x8_check_next(check, "docker run --privileged -v /dev/bus/usb:/dev/bus/usb ...");
    }
}

static int sees_nothing(const struct x8_look *look)
{
    const struct x8_host *host = look->host;

    return !look->tree.has_bus ||
           (look->tree.count && host->ops->may_use(host, look->tree.boards[0].node) != 1);
}

static void check_sandbox(struct x8_look *look)
{
    const struct x8_host *host = look->host;
    const char *snap = x8_host_env(host, "SNAP_NAME");
    struct x8_check *check;

    if (snap && sees_nothing(look)) {
        check =
            x8_check_add(look->out, X8_CHECK_FAIL, "sandbox", "sandbox",
                         "the snap %s is not allowed to use USB: raw-usb is not connected", snap);
        x8_check_next(check, "sudo snap connect %s:raw-usb", snap);
    } else if (snap) {
        x8_check_add(look->out, X8_CHECK_OK, "sandbox", "sandbox", "snap %s, with USB", snap);
    } else if (x8_host_exists(host, "/.flatpak-info")) {
        if (x8_host_has(host, "/.flatpak-info", "devices=all")) {
            x8_check_add(look->out, X8_CHECK_OK, "sandbox", "sandbox", "flatpak, with devices");
            return;
        }
        check = x8_check_add(look->out, X8_CHECK_FAIL, "sandbox", "sandbox",
                             "this flatpak sandbox has no devices: --device=all is not set");
        x8_check_next(check, "flatpak override --user --device=all %s",
                      x8_host_env(host, "FLATPAK_ID") ? x8_host_env(host, "FLATPAK_ID") : "APP");
    }
}

void x8_check_place(struct x8_look *look)
{
    check_machine(look);
    check_wsl(look);
    check_container(look);
    check_sandbox(look);
}
