/*
 * The parts of feeding an image to a board, shared by the files that do it: feed.c (the whole),
 * feed_ask.c (what the board can take), erase.c (holes), same.c (what is there already),
 * send.c (a piece on its way).
 */
#ifndef X8_FLASH_FEED_PARTS_H
#define X8_FLASH_FEED_PARTS_H

#include "flash/readback.h"

/* One image on its way to one board. */
struct x8_feed {
    struct x8_job *job; /* borrowed, as all pointers here */
    struct x8_fastboot *fb;
    const struct x8_step *step;
    struct x8_flash_target *target;
    struct x8_encode encode;
    struct x8_source *source;
    struct x8_readback back;
    int can_read_back; /* `back` is ready */
    int is_fresh;      /* the holes were proven in this very dialogue */
    uint64_t total;    /* bytes that the board will be told to write, for the bar; 0 unknown */
    uint64_t done;     /* of these */
    /* What was measured, for the choice between raw and compressed. */
    struct x8_pace {
        uint64_t link_bytes, raw_bytes, gz_bytes;
        int64_t link_us, raw_us, gz_us;
    } pace;
    unsigned gz_lost; /* choices in a row that were for raw */
    int wants_gz;
    const char *buffer; /* where the loader puts a download, as its shell takes it */
};

/* What the board says of itself decides the shape of the pieces: block_size, piece_cap, capacity.
 */
int x8_feed_ask(struct x8_feed *feed, struct x8_error *err);

/*
 * Erase the area of the image in bounded steps and prove that it reads as zeros. Sets the erased
 * range of job->progress to what was proven; nothing of it is an error but the link.
 */
int x8_feed_erase(struct x8_feed *feed, struct x8_error *err);

/* 1 when the board holds all of the piece already. */
int x8_feed_is_same(const struct x8_feed *feed, const struct x8_piece *piece, struct x8_error *err);
/* The holes of a piece that were not proven in this dialogue: those that do not read as zeros are
 * written as zeros. */
int x8_feed_fill_holes(struct x8_feed *feed, const struct x8_piece *piece, struct x8_error *err);

/*
 * Before anything is written again: is it the board that the progress is of? X8_E_WRONG_STATE when
 * its contents say no. 0 when they say yes, or nothing.
 */
int x8_same_board(struct x8_job *job, struct x8_fastboot *fb, struct x8_error *err);

/* The piece is done, whatever became of it: the bar moves. */
void x8_feed_advance(struct x8_feed *feed, const struct x8_piece *piece);
/* Ask the loader whether it has gzwrite, and decide whether pieces should come compressed: sets
 * feed->wants_gz. Uses the loader's buffer only. */
int x8_send_ask(struct x8_feed *feed, struct x8_error *err);
/* Download and write, in the way that is expected to take less time. */
int x8_send_cut(struct x8_feed *feed, const struct x8_cut *cut, struct x8_error *err);

#endif
