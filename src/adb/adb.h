/*
 * A board's ADB daemon and streams to its services, whichever way it is reached: a running adb
 * server (its smart socket), the USB interface itself, or TCP.
 *
 * The protocol is negotiated. The X8's daemon is Android 5.1.1's: version 0x01000000, packets of
 * 4096 bytes, each with a checksum, one WRTE in flight per stream, no features; newer daemons
 * offer large packets without checksums and features (shell_v2, stat_v2, sendrecv_v2).
 * Source: AOSP packages/modules/adb: protocol.txt, SERVICES.TXT, adb.h.
 *
 * Threads: streams of one daemon may be used from different threads at the same time, each by at
 * most one reader and one writer. Open may be called from any thread.
 */
#ifndef X8_ADB_ADB_H
#define X8_ADB_ADB_H

#include "link/transport.h"

/* The port of an adb server on this computer unless the user says otherwise, and the port of a
 * daemon that listens on TCP. Source: AOSP adb.h. */
#define X8_ADB_SERVER_PORT 5037
#define X8_ADB_DAEMON_PORT 5555

struct x8_adb;
struct x8_adb_stream;

/* What a daemon said of itself. Through a server only the features are known. */
struct x8_adb_banner {
    uint32_t version, max_data; /* as agreed on; 0 through a server */
    char product[64], model[64], device[64];
    char features[512]; /* comma separated, cleaned */
};

/*
 * Shake hands over a byte link (USB or TCP), which is taken, also on failure. Stale bytes of an
 * earlier session are read away. `key_path` names the user's private key (PEM; NULL: none): when
 * the daemon asks, it signs with it; a missing file is made with mode 0600 and its public half
 * offered (X8_E_AUTH when the daemon does not take it: the user must agree on the device).
 * Errors: X8_E_TIMEOUT (no answer: over TCP another client may hold the only place; over USB a
 * stale session: replug), X8_E_AUTH, X8_E_LINK (protocol breach), X8_E_GONE, X8_E_STOPPED.
 */
int x8_adb_over_link(const struct x8_op *op, struct x8_transport *link, const char *key_path,
                     struct x8_adb **out, struct x8_error *err);

/*
 * Go through the adb server on `port` of this computer to the device with this serial number.
 * Never starts a server, never ends one. Errors: X8_E_NO_BOARD (no server, or it does not know the
 * device), X8_E_AUTH (unauthorized), X8_E_NO_PERMISSION (the server has no rights),
 * X8_E_WRONG_STATE (offline), X8_E_TIMEOUT.
 */
int x8_adb_over_server(const struct x8_op *op, uint16_t port, const char *serial,
                       struct x8_adb **out, struct x8_error *err);

const struct x8_adb_banner *x8_adb_banner(const struct x8_adb *adb);

/* 1 when the daemon offers the feature. */
int x8_adb_has(const struct x8_adb *adb, const char *feature);

/* Longest service text (without NUL) that the daemon and the way to it can take. The X8: 4095; an
 * adb server: 4000 or, before Android 7, 1000. */
size_t x8_adb_service_max(const struct x8_adb *adb);

/*
 * Open a service ("shell:id", "tcp:80"). X8_E_REFUSED when the daemon does not have it or cannot
 * (its words where there are any), X8_E_TIMEOUT after `timeout_ms`, X8_E_GONE, X8_E_LINK.
 */
int x8_adb_open(struct x8_adb *adb, const struct x8_op *op, const char *service, int timeout_ms,
                struct x8_adb_stream **out, struct x8_error *err);

/* Read what is there, at most `cap`; waits up to `timeout_ms` (< 0: no limit). Count, 0 when the
 * daemon closed the stream in order, or a negative code (X8_E_GONE when the link broke). An adb
 * server ends a stream in the same way when it lost the board: there 0 proves nothing. */
ssize_t x8_adb_read(struct x8_adb_stream *stream, const struct x8_op *op, void *out, size_t cap,
                    int timeout_ms, struct x8_error *err);

/*
 * Wait until one of `count` (1..4) streams of one daemon has something to tell its reader: bytes,
 * its end, its error, or that it was shut. Its index (the lowest of several), X8_E_TIMEOUT after
 * `timeout_ms` (< 0: no limit), X8_E_STOPPED at HARD cancel. Thread: that of the streams' reader.
 */
int x8_adb_wait_any(struct x8_adb_stream *const *streams, size_t count, const struct x8_op *op,
                    int timeout_ms, struct x8_error *err);

/* Write all of it; X8_E_TIMEOUT after `timeout_ms` without progress, X8_E_GONE when the daemon
 * closed the stream or the link broke. It returns when the last piece is on its way, before the
 * daemon has acknowledged it. A link that takes nothing at all is given 5 to 60 seconds whatever
 * the limit, as a packet that is cut off ends it for all streams. */
int x8_adb_write(struct x8_adb_stream *stream, const struct x8_op *op, const void *data, size_t len,
                 int timeout_ms, struct x8_error *err);

/* Close for the daemon too, and free. Wakes nothing: its reader and writer must have ended (use
 * x8_adb_stream_shut for that). NULL is fine. */
void x8_adb_stream_close(struct x8_adb_stream **stream);

/* From any thread: reads and writes of the stream end now and from here on with X8_E_STOPPED. */
void x8_adb_stream_shut(struct x8_adb_stream *stream);

/* Wait until the daemon is gone (link broken, or the server lost it). 1 when gone, 0 at the
 * deadline, negative when stopped. */
int x8_adb_wait_gone(struct x8_adb *adb, const struct x8_op *op, int64_t deadline,
                     struct x8_error *err);

/* All streams must be closed before. NULL is fine. */
void x8_adb_close(struct x8_adb **adb);

#endif
