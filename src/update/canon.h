/*
 * Canonical JSON as TUF signs it: UTF-8, members sorted by key, no white space, whole numbers only,
 * in strings only '"' and '\' escaped. Pure.
 */
#ifndef X8_UPDATE_CANON_H
#define X8_UPDATE_CANON_H

#include "util/buf.h"
#include "util/json.h"

/*
 * Append the canonical form of the JSON text `text` to `out`; `member` non-NULL: of that member of
 * the top object alone ("signed"). X8_E_BAD_IMAGE: no JSON, a number that is not whole, the same
 * key twice in one object (two readers would see two documents), deeper than 64, or no such member.
 */
int x8_canonical(struct x8_span text, const char *member, struct x8_buf *out, struct x8_error *err);

/*
 * The same with control characters written as JSON's escapes (\n, \u001f) instead of raw. PEM keys
 * have line ends, and some signers (those that print with a usual JSON library) escape them. No
 * document's one form is another document's other form, so accepting both lets nothing else in.
 */
int x8_canonical_escaped(struct x8_span text, const char *member, struct x8_buf *out,
                         struct x8_error *err);

#endif
