/*
 * Inside the room: what aklite-offline's exit codes and words mean, as data, and the scripts that
 * start and watch it.
 */
#ifndef X8_UPDATE_AKLITE_PARTS_H
#define X8_UPDATE_AKLITE_PARTS_H

#include "update/aklite.h"

/* Sets of generations and verbs. */
enum { AKLITE_A = 1, AKLITE_B = 2, AKLITE_C = 4, AKLITE_AB = 3, AKLITE_ABC = 7 };
enum { AKLITE_INSTALL = 1, AKLITE_RUN = 2 };

/* An exit code. The first row that holds counts. */
struct aklite_row {
    unsigned char generations, verbs;
    int status;
    const char *said[2]; /* fragments that have to be in the output, or NULL */
    enum x8_aklite_means means;
    enum x8_code code;
    int is_open; /* the code alone says little: what was said may say more (aklite_causes) */
    const char *why, *next;
};
extern const struct aklite_row aklite_rows[];
extern const size_t aklite_row_count;

/* What was said when something failed. The first row that holds counts. */
struct aklite_cause {
    unsigned char generations, verbs;
    const char *said[2];
    enum x8_code code;
    const char *why, *next;
};
extern const struct aklite_cause aklite_causes[];
extern const size_t aklite_cause_count;

/* A stream without colours, severities, carriage returns and NUL bytes. -1 without memory. */
int aklite_plain(struct x8_span from, struct x8_buf *out) X8_NODISCARD;

/* The last line that says something, cleaned; "" when there is none. */
void aklite_last_words(const struct x8_buf *plain, char *out, size_t cap);

/* The scripts. -1 without memory. */
struct aklite_start {
    enum x8_aklite generation;
    enum x8_aklite_verb verb;
    const char *stage;
    int allow_downgrade;
    const char *program;   /* NULL: the board's own */
    const char *libraries; /* LD_LIBRARY_PATH of a program that was brought along, or NULL */
};
int aklite_start_text(struct x8_buf *out, const struct aklite_start *start) X8_NODISCARD;
int aklite_look_text(struct x8_buf *out, const char *stage) X8_NODISCARD;
int aklite_wait_text(struct x8_buf *out, const char *stage) X8_NODISCARD;

/* Read what the look script printed. X8_E_LINK when it is not whole. Pure. */
int aklite_look_parse(struct x8_span text, struct x8_aklite_run *out, struct x8_error *err);

const char *aklite_verb_name(enum x8_aklite_verb verb); /* "install", "run" */

#endif
