/*
 * Text that grows: help pages, manual pages and scripts are written into one and leave the program
 * in one piece. Running out of memory is remembered and told once, by x8_page_print.
 */
#ifndef X8_CMD_PAGE_H
#define X8_CMD_PAGE_H

#include "util/buf.h"
#include "util/error.h"

struct x8_page {
    struct x8_buf buf;
    int failed;
};

/* Append as printf does. A macro, so that the compiler checks the format. */
#define x8_put(page, ...) ((page)->failed |= x8_buf_addf(&(page)->buf, __VA_ARGS__) < 0)
void x8_put_bytes(struct x8_page *page, const char *text, size_t len);
/* What was put so far; "" when nothing was. */
const char *x8_page_text(const struct x8_page *page);
/* Write it to stdout; whether it arrived is found out when stdout is finished. */
int x8_page_print(const struct x8_page *page, struct x8_error *err);
void x8_page_done(struct x8_page *page);
#define X8_AUTO_PAGE X8_CLEANUP(x8_page_done) struct x8_page

#endif
