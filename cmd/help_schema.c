/*
 * JSON Schema from the rows of help_json.h. An object's members may stand in several places: in
 * rows below its own, and in shapes. So an object is a list of sources, and a source is a table and
 * the part of a path that its rows must begin with.
 */
#include "help_json.h"

#include "util/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES_MAX = 8, PATH_LEN = 120 };

struct source {
    const struct x8_json_row *rows;
    char prefix[PATH_LEN]; /* "boards[].", or "" */
};

struct object {
    struct source sources[SOURCES_MAX];
    size_t count;
};

/* What an object is built into. */
struct building {
    struct x8_json *properties, *always, *else_error;
    int has_always, has_else, has_error;
};

static struct x8_json *node(const struct x8_json_row *rows, const char *path);

static char flag_of(const char *kind)
{
    size_t len = strlen(kind);

    return len && (kind[len - 1] == '!' || kind[len - 1] == '?') ? kind[len - 1] : '\0';
}

static void add_source(struct object *object, const struct x8_json_row *rows, const char *prefix)
{
    struct source *source = &object->sources[object->count];

    if (object->count == SOURCES_MAX)
        abort(); /* a table of this program that is too deep */
    object->count++;
    source->rows = rows;
    snprintf(source->prefix, sizeof source->prefix, "%s", prefix);
}

/* "@board?": the members of that shape; rows without a path bring those of others. */
static void add_shape(struct object *object, const char *kind)
{
    const struct x8_json_doc *shape;
    char name[40];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(kind + 1, "|!?"), kind + 1);
    shape = x8_json_doc_find(name);
    if (!shape)
        abort(); /* a name in a table of this program that does not exist */
    add_source(object, shape->rows, "");
    for (const struct x8_json_row *row = shape->rows; row->path; row++)
        if (!row->path[0])
            add_shape(object, row->kind);
}

/* --- kinds --- */

static void add_codes(struct x8_json *words)
{
    const char *name, *meaning;
    enum x8_code code;

    for (unsigned i = 0; x8_code_row(i, &code, &name, &meaning); i++)
        x8_json_str(words, NULL, name);
}

static int is_word(const char *word, size_t len, const char *name)
{
    return len == strlen(name) && strncmp(word, name, len) == 0;
}

/* Texts of a certain form. */
static const struct {
    const char *name, *pattern;
} forms[] = {
    {"time", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$"},
    {"sha256", "^[0-9a-f]{64}$"},
};

/* JSON's own name for one of the words of a kind. */
static void type_of(struct x8_json *schema, const char *word, size_t len, char out[24])
{
    if (word[0] == '@')
        snprintf(out, 24, "object");
    else
        snprintf(out, 24, "%.*s", (int)len, word);
    for (size_t i = 0; i < X8_COUNT(forms); i++) {
        if (!is_word(word, len, forms[i].name))
            continue;
        x8_json_str(schema, "pattern", forms[i].pattern);
        snprintf(out, 24, "string");
    }
}

static void put_words(struct x8_json *schema, const char *kind)
{
    struct x8_json *words = x8_json_array();

    for (size_t len; *kind && *kind != '!' && *kind != '?'; kind += len + (kind[len] == '|')) {
        char word[40];

        len = strcspn(kind, "|!?");
        snprintf(word, sizeof word, "%.*s", (int)len, kind);
        if (is_word(kind, len, "code"))
            add_codes(words);
        else
            x8_json_str(words, NULL, strcmp(word, "null") == 0 ? NULL : word);
    }
    x8_json_add(schema, "enum", words);
}

static void put_kinds(struct x8_json *schema, const char *kind)
{
    struct x8_json *types;
    int is_one = strchr(kind, '|') == NULL;

    if (kind[0] == '=' || strncmp(kind, "code", 4) == 0) {
        put_words(schema, kind + (kind[0] == '='));
        return;
    }
    types = x8_json_array();
    for (size_t len; *kind && *kind != '!' && *kind != '?'; kind += len + (kind[len] == '|')) {
        char name[24];

        len = strcspn(kind, "|!?");
        type_of(schema, kind, len, name);
        x8_json_str(is_one ? schema : types, is_one ? "type" : NULL, name);
    }
    if (is_one)
        x8_json_free(&types);
    else
        x8_json_add(schema, "type", types);
}

/* --- objects --- */

/* 1 when an earlier row of the source has the member already. */
static int is_done(const struct source *source, const struct x8_json_row *row, const char *name)
{
    size_t at = strlen(source->prefix), len = strlen(name);

    for (const struct x8_json_row *r = source->rows; r != row; r++)
        if (strncmp(r->path, source->prefix, at) == 0 && strncmp(r->path + at, name, len) == 0 &&
            (r->path[at + len] == '\0' || r->path[at + len] == '.'))
            return 1;
    return 0;
}

static void put_member(struct building *out, const struct source *source,
                       const struct x8_json_row *row)
{
    const char *rest = row->path + strlen(source->prefix);
    char name[PATH_LEN], path[PATH_LEN * 2];
    size_t len = strcspn(rest, ".");
    int is_list = len > 2 && strncmp(rest + len - 2, "[]", 2) == 0;
    /* A parent without a row of its own is always there. */
    char flag = rest[len] ? '\0' : flag_of(row->kind);
    struct x8_json *schema;

    snprintf(name, sizeof name, "%.*s", (int)len, rest);
    if (len == 0 || strcmp(name, "*") == 0 || is_done(source, row, name))
        return;
    snprintf(path, sizeof path, "%s%s", source->prefix, name);
    schema = node(source->rows, path);
    name[is_list ? len - 2 : len] = '\0';
    if (is_list) {
        struct x8_json *array = x8_json_object();

        x8_json_str(array, "type", "array");
        x8_json_add(array, "items", schema);
        schema = array;
    }
    x8_json_add(out->properties, name, schema);
    out->has_error |= strcmp(name, "error") == 0;
    if (flag == '?')
        return;
    x8_json_str(flag == '!' ? out->always : out->else_error, NULL, name);
    out->has_always |= flag == '!';
    out->has_else |= flag != '!';
}

static struct x8_json *required(struct x8_json *names)
{
    struct x8_json *schema = x8_json_object();

    x8_json_add(schema, "required", names);
    return schema;
}

/* What must be there: some always, the others unless there is an error. */
static void put_required(struct x8_json *schema, struct building *built)
{
    struct x8_json *either, *error;

    x8_json_add(schema, "required", built->always);
    if (!built->has_else) {
        x8_json_free(&built->else_error);
        return;
    }
    either = x8_json_array();
    x8_json_add(either, NULL, required(built->else_error));
    if (built->has_error) {
        error = x8_json_array();
        x8_json_str(error, NULL, "error");
        x8_json_add(either, NULL, required(error));
    }
    x8_json_add(schema, "anyOf", either);
}

static void put_object(struct x8_json *schema, const struct object *object)
{
    struct building built = {
        .properties = x8_json_object(), .always = x8_json_array(), .else_error = x8_json_array()};
    struct x8_json *others = NULL;
    char any[PATH_LEN * 2];

    for (size_t i = 0; i < object->count; i++) {
        const struct source *source = &object->sources[i];

        snprintf(any, sizeof any, "%s*", source->prefix);
        for (const struct x8_json_row *row = source->rows; row->path; row++) {
            if (strncmp(row->path, source->prefix, strlen(source->prefix)) == 0)
                put_member(&built, source, row);
            if (!others && strncmp(row->path, any, strlen(any)) == 0)
                others = node(source->rows, any);
        }
    }
    x8_json_add(schema, "properties", built.properties);
    if (others)
        x8_json_add(schema, "additionalProperties", others);
    else
        x8_json_bool(schema, "additionalProperties", 0);
    put_required(schema, &built);
}

/* The schema of what the rows say of `path`. */
static struct x8_json *node(const struct x8_json_row *rows, const char *path)
{
    struct x8_json *schema = x8_json_object();
    struct object object = {.count = 0};
    const struct x8_json_row *own = NULL;
    char below[PATH_LEN * 2];
    int has_rows_below = 0;

    snprintf(below, sizeof below, "%s.", path);
    for (const struct x8_json_row *row = rows; row->path; row++) {
        has_rows_below |= strncmp(row->path, below, strlen(below)) == 0;
        if (strcmp(row->path, path) != 0)
            continue;
        own = own ? own : row;
        if (row->kind[0] == '@')
            add_shape(&object, row->kind);
    }
    if (has_rows_below)
        add_source(&object, rows, below);
    put_kinds(schema, own ? own->kind : "object");
    if (own && own->text[0])
        x8_json_str(schema, "description", own->text);
    if (object.count)
        put_object(schema, &object);
    return schema;
}

void x8_schema(const struct x8_json_doc *doc, struct x8_page *out)
{
    static const struct x8_json_row failed[] = {
        {"error", "@error?", "the run failed; with its result, as far as there is one"}, {0}};
    struct x8_json *schema = x8_json_object();
    struct object object = {.count = 0};
    char *text;

    x8_json_str(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    x8_json_str(schema, "title", doc->title);
    x8_json_str(schema, "type", "object");
    add_source(&object, doc->rows, "");
    for (const struct x8_json_row *row = doc->rows; row->path; row++)
        if (!row->path[0])
            add_shape(&object, row->kind);
    if (doc->what == X8_JSON_DOCUMENT)
        add_source(&object, failed, "");
    put_object(schema, &object);
    text = x8_json_text(schema, 1);
    x8_put(out, "%s\n", text);
    free(text);
    x8_json_free(&schema);
}

/* --- finding one --- */

const struct x8_json_doc *const x8_json_docs[] = {x8_json_look, x8_json_flash,  x8_json_update,
                                                  x8_json_run,  x8_json_events, NULL};

const struct x8_json_doc *x8_json_doc_find(const char *name)
{
    for (const struct x8_json_doc *const *list = x8_json_docs; *list; list++)
        for (const struct x8_json_doc *doc = *list; doc->name; doc++)
            if (strcmp(doc->name, name) == 0)
                return doc;
    return NULL;
}

void x8_schema_names(struct x8_page *out)
{
    for (const struct x8_json_doc *const *list = x8_json_docs; *list; list++)
        for (const struct x8_json_doc *doc = *list; doc->name; doc++)
            if (doc->what != X8_JSON_SHAPE)
                x8_put(out, "%s\n", doc->name);
}
