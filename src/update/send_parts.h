/*
 * Inside the room: the steps of sending a bundle, for send*.c alone. In order: name what belongs to
 * the bundle, list the board, judge the space, prepare the folder, prove what an earlier try left,
 * send in batches, look at the whole, and last give it what makes it a bundle.
 *
 * What has to be in the folder is called a thing: an object of the graph, or another file. Things
 * are numbered, objects first, so that 100,000 of them cost no name each.
 */
#ifndef X8_UPDATE_SEND_PARTS_H
#define X8_UPDATE_SEND_PARTS_H

#include "session/transfer_board.h"
#include "update/send.h"

#define SEND_BOARD_REPO "/ostree/repo"
#define SEND_OBJECTS    "ostree_repo/objects/"
#define SEND_REL        1100 /* bytes of a name within the bundle, with its end */

/* When a file is sent. What comes later makes the folder complete. */
enum send_phase { SEND_APPS, SEND_REFS, SEND_CONFIG, SEND_TUF };

struct send_file {
    char *rel; /* within the bundle, and in the folder on the board */
    uint64_t size;
    enum send_phase phase;
};

enum {
    SEND_THERE = 1,  /* object: the board's own repository has it */
    SEND_STAGED = 2, /* in the folder, with its size */
};

struct send_room {
    uint64_t dev, size, free; /* bytes; size 0: there is no such folder */
};

enum send_kind { STAGE_NONE, STAGE_OURS, STAGE_OTHERS, STAGE_LINK, STAGE_FILE };

struct send_queued {
    uint64_t key; /* keeps neighbours in a folder together */
    uint32_t thing;
};

struct send {
    struct xfer xfer; /* as the session's user */
    const struct x8_send *job;
    const struct x8_graph *graph;
    const char *repo; /* the board's own */
    int dir_fd;       /* of the bundle */
    struct send_file *files;
    size_t file_count, file_cap;
    uint8_t *flags; /* per thing */
    size_t things;
    struct x8_buf extras; /* names in the folder that do not belong to it, each with a NUL */
    uint64_t extra_bytes;
    enum send_kind kind; /* of the folder */
    char owner[48];      /* UID:GID of the session's user */
    struct send_room stage_room, repo_room;
    struct send_queued *queue; /* what is sent, or proven */
    size_t queued;
    size_t next; /* of the queue; under xfer.lock */
    unsigned batches;
    size_t batch_things;  /* limits of a batch */
    uint64_t batch_bytes; /* .. */
    uint64_t wire;        /* bytes that were sent; under xfer.lock */
    struct x8_sent *out;
};

/* The whole, with another place of the board's repository than SEND_BOARD_REPO. */
int send_from(struct x8_session *session, const struct x8_op *op, const struct x8_send *job,
              const char *repo, struct x8_sent *out, struct x8_error *err);

/* send_things.c */
int send_name_things(struct send *send, struct x8_error *err);
void send_forget_things(struct send *send);
/* The name of a thing within the bundle; its length. */
size_t send_rel(const struct send *send, uint32_t thing, char out[SEND_REL]);
uint64_t send_size(const struct send *send, uint32_t thing);
/* The thing of this name, or -1. */
int64_t send_find(const struct send *send, const char *rel, size_t len);
/* 1 and the SHA-256 of its bytes where its name says it. */
int send_knows_digest(const struct send *send, uint32_t thing, uint8_t out[X8_SHA256_LEN]);
/* Open it on this computer: regular, of the size it had, reached without a link. */
int send_open(const struct send *send, uint32_t thing, struct x8_error *err);
int send_changed(const struct send *send, uint32_t thing, struct x8_error *err);
/* SHA-256 of an open thing's bytes; each block also goes to `each` (NULL: nowhere). A thing that is
 * not what it was when it was checked is X8_E_NO_FILE. */
typedef int send_bytes_fn(void *ctx, const void *data, size_t len, struct x8_error *err);
int send_read(const struct send *send, uint32_t thing, struct x8_sha256 *sha, uint8_t *block,
              send_bytes_fn *each, void *ctx, uint8_t out[X8_SHA256_LEN], struct x8_error *err);

/* send_list.c */
int send_list_board(struct send *send, struct x8_error *err);
/* Marks what is staged, and collects what is not wanted there. */
int send_list_stage(struct send *send, struct x8_error *err);
/* One name below the board's objects/, "./xx/....file". Others are of no matter. */
void send_take_object(struct send *send, const char *line, size_t len);
/* One record of the folder: "HEXMODE SIZE NAME". X8_E_LINK when it is none. */
int send_take_staged(struct send *send, const char *record, size_t len, struct x8_error *err);

/* send_space.c */
int send_probe(struct send *send, struct x8_error *err);
int send_take_probe(struct send *send, const char *text, struct x8_error *err);
int send_judge_space(struct send *send, struct x8_error *err);

/* send_stage.c */
int send_check_name(const char *stage, struct x8_error *err);
int send_prepare(struct send *send, struct x8_error *err);

/* send_prove.c: look at the bytes of what an earlier try left; what differs is not staged. */
int send_prove(struct send *send, struct x8_error *err);
/* What the board said about `sent` names. X8_E_LINK. */
int send_take_proof(struct send *send, const char *text, size_t sent, struct x8_error *err);

/* send_pack.c */
uint64_t send_cost(const struct send *send, uint32_t thing); /* bytes on the wire */
uint64_t send_pack_length(const struct send *send, const struct send_queued *items, size_t count);
/* A tar stream of the things, and as its last file SEND_SUMS: what `sha256sum -c` takes. */
#define SEND_SUMS ".sums"
int send_pack(const struct send *send, const struct send_queued *items, size_t count,
              struct x8_sink *sink, struct x8_error *err);

/* send_batch.c */
/* One stream's work: `one` with each part of the queue that no other stream has taken. */
typedef int send_batch_fn(struct send *send, const struct send_queued *items, size_t count,
                          unsigned number, struct x8_error *err);
int send_each_batch(struct xfer *xfer, struct send *send, send_batch_fn *one, struct x8_error *err);
/* Queue all things of these phases that have to be sent, and divide. */
int send_queue(struct send *send, int staged, struct x8_error *err);
int send_batches(struct send *send, struct x8_error *err);
/* Refs, config or tuf/, in one. */
int send_last(struct send *send, enum send_phase phase, struct x8_error *err);
int send_is_wanted(const struct send *send, size_t thing);

#endif
