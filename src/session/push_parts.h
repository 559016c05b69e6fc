/*
 * Inside the room: the steps of a push, for push*.c alone. In order: resolve the names, compare
 * with the board, send into a temporary folder, prove the digests, put into place.
 */
#ifndef X8_SESSION_PUSH_PARTS_H
#define X8_SESSION_PUSH_PARTS_H

#include "session/transfer.h"
#include "session/transfer_board.h"
#include "session/transfer_host.h"

struct push {
    struct xfer xfer;
    const struct x8_transfer *job;
    struct place place;
    struct tree source; /* what shall be on the board, relative to the anchor, sorted */
    struct tree board;  /* what is there of it; with prune all that is there */
    int64_t young;      /* what was written since then may have changed unseen */
    int may_exist;      /* some of it may be on the board already */
    char **roots;       /* per source: its name below the anchor */
    struct x8_transferred *out;
};

/* Flags of a source node while pushing. */
enum {
    PUSH_SEND = 1,   /* to be unpacked in the temporary folder */
    PUSH_THERE = 2,  /* the board has it, of the same kind */
    PUSH_MODE = 4,   /* only its permission bits differ */
    PUSH_ASK = 16,   /* size and time are equal, the contents decide */
    PUSH_RANGES = 8, /* travels in pieces side by side, so mode and time come afterwards */
};

/* push_resolve.c: where everything goes; fills place, source, xfer.anchor. */
int push_resolve(struct push *push, struct x8_error *err);

/* push_compare.c: list the board, mark what is to be sent, refuse what cannot be. */
int push_compare(struct push *push, struct x8_error *err);

/* push_send.c */
int push_send(struct push *push, struct x8_error *err);

/* push_install.c */
int push_install(struct push *push, struct x8_error *err);
/* 1 when the board's node is not in the source and --delete shall remove it. */
int push_is_extra(const struct push *push, const struct node *node);

#endif
