/*
 * ~/.ssh/config, and behind it the computer's own, for one host, as OpenSSH's ssh reads them: Host
 * and Match with patterns, Include, the first value wins. libssh has a reader of its own, which
 * drops what it does not know without a word and tells one key file of several; here what cannot be
 * followed is an error where it would change the way or the trust, and is named in `unused` where
 * it would not. Source: OpenSSH's ssh_config(5), readconf.c.
 */
#ifndef X8_NET_SSH_CONFIG_H
#define X8_NET_SSH_CONFIG_H

#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

#define X8_SSH_IDENTITIES 16
#define X8_SSH_FILE_LEN   512

#define X8_SSH_ANY_FAMILY 1

/* Lists of algorithms, handed on as they stand. */
enum x8_ssh_algorithms {
    X8_SSH_CIPHERS,
    X8_SSH_MACS,
    X8_SSH_KEX,
    X8_SSH_HOST_KEYS,
    X8_SSH_USER_KEYS,
    X8_SSH_COMPRESSION,
    X8_SSH_ALGORITHMS
};

/* "" and 0: nothing is said. Texts are as in the file, with their %-tokens, but for `hostname`. */
struct x8_ssh_config {
    char hostname[256], user[64];
    uint16_t port;
    char proxy_command[1024], proxy_jump[512]; /* one of them; "none" is said as well */
    char proxy_at[80];                         /* "config line 3": where that stands */
    char key_alias[256];                       /* HostKeyAlias */
    char known_hosts[X8_SSH_FILE_LEN];         /* the first of UserKnownHostsFile, or "none" */
    int strict;                                /* an unknown key is refused: 1 yes, 2 no */
    char strict_at[80];
    int family;                  /* AddressFamily: 4, 6, or any */
    char agent[X8_SSH_FILE_LEN]; /* IdentityAgent */
    char identities[X8_SSH_IDENTITIES][X8_SSH_FILE_LEN];
    size_t identity_count;
    int identities_only; /* these: 1 yes, 2 no */
    int key_login, password_login, question_login;
    char algorithms[X8_SSH_ALGORITHMS][1024];
    char unused[256]; /* "CertificateFile (config line 3), ..." */
};

/* For whom it is read. */
struct x8_ssh_config_for {
    const char *host;   /* as it was said */
    const char *user;   /* said, or NULL */
    const char *folder; /* ~/.ssh: names in Include and "~/" start there; NULL: no Include */
    const char *system; /* read last: /etc/ssh/ssh_config; or NULL */
    /* A command of Match exec: 1 when it succeeds, 0, or a negative code. NULL: X8_E_USAGE. */
    int (*run)(void *ctx, const char *command, struct x8_error *err);
    void *ctx;
};

/* Read `path` and `whom->system`; what is not there says nothing. X8_E_NO_FILE, X8_E_USAGE (what is
 * wrong or cannot be followed, with file and line). */
int x8_ssh_config_read(const struct x8_ssh_config_for *whom, const char *path,
                       struct x8_ssh_config *out, struct x8_error *err);
/* The same of a text that is there already. */
int x8_ssh_config_parse(const struct x8_ssh_config_for *whom, const char *text, size_t len,
                        struct x8_ssh_config *out, struct x8_error *err);

/* What %-tokens stand for. */
struct x8_ssh_tokens {
    const char *host, *original, *user, *folder;
    uint16_t port;
};

/* The text with %h %n %p %r %d %u %i %% for what they stand for, and with `is_file` a "~/" at its
 * begin. X8_E_USAGE names what cannot be expanded, or a host that a shell would take for more than
 * a word. */
int x8_ssh_config_expand(const char *text, const struct x8_ssh_tokens *tokens, int is_file,
                         char *out, size_t cap, struct x8_error *err);

/* 1 when it is nothing but the name or address of a host, and no option of a program. */
int x8_ssh_is_host(const char *text);

#endif
