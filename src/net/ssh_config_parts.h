/*
 * The parts of the reader of ~/.ssh/config, for the files ssh_config*.c alone.
 */
#ifndef X8_NET_SSH_CONFIG_PARTS_H
#define X8_NET_SSH_CONFIG_PARTS_H

#include "net/ssh_config.h"

enum { X8_SSH_WORDS = 64, X8_SSH_LINE = 4096 };

/* One line: its keyword, its arguments, and what stands behind the keyword as it is. */
struct x8_ssh_line {
    char text[X8_SSH_LINE]; /* where the words are */
    const char *keyword, *words[X8_SSH_WORDS];
    size_t count;
    char rest[X8_SSH_LINE];
};

struct x8_ssh_reading {
    const struct x8_ssh_config_for *whom;
    struct x8_ssh_config *out;
    char local_user[64];
    int is_final, wants_final; /* the second pass; a Match asked for one */
    unsigned files;            /* of Include */
    int is_system;             /* the computer's own file is being read */
    char ignored[1024];        /* IgnoreUnknown */
    const char *file;          /* its name for messages */
    const char *folder;        /* where names in Include start */
    unsigned line;
    int is_active; /* the lines are for our host */
};

/* Split a line. 1; 0 for an empty one and a comment; -1 for a quote without end, or too long. */
int x8_ssh_line_split(const char *text, size_t len, struct x8_ssh_line *out);
/* The pattern fits all of the text. */
int x8_ssh_pattern_fits(const char *pattern, const char *text, int ignores_case);
/* The text against "a,!b,c*": 1, 0, or -1 when a part with '!' fits. */
int x8_ssh_list_fits(const char *list, const char *text, int ignores_case);

/* "FILE line N: " in front of what is wrong. X8_E_USAGE. */
int x8_ssh_line_wrong(const struct x8_ssh_reading *reading, struct x8_error *err, const char *fmt,
                      ...) X8_PRINTF(3, 4);
/* Is it a line that ssh knows, whomever it is for (ssh_config_known.c)? 0; 1: IgnoreUnknown wants
 * it passed over; X8_E_USAGE. */
int x8_ssh_check_line(const struct x8_ssh_reading *reading, const struct x8_ssh_line *line,
                      struct x8_error *err);
/* What a line says for our host (ssh_config_words.c); a keyword that does not matter here is 0. */
int x8_ssh_take_keyword(struct x8_ssh_reading *reading, const struct x8_ssh_line *line,
                        struct x8_error *err);
/* Host and Match (ssh_config_match.c): set is_active. */
void x8_ssh_read_host(struct x8_ssh_reading *reading, const struct x8_ssh_line *line);
int x8_ssh_read_match(struct x8_ssh_reading *reading, const struct x8_ssh_line *line,
                      struct x8_error *err);

#endif
