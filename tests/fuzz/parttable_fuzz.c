/*
 * Partition tables from hostile images. The checksums of a GPT are put right first, so that the
 * fuzzer gets past them.
 */
#include "image/parttable.h"
#include "util/digest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal(uint8_t *disk, size_t size)
{
    uint8_t *header = disk + 512;
    uint32_t len = x8_get_le32(header + 12);
    uint64_t at = x8_get_le64(header + 72) * 512,
             bytes = (uint64_t)x8_get_le32(header + 80) * x8_get_le32(header + 84);

    if (at < size && bytes <= size - at)
        x8_put_le32(header + 88, x8_crc32(0, disk + at, (size_t)bytes));
    memset(header + 16, 0, 4);
    if (len >= 92 && len <= 512)
        x8_put_le32(header + 16, x8_crc32(0, header, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_parttable table;
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    x8_parttable_read((struct x8_span){copy, size}, &table, NULL);
    if (size >= 1024) {
        seal(copy, size);
        x8_parttable_read((struct x8_span){copy, size}, &table, NULL);
    }
    free(copy);
    return 0;
}
