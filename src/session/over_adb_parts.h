/*
 * The parts of a session over ADB, for the files over_adb*.c alone.
 */
#ifndef X8_SESSION_OVER_ADB_PARTS_H
#define X8_SESSION_OVER_ADB_PARTS_H

#include "adb/adb.h"
#include "session/sentinel.h"
#include "session/session.h"

#include <stdatomic.h>

#define X8_SHELL_UP_MS                                                                             \
    15000 /* limit for a shell to come up; a loaded board needs a second or two */
#define X8_LANE_LEN ((size_t)64 << 10)

struct x8_adb_session {
    struct x8_session base;
    struct x8_adb *adb;
    int has_shell_v2;
    atomic_int has_no_proc; /* one shell cannot open what another holds: named pipes instead */
};

/* One of the ways a command is started on; each gives a channel. */
int x8_pty_start(struct x8_adb_session *session, const struct x8_op *op,
                 const struct x8_command *command, struct x8_channel **out, struct x8_error *err);
int x8_v2_start(struct x8_adb_session *session, const struct x8_op *op,
                const struct x8_command *command, struct x8_channel **out, struct x8_error *err);
int x8_adb_dial(struct x8_session *session, const struct x8_op *op, const char *remote,
                struct x8_channel **out, struct x8_error *err);

/* Milliseconds to wait: `timeout_ms` (< 0: no limit) and the operation's own limit, whichever is
 * shorter; -1 for none. And the same as a deadline. */
int x8_wait_ms(int64_t deadline);
int64_t x8_wait_until(const struct x8_op *op, int timeout_ms);

/* A stream with what was read of it and not yet handed on. */
struct x8_lane {
    struct x8_adb_stream *stream; /* NULL: not used */
    uint8_t *buf;                 /* X8_LANE_LEN bytes */
    size_t begin, end;
    int has_ended; /* the daemon closed it */
    int is_done;   /* nothing more comes out of it */
};

enum x8_lane_piece {
    X8_LANE_MORE, /* nothing to tell before more was read */
    X8_LANE_DATA, /* bytes at begin, as many as the size says */
    X8_LANE_MARK, /* a mark, taken away */
    X8_LANE_END,
};

int x8_lane_open(struct x8_lane *lane, struct x8_adb *adb, const struct x8_op *op,
                 const char *service, int64_t deadline, struct x8_error *err);
void x8_lane_close(struct x8_lane *lane);
/* Read more, when there is room. 0, or negative; the end is has_ended. */
int x8_lane_fill(struct x8_lane *lane, const struct x8_op *op, int64_t deadline,
                 struct x8_error *err);
enum x8_lane_piece x8_lane_next(struct x8_lane *lane, const char *nonce, size_t *out_len,
                                struct x8_mark *mark);
/* Copy at most `cap` of the `len` bytes that next told of. */
size_t x8_lane_take(struct x8_lane *lane, void *out, size_t cap, size_t len);
/* Read up to a mark; what comes before it is dropped and quoted when there is none. `what` names
 * what is waited for. X8_E_TIMEOUT, X8_E_REFUSED (it ended), and those of a stream. */
int x8_lane_await(struct x8_lane *lane, const char *nonce, const struct x8_op *op, int64_t deadline,
                  const char *what, struct x8_mark *mark, struct x8_error *err);

/* What a command looks like to the daemon (over_adb_script.c). All return 0, or -1 without memory.
 */
struct x8_script {
    const struct x8_command *command;
    const char *nonce;
    int by_input;       /* the text does not fit into a service: it is asked for by X8_MARK_SEND */
    const char *folder; /* of named pipes "e" and "i", or NULL: pipes found through /proc */
};
int x8_script_main(struct x8_buf *out, const struct x8_script *script) X8_NODISCARD;
int x8_script_tty(struct x8_buf *out, const struct x8_script *script) X8_NODISCARD;
int x8_script_errors(struct x8_buf *out, const struct x8_script *script) X8_NODISCARD;
int x8_script_input(struct x8_buf *out, const struct x8_script *script) X8_NODISCARD;
int x8_script_v2(struct x8_buf *out, const struct x8_script *script) X8_NODISCARD;
int x8_script_resize(struct x8_buf *out, uint32_t process, unsigned rows,
                     unsigned cols) X8_NODISCARD;

#endif
