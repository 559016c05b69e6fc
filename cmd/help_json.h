/*
 * What --json prints, as data: every member of every document, with its kind and meaning. The
 * manual page x8ctl.json(5) and the JSON Schema of each document (x8ctl help --schema) come from
 * these rows; the end-to-end tests hold what the commands print against those schemas.
 */
#ifndef X8_CMD_HELP_JSON_H
#define X8_CMD_HELP_JSON_H

#include "page.h"

/*
 * A member. `path`: "boards[].targets[].bytes"; "[]" is any item of a list, "*" any name. "" is the
 * document itself, which then has the members of a shape, too.
 * `kind`: what it may be, joined by '|': string, integer, number, boolean, object, null, time (ISO
 * 8601 in UTC), sha256, code (the name of an exit code), or "=a|b" for certain words; "@shape": an
 * object with the members of that shape and those of the rows below. Behind it:
 *   !  always there
 *   ?  not always there, for the reason that the text gives
 *   nothing: always there, unless an error stands in the same object instead
 */
struct x8_json_row {
    const char *path, *kind, *text;
};

/* A document, or a shape that several share. */
struct x8_json_doc {
    const char *name;  /* "update-check": its words joined by '-'; of a shape: as in "@shape" */
    const char *title; /* one line */
    const struct x8_json_row *rows;                              /* ended by path NULL */
    enum { X8_JSON_DOCUMENT, X8_JSON_LINE, X8_JSON_SHAPE } what; /* LINE: one of many on a stream */
};

/* Lists of documents and shapes, each ended by a name NULL (help_json_look.c and so on). */
extern const struct x8_json_doc x8_json_look[], x8_json_flash[], x8_json_update[], x8_json_run[];
extern const struct x8_json_doc x8_json_events[];
/* The lists, ended by NULL. */
extern const struct x8_json_doc *const x8_json_docs[];

/* NULL when there is none of that name. */
const struct x8_json_doc *x8_json_doc_find(const char *name);

/* The document's JSON Schema (draft 2020-12). */
void x8_schema(const struct x8_json_doc *doc, struct x8_page *out);
/* The names of all, one on a line. */
void x8_schema_names(struct x8_page *out);
/* The page x8ctl.json(5). */
void x8_man_json(struct x8_page *out);

#endif
