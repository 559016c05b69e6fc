/*
 * Quoting for one level of bash.
 */
#include "session/run.h"

#include <string.h>

int x8_quote(struct x8_buf *out, const char *text)
{
    if (x8_buf_add(out, "'", 1) != 0)
        return -1;
    for (;;) {
        size_t plain = strcspn(text, "'");

        if (x8_buf_add(out, text, plain) != 0)
            return -1;
        text += plain;
        if (!*text)
            return x8_buf_add(out, "'", 1);
        if (x8_buf_add(out, "'\\''", 4) != 0)
            return -1;
        text++;
    }
}
