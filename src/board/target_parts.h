/*
 * What the files behind target.h share. target.c finds and merges, target_probe.c asks the boards
 * that run, target_words.c puts into words what is known, target_pick.c chooses, target_open.c and
 * target_link.c make a session, target_wait.c follows a board through a restart.
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
/* The name of a serial number in it, or NULL. */
const char *x8_names_find(const struct x8_json *names, const char *serial);

/* --- links --- */

/*
 * Open a device on the bus for ADB, with its port locked for as long as the link is open. A lock
 * that another run holds is waited for until `deadline`, at most some seconds: X8_E_BUSY then.
 */
int x8_target_open_usb(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_device *device, struct x8_transport **out,
                       struct x8_error *err);

#endif
