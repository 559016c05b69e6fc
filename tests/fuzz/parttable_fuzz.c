/* Any bytes as the start of an image: a table in order, none, or an error. */
#include "image/parttable.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x8_parttable table;
    struct x8_error err;
    if (x8_parttable_read((struct x8_span){data, size}, &table, &err) < 0)
        return 0;
    if (table.count > X8_PART_MAX || (table.kind == X8_TABLE_NONE && table.count))
        abort();
    for (size_t i = 0; i < table.count; i++) {
        const struct x8_part *part = &table.parts[i];
        if (part->start + part->len > table.end || part->start + part->len < part->start)
            abort();
        if (!memchr(part->name, 0, sizeof(part->name)))
            abort();
    }
    return 0;
}
