/*
 * A command on a daemon without shell_v2, as a channel: its main shell, the shell whose terminal
 * carries its stderr, and the one that feeds it an input of unknown length.
 */
#ifndef X8_SESSION_OVER_ADB_PTY_H
#define X8_SESSION_OVER_ADB_PTY_H

#include "session/over_adb_parts.h"

struct x8_pty {
    struct x8_channel base;
    struct x8_adb_session *session;
    char nonce[X8_NONCE_LEN + 1];
    char folder[64];            /* of named pipes, which its shells open and remove; or "" */
    struct x8_lane out, errors; /* the reader's */
    struct x8_lane feed;        /* the writer's */
    int reads_errors_first;     /* whose turn it is, so that neither starves the other */
    int64_t errors_until;       /* the main shell died: how long its stderr is waited for */
    uint32_t process;           /* of the main shell */
    enum x8_input input;
    uint64_t input_left; /* COUNT */
    int in_lead;
    int may_feed; /* OPEN: the feeder has taken the last block */
    atomic_int status, has_ended;
};

extern const struct x8_channel_ops x8_pty_ops;

#endif
