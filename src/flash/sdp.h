/*
 * SDP, the HID serial download protocol of i.MX boot ROMs and U-Boot's SPL, and SDPS, its streaming
 * successor. Everything runs over a struct x8_transport of kind HID. Source: U-Boot f_sdp.c and NXP
 * mfgtools (wire format, words), U-Boot mach-imx/hab.h (HAB words).
 *
 * Errors of all calls: those of the transport; X8_E_REFUSED for wrong acknowledgements, HAB
 * refusals (decoded) and unknown report ids, with the board's own bytes in the message.
 */
#ifndef X8_FLASH_SDP_H
#define X8_FLASH_SDP_H

#include "flash/chips.h"
#include "flash/ivt.h"
#include "link/transport.h"

struct x8_sdp {
    struct x8_transport *link; /* borrowed */
    const struct x8_op *op;    /* borrowed */
    const struct x8_rom *rom;  /* borrowed */
    int timeout_ms;            /* per report */
    int is_closed; /* set from report 3: 1 when HAB is enabled (ROM only; the SPL always says open)
                    */
    void (*on_data)(void *ctx, uint64_t done, uint64_t total); /* may be NULL */
    void *ctx;
};

/* WRITE_FILE, cut into segments as the ROM wants them. */
int x8_sdp_write(struct x8_sdp *sdp, uint32_t addr, struct x8_span data, struct x8_error *err);
int x8_sdp_dcd_write(struct x8_sdp *sdp, uint32_t addr, struct x8_span dcd, struct x8_error *err);
int x8_sdp_skip_dcd(struct x8_sdp *sdp, struct x8_error *err);

/*
 * JUMP_ADDRESS. 0 when the board went away or stayed silent after report 3 as it should; a report 4
 * is a HAB refusal: X8_E_REFUSED with status, reason, context and engine in words.
 */
int x8_sdp_jump(struct x8_sdp *sdp, uint32_t addr, struct x8_error *err);
int x8_sdp_status(struct x8_sdp *sdp, uint32_t *out_word, struct x8_error *err);
int x8_sdp_read_register(struct x8_sdp *sdp, uint32_t addr, unsigned bits, uint32_t *out,
                         struct x8_error *err);
int x8_sdp_write_register(struct x8_sdp *sdp, uint32_t addr, unsigned bits, uint32_t value,
                          struct x8_error *err);

struct x8_boot_options {
    int no_jump, clear_dcd;
    int has_dcd_addr;
    uint32_t dcd_addr;
    uint64_t scan_limit; /* 0: none */
    int barebox;
};

/* `SDP: jump -f`: skip the DCD, or clear it in the image that was loaded, as the chip wants, and
 * jump to the IVT. `clear_dcd` is the script's -cleardcd. */
int x8_sdp_ivt_jump(struct x8_sdp *sdp, const struct x8_ivt *ivt, int clear_dcd,
                    struct x8_error *err);

/* `SDP: boot -f`: DCD, load, skip or clear DCD, jump. */
int x8_sdp_boot(struct x8_sdp *sdp, struct x8_span file, const struct x8_boot_options *options,
                struct x8_error *err);

/* `SDPS: boot -f`: one stream of reports from `offset` on, without any answer. */
int x8_sdps_boot(struct x8_sdp *sdp, struct x8_span file, uint64_t offset, struct x8_error *err);

/* "invalid signature (reason 0x18) in authenticated data (0xdb), engine CAAM (0x1d), status failure
 * (0x33)". Pure. */
void x8_hab_text(char out[160], uint32_t word);

#endif
