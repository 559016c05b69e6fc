/*
 * The bus as the program sees it: a root hub, and a device for every board that is present, with
 * the attributes a program reads before it opens anything. A board that arrives gets the next
 * device number, as on a real bus.
 */
#include "umock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUB         "/devices/usb1"
#define LAST_DEVNUM 127
/* Who owns the node of a board that denies access: a process without the right to override modes,
 * root or not, is neither that user nor in that group. */
#define SOMEBODY 65534

static void add_or_die(struct um_world *world, const char *text)
{
    GError *error = NULL;

    if (umockdev_testbed_add_from_string(world->testbed, text, &error))
        return;
    fprintf(stderr, "x8-board: umockdev refuses a device: %s\n", error ? error->message : "?");
    abort();
}

static void add_hub(struct um_world *world)
{
    /* Device and configuration descriptor of a hub of USB 2.0. */
    add_or_die(world,
               "P: " HUB "\n"
               "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DEVNAME=/dev/bus/usb/001/001\n"
               "E: BUSNUM=001\nE: DEVNUM=001\nE: MAJOR=189\nE: MINOR=0\n"
               "A: busnum=1\\n\nA: devnum=1\\n\nA: speed=480\\n\nA: bConfigurationValue=1\\n\n"
               "A: idVendor=1d6b\\n\nA: idProduct=0002\\n\nA: bcdDevice=0601\\n\n"
               "A: bDeviceClass=09\\n\nA: maxchild=8\\n\nA: product=xHCI Host Controller\\n\n"
               "H: descriptors=1201000209000140"
               "6b1d020001060302010109021900010100e0000904000001090000000705810304000c\n");
}

int um_nodes_open(struct um_world *world)
{
    world->testbed = umockdev_testbed_new();
    if (!world->testbed)
        return -1;
    world->root = umockdev_testbed_get_root_dir(world->testbed);
    add_hub(world);
    return 0;
}

/* Backslashes start escapes in umockdev's text; line ends would end the value. */
static void clean(char *out, size_t cap, const char *text)
{
    size_t n = 0;

    for (; *text && n + 1 < cap; text++)
        out[n++] = *text == '\\' || (unsigned char)*text < ' ' ? '?' : *text;
    out[n] = '\0';
}

/* A device in umockdev's own words. Not a memory stream: umockdev's library and the thread
 * sanitizer disagree about closing those. */
struct text {
    char data[4096];
    size_t len;
};

static void add(struct text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *out, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(out->data + out->len, sizeof(out->data) - out->len, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(out->data) - out->len)
        abort();
    out->len += (size_t)n;
}

static void describe_strings(struct text *out, const struct vb_descriptors *d)
{
    const struct {
        const char *name, *text;
    } rows[] = {{"serial", d->serial}, {"product", d->product}, {"manufacturer", d->manufacturer}};
    char text[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        clean(text, sizeof(text), rows[i].text);
        if (text[0])
            add(out, "A: %s=%s\\n\n", rows[i].name, text);
    }
}

static unsigned le16(const uint8_t *p)
{
    return (unsigned)(p[0] | p[1] << 8);
}

static void describe(const struct um_node *node, const struct vb_descriptors *d, struct text *out)
{
    add(out, "P: %s\n", node->syspath + strlen("/sys"));
    add(out, "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DEVNAME=%s\n", node->devnode);
    add(out, "E: BUSNUM=001\nE: DEVNUM=%03u\nE: MAJOR=189\nE: MINOR=%u\n", node->devnum,
        node->devnum - 1);
    add(out, "E: PRODUCT=%x/%x/%x\n", le16(d->device + 8), le16(d->device + 10),
        le16(d->device + 12));
    add(out, "A: busnum=1\\n\nA: devnum=%u\\n\nA: speed=%s\\n\nA: version= 2.00\\n\n", node->devnum,
        d->full_speed ? "12" : "480");
    add(out, "A: bConfigurationValue=1\\n\nA: bNumConfigurations=1\\n\nA: maxchild=0\\n\n");
    add(out, "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\nA: bcdDevice=%04x\\n\n",
        le16(d->device + 8), le16(d->device + 10), le16(d->device + 12));
    add(out, "A: bDeviceClass=%02x\\n\nA: devpath=%s\\n\n", d->device[4], strchr(d->port, '-') + 1);
    describe_strings(out, d);
    add(out, "H: descriptors=");
    for (size_t i = 0; i < sizeof(d->device); i++)
        add(out, "%02x", d->device[i]);
    for (size_t i = 0; i < d->config_len; i++)
        add(out, "%02x", d->config[i]);
    add(out, "\n");
}

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) && errno != EEXIST)
            perror(path);
        *slash = '/';
    }
}

/*
 * The kernel's own permission check does the refusing: the file belongs to somebody else and others
 * may only read. For root the program was started without the right to override that (umock_run.c).
 */
static void set_access(const char *path, int denied)
{
    if (denied && chown(path, SOMEBODY, SOMEBODY)) {
        chmod(path, 0444);
        return;
    }
    if (!denied && chown(path, geteuid(), getegid()))
        perror(path);
    chmod(path, 0664);
}

/* umockdev's own nodes are open to all for a moment; this one has its mode before anybody can see
 * the device. */
static void make_node(struct um_node *node)
{
    char path[512];
    int fd;

    snprintf(path, sizeof(path), "%s%s", node->board->world->root, node->devnode);
    make_folders(path);
    if (node->is_pollable && um_tty_make(node, path) == 0) {
        set_access(path, node->denied);
        return;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
    if (fd < 0) {
        perror(path);
        abort();
    }
    close(fd);
    set_access(path, node->denied);
}

static int is_on_bus(const struct um_world *world, unsigned devnum)
{
    for (size_t i = 0; i < world->count; i++)
        if (world->boards[i].node && world->boards[i].node->devnum == devnum)
            return 1;
    return 0;
}

/* 1 is the hub; a real bus starts over beyond 127. */
static unsigned next_devnum(struct um_world *world)
{
    do {
        world->last_devnum = world->last_devnum % LAST_DEVNUM + 1;
    } while (world->last_devnum == 1 || is_on_bus(world, world->last_devnum));
    return world->last_devnum;
}

/* A number that is used again still has the ioctl socket of its last owner. */
static void attach_handler(struct um_world *world, struct um_node *node)
{
    GError *error = NULL;

    if (world->has_socket[node->devnum])
        umockdev_testbed_detach_ioctl(world->testbed, node->devnode, &error);
    g_clear_error(&error);
    node->handler = umockdev_ioctl_base_new();
    g_signal_connect(node->handler, "handle-ioctl", G_CALLBACK(um_on_ioctl), node);
    g_signal_connect(node->handler, "handle-read", G_CALLBACK(um_on_read), node);
    if (!umockdev_testbed_attach_ioctl(world->testbed, node->devnode, node->handler, &error))
        abort();
    world->has_socket[node->devnum] = 1;
}

static struct um_node *new_node(struct um_board *board, const struct vb_descriptors *d)
{
    struct um_node *node = calloc(1, sizeof(*node));

    if (!node)
        abort();
    node->board = board;
    node->attach = d->attach;
    node->denied = d->access_denied;
    node->full_speed = d->full_speed;
    node->devnum = next_devnum(board->world);
    snprintf(node->devnode, sizeof(node->devnode), "/dev/bus/usb/001/%03u", node->devnum);
    snprintf(node->syspath, sizeof(node->syspath), "/sys" HUB "/%s", d->port);
    node->tty = -1;
    node->is_pollable = d->stage == VB_LINUX && board->has_daemon;
    memcpy(node->descriptors, d->device, sizeof(d->device));
    memcpy(node->descriptors + sizeof(d->device), d->config, d->config_len);
    node->descriptors_len = sizeof(d->device) + d->config_len;
    node->driver[0] = board->plays_driver && (d->stage == VB_ROM || d->stage == VB_SPL);
    um_queue_init(&node->pending);
    um_queue_init(&node->flying);
    return node;
}

static void arrive(struct um_board *board, const struct vb_descriptors *d)
{
    static const uint8_t set_configuration[8] = {0x00, 0x09, 0x01};
    struct um_world *world = board->world;
    struct um_node *node = new_node(board, d);
    struct text text = {.len = 0};

    attach_handler(world, node);
    make_node(node);
    pthread_mutex_lock(&world->lock);
    node->older = board->nodes;
    board->nodes = node;
    board->node = node;
    vb_control(board->vb, set_configuration, NULL, 0); /* as the kernel does */
    pthread_mutex_unlock(&world->lock);
    describe(node, d, &text);
    add_or_die(world, text.data);
}

static void leave(struct um_board *board, struct um_node *node)
{
    struct um_world *world = board->world;

    umockdev_testbed_uevent(world->testbed, node->syspath, "remove");
    umockdev_testbed_remove_device(world->testbed, node->syspath);
    pthread_mutex_lock(&world->lock);
    board->node = NULL;
    pthread_mutex_unlock(&world->lock);
    /* The ioctl socket stays: a program that just opened the node gets ENODEV through it, as from a
     * kernel. */
}

static void change_access(struct um_node *node, int denied)
{
    char path[512];

    snprintf(path, sizeof(path), "%s%s", node->board->world->root, node->devnode);
    set_access(path, denied);
    node->denied = denied;
    umockdev_testbed_uevent(node->board->world->testbed, node->syspath, "change");
}

int um_nodes_sync(struct um_board *board)
{
    struct vb_descriptors d;
    struct um_node *node;
    int gone;

    pthread_mutex_lock(&board->world->lock);
    vb_descriptors(board->vb, &d);
    node = board->node;
    gone = node && (node->gone || !d.present || d.attach != node->attach);
    if (gone)
        node->gone = 1;
    pthread_mutex_unlock(&board->world->lock);
    if (gone)
        leave(board, node);
    if (d.present && (gone || !node)) {
        arrive(board, &d);
        return 1;
    }
    if (d.present && node->denied != d.access_denied)
        change_access(node, d.access_denied);
    return gone;
}

void um_nodes_close(struct um_world *world)
{
    /* Removes the folder. Handlers and nodes stay: threads of umockdev may still look at them. */
    g_object_unref(world->testbed);
    world->testbed = NULL;
}
