/*
 * A graph in words.
 */
#include "update/graph_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* Objects that are named; each takes some 80 of a finding's characters. */
#define NAMED_MAX 2

static void name_bad(const struct x8_object *object, size_t nth, char *out, size_t cap)
{
    char path[X8_OBJECT_PATH];
    size_t len = strlen(out);
    x8_object_path(object->sum, object->type, 0, path);
    snprintf(out + len, cap - len, "%s%s %s", nth ? ", " : "",
             object->missing ? "missing" : "damaged", path);
}

void graph_report(const struct x8_graph *graph, int deep, struct x8_findings *findings)
{
    char names[NAMED_MAX * (X8_OBJECT_PATH + 16)] = "", stored[24], size[24];
    size_t missing = 0, damaged = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const struct x8_object *object = &graph->objects[i];
        if (!object->missing && !object->bad)
            continue;
        if (missing + damaged < NAMED_MAX)
            name_bad(object, missing + damaged, names, sizeof(names));
        missing += object->missing;
        damaged += object->bad;
    }
    x8_size_text(stored, graph->stored);
    x8_size_text(size, graph->size);
    if (missing + damaged > 0)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "graph",
                 "download or copy the bundle again and compare its SHA-256",
                 "%zu of %zu objects %s: %s%s", missing + damaged, graph->count,
                 damaged == 0   ? "missing"
                 : missing == 0 ? "damaged"
                                : "missing or damaged",
                 names, missing + damaged > NAMED_MAX ? ", ..." : "");
    else
        x8_found(findings, X8_FOUND_OK, X8_OK, "graph", NULL,
                 "%zu object%s, %s stored, %s unpacked: %s", graph->count,
                 graph->count == 1 ? "" : "s", stored, size,
                 deep ? "all are what their names say"
                      : "all are there; contents of files were not looked at");
}
