/*
 * SSH: a connection with its checks, and channels on it. The only door to libssh.
 *
 * A connection belongs to one thread inside; the functions here may be called from any thread, and
 * channels of one connection may be used side by side, each by at most one reader and one writer.
 * Every wait has a limit and ends when op->cancel says so.
 */
#ifndef X8_NET_SSH_H
#define X8_NET_SSH_H

#include "util/op.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a person is asked. Any may be NULL: then the answer is no. Called from the opening thread.
 */
struct x8_ssh_asker {
    /* A host key that is not in known_hosts. `fingerprint`: "SHA256:...". 1 to accept and store it,
     * 0 not to, or a negative code for a stop. A changed or revoked key is never asked about: it is
     * X8_E_AUTH. */
    int (*accept_key)(void *ctx, const char *host, const char *type, const char *fingerprint);
    /* The password of `user`@`host`, or of a key file (`what`). 0 with the text in `out`, or a
     * negative code. Asked at most three times. */
    int (*password)(void *ctx, const char *what, int try_number, char *out, size_t cap,
                    struct x8_error *err);
    void *ctx;
};

struct x8_ssh_way {
    const char *host; /* name, address, or address%scope */
    /* Where that is, each tried in turn until one answers, unless the configuration leads
     * elsewhere; none: `host` itself. */
    const char *const *addresses;
    size_t address_count;
    uint16_t port;             /* 0: ~/.ssh/config's, or 22 */
    const char *user;          /* NULL: ~/.ssh/config's, or "fio" */
    const char *config;        /* ~/.ssh/config, or NULL: none is read */
    const char *system_config; /* read behind it: /etc/ssh/ssh_config; or NULL */
    const char *known_hosts;   /* file where keys are looked up and stored; /dev/null: in none,
                                  whatever the configuration says */
    const char *key_alias;     /* name under which the key is kept (a board's host name), or NULL */
    const char *agent;         /* the agent's socket, or NULL */
    const char *key_folder;    /* ~/.ssh with the usual keys, or NULL */
    struct x8_ssh_asker asker;
    int asks_nobody; /* nor may a program on the way there */
    int silent_ms;   /* a server that says nothing so long is believed gone; 0: 25 s */
};

struct x8_ssh;
struct x8_ssh_channel;

/*
 * Connect, check the host key, log in: without anything where the server lets in so (an empty
 * password, where it allows that), then agent, keys, password. A configuration is followed as ssh
 * does (net/ssh_config.h), by ProxyJump with the program ssh; `known_hosts` is the file where it
 * names none, and no setting makes an unknown key a known one.
 * X8_E_USAGE (a line of the configuration that cannot be followed), X8_E_NO_BOARD (name, refused:
 * "ssh is switched off on the board"), X8_E_TIMEOUT (no banner), X8_E_AUTH (key unknown and not
 * accepted; key changed: says that a flash makes new keys, and the command that forgets the old
 * one; login refused: what was tried), X8_E_LINK, X8_E_GONE.
 */
int x8_ssh_open(const struct x8_op *op, const struct x8_ssh_way *way, struct x8_ssh **out,
                struct x8_error *err);
void x8_ssh_close(struct x8_ssh **ssh);

/*
 * Another connection to the same server as the same user, without a question: the key must be the
 * one the first had, and a password that was asked for then is used again (it is kept until the
 * connection that asked is closed). Errors as x8_ssh_open, but that a server which falls silent is
 * X8_E_GONE, as on a connection.
 */
int x8_ssh_open_another(struct x8_ssh *ssh, const struct x8_op *op, struct x8_ssh **out,
                        struct x8_error *err);

/*
 * dropbear 2022.82 and 2022.83 break the connection when one command ends while another is being
 * started on it. 1: one command at a time, then, each on a connection of its
 * own. Source: dropbear's CHANGES of 2024.84, "concurrent channel open/close".
 */
int x8_ssh_wants_commands_apart(const struct x8_ssh *ssh);
/* Wait until no command runs on it, those that were closed here included. 0, X8_E_TIMEOUT, ... */
int x8_ssh_await_idle(struct x8_ssh *ssh, const struct x8_op *op, int64_t deadline,
                      struct x8_error *err);

/* The server's words: "SSH-2.0-dropbear_2022.83". */
const char *x8_ssh_server(const struct x8_ssh *ssh);
const char *x8_ssh_user(const struct x8_ssh *ssh);

struct x8_ssh_terminal {
    unsigned rows, cols;
    const char *term;
};

/* Run `command` (NULL: a login shell); with `terminal` on one. */
int x8_ssh_exec(struct x8_ssh *ssh, const struct x8_op *op, const char *command,
                const struct x8_ssh_terminal *terminal, struct x8_ssh_channel **out,
                struct x8_error *err);
/* A connection from the server to host:port, or to a unix socket ("/path"). X8_E_REFUSED. */
int x8_ssh_dial(struct x8_ssh *ssh, const struct x8_op *op, const char *host, uint16_t port,
                struct x8_ssh_channel **out, struct x8_error *err);

/* Count, *is_error whether it was stderr; 0 when all streams have ended (and, of a command, its
 * status is known); or a negative code. A channel that nobody reads may hold the whole connection
 * up, once 4 MiB of it are waiting. */
ssize_t x8_ssh_read(struct x8_ssh_channel *channel, const struct x8_op *op, int *is_error,
                    void *out, size_t cap, int timeout_ms, struct x8_error *err);
/* All of it; `timeout_ms` without progress is X8_E_TIMEOUT (< 0: no limit), X8_E_GONE when the
 * command reads no more. */
int x8_ssh_write(struct x8_ssh_channel *channel, const struct x8_op *op, const void *data,
                 size_t len, int timeout_ms, struct x8_error *err);
int x8_ssh_end_input(struct x8_ssh_channel *channel, const struct x8_op *op, struct x8_error *err);
int x8_ssh_resize(struct x8_ssh_channel *channel, const struct x8_op *op, unsigned rows,
                  unsigned cols, struct x8_error *err);
/* 0..255 (128 + n: killed by a signal), -1: nobody said. */
int x8_ssh_status(const struct x8_ssh_channel *channel);
/* Any thread: blocked and later calls end with X8_E_STOPPED. */
void x8_ssh_shut(struct x8_ssh_channel *channel);
/* Sends SIGHUP to what still runs, where the server knows how. */
void x8_ssh_channel_close(struct x8_ssh_channel **channel);
/* Wait until the connection is gone. 1, 0 at the deadline, negative when stopped. */
int x8_ssh_wait_gone(struct x8_ssh *ssh, const struct x8_op *op, int64_t deadline,
                     struct x8_error *err);
/* What ended the connection: X8_E_GONE, X8_E_LINK; 0 while it stands. Does not wait. */
int x8_ssh_look(struct x8_ssh *ssh, struct x8_error *err);

#endif
