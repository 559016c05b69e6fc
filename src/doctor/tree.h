/*
 * Boards on the USB of the computer and the hubs in front of them, as its /sys shows them.
 */
#ifndef X8_DOCTOR_TREE_H
#define X8_DOCTOR_TREE_H

#include "board/modes.h"
#include "doctor/host.h"

#define X8_TREE_HUBS 8 /* USB allows five in a row */

struct x8_tree_hub {
    char port[X8_PORT_LEN], product[64];
    unsigned speed;   /* Mbit/s, 0 unknown */
    int is_unpowered; /* it lives on what its own port gives */
};

struct x8_tree_board {
    char port[X8_PORT_LEN];
    enum x8_mode mode;
    unsigned speed, milliamperes;
    unsigned bus, address;
    char node[40], record[40]; /* the device node; udev's record of it */
    int is_autosuspended;      /* power/control says auto */
    struct x8_tree_hub hubs[X8_TREE_HUBS];
    size_t hub_count; /* those of the computer itself not counted */
};

struct x8_tree {
    int has_bus; /* /sys/bus/usb is there */
    struct x8_tree_board *boards;
    size_t count;
};
void x8_tree_done(struct x8_tree *tree);
#define X8_AUTO_TREE X8_CLEANUP(x8_tree_done) struct x8_tree

/* -1 without memory. */
int x8_tree_read(const struct x8_host *host, struct x8_tree *out);

/* "usb 3-1.4" */
void x8_tree_about(const struct x8_tree_board *board, char out[64]);

#endif
