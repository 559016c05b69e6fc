/*
 * Reading the list of health checks. Everything that is not understood is an error that names its
 * place: a check that is silently left out would pass.
 */
#include "session/health_parts.h"

#include "session/run.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX   ((size_t)1 << 20)
#define CHECKS_MAX 256

static int wrong(const char *where, const char *wanted, struct x8_error *err)
{
    x8_fail(err, X8_E_USAGE, "health checks: %s: %s is wanted here", where, wanted);
    x8_error_next(err, "x8ctl help wait    shows what a file of checks may hold");
    return -X8_E_USAGE;
}

static int unknown(const char *where, const char *key, struct x8_error *err)
{
    char clean[64];

    x8_clean(clean, sizeof clean, key, strlen(key));
    x8_fail(err, X8_E_USAGE, "health checks: %sthere is no check \"%s\"", where, clean);
    x8_error_next(err, "one of image, units, commands, ports, free, temperature_below");
    return -X8_E_USAGE;
}

/* A new check at the end of the list; `text` is copied. */
static int add(struct x8_health *health, enum x8_check_kind kind, const char *text, uint64_t number,
               struct x8_error *err)
{
    struct x8_check *grown = health->count < CHECKS_MAX
                                 ? realloc(health->checks, (health->count + 1) * sizeof *grown)
                                 : NULL;
    struct x8_check check = {
        .kind = kind, .text = strdup(text), .number = number, .timeout_ms = X8_RUN_TEXT_MS};

    if (grown)
        health->checks = grown;
    if (!grown || !check.text) {
        free(check.text);
        return x8_fail(err, X8_E_USAGE, "health checks: more than %d", CHECKS_MAX);
    }
    health->checks[health->count++] = check;
    return 0;
}

static int whole(const struct x8_json *value, double max, uint64_t *out)
{
    double number;

    if (x8_json_as_num(value, &number) < 0 || !(number >= 0 && number <= max) ||
        number != (double)(uint64_t)number)
        return -1;
    *out = (uint64_t)number;
    return 0;
}

/* ">=861", or a number alone for "is exactly". Tried on an empty board, so that a slip is found now
 * and not after a minute's wait. */
static int read_image(struct x8_health *health, const struct x8_json *value, struct x8_error *err)
{
    static const struct x8_os_release nothing;
    const char *text = x8_json_as_str(value);
    char expression[96];
    uint64_t number;

    if (whole(value, 4294967295.0, &number) == 0)
        snprintf(expression, sizeof expression, "IMAGE_VERSION==%llu", (unsigned long long)number);
    else if (text && text[0] && strlen(text) < sizeof expression - 16)
        snprintf(expression, sizeof expression, "IMAGE_VERSION%s%s",
                 strchr("<>=!", text[0]) ? "" : "==", text);
    else
        return wrong("image", "a number or a text such as \">=861\"", err);
    if (x8_os_check(&nothing, expression, NULL) == -X8_E_USAGE)
        return wrong("image", "a number or a text such as \">=861\"", err);
    return add(health, X8_CHECK_IMAGE, expression, 0, err);
}

static int read_units(struct x8_health *health, const struct x8_json *value, struct x8_error *err)
{
    const struct x8_json *item;

    if (!x8_json_is_array(value))
        return wrong("units", "a list of names", err);
    for (size_t i = 0; (item = x8_json_at(value, i)); i++) {
        const char *name = x8_json_as_str(item);

        if (!name || !name[0] || name[0] == '-')
            return wrong("units", "a list of names", err);
        if (add(health, X8_CHECK_UNIT, name, 0, err) < 0)
            return -X8_E_USAGE;
    }
    return 0;
}

static int read_ports(struct x8_health *health, const struct x8_json *value, struct x8_error *err)
{
    const struct x8_json *item;

    if (!x8_json_is_array(value))
        return wrong("ports", "a list of numbers", err);
    for (size_t i = 0; (item = x8_json_at(value, i)); i++) {
        uint64_t port;
        char name[24];

        if (whole(item, 65535, &port) < 0 || port == 0)
            return wrong("ports", "a number from 1 to 65535", err);
        snprintf(name, sizeof name, "%llu", (unsigned long long)port);
        if (add(health, X8_CHECK_PORT, name, port, err) < 0)
            return -X8_E_USAGE;
    }
    return 0;
}

/* Bytes, or a number with K, M or G (of 1024). */
static int size_of(const struct x8_json *value, uint64_t *out)
{
    const char *text = x8_json_as_str(value), *suffix;
    char digits[24];
    unsigned shift = 0;
    size_t len;

    if (!text)
        return whole(value, 1e15, out);
    len = strlen(text);
    suffix = len ? strchr("KMG", text[len - 1]) : NULL;
    if (len == 0 || len >= sizeof digits)
        return -1;
    x8_copy(digits, sizeof digits, text);
    if (suffix) {
        shift = *suffix == 'K' ? 10 : *suffix == 'M' ? 20 : 30;
        digits[len - 1] = '\0';
    }
    if (x8_parse_u64(digits, out) < 0 || *out > UINT64_MAX >> (shift + 1))
        return -1;
    *out <<= shift;
    return 0;
}

static int read_free(struct x8_health *health, const struct x8_json *value, struct x8_error *err)
{
    const char *path;

    if (!x8_json_is_object(value))
        return wrong("free", "an object of paths and sizes", err);
    for (size_t i = 0; (path = x8_json_key(value, i)); i++) {
        uint64_t bytes;

        if (path[0] != '/' || size_of(x8_json_get(value, path), &bytes) < 0)
            return wrong("free", "a path from / with a size such as \"500M\"", err);
        if (add(health, X8_CHECK_FREE, path, bytes, err) < 0)
            return -X8_E_USAGE;
    }
    return 0;
}

static int command_member(struct x8_check *check, const char *key, const struct x8_json *value,
                          struct x8_error *err)
{
    const char *text = x8_json_as_str(value);
    int64_t ms;

    if (strcmp(key, "run") == 0)
        return 0;
    if (strcmp(key, "status") == 0)
        return whole(value, 255, &check->number) < 0
                   ? wrong("commands: status", "a number up to 255", err)
                   : 0;
    if (strcmp(key, "root") == 0)
        return x8_json_as_bool(value, &check->root) < 0
                   ? wrong("commands: root", "true or false", err)
                   : 0;
    if (strcmp(key, "timeout") != 0)
        return unknown("commands: ", key, err);
    if (!text || x8_parse_duration(text, &ms) < 0 || ms <= 0 || ms > 3600000)
        return wrong("commands: timeout", "a time such as \"10s\"", err);
    check->timeout_ms = (int)ms;
    return 0;
}

static int read_command(struct x8_health *health, const struct x8_json *item, struct x8_error *err)
{
    const char *run = x8_json_as_str(item) ? x8_json_as_str(item) : x8_json_get_str(item, "run");
    const char *key;
    int rc;

    if (!run || !run[0])
        return wrong("commands", "a text, or an object with \"run\"", err);
    rc = add(health, X8_CHECK_COMMAND, run, 0, err);
    for (size_t i = 0; rc == 0 && (key = x8_json_key(item, i)); i++)
        rc = command_member(&health->checks[health->count - 1], key, x8_json_get(item, key), err);
    return rc;
}

static int read_commands(struct x8_health *health, const struct x8_json *value,
                         struct x8_error *err)
{
    const struct x8_json *item;
    int rc = 0;

    if (!x8_json_is_array(value))
        return wrong("commands", "a list", err);
    for (size_t i = 0; rc == 0 && (item = x8_json_at(value, i)); i++)
        rc = read_command(health, item, err);
    return rc;
}

static int read_temperature(struct x8_health *health, const struct x8_json *value,
                            struct x8_error *err)
{
    uint64_t degrees;

    if (whole(value, 150, &degrees) < 0)
        return wrong("temperature_below", "degrees Celsius, up to 150", err);
    return add(health, X8_CHECK_TEMPERATURE, "", degrees, err);
}

static const struct {
    const char *key;
    int (*read)(struct x8_health *health, const struct x8_json *value, struct x8_error *err);
} kinds[] = {
    {"image", read_image}, {"units", read_units}, {"commands", read_commands},
    {"ports", read_ports}, {"free", read_free},   {"temperature_below", read_temperature},
};

static int read_member(struct x8_health *health, const char *key, const struct x8_json *value,
                       struct x8_error *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(key, kinds[i].key) == 0)
            return kinds[i].read(health, value, err);
    return unknown("", key, err);
}

int x8_health_parse(const char *text, size_t len, struct x8_health **out, struct x8_error *err)
{
    struct x8_health *health = calloc(1, sizeof *health);
    struct x8_json *json = NULL;
    const char *key;
    int rc = health ? x8_json_parse(text, len, &json, err)
                    : x8_fail(err, X8_E_INTERNAL, "out of memory for health checks");

    if (rc == -X8_E_BAD_IMAGE && err)
        err->code = X8_E_USAGE;
    rc = rc == -X8_E_BAD_IMAGE ? -X8_E_USAGE : rc;
    if (rc == 0 && !x8_json_is_object(json))
        rc = wrong("the whole file", "an object", err);
    for (size_t i = 0; rc == 0 && (key = x8_json_key(json, i)); i++)
        rc = read_member(health, key, x8_json_get(json, key), err);
    if (rc == 0 && health->count == 0)
        rc = wrong("the whole file", "at least one check", err);
    x8_json_free(&json);
    if (rc == 0)
        *out = health;
    else
        x8_health_free(&health);
    return rc;
}

int x8_health_load(const char *path, struct x8_health **out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_file_load(path, FILE_MAX, &text, err);

    if (rc < 0) /* names the file itself */
        return rc;
    rc = x8_health_parse(x8_buf_text(&text), text.len, out, err);
    if (rc < 0)
        x8_error_prefix(err, "%s", path);
    return rc;
}

void x8_health_free(struct x8_health **health)
{
    for (size_t i = 0; *health && i < (*health)->count; i++)
        free((*health)->checks[i].text);
    if (*health)
        free((*health)->checks);
    free(*health);
    *health = NULL;
}

size_t x8_health_count(const struct x8_health *health)
{
    return health->count;
}

int x8_health_needs_root(const struct x8_health *health)
{
    for (size_t i = 0; i < health->count; i++)
        if (health->checks[i].root)
            return 1;
    return 0;
}
