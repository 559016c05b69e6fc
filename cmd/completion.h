/*
 * Completion scripts for shells, generated from the option tables. Each appends a whole script.
 */
#ifndef X8_CMD_COMPLETION_H
#define X8_CMD_COMPLETION_H

#include "cmd.h"
#include "page.h"

void x8_completion_bash(struct x8_page *out);
void x8_completion_zsh(struct x8_page *out);
void x8_completion_fish(struct x8_page *out);

/* completion_words.c: one text for each kind of thing that can be completed, the same for all
 * shells: "words auto full none", "file", "dir", "image" (a release or a file), "board", "carrier",
 * "command", "value" (nothing is known), "" (a flag). */
void x8_complete_kind(const struct x8_opt *opt, struct x8_page *out);
/* Words behind `word`: names of all carriers, or of all commands, topics and codes. NULL text:
 * none. */
void x8_complete_words(const char *what, struct x8_page *out);
/* What stands behind `word` instead when the line has the flag number `i` of the command: its name,
 * and the words into `out`. NULL: there is no further one. */
const char *x8_complete_under(const struct x8_cmd *cmd, size_t i, struct x8_page *out);
/* 1 when some verb of the command does not go with this option. */
int x8_complete_is_of_some(const struct x8_cmd *cmd, const struct x8_opt *opt);
int x8_complete_goes(const struct x8_cmd *cmd, const char *verb, const struct x8_opt *opt);
/* Text inside single quotes, for both kinds of shell. */
void x8_quoted(struct x8_page *out, const char *text);

#endif
