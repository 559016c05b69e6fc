/*
 * The parts of an SSH connection, for the files ssh*.c alone, and the door to libssh.
 *
 * libssh's objects are for one thread at a time. Once a connection is open, whoever calls libssh
 * holds x8_ssh.lock, and no call waits: the session is non-blocking, and so is its socket. One
 * thread, the engine, polls the socket without the lock and hands libssh what came; who waits for
 * something waits for a condition. Any call may hand out packets on its way, so a callback only
 * notes what happened and wakes whom it concerns.
 *
 * Lock order: a stop token's lock, then x8_ssh.lock.
 */
#ifndef X8_NET_SSH_PARTS_H
#define X8_NET_SSH_PARTS_H

#include "net/ssh.h"
#include "net/ssh_config.h"
#include "util/await.h"
#include "util/buf.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <pthread.h>
#include <stdatomic.h>

#define X8_SSH_SECRET_LEN 256

/* What another connection like the first is made from (ssh_another.c). */
struct x8_ssh_memory {
    struct x8_ssh_way way;                          /* texts are ours */
    char address[256];                              /* where it is connected to */
    const char *addresses[1];                       /* that one */
    char print[100];                                /* of the server's key */
    char secret_of[512], secret[X8_SSH_SECRET_LEN]; /* the last that was asked for */
};

struct x8_ssh {
    struct x8_ssh_memory memory;
    pid_t proxy;        /* the program that the connection goes through, or 0 */
    int proxy_words;    /* what it complains about, or -1 */
    char proxy_at[120]; /* "the ProxyCommand of config line 3" */
    int proxy_ms;       /* how long it may take to the greeting; 0: as usual */
    ssh_session session;
    ssh_event event; /* polls the session once it is open */
    int fd;          /* ours; libssh has a duplicate, since it closes its own when an error comes */
    int wakes[2];    /* a pipe: ends the engine's poll, and waits of the opening thread */
    char host[256], user[64], server[256];
    uint16_t port;
    char known_hosts[4096]; /* or "": no file */
    char key_name[300];     /* how that calls the server */
    int looks_up;           /* there is a file to look a key up in, were it not for "none" */
    int key_is_configured;  /* one of the two is the configuration's */
    int family;             /* AddressFamily */

    pthread_mutex_t lock;
    pthread_t engine;
    int has_engine, is_ending;
    int holds_back;      /* the engine waits for a reader, and takes nothing from the server */
    int polls_out;       /* the engine waits for room in the socket as well */
    pthread_cond_t gone; /* also: something changed, for the closing thread */
    int is_dead;
    struct x8_error death;
    struct x8_ssh_channel *channels; /* those that wait for the server's last word included */
    /* Signs of life. */
    struct ssh_counter_struct heard;
    uint64_t heard_before;
    int64_t heard_at;
    int silent_ms, is_probing;
};

struct x8_ssh_channel {
    struct x8_ssh_channel *next;
    struct x8_ssh *ssh;
    ssh_channel raw;
    struct ssh_channel_callbacks_struct callbacks;
    pthread_cond_t readable, writable;
    int awaits_answer;      /* a thread waits at `readable` for the answer to a request */
    size_t waiting[2];      /* bytes of stdout and stderr that libssh keeps */
    struct x8_buf taken[2]; /* what was taken from it in one piece; the reader's */
    size_t taken_at[2];
    int turn;       /* which stream is looked at first, so that neither starves the other */
    int is_dial;    /* a connection: its end is the end of its stream, without a status */
    int is_opening; /* the server has not answered to its opening */
    int has_eof, has_closed; /* said by the server */
    const uint8_t *out;      /* what a writer waits to get rid of: the engine writes it, too */
    size_t out_len;
    size_t window_most; /* the widest that the server's window was */
    int is_eager;       /* write whatever the window takes */
    int is_abandoned;   /* closed here; freed when the server has closed it as well */
    atomic_int status, is_shut;
};

/* --- ssh.c --- */

/* Lock the connection, so that a HARD stop of `op` wakes what waits for `cond`. */
struct x8_ssh_waiter {
    struct x8_await await;
    struct x8_ssh *ssh;
};
void x8_ssh_enter(struct x8_ssh_waiter *waiter, struct x8_ssh *ssh, pthread_cond_t *cond,
                  const struct x8_op *op);
/* Wait for `cond`, the deadline or a stop; may return early for no reason. What libssh was told
 * meanwhile is looked at before. */
void x8_ssh_rest(struct x8_ssh_waiter *waiter, int64_t deadline);
void x8_ssh_leave(struct x8_ssh_waiter *waiter);

/* --- ssh_engine.c: with the lock held --- */

/* Write of channel->out what window and socket take (ssh_io.c). */
void x8_ssh_write_due(struct x8_ssh_channel *channel);
/* Wake whoever can go on after libssh was called, the engine included. */
void x8_ssh_settle(struct x8_ssh *ssh);
/* The connection is of no more use. `cause` NULL: what libssh says. */
void x8_ssh_die(struct x8_ssh *ssh, const struct x8_error *cause);
/* There is something to write to the socket; a channel nobody reads holds everything up. */
int x8_ssh_has_unsent(const struct x8_ssh *ssh);
int x8_ssh_is_stuffed(const struct x8_ssh *ssh);
void x8_ssh_free_channel(struct x8_ssh_channel *channel);
int x8_ssh_engine_start(struct x8_ssh *ssh, struct x8_error *err);
/* Hand over what is still to be sent, within a limit, and stop. Without the lock. */
void x8_ssh_engine_stop(struct x8_ssh *ssh);

/* --- opening, by one thread, without the lock --- */

/* Wait until the socket has something for libssh. 0, X8_E_TIMEOUT, or "stopped". */
int x8_ssh_await(struct x8_ssh *ssh, const struct x8_op *op, int64_t deadline,
                 struct x8_error *err);
/* What libssh says of the last failure, clean. */
void x8_ssh_said(const struct x8_ssh *ssh, char *out, size_t cap);
/* A program in between (ssh_proxy.c). */
int x8_ssh_wants_proxy(const struct x8_ssh_config *config);
int x8_ssh_proxy_start(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                       const struct x8_ssh_config *config, const char *to, uint16_t port,
                       struct x8_error *err);
void x8_ssh_proxy_stop(struct x8_ssh *ssh);
int x8_ssh_proxy_ended(struct x8_ssh *ssh);
int x8_ssh_proxy_failed(const struct x8_ssh *ssh, struct x8_error *err);
int x8_ssh_proxy_is_mute(const struct x8_ssh *ssh, int64_t waited_ms, struct x8_error *err);
/* The server's greeting and keys, or why not (ssh_greet.c). */
int x8_ssh_greet(struct x8_ssh *ssh, const struct x8_op *op, struct x8_error *err);
/* Give libssh a duplicate of ssh->fd. */
int x8_ssh_use_socket(struct x8_ssh *ssh, struct x8_error *err);
/* Connect to `to` or the addresses that stand for it; `to` becomes the one that answered
 * (ssh_connect.c). */
int x8_ssh_connect(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                   char *to, size_t cap, uint16_t port, struct x8_error *err);
int x8_ssh_remember(struct x8_ssh *ssh, const struct x8_ssh_way *way);
void x8_ssh_forget(struct x8_ssh *ssh);
/* Ask for a password, and remember it. `out` holds X8_SSH_SECRET_LEN bytes. */
int x8_ssh_ask(struct x8_ssh *ssh, const struct x8_ssh_way *way, const char *what, int number,
               char *out, struct x8_error *err);
/* The server's key against known_hosts (ssh_hostkey.c). */
int x8_ssh_check_key(struct x8_ssh *ssh, const struct x8_ssh_way *way,
                     const struct x8_ssh_config *config, struct x8_error *err);
/* ssh_login.c */
int x8_ssh_login(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                 const struct x8_ssh_config *config, struct x8_error *err);

/* Keys (ssh_keys.c). One of libssh's SSH_AUTH_* (never AGAIN), or a negative code for a failure of
 * ours. Names what was tried in `tried`. */
struct x8_ssh_login {
    struct x8_ssh *ssh;
    const struct x8_op *op;
    const struct x8_ssh_way *way;
    const struct x8_ssh_config *config;
    struct x8_ssh_tokens tokens; /* of the configuration */
    char tried[400];
    int is_locked; /* a key file was passed over for want of its password */
};
#define X8_SSH_SERVER_GONE 100 /* libssh's SSH_AUTH_ERROR, apart from our codes */
/* With `files`, those keys alone whose public parts are beside the files (ssh_agent.c). */
int x8_ssh_try_agent(struct x8_ssh_login *login, const char *path, const char *const *files,
                     size_t count, struct x8_error *err);
/* "k.pub" itself. */
int x8_ssh_is_public(const char *path);
int x8_ssh_try_key(struct x8_ssh_login *login, const char *path, struct x8_error *err);
/* Repeat while libssh says AGAIN. */
int x8_ssh_answer(struct x8_ssh_login *login, int rc, int64_t deadline, struct x8_error *err);
void x8_ssh_note_tried(struct x8_ssh_login *login, const char *what);

#endif
