/*
 * Text from and for people: checked number parsing, durations, sizes, clean device text. No locale.
 */
#ifndef X8_UTIL_TEXT_H
#define X8_UTIL_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The whole of `text` as an unsigned number, decimal or 0x hexadecimal (either case of x). 0, or -1
 * (also on overflow). */
int x8_parse_u64(const char *text, uint64_t *out);
int x8_parse_u32(const char *text, uint32_t *out);

/* "1500ms", "30s", "2m", "1h", "30" (seconds), "none" (-1). Milliseconds. 0, or -1. */
int x8_parse_duration(const char *text, int64_t *out_ms);

/* Copy with truncation, always terminated. Returns 1 when it fitted, 0 when cut (at a UTF-8
 * boundary). */
int x8_copy(char *out, size_t cap, const char *text);

/*
 * Copy bytes that came from a device or a file: control characters (line ends and tabs too),
 * controls of the writing direction and invalid UTF-8 become '?', so that nothing a board says can
 * move a cursor. `out` may be `text` itself. Returns as x8_copy.
 */
int x8_clean(char *out, size_t cap, const void *text, size_t len);

/*
 * The character at the start of `text`: its length in bytes (1 to 4) and code point, or 0 when the
 * bytes are no valid UTF-8 (overlong forms, surrogates and cut sequences included).
 */
size_t x8_utf8_next(const void *text, size_t len, uint32_t *code_point);

/* How long "user:password@" is where an address goes on behind its "://"; 0 when it has none.
 * `len`: of what belongs to the address. */
size_t x8_login_len(const char *text, size_t len);

/* The same for a word that may be an address without a scheme or with a broken one
 * ("user:password@host", "http:/user:password@host"); *from: where its login begins. 0 also for
 * what only looks alike: "net:user@host", "name:tag@sha256:...", "C:\\x@y". */
size_t x8_login_find(const char *word, size_t len, size_t *from);

/* Stars for the users and passwords of all addresses ("https://...@host", and those that
 * x8_login_find finds) in a text, in place. */
void x8_hide_logins(char *text);

/* "512 B", "41.2 KiB", "1.94 GiB". `out` holds 24 bytes. */
void x8_size_text(char out[24], uint64_t bytes);

/* "0:06", "1:26", "1:02:03". `out` holds 24 bytes. */
void x8_time_text(char out[24], int64_t ms);

/* ASCII case-insensitive; locale plays no part. */
int x8_casecmp(const char *a, const char *b);
int x8_starts(const char *text, const char *prefix);
int x8_ends(const char *text, const char *suffix);

/* The row of `words` (n of them) that is closest to `word`, or NULL when none is near enough to
 * suggest. */
const char *x8_closest(const char *word, const char *const *words, size_t n);

#endif
