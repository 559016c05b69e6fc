/*
 * Fastboot as NXP's U-Boot speaks it, over a struct x8_transport of kind FASTBOOT. Source:
 * NXP U-Boot f_fastboot.c and fb_fsl.
 *
 * Errors of all calls: those of the transport; X8_E_REFUSED when the board says FAIL, with its
 * words; X8_E_LINK for replies that are no fastboot (shown in the message). INFO lines go out as
 * X8_EV_DETAIL.
 */
#ifndef X8_FLASH_FASTBOOT_H
#define X8_FLASH_FASTBOOT_H

#include "link/transport.h"
#include "util/buf.h"

#define X8_FB_REPLY_LEN                                                                            \
    64 /* bytes of one reply packet, tag included (some devices send up to 256: read with room) */
#define X8_FB_COMMAND_MAX 4095 /* below the loader's 4096-byte buffer */

struct x8_fastboot {
    struct x8_transport *link; /* borrowed */
    const struct x8_op *op;    /* borrowed */
    int timeout_ms;            /* for replies that need no work on the board */
};

/*
 * Send a command and read until OKAY or FAIL, at most `timeout_ms` of silence. `reply` (may be
 * NULL) gets the text of OKAY, cleaned; commands whose length is a multiple of 64 get one trailing
 * space, as the loader needs a short packet. Too long is X8_E_USAGE.
 */
int x8_fb_command(struct x8_fastboot *fb, const char *command, int timeout_ms, char reply[256],
                  struct x8_error *err);

/* getvar; text of the OKAY packet only. X8_E_REFUSED for unknown variables. */
int x8_fb_getvar(struct x8_fastboot *fb, const char *name, char value[256], struct x8_error *err);
/* As a number in any base the board likes ("0x200", "200" decimal, "1048576"); X8_E_REFUSED when it
 * is none. */
int x8_fb_getvar_u64(struct x8_fastboot *fb, const char *name, uint64_t *value,
                     struct x8_error *err);

/* download:%08x, data, OKAY. */
int x8_fb_download(struct x8_fastboot *fb, const void *data, size_t len, struct x8_error *err);
/* flash:PARTITION; the answer comes when the board has written, so `timeout_ms` follows the work
 * announced. */
int x8_fb_flash(struct x8_fastboot *fb, const char *partition, int timeout_ms,
                struct x8_error *err);
/* UCmd:TEXT / ACmd:TEXT. A bare FAIL becomes "the loader's shell says the command failed". */
int x8_fb_ucmd(struct x8_fastboot *fb, const char *text, int timeout_ms, struct x8_error *err);
int x8_fb_acmd(struct x8_fastboot *fb, const char *text, int timeout_ms, struct x8_error *err);
/* upload[:variable] into `out`, at most `max` bytes. */
int x8_fb_upload(struct x8_fastboot *fb, const char *variable, size_t max, struct x8_buf *out,
                 struct x8_error *err);

/* One reply packet, decoded. Pure, for the fuzzer. */
enum x8_fb_tag { X8_FB_BAD, X8_FB_OKAY, X8_FB_FAIL, X8_FB_INFO, X8_FB_DATA };
struct x8_fb_reply {
    enum x8_fb_tag tag;
    uint32_t data_len; /* DATA */
    char text[256];    /* cleaned; a doubled FAIL is taken once */
};
void x8_fb_decode(struct x8_span packet, struct x8_fb_reply *out);

#endif
