/*
 * Which USB ids speak which protocol, and what each boot ROM wants. Source: the
 * tables of NXP mfgtools, in its match order. Its row 1d6b:0104 (any Linux gadget) is left out on
 * purpose.
 */
#ifndef X8_FLASH_CHIPS_H
#define X8_FLASH_CHIPS_H

#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

enum x8_proto {
    X8_PROTO_NONE,
    X8_PROTO_SDPS,
    X8_PROTO_SDP,
    X8_PROTO_SDPU,
    X8_PROTO_SDPV,
    X8_PROTO_FBK,
    X8_PROTO_FB,
    X8_PROTO_CFG
};

/* "SDP:" and so on (with colon), and back (case-insensitive, colon optional; FASTBOOT is FB).
 * X8_PROTO_NONE when unknown. */
const char *x8_proto_name(enum x8_proto proto);
enum x8_proto x8_proto_of(const char *name);

/* Order in which a board passes its stages: 1 ROM, 2 SPL, 3 fastboot, 4 FBK; 0 for CFG and none. */
int x8_proto_height(enum x8_proto proto);

struct x8_chip {
    enum x8_proto proto;
    char chip[16], compatible[16]; /* compatible may be "" */
    uint16_t vid, pid, bcd_min, bcd_max;
};

/* What the boot ROM (or SPL) of a chip wants. */
enum x8_dcd_policy { X8_DCD_NONE, X8_DCD_CLEAR, X8_DCD_SKIP };
struct x8_rom {
    const char *name;
    uint32_t free_addr;
    uint32_t segment;    /* bytes per WRITE_FILE, 0: no limit */
    uint16_t report_len; /* payload of report 2 */
    enum x8_dcd_policy dcd;
    uint8_t is_stream;          /* SDPS: no command block */
    uint8_t out_endpoint;       /* forced interrupt OUT endpoint, 0: as the descriptor says */
    uint8_t is_bltc;            /* MX28: 31-byte command block first */
    uint8_t sized_by_container; /* MX95 family: send the computed container size only */
    uint8_t to_end;             /* MX815 family: send to the end of the file */
    uint8_t two_stage;          /* barebox second WRITE_FILE allowed */
};

#define X8_CHIPS_MAX 96

/* The table, copied so that a script's CFG: lines can add rows for its own run. */
struct x8_chips {
    struct x8_chip rows[X8_CHIPS_MAX];
    size_t count;
};

void x8_chips_init(struct x8_chips *chips);

/* First matching row or NULL. */
const struct x8_chip *x8_chips_find(const struct x8_chips *chips, uint16_t vid, uint16_t pid,
                                    uint16_t bcd);

/*
 * A CFG: row. Overwriting a built-in row with another protocol is X8_E_REFUSED (it breaks flashing
 * silently); the same protocol is replaced, new ids are appended.
 */
int x8_chips_add(struct x8_chips *chips, const struct x8_chip *row, struct x8_error *err);

/* By chip name, then by compatible name; NULL when unknown. */
const struct x8_rom *x8_rom_of(const struct x8_chip *chip);

#endif
