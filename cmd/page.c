/*
 * Text that grows, with an error that sticks.
 */
#include "page.h"

#include <stdio.h>

void x8_put_bytes(struct x8_page *page, const char *text, size_t len)
{
    if (x8_buf_add(&page->buf, text, len) < 0)
        page->failed = 1;
}

const char *x8_page_text(const struct x8_page *page)
{
    return x8_buf_text(&page->buf);
}

int x8_page_print(const struct x8_page *page, struct x8_error *err)
{
    if (page->failed) {
        int rc = x8_fail(err, X8_E_INTERNAL, "no memory for the text");
        x8_error_next(err, "close other programs and repeat");
        return rc;
    }
    fwrite(page->buf.data, 1, page->buf.len, stdout);
    return 0;
}

void x8_page_done(struct x8_page *page)
{
    x8_buf_done(&page->buf);
}
