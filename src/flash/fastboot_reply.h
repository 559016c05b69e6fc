/*
 * Words of a fastboot board for people: what a refusal means and what to do about it. Used by
 * fastboot.c alone.
 */
#ifndef X8_FLASH_FASTBOOT_REPLY_H
#define X8_FLASH_FASTBOOT_REPLY_H

#include "util/bytes.h"
#include "util/error.h"

/* The command as shown in messages: cleaned and cut. `out` holds 120 bytes. */
void x8_fb_shown(char out[120], const char *command);

/* X8_E_REFUSED with the board's words, and what is known to help. */
int x8_fb_refused(const char *command, const char *words, struct x8_error *err);

/* X8_E_LINK: `packet` came in answer to `command` and is no fastboot. Shows its first 32 bytes. */
int x8_fb_garbage(const char *command, struct x8_span packet, struct x8_error *err);

#endif
