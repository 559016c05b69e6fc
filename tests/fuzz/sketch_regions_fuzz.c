/*
 * Any bytes as the list of regions: what is taken has bytes, ends within the addresses, and leaves
 * the M7's flash alone; the M4's flash is always there.
 */
#include "sketch/regions.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_sketch_regions regions;
    struct x8_error err = {0};
    int rc = x8_sketch_regions_parse((struct x8_span){data, size}, &regions, &err);

    if (rc != 0) {
        if (rc != -(int)X8_E_BAD_IMAGE || !err.msg[0])
            abort();
        return 0;
    }
    if (regions.count < 1 || regions.count > X8_SKETCH_REGIONS_MAX + 1 ||
        regions.items[0].start != X8_SKETCH_FLASH)
        abort();
    for (size_t i = 0; i < regions.count; i++) {
        uint64_t start = regions.items[i].start, end = start + regions.items[i].len;

        if (end <= start || end > (uint64_t)1 << 32 || (start < 0x08100000 && end > 0x08000000))
            abort();
    }
    return 0;
}
