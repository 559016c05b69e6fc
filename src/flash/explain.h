/*
 * What a script will do, as data for people: stages in the order in which a board passes through
 * them, one sentence per command, the files it needs. Pure; whether a file is there is asked
 * through a callback. Notes are those of the script (script.h).
 */
#ifndef X8_FLASH_EXPLAIN_H
#define X8_FLASH_EXPLAIN_H

#include "flash/input.h"

enum x8_explain_state {
    X8_EXPLAIN_UNKNOWN, /* nobody looked, or it could not be told */
    X8_EXPLAIN_THERE,
    X8_EXPLAIN_MISSING,
    X8_EXPLAIN_UNUSABLE, /* there, but a folder, a device or empty; `detail` says which */
    X8_EXPLAIN_REPLACED, /* not there; `detail` names the file that would be taken instead */
};

struct x8_explain_found {
    enum x8_explain_state state;
    uint64_t size;    /* bytes as stored; UINT64_MAX when unknown */
    char detail[128]; /* what else is known ("as image.wic.gz"), or "" */
};

/* Say whether the file a script names is there: `name` as written and taken apart; `role` as for
 * x8_input_find(). `out` comes preset to UNKNOWN. */
typedef void x8_explain_look_fn(void *ctx, const char *name, enum x8_role role,
                                const struct x8_file_ref *ref, struct x8_explain_found *out);

struct x8_explain_step {
    const struct x8_command *command; /* borrowed from the script */
    unsigned risks;
    char words[512];
};

struct x8_explain_stage {
    enum x8_proto proto;
    const char *title;   /* "In the boot ROM" */
    size_t first, count; /* of steps */
};

struct x8_explain_file {
    const char *name; /* as written; borrowed from the script */
    int line;         /* the first one that names it */
    struct x8_explain_found found;
};

#define X8_EXPLAIN_STAGES 7

struct x8_explain {
    struct x8_explain_stage stages[X8_EXPLAIN_STAGES]; /* those that have commands */
    size_t stage_count;
    struct x8_explain_step *steps; /* in running order; what stands behind `done` is left out */
    size_t step_count;
    struct x8_explain_file *files; /* each name once, in file order */
    size_t file_count;
    size_t missing; /* files MISSING or UNUSABLE */
    size_t unsafe;  /* notes of level UNSAFE */
};

/* Explain `script`, which must outlive the result. `look` may be NULL. Errors: memory only. */
int x8_explain(const struct x8_script *script, x8_explain_look_fn *look, void *ctx,
               struct x8_explain *out, struct x8_error *err);
void x8_explain_done(struct x8_explain *explain);

/* 1 when a run would end for the lack of this file. */
int x8_explain_lacks(const struct x8_explain_found *found);

/* "info", "warn", "unsafe". */
const char *x8_note_level_name(enum x8_note_level level);

#endif
