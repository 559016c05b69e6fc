/*
 * A command on a daemon with shell_v2, as a channel: for over_adb_v2*.c alone.
 */
#ifndef X8_SESSION_OVER_ADB_V2_H
#define X8_SESSION_OVER_ADB_V2_H

#include "session/over_adb_parts.h"
#include "session/shell_v2.h"

#include <pthread.h>

/* AOSP's daemon reads packets into a buffer of this size at least. */
#define X8_V2_PACKET_LEN ((size_t)16 << 10)

struct x8_v2 {
    struct x8_channel base;
    struct x8_lane lane;
    struct x8_shell_parser parser;
    struct x8_shell_piece piece; /* what the reader has not handed on yet; inside the lane */
    struct x8_buf early[2]; /* output that came before the other stream's start mark; limited */
    size_t early_taken[2];
    pthread_mutex_t sending; /* packets of the writer and of resize do not mix */
    enum x8_input input;
    int in_lead;
    int is_merged; /* the command has begun, and what comes as stderr is none of its words */
    uint64_t input_left;
    atomic_int status, has_ended;
};

extern const struct x8_channel_ops x8_v2_ops;

/* One packet to the daemon, of at most X8_V2_PACKET_LEN bytes. */
int x8_v2_send(struct x8_v2 *v2, const struct x8_op *op, enum x8_shell_id id, const void *data,
               size_t len, int64_t deadline, struct x8_error *err);
/* At most `cap` bytes of what comes behind `early`. Count, 0 at the end, or negative. */
ssize_t x8_v2_read(struct x8_v2 *v2, const struct x8_op *op, enum x8_output *which, void *out,
                   size_t cap, int64_t deadline, struct x8_error *err);

#endif
