/*
 * Replacing what is private. One pass over a text: at each place where a word may begin, the known
 * words are tried first, the longest of them, then the forms.
 */
#include "doctor/mask_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_LEN = 200, WORDS_MAX = 4096 };

struct word {
    char text[WORD_LEN];
    size_t len;
    enum x8_mask_kind kind;
    unsigned number; /* of its kind, from 1 */
    int is_searched; /* known by its text; else found by its form */
};

struct x8_mask {
    struct word *words;
    size_t count, cap;
    int is_broken; /* memory ran out, so something would be left visible */
};

static const char *const kinds[] = {"serial", "mac", "host", "user", "board", "ssid"};

struct x8_mask *x8_mask_new(void)
{
    return calloc(1, sizeof(struct x8_mask));
}

void x8_mask_free(struct x8_mask **mask)
{
    if (*mask)
        free((*mask)->words);
    free(*mask);
    *mask = NULL;
}

/* --- the table --- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int equal(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return 0;
    return 1;
}

static void without_zeros(const char **text, size_t *len)
{
    while (*len > 1 && **text == '0') {
        (*text)++;
        (*len)--;
    }
}

static size_t without_marks(const char *text, size_t len, char out[WORD_LEN])
{
    size_t n = 0;

    for (size_t i = 0; i < len && n < WORD_LEN; i++)
        if (text[i] != ':' && text[i] != '-')
            out[n++] = text[i];
    return n;
}

static int is_same(const struct word *word, enum x8_mask_kind kind, const char *text, size_t len)
{
    const char *mine = word->text;
    size_t mine_len = word->len;

    if (word->kind != kind)
        return 0;
    if (kind == X8_MASK_SERIAL) {
        without_zeros(&mine, &mine_len);
        without_zeros(&text, &len);
    }
    return mine_len == len && equal(mine, text, len);
}

static struct word *grow(struct x8_mask *mask)
{
    size_t cap = mask->cap ? mask->cap * 2 : 32;
    struct word *words;

    if (mask->count < mask->cap)
        return &mask->words[mask->count++];
    words = mask->count < WORDS_MAX ? realloc(mask->words, cap * sizeof *words) : NULL;
    if (!words) {
        mask->is_broken = 1;
        return NULL;
    }
    mask->words = words;
    mask->cap = cap;
    return &words[mask->count++];
}

/* The number of a word. A new one is `as` another, or has the next of its kind for 0. */
static unsigned number_of(struct x8_mask *mask, enum x8_mask_kind kind, const char *text,
                          size_t len, int is_searched, unsigned as)
{
    unsigned last = 0;
    struct word *word;
    char bare[WORD_LEN];

    if (len >= WORD_LEN)
        len = WORD_LEN - 1;
    if (kind == X8_MASK_MAC) {
        len = without_marks(text, len, bare);
        text = bare;
    }
    for (size_t i = 0; i < mask->count; i++) {
        if (is_same(&mask->words[i], kind, text, len)) {
            mask->words[i].is_searched |= is_searched;
            return mask->words[i].number;
        }
        if (mask->words[i].kind == kind && mask->words[i].number > last)
            last = mask->words[i].number;
    }
    word = grow(mask);
    if (!word)
        return 0;
    memset(word, 0, sizeof *word);
    memcpy(word->text, text, len);
    word->len = len;
    word->kind = kind;
    word->number = as ? as : last + 1;
    word->is_searched = is_searched;
    return word->number;
}

static int is_common(const char *word, size_t len)
{
    static const char *const common[] = {"root", "localhost", "fio", "unknown", "linux", "none",
                                         "off",  "any",       "x8",  "x8ctl",   "true",  "false",
                                         "null", "host",      "usb", "adb",     "net"};

    for (size_t i = 0; i < X8_COUNT(common); i++)
        if (strlen(common[i]) == len && equal(common[i], word, len))
            return 1;
    return len < 2;
}

/* As it stands, and as JSON writes it. */
static unsigned add_forms(struct x8_mask *mask, enum x8_mask_kind kind, const char *text,
                          size_t len, unsigned as)
{
    char escaped[WORD_LEN];
    size_t n = 0;

    if (is_common(text, len))
        return as;
    as = number_of(mask, kind, text, len, 1, as);
    for (size_t i = 0; i < len && n + 2 < sizeof escaped; i++) {
        if (text[i] == '"' || text[i] == '\\')
            escaped[n++] = '\\';
        escaped[n++] = text[i];
    }
    if (n > len)
        (void)number_of(mask, kind, escaped, n, 1, as);
    return as;
}

void x8_mask_word(struct x8_mask *mask, enum x8_mask_kind kind, const char *word)
{
    if (word)
        (void)add_forms(mask, kind, word, strlen(word), 0);
}

/* What stood between quotes may have been escaped there. */
static void add_quoted(struct x8_mask *mask, const char *text, size_t len)
{
    char plain[WORD_LEN];
    unsigned number;
    size_t n = 0;

    for (size_t i = 0; i < len && n < sizeof plain; i++) {
        i += text[i] == '\\' && i + 1 < len;
        plain[n++] = text[i];
    }
    number = add_forms(mask, X8_MASK_SSID, text, len, 0);
    if (n < len)
        (void)add_forms(mask, X8_MASK_SSID, plain, n, number);
}

/* 00:00:00:00:00:00 and such are nobody's. */
static int is_of_one_digit(const char *text, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (text[i] != text[0] && text[i] != ':' && text[i] != '-')
            return 0;
    return 1;
}

/* A MAC address that stands with its colons somewhere is hidden without them, too; of a serial
 * number its last digits. */
static void learn_form(struct x8_mask *mask, const char *at, size_t left)
{
    size_t n;

    if ((n = mask_mac(at, left)) && !is_of_one_digit(at, n))
        (void)number_of(mask, X8_MASK_MAC, at, n, 1, 0);
    else if ((n = mask_serial(at, left)))
        (void)number_of(mask, X8_MASK_SERIAL, at, n, 0, 0);
}

void x8_mask_learn(struct x8_mask *mask, struct x8_span text)
{
    const char *at = (const char *)text.data;

    for (size_t i = 0; i < text.len; i++) {
        size_t from, len = mask_ssid(at + i, text.len - i, &from);

        if (i == 0 || !mask_is_word(at[i - 1]))
            learn_form(mask, at + i, text.len - i);
        /* A BSSID is a MAC address, and is found by its form. */
        if (len && !(i > 0 && lower(at[i - 1]) == 'b'))
            add_quoted(mask, at + i + from, len);
    }
}

/* --- one pass --- */

struct pass {
    struct x8_mask *mask;
    const char *text;
    size_t at, len;
    struct x8_buf *out;
    int failed;
};

static int replace(struct pass *pass, enum x8_mask_kind kind, size_t len)
{
    unsigned number = number_of(pass->mask, kind, pass->text + pass->at, len, 0, 0);

    pass->failed |= x8_buf_addf(pass->out, "%s-%u", kinds[kind], number) < 0;
    pass->at += len;
    return 1;
}

static const struct word *longest_word(const struct pass *pass)
{
    const struct x8_mask *mask = pass->mask;
    const struct word *best = NULL;
    size_t left = pass->len - pass->at;

    for (size_t i = 0; i < mask->count; i++) {
        const struct word *word = &mask->words[i];

        if (!word->is_searched || word->len > left || (best && word->len <= best->len) ||
            !equal(word->text, pass->text + pass->at, word->len))
            continue;
        if (word->len == left || !mask_is_word(word->text[word->len - 1]) ||
            !mask_is_word(pass->text[pass->at + word->len]))
            best = word;
    }
    return best;
}

/* The last digits of a known serial number, as -s takes them; its whole word, or NULL. */
static const struct word *tail_of(const struct pass *pass, size_t len)
{
    for (size_t i = 0; i < pass->mask->count; i++) {
        const struct word *word = &pass->mask->words[i];

        if (word->kind == X8_MASK_SERIAL && word->len > len &&
            equal(word->text + word->len - len, pass->text + pass->at, len))
            return word;
    }
    return NULL;
}

/* {"bytes": 1234} is a number, and has to stay one. */
static int is_json_number(const struct pass *pass, size_t len)
{
    size_t at = pass->at;

    for (size_t i = 0; i < len; i++)
        if (pass->text[pass->at + i] < '0' || pass->text[pass->at + i] > '9')
            return 0;
    while (at > 0 && strchr(" \t\r\n", pass->text[at - 1]) && pass->text[at - 1])
        at--;
    return at == 0 || (strchr(":,[", pass->text[at - 1]) && pass->text[at - 1]);
}

static int replace_tail(struct pass *pass)
{
    size_t n = mask_tail(pass->text + pass->at, pass->len - pass->at);
    const struct word *word = n && !is_json_number(pass, n) ? tail_of(pass, n) : NULL;

    if (!word)
        return 0;
    pass->failed |= x8_buf_addf(pass->out, "%s-%u", kinds[X8_MASK_SERIAL], word->number) < 0;
    pass->at += n;
    return 1;
}

/* What stands in front of `n` characters that are private stays. */
static int replace_behind(struct pass *pass, size_t head, enum x8_mask_kind kind, size_t n)
{
    pass->failed |= x8_buf_add(pass->out, pass->text + pass->at, head) < 0;
    pass->at += head;
    return replace(pass, kind, n);
}

static int replace_form(struct pass *pass)
{
    static const char x8_name[] = "portenta-x8-";
    const char *at = pass->text + pass->at;
    size_t left = pass->len - pass->at, head = sizeof x8_name - 1, n;

    if ((n = mask_mac(at, left)) || (n = mask_eui(at, left)))
        return replace(pass, X8_MASK_MAC, n);
    if ((n = mask_serial(at, left)))
        return replace(pass, X8_MASK_SERIAL, n);
    if (left > head && equal(at, x8_name, head) && (n = mask_x8_name(at + head, left - head)))
        return replace_behind(pass, head, X8_MASK_SERIAL, n);
    if ((n = mask_interface(at, left)))
        return replace_behind(pass, 3, X8_MASK_MAC, n);
    return replace_tail(pass);
}

/* A letter behind a backslash belongs to it: "\nana" has ana at the begin of a line. An ellipsis is
 * no part of the word behind it. */
static int begins_behind_mark(const struct pass *pass)
{
    const char *at = pass->text + pass->at;

    return (pass->at >= 2 && at[-2] == '\\' && strchr("nrt", at[-1]) && at[-1]) ||
           (pass->at >= 3 && memcmp(at - 3, "\xe2\x80\xa6", 3) == 0);
}

/* 1 when something was replaced. */
static int step(struct pass *pass)
{
    int may_begin = pass->at == 0 || !mask_is_word(pass->text[pass->at - 1]) ||
                    !mask_is_word(pass->text[pass->at]) || begins_behind_mark(pass);
    const struct word *word = may_begin ? longest_word(pass) : NULL;

    if (word)
        return replace(pass, word->kind, word->len);
    return may_begin && replace_form(pass);
}

int x8_mask_text(struct x8_mask *mask, struct x8_span text, struct x8_buf *out)
{
    struct pass pass = {.mask = mask, .text = (const char *)text.data, .len = text.len, .out = out};

    while (pass.at < pass.len && !pass.failed && !mask->is_broken)
        if (!step(&pass)) {
            pass.failed |= x8_buf_add(out, pass.text + pass.at, 1) < 0;
            pass.at++;
        }
    return pass.failed || mask->is_broken ? -1 : 0;
}
