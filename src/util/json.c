/*
 * JSON. A value is a cJSON item behind another name; nothing outside this file sees that.
 */
#include "util/json.h"

#include "util/buf.h"
#include "util/text.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *item_of(struct x8_json *json)
{
    return (cJSON *)json;
}

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

struct x8_json *x8_json_object(void)
{
    return must(cJSON_CreateObject());
}

struct x8_json *x8_json_array(void)
{
    return must(cJSON_CreateArray());
}

void x8_json_free(struct x8_json **json)
{
    cJSON_Delete(item_of(*json));
    *json = NULL;
}

static void add(struct x8_json *in, const char *key, cJSON *item)
{
    int done;

    must(item);
    if (key)
        done = cJSON_AddItemToObject(item_of(in), key, item);
    else
        done = cJSON_AddItemToArray(item_of(in), item);
    if (!done)
        abort();
}

/* Bytes that are no UTF-8 would make the whole document invalid. Control characters stay: the
 * printer escapes them. */
static void to_utf8(char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = x8_utf8_next(text + i, len - i, &cp);

        if (n == 0)
            text[i] = '?';
        i += n ? n : 1;
    }
}

void x8_json_str(struct x8_json *in, const char *key, const char *text)
{
    char *copy;

    if (!text) {
        add(in, key, cJSON_CreateNull());
        return;
    }
    copy = must(strdup(text));
    to_utf8(copy);
    add(in, key, cJSON_CreateString(copy));
    free(copy);
}

void x8_json_num(struct x8_json *in, const char *key, double value)
{
    add(in, key, cJSON_CreateNumber(value));
}

void x8_json_u64(struct x8_json *in, const char *key, uint64_t value)
{
    char digits[24];

    /* As text, since the printer would show 1e15 for a round number of 16 digits. */
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    add(in, key, cJSON_CreateRaw(digits));
}

void x8_json_bool(struct x8_json *in, const char *key, int value)
{
    add(in, key, cJSON_CreateBool(value != 0));
}

void x8_json_add(struct x8_json *in, const char *key, struct x8_json *child)
{
    add(in, key, item_of(child));
}

void x8_json_merge(struct x8_json *in, const struct x8_json *from)
{
    for (const cJSON *c = ((const cJSON *)from)->child; c; c = c->next)
        add(in, c->string, cJSON_Duplicate(c, 1));
}

void x8_json_error(struct x8_json *in, const char *key, const struct x8_error *error)
{
    struct x8_json *out = x8_json_object();

    x8_json_str(out, "code", x8_code_name(error->code));
    x8_json_u64(out, "status", (uint64_t)error->code);
    x8_json_str(out, "what", error->msg);
    x8_json_str(out, "why", error->why[0] ? error->why : NULL);
    x8_json_str(out, "next", error->next[0] ? error->next : NULL);
    x8_json_add(in, key, out);
}

static void append(struct x8_buf *out, const char *text, size_t len)
{
    if (x8_buf_add(out, text, len) < 0)
        abort();
}

static void append_scalar(struct x8_buf *out, const cJSON *item)
{
    char *text = must(cJSON_PrintUnformatted(item));

    append(out, text, strlen(text));
    free(text);
}

static void append_key(struct x8_buf *out, const char *key)
{
    cJSON *item = must(cJSON_CreateString(key));

    append_scalar(out, item);
    append(out, ": ", 2);
    cJSON_Delete(item);
}

static void new_line(struct x8_buf *out, unsigned depth)
{
    append(out, "\n", 1);
    while (depth--)
        append(out, "  ", 2);
}

/* Two spaces a level, as most tools print it; cJSON's own form uses tabs behind every key. Depth
 * is bounded by cJSON's limit for nesting when it parsed, and by the code that built the value. */
static void append_indented(struct x8_buf *out, const cJSON *item, unsigned depth)
{
    int object = cJSON_IsObject(item);
    const cJSON *child = item->child;

    if (!child || (!object && !cJSON_IsArray(item))) {
        append_scalar(out, item);
        return;
    }
    append(out, object ? "{" : "[", 1);
    for (; child; child = child->next) {
        new_line(out, depth + 1);
        if (object)
            append_key(out, child->string);
        append_indented(out, child, depth + 1);
        if (child->next)
            append(out, ",", 1);
    }
    new_line(out, depth);
    append(out, object ? "}" : "]", 1);
}

char *x8_json_text(const struct x8_json *json, int indented)
{
    struct x8_buf out = {0};

    if (!indented)
        return must(cJSON_PrintUnformatted((const cJSON *)json));
    append_indented(&out, (const cJSON *)json, 0);
    return (char *)out.data;
}

/* Where the text stops being UTF-8; `len` when it never does. */
static size_t utf8_until(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len) {
        uint32_t cp;
        size_t n = x8_utf8_next(text + i, len - i, &cp);

        if (n == 0)
            break;
        i += n;
    }
    return i;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int fail_at(const char *text, size_t offset, struct x8_error *err)
{
    size_t line = 1, column = 1;

    for (size_t i = 0; i < offset; i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
    }
    return x8_fail(err, X8_E_BAD_IMAGE, "not valid JSON at line %zu, column %zu", line, column);
}

int x8_json_parse(const char *text, size_t len, struct x8_json **out, struct x8_error *err)
{
    const char *end = text;
    size_t valid = utf8_until(text, len);
    cJSON *item;

    if (valid < len)
        return fail_at(text, valid, err);
    item = len ? cJSON_ParseWithLengthOpts(text, len, &end, 0) : NULL;
    if (!item)
        return fail_at(text, (size_t)(end - text), err);
    while (end < text + len && is_blank(*end))
        end++;
    if (end < text + len) {
        cJSON_Delete(item);
        return fail_at(text, (size_t)(end - text), err);
    }
    *out = (struct x8_json *)item;
    return 0;
}

const struct x8_json *x8_json_get(const struct x8_json *in, const char *key)
{
    return (const struct x8_json *)cJSON_GetObjectItemCaseSensitive((const cJSON *)in, key);
}

const char *x8_json_get_str(const struct x8_json *in, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive((const cJSON *)in, key));
}

const char *x8_json_key(const struct x8_json *in, size_t i)
{
    const cJSON *member = cJSON_IsObject((const cJSON *)in) ? ((const cJSON *)in)->child : NULL;

    while (member && i-- > 0)
        member = member->next;
    return member ? member->string : NULL;
}

const struct x8_json *x8_json_at(const struct x8_json *in, size_t i)
{
    const cJSON *item = cJSON_IsArray((const cJSON *)in) ? ((const cJSON *)in)->child : NULL;

    while (item && i-- > 0)
        item = item->next;
    return (const struct x8_json *)item;
}

static int has_children(const cJSON *in)
{
    return cJSON_IsObject(in) || cJSON_IsArray(in);
}

const struct x8_json *x8_json_first(const struct x8_json *in)
{
    const cJSON *item = (const cJSON *)in;

    return has_children(item) ? (const struct x8_json *)item->child : NULL;
}

const struct x8_json *x8_json_next(const struct x8_json *child)
{
    return (const struct x8_json *)((const cJSON *)child)->next;
}

const char *x8_json_name(const struct x8_json *member)
{
    return ((const cJSON *)member)->string;
}

int x8_json_is_null(const struct x8_json *in)
{
    return cJSON_IsNull((const cJSON *)in);
}

int x8_json_is_object(const struct x8_json *in)
{
    return cJSON_IsObject((const cJSON *)in);
}

int x8_json_is_array(const struct x8_json *in)
{
    return cJSON_IsArray((const cJSON *)in);
}

int x8_json_as_num(const struct x8_json *in, double *out)
{
    if (!cJSON_IsNumber((const cJSON *)in))
        return -1;
    *out = ((const cJSON *)in)->valuedouble;
    return 0;
}

int x8_json_as_u64(const struct x8_json *in, uint64_t *out)
{
    const double limit = 9007199254740992.0; /* 2^53 */
    double value;

    if (x8_json_as_num(in, &value) < 0 || !(value >= 0 && value <= limit))
        return -1;
    if ((double)(uint64_t)value < value)
        return -1;
    *out = (uint64_t)value;
    return 0;
}

int x8_json_as_bool(const struct x8_json *in, int *out)
{
    if (!cJSON_IsBool((const cJSON *)in))
        return -1;
    *out = cJSON_IsTrue((const cJSON *)in);
    return 0;
}

const char *x8_json_as_str(const struct x8_json *in)
{
    return cJSON_GetStringValue((const cJSON *)in);
}
