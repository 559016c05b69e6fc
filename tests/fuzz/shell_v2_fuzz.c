/*
 * A stream of shell packets of any form, read at once and in pieces of the length that the first
 * byte says: the same output, the same status.
 */
#include "session/shell_v2.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    size_t len[2];
    uint64_t mix[2];
    int status;
};

static void hear(struct heard *heard, const struct x8_shell_piece *piece)
{
    size_t i = piece->id == X8_SHELL_STDERR;

    if (piece->id != X8_SHELL_STDOUT && piece->id != X8_SHELL_STDERR)
        abort();
    heard->len[i] += piece->data.len;
    for (size_t at = 0; at < piece->data.len; at++)
        heard->mix[i] = heard->mix[i] * 31 + piece->data.data[at];
}

static struct heard listen_to(const uint8_t *data, size_t size, size_t step)
{
    struct x8_shell_parser parser = {0};
    struct heard heard = {.status = -1};

    while (size > 0) {
        struct x8_span part = {data, size < step ? size : step};
        struct x8_shell_piece piece = {0};
        size_t used = 0;
        int got = x8_shell_next(&parser, part, &used, &piece);

        if (used == 0 || used > part.len || (!got && used != part.len))
            abort();
        if (got) {
            if (piece.data.data < data || piece.data.data + piece.data.len > data + used)
                abort();
            hear(&heard, &piece);
        }
        data += used;
        size -= used;
    }
    if (parser.has_status)
        heard.status = parser.status;
    if (heard.status > 255)
        abort();
    return heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard whole, pieces;

    if (size < 1)
        return 0;
    whole = listen_to(data + 1, size - 1, size);
    pieces = listen_to(data + 1, size - 1, (size_t)data[0] + 1);
    for (int i = 0; i < 2; i++)
        if (whole.len[i] != pieces.len[i] || whole.mix[i] != pieces.mix[i])
            abort();
    if (whole.status != pieces.status)
        abort();
    return 0;
}
