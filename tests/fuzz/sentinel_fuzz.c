/*
 * Output of any form with marks in it: the place of the nonce is taken by 'N' bytes of the input,
 * so that marks are found at all. Read in pieces it must mean the same as at once.
 */
#include "session/sentinel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char nonce[] = "0123456789abcdef0123456789abcdef";

/* What was found: bytes of output, and the marks mixed into one number. */
struct found {
    size_t output, marks;
    uint64_t mix;
};

static void take(struct found *found, const struct x8_mark *mark)
{
    if (mark->len > X8_MARK_MAX || mark->len < X8_MARK_MAX - 11)
        abort();
    found->marks++;
    found->mix = found->mix * 31 + mark->value + (uint8_t)mark->kind;
}

/* Go through `data`, of which `step` more bytes are known each time. */
static struct found walk(const uint8_t *data, size_t size, size_t step)
{
    struct found found = {0};
    size_t begin = 0, known = step < size ? step : size;

    while (begin < size) {
        struct x8_mark mark;
        int got = x8_mark_find(nonce, data + begin, known - begin, &mark);

        if (mark.at > known - begin || (got && mark.at + mark.len > known - begin))
            abort();
        found.output += mark.at;
        begin += mark.at + (got ? mark.len : 0);
        if (got) {
            take(&found, &mark);
        } else if (known == size) {
            found.output += size - begin; /* the beginning of a mark that is none */
            break;
        } else {
            if (known - begin >= X8_MARK_MAX)
                abort(); /* held back for nothing */
            known = size - known < step ? size : known + step;
        }
    }
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *text = malloc(size * X8_NONCE_LEN + 1);
    struct found whole, pieces;
    size_t len = 0;

    if (!text || size < 1 || size > 4096) {
        free(text);
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if (data[i] == 'N') {
            memcpy(text + len, nonce, X8_NONCE_LEN);
            len += X8_NONCE_LEN;
        } else {
            text[len++] = data[i];
        }
    }
    whole = walk(text, len, len);
    pieces = walk(text, len, data[0] % 64 + (size_t)1);
    if (whole.output != pieces.output || whole.marks != pieces.marks || whole.mix != pieces.mix)
        abort();
    free(text);
    return 0;
}
