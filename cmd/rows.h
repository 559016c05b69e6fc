/*
 * Boards as rows: what `list` and `watch` show of each.
 */
#ifndef X8_CMD_ROWS_H
#define X8_CMD_ROWS_H

#include "board/target.h"
#include "util/json.h"

enum x8_column {
    X8_COL_SERIAL,
    X8_COL_NAME,
    X8_COL_STATE,
    X8_COL_IMAGE,
    X8_COL_CARRIER,
    X8_COL_LINKS,
    X8_COL_WHERE,
    X8_COL_SPEED,
    X8_COL_HOSTNAME,
    X8_COL_NOTE,
    X8_COL_NEXT,
    X8_COLUMNS
};

/* "SERIAL" and so on; NULL-terminated. */
extern const char *const x8_column_names[X8_COLUMNS + 1];

/* The text of a cell, "" when there is none. `room` holds what is not part of the target. */
const char *x8_row_cell(const struct x8_target *target, enum x8_column column, char room[32]);

/* "SERIAL,state": which columns, in this order. X8_E_USAGE. */
int x8_columns_parse(const char *text, enum x8_column *out, size_t cap, size_t *out_count,
                     struct x8_error *err);

/* The members that are no columns. */
void x8_row_extra(struct x8_json *json, const struct x8_target *target);

/* How long running boards are asked who they are. */
#define X8_ROWS_PROBE_MS 1500

#endif
