/*
 * What the files behind target.h share. target.c finds and merges, target_probe.c asks the boards
 * that run, target_words.c puts into words what is known, target_pick.c chooses, target_open.c and
 * target_link.c make a session, target_wait.c follows a board through a restart. Of boards on the
 * network target_net.c knows what was found, target_search.c how, and target_ssh.c the way there.
 */
#ifndef X8_BOARD_TARGET_PARTS_H
#define X8_BOARD_TARGET_PARTS_H

#include "board/target.h"
#include "util/json.h"

/* A growing list of targets in one heap array. */
struct x8_target_list {
    struct x8_target *items;
    size_t count, cap;
};

/* A zeroed one more, or NULL without memory. */
struct x8_target *x8_target_add(struct x8_target_list *list);

/* --- merging; pure --- */

/* One row for each board on the bus. -1 without memory. */
int x8_targets_add_boards(struct x8_target_list *list, const struct x8_board *boards, size_t count);

/*
 * What an adb server knows: joined to the board on the same port or with the same serial number,
 * else a row of its own with `unproven` set. Devices that the bus shows to be something else are
 * left out. `devices` are all on the bus. -1 without memory.
 */
int x8_targets_add_adb(struct x8_target_list *list, const struct x8_adb_device *known, size_t count,
                       const struct x8_device *devices, size_t device_count);

/* A row for an address, unless one is there. X8_E_USAGE, X8_E_INTERNAL. */
int x8_targets_add_address(struct x8_target_list *list, const char *address, struct x8_error *err);

/* A row for "HOST[:PORT]" of ssh, unless one is there. X8_E_USAGE, X8_E_INTERNAL. */
int x8_targets_add_net(struct x8_target_list *list, const char *address, struct x8_error *err);

/*
 * A host that the network announces: joined to the running board with its serial number, or to the
 * row that was asked for under its name or one of its addresses; else a row of its own when it is a
 * board by its name, or one of the user's names is its host name. -1 without memory.
 */
int x8_targets_add_host(struct x8_target_list *list, const struct x8_mdns_host *host,
                        const struct x8_json *names);

/* 1 when there is no way to it but the network's. */
int x8_target_is_net_only(const struct x8_target *target);

/* After probing: leave out what is no X8 and join rows that turned out to be one board. */
void x8_targets_join(struct x8_target_list *list);

/* --- words; pure --- */

/* Fill serial, name, label, where and links from what is known. `names`: the user's, or NULL. */
void x8_target_name(struct x8_target *target, const struct x8_json *names);

/* Fill state, trouble, note and next from what is known without asking the board. */
void x8_target_judge(struct x8_target *target);

/* A board that should answer and does not: what its row says. */
void x8_target_note_error(struct x8_target *target, const struct x8_error *error);

/* 1 when a running adb server has the board ready for use. */
int x8_target_is_served(const struct x8_target *target);

/* The user's names as one object, or NULL where there are none (names.c). */
struct x8_json *x8_names_load(const char *path);
/* The serial number that has this name, or NULL. */
const char *x8_names_serial(const struct x8_json *names, const char *name);
/* The name of a serial number in it, or NULL. */
const char *x8_names_find(const struct x8_json *names, const char *serial);

/* --- the network --- */

/* A search in a thread of its own, or in the caller's. */
struct x8_search {
    const struct x8_op *op;
    const struct x8_reach *reach;
    struct x8_mdns_host *hosts; /* as they were told last */
    size_t count;
    /* Called with each host as it comes; 1: that is enough. Or NULL. */
    int (*is_enough)(void *ctx, const struct x8_mdns_host *host);
    void *ctx;
    int is_told; /* a long search says how many boards have come */
    struct x8_cancel over;
    pthread_t thread;
    int is_started, rc;
    struct x8_error err;
};

/* Search, to the end of the time or until it is enough. 0 or a negative code. */
int x8_search_run(struct x8_search *search, struct x8_error *err);
/* The same beside the caller; x8_search_join waits for it and says how it ended, as often as it is
 * asked (`err` may be NULL). */
void x8_search_start(struct x8_search *search);
int x8_search_join(struct x8_search *search, struct x8_error *err);
void x8_search_done(struct x8_search *search);
/* What it found, as rows of the list; with `probe_ms` those that are only there are asked. */
void x8_search_take(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                    const struct x8_search *search, const struct x8_json *names, int probe_ms,
                    struct x8_target_list *list);

/* --- for who watches (target_shown.c) --- */

struct x8_shown {
    const struct x8_find_view *view; /* NULL: nobody does */
    struct x8_json *names;
    pthread_mutex_t lock;
    struct x8_target_list rows; /* as they were shown last, without the network's */
    struct x8_mdns_host *hosts;
    size_t host_count;
};

/* -1 without memory. */
int x8_shown_begin(struct x8_shown *shown, const struct x8_find_view *view, const char *names_path);
void x8_shown_done(struct x8_shown *shown);
/* These are the rows now, each named and judged. */
void x8_shown_rows(struct x8_shown *shown, const struct x8_target_list *list);
/* The network told of one more: an is_enough of struct x8_search, with the struct x8_shown. */
int x8_shown_host(void *ctx, const struct x8_mdns_host *host);

/* --- links --- */

/* A session by ssh. */
int x8_target_open_ssh(const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_target *target, struct x8_session **out,
                       struct x8_error *err);

/* The same to find out who it is: nobody is asked anything. What would have been asked is told:
 * then *out_asked is a word for it, and the board is as it should be. */
int x8_target_probe_ssh(const struct x8_op *op, const struct x8_reach *reach,
                        const struct x8_target *target, struct x8_session **out,
                        const char **out_asked, struct x8_error *err);

/*
 * Open a device on the bus for ADB, with its port locked for as long as the link is open. A lock
 * that another run holds is waited for until `deadline`, at most some seconds: X8_E_BUSY then.
 */
int x8_target_open_usb(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_device *device, struct x8_transport **out,
                       struct x8_error *err);

#endif
