/*
 * Rows of a diagnosis.
 */
#include "doctor/check.h"

#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *x8_check_word(enum x8_check_result result)
{
    static const char *const words[] = {"ok", "warn", "fail", "skipped"};

    return words[result];
}

void x8_checks_done(struct x8_checks *checks)
{
    free(checks->items);
    memset(checks, 0, sizeof *checks);
}

/* A slot of its own before the first row is there takes what finds no memory. */
static struct x8_check *grow(struct x8_checks *checks)
{
    static _Thread_local struct x8_check lost;

    if (checks->count == checks->cap) {
        size_t cap = checks->cap ? checks->cap * 2 : 32;
        struct x8_check *items = realloc(checks->items, cap * sizeof *items);

        if (!items) {
            checks->is_short = 1;
            return &lost;
        }
        checks->items = items;
        checks->cap = cap;
    }
    return &checks->items[checks->count++];
}

struct x8_check *x8_check_add(struct x8_checks *checks, enum x8_check_result result, const char *id,
                              const char *about, const char *fmt, ...)
{
    struct x8_check *check = grow(checks);
    char text[sizeof check->text];
    va_list args;

    memset(check, 0, sizeof *check);
    check->id = id;
    check->result = result;
    x8_copy(check->about, sizeof check->about, about);
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    x8_clean(check->text, sizeof check->text, text, strlen(text));
    return check;
}

void x8_check_next(struct x8_check *check, const char *fmt, ...)
{
    char text[sizeof check->next];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    x8_clean(check->next, sizeof check->next, text, strlen(text));
}

void x8_check_fix(struct x8_check *check, enum x8_fix fix, const char *arg)
{
    check->fix = fix;
    x8_copy(check->arg, sizeof check->arg, arg ? arg : "");
}

size_t x8_checks_count(const struct x8_checks *checks, enum x8_check_result result)
{
    size_t n = 0;

    for (size_t i = 0; i < checks->count; i++)
        n += checks->items[i].result == result;
    return n;
}
