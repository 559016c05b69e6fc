/*
 * Files over ADB's sync service: version 1 (all daemons), and the newer requests where the daemon
 * offers them (stat_v2, ls_v2, sendrecv_v2). What a daemon answers is parsed by pure functions
 * (sync_wire.h).
 *
 * The X8's daemon widens permission bits (0600 becomes 0666), shows a growing file under its final
 * name and says nothing of digests: push to a temporary name, mend the mode, compare, rename.
 * Source: AOSP packages/modules/adb/SYNC.TXT, file_sync_protocol.h.
 */
#ifndef X8_ADB_SYNC_H
#define X8_ADB_SYNC_H

#include "adb/adb.h"
#include "util/stream.h"

struct x8_adb_stat {
    uint32_t mode; /* as st_mode; 0: there is no such file (version 1 cannot tell more) */
    uint64_t size; /* version 1: modulo 4 GiB */
    int64_t mtime;
};

/* lstat of a path. X8_E_NO_FILE when it is not there. */
int x8_adb_stat(struct x8_adb *adb, const struct x8_op *op, const char *path,
                struct x8_adb_stat *out, struct x8_error *err);

/* Write what `input` gives to `path` with these permission bits (as near as the daemon can).
 * X8_E_REFUSED with the daemon's words, X8_E_BOARD_SPACE, X8_E_GONE. Bytes written, or negative. */
int64_t x8_adb_send_file(struct x8_adb *adb, const struct x8_op *op, const char *path,
                         unsigned mode, struct x8_reader *input, struct x8_error *err);

/* Read a file into `sink`, then finish it. X8_E_NO_FILE with the daemon's words. Bytes, or
 * negative. */
int64_t x8_adb_recv_file(struct x8_adb *adb, const struct x8_op *op, const char *path,
                         struct x8_sink *sink, struct x8_error *err);

#endif
