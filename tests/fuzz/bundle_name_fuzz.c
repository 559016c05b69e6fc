/* Names of an archive's members, a line each: what is given a place stays inside. */
#include "update/bundle_place.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_part(const char *path)
{
    static const char *const parts[] = {"tuf", "ostree_repo", "apps"};
    for (size_t i = 0; i < X8_COUNT(parts); i++)
        if (x8_starts(path, parts[i]) && strchr("/", path[strlen(parts[i])]))
            return 1;
    return 0;
}

static void check(const char *path)
{
    if (!is_part(path) || strlen(path) >= PLACE_PATH)
        abort();
    for (const char *at = path; *at; at += strcspn(at, "/")) {
        at += *at == '/';
        size_t len = strcspn(at, "/");
        if (len == 0 || (len == 1 && at[0] == '.') || (len == 2 && !strncmp(at, "..", 2)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct unpack unpack = {.archive = "a.tar"};
    struct x8_error err;
    char line[4096], name[PLACE_PATH];
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t len = end ? (size_t)(end - data) : size;
        size_t used = len < sizeof(line) - 1 ? len : sizeof(line) - 1;
        const char *path = NULL;
        memcpy(line, data, used);
        line[used] = '\0';
        (void)bundle_is_flash_name(line);
        if (place_name(&unpack, line, name, &err) == 0 &&
            place_of(&unpack, name, &path, &err) == 0 && path)
            check(path);
        data += end ? len + 1 : len;
        size -= end ? len + 1 : len;
    }
    return 0;
}
