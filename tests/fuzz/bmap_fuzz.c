/* Any bytes as a block map: refused, or ranges in order. */
#include "image/bmap.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_bmap bmap = {0};
    struct x8_range *gaps = NULL;
    struct x8_error err;
    if (x8_bmap_parse((struct x8_span){data, size}, &bmap, &err) < 0)
        return 0;
    uint64_t at = 0;
    for (size_t i = 0; i < bmap.count; i++) {
        if (bmap.ranges[i].start < at || bmap.ranges[i].end <= bmap.ranges[i].start)
            abort();
        at = bmap.ranges[i].end;
    }
    if (at > bmap.image_size && at - bmap.image_size >= bmap.block_size)
        abort();
    int count = x8_bmap_gaps(&bmap, &gaps, &err);
    for (int i = 0; i < count; i++)
        if (gaps[i].start >= gaps[i].end || gaps[i].start % bmap.block_size)
            abort();
    free(gaps);
    x8_bmap_done(&bmap);
    return 0;
}
