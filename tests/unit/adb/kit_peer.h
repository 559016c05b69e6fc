/*
 * The other end of a link: the double of the board's daemon in a thread, or a script of packets.
 */
#ifndef KIT_PEER_H
#define KIT_PEER_H

#include "testlib.h"

#include "adb/adb.h"
#include "net/tcp.h"

#include <pthread.h>

struct ad;

/* The double, made from `words` (NULL: none). */
struct peer {
    int fd; /* our end; -1 once a transport has it */
    int theirs;
    struct ad *ad;
    void (*script)(int fd, void *ctx);
    void *ctx;
    int has_thread;
    pthread_t thread;
};

void peer_board(struct peer *peer, const char *words);
/* A thread that plays the daemon's part on a stream socket. It owns nothing; the socket is closed
 * behind it. */
void peer_script(struct peer *peer, void (*script)(int fd, void *ctx), void *ctx);
/* After the link was closed. */
void peer_end(struct peer *peer);

/* Our end as a byte stream. */
struct x8_transport *peer_tcp(struct peer *peer);
/* Our end as USB has it: a send is a transfer, and nothing more than is due may be asked for. What
 * breaks a rule fails the test. */
struct x8_transport *peer_usb(struct peer *peer);

/* A connection that must come about. */
struct x8_adb *peer_connect(struct peer *peer);
/* A stream that must open. */
struct x8_adb_stream *peer_open(struct x8_adb *adb, const char *service);
/* All that a stream says, which must end in order. NUL-terminated, for free(). */
char *peer_all(struct x8_adb_stream *stream, size_t *len);
/* The output of a command on the double. For free(). */
char *peer_run(struct x8_adb *adb, const char *service);

extern const struct x8_op peer_op; /* no limits, no stop */

/* --- for scripts; a broken link ends them --- */

struct raw {
    uint32_t command, arg0, arg1, len;
    uint8_t payload[65536];
};

/* The next packet. 0, or -1 at the end. */
int raw_get(int fd, struct raw *out);
void raw_put(int fd, uint32_t command, uint32_t arg0, uint32_t arg1, const void *data, size_t len);
/* Take packets until one of this kind comes. */
int raw_await(int fd, uint32_t command, struct raw *out);
/* CNXN as the X8 says it. */
void raw_banner(int fd);
/* Read nothing more, until the other side hangs up. */
void raw_stall(int fd);

#endif
