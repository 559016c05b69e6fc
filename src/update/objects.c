/*
 * Names of objects. What is inside them: objects_tree.c (commits, folders) and objects_filez.c
 * (files); objects_gvariant.c has the form they share.
 */
#include "update/objects.h"

#include <stdio.h>
#include <string.h>

const char *x8_object_extension(enum x8_object_type type, int is_bare)
{
    static const char *const names[] = {[X8_OBJECT_COMMIT] = "commit",
                                        [X8_OBJECT_DIRTREE] = "dirtree",
                                        [X8_OBJECT_DIRMETA] = "dirmeta",
                                        [X8_OBJECT_FILE] = "filez"};
    if (type == X8_OBJECT_FILE && is_bare)
        return "file";
    return (size_t)type < X8_COUNT(names) ? names[type] : "";
}

void x8_object_path(const uint8_t sum[X8_SHA256_LEN], enum x8_object_type type, int is_bare,
                    char out[X8_OBJECT_PATH])
{
    char hex[2 * X8_SHA256_LEN + 1];
    x8_hex(hex, sum, X8_SHA256_LEN);
    snprintf(out, X8_OBJECT_PATH, "%.2s/%s.%s", hex, hex + 2, x8_object_extension(type, is_bare));
}

static int type_of(const char *name, enum x8_object_type *out)
{
    for (enum x8_object_type type = X8_OBJECT_COMMIT; type <= X8_OBJECT_FILE; type++) {
        if (strcmp(name, x8_object_extension(type, 0)) != 0 &&
            strcmp(name, x8_object_extension(type, 1)) != 0)
            continue;
        *out = type;
        return 0;
    }
    return -1;
}

int x8_object_parse_path(const char *path, size_t len, uint8_t out_sum[X8_SHA256_LEN],
                         enum x8_object_type *out_type)
{
    /* xx / 62 digits . extension; the digits in lower case, as libostree looks for them. */
    enum { SLASH = 2, DOT = 65 };
    char text[X8_OBJECT_PATH], hex[2 * X8_SHA256_LEN + 1];
    if (len <= DOT || len >= sizeof(text) || path[SLASH] != '/' || path[DOT] != '.')
        return -1;
    memcpy(text, path, len);
    text[len] = '\0';
    snprintf(hex, sizeof(hex), "%.2s%.62s", text, text + SLASH + 1);
    if (strlen(text) != len || strspn(hex, "0123456789abcdef") != sizeof(hex) - 1)
        return -1;
    if (x8_unhex(out_sum, X8_SHA256_LEN, hex) < 0)
        return -1;
    return type_of(text + DOT + 1, out_type);
}
