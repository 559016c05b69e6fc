/*
 * Inside the room: the commands and threads of one transfer. All of them share a struct xfer: the
 * first failure of any thread stops the others by shutting their channels.
 */
#ifndef X8_SESSION_TRANSFER_RUN_H
#define X8_SESSION_TRANSFER_RUN_H

#include "session/root.h"

#include <pthread.h>
#include <stdatomic.h>

#define XFER_IDLE_MS   30000 /* a write or an answer that does not move for so long has failed */
#define XFER_CHANNELS  16    /* open at once */
#define XFER_MOST_CREW 9
#define XFER_STAGE_LEN 24
#define XFER_BLOCK     ((size_t)128 * 1024)

struct xfer {
    struct x8_session *session;
    const struct x8_root *root;
    struct x8_op op; /* with the stage of the moment */
    struct x8_waker waker;
    pthread_mutex_t lock;
    struct x8_channel *open[XFER_CHANNELS];
    atomic_int stopping; /* somebody failed, or the user said stop */
    int held;            /* SOFT must wait: names are being changed */
    int rc;              /* of the first failure, with its error */
    struct x8_error error;
    uint64_t done, total; /* bytes, for the progress */
    int64_t shown_ms;
    char *anchor;               /* folder of the board that holds everything, resolved */
    char stage[XFER_STAGE_LEN]; /* temporary folder in it, or "" */
    char stage_id[48];          /* "DEVICE:INODE" of it once it is there, or "" */
    struct x8_channel *guard;   /* the command that removes it when the link is cut */
};

void xfer_init(struct xfer *xfer, struct x8_session *session, const struct x8_op *op,
               const struct x8_root *root);
void xfer_done(struct xfer *xfer);
#define AUTO_XFER X8_CLEANUP(xfer_done) struct xfer

/* Enter a stage ("send", "verify"...) that moves `total` bytes. */
void xfer_enter(struct xfer *xfer, const char *stage, uint64_t total);
void xfer_moved(struct xfer *xfer, uint64_t bytes);

/* Start a command and remember its channel, so that a failure elsewhere ends it. */
int xfer_start(struct xfer *xfer, const char *text, enum x8_input input, uint64_t input_len,
               struct x8_channel **out, struct x8_error *err);
/* Without input, and with stdout alone: a stream less where a protocol needs one for each. */
int xfer_start_bare(struct xfer *xfer, const char *text, struct x8_channel **out,
                    struct x8_error *err);
int xfer_start_command(struct xfer *xfer, const struct x8_command *command, struct x8_channel **out,
                       struct x8_error *err);
void xfer_end(struct xfer *xfer, struct x8_channel **channel);

/* Read the rest of a command: its stdout goes to `out` (NULL: nowhere) and the status decides:
 * `what` names the step when it is not 0. `idle_ms`: the longest silence. */
int xfer_finish(struct xfer *xfer, struct x8_channel *channel, const char *what, int idle_ms,
                struct x8_buf *out, struct x8_error *err);

/* A command with `len` bytes of input (0: none), to its end. Input and output may both be long. */
int xfer_run(struct xfer *xfer, const char *what, const char *text, const void *input, size_t len,
             int idle_ms, struct x8_buf *out, struct x8_error *err);

/* Writes the input of a command while the caller reads: a list of names and the answer about them
 * may both be longer than what fits between the two. `data` is borrowed until the join. */
struct xfer_feed {
    struct xfer *xfer;
    struct x8_channel *channel;
    const void *data;
    size_t len;
    pthread_t thread;
    int started;
};
int xfer_feed_start(struct xfer_feed *feed, struct xfer *xfer, struct x8_channel *channel,
                    const void *data, size_t len, struct x8_error *err);
void xfer_feed_join(struct xfer_feed *feed, int failed);

/* Keep the first failure, and stop the rest. Returns `rc`. */
int xfer_fail(struct xfer *xfer, int rc, const struct x8_error *err);
/* 0, or the failure that was kept. */
int xfer_result(struct xfer *xfer, struct x8_error *err);
/* What to say at the end: a stop by the user goes before the failures it caused. */
int xfer_verdict(struct xfer *xfer, int rc, struct x8_error *err);

/* Run work(ctx, i) for i below `count` (at most XFER_MOST_CREW) in as many threads and wait for
 * all. A negative return was kept by xfer_fail already or is kept now. */
typedef int xfer_work_fn(struct xfer *xfer, void *ctx, unsigned i, struct x8_error *err);
int xfer_crew(struct xfer *xfer, xfer_work_fn *work, void *ctx, unsigned count,
              struct x8_error *err);

/* While `held`, a first Ctrl-C waits. */
void xfer_hold(struct xfer *xfer, int held);

/* The longest silence of a command that reads `bytes` from the board's storage. */
int xfer_patience(uint64_t bytes);

/* A sink into a command's stdin that counts the progress. */
struct xfer_sink {
    struct x8_sink sink;
    struct xfer *xfer;
    struct x8_channel *channel;
};
void xfer_sink_init(struct xfer_sink *sink, struct xfer *xfer, struct x8_channel *channel);

/* A reader of a command's stdout that counts the progress and keeps what comes on stderr. Its close
 * leaves the channel alone. */
struct xfer_reader {
    struct x8_reader reader;
    struct xfer *xfer;
    struct x8_channel *channel;
    int idle_ms, ended;
    int silent; /* the caller counts the progress */
    struct x8_buf errors;
};
void xfer_reader_init(struct xfer_reader *reader, struct xfer *xfer, struct x8_channel *channel,
                      int idle_ms);

#endif
