/*
 * Hide in texts what nobody else may ever have: passwords, passphrases, keys and tokens, also those
 * in URLs. Unlike names (mask.h) they are of no use to a reader and are not numbered.
 */
#ifndef X8_DOCTOR_SECRETS_H
#define X8_DOCTOR_SECRETS_H

#include "util/buf.h"

/* The text with "(hidden)" for each secret that is called one (password=..., "psk": "...", nmcli's
 * password WORD) or stands in a URL, added to `out`. JSON stays JSON. -1 without memory: nothing
 * may leave then. */
int x8_hide_secrets(struct x8_span text, struct x8_buf *out) X8_NODISCARD;

#endif
