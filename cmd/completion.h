/*
 * Completion scripts for shells, generated from the option tables. Each appends a whole script; -1
 * without memory.
 */
#ifndef X8_CMD_COMPLETION_H
#define X8_CMD_COMPLETION_H

#include "cmd.h"

#include "util/buf.h"

int x8_completion_bash(struct x8_buf *out);
int x8_completion_zsh(struct x8_buf *out);
int x8_completion_fish(struct x8_buf *out);

/* completion_words.c: one text for each kind of thing that can be completed, the same for all
 * shells: "words auto full none", "file", "dir", "board", "carrier", "command", "value" (nothing is
 * known), "" (a flag). */
int x8_complete_kind(const struct x8_opt *opt, struct x8_buf *out);
/* Words behind `word`: names of all carriers, or of all commands and topics. NULL text: none. */
int x8_complete_words(const char *what, struct x8_buf *out);
/* Text inside single quotes, for both kinds of shell. */
int x8_quoted(struct x8_buf *out, const char *text);

#endif
