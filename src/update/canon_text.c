/*
 * Strings of canonical JSON: read with every escape JSON knows, written with the two it keeps.
 */
#include "update/canon_parts.h"

#include "util/digest.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* Four digits after \u, or -1. */
static int hex4(struct canon *c)
{
    char digits[5] = {0};
    uint8_t bytes[2];

    if (c->len - c->at < 4)
        return -1;
    memcpy(digits, c->text + c->at, 4);
    if (strlen(digits) != 4 || x8_unhex(bytes, 2, digits) < 0)
        return -1;
    c->at += 4;
    return bytes[0] << 8 | bytes[1];
}

static size_t to_utf8(uint32_t cp, uint8_t out[4])
{
    if (cp < 0x80) {
        out[0] = (uint8_t)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (uint8_t)(0xc0 | cp >> 6);
        out[1] = (uint8_t)(0x80 | (cp & 63));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (uint8_t)(0xe0 | cp >> 12);
        out[1] = (uint8_t)(0x80 | (cp >> 6 & 63));
        out[2] = (uint8_t)(0x80 | (cp & 63));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | cp >> 18);
    out[1] = (uint8_t)(0x80 | (cp >> 12 & 63));
    out[2] = (uint8_t)(0x80 | (cp >> 6 & 63));
    out[3] = (uint8_t)(0x80 | (cp & 63));
    return 4;
}

/* Behind "\u": the character, its second half included. */
static int unicode(struct canon *c, struct x8_buf *out)
{
    int high = hex4(c), low;
    uint8_t bytes[4];
    uint32_t cp;

    if (high <= 0)
        return x8_canon_fault(c, high ? "an escape without four digits" : "a NUL inside a text");
    cp = (uint32_t)high;
    if (cp >= 0xdc00 && cp <= 0xdfff)
        return x8_canon_fault(c, "half of a character");
    if (cp >= 0xd800 && cp <= 0xdbff) {
        if (c->len - c->at < 6 || c->text[c->at] != '\\' || c->text[c->at + 1] != 'u')
            return x8_canon_fault(c, "half of a character");
        c->at += 2;
        low = hex4(c);
        if (low < 0xdc00 || low > 0xdfff)
            return x8_canon_fault(c, "half of a character");
        cp = 0x10000 + ((cp - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
    }
    return x8_canon_put(c, out, bytes, to_utf8(cp, bytes));
}

static int escape(struct canon *c, struct x8_buf *out)
{
    static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    int name = x8_canon_peek(c);
    const char *at = name > 0 ? strchr(names, name) : NULL;

    c->at++;
    if (name == 'u')
        return unicode(c, out);
    return at ? x8_canon_put(c, out, &means[at - names], 1)
              : x8_canon_fault(c, "an unknown escape");
}

/* One character that is no escape. */
static int plain(struct canon *c, struct x8_buf *out)
{
    uint32_t cp;
    size_t n = x8_utf8_next(c->text + c->at, c->len - c->at, &cp);

    if (n == 0)
        return x8_canon_fault(c, "bytes that are not UTF-8");
    if (cp == 0)
        return x8_canon_fault(c, "a NUL inside a text");
    c->at += n;
    return x8_canon_put(c, out, c->text + c->at - n, n);
}

/* A text without its quotes, as it is meant. */
int x8_canon_read_text(struct canon *c, struct x8_buf *out)
{
    if (x8_canon_peek(c) != '"')
        return x8_canon_fault(c, "a text was expected");
    c->at++;
    for (;;) {
        int at = x8_canon_peek(c), rc;

        if (at < 0)
            return x8_canon_fault(c, "a text without an end");
        if (at == '"')
            break;
        c->at += at == '\\';
        rc = at == '\\' ? escape(c, out) : plain(c, out);
        if (rc < 0)
            return rc;
    }
    c->at++;
    return 0;
}

static int put_control(struct canon *c, struct x8_buf *out, uint8_t byte)
{
    static const char means[] = "\b\f\n\r\t", names[] = "bfnrt";
    const char *at = strchr(means, byte);
    char escaped[8];
    int len = at ? snprintf(escaped, sizeof escaped, "\\%c", names[at - means])
                 : snprintf(escaped, sizeof escaped, "\\u%04x", byte);

    return x8_canon_put(c, out, escaped, (size_t)len);
}

int x8_canon_put_text(struct canon *c, struct x8_buf *out, const uint8_t *text, size_t len)
{
    int rc = x8_canon_put(c, out, "\"", 1);

    for (size_t i = 0; i < len && rc == 0; i++) {
        if (text[i] == '"' || text[i] == '\\')
            rc = x8_canon_put(c, out, "\\", 1);
        if (rc == 0 && text[i] < 0x20 && c->escaped)
            rc = put_control(c, out, text[i]);
        else if (rc == 0)
            rc = x8_canon_put(c, out, &text[i], 1);
    }
    return rc < 0 ? rc : x8_canon_put(c, out, "\"", 1);
}
