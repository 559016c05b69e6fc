/*
 * Growable bytes with an upper limit, for inputs whose size is not known before.
 */
#ifndef X8_UTIL_BUF_H
#define X8_UTIL_BUF_H

#include "util/attr.h"
#include "util/bytes.h"

struct x8_buf {
    uint8_t *data; /* always NUL-terminated behind len once anything was added */
    size_t len, cap;
};

void x8_buf_done(struct x8_buf *buf);

/* Make room for `more` bytes behind len. -1 without memory. */
int x8_buf_reserve(struct x8_buf *buf, size_t more) X8_NODISCARD;

/* Append. -1 without memory. */
int x8_buf_add(struct x8_buf *buf, const void *data, size_t len) X8_NODISCARD;
int x8_buf_addf(struct x8_buf *buf, const char *fmt, ...) X8_PRINTF(2, 3) X8_NODISCARD;

/* The contents as text; "" when empty. */
const char *x8_buf_text(const struct x8_buf *buf);

/* Overwrite what held a secret, which a compiler leaves out of a plain memset before the end of its
 * life. */
void x8_wipe(void *data, size_t len);

static inline struct x8_span x8_buf_span(const struct x8_buf *buf)
{
    return (struct x8_span){buf->data, buf->len};
}

#define X8_AUTO_BUF X8_CLEANUP(x8_buf_done) struct x8_buf

#endif
