/*
 * Inside the room: one look at the computer, which the checks share, and the checks themselves.
 */
#ifndef X8_DOCTOR_PARTS_H
#define X8_DOCTOR_PARTS_H

#include "doctor/doctor.h"
#include "doctor/tree.h"
#include "doctor/udev.h"

/* What had to be waited for. */
struct x8_waited {
    int adb; /* 1: a server answers, 0: none, negative: something else does */
    unsigned adb_version;
    int net; /* boards that answered, or a negative code */
    struct x8_error net_error;
};

struct x8_look {
    const struct x8_host *host;
    struct x8_tree tree;
    struct x8_udev_report udev;
    struct x8_waited waited;
    char container[32]; /* "docker", "lxc", ... or "" */
    char wsl;           /* 0, or '1' and '2' */
    char user[64];
    struct x8_checks *out;
};

void x8_check_place(struct x8_look *look); /* virtual machine, WSL, container, sandbox */
void x8_check_rules(struct x8_look *look); /* udev rules, rights on the boards' nodes */
void x8_check_usb(struct x8_look *look);   /* speed, hubs, power of each board */
void x8_check_modemmanager(struct x8_look *look);
void x8_check_adb_server(struct x8_look *look);
void x8_check_flashers(struct x8_look *look);
void x8_check_disks(struct x8_look *look);   /* room and rights of cache and state */
void x8_check_cache(struct x8_look *look);   /* what lies in the cache */
void x8_check_updates(struct x8_look *look); /* journals of updates that did not end */
void x8_check_clock(struct x8_look *look);
void x8_check_network(struct x8_look *look); /* multicast DNS */
void x8_check_proxy(struct x8_look *look);

/* "docker" and so on, or "" (place.c). */
void x8_container_name(const struct x8_host *host, char *out, size_t cap);
/* '1', '2', or 0. */
char x8_wsl_version(const struct x8_host *host);

#endif
