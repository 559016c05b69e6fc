/*
 * SDP packets: what sdp_wire.c offers to sdp.c, sdp_boot.c and sdps.c. Nobody else includes this.
 *
 * Source: U-Boot f_sdp.c, NXP mfgtools. All functions return 0 or a negative code; errors of the
 * transport are prefixed with the command and what was being done.
 */
#ifndef X8_FLASH_SDP_WIRE_H
#define X8_FLASH_SDP_WIRE_H

#include "flash/sdp.h"

#define X8_SDP_ANSWER_CAP 65 /* report 4 at its longest, id included */

enum {
    X8_SDP_READ_REGISTER = 0x0101,
    X8_SDP_WRITE_REGISTER = 0x0202,
    X8_SDP_WRITE_FILE = 0x0404,
    X8_SDP_ERROR_STATUS = 0x0505,
    X8_SDP_DCD_WRITE = 0x0a0a,
    X8_SDP_JUMP_ADDRESS = 0x0b0b,
    X8_SDP_SKIP_DCD = 0x0c0c,
};

/* Report 1. */
struct x8_sdp_block {
    uint16_t command;
    uint32_t address;
    uint8_t format; /* bits of a register, else 0 */
    uint32_t count, data;
};

const char *x8_sdp_command_name(uint16_t cmd);

/* "the SPL" or "the boot ROM". */
const char *x8_sdp_who(const struct x8_sdp *sdp);

/* `timeout_ms` cut to what the operation has left; at least 1. */
int x8_sdp_limit(const struct x8_sdp *sdp, int timeout_ms);

/* Send report 1. Looks at the stop token first: between commands is a safe point. */
int x8_sdp_command(struct x8_sdp *sdp, const struct x8_sdp_block *block, struct x8_error *err);

/*
 * `data` as report 2s, the last one padded with zeros. Progress is told as before + sent of total;
 * *out_sent is what went out, also on failure. Errors: those of the transport, without a prefix.
 */
int x8_sdp_stream(struct x8_sdp *sdp, struct x8_span data, uint64_t before, uint64_t total,
                  size_t *out_sent, struct x8_error *err);

/* The data phase of `cmd`. */
int x8_sdp_send_data(struct x8_sdp *sdp, uint16_t cmd, struct x8_span data, uint64_t before,
                     uint64_t total, struct x8_error *err);

/* One answer, unchecked. Length or a negative code, without a prefix. */
ssize_t x8_sdp_answer(struct x8_sdp *sdp, uint8_t bytes[X8_SDP_ANSWER_CAP], int timeout_ms,
                      struct x8_error *err);

/* Report 3: check it and keep the security state. */
int x8_sdp_take_state(struct x8_sdp *sdp, uint16_t cmd, struct x8_span report,
                      struct x8_error *err);

/* A report `id` (3 or 4): check it and take its word. Long reports are fine, other ids are not. */
int x8_sdp_take_word(struct x8_sdp *sdp, uint16_t cmd, uint8_t id, struct x8_span report,
                     uint32_t *out, struct x8_error *err);

/* Read report 3, then report 4 and its word. */
int x8_sdp_word_of(struct x8_sdp *sdp, uint16_t cmd, uint32_t *out, struct x8_error *err);

/* Prefix an error of the transport; `doing` stands between command and partner: "answer of". */
int x8_sdp_broken(const struct x8_sdp *sdp, uint16_t cmd, const char *doing, int rc,
                  struct x8_error *err);

/* Up to 8 bytes as "12 8a 8a 12". */
void x8_sdp_hex(char out[3 * 8 + 1], const uint8_t *bytes, size_t len);

/* WRITE_FILE for a board that starts what it got and answers no more. */
int x8_sdp_write_unanswered(struct x8_sdp *sdp, uint32_t addr, struct x8_span data,
                            struct x8_error *err);

#endif
