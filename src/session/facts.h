/*
 * What a running board says about itself, in one command.
 */
#ifndef X8_SESSION_FACTS_H
#define X8_SESSION_FACTS_H

#include "session/osrelease.h"
#include "session/root.h"

/* A value. Empty strings and 0 mean: it did not say. */
struct x8_facts {
    struct x8_os_release os;
    char serial[40]; /* of the chip: upper-case hexadecimal as the board writes it */
    char hostname[72], kernel[96], user[40], boot_id[40];
    char password[12]; /* of the user: none, expired, set; images whose passwd does not say: "" */
    char carrier[24];  /* breakout, max, hat, mid, none; free text where customised */
    char hat[64];
    char m7_version[64]; /* firmware of the STM32H7, from the kernel driver */
    char usb_role[16];   /* device, host */
    uint64_t uptime_s;
    int64_t clock_s; /* the board's clock, seconds since 1970 */
    uint64_t root_size, root_free, tmp_size, tmp_free, var_size, var_free; /* bytes */
    int has_docker, has_ostree, has_nmcli, has_aklite, has_openocd, has_sudo;
    int is_ostree;                                 /* /run/ostree-booted exists */
    char units_failed[256];                        /* names, space separated */
    char adbd[16], ssh[16], docker[16], proxy[16]; /* systemctl is-active */
    char addresses[256]; /* "wlan0 192.168.1.50/24, eth0 ..." without loopback */
};

/* Ask everything with one command, without root. X8_E_TIMEOUT, X8_E_GONE, X8_E_LINK; what the board
 * lacks stays empty. */
int x8_facts_probe(struct x8_session *session, const struct x8_op *op, int timeout_ms,
                   struct x8_facts *out, struct x8_error *err);

/* The short form for lists: os-release, serial number, hostname, carrier, password. */
int x8_facts_probe_short(struct x8_session *session, const struct x8_op *op, int timeout_ms,
                         struct x8_facts *out, struct x8_error *err);

/* What the probe command printed. Pure. */
int x8_facts_parse(struct x8_span text, struct x8_facts *out, struct x8_error *err);

/* The name the board takes on the network: portenta-x8- and the serial number in lower case without
 * leading zeros. */
void x8_facts_default_name(const char *serial, char *out, size_t cap);

#endif
