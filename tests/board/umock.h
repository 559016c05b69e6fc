/*
 * x8-board: virtual boards on the USB of any program, through umockdev. Not part of the product.
 *
 * How it works: umockdev's preload library redirects /sys and /dev/bus/usb of the program under
 * test to a folder, and every usbfs ioctl to a socket. This process owns both ends: umock_nodes.c
 * makes boards come and go in the folder, umock_ioctl.c answers the ioctls, umock_urb.c moves
 * transfers in and out of the model (vboard.h), umock_clock.c gives the model its time and
 * completes transfers when their end on the wire is due. umock_linux*.c runs the daemon of a board
 * whose Linux has one.
 *
 * Threads: umockdev's worker runs the ioctl handlers, the clock thread everything that happens by
 * itself (arrivals and departures too), the main thread waits for the program. One lock guards all
 * boards. An ioctl is completed with the lock released: completing may run the next handler inside
 * the call.
 */
#ifndef UMOCK_H
#define UMOCK_H

#include "vboard.h"

#include <linux/usbdevice_fs.h>
#include <pthread.h>
#include <stdio.h>
#include <umockdev.h>

#define UM_MAX_BOARDS 8
#define UM_MAX_IFACES 4
/* A reap with transfers in flight is held this long: the node is a regular file, for which poll()
 * always says ready, and libusb would spin. */
#define UM_HOLD_US 2000
/* A reap that may block is interrupted after this time: the descriptor takes one ioctl at a time,
 * and another thread may have a transfer to submit. */
#define UM_BLOCK_US 1000
/* A claim that meets another holder waits this long for a close that is still on its way through
 * its own socket. */
#define UM_CLAIM_WAIT_US 100000

struct um_client;
struct um_linux;
struct um_node;

/*
 * One transfer of the program. `data` is its struct usbdevfs_urb, `buffer` its bytes, both copies
 * of its memory. What the board sends is gathered in `in` and copied at the end: umockdev may still
 * be comparing `buffer` with the program's memory in its own thread when the first bytes come.
 */
struct um_urb {
    struct um_urb *next;
    struct um_client *client;
    UMockdevIoctlData *data, *buffer;
    uint8_t *in;           /* `len` bytes; NULL for transfers towards the board */
    unsigned long address; /* in the program: what DISCARDURB names */
    uint8_t type, endpoint;
    unsigned flags;
    size_t len, actual;
    int status;
    int64_t ready_us;
};

struct um_queue {
    struct um_urb *head, **tail;
};

enum um_held { UM_HELD_NONE, UM_HELD_REAP, UM_HELD_CLAIM };

/* One open file descriptor of the program on one node. */
struct um_client {
    struct um_client *next;
    struct um_node *node;
    UMockdevIoctlClient *gobj; /* owned while an ioctl is held, else borrowed */
    struct um_queue done;
    unsigned flying; /* transfers not completed yet */
    unsigned idle;   /* reaps since the last one that brought something */
    enum um_held held;
    int may_block; /* the reap that is held */
    off_t read_at;
    UMockdevIoctlData *held_arg;
    unsigned held_iface;
    int64_t held_until;
};

/* One arrival of one board: a device node that is never used again after the board left. */
struct um_node {
    struct um_node *older;
    struct um_board *board;
    unsigned devnum;
    uint64_t attach;
    char devnode[40], syspath[64];
    int gone, denied, full_speed;
    int is_pollable;   /* the node is a terminal, if one can be had */
    int tty, is_ready; /* umock_tty.c; -1 for a regular file */
    uint8_t descriptors[18 + 512];
    size_t descriptors_len;
    int driver[UM_MAX_IFACES]; /* a kernel driver is bound */
    struct um_client *claimed[UM_MAX_IFACES];
    struct um_client *clients;
    struct um_queue pending, flying;
    UMockdevIoctlBase *handler;
};

struct um_board {
    struct um_world *world;
    struct vb *vb;
    char words[4096];
    struct um_node *node; /* what is on the bus now */
    struct um_node *nodes;
    struct vb_descriptors seen;
    int64_t next_us;
    int plays_driver;          /* usbhid=1 */
    int has_daemon;            /* adbd= */
    struct um_linux *linux_os; /* adbd=, else NULL; with the lock */
};

struct um_world {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t clock;
    int stop;
    int64_t sleeps_until; /* of the clock thread */
    UMockdevTestbed *testbed;
    char *root; /* folder of the testbed */
    struct um_board boards[UM_MAX_BOARDS];
    size_t count;
    unsigned last_devnum;
    uint8_t has_socket[128];         /* device numbers that were in use */
    size_t in_flight, in_flight_max; /* bytes, as usbfs_memory_mb counts them */
};

/* An ioctl to be answered after the lock was released. */
struct um_answer {
    UMockdevIoctlClient *gobj;
    long result;
    int error;
};

struct um_answers {
    struct um_answer list[32];
    size_t count;
};

#define UM_HOLD (-1) /* the ioctl is answered later */

/* One ioctl on its way. */
struct um_call {
    struct um_node *node;
    struct um_client *client;
    UMockdevIoctlClient *gobj;
    UMockdevIoctlData *arg; /* pointer-sized: the third argument of ioctl() */
    struct um_answers answers;
};

/* umock_clock.c */
int64_t um_now_us(void);
int um_clock_start(struct um_world *world);
void um_clock_stop(struct um_world *world);
/* Bring one board to the present: model, transfers, held ioctls. With the lock. */
void um_board_step(struct um_board *board, struct um_answers *answers);
/* Something changed that the clock thread may have to look at earlier than planned. With the lock.
 */
void um_clock_nudge(struct um_world *world, const struct um_board *board);
/* Send answers. Without the lock. */
void um_answer_all(struct um_answers *answers);

/* umock_nodes.c; without the lock, by one thread at a time */
int um_nodes_open(struct um_world *world);
/* Make the bus show what the model says. 1 when something changed. */
int um_nodes_sync(struct um_board *board);
void um_nodes_close(struct um_world *world);

/* umock_tty.c: the node at `path` in the testbed. 0, or -1 where there are no terminals. */
int um_tty_make(struct um_node *node, const char *path);
/* Let poll() say whether there is something to reap. With the lock. */
void um_tty_tell(struct um_node *node);

/* umock_ioctl.c */
/* The memory behind the argument, with a reference; NULL when the program is gone. Talks to it: not
 * with the lock. */
void *um_argument(struct um_call *call, size_t len, UMockdevIoctlData **out);
/* An argument that points to a number. 0 or an errno. */
int um_argument_number(struct um_call *call, unsigned *out);
void um_call_lock(struct um_call *call);
/* Let the consequences happen, then release the lock. */
void um_call_unlock(struct um_call *call);
/* Answer later, at `until` at the latest; takes the reference `arg`. Returns UM_HOLD. */
int um_call_hold(struct um_call *call, enum um_held held, UMockdevIoctlData *arg, int64_t until);
gboolean um_on_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *gobj, gpointer user);
/* read() gives the descriptors. */
gboolean um_on_read(UMockdevIoctlBase *base, UMockdevIoctlClient *gobj, gpointer user);

/* umock_claim.c: one function for each ioctl. 0, an errno or UM_HOLD */
int um_claim(struct um_call *call);
int um_disconnect_claim(struct um_call *call);
int um_release(struct um_call *call);
int um_get_driver(struct um_call *call);
int um_driver_ioctl(struct um_call *call);

/* umock_urb.c; with the lock */
void um_queue_init(struct um_queue *queue);
void um_queue_add(struct um_queue *queue, struct um_urb *urb);
int um_urb_submit(struct um_client *client, struct um_urb *urb);
int um_urb_discard(struct um_client *client, unsigned long address);
void um_urb_free(struct um_urb *urb);
/* Where the bytes of the board go, for a transfer that brings some; after `buffer` is known. */
void um_urb_room(struct um_urb *urb);
/* Into the program's memory, as far as it was filled. */
void um_urb_deliver(struct um_urb *urb);
/* Offer what waits to the model and move what is due to its program. Returns when the next transfer
 * is due. */
int64_t um_urbs_pump(struct um_node *node, int64_t now);
/* End everything that is under way with `status` (-ESHUTDOWN, -ENOENT). */
void um_urbs_end(struct um_node *node, const struct um_client *only, int status);

/* umock_run.c */
struct um_run {
    char **argv;
    int64_t limit_s;
    const char *pid_file;
    int drop_override; /* take from a privileged program what lets it open everything */
};
/* Start again with umockdev's library preloaded, unless it is. Returns only if it is, or on error
 * (-1). */
int um_reexec(char **argv);
/* Run the program to its end. Its exit status as a shell gives it; 124 at the limit, 127 when it
 * cannot be started. */
int um_run(const struct um_run *run);
void um_run_block_signals(void);

/* umock_report.c */
int um_report(struct um_world *world, const char *path);
/* 0 equal, 1 different, -1 cannot tell. */
int um_compare(struct um_world *world, const char *spec);

/* umock_control.c: lines from a FIFO: "BOARD unplug [BACK_MS]", BOARD counted from 0. */
int um_control_start(struct um_world *world, const char *path);

#endif
