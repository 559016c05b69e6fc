/* Any bytes as an image, in pieces of changing length: ranges in order, inside, and joined with the
 * gaps the whole. */
#include "image/usedmap.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct x8_usedmap *map, size_t size)
{
    const struct x8_range *ranges;
    struct x8_range *gaps;
    struct x8_error err;
    size_t count = x8_usedmap_ranges(map, &ranges);
    uint64_t at = 0, used = 0;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].start < at || ranges[i].end <= ranges[i].start || ranges[i].end > size)
            abort();
        at = ranges[i].end;
        used += ranges[i].end - ranges[i].start;
    }
    if (used != x8_usedmap_used(map) || x8_usedmap_size(map) != size)
        abort();
    int gap_count = x8_usedmap_gaps(map, &gaps, &err);
    for (int i = 0; i < gap_count; i++)
        used += gaps[i].end - gaps[i].start;
    if (used != size)
        abort();
    free(gaps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_usedmap *map;
    struct x8_error err;
    if (x8_usedmap_new(size % 3 ? size : 0, &map, &err) < 0)
        return 0;
    struct x8_sink *sink = x8_usedmap_sink(map);
    int rc = 0;
    for (size_t at = 0, step = 1; at < size && rc == 0; step = step * 7 % 70001 + 1) {
        size_t len = step < size - at ? step : size - at;
        rc = sink->ops->push(sink, data + at, len, &err);
        at += len;
    }
    if (rc == 0 && sink->ops->finish(sink, &err) == 0)
        check(map, size);
    x8_usedmap_free(&map);
    return 0;
}
