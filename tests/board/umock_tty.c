/*
 * A device node that poll() can wait for and that is a character device to fstat(), as adb's own
 * USB code demands: the slave side of a pseudo terminal. Nothing is ever read from it or written to
 * it, all that goes through umockdev; but a terminal whose output is stopped is not writable, and
 * becomes so when it is started again. That is what usbfs says when a transfer can be reaped.
 *
 * Only nodes of a Linux with a daemon are made this way. Both ends stay open as long as this
 * program: a hang-up would be a signal to a program that got it as its controlling terminal.
 */
#define _GNU_SOURCE /* ptsname_r */
#include "umock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

/* The link from the device's number to its folder, by which adb finds its way. */
static int link_number(struct um_node *node)
{
    char folder[256], path[300], target[80];
    struct stat is;

    if (fstat(node->tty, &is))
        return -1;
    snprintf(folder, sizeof(folder), "%s/sys/dev", node->board->world->root);
    mkdir(folder, 0755);
    snprintf(folder, sizeof(folder), "%s/sys/dev/char", node->board->world->root);
    mkdir(folder, 0755);
    snprintf(path, sizeof(path), "%s/%u:%u", folder, major(is.st_rdev), minor(is.st_rdev));
    snprintf(target, sizeof(target), "../..%s", node->syspath + strlen("/sys"));
    unlink(path);
    return symlink(target, path);
}

static int make(struct um_node *node, const char *path)
{
    struct termios raw;
    char name[64];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (master < 0 || grantpt(master) || unlockpt(master) || ptsname_r(master, name, sizeof(name)))
        return -1;
    node->tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (node->tty < 0 || tcgetattr(node->tty, &raw))
        return -1;
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | TOSTOP);
    raw.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
    if (tcsetattr(node->tty, TCSANOW, &raw) || tcflow(node->tty, TCOOFF) || symlink(name, path))
        return -1;
    return link_number(node);
}

int um_tty_make(struct um_node *node, const char *path)
{
    if (make(node, path) == 0)
        return 0;
    unlink(path);
    node->tty = -1;
    return -1;
}

void um_tty_tell(struct um_node *node)
{
    int is_ready = node->gone;

    if (node->tty < 0)
        return;
    for (struct um_client *client = node->clients; client && !is_ready; client = client->next)
        is_ready = client->done.head != NULL;
    if (is_ready == node->is_ready)
        return;
    node->is_ready = is_ready;
    tcflow(node->tty, is_ready ? TCOON : TCOOFF);
}
