/*
 * Forms of what is private.
 */
#include "doctor/mask_parts.h"

#include <string.h>

enum { SERIAL_LEN = 16, MAC_LEN = 17, SSID_MAX = 128 /* of 32 bytes, escaped */ };

int mask_is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static int is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t hex_run(const char *at, size_t left)
{
    size_t n = 0;

    while (n < left && is_hex(at[n]))
        n++;
    return n;
}

static int ends_here(const char *at, size_t left, size_t len)
{
    return len == left || !mask_is_word(at[len]);
}

size_t mask_mac(const char *at, size_t left)
{
    if (left < MAC_LEN || (at[2] != ':' && at[2] != '-'))
        return 0;
    for (size_t i = 0; i < MAC_LEN; i++)
        if (i % 3 == 2 ? at[i] != at[2] : !is_hex(at[i]))
            return 0;
    return ends_here(at, left, MAC_LEN) ? MAC_LEN : 0;
}

/* Source: RFC 4291, appendix A: ff:fe in the middle of the last eight bytes. */
size_t mask_eui(const char *at, size_t left)
{
    size_t n = 0, has_mark = 0;

    while (n < left && (is_hex(at[n]) || at[n] == ':')) {
        has_mark |=
            n + 5 <= left && (memcmp(at + n, "ff:fe", 5) == 0 || memcmp(at + n, "FF:FE", 5) == 0);
        n++;
    }
    return has_mark && n > MAC_LEN ? n : 0;
}

size_t mask_serial(const char *at, size_t left)
{
    return hex_run(at, left) == SERIAL_LEN && ends_here(at, left, SERIAL_LEN) ? SERIAL_LEN : 0;
}

size_t mask_x8_name(const char *at, size_t left)
{
    size_t n = hex_run(at, left);

    return n > 0 && n <= SERIAL_LEN && ends_here(at, left, n) ? n : 0;
}

/* Source: systemd.net-naming-scheme(7): "x" and the MAC address when nothing else names it. */
size_t mask_interface(const char *at, size_t left)
{
    enum { HEAD = 3, BARE_LEN = 12 };

    if (left < HEAD + BARE_LEN || (memcmp(at, "enx", HEAD) != 0 && memcmp(at, "wlx", HEAD) != 0))
        return 0;
    return hex_run(at + HEAD, left - HEAD) == BARE_LEN &&
                   ends_here(at + HEAD, left - HEAD, BARE_LEN)
               ? BARE_LEN
               : 0;
}

size_t mask_tail(const char *at, size_t left)
{
    enum { TAIL_MIN = 4 };
    size_t n = hex_run(at, left);

    return n >= TAIL_MIN && n < SERIAL_LEN && ends_here(at, left, n) ? n : 0;
}

static int is_ssid_word(const char *at, size_t left)
{
    return left > 4 && (at[0] == 's' || at[0] == 'S') && (at[1] == 's' || at[1] == 'S') &&
           (at[2] == 'i' || at[2] == 'I') && (at[3] == 'd' || at[3] == 'D');
}

/* To the quote that ends it. */
static size_t quoted(const char *at, size_t left, char quote)
{
    size_t n = 0;

    while (n < left && n < SSID_MAX && at[n] != quote && at[n] != '\n')
        n += at[n] == '\\' && n + 1 < left ? 2 : 1;
    return n <= left ? n : left;
}

static size_t plain(const char *at, size_t left)
{
    size_t n = 0;

    while (n < left && n < SSID_MAX && !strchr("\r\n\t,;\"", at[n]) && at[n])
        n++;
    while (n > 0 && at[n - 1] == ' ')
        n--;
    return n;
}

size_t mask_ssid(const char *at, size_t left, size_t *out_from)
{
    size_t i = 4, blanks;
    int is_separated = 0;

    if (!is_ssid_word(at, left))
        return 0;
    if (i < left && (at[i] == '"' || at[i] == '\''))
        i++;
    for (blanks = i; i < left && strchr(" :=", at[i]) && at[i]; i++)
        is_separated |= at[i] != ' ';
    if (i == blanks || i == left)
        return 0;
    if (at[i] == '"' || at[i] == '\'') {
        *out_from = i + 1;
        return quoted(at + i + 1, left - i - 1, at[i]);
    }
    *out_from = i;
    return is_separated ? plain(at + i, left - i) : 0;
}
