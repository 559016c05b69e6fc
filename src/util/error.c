/*
 * Errors as values: fill, prefix, and the one table of codes.
 */
#include "util/error.h"

#include "util/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct code_row {
    enum x8_code code;
    const char *name, *meaning;
};

static const struct code_row rows[] = {
#define X8_CODE_ROW(id, status, name, meaning) {id, name, meaning},
    X8_CODES(X8_CODE_ROW)
#undef X8_CODE_ROW
};

static void vset(char *field, size_t cap, const char *fmt, va_list ap) X8_PRINTF(3, 0);
static void vfill(struct x8_error *err, enum x8_code code, int errnum, const char *fmt, va_list ap)
    X8_PRINTF(4, 0);

/* Formatted aside first: the arguments may be texts of the very error that is filled. Whatever was
 * mistyped where, no password of an address gets into a message. */
static void vset(char *field, size_t cap, const char *fmt, va_list ap)
{
    char text[sizeof((struct x8_error *)0)->why];

    if (vsnprintf(text, sizeof text, fmt, ap) < 0)
        text[0] = '\0';
    x8_hide_logins(text);
    snprintf(field, cap, "%s", text);
}

static void vfill(struct x8_error *err, enum x8_code code, int errnum, const char *fmt, va_list ap)
{
    struct x8_error fresh = {.code = code, .sys = errnum};

    vset(fresh.msg, sizeof fresh.msg, fmt, ap);
    *err = fresh;
}

int x8_fail(struct x8_error *err, enum x8_code code, const char *fmt, ...)
{
    va_list ap;

    if (err) {
        va_start(ap, fmt);
        vfill(err, code, 0, fmt, ap);
        va_end(ap);
    }
    return -(int)code;
}

int x8_fail_sys(struct x8_error *err, enum x8_code code, int errnum, const char *fmt, ...)
{
    va_list ap;

    if (err) {
        va_start(ap, fmt);
        vfill(err, code, errnum, fmt, ap);
        va_end(ap);
        if (strerror_r(errnum, err->why, sizeof err->why) != 0)
            x8_error_why(err, "error %d", errnum);
    }
    return -(int)code;
}

int x8_fail_open_files(struct x8_error *err, int errnum, const char *what)
{
    int is_limit = errnum == EMFILE || errnum == ENFILE;
    int rc = x8_fail_sys(err, is_limit ? X8_E_HOST_SPACE : X8_E_INTERNAL, errnum, "%s", what);

    if (is_limit)
        x8_error_next(err, "ulimit -n 1024    allows as many open files, then run it again");
    return rc;
}

void x8_error_why(struct x8_error *err, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return;
    va_start(ap, fmt);
    vset(err->why, sizeof err->why, fmt, ap);
    va_end(ap);
}

void x8_error_next(struct x8_error *err, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return;
    va_start(ap, fmt);
    vset(err->next, sizeof err->next, fmt, ap);
    va_end(ap);
}

void x8_error_prefix(struct x8_error *err, const char *fmt, ...)
{
    char prefix[sizeof err->msg], joined[sizeof err->msg * 2 + 4];
    va_list ap;

    if (!err)
        return;
    va_start(ap, fmt);
    vset(prefix, sizeof prefix, fmt, ap);
    va_end(ap);
    snprintf(joined, sizeof joined, "%s: %s", prefix, err->msg);
    /* A message that no longer fits loses its end, never its beginning, which names the thing. */
    memcpy(err->msg, joined, sizeof err->msg - 1);
    err->msg[sizeof err->msg - 1] = '\0';
}

static const struct code_row *find(enum x8_code code)
{
    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (rows[i].code == code)
            return &rows[i];
    return &rows[1];
}

enum x8_code x8_code_of(int negative)
{
    if (negative >= 0)
        return X8_OK;
    return find((enum x8_code)(-negative))->code;
}

const char *x8_code_name(enum x8_code code)
{
    return find(code)->name;
}

const char *x8_code_meaning(enum x8_code code)
{
    return find(code)->meaning;
}

int x8_code_row(unsigned i, enum x8_code *code, const char **name, const char **meaning)
{
    if (i >= X8_COUNT(rows))
        return 0;
    *code = rows[i].code;
    *name = rows[i].name;
    *meaning = rows[i].meaning;
    return 1;
}
