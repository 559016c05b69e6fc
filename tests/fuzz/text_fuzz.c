/*
 * Any bytes through the cleaner and the parsers of numbers: nothing that reaches a terminal may
 * move its cursor.
 */
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len;) {
        uint32_t cp = 0;
        size_t n = x8_utf8_next(text + i, len - i, &cp);

        if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
            abort();
        i += n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"flash", "list", "update"};
    size_t cap = size % 37 + 1;
    char *out = malloc(cap), *text = malloc(size + 1);
    uint64_t number;
    int64_t ms;

    if (!out || !text)
        abort();
    x8_clean(out, cap, data, size);
    check_clean(out);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    x8_parse_u64(text, &number);
    x8_parse_duration(text, &ms);
    x8_closest(text, words, 3);
    x8_copy(out, cap, text);
    if (strlen(out) >= cap)
        abort();
    free(out);
    free(text);
    return 0;
}
