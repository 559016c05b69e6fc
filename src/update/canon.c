/*
 * Canonical JSON in one pass: a strict reader that writes each value as soon as it is read, and
 * puts an object's members in order once the last one is there.
 *
 * It accepts raw control characters in strings, which JSON does not, because the canonical form
 * itself has them (a PEM's line ends). NUL is refused in any form: whoever reads the text as a C
 * string would see another document.
 */
#include "update/canon_parts.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define WHOLE_MAX ((uint64_t)1 << 53) /* where a double stops being exact */

/* One member of an object: where its bytes are in the output, and its key as it is meant. */
struct entry {
    size_t start, len;
    size_t key, key_len;
    const uint8_t *keys; /* for the comparison */
};

struct members {
    struct entry *items;
    size_t count, cap;
    struct x8_buf keys;
};

static int value(struct canon *c, struct x8_buf *out, unsigned depth);

int x8_canon_fault(struct canon *c, const char *why)
{
    size_t line = 1, column = 1;

    for (size_t i = 0; i < c->at && i < c->len; i++) {
        column = c->text[i] == '\n' ? 1 : column + 1;
        line += c->text[i] == '\n';
    }
    x8_fail(c->err, X8_E_BAD_IMAGE, "not valid signed JSON at line %zu, column %zu", line, column);
    x8_error_why(c->err, "%s", why);
    return -X8_E_BAD_IMAGE;
}

static int no_memory(struct canon *c)
{
    return x8_fail(c->err, X8_E_INTERNAL, "out of memory for %zu bytes of JSON", c->len);
}

int x8_canon_put(struct canon *c, struct x8_buf *out, const void *data, size_t len)
{
    return x8_buf_add(out, data, len) < 0 ? no_memory(c) : 0;
}

static int peek(struct canon *c) /* the next byte that is no blank */
{
    while (c->at < c->len && memchr(" \t\n\r", c->text[c->at], 4))
        c->at++;
    return x8_canon_peek(c);
}

static int is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static int number(struct canon *c, struct x8_buf *out)
{
    size_t start = c->at, digits;
    uint64_t total = 0;

    c->at += x8_canon_peek(c) == '-';
    for (digits = c->at; is_digit(x8_canon_peek(c)); c->at++) {
        total = total * 10 + (uint64_t)(c->text[c->at] - '0');
        if (total > WHOLE_MAX)
            return x8_canon_fault(c, "a number beyond 2^53");
    }
    if (c->at == digits)
        return x8_canon_fault(c, "a value was expected");
    /* "007" and "-0" have other forms: which of them was signed? */
    if (c->text[digits] == '0' && (c->at - digits > 1 || digits != start))
        return x8_canon_fault(c, "a number that is not in its shortest form");
    if (c->at < c->len && memchr(".eE", c->text[c->at], 3))
        return x8_canon_fault(c, "a number that is not whole");
    return x8_canon_put(c, out, c->text + start, c->at - start);
}

static int word(struct canon *c, struct x8_buf *out, const char *want)
{
    size_t len = strlen(want);

    if (c->len - c->at < len || memcmp(c->text + c->at, want, len) != 0)
        return x8_canon_fault(c, "a value was expected");
    c->at += len;
    return x8_canon_put(c, out, want, len);
}

static int string(struct canon *c, struct x8_buf *out)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_canon_read_text(c, &text);

    return rc < 0 ? rc : x8_canon_put_text(c, out, text.data, text.len);
}

/* Behind an item: 1 when another follows, 0 behind `close`. */
static int another(struct canon *c, char close)
{
    int next = peek(c);

    if (next != ',' && next != close)
        return x8_canon_fault(c, "',' or the end of the list was expected");
    c->at++;
    return next == ',';
}

/* Behind the opening bracket: 1 when there is nothing inside. */
static int is_empty(struct canon *c, char close)
{
    int empty = peek(c) == close;

    c->at += (size_t)empty;
    return empty;
}

static int array(struct canon *c, struct x8_buf *out, unsigned depth)
{
    int rc = x8_canon_put(c, out, "[", 1), more = !is_empty(c, ']');

    while (rc == 0 && more) {
        rc = value(c, out, depth);
        if (rc < 0)
            break;
        more = another(c, ']');
        if (more < 0)
            return more;
        rc = more ? x8_canon_put(c, out, ",", 1) : 0;
    }
    return rc < 0 ? rc : x8_canon_put(c, out, "]", 1);
}

static struct entry *add_entry(struct canon *c, struct members *m)
{
    if (m->count == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 16;
        struct entry *grown = realloc(m->items, cap * sizeof *grown);

        if (!grown) {
            no_memory(c);
            return NULL;
        }
        m->items = grown;
        m->cap = cap;
    }
    return &m->items[m->count++];
}

static int pick(struct canon *c, const struct x8_buf *out, const struct entry *e,
                const uint8_t *key)
{
    int rc = 0;

    if (c->member && e->key_len == strlen(c->member) && memcmp(key, c->member, e->key_len) == 0 &&
        !c->has_picked) {
        c->has_picked = 1;
        rc = x8_canon_put(c, &c->picked, out->data + e->start, out->len - e->start);
    }
    return rc;
}

/* "key":value at the end of `out`. */
static int member(struct canon *c, struct x8_buf *out, struct members *m, unsigned depth)
{
    struct entry e = {.start = out->len, .key = m->keys.len}, *kept;
    size_t begin = out->len;
    const uint8_t *key;
    int rc;

    peek(c);
    rc = x8_canon_read_text(c, &m->keys);
    if (rc < 0)
        return rc;
    e.key_len = m->keys.len - e.key;
    key = e.key_len ? m->keys.data + e.key : (const uint8_t *)"";
    rc = x8_canon_put_text(c, out, key, e.key_len);
    if (rc == 0 && peek(c) != ':')
        return x8_canon_fault(c, "':' was expected");
    c->at++;
    if (rc == 0)
        rc = x8_canon_put(c, out, ":", 1);
    e.start = out->len;
    if (rc == 0)
        rc = value(c, out, depth);
    if (rc == 0 && depth == 1)
        rc = pick(c, out, &e, key);
    e.start = begin;
    e.len = out->len - begin;
    kept = rc == 0 ? add_entry(c, m) : NULL;
    if (kept)
        *kept = e;
    return rc < 0 ? rc : kept ? 0 : -X8_E_INTERNAL;
}

static int by_key(const void *va, const void *vb)
{
    const struct entry *a = va, *b = vb;
    size_t shorter = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = shorter ? memcmp(a->keys + a->key, b->keys + b->key, shorter) : 0;

    return order ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

/* The members behind `start`, sorted by the bytes of their keys and separated. */
static int put_in_order(struct canon *c, struct x8_buf *out, struct members *m, size_t start)
{
    X8_AUTO_BUF copy = {0};
    int rc;

    if (m->count == 0)
        return 0;
    for (size_t i = 0; i < m->count; i++)
        m->items[i].keys = m->keys.data;
    qsort(m->items, m->count, sizeof *m->items, by_key);
    for (size_t i = 1; i < m->count; i++)
        if (by_key(&m->items[i - 1], &m->items[i]) == 0)
            return x8_canon_fault(c, "the same name twice in one object that ends here");
    rc = x8_canon_put(c, &copy, out->data + start, out->len - start);
    out->len = rc == 0 ? start : out->len;
    for (size_t i = 0; i < m->count && rc == 0; i++) {
        rc = i ? x8_canon_put(c, out, ",", 1) : 0;
        if (rc == 0)
            rc = x8_canon_put(c, out, copy.data + (m->items[i].start - start), m->items[i].len);
    }
    return rc;
}

static int object(struct canon *c, struct x8_buf *out, unsigned depth)
{
    struct members m = {0};
    int rc = x8_canon_put(c, out, "{", 1), more = !is_empty(c, '}');
    size_t start = out->len;

    while (rc == 0 && more) {
        rc = member(c, out, &m, depth);
        more = rc == 0 ? another(c, '}') : 0;
        rc = more < 0 ? more : rc;
    }
    if (rc == 0)
        rc = put_in_order(c, out, &m, start);
    free(m.items);
    x8_buf_done(&m.keys);
    return rc < 0 ? rc : x8_canon_put(c, out, "}", 1);
}

static int value(struct canon *c, struct x8_buf *out, unsigned depth)
{
    int first = peek(c);

    if ((first == '{' || first == '[') && depth == DEPTH_MAX)
        return x8_canon_fault(c, "nested deeper than 64");
    c->at += first == '{' || first == '[';
    switch (first) {
    case '{':
        return object(c, out, depth + 1);
    case '[':
        return array(c, out, depth + 1);
    case '"':
        return string(c, out);
    case 't':
        return word(c, out, "true");
    case 'f':
        return word(c, out, "false");
    case 'n':
        return word(c, out, "null");
    default:
        return number(c, out);
    }
}

static int whole(struct canon *c, struct x8_buf *out)
{
    X8_AUTO_BUF all = {0};
    int is_object = peek(c) == '{';
    int rc = value(c, &all, 0);

    if (rc == 0 && peek(c) >= 0)
        return x8_canon_fault(c, "something behind the end");
    if (rc < 0)
        return rc;
    if (!c->member)
        return x8_canon_put(c, out, all.data, all.len);
    if (!is_object || !c->has_picked)
        return x8_fail(c->err, X8_E_BAD_IMAGE, "no member '%s' in this JSON", c->member);
    return x8_canon_put(c, out, c->picked.data, c->picked.len);
}

static int canonical(struct x8_span text, const char *member_name, int escaped, struct x8_buf *out,
                     struct x8_error *err)
{
    struct canon c = {
        .text = text.data, .len = text.len, .member = member_name, .escaped = escaped, .err = err};
    int rc = whole(&c, out);

    x8_buf_done(&c.picked);
    return rc;
}

int x8_canonical(struct x8_span text, const char *member, struct x8_buf *out, struct x8_error *err)
{
    return canonical(text, member, 0, out, err);
}

int x8_canonical_escaped(struct x8_span text, const char *member, struct x8_buf *out,
                         struct x8_error *err)
{
    return canonical(text, member, 1, out, err);
}
