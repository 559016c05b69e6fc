/*
 * The way from the computer to each board: how fast, over how many hubs, on whose power.
 */
#include "doctor/parts.h"

#include <stdio.h>
#include <string.h>

/* Boards of this chip do 480 Mbit/s in every mode; at less, cable, port or hub are to blame. More
 * than two hubs in a row is where reports of random failures begin. */
enum { HIGH_SPEED = 480, FULL_SPEED = 12, HUBS_FINE = 2, PORT_MA = 500 };

static const struct x8_tree_hub *slow_hub(const struct x8_tree_board *board)
{
    for (size_t i = 0; i < board->hub_count; i++)
        if (board->hubs[i].speed && board->hubs[i].speed < HIGH_SPEED)
            return &board->hubs[i];
    return NULL;
}

static int check_speed(struct x8_look *look, const struct x8_tree_board *board, const char *about)
{
    const struct x8_tree_hub *hub = slow_hub(board);
    const char *speed =
        board->speed == FULL_SPEED ? "full speed (12 Mbit/s)" : "low speed (1.5 Mbit/s)";
    struct x8_check *check;

    if (!board->speed || board->speed >= HIGH_SPEED)
        return 0;
    if (hub)
        check = x8_check_add(look->out, X8_CHECK_FAIL, "usb-speed", about,
                             "%s, because hub %s does no more: a flash takes an hour", speed,
                             hub->port);
    else if (board->hub_count)
        check = x8_check_add(look->out, X8_CHECK_FAIL, "usb-speed", about,
                             "%s behind %zu hub%s: a flash takes an hour", speed, board->hub_count,
                             board->hub_count == 1 ? "" : "s");
    else
        check = x8_check_add(look->out, X8_CHECK_FAIL, "usb-speed", about,
                             "%s instead of 480 Mbit/s: a flash takes an hour", speed);
    x8_check_next(check, hub ? "plug the board in without that hub"
                             : "plug it into the computer itself, with another cable");
    return 1;
}

static int check_hubs(struct x8_look *look, const struct x8_tree_board *board, const char *about)
{
    struct x8_check *check;

    if (board->hub_count <= HUBS_FINE)
        return 0;
    check = x8_check_add(look->out, X8_CHECK_WARN, "usb-hubs", about,
                         "%zu hubs between the computer and the board: links of this kind fail at "
                         "random",
                         board->hub_count);
    x8_check_next(check, "plug it nearer to the computer");
    return 1;
}

static int check_power(struct x8_look *look, const struct x8_tree_board *board, const char *about)
{
    int found = 0;

    for (size_t i = 0; i < board->hub_count; i++) {
        const struct x8_tree_hub *hub = &board->hubs[i];
        struct x8_check *check;

        if (!hub->is_unpowered)
            continue;
        check = x8_check_add(look->out, X8_CHECK_WARN, "usb-power", about,
                             "hub %s%s%s has no supply of its own: its port gives %d mA for "
                             "everything behind it, the board alone asks for %u",
                             hub->port, hub->product[0] ? " " : "", hub->product, PORT_MA,
                             board->milliamperes ? board->milliamperes : 500u);
        x8_check_next(check, "give the hub a power supply, or plug the board into the computer");
        found = 1;
    }
    return found;
}

static int check_autosuspend(struct x8_look *look, const struct x8_tree_board *board,
                             const char *about)
{
    struct x8_check *check;

    if (!board->is_autosuspended)
        return 0;
    check = x8_check_add(look->out, X8_CHECK_WARN, "usb-autosuspend", about,
                         "the computer puts the board's port to sleep when it is idle "
                         "(power/control is auto)");
    x8_check_next(check, "echo on | sudo tee /sys/bus/usb/devices/%s/power/control", board->port);
    x8_check_fix(check, X8_FIX_AUTOSUSPEND, board->port);
    return 1;
}

static void check_board(struct x8_look *look, const struct x8_tree_board *board)
{
    char about[64];
    int found;

    x8_tree_about(board, about);
    found = check_speed(look, board, about);
    found |= check_hubs(look, board, about);
    found |= check_power(look, board, about);
    found |= check_autosuspend(look, board, about);
    if (!found)
        x8_check_add(look->out, X8_CHECK_OK, "usb-link", about, "%u Mbit/s, %zu hub%s between",
                     board->speed, board->hub_count, board->hub_count == 1 ? "" : "s");
}

void x8_check_usb(struct x8_look *look)
{
    struct x8_check *check;

    for (size_t i = 0; i < look->tree.count; i++)
        check_board(look, &look->tree.boards[i]);
    if (look->tree.count)
        return;
    check = x8_check_add(look->out, X8_CHECK_SKIPPED, "usb-link", "usb",
                         look->tree.has_bus ? "no board is on USB"
                                            : "this system has no USB (/sys/bus/usb is missing)");
    x8_check_next(check, look->tree.has_bus ? "if one is plugged in: another cable, one that "
                                              "carries data; x8ctl guide"
                                            : "");
}
