/*
 * The command line as data: a table-driven parser over the rows of cmd.h. It fills values, reports
 * what it does not understand, and never prints, so that help, completion and tests use the same
 * rows.
 */
#ifndef X8_CMD_OPTS_H
#define X8_CMD_OPTS_H

#include "cmd.h"

/* A command line after parsing. */
struct x8_line {
    const struct x8_cmd *cmd; /* NULL: no command word on the line */
    int argc;                 /* operands behind the command word */
    char **argv;              /* borrowed: the front of the caller's argv, reordered */
};

/*
 * Parse argv[1..] against `commands` (ended by NULL) and the global rows. Values are written
 * through the rows; --help and --version only set their flag. Reorders argv in place. On
 * X8_E_USAGE `line` holds what was understood so far, and the help flag is set when --help stands
 * anywhere on the line.
 */
int x8_opts_parse(const struct x8_cmd *const *commands, int argc, char **argv, struct x8_line *line,
                  struct x8_error *err);

/* Where the global rows store. Reset by x8_opts_parse. */
struct x8_globals *x8_globals(void);

/* What an environment variable stands for: stored as if it were the value of `option`, which
 * nobody gave. */
int x8_opts_from_text(const struct x8_opt *option, const char *origin, const char *text,
                      struct x8_error *err);

/* The row of a command or NULL. */
const struct x8_cmd *x8_command_find(const struct x8_cmd *const *commands, const char *word);
/* The global row with this long name; it must exist. */
const struct x8_opt *x8_global_opt(const char *name);

/* The command whose name is closest to `word`, or NULL when none is near. */
const char *x8_command_closest(const struct x8_cmd *const *commands, const char *word);

/* 1 when the option takes an argument; 0 where it may be left out. */
int x8_opt_takes_value(const struct x8_opt *opt);

/* "auto, full or none" */
void x8_choices_text(const char *const *choices, char *out, size_t cap);

#endif
