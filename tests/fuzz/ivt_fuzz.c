/*
 * Boot images of any content: what is found lies inside the file.
 */
#include "flash/ivt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct x8_span file, struct x8_span part)
{
    if (part.len && (part.data < file.data || part.len > file.len ||
                     part.data - file.data > (ptrdiff_t)(file.len - part.len)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_span file = {data, size};

    for (unsigned index = 0; index < 3; index++) {
        struct x8_ivt_search search = {.index = index};
        struct x8_error err = {0};
        struct x8_ivt ivt;
        char why[128] = "";

        if (x8_ivt_find(file, &search, &ivt, &err) < 0) {
            if (err.code != X8_E_BAD_IMAGE || !err.msg[0] || !err.next[0])
                abort();
            continue;
        }
        check_inside(file, ivt.load);
        check_inside(file, ivt.dcd_bytes);
        if (!x8_ivt_suits_8mm(&ivt, why) && !why[0])
            abort();
    }
    return 0;
}
