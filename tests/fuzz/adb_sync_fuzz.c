/* Any bytes as answers of the file service, in pieces: the same events as in one piece. */
#include "adb/sync_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
    int last;
    uint64_t bytes;
    uint32_t mix;
};

static struct result run(const uint8_t *data, size_t size, size_t piece)
{
    struct x8_sync_parser parser = {0};
    struct result result = {0};
    struct x8_error err = {0};

    for (size_t at = 0; at < size; at += piece) {
        struct x8_span in = {data + at, size - at < piece ? size - at : piece}, out;
        const uint8_t *end = in.data + in.len;

        while ((result.last = x8_sync_next(&parser, &in, &out, &err)) == X8_SYNC_EV_DATA) {
            if (out.len == 0 || out.data < data || out.data + out.len > end)
                abort();
            for (size_t i = 0; i < out.len; i++)
                result.mix = result.mix * 31 + out.data[i];
            result.bytes += out.len;
        }
        if (parser.words_len > sizeof parser.words)
            abort();
        if (result.last != X8_SYNC_EV_MORE)
            return result;
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct result whole = run(data, size, size ? size : 1), small;
    struct x8_adb_stat st;
    struct x8_error err = {0};

    if (size > 0) {
        small = run(data, size, (size_t)data[0] % 13 + 1);
        if (small.last != whole.last || small.bytes != whole.bytes || small.mix != whole.mix)
            abort();
        x8_sync_fail((const char *)data, size, "/x", data[0] & 1, &err);
    }
    if (size >= X8_SYNC_STAT1)
        x8_sync_stat1_get(data, "/x", &st, &err);
    if (size >= X8_SYNC_STAT2)
        x8_sync_stat2_get(data, "/x", &st, &err);
    return 0;
}
