/* Any bytes as a record of containers: refused, or names and policies that are safe in a command.
 */
#include "update/keep.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t cap)
{
    if (!memchr(text, '\0', cap) || !text[0] || text[0] == '-' ||
        text[strcspn(text, " \t\n;&|$`'\"\\<>(){}*?!#~")])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x8_keep kept;
    struct x8_error err = {0};
    int rc = x8_keep_parse((struct x8_span){data, size}, &kept, &err);

    for (size_t i = 0; rc == 0 && i < kept.count; i++) {
        check(kept.items[i].name, sizeof kept.items[i].name);
        check(kept.items[i].restart, sizeof kept.items[i].restart);
    }
    return 0;
}
