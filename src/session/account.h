/*
 * The first login without a person in front of the board: the user's password, the board's name and
 * a key for ssh. Everything may be done again: what is as it should be is left alone.
 *
 * Passwords travel on stdin alone, so no process list of the board has them.
 */
#ifndef X8_SESSION_ACCOUNT_H
#define X8_SESSION_ACCOUNT_H

#include "session/root.h"

/* The password that images up to 861 come with. */
#define X8_ACCOUNT_SOLD_WITH "fio"

enum x8_account_state {
    X8_ACCOUNT_ASKS,  /* it has one: x8_account_try tells whether it is known */
    X8_ACCOUNT_EMPTY, /* none: who sits at the board is let in, ssh lets in nobody */
    X8_ACCOUNT_FREE,  /* sudo asks for none, or the user is root */
};

/* How the password of the session's user stands, without trying one. */
int x8_account_look(struct x8_session *session, const struct x8_op *op, enum x8_account_state *out,
                    struct x8_error *err);

enum x8_account_answer {
    X8_ACCOUNT_WRONG,
    X8_ACCOUNT_RIGHT,
    X8_ACCOUNT_EXPIRED, /* right, and has to be changed before anything else */
};

/* Is this the password? The board logs a wrong one and waits two seconds before it says so. */
int x8_account_try(struct x8_session *session, const struct x8_op *op,
                   const struct x8_secret *password, enum x8_account_answer *out,
                   struct x8_error *err);

/*
 * Change the password of the session's user as he would himself, expired or not. `old` NULL: there
 * is none, or (state FREE) root does it. X8_E_AUTH when the old one is wrong; X8_E_REFUSED with the
 * board's own words when the new one is not good enough for it.
 */
int x8_account_change(struct x8_session *session, const struct x8_op *op,
                      enum x8_account_state state, const struct x8_secret *old,
                      const struct x8_secret *new_one, struct x8_error *err);

/* 0 for letters, digits and hyphens, at most 63, no hyphen at an end: what multicast DNS and DNS
 * take. Else X8_E_USAGE. Pure. */
int x8_host_name_check(const char *name, struct x8_error *err);

/* The host name that the board starts with. */
int x8_host_name_get(struct x8_session *session, const struct x8_op *op, char *out, size_t cap,
                     struct x8_error *err);

/* The board's host name, now and after every start; multicast DNS tells it at once. 1 when it was
 * changed, 0 when it had that name. */
int x8_host_name_set(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                     const char *name, struct x8_error *err);

/*
 * The one public key in a file's text ("ssh-ed25519 AAAA... comment"), its line copied to `out`
 * without a line end. X8_E_BAD_IMAGE for a private key, several keys, or none. Pure.
 */
int x8_ssh_key_parse(const char *text, size_t len, char *out, size_t cap, struct x8_error *err);

/* 1 when the user's authorized_keys has this key, whatever its comment. */
int x8_ssh_key_is_there(struct x8_session *session, const struct x8_op *op, const char *line,
                        struct x8_error *err);

/* Let the key in: once, in a folder and a file that nobody else may write, as dropbear demands. 1
 * when it was added, 0 when it was there. */
int x8_ssh_key_add(struct x8_session *session, const struct x8_op *op, const char *line,
                   struct x8_error *err);

#endif
