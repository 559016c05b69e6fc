/*
 * Which devices are boards, and what stands in the way of using them.
 */
#include "board/discover.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VID_NXP = 0x1fc9, VID_FREESCALE = 0x15a2, VID_ARDUINO = 0x2341, VID_SIGMATEL = 0x066f };

static void note_access(struct x8_board *board)
{
    const struct x8_device *d = &board->device;

    if (!d->node_owner[0]) {
        snprintf(board->note, sizeof board->note, "%s; device node %s is missing here",
                 x8_mode_name(board->mode), d->node);
        x8_copy(board->next, sizeof board->next, "give the container /dev/bus/usb");
        return;
    }
    /* Short, as it stands in a table; opening the board gives the whole story. */
    snprintf(board->note, sizeof board->note, "%s; owner %s, mode %04o", x8_mode_name(board->mode),
             d->node_owner, d->node_mode);
    x8_copy(board->next, sizeof board->next, "sudo x8ctl udev install");
}

static void note_speed(struct x8_board *board)
{
    snprintf(board->note, sizeof board->note,
             "full speed (12 Mbit/s): flashing takes about an hour instead of minutes");
    x8_copy(board->next, sizeof board->next, "try another cable or port, and no old hub");
}

static void fill_note(struct x8_board *board, const struct x8_mode_row *row)
{
    enum x8_speed speed = board->device.speed;
    int is_slow = speed == X8_SPEED_FULL || speed == X8_SPEED_LOW;

    if (board->device.no_access)
        note_access(board);
    else if (board->trust == X8_TRUST_FOREIGN)
        snprintf(board->note, sizeof board->note, "%s, %s", row->chip, row->note);
    else if (is_slow)
        note_speed(board);
    else if (row->note)
        x8_copy(board->note, sizeof board->note, row->note);
    board->needs_care = board->trust != X8_TRUST_FOREIGN &&
                        (board->device.no_access || is_slow || board->mode == X8_MODE_INITRAMFS);
}

/* A serial of the ROM or of Linux names the board; without one its port does. */
static void fill_label(struct x8_board *board)
{
    if (board->device.serial[0])
        x8_copy(board->label, sizeof board->label, board->device.serial);
    else
        snprintf(board->label, sizeof board->label, "usb %s", board->device.port);
}

int x8_board_of(const struct x8_device *device, struct x8_board *out)
{
    const struct x8_mode_row *row = x8_mode_find(device);

    if (!row)
        return 0;
    memset(out, 0, sizeof *out);
    out->device = *device;
    out->mode = row->mode;
    out->trust = row->trust;
    fill_label(out);
    fill_note(out, row);
    return 1;
}

int x8_boards_find(struct x8_bus *bus, struct x8_board **out, struct x8_error *err)
{
    struct x8_device *devices = NULL;
    struct x8_board *boards;
    int n = bus->ops->list(bus, &devices, err), count = 0;

    if (n < 0)
        return n;
    boards = calloc((size_t)n + 1, sizeof *boards);
    if (!boards) {
        free(devices);
        return x8_fail(err, X8_E_INTERNAL, "out of memory while looking for boards");
    }
    for (int i = 0; i < n; i++)
        count += x8_board_of(&devices[i], &boards[count]);
    free(devices);
    *out = boards;
    return count;
}

const char *x8_board_state(const struct x8_board *board)
{
    return board->device.no_access ? "no-access" : x8_mode_name(board->mode);
}

const char *x8_speed_name(enum x8_speed speed)
{
    static const char *const names[] = {
        [X8_SPEED_UNKNOWN] = "-", [X8_SPEED_LOW] = "1.5M",    [X8_SPEED_FULL] = "12M",
        [X8_SPEED_HIGH] = "480M", [X8_SPEED_SUPER] = "5000M",
    };

    return (size_t)speed < X8_COUNT(names) ? names[speed] : "-";
}

static int is_kin(const struct x8_device *device)
{
    return device->vid == VID_NXP || device->vid == VID_FREESCALE || device->vid == VID_ARDUINO ||
           device->vid == VID_SIGMATEL;
}

/* One device in words; 0 when it has nothing to do with us. */
static int device_words(const struct x8_device *device, char *out, size_t cap)
{
    struct x8_board board;

    if (x8_board_of(device, &board))
        snprintf(out, cap, "%s (%s%s%s)", device->port, x8_mode_name(board.mode),
                 board.trust == X8_TRUST_FOREIGN ? ", another NXP chip" : "",
                 device->no_access ? ", no access" : "");
    else if (is_kin(device))
        snprintf(out, cap, "%s (%04x:%04x%s%s)", device->port, device->vid, device->pid,
                 device->product[0] ? " " : "", device->product);
    else
        return 0;
    return 1;
}

void x8_bus_words(const struct x8_device *devices, size_t count, char *out, size_t cap)
{
    char words[256];
    size_t used = 0;

    x8_copy(out, cap, "");
    for (size_t i = 0; i < count && used < cap; i++) {
        if (!device_words(&devices[i], words, sizeof words))
            continue;
        snprintf(out + used, cap - used, "%s%s", used ? ", " : "", words);
        used = strlen(out);
    }
    if (!used)
        x8_copy(out, cap, "nothing of NXP or Arduino");
}
