/*
 * Files below a folder that somebody else has filled: every name of a path is opened by itself and
 * no link is followed, so nothing outside is ever read. Only for the files of graph.h and bundle.h.
 */
#ifndef X8_UPDATE_GRAPH_BELOW_H
#define X8_UPDATE_GRAPH_BELOW_H

#include "util/file.h"

/*
 * Open the regular file or the folder `path` below the folder `root` for reading. A descriptor, or
 * -X8_E_NO_FILE: there is no such name. -X8_E_BAD_IMAGE: there is, but as something else, behind a
 * link, or it cannot be read. -X8_E_INTERNAL: this computer is out of descriptors or memory.
 */
int below_open(int root, const char *path, int is_folder, struct x8_error *err);

/* What below_open returned is about this computer, not about the folder's content. */
static inline int below_broke(int rc)
{
    return rc < 0 && rc != -X8_E_NO_FILE && rc != -X8_E_BAD_IMAGE;
}

/* A whole file of at most `max` bytes, added to `out`. As below_open. */
int below_load(int root, const char *path, size_t max, struct x8_buf *out, struct x8_error *err);

/*
 * A reader over a descriptor (not closed with it) with read-ahead of its own: `data` of `cap` bytes
 * belongs to the caller. Counts what it reads through `count` (may be NULL) and stops at SOFT.
 */
struct below_reader {
    struct x8_reader reader;
    int fd;
    const struct x8_op *op;
    uint8_t *data;
    size_t cap, at, len;
    void (*count)(void *ctx, uint64_t bytes);
    void *ctx;
};
void below_reader_init(struct below_reader *below, int fd, const struct x8_op *op, uint8_t *data,
                       size_t cap);

#endif
