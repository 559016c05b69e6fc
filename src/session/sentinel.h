/*
 * Marks that the shell of a command puts into what it says: its start, its end with the exit
 * status, the end of its stderr. A mark is RS, "X8", a nonce of 128 random bits, a letter, a
 * decimal number (or none) and ";". Without line ends, so that output which ends without one stays
 * as it is. Everything else is the command's own output, look-alikes with another nonce included.
 */
#ifndef X8_SESSION_SENTINEL_H
#define X8_SESSION_SENTINEL_H

#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

#define X8_NONCE_LEN 32 /* hexadecimal digits */
#define X8_MARK_MAX  (1 + 2 + X8_NONCE_LEN + 1 + 10 + 1)

/* The letters. */
#define X8_MARK_START  '+' /* the number is the shell's process */
#define X8_MARK_STATUS '='
#define X8_MARK_END    '!' /* of stderr, or of what was fed in */
#define X8_MARK_SEND   'c' /* send the command's text now */
#define X8_MARK_NEXT   '.' /* a block was taken */
#define X8_MARK_NO_WAY 'x' /* the other stream's terminal cannot be reached */

struct x8_mark {
    size_t at, len;
    char kind;
    uint32_t value; /* 0 when it has no number */
};

/* A fresh nonce from the kernel. X8_E_INTERNAL when it gives none. */
int x8_nonce_make(char out[X8_NONCE_LEN + 1], struct x8_error *err);

/*
 * Look for the first mark in `data`. 1: found, the bytes before out->at are output. 0: none; the
 * first out->at bytes are output for certain, what follows them may be the beginning of a mark.
 */
int x8_mark_find(const char *nonce, const uint8_t *data, size_t len, struct x8_mark *out);

#endif
