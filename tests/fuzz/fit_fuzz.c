/*
 * FIT images of any content: what is accepted lies inside the file.
 */
#include "flash/ivt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_span file = {data, size};
    struct x8_error err = {0};
    uint64_t at = 0, len = 0;

    if (x8_fit_find(file, 0, &at, &err) < 0)
        return 0;
    if (!x8_fits(at, 4, size))
        abort();
    if (x8_fit_check(file, at, &len, &err) == 0 ? !x8_fits(at, len, size) : !err.why[0])
        abort();
    return 0;
}
