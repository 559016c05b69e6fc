/*
 * The journal of a programming. No success without OpenOCD's word for it.
 */
#include "sketch/watcher.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int has(const uint8_t *data, size_t size, const char *words)
{
    size_t len = strlen(words);

    for (size_t i = 0; i + len <= size; i++)
        if (memcmp(data + i, words, len) == 0)
            return 1;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_openocd out;

    x8_openocd_judge((struct x8_span){data, size}, &out);
    if (out.verdict == X8_OPENOCD_VERIFIED && !has(data, size, "** Verified OK **"))
        abort();
    if (out.verdict == X8_OPENOCD_FAILED && !out.reason[0])
        abort();
    if (!memchr(out.reason, '\0', sizeof out.reason) || !memchr(out.cause, '\0', sizeof out.cause))
        abort();
    for (const char *at = out.reason; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            abort();
    return 0;
}
