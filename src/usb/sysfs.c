/*
 * Reads /sys/bus/usb/devices. Its folders are named by port: "1-4.2" hangs on port 2 of the hub at
 * port 4 of bus 1, "usb1" is a root hub, "1-4.2:1.0" an interface.
 */
#include "usb/sysfs.h"

#include "usb/usb.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLASS_HUB = 9, DESCRIPTORS_MAX = 4096 };

static ssize_t read_attr(const char *dir, const char *name, void *out, size_t cap)
{
    char path[320];
    size_t len = 0;
    ssize_t n;
    int fd;

    if (snprintf(path, sizeof path, "%s/%s/%s", X8_SYSFS_USB, dir, name) >= (int)sizeof path)
        return -1;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while (len < cap && (n = read(fd, (char *)out + len, cap - len)) != 0) {
        if (n < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        len += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return (ssize_t)len;
}

int x8_sysfs_text(const char *dir, const char *name, char *out, size_t cap)
{
    char raw[256];
    ssize_t len = read_attr(dir, name, raw, sizeof raw);

    if (len < 0)
        return -1;
    /* The boot ROM pads its names with spaces. */
    while (len > 0 && (raw[len - 1] == '\n' || raw[len - 1] == ' ' || raw[len - 1] == '\0'))
        len--;
    x8_clean(out, cap, raw, (size_t)len);
    return (int)strlen(out);
}

static int attr_number(const char *dir, const char *name, unsigned max, unsigned *out)
{
    char text[32];
    uint32_t value;

    if (x8_sysfs_text(dir, name, text, sizeof text) < 0 || x8_parse_u32(text, &value) < 0 ||
        value > max)
        return -1;
    *out = value;
    return 0;
}

static enum x8_speed speed_of(const char *dir)
{
    static const struct {
        const char *text;
        enum x8_speed speed;
    } rows[] = {
        {"1.5", X8_SPEED_LOW},    {"12", X8_SPEED_FULL},     {"480", X8_SPEED_HIGH},
        {"5000", X8_SPEED_SUPER}, {"10000", X8_SPEED_SUPER}, {"20000", X8_SPEED_SUPER},
    };
    char text[32];

    if (x8_sysfs_text(dir, "speed", text, sizeof text) < 0)
        return X8_SPEED_UNKNOWN;
    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (strcmp(rows[i].text, text) == 0)
            return rows[i].speed;
    return X8_SPEED_UNKNOWN;
}

int x8_sysfs_shape(const char *port, struct x8_usb_shape *out)
{
    uint8_t raw[DESCRIPTORS_MAX];
    ssize_t len = read_attr(port, "descriptors", raw, sizeof raw);
    unsigned config = 0;

    if (len < 0)
        return -1;
    if (attr_number(port, "bConfigurationValue", 255, &config) < 0)
        config = 0;
    return x8_usb_shape_parse((struct x8_span){raw, (size_t)len}, (uint8_t)config, out);
}

static void fill_names(const struct stat *st, struct x8_device *out)
{
    struct passwd pw, *user = NULL;
    struct group gr, *group = NULL;
    char buf[2048];

    if (getpwuid_r(st->st_uid, &pw, buf, sizeof buf, &user) == 0 && user)
        x8_copy(out->node_owner, sizeof out->node_owner, user->pw_name);
    else
        snprintf(out->node_owner, sizeof out->node_owner, "%ld", (long)st->st_uid);
    if (getgrgid_r(st->st_gid, &gr, buf, sizeof buf, &group) == 0 && group)
        x8_copy(out->node_group, sizeof out->node_group, group->gr_name);
    else
        snprintf(out->node_group, sizeof out->node_group, "%ld", (long)st->st_gid);
}

/* A node that is missing (containers) counts as one without access; its owner stays empty. */
static void fill_node(unsigned bus, unsigned address, struct x8_device *out)
{
    struct stat st;

    snprintf(out->node, sizeof out->node, "/dev/bus/usb/%03u/%03u", bus, address);
    out->no_access = access(out->node, R_OK | W_OK) != 0;
    if (stat(out->node, &st) != 0)
        return;
    out->node_mode = (unsigned)st.st_mode & 07777u;
    fill_names(&st, out);
}

static void fill_classes(const struct x8_usb_shape *shape, struct x8_device *out)
{
    out->vid = shape->vid;
    out->pid = shape->pid;
    out->bcd_device = shape->bcd_device;
    out->dev_class = shape->dev_class;
    if (shape->interface_count) {
        out->if_class = shape->interfaces[0].class_id;
        out->if_subclass = shape->interfaces[0].subclass;
        out->if_protocol = shape->interfaces[0].protocol;
    }
    out->has_adb = x8_usb_interface(shape, 0xff, 0x42, 1) != NULL;
}

/*
 * The kernel makes a new folder for every attach, so its inode number tells two of them apart even
 * when the bus hands out the same address again.
 */
static int fill_attach(const char *port, unsigned bus, unsigned address, struct x8_device *out)
{
    char path[128];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", X8_SYSFS_USB, port);
    if (stat(path, &st) != 0)
        return -1;
    out->attach = ((uint64_t)st.st_ino << 16) ^ (bus << 8 | address);
    return 0;
}

int x8_sysfs_device(const char *port, struct x8_device *out)
{
    struct x8_usb_shape shape;
    unsigned bus, address;

    memset(out, 0, sizeof *out);
    if (!x8_copy(out->port, sizeof out->port, port) || x8_sysfs_shape(port, &shape) < 0 ||
        attr_number(port, "busnum", 255, &bus) < 0 ||
        attr_number(port, "devnum", 255, &address) < 0 || fill_attach(port, bus, address, out) < 0)
        return -1;
    fill_classes(&shape, out);
    fill_node(bus, address, out);
    out->speed = speed_of(port);
    if (x8_sysfs_text(port, "serial", out->serial, sizeof out->serial) < 0)
        out->serial[0] = '\0';
    if (x8_sysfs_text(port, "product", out->product, sizeof out->product) < 0)
        out->product[0] = '\0';
    if (x8_sysfs_text(port, "manufacturer", out->manufacturer, sizeof out->manufacturer) < 0)
        out->manufacturer[0] = '\0';
    return 0;
}

int x8_sysfs_is_attached(const char *port, uint64_t attach)
{
    struct x8_device now = {0};
    unsigned bus, address;

    return attr_number(port, "busnum", 255, &bus) == 0 &&
           attr_number(port, "devnum", 255, &address) == 0 &&
           fill_attach(port, bus, address, &now) == 0 && now.attach == attach;
}

/* A folder of a device that hangs on a port: digits, dash, digits and dots. */
static int is_port(const char *name)
{
    size_t bus = strspn(name, "0123456789");

    return bus > 0 && name[bus] == '-' && name[bus + 1] != '\0' && strlen(name) < X8_PORT_LEN &&
           name[bus + 1 + strspn(name + bus + 1, "0123456789.")] == '\0';
}

int x8_port_compare(const char *a, const char *b)
{
    for (;;) {
        unsigned long x = strtoul(a, NULL, 10), y = strtoul(b, NULL, 10);

        if (x != y)
            return x < y ? -1 : 1;
        a += strspn(a, "0123456789");
        b += strspn(b, "0123456789");
        if (!*a || !*b)
            return (*a != '\0') - (*b != '\0');
        a++;
        b++;
    }
}

static int by_port(const void *a, const void *b)
{
    return x8_port_compare(((const struct x8_device *)a)->port,
                           ((const struct x8_device *)b)->port);
}

static int add(struct x8_device **list, size_t *count, const struct x8_device *device)
{
    struct x8_device *grown = realloc(*list, (*count + 1) * sizeof *grown);

    if (!grown)
        return -1;
    *list = grown;
    grown[(*count)++] = *device;
    return 0;
}

int x8_sysfs_list(struct x8_device **out, struct x8_error *err)
{
    DIR *dir = opendir(X8_SYSFS_USB);
    struct x8_device *list = NULL, device;
    size_t count = 0;
    struct dirent *entry;

    if (!dir && errno != ENOENT)
        return x8_fail_sys(err, X8_E_NO_PERMISSION, errno, "cannot look at %s", X8_SYSFS_USB);
    while (dir && (entry = readdir(dir)) != NULL) {
        if (!is_port(entry->d_name) || x8_sysfs_device(entry->d_name, &device) < 0 ||
            device.dev_class == CLASS_HUB)
            continue;
        if (add(&list, &count, &device) < 0) {
            free(list);
            closedir(dir);
            return x8_fail(err, X8_E_INTERNAL, "out of memory while listing USB devices");
        }
    }
    if (dir)
        closedir(dir);
    if (count)
        qsort(list, count, sizeof *list, by_port);
    *out = list;
    return (int)count;
}

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ p[i]) * 1099511628211u; /* FNV-1a */
    return hash;
}

uint64_t x8_sysfs_fingerprint(void)
{
    struct x8_device *list = NULL;
    uint64_t hash = 14695981039346656037u;
    int count = x8_sysfs_list(&list, NULL);

    for (int i = 0; i < count; i++) {
        hash = mix(hash, list[i].port, strlen(list[i].port));
        hash = mix(hash, &list[i].attach, sizeof list[i].attach);
        hash = mix(hash, &list[i].no_access, sizeof list[i].no_access);
        hash = mix(hash, &list[i].node_mode, sizeof list[i].node_mode);
    }
    free(list);
    return hash;
}

void x8_sysfs_driver(const char *port, uint8_t config, uint8_t interface, char *out, size_t cap)
{
    char path[160], target[256];
    const char *base;
    ssize_t len;

    snprintf(path, sizeof path, "%s/%s:%u.%u/driver", X8_SYSFS_USB, port, config, interface);
    len = readlink(path, target, sizeof target - 1);
    if (len <= 0) {
        x8_copy(out, cap, "");
        return;
    }
    target[len] = '\0';
    base = strrchr(target, '/');
    x8_copy(out, cap, base ? base + 1 : target);
}

int x8_usb_node_address(const char *node, unsigned *bus, unsigned *address)
{
    unsigned b = 0, a = 0;
    int used = 0;

    if (sscanf(node, "/dev/bus/usb/%3u/%3u%n", &b, &a, &used) != 2 || node[used] != '\0')
        return -1;
    *bus = b;
    *address = a;
    return 0;
}

int x8_usb_is_present(void)
{
    return access("/sys/bus/usb", F_OK) == 0;
}
