/*
 * Results on stdout: one table rendered as aligned text on a terminal, tab-separated with header
 * elsewhere, or one JSON document.
 */
#ifndef X8_UI_TABLE_H
#define X8_UI_TABLE_H

#include "util/buf.h"
#include "util/json.h"

#include <stdio.h>

struct x8_table;

/* `columns`: heading as shown ("SERIAL"); the JSON key is its lower-case form with '-' and ' ' as
 * '_'. NULL-terminated. Borrowed. */
struct x8_table *x8_table_new(const char *const *columns);
/* One row; as many cells as columns; NULL or "" shows "-" (null in JSON). Texts are copied. */
void x8_table_row(struct x8_table *table, const char *const *cells);
/* Extra JSON-only fields of the last row. */
struct x8_json *x8_table_row_extra(struct x8_table *table);
size_t x8_table_rows(const struct x8_table *table);
/* is_terminal: aligned, the last column wrapped at the terminal's width; else tab-separated. */
void x8_table_print(const struct x8_table *table, FILE *out, int is_terminal);
/* The same text, aligned and never wrapped. */
void x8_table_put(const struct x8_table *table, struct x8_buf *out);
/* {"<name>":[{...},...]}; the extra fields are in it from then on, and no more in the table. */
struct x8_json *x8_table_json(const struct x8_table *table, const char *name);
/* The same on one indented document. */
void x8_table_print_json(const struct x8_table *table, const char *name, FILE *out);
void x8_table_free(struct x8_table **table);

/* Columns of the terminal that the file is; 0 when it is none. */
int x8_file_columns(FILE *file);
/* A line: the text behind `head`, broken between words at `columns` (0: never) and indented below
 * itself, or below the head where there is hardly room beside it. */
void x8_put_behind(struct x8_buf *out, const char *head, const char *text, int columns);

#endif
