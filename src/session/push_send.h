/*
 * Inside the room: the shares of a push, for push_send.c and push_share.c alone.
 */
#ifndef X8_SESSION_PUSH_SEND_H
#define X8_SESSION_PUSH_SEND_H

#include "session/push_parts.h"

struct share {
    struct node **nodes; /* a tar stream of len bytes; borrowed */
    size_t count;
    struct node *file; /* or a range of this file */
    uint64_t begin, len;
    int is_whole; /* or the digest of the whole file, for the caller */
    uint8_t sha256[X8_SHA256_LEN];
};

struct send {
    struct push *push;
    struct node **nodes; /* skeleton first, then the small files */
    size_t skeleton, count;
    struct share *shares;
    size_t share_count;
    atomic_size_t next;
    uint64_t stage_len; /* bytes of the first archive */
    uint64_t bytes;     /* on the wire */
    int in_one;         /* the skeleton travels with the only share */
};

/* Make the temporary folder with all folders and links; with in_one all files too. */
int share_stage(struct send *send, struct x8_error *err);
int share_send(struct send *send, struct share *share, struct x8_error *err);
/* Read it back. X8_E_VERIFY. */
int share_verify(struct send *send, struct share *share, struct x8_error *err);

#endif
