/*
 * An image in a file and boards that read it through flash/source.h, each putting together what it
 * was given.
 */
#ifndef X8_TEST_KIT_SOURCE_H
#define X8_TEST_KIT_SOURCE_H

#include "flash/source.h"
#include "testlib.h"

#define SOURCE_IMAGE  (4u << 20)
#define SOURCE_PIECE  (256u << 10)
#define SOURCE_WAIT   20000 /* ms; nothing takes so long unless it hangs */
#define SOURCE_SHOWN  64    /* more than any image here has pieces */
#define SOURCE_BOARDS 8

struct source_kit {
    char *dir;
    uint8_t *image;
    struct x8_step step;
    struct x8_plan plan;
    struct x8_encode encode;
    struct x8_regions regions; /* as they must be in the end */
    struct x8_sources *sources;
    struct x8_error err;
};

/* A board: what it has so far. */
struct source_board {
    struct x8_source *source;
    struct x8_cut cut; /* the last one taken */
    uint8_t *got;      /* image bytes */
    unsigned pieces;
    const void *buffers[SOURCE_SHOWN]; /* where each piece was */
    struct x8_error err;
};

/* An image of random data with FILL and short constant runs between, for `boards`. */
void source_kit_init(struct source_kit *kit, unsigned boards);
void source_kit_done(struct source_kit *kit);

void source_board_open(struct source_kit *kit, struct source_board *board);
void source_board_close(struct source_board *board);
/* The next piece, put where it belongs; still held. As x8_source_take. */
int source_board_take(struct source_board *board);
/* The same, and given back. */
int source_board_next(struct source_board *board);
/* To the end; then everything must be right. */
void source_board_finish(struct source_kit *kit, struct source_board *board);
/* How many different buffers these boards saw. */
unsigned source_buffers(const struct source_board *boards, unsigned count);

#endif
