/*
 * Parts of x8ctl setup: setup.c reads the options and does the steps, setup_password.c is the
 * dialogue about the password, setup_key.c renews a board's ssh key on this computer.
 */
#ifndef X8_CMD_SETUP_H
#define X8_CMD_SETUP_H

#include "running.h"

#include "session/account.h"

struct x8_setup_options {
    const char *name, *ssh_key, *new_file;
    uint64_t new_fd;
    int change_password, renew_host_key;
};

/* What became of the password. */
enum x8_password_end {
    X8_PASSWORD_KEPT,    /* it is the right one already */
    X8_PASSWORD_ALONE,   /* it has one that nobody gave, and nobody wants another */
    X8_PASSWORD_SET,     /* or would be, with --dry-run */
    X8_PASSWORD_EMPTY,   /* still none */
    X8_PASSWORD_DEFAULT, /* still the one it was sold with */
};

/* Bring the password to what it should be; `is_alone`: nothing else was asked for. job->root is
 * filled where a known password gives it. */
int x8_setup_password(struct x8_job_on *job, const struct x8_setup_options *options, int is_alone,
                      enum x8_password_end *out, struct x8_error *err);

/* The work of --renew-host-key. */
int x8_setup_renew_key(struct x8_job_on *job, struct x8_error *err);

/* Print a line about a step, and keep it for --json. */
void x8_setup_tell(struct x8_job_on *job, const char *what, const char *word, const char *text);

#endif
