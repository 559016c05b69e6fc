/* Any bytes through the decoders: an error or an end, within bounds. */
#include "image/inflate.h"

#include <stdlib.h>

#define OUT_MAX ((size_t)16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[65536];
    struct x8_reader *inner = NULL, *reader = NULL;
    struct x8_error err;
    size_t total = 0;
    ssize_t n = 0;
    if (x8_mem_reader((struct x8_span){data, size}, &inner, &err) < 0)
        return 0;
    if (x8_inflate_reader(inner, &reader, NULL, &err) < 0)
        return 0;
    while (total < OUT_MAX && (n = x8_read(reader, out, sizeof(out), &err)) > 0)
        total += (size_t)n;
    if (n < 0 && (err.msg[0] == 0 || x8_code_of((int)n) != err.code))
        abort();
    x8_reader_close(&reader);
    return 0;
}
