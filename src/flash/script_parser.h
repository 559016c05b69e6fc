/*
 * Inside of the script parser, shared by script*.c only. One parser walks one text:
 * script.c cuts lines, script_line.c reads a line, script_args.c its options and operands,
 * script_check.c looks at the whole once more; script_text.c is what they all stand on.
 */
#ifndef X8_FLASH_SCRIPT_PARSER_H
#define X8_FLASH_SCRIPT_PARSER_H

#include "flash/verbs.h"
#include "util/attr.h"

#define X8_SCRIPT_MAX_BYTES    (1u << 20)
#define X8_SCRIPT_MAX_LINE     4095 /* the loader's command buffer is 4096 bytes */
#define X8_SCRIPT_MAX_COMMANDS 10000
#define X8_SCRIPT_MAX_NOTES    1000
#define X8_SCRIPT_MAX_DEPTH    8 /* if ... then if ..., @ @ */

/* A day: what is longer is a typing mistake, and -t and delay end up in an int of milliseconds. */
#define X8_SCRIPT_MAX_MS 86400000

struct x8_sp {
    const struct x8_script_options *options;
    struct x8_script *out;
    struct x8_error *err;
    int line;
    size_t command_cap, note_cap;
    int has_version;
};

/* Copy into the script's own memory; NULL with the error set. */
char *x8_sp_keep(struct x8_sp *p, const char *text, size_t len);
void x8_sp_free_arena(void *arena);

/* x8_fail(X8_E_BAD_IMAGE) with "line N: " in front (not for a command line). */
int x8_sp_fail(struct x8_sp *p, const char *fmt, ...) X8_PRINTF(2, 3);
int x8_sp_no_memory(struct x8_sp *p);

/* Add a note; silently dropped when there are very many. -1 never: no memory drops it too. */
void x8_sp_note(struct x8_sp *p, int line, enum x8_note_level level, const char *fmt, ...)
    X8_PRINTF(4, 5);

/* Text of the script made fit for a message: cleaned, cut with "...". Returns `out`. */
const char *x8_sp_show(char out[80], const char *text);

static inline int x8_sp_is_blank(char c)
{
    return c == ' ' || c == '\t';
}
const char *x8_sp_skip_blanks(const char *at);

struct x8_word {
    const char *text; /* quotes gone; owned by the script */
    int is_quoted;    /* began with a quote: never an option */
};

/* The next word at *at, which moves to the byte behind it. 1, 0 at the end, negative on an open
 * quote. */
int x8_sp_word(struct x8_sp *p, const char **at, struct x8_word *out);

/* A number of a named thing, at most `max`. */
int x8_sp_number(struct x8_sp *p, const char *what, const char *text, uint64_t max, uint64_t *out);

/* One line of the text, blanks at both ends gone: a command is added to the script. */
int x8_sp_line(struct x8_sp *p, const char *line);
/* What stands behind the protocol word, into `c`. */
int x8_sp_command(struct x8_sp *p, const char *at, struct x8_command *c, int depth);
int x8_sp_no_command(struct x8_sp *p, enum x8_proto proto);
/* Options and operands of `row` at `at`. */
int x8_sp_args(struct x8_sp *p, const struct x8_verb_row *row, const char *at,
               struct x8_command *c);
/* Store an option's value (script_options.c). */
void x8_sp_set_flag(struct x8_command *c, enum x8_script_opt opt);
void x8_sp_set_number(struct x8_command *c, enum x8_script_opt opt, uint64_t n);
/* Notes that need the whole script. */
void x8_sp_check(struct x8_sp *p);

#endif
