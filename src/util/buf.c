/*
 * Growable bytes.
 */
#include "util/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void x8_buf_done(struct x8_buf *buf)
{
    free(buf->data);
    memset(buf, 0, sizeof *buf);
}

int x8_buf_reserve(struct x8_buf *buf, size_t more)
{
    size_t cap = buf->cap ? buf->cap : 256;
    uint8_t *grown;

    if (more > SIZE_MAX / 2 - buf->len - 1)
        return -1;
    if (buf->len + more + 1 <= buf->cap)
        return 0;
    while (cap < buf->len + more + 1)
        cap *= 2;
    grown = realloc(buf->data, cap);
    if (!grown)
        return -1;
    buf->data = grown;
    buf->cap = cap;
    return 0;
}

int x8_buf_add(struct x8_buf *buf, const void *data, size_t len)
{
    if (x8_buf_reserve(buf, len) < 0)
        return -1;
    if (len)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return 0;
}

int x8_buf_addf(struct x8_buf *buf, const char *fmt, ...)
{
    va_list ap;
    int need;

    va_start(ap, fmt);
    need = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (need < 0 || x8_buf_reserve(buf, (size_t)need) < 0)
        return -1;
    va_start(ap, fmt);
    vsnprintf((char *)buf->data + buf->len, (size_t)need + 1, fmt, ap);
    va_end(ap);
    buf->len += (size_t)need;
    return 0;
}

const char *x8_buf_text(const struct x8_buf *buf)
{
    return buf->data ? (const char *)buf->data : "";
}

/* The compiler may not know that this is memset. */
static void *(*const volatile overwrite)(void *, int, size_t) = memset;

void x8_wipe(void *data, size_t len)
{
    overwrite(data, 0, len);
}
