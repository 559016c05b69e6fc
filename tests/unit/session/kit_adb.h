/*
 * A session over ADB with the double of the board's daemon behind it: in this process, running the
 * bash of this computer, or in the sandboxed root of the virtual board.
 */
#ifndef TEST_KIT_ADB_H
#define TEST_KIT_ADB_H

#include "testlib.h"

#include "session/over_adb.h"
#include "session/root.h"

#include <pthread.h>
#include <sys/types.h>

struct ad;

struct kit_adb {
    struct x8_session *session;
    struct x8_op op;
    struct x8_cancel cancel;
    struct x8_error err;
    /* In this process. */
    struct ad *ad;
    int theirs;
    pthread_t thread;
    /* In the sandbox: x8-adbd, which ends with its stdin. */
    pid_t pid;
    int to;
    char address[32], root[256]; /* where it listens; its folder on this computer */
};

/* Words of the double; "noise=0" is one already. */
void kit_adb_open(struct kit_adb *kit, const char *words);

/* One boot of the virtual board, with words for its root as well. Skips the test where sandboxes
 * are not allowed. */
void kit_adb_enter(struct kit_adb *kit, const char *words);

void kit_adb_close(struct kit_adb *kit);

/* What a command said. */
struct kit_said {
    struct x8_buf out, errors;
    int rc; /* of start or of the read that failed; err of the kit tells */
    int write_rc;
    int status;
};
void kit_said_done(struct kit_said *said);
#define KIT_AUTO_SAID X8_CLEANUP(kit_said_done) struct kit_said

/* Start it (as root with a `root`), write `input` in pieces of at most 64 KiB from a thread, read
 * to the end. */
void kit_adb_run(struct kit_adb *kit, const struct x8_root *root, const struct x8_command *command,
                 const void *input, size_t len, struct kit_said *out);

/* Without input, stderr apart. Its status; what it said stays in *out. */
int kit_adb_sh(struct kit_adb *kit, const char *text, struct kit_said *out);

/* `len` bytes of all values. For free(). */
uint8_t *kit_all_bytes(size_t len);

/* A file below the board's folder, for free(); NULL when it is not there. */
char *kit_adb_file(const struct kit_adb *kit, const char *name);

#endif
