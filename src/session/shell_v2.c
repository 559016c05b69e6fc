#include "session/shell_v2.h"

#include <string.h>

void x8_shell_head(uint8_t out[X8_SHELL_HEAD], enum x8_shell_id id, uint32_t len)
{
    out[0] = (uint8_t)id;
    x8_put_le32(out + 1, len);
}

/* Bytes of a payload. 1 when they are output. */
static int payload(struct x8_shell_parser *parser, struct x8_span data, struct x8_shell_piece *out)
{
    if (parser->head[0] == X8_SHELL_EXIT && !parser->has_status) {
        parser->status = data.data[0];
        parser->has_status = 1;
    }
    *out = (struct x8_shell_piece){(enum x8_shell_id)parser->head[0], data};
    return parser->head[0] == X8_SHELL_STDOUT || parser->head[0] == X8_SHELL_STDERR;
}

int x8_shell_next(struct x8_shell_parser *parser, struct x8_span data, size_t *out_used,
                  struct x8_shell_piece *out)
{
    size_t at = 0;

    while (at < data.len) {
        size_t n = data.len - at;
        int is_output;

        if (parser->head_len < X8_SHELL_HEAD) {
            parser->head[parser->head_len++] = data.data[at++];
            if (parser->head_len == X8_SHELL_HEAD)
                parser->left = x8_get_le32(parser->head + 1);
            if (parser->head_len == X8_SHELL_HEAD && parser->left == 0)
                parser->head_len = 0;
            continue;
        }
        n = n < parser->left ? n : parser->left;
        is_output = payload(parser, (struct x8_span){data.data + at, n}, out);
        parser->left -= (uint32_t)n;
        at += n;
        if (parser->left == 0)
            parser->head_len = 0;
        if (is_output) {
            *out_used = at;
            return 1;
        }
    }
    *out_used = at;
    return 0;
}
