/*
 * Text from and for people. Everything here is pure and ignores the locale.
 */
#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

/* Digits of `base` at the start of `text`: value, and where they end. -1 without one or on
 * overflow. */
static int digits(const char *text, unsigned base, uint64_t *out, const char **end)
{
    uint64_t value = 0;
    const char *p = text;

    for (; digit_of(*p) < (int)base; p++) {
        uint64_t digit = (uint64_t)digit_of(*p);

        if (value > (UINT64_MAX - digit) / base)
            return -1;
        value = value * base + digit;
    }
    if (p == text)
        return -1;
    *out = value;
    *end = p;
    return 0;
}

int x8_parse_u64(const char *text, uint64_t *out)
{
    unsigned base = 10;
    const char *end;
    uint64_t value;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (digits(text, base, &value, &end) < 0 || *end != '\0')
        return -1;
    *out = value;
    return 0;
}

int x8_parse_u32(const char *text, uint32_t *out)
{
    uint64_t value;

    if (x8_parse_u64(text, &value) < 0 || value > UINT32_MAX)
        return -1;
    *out = (uint32_t)value;
    return 0;
}

int x8_parse_duration(const char *text, int64_t *out_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    const char *unit;
    uint64_t value;

    if (strcmp(text, "none") == 0) {
        *out_ms = -1;
        return 0;
    }
    if (digits(text, 10, &value, &unit) < 0)
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].unit) != 0)
            continue;
        if (value > (uint64_t)(INT64_MAX / units[i].ms))
            return -1;
        *out_ms = (int64_t)value * units[i].ms;
        return 0;
    }
    return -1;
}

/* The length of the sequence that `lead` opens, with the smallest code point it may stand for. */
static size_t sequence_len(uint8_t lead, uint32_t *least)
{
    if (lead < 0x80) {
        *least = 0;
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        *least = 0x80;
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        *least = 0x800;
        return 3;
    }
    *least = 0x10000;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t x8_utf8_next(const void *text, size_t len, uint32_t *code_point)
{
    static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const uint8_t *p = text;
    uint32_t least, value;
    size_t need = len ? sequence_len(p[0], &least) : 0;

    if (need == 0 || need > len)
        return 0;
    value = p[0] & lead_bits[need];
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3f);
    }
    if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code_point = value;
    return need;
}

int x8_copy(char *out, size_t cap, const char *text)
{
    size_t len = strlen(text), cut = len;

    if (cap == 0)
        return 0;
    if (len >= cap) {
        cut = cap - 1;
        /* Step back over the bytes that continue a character, so that none is torn. */
        while (cut > 0 && ((uint8_t)text[cut] & 0xc0) == 0x80)
            cut--;
    }
    memmove(out, text, cut);
    out[cut] = '\0';
    return cut == len;
}

/*
 * Code points that move a cursor or reorder what is read: C0, DEL, C1, line and paragraph
 * separators, and the bidirectional controls with which a name can be made to read as another one.
 */
static int is_unsafe(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x61c || cp == 0x200e || cp == 0x200f ||
           (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}

int x8_clean(char *out, size_t cap, const void *text, size_t len)
{
    const char *p = text;
    size_t at = 0;

    if (cap == 0)
        return 0;
    for (size_t i = 0; i < len;) {
        uint32_t cp = 0;
        size_t n = x8_utf8_next(p + i, len - i, &cp);
        int bad = n == 0 || is_unsafe(cp);
        size_t need = bad ? 1 : n;

        if (need > cap - 1 - at) {
            out[at] = '\0';
            return 0;
        }
        if (bad)
            out[at] = '?';
        else
            memmove(out + at, p + i, n);
        at += need;
        i += n ? n : 1;
    }
    out[at] = '\0';
    return 1;
}

void x8_size_text(char out[24], uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;

    if (bytes < 1024) {
        snprintf(out, 24, "%" PRIu64 " B", bytes);
        return;
    }
    /* 1023.95 would round up to "1024.0": it belongs to the next unit. */
    for (value /= 1024; value >= 1023.95 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        value /= 1024;
    /* GiB and above with two places: the hundredth is 10 MiB, which still moves while writing. */
    snprintf(out, 24, unit >= 2 ? "%.2f %s" : "%.1f %s", value, units[unit]);
}

void x8_time_text(char out[24], int64_t ms)
{
    int64_t s = ms > 0 ? ms / 1000 : 0;

    if (s >= 3600)
        snprintf(out, 24, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
    else
        snprintf(out, 24, "%d:%02d", (int)(s / 60), (int)(s % 60));
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

int x8_casecmp(const char *a, const char *b)
{
    for (; *a && lower(*a) == lower(*b); a++, b++)
        ;
    return lower(*a) - lower(*b);
}

int x8_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

int x8_ends(const char *text, const char *suffix)
{
    size_t len = strlen(text), need = strlen(suffix);

    return need <= len && strcmp(text + len - need, suffix) == 0;
}

#define WORD_MAX 31

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

/*
 * How many letters must be added, dropped, changed or swapped with their neighbour to make `b` out
 * of `a` (optimal string alignment). Swaps count once: "fialed" is the usual slip of two hands.
 */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned row[3][WORD_MAX + 1] = {{0}};

    for (unsigned j = 0; j <= b_len; j++)
        row[0][j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

        now[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned differs = lower(a[i - 1]) != lower(b[j - 1]);

            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + differs);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]) && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
    }
    return row[a_len % 3][b_len];
}

const char *x8_closest(const char *word, const char *const *words, size_t n)
{
    size_t len = strlen(word);
    /* A third of the word may be wrong; more is a different word. */
    unsigned best = (unsigned)(len < 3 ? 1 : len / 3) + 1;
    const char *found = NULL;

    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t other = strlen(words[i]);
        unsigned d;

        if (other == 0 || other > WORD_MAX)
            continue;
        d = distance(word, len, words[i], other);
        if (d < best && d < other) {
            best = d;
            found = words[i];
        }
    }
    return found;
}
