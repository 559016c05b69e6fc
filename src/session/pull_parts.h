/*
 * Inside the room: the steps of a pull, for pull*.c alone. In order, per source: look at it, list
 * it, compare with this computer, receive into a temporary folder, prove the digests, rename.
 */
#ifndef X8_SESSION_PULL_PARTS_H
#define X8_SESSION_PULL_PARTS_H

#include "session/transfer.h"
#include "session/transfer_board.h"
#include "session/transfer_host.h"

struct pull {
    struct xfer xfer;
    const struct x8_transfer *job;
    struct x8_transferred *out;
    struct place place;
    struct tree tree; /* of the source; of a file, its one name */
    int is_dir;
    char *target;  /* the name it gets here */
    int target_fd; /* the folder of that name when it is there, else -1 */
    char *stage;   /* temporary folder, or NULL */
    int stage_fd;  /* the folder in it that takes everything */
};

/* Flags of a node while pulling. */
enum {
    PULL_GET = 1,
    PULL_THERE = 2,  /* is here, of the same kind */
    PULL_MODE = 4,   /* only its permission bits differ */
    PULL_RANGES = 8, /* comes in pieces side by side */
    PULL_LARGE = 32, /* comes by itself */
    PULL_ASK = 16,   /* size and time are equal, the contents decide */
};

/* pull_list.c: fill tree and mark what has to come. */
int pull_list(struct pull *pull, struct x8_error *err);
int pull_compare(struct pull *pull, struct x8_error *err);

/* pull_receive.c: all into the temporary folder, with digests compared. */
int pull_receive(struct pull *pull, struct x8_error *err);

/* pull_large.c: one large file; sets done when it came and the digests are equal. */
int pull_large_fits(const struct pull *pull, const struct node *node);
int pull_large(struct pull *pull, struct node *node, struct x8_error *err);

/* pull_follow.c: the same by ranges alone. */
int pull_follow_fits(const struct pull *pull, const struct node *node);
int pull_follow(struct pull *pull, struct node *node, struct x8_error *err);

/* pull_one.c: one file as it comes, as often as it takes to get it whole; the node's size and
 * sha256 are what came. */
int pull_whole(struct pull *pull, struct node *node, struct x8_error *err);
/* "cat" of a file into a sink; *out_sha gets the digest of what came. */
int pull_cat(struct xfer *xfer, const struct node *node, struct x8_sink *sink,
             uint8_t out_sha[X8_SHA256_LEN], struct x8_error *err);
/* A range into a sink, whose finish is not called: less than `len` when the file has no more. */
int pull_range(struct xfer *xfer, const struct node *node, uint64_t begin, uint64_t len,
               struct x8_sink *sink, struct x8_error *err);

/* pull_install.c */
int pull_stage_open(struct pull *pull, struct x8_error *err);
int pull_install(struct pull *pull, struct x8_error *err);
void pull_stage_close(struct pull *pull);

#endif
