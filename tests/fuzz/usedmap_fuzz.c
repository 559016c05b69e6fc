/* Any bytes as an image, in pieces of changing length: ranges in order, inside, and joined with the
 * gaps the whole. */
#include "image/usedmap.h"

#include <stdlib.h>
#include <string.h>

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

/* What one pass makes is what two make. */
static void compare_passes(const struct x8_usedmap *map, const uint8_t *data, size_t size)
{
    struct x8_usedmap *own = NULL;
    struct x8_bmapwrite *live = NULL, *slow = NULL;
    struct x8_buf one = {0}, two = {0};
    struct x8_error err;
    struct x8_sink *sink;
    if (x8_usedmap_new(0, &own, &err) < 0 || x8_bmapwrite_new_live(own, &live, &err) < 0 ||
        x8_bmapwrite_new(map, &slow, &err) < 0)
        abort();
    sink = x8_bmapwrite_sink(live);
    for (size_t at = 0; at < size; at += 5000)
        if (sink->ops->push(sink, data + at, size - at < 5000 ? size - at : 5000, &err) < 0)
            abort();
    if (sink->ops->finish(sink, &err) < 0)
        abort();
    sink = x8_bmapwrite_sink(slow);
    if (sink->ops->push(sink, data, size, &err) < 0 || sink->ops->finish(sink, &err) < 0)
        abort();
    if (x8_bmapwrite_is_done(live) &&
        (x8_bmapwrite_text(live, &one, &err) < 0 || x8_bmapwrite_text(slow, &two, &err) < 0 ||
         one.len != two.len || memcmp(one.data, two.data, one.len) != 0))
        abort();
    x8_buf_done(&one);
    x8_buf_done(&two);
    x8_bmapwrite_free(&live);
    x8_bmapwrite_free(&slow);
    x8_usedmap_free(&own);
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
    if (rc == 0 && sink->ops->finish(sink, &err) == 0) {
        check(map, size);
        if (size % 3 == 0)
            compare_passes(map, data, size);
    }
    x8_usedmap_free(&map);
    return 0;
}
