/*
 * Help: pages built from the option tables, topics and exit codes as text in the binary, and the
 * same facts as manual pages. Everything is first rendered into a buffer, so that one text serves
 * the terminal and the tests.
 */
#ifndef X8_CMD_HELP_H
#define X8_CMD_HELP_H

#include "cmd.h"
#include "page.h"

/* The few lines of `x8ctl` alone. */
int x8_help_short(struct x8_error *err);
/* The page of a command on stdout; NULL: the overview of all. */
int x8_help_for(const struct x8_cmd *cmd, struct x8_error *err);

/* help_page.c. Each appends. */
void x8_page_overview(struct x8_page *out);
void x8_page_command(const struct x8_cmd *cmd, struct x8_page *out);

/* help_layout.c */
#define X8_HELP_WIDTH 80
/* "  left   right", the right column starting at `column` and wrapped at the page's width. */
void x8_put_row(struct x8_page *out, const char *left, size_t column, const char *right);
/* Rows of options. */
void x8_put_options(struct x8_page *out, const struct x8_opt *opts);
/* "auto|full|none", or the name of the argument; "" for a flag. */
void x8_opt_arg_text(const struct x8_opt *opt, char *out, size_t cap);

/* help_topics.c: a topic is fixed text, and for some also rows that a table knows. */
struct x8_topic {
    const char *name, *summary;
    const char *text; /* lines of at most 78 columns */
    void (*more)(struct x8_page *out);
};
extern const struct x8_topic x8_topics[]; /* ended by name NULL */
void x8_page_topic(const struct x8_topic *topic, struct x8_page *out);

/* help_codes.c */
struct x8_code_help {
    enum x8_code code;
    const char *causes, *todo; /* lines starting with two blanks */
};
const struct x8_code_help *x8_code_help_find(enum x8_code code);
/* 1 when some command of this version may end with the code. */
int x8_code_in_use(enum x8_code code);
void x8_page_code(enum x8_code code, struct x8_page *out);
void x8_page_codes(struct x8_page *out);

/* help_man.c: roff. */
void x8_man_overview(struct x8_page *out);
void x8_man_command(const struct x8_cmd *cmd, struct x8_page *out);
void x8_man_errors(struct x8_page *out);

#endif
