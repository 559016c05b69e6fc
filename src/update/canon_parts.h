/*
 * The inside of canonical JSON: the reader's place in the text, and its strings.
 */
#ifndef X8_UPDATE_CANON_PARTS_H
#define X8_UPDATE_CANON_PARTS_H

#include "update/canon.h"

struct canon {
    const uint8_t *text;
    size_t len, at;
    int escaped; /* control characters as escapes */
    const char *member;
    struct x8_buf picked; /* the value of `member` */
    int has_picked;
    struct x8_error *err;
};

/* X8_E_BAD_IMAGE with the place, and `why`. */
int x8_canon_fault(struct canon *c, const char *why);

/* The byte at the reader's place, -1 at the end. */
static inline int x8_canon_peek(const struct canon *c)
{
    return c->at < c->len ? c->text[c->at] : -1;
}

int x8_canon_put(struct canon *c, struct x8_buf *out, const void *data, size_t len);

/* Read a text and its quotes; append what it means. */
int x8_canon_read_text(struct canon *c, struct x8_buf *out);

/* Append a text in its canonical form, with quotes. */
int x8_canon_put_text(struct canon *c, struct x8_buf *out, const uint8_t *text, size_t len);

#endif
