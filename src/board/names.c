/*
 * The user's names for boards: one JSON object in a file of its own, serial number to name.
 */
#include "board/target_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 1 << 20, NAME_LEN = 63 };

static int load(const char *path, struct x8_json **out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_file_load(path, NAMES_MAX, &text, err);

    if (rc == 0)
        rc = x8_json_parse(x8_buf_text(&text), text.len, out, err);
    return rc;
}

struct x8_json *x8_names_load(const char *path)
{
    struct x8_json *names = NULL;

    if (path && x8_path_kind(path) == X8_PATH_FILE && load(path, &names, NULL) < 0)
        names = NULL;
    return names;
}

const char *x8_names_find(const struct x8_json *names, const char *serial)
{
    const char *key;

    for (size_t i = 0; names && (key = x8_json_key(names, i)); i++)
        if (x8_serial_equal(key, serial))
            return x8_json_get_str(names, key);
    return NULL;
}

const char *x8_names_serial(const struct x8_json *names, const char *name)
{
    const char *key;

    for (size_t i = 0; names && (key = x8_json_key(names, i)); i++) {
        const char *own = x8_json_get_str(names, key);

        if (own && x8_casecmp(own, name) == 0)
            return key;
    }
    return NULL;
}

int x8_names_get(const char *path, const char *serial, char *out, size_t cap)
{
    struct x8_json *names = x8_names_load(path);
    const char *name = x8_names_find(names, serial);

    /* The file may have been written by hand: nothing in it moves a cursor. */
    x8_clean(out, cap, name ? name : "", name ? strlen(name) : 0);
    x8_json_free(&names);
    return out[0] != '\0';
}

/* A name is typed behind -s, so it must not read as anything else there. */
static int check_name(const char *name, struct x8_error *err)
{
    struct x8_selector selector;
    char clean[2 * NAME_LEN];
    const char *why = NULL;
    size_t len = strlen(name);

    x8_clean(clean, sizeof clean, name, len);
    if (len > NAME_LEN)
        why = "it is longer than 63 bytes";
    else if (strcmp(clean, name) != 0)
        why = "it holds control characters, or bytes that are no UTF-8";
    else if (x8_selector_parse(name, &selector, NULL) < 0 || selector.kind != X8_SELECT_SERIAL)
        why = "behind -s it would read as something else: no spaces, no / : { } $ \" ' * ?, at "
              "least four characters, and not the form of a port";
    if (!why)
        return 0;
    x8_fail(err, X8_E_USAGE, "'%s' cannot be the name of a board", clean);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "x8ctl name bench-1");
    return -(int)X8_E_USAGE;
}

/* All but this serial number's; a name that another board has is refused. */
static int copy_others(const struct x8_json *from, const char *serial, const char *name,
                       struct x8_json *to, struct x8_error *err)
{
    const char *key;

    for (size_t i = 0; from && (key = x8_json_key(from, i)); i++) {
        const char *other = x8_json_get_str(from, key);

        if (!other || x8_serial_equal(key, serial))
            continue;
        if (name && x8_casecmp(other, name) == 0) {
            x8_fail(err, X8_E_USAGE, "another board is called %s already", name);
            x8_error_why(err, "it has the serial number %s", key);
            x8_error_next(err,
                          "choose another name, or take that one away: x8ctl name --clear "
                          "-s %s",
                          key);
            return -(int)X8_E_USAGE;
        }
        x8_json_str(to, key, other);
    }
    return 0;
}

static int save(const char *path, const struct x8_json *names, struct x8_error *err)
{
    char *text = x8_json_text(names, 1);
    X8_AUTO_BUF line = {0};
    int rc = x8_buf_addf(&line, "%s\n", text);

    free(text);
    if (rc < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for the names of boards");
    return x8_file_replace(path, line.data, line.len, 0644, err);
}

int x8_names_set(const char *path, const char *serial, const char *name, struct x8_error *err)
{
    struct x8_json *old = NULL, *names;
    int rc = name ? check_name(name, err) : 0;

    if (rc == 0 && x8_path_kind(path) != X8_PATH_NONE) {
        rc = load(path, &old, err);
        if (rc < 0)
            x8_error_next(err, "mend the file by hand, or move it away");
    }
    if (rc < 0 || (!name && !old))
        return rc;
    names = x8_json_object();
    rc = copy_others(old, serial, name, names, err);
    if (rc == 0 && name)
        x8_json_str(names, serial, name);
    if (rc == 0)
        rc = save(path, names, err);
    x8_json_free(&old);
    x8_json_free(&names);
    return rc;
}

int x8_names_each(const char *path, void (*each)(void *ctx, const char *serial, const char *name),
                  void *ctx, struct x8_error *err)
{
    struct x8_json *names = NULL;
    const char *key;
    int rc = x8_path_kind(path) == X8_PATH_NONE ? 0 : load(path, &names, err), count = 0;

    for (size_t i = 0; rc == 0 && (key = x8_json_key(names, i)); i++) {
        const char *name = x8_json_get_str(names, key);
        char clean[X8_STRING_LEN], clean_key[X8_STRING_LEN];

        if (!name)
            continue;
        x8_clean(clean, sizeof clean, name, strlen(name));
        x8_clean(clean_key, sizeof clean_key, key, strlen(key));
        each(ctx, clean_key, clean);
        count++;
    }
    x8_json_free(&names);
    return rc < 0 ? rc : count;
}
