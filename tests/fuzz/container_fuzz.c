/*
 * Containers, loaders behind loaders, flash headers and end markers in files of any content.
 */
#include "flash/ivt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_span file = {data, size}, range;
    struct x8_error err = {0};
    uint64_t value;

    for (uint64_t offset = 0; offset <= size; offset += 0x400)
        if (x8_container_size(file, offset, &value, &err) == 0 && !x8_fits(offset, value, size))
            abort();
    if (x8_skip_spl(file, 0, &value, &err) == 0 && value >= size)
        abort();
    if (x8_flash_header_skip(file, 0) > 0x1000)
        abort();
    if (x8_scan_term(file, 0, &range, &err) == 0 && range.len > size)
        abort();
    return 0;
}
