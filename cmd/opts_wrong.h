/*
 * What is wrong with a line, said with the rows at hand: which words would have been right, and
 * where the one that was given belongs.
 */
#ifndef X8_CMD_OPTS_WRONG_H
#define X8_CMD_OPTS_WRONG_H

#include "opts.h"

/* A word that is no command. */
int x8_wrong_command(const struct x8_cmd *const *commands, const char *word, struct x8_error *err);

/* An option that `cmd` (NULL: no command yet) has not. `arg`: as it was typed; `name`: of `len`
 * letters, without dashes; a single one is looked for among the short forms. */
int x8_wrong_option(const struct x8_cmd *const *commands, const struct x8_cmd *cmd, const char *arg,
                    const char *name, size_t len, struct x8_error *err);

/* An option without its value. `seen`: the argument behind it, when it looks like an option. */
int x8_wrong_missing(const struct x8_cmd *cmd, const struct x8_opt *opt, const char *seen,
                     struct x8_error *err);

/* An empty value, or (`opt` NULL) an empty operand: what is left of a variable that is not set. */
int x8_wrong_empty(const struct x8_opt *opt, struct x8_error *err);

/* An option that belongs to other verbs of the noun. */
int x8_wrong_verb(const struct x8_cmd *cmd, const char *verb, const char *option,
                  struct x8_error *err);

/* Why a line that says nothing of its own is none: the form it should have. */
void x8_wrong_form(const struct x8_cmd *cmd, struct x8_error *err);

#endif
