/*
 * Sparse pieces that write zeros over some ranges and touch nothing else.
 */
#include "image/piece.h"

int x8_sparse_zero(const struct x8_sparse_config *config, const struct x8_piece_port *port,
                   const struct x8_range *ranges, size_t count, struct x8_error *err)
{
    struct piece_builder builder;
    uint64_t pos = 0;
    int rc = piece_builder_init(&builder, config, port, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (ranges[i].start > pos)
            rc = piece_skip(&builder, ranges[i].start - pos, err);
        if (rc == 0)
            rc = piece_fill(&builder, 0, ranges[i].end - ranges[i].start, err);
        pos = ranges[i].end;
    }
    return rc < 0 ? rc : piece_finish(&builder, err);
}
