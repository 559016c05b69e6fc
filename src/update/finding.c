/*
 * Findings: a growing list, cleaned on the way in because texts quote files and boards.
 */
#include "update/finding.h"

#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *x8_finding_name(enum x8_finding_kind kind)
{
    static const char *const names[] = {"ok", "info", "warning", "bad"};

    return (size_t)kind < X8_COUNT(names) ? names[kind] : "bad";
}

void x8_findings_done(struct x8_findings *findings)
{
    free(findings->items);
    memset(findings, 0, sizeof *findings);
}

static struct x8_finding *add(struct x8_findings *findings)
{
    if (findings->count == findings->cap) {
        size_t cap = findings->cap ? findings->cap * 2 : 16;
        struct x8_finding *grown = realloc(findings->items, cap * sizeof *grown);

        if (!grown)
            abort();
        findings->items = grown;
        findings->cap = cap;
    }
    return memset(&findings->items[findings->count++], 0, sizeof *findings->items);
}

void x8_found(struct x8_findings *findings, enum x8_finding_kind kind, enum x8_code code,
              const char *id, const char *next, const char *fmt, ...)
{
    struct x8_finding *finding = add(findings);
    char text[sizeof finding->text + 4]; /* a little more: x8_clean must see that it was cut */
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    x8_clean(finding->text, sizeof finding->text, text, strlen(text));
    if (next)
        x8_clean(finding->next, sizeof finding->next, next, strlen(next));
    finding->id = id;
    finding->kind = kind;
    finding->code = kind == X8_FOUND_BAD ? code : X8_OK;
}

const struct x8_finding *x8_findings_bad(const struct x8_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].kind == X8_FOUND_BAD)
            return &findings->items[i];
    return NULL;
}

static size_t count_bad(const struct x8_findings *findings)
{
    size_t n = 0;

    for (size_t i = 0; i < findings->count; i++)
        n += findings->items[i].kind == X8_FOUND_BAD;
    return n;
}

int x8_findings_judge(const struct x8_findings *findings, const char *what, struct x8_error *err)
{
    const struct x8_finding *bad = x8_findings_bad(findings);
    size_t more;
    int rc;

    if (!bad)
        return 0;
    more = count_bad(findings) - 1;
    rc = x8_fail(err, bad->code, "%s", what);
    if (more)
        x8_error_why(err, "%s (and %zu more %s)", bad->text, more, more == 1 ? "fault" : "faults");
    else
        x8_error_why(err, "%s", bad->text);
    if (bad->next[0])
        x8_error_next(err, "%s", bad->next);
    return rc;
}
