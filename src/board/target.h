/*
 * A board wherever it was seen: on USB in any state, known to an adb server, announced on the
 * network, or named by its address. One row per board, and the way to a session with it.
 */
#ifndef X8_BOARD_TARGET_H
#define X8_BOARD_TARGET_H

#include "adb/server.h"
#include "board/select.h"
#include "net/mdns.h"
#include "net/ssh.h"
#include "session/facts.h"

enum x8_via { X8_VIA_AUTO, X8_VIA_USB, X8_VIA_ADB, X8_VIA_TCP, X8_VIA_NET };

/* Boards on the network, and what ssh needs for them. */
struct x8_net_reach {
    int search_ms; /* how long the network is searched for boards; 0: never */
    int is_wide;   /* x8_targets_find searches, too, beside everything else it does */
    const struct x8_mdns_host *hosts; /* what x8_net_search found, for x8_targets_find: it takes */
    size_t host_count;                /* these as they are; with is_wide it ignores them */
    struct x8_ssh_way way; /* but for host, port and key_alias; no asker: nobody is asked */
};

/* How boards are reached; filled by cmd/ from options and environment. */
struct x8_reach {
    uint16_t adb_port;      /* of the adb server; 0: none is asked */
    const char *key_path;   /* the user's ADB private key, or NULL */
    const char *names_path; /* the file with the user's names for boards, or NULL */
    enum x8_via via;
    struct x8_net_reach net;
    /* The lock file of a name ("usb-1-4.2"), so that two runs do not meet on one interface; NULL:
     * no locks. */
    void (*lock_path)(const char *name, char *out, size_t cap);
};

struct x8_target {
    int has_usb; /* `usb` is set: on a bus of this computer */
    struct x8_board usb;
    int has_adb; /* `adb` is set: an adb server knows it */
    struct x8_adb_device adb;
    char host[256]; /* ADB over TCP at this address; "" when not */
    uint16_t port;
    int has_net;         /* ssh reaches it, at `net_host` */
    char net_name[72];   /* the name that it announces on the network, without .local, or "" */
    char net_serial[20]; /* the serial number that is in that name, or "" */
    char net_host[256];  /* its address, or what the user said */
    char net_addresses[X8_MDNS_ADDRESSES][64]; /* all that it announces, the best first */
    size_t net_address_count;
    uint16_t net_port;          /* 0: 22, or what ~/.ssh/config says */
    char serial[X8_STRING_LEN]; /* as the board says; "" when unknown */
    char name[64];              /* the user's own name, or "" */
    char label[X8_STRING_LEN];  /* for messages: name, else serial, else where */
    char where[256];            /* "usb 1-4.2, 192.168.1.50", "tcp 10.0.0.5:5555" */
    char links[32];             /* "usb", "adb", "adb net": what can be used now */
    enum x8_mode mode;          /* X8_MODE_LINUX for one that is only known by ADB */
    char state[24];             /* word of the STATE column: rom, linux, no-access, unauthorized,
                                   offline, busy, mute, no-adb, ... */
    int unproven; /* only a server or an address says that this is a board; nobody asked it yet */
    int probed;   /* `facts` are set */
    int is_up;    /* its ssh answered, and would ask a person something before it lets in */
    struct x8_facts facts;
    enum x8_code trouble;     /* X8_OK, or why it cannot be used as it is */
    char note[256], next[96]; /* reason and fix, or "" */
    int needs_care;
};

/*
 * All boards, each once, in the order of their places. With `probe`, running boards are asked for
 * their image and carrier, all at the same time and for at most `probe_ms`; one that does not
 * answer is listed with the reason. `addresses`: further boards by "HOST[:PORT]" of their ADB
 * daemon, or "net:HOST[:PORT]" of their ssh. *out is one heap
 * array: free() it. Count or a negative code. A bus that cannot be read is an error only when
 * there is no adb server either, and the network is not searched.
 */
int x8_targets_find(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                    const char *const *addresses, size_t address_count, int probe_ms,
                    struct x8_target **out, struct x8_error *err);

/* Told of what is known so far whenever that is more: from any thread, one call at a time, and not
 * after the end. The rows are the callee's to look at, no longer than it runs. */
struct x8_find_view {
    void (*show)(void *ctx, const struct x8_target *rows, size_t count);
    void *ctx;
};

/* The same for somebody who watches. */
int x8_targets_find_shown(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                          const char *const *addresses, size_t address_count, int probe_ms,
                          const struct x8_find_view *view, struct x8_target **out,
                          struct x8_error *err);

/*
 * Search the network for boards and add them to the `*count` targets of the heap array *targets,
 * joined to those that they are. Ends early when each of the selectors (if there are any) has its
 * board. With `probe_ms`, boards that are only there are asked as x8_targets_find does. The new
 * number, or a negative code (and then the array is as it was): X8_E_NETWORK when no network could
 * be asked. With search_ms 0 nothing is done.
 */
int x8_targets_search(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                      const char *const *selectors, size_t selector_count, int probe_ms,
                      struct x8_target **targets, size_t *count, struct x8_error *err);

/* All that the network announces in search_ms, in the order of its names. *out is one heap array:
 * free() it. Count or a negative code. */
int x8_net_search(const struct x8_op *op, const struct x8_reach *reach, struct x8_mdns_host **out,
                  struct x8_error *err);

/* 1 when a selector of -s says where on the network the board is, so that a search is not needed:
 * not so for a name that only the boards themselves know ("net:portenta-x8-...", "....local"). */
int x8_selector_is_place(const struct x8_selector *selector);

/* Ask these running boards for image and carrier, all at the same time and for at most `probe_ms`:
 * what x8_targets_find does with `probe_ms`, for some of them. */
void x8_targets_ask(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                    struct x8_target *const *targets, size_t count, int probe_ms);

/* As x8_select_boards, over targets; names, adb:HOST[:PORT] and net:HOST[:PORT] are further forms
 * of a selector. With a selector a board in another state than running is picked as well. */
int x8_targets_pick(const char *const *selectors, size_t selector_count, int all,
                    struct x8_target *targets, size_t count, struct x8_error *err);

/* "bench-1 usb 1-4.2 (linux), tcp 10.0.0.5:5555 (mute)", for messages; "no board" for none. */
void x8_targets_words(const struct x8_target *targets, size_t count, char *out, size_t cap);

/* "192.168.1.50", "[fe80::1%eth0]:2222": where ssh reaches it (has_net). */
void x8_target_place_on_net(const struct x8_target *target, char *out, size_t cap);

/* 1 when a selector means this target; exact: no suffix of its serial number. */
int x8_target_match(const struct x8_selector *selector, const struct x8_target *target,
                    int *out_exact);

/* Serial numbers are equal in any case and with or without leading zeros; empty ones never. */
int x8_serial_equal(const char *a, const char *b);

/*
 * Open a session by the best way: a running adb server that has the board, else its USB interface,
 * else TCP, else ssh; or the way that reach->via asks for. Errors say what holds the board when no
 * way works: X8_E_BUSY, X8_E_NO_PERMISSION, X8_E_AUTH, X8_E_WRONG_STATE (not running: how to get
 * there), X8_E_TIMEOUT, X8_E_GONE.
 */
int x8_target_open(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                   const struct x8_target *target, struct x8_session **out, struct x8_error *err);

/* The ssh key of a board, as it is shown to people. */
struct x8_host_key {
    char type[40], print[100]; /* "ssh-ed25519", "SHA256:..." */
};

/* How known_hosts calls the board. */
void x8_target_key_name(const struct x8_target *target, char *out, size_t cap);

/* The key that it shows now, whatever is known of it; nothing is said to it. */
int x8_target_host_key(const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_target *target, struct x8_host_key *out,
                       struct x8_error *err);

/* Store this key and no other, where none is known. */
int x8_target_keep_key(const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_target *target, const struct x8_host_key *key,
                       struct x8_error *err);

/*
 * After a restart: wait until the same board (port, serial number or address) answers with another
 * boot id than `old_boot_id`, or (mode ROM) shows up in flashing mode. *out (may be NULL) is the
 * target as seen then, *out_session (may be NULL; Linux only) a session with it. X8_E_NO_BOOT at
 * the deadline, with what was seen instead.
 */
int x8_target_wait(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                   const struct x8_target *target, enum x8_mode mode, const char *old_boot_id,
                   int64_t deadline, struct x8_target *out, struct x8_session **out_session,
                   struct x8_error *err);

/* The user's names for boards: a JSON object, serial number to name. Get: 1 when there is one, then
 * in `out`. Set: `name` NULL takes it away; X8_E_USAGE for a name that could not stand behind -s or
 * that another board has; the folder of `path` must be there. */
int x8_names_get(const char *path, const char *serial, char *out, size_t cap);
int x8_names_set(const char *path, const char *serial, const char *name, struct x8_error *err);
/* Call `each` for every name; how many, or a negative code. A file that is not there has none. */
int x8_names_each(const char *path, void (*each)(void *ctx, const char *serial, const char *name),
                  void *ctx, struct x8_error *err);

#endif
