/*
 * Inside the room: what asks the board, and the reader of its configuration.
 */
#ifndef X8_UPDATE_HOST_PARTS_H
#define X8_UPDATE_HOST_PARTS_H

#include "update/host.h"

/* Append the script of the probe. `top` goes in front of every path of the board: "" but in tests.
 * -1 without memory. */
int host_probe_text(struct x8_buf *out, const char *top) X8_NODISCARD;

/* A reader of lines `key = value` under [section], as sota's files have them. */
struct host_toml {
    char section[48];
};

/* Take a line. 1 when it was a key with a value: `key` is "section.key", the value without its
 * quotes and cleaned. 0: a section, a comment, something else. */
int host_toml_line(struct host_toml *toml, const char *line, size_t len, char key[96],
                   char value[256]);

/* A part of a line of the probe's answer. */
struct host_part {
    const char *at;
    size_t len;
};
struct host_answer {
    struct x8_update_board *board;
    struct x8_buf os, usage; /* gathered from their lines */
    struct host_toml toml;
    int ended; /* the last line was there */
};

/* Take one line. */
void host_take(struct host_answer *answer, struct host_part key, struct host_part line);
/* Up to `stop`, which is taken too; the rest stays. */
struct host_part host_cut(struct host_part *line, char stop);
/* 0 when it is a number, which is in *out. */
int host_number(struct host_part part, uint64_t *out);

/* 1 when `word` is one of the words of `list`, which stand apart by commas or blanks. */
int host_listed(const char *list, const char *word);

/* The second half of x8_update_fit: the board's own state. */
void host_fit_state(const struct x8_bundle *bundle, const struct x8_update_board *board,
                    struct x8_findings *findings);

/* Seconds since 1970 as "2026-12-01 10:00 UTC". */
void host_time_text(int64_t seconds, char out[32]);

#endif
