/*
 * What the script parser stands on: memory that lives as long as the script, messages with a line
 * number, words and numbers.
 */
#include "flash/script_parser.h"

#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 16384

struct block {
    struct block *next;
    size_t used, cap;
    char data[];
};

static struct block *grow(struct x8_sp *p, size_t need)
{
    size_t cap = need > BLOCK_BYTES ? need : BLOCK_BYTES;
    struct block *block = malloc(sizeof *block + cap);

    if (!block)
        return NULL;
    block->used = 0;
    block->cap = cap;
    block->next = p->out->arena;
    p->out->arena = block;
    return block;
}

char *x8_sp_keep(struct x8_sp *p, const char *text, size_t len)
{
    struct block *block = p->out->arena;
    /* Every piece starts aligned, since commands are kept here too. */
    size_t need = (len + 1 + 15) & ~(size_t)15;
    char *copy;

    if (!block || block->cap - block->used < need)
        block = grow(p, need);
    if (!block) {
        (void)x8_sp_no_memory(p);
        return NULL;
    }
    copy = block->data + block->used;
    block->used += need;
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void x8_sp_free_arena(void *arena)
{
    struct block *block = arena;

    while (block) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
}

int x8_sp_fail(struct x8_sp *p, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    int rc;

    va_start(ap, fmt);
    if (vsnprintf(text, sizeof text, fmt, ap) < 0)
        text[0] = '\0';
    va_end(ap);
    /* A command on the user's own line is a wrong argument, a line of a file is a bad file. */
    rc = x8_fail(p->err, p->options->is_command_line ? X8_E_USAGE : X8_E_BAD_IMAGE, "%s", text);
    if (!p->options->is_command_line)
        x8_error_prefix(p->err, "line %d", p->line);
    return rc;
}

int x8_sp_no_memory(struct x8_sp *p)
{
    return x8_fail(p->err, X8_E_INTERNAL, "no memory for the script");
}

void x8_sp_note(struct x8_sp *p, int line, enum x8_note_level level, const char *fmt, ...)
{
    struct x8_script *s = p->out;
    va_list ap;

    if (s->note_count >= X8_SCRIPT_MAX_NOTES)
        return;
    if (s->note_count == p->note_cap) {
        size_t cap = p->note_cap ? 2 * p->note_cap : 16;
        struct x8_note *notes = realloc(s->notes, cap * sizeof *notes);

        if (!notes)
            return;
        s->notes = notes;
        p->note_cap = cap;
    }
    s->notes[s->note_count] = (struct x8_note){.line = line, .level = level};
    va_start(ap, fmt);
    if (vsnprintf(s->notes[s->note_count].text, sizeof s->notes->text, fmt, ap) >= 0)
        s->note_count++;
    va_end(ap);
}

const char *x8_sp_show(char out[80], const char *text)
{
    size_t len = strlen(text);

    if (!x8_clean(out, 76, text, len))
        memcpy(out + strlen(out), "...", 4);
    return out;
}

const char *x8_sp_skip_blanks(const char *at)
{
    while (x8_sp_is_blank(*at))
        at++;
    return at;
}

int x8_sp_word(struct x8_sp *p, const char **at, struct x8_word *out)
{
    const char *start = x8_sp_skip_blanks(*at), *end = start;
    int open = 0;
    char *copy;
    size_t n = 0;

    for (; *end && (open || !x8_sp_is_blank(*end)); end++)
        if (*end == '"')
            open = !open;
    *at = end;
    if (end == start)
        return 0;
    if (open) {
        char shown[80];
        int rc = x8_sp_fail(p, "a quote is not closed: %s", x8_sp_show(shown, start));

        x8_error_why(p->err, "double quotes keep blanks together and stand in pairs; there is no "
                             "way to write a quote itself");
        x8_error_next(p->err, "close the quote, or remove it");
        return rc;
    }
    copy = x8_sp_keep(p, start, (size_t)(end - start));
    if (!copy)
        return -(int)X8_E_INTERNAL;
    for (const char *c = start; c < end; c++)
        if (*c != '"')
            copy[n++] = *c;
    copy[n] = '\0';
    out->text = copy;
    out->is_quoted = *start == '"';
    return 1;
}

int x8_sp_number(struct x8_sp *p, const char *what, const char *text, uint64_t max, uint64_t *out)
{
    char shown[80];
    int rc;

    if (x8_parse_u64(text, out) != 0) {
        rc = x8_sp_fail(p, "%s: '%s' is no number", what, x8_sp_show(shown, text));
        x8_error_why(p->err, "numbers are decimal (1000) or hexadecimal with 0x (0x3e8)");
        x8_error_next(p->err, "correct the number");
        return rc;
    }
    if (*out > max) {
        rc = x8_sp_fail(p, "%s: %s is too large", what, x8_sp_show(shown, text));
        x8_error_why(p->err, "the largest value here is %llu", (unsigned long long)max);
        x8_error_next(p->err, "correct the number");
        return rc;
    }
    return 0;
}
