/*
 * Errors as values. The place that knows fills a struct x8_error; each level that adds meaning
 * prefixes it; only the user interface prints it, in the three-part form (what, why, next). No
 * heap: nothing to free, it cannot fail, and it may be copied between threads.
 *
 * Fallible functions return 0 (or a documented count) or the negative of an enum x8_code, and take
 * a `struct x8_error *err` as last parameter, which is touched only on failure and may be NULL.
 */
#ifndef X8_UTIL_ERROR_H
#define X8_UTIL_ERROR_H

#include "util/attr.h"

/*
 * One row per cause that leads the user to a different action. The number is the exit status and
 * never changes. Columns: identifier, exit status, name in JSON, meaning.
 */
#define X8_CODES(X)                                                                                \
    X(X8_OK, 0, "ok", "done")                                                                      \
    X(X8_E_INTERNAL, 1, "internal", "not classified: treat it as a bug")                           \
    X(X8_E_USAGE, 2, "usage", "wrong arguments")                                                   \
    X(X8_E_PENDING, 3, "pending", "done, but a reboot is still due")                               \
    X(X8_E_DIFFERS, 4, "differs", "a check found a difference")                                    \
    X(X8_E_NO_BOARD, 10, "no-board", "no board found in time")                                     \
    X(X8_E_SEVERAL, 11, "several-boards", "the selection is not unique")                           \
    X(X8_E_WRONG_STATE, 12, "wrong-state", "the board is in a mode this command cannot use")       \
    X(X8_E_NO_PERMISSION, 13, "no-permission", "the host denies access to the device")             \
    X(X8_E_BUSY, 14, "busy", "another program or copy holds the device")                           \
    X(X8_E_GONE, 15, "gone", "the board vanished during the job and did not return")               \
    X(X8_E_TIMEOUT, 16, "timeout", "the board is there but did not answer in time")                \
    X(X8_E_LINK, 17, "link", "transfer errors on the link")                                        \
    X(X8_E_NO_FILE, 20, "no-file", "an input is missing or unreadable")                            \
    X(X8_E_BAD_IMAGE, 21, "bad-image", "an input is damaged, truncated or of unknown format")      \
    X(X8_E_BAD_DIGEST, 22, "bad-digest", "a checksum or signature does not match")                 \
    X(X8_E_MISFIT, 23, "misfit", "the image is for another board or does not fit")                 \
    X(X8_E_NETWORK, 24, "network", "a download failed")                                            \
    X(X8_E_HOST_SPACE, 25, "host-space", "no room on the host")                                    \
    X(X8_E_BOARD_SPACE, 26, "board-space", "no room on the board")                                 \
    X(X8_E_REFUSED, 30, "refused", "the board rejected a command")                                 \
    X(X8_E_VERIFY, 31, "verify-failed", "what was read back differs")                              \
    X(X8_E_SKETCH, 32, "sketch-failed", "the M4 was not programmed")                               \
    X(X8_E_ROLLED_BACK, 33, "rolled-back", "the update failed, the old system runs")               \
    X(X8_E_UNKNOWN_STATE, 34, "unknown-state", "a switch failed, the state is not certain")        \
    X(X8_E_NO_BOOT, 35, "no-boot", "written and verified, but the board did not come up")          \
    X(X8_E_UNHEALTHY, 36, "unhealthy", "up, but a health check failed")                            \
    X(X8_E_AUTH, 40, "auth", "a password or key is needed, wrong, or must be changed")             \
    X(X8_E_NEED_YES, 41, "need-yes", "a confirmation is needed and there is no terminal")          \
    X(X8_E_SOME_FAILED, 50, "some-failed", "several boards, not all of them good")                 \
    X(X8_E_STOPPED, 130, "stopped", "stopped by the user (SIGINT)")                                \
    X(X8_E_TERMINATED, 143, "terminated", "stopped by SIGTERM")

enum x8_code {
#define X8_CODE_ENUM(id, status, name, meaning) id = status,
    X8_CODES(X8_CODE_ENUM)
#undef X8_CODE_ENUM
};

struct x8_error {
    enum x8_code code;
    int sys;        /* errno of the call that failed, or 0 */
    char msg[352];  /* what: lower case, no full stop, names the thing */
    char why[512];  /* best supported cause with its evidence; may be empty */
    char next[352]; /* one command to paste or thing to do; may be empty */
};

/* Fill `err` and return -code. `why` and `next` are cleared. */
int x8_fail(struct x8_error *err, enum x8_code code, const char *fmt, ...) X8_PRINTF(3, 4);

/* As x8_fail, with `errnum` kept in sys and its text as `why`. */
int x8_fail_sys(struct x8_error *err, enum x8_code code, int errnum, const char *fmt, ...)
    X8_PRINTF(4, 5);

/* A pipe or a socket could not be made: X8_E_HOST_SPACE where the limit of open files is why, else
 * X8_E_INTERNAL. */
int x8_fail_open_files(struct x8_error *err, int errnum, const char *what);

/* Set the cause or the next step of an error that was filled before. */
void x8_error_why(struct x8_error *err, const char *fmt, ...) X8_PRINTF(2, 3);
void x8_error_next(struct x8_error *err, const char *fmt, ...) X8_PRINTF(2, 3);

/* Put "prefix: " in front of the message. */
void x8_error_prefix(struct x8_error *err, const char *fmt, ...) X8_PRINTF(2, 3);

/* The code inside a negative return value; X8_E_INTERNAL for a value that is none. */
enum x8_code x8_code_of(int negative);

/* Rows of X8_CODES. Unknown numbers give the row of X8_E_INTERNAL. Never NULL. */
const char *x8_code_name(enum x8_code code);
const char *x8_code_meaning(enum x8_code code);

/* The i-th row, for help and documents; returns 0 past the end. */
int x8_code_row(unsigned i, enum x8_code *code, const char **name, const char **meaning);

#endif
