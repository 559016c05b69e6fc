/*
 * Hide in texts what says who and where somebody is: serial numbers, MAC addresses, names of
 * computers, users and boards, names of wireless networks. Each is replaced by its kind and a
 * number, the same one wherever it stands, so that a reader can still tell two boards apart.
 *
 * Serial numbers, MAC addresses and what is called an SSID are found by their form; other names
 * have to be told.
 */
#ifndef X8_DOCTOR_MASK_H
#define X8_DOCTOR_MASK_H

#include "util/buf.h"

enum x8_mask_kind {
    X8_MASK_SERIAL, /* equal in any case and with or without leading zeros */
    X8_MASK_MAC,
    X8_MASK_HOST,
    X8_MASK_USER,
    X8_MASK_BOARD, /* the user's own name for a board */
    X8_MASK_SSID,
};

struct x8_mask;

struct x8_mask *x8_mask_new(void); /* NULL without memory */
void x8_mask_free(struct x8_mask **mask);

/* Hide this word wherever it stands by itself. Empty ones, those of one character, and words that
 * every report has ("root", "localhost", "fio") are left out. */
void x8_mask_word(struct x8_mask *mask, enum x8_mask_kind kind, const char *word);

/* Look for names of wireless networks, MAC addresses and serial numbers in a text, to be hidden in
 * all texts: addresses also without their colons, serial numbers also by their last digits. */
void x8_mask_learn(struct x8_mask *mask, struct x8_span text);

/* The text with everything replaced, added to `out`. JSON stays JSON. -1 without memory, which an
 * earlier call may have met as well: nothing may leave then. */
int x8_mask_text(struct x8_mask *mask, struct x8_span text, struct x8_buf *out) X8_NODISCARD;

#endif
