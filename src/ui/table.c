/*
 * Tables: collected as JSON objects' worth of text, then shown in one of three forms.
 */
#include "ui/table.h"

#include "ui/parts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

struct row {
    char **cells; /* NULL: unknown */
    struct x8_json *extra;
};

struct x8_table {
    const char *const *columns;
    size_t width; /* number of columns */
    struct row *rows;
    size_t count;
};

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

struct x8_table *x8_table_new(const char *const *columns)
{
    struct x8_table *table = must(calloc(1, sizeof *table));

    table->columns = columns;
    while (columns[table->width])
        table->width++;
    return table;
}

static char *clean_copy(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    char *copy;

    if (len == 0)
        return NULL;
    copy = must(malloc(len + 1));
    x8_clean(copy, len + 1, text, len);
    return copy;
}

void x8_table_row(struct x8_table *table, const char *const *cells)
{
    struct row *row;

    table->rows = must(realloc(table->rows, (table->count + 1) * sizeof table->rows[0]));
    row = &table->rows[table->count++];
    row->extra = NULL;
    row->cells = must(calloc(table->width ? table->width : 1, sizeof row->cells[0]));
    for (size_t i = 0; i < table->width; i++)
        row->cells[i] = clean_copy(cells[i]);
}

struct x8_json *x8_table_row_extra(struct x8_table *table)
{
    struct row *row = &table->rows[table->count - 1];

    if (!row->extra)
        row->extra = x8_json_object();
    return row->extra;
}

size_t x8_table_rows(const struct x8_table *table)
{
    return table->count;
}

static const char *shown(const struct row *row, size_t column)
{
    return row->cells[column] ? row->cells[column] : "-";
}

static size_t width_of(const struct x8_table *table, size_t column)
{
    size_t widest = x8_columns(table->columns[column]);

    for (size_t i = 0; i < table->count; i++) {
        size_t wide = x8_columns(shown(&table->rows[i], column));

        widest = wide > widest ? wide : widest;
    }
    return widest;
}

enum { BELOW = 4 }; /* columns in front of what has a line of its own */

/* A cell that the line has no room for begins another one, for the headings as for the rows. */
static void make_room(struct x8_buf *head, size_t width, int columns, struct x8_buf *out)
{
    const char *text = x8_buf_text(head);
    size_t len = strlen(text);

    if (columns <= 0 || x8_columns(text) + width < (size_t)columns || strspn(text, " ") == len)
        return;
    while (len && text[len - 1] == ' ')
        len--;
    x8_put(out, "%.*s\n", (int)len, text);
    x8_buf_done(head);
    x8_put(head, "%*s", BELOW, "");
}

/* A text in front of others: one that is wider than a line is broken between words. */
static void put_cell(struct x8_buf *head, const char *text, size_t width, int columns,
                     struct x8_buf *out)
{
    make_room(head, width, columns, out);
    if (columns <= 0 || x8_columns(x8_buf_text(head)) + x8_columns(text) < (size_t)columns) {
        x8_put_padded(head, text, width + 2);
        return;
    }
    x8_put(out, "%s", x8_buf_text(head));
    x8_put_wrapped(out, text, columns, x8_columns(x8_buf_text(head)), BELOW);
    x8_buf_done(head);
    x8_put(head, "%*s", BELOW, "");
}

/* `row` NULL: the headings. The last column is not padded: no blanks at the ends of lines. */
static void put_row(const struct x8_table *table, const struct row *row, const size_t *widths,
                    int columns, struct x8_buf *out)
{
    struct x8_buf head = {0};

    for (size_t i = 0; i < table->width; i++) {
        const char *text = row ? shown(row, i) : table->columns[i];
        int last = i + 1 == table->width;

        if (!widths)
            x8_put(out, "%s%s", text, last ? "\n" : "\t");
        else if (last)
            x8_put_behind(out, x8_buf_text(&head), text, columns);
        else
            put_cell(&head, text, widths[i], columns, out);
    }
    x8_buf_done(&head);
}

/* `columns` of the terminal, 0: without an end. */
static void put_all(const struct x8_table *table, int is_aligned, int columns, struct x8_buf *out)
{
    size_t *widths = NULL;

    if (is_aligned) {
        widths = must(calloc(table->width + 1, sizeof widths[0]));
        for (size_t i = 0; i < table->width; i++)
            widths[i] = width_of(table, i);
    }
    put_row(table, NULL, widths, columns, out);
    for (size_t i = 0; i < table->count; i++)
        put_row(table, &table->rows[i], widths, columns, out);
    free(widths);
}

void x8_table_print(const struct x8_table *table, FILE *out, int is_terminal)
{
    struct x8_buf text = {0};

    put_all(table, is_terminal, is_terminal ? x8_file_columns(out) : 0, &text);
    fwrite(text.data, 1, text.len, out);
    x8_buf_done(&text);
}

void x8_table_put(const struct x8_table *table, struct x8_buf *out)
{
    put_all(table, 1, 0, out);
}

static void key_of(const char *heading, char *out, size_t cap)
{
    x8_copy(out, cap, heading);
    for (; *out; out++) {
        if (*out >= 'A' && *out <= 'Z')
            *out = (char)(*out - 'A' + 'a');
        else if (*out == '-' || *out == ' ')
            *out = '_';
    }
}

static struct x8_json *row_json(const struct x8_table *table, struct row *row)
{
    struct x8_json *object = x8_json_object();

    for (size_t i = 0; i < table->width; i++) {
        char key[64];

        key_of(table->columns[i], key, sizeof key);
        x8_json_str(object, key, row->cells[i]);
    }
    return object;
}

struct x8_json *x8_table_json(const struct x8_table *table, const char *name)
{
    struct x8_json *document = x8_json_object(), *rows = x8_json_array();

    for (size_t i = 0; i < table->count; i++) {
        struct x8_json *object = row_json(table, &table->rows[i]);

        if (table->rows[i].extra)
            x8_json_merge(object, table->rows[i].extra);
        x8_json_add(rows, NULL, object);
    }
    x8_json_add(document, name, rows);
    return document;
}

void x8_table_print_json(const struct x8_table *table, const char *name, FILE *out)
{
    struct x8_json *document = x8_table_json(table, name);
    char *text = x8_json_text(document, 1);

    fputs(text, out);
    fputc('\n', out);
    free(text);
    x8_json_free(&document);
}

void x8_table_free(struct x8_table **table)
{
    if (!*table)
        return;
    for (size_t i = 0; i < (*table)->count; i++) {
        struct row *row = &(*table)->rows[i];

        for (size_t c = 0; c < (*table)->width; c++)
            free(row->cells[c]);
        free(row->cells);
        x8_json_free(&row->extra);
    }
    free((*table)->rows);
    free(*table);
    *table = NULL;
}
