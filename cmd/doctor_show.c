/*
 * A diagnosis on stdout: lines for a person, a table without a terminal, one document for a
 * program. All three have the same rows.
 */
#include "doctor.h"

#include "ui/table.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ABOUT_MAX = 20, NEXT_MIN = 40 };

/* --- for a person --- */

static int about_width(const struct x8_diagnosis *diagnosis)
{
    size_t width = 0;

    for (size_t i = 0; i < diagnosis->host.count; i++)
        if (strlen(diagnosis->host.items[i].about) > width)
            width = strlen(diagnosis->host.items[i].about);
    for (const struct x8_patient *p = diagnosis->boards; p; p = p->next)
        for (size_t i = 0; i < p->checks.count; i++)
            if (strlen(p->checks.items[i].about) > width)
                width = strlen(p->checks.items[i].about);
    return (int)(width < ABOUT_MAX ? width : ABOUT_MAX);
}

static void print_rows(const char *heading, const struct x8_checks *checks, int width)
{
    int columns = x8_file_columns(stdout);
    X8_AUTO_BUF out = {0};
    char head[160];

    printf("%s\n", heading);
    for (size_t i = 0; i < checks->count; i++) {
        const struct x8_check *check = &checks->items[i];

        snprintf(head, sizeof head, "  %-7s  %-*s  ", x8_check_word(check->result), width,
                 check->about);
        x8_put_behind(&out, head, check->text, columns);
        snprintf(head, sizeof head, "  %7s  %-*s  next  ", "", width, "");
        if (check->next[0] && columns > 0 && columns < (int)strlen(head) + NEXT_MIN)
            x8_put_behind(&out, "    next  ", check->next, columns);
        else if (check->next[0])
            x8_put_behind(&out, head, check->next, columns);
    }
    printf("%s", x8_buf_text(&out));
}

/* --- without a terminal --- */

static void add_rows(struct x8_table *table, const char *where, const struct x8_checks *checks)
{
    for (size_t i = 0; i < checks->count; i++) {
        const struct x8_check *check = &checks->items[i];
        const char *cells[] = {where,        check->id,   x8_check_word(check->result),
                               check->about, check->text, check->next};

        x8_table_row(table, cells);
    }
}

static void print_table(const struct x8_diagnosis *diagnosis)
{
    static const char *const columns[] = {"WHERE", "CHECK", "RESULT", "ABOUT",
                                          "CAUSE", "NEXT",  NULL};
    struct x8_table *table = x8_table_new(columns);

    add_rows(table, "host", &diagnosis->host);
    for (const struct x8_patient *p = diagnosis->boards; p; p = p->next)
        add_rows(table, p->label, &p->checks);
    x8_table_print(table, stdout, 0);
    x8_table_free(&table);
}

/* --- for a program --- */

struct x8_json *x8_checks_json(const struct x8_checks *checks)
{
    struct x8_json *list = x8_json_array();

    for (size_t i = 0; i < checks->count; i++) {
        const struct x8_check *check = &checks->items[i];
        struct x8_json *row = x8_json_object();

        x8_json_str(row, "id", check->id);
        x8_json_str(row, "result", x8_check_word(check->result));
        x8_json_str(row, "about", check->about);
        x8_json_str(row, "cause", check->text);
        x8_json_str(row, "next", check->next[0] ? check->next : NULL);
        x8_json_bool(row, "fixable", check->fix != X8_FIX_NONE);
        x8_json_add(list, NULL, row);
    }
    return list;
}

struct x8_json *x8_diagnosis_json(const struct x8_diagnosis *diagnosis, const struct x8_json *run)
{
    struct x8_json *json = x8_json_object();

    x8_json_add(json, "host", x8_checks_json(&diagnosis->host));
    if (run)
        x8_json_merge(json, run);
    else
        x8_json_add(json, "boards", x8_json_array());
    x8_json_u64(json, "problems", x8_diagnosis_count(diagnosis, X8_CHECK_FAIL));
    x8_json_u64(json, "warnings", x8_diagnosis_count(diagnosis, X8_CHECK_WARN));
    x8_json_u64(json, "took_ms", (uint64_t)diagnosis->took_ms);
    return json;
}

void x8_diagnosis_print(struct x8_ctx *ctx, const struct x8_diagnosis *diagnosis)
{
    int width;

    if (ctx->globals->json) {
        struct x8_json *json = x8_diagnosis_json(diagnosis, ctx->document);

        x8_result(ctx, &json);
        return;
    }
    if (!isatty(STDOUT_FILENO)) {
        print_table(diagnosis);
        return;
    }
    width = about_width(diagnosis);
    print_rows("host", &diagnosis->host, width);
    for (const struct x8_patient *p = diagnosis->boards; p; p = p->next)
        print_rows(p->label, &p->checks, width);
}
