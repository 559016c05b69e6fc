/*
 * /etc/os-release: reading it, and comparing it with what a script wants. Pure functions.
 */
#ifndef X8_SESSION_OSRELEASE_H
#define X8_SESSION_OSRELEASE_H

#include "util/buf.h"
#include "util/error.h"

#define X8_OS_ITEMS 64

struct x8_os_item {
    char key[48];
    char value[256]; /* unquoted, cleaned */
};
struct x8_os_release {
    struct x8_os_item items[X8_OS_ITEMS];
    size_t count;
};

/* Read shell-style lines: optional single or double quotes, comments; a later line wins. Lines of
 * another form are left out. X8_E_BAD_IMAGE when there is no line at all of that form. */
int x8_os_release_parse(struct x8_span text, struct x8_os_release *out, struct x8_error *err);

/* The value, or NULL. */
const char *x8_os_release_get(const struct x8_os_release *os, const char *key);

/*
 * The number of the image: IMAGE_VERSION when it is a number; without an IMAGE_VERSION (image 399)
 * the second dash field of VERSION_ID or VERSION; else 0. An IMAGE_VERSION that is a word is that
 * of a self-made build, which has no number whatever VERSION says. `out_word` (may be NULL, 32
 * bytes) gets what to show: "934", "399", "local-image", "-".
 */
uint32_t x8_os_image(const struct x8_os_release *os, char out_word[32]);

/* 1 when LMP_MACHINE names the Portenta X8. */
int x8_os_is_x8(const struct x8_os_release *os);

/*
 * Check one expression: KEY OP VALUE with OP = == != < <= > >= (versions and numbers by their
 * fields, a missing field counts as 0; else text; IMAGE_VERSION is the image's number, also on
 * 399), or KEY alone (is there), or !KEY. Blanks around the parts and one pair of quotes around the
 * value are fine. An order between a number and a word never holds; a key that is not there fails
 * everything but != and !KEY. 0 when it holds, X8_E_DIFFERS saying what is there and what was
 * wanted, X8_E_USAGE quoting an expression of no known form.
 */
int x8_os_check(const struct x8_os_release *os, const char *expression, struct x8_error *err);

#endif
