/*
 * Root on the board: sudo, in the password worlds of the X8's images. User fio has the password
 * "fio" (up to image 822), the same but expired (844 to 861), or none (from about 881 on: then
 * `sudo -n` refuses although `sudo -S` with no input goes through); a user may have set another.
 *
 * A password travels on stdin alone: never in a command text, so no process list and no log has it.
 */
#ifndef X8_SESSION_ROOT_H
#define X8_SESSION_ROOT_H

#include "session/run.h"

#define X8_SECRET_LEN 256

/* A password; wiped by x8_secret_wipe. */
struct x8_secret {
    char text[X8_SECRET_LEN];
    int given; /* 0: nobody said one */
};
void x8_secret_wipe(struct x8_secret *secret);
#define X8_AUTO_SECRET X8_CLEANUP(x8_secret_wipe) struct x8_secret

enum x8_root_way {
    X8_ROOT_NONE,     /* not probed, or not possible */
    X8_ROOT_IS_ROOT,  /* the session's user is root already */
    X8_ROOT_FREE,     /* sudo asks for nothing */
    X8_ROOT_EMPTY,    /* an empty password: sudo -S with no input */
    X8_ROOT_PASSWORD, /* with the secret */
};
struct x8_root {
    enum x8_root_way way;
    struct x8_secret secret;
};

/*
 * Find out how root is had: first without a password, then with an empty one, then with `secret`
 * (tried once). X8_E_AUTH, with a cause that tells apart: a password is needed and none was given;
 * it is wrong; it has expired and must be changed.
 */
int x8_root_probe(struct x8_session *session, const struct x8_op *op,
                  const struct x8_secret *secret, struct x8_root *out, struct x8_error *err);

/*
 * Start a command as root (or, with `root` NULL, as the session's user: then the same as x8_start).
 * HOME is root's; a command stays in the user's home folder, a login shell goes to root's.
 * Returns when the command itself is about to run: what is written to the channel afterwards is its
 * input, what is read is its output.
 */
int x8_start_as(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                const struct x8_command *command, struct x8_channel **out, struct x8_error *err);

/* x8_run and x8_run_ok with a root that may be NULL. */
int x8_run_as(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
              const char *text, int timeout_ms, struct x8_ran *out, struct x8_error *err);
int x8_run_as_ok(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                 const char *what, const char *text, int timeout_ms, struct x8_buf *out,
                 struct x8_error *err);

#endif
