/*
 * The one door through which doctor sees a computer: files below a root, a handful of questions
 * that no file answers, and the environment as it was given. The real computer (x8_host_real) and a
 * recorded one are read by the same code.
 *
 * Paths are those of the computer ("/proc/net/tcp"); the root is put in front here. What cannot be
 * read is not there.
 */
#ifndef X8_DOCTOR_HOST_H
#define X8_DOCTOR_HOST_H

#include "util/buf.h"
#include "util/op.h"

struct x8_host;

struct x8_host_ops {
    /* Room on the file system of a folder that exists, for this user, in bytes. 0 or -1. */
    int (*space)(const struct x8_host *host, const char *path, uint64_t *size, uint64_t *left);
    /* Seconds since 1970. */
    int64_t (*clock)(const struct x8_host *host);
    /* May this user read and write it: mode, group and access lists together. 1, 0, or -1 when
     * there is no such file. */
    int (*may_use)(const struct x8_host *host, const char *path);
    /* As x8_adb_server_version. Any thread. */
    int (*adb_version)(const struct x8_host *host, const struct x8_op *op, uint16_t port,
                       unsigned *out, struct x8_error *err);
    /* Ask the network for boards: how many answered, or X8_E_NETWORK when nobody could be asked.
     * Any thread. */
    int (*search)(const struct x8_host *host, const struct x8_op *op, int ms, struct x8_error *err);
};

struct x8_host {
    const struct x8_host_ops *ops;
    void *ctx;              /* of the ops */
    const char *root;       /* "" for this computer */
    const char *const *env; /* "NAME=value", ended by NULL */
    const char *cache;      /* the user's folder of downloads */
    const char *state;      /* the user's folder of journals and kept boot areas */
    unsigned uid;           /* the user, effective */
    uint16_t adb_port;      /* where an adb server would listen; 0: none is asked */
    int search_ms;          /* how long the network is asked; 0: not at all */
    int64_t released;       /* no clock was ever right that says less: seconds since 1970 */
};

/* Fill the ops of this computer, and root "". The rest is the caller's. */
void x8_host_real(struct x8_host *host);

/* A variable, or NULL when it is not set or empty. */
const char *x8_host_env(const struct x8_host *host, const char *name);

/* The path below the root. -1 when it is too long. */
int x8_host_path(const struct x8_host *host, const char *path, char *out, size_t cap);

/* A whole file of at most 8 MiB. 0, or -1 when it is not there or is no file. */
int x8_host_read(const struct x8_host *host, const char *path, struct x8_buf *out);
/* Its first line, cleaned, without blanks at the end. 0 or -1. */
int x8_host_line(const struct x8_host *host, const char *path, char *out, size_t cap);
/* 1 when the file has this text somewhere. */
int x8_host_has(const struct x8_host *host, const char *path, const char *text);
int x8_host_exists(const struct x8_host *host, const char *path);
/* When it was changed: 0 and seconds since 1970, or -1. */
int x8_host_mtime(const struct x8_host *host, const char *path, int64_t *out);
/* Bytes, or 0. */
uint64_t x8_host_size(const struct x8_host *host, const char *path);

/* The names in a folder, sorted, without those that begin with a dot. *out is one heap block:
 * free() it. How many. */
size_t x8_host_names(const struct x8_host *host, const char *path, char ***out);

/* "ana", or "uid 1000" when no file knows the name. */
void x8_host_user(const struct x8_host *host, unsigned uid, char *out, size_t cap);
/* 1 when the user is in a group of that name, as /etc/group has it. */
int x8_host_in_group(const struct x8_host *host, const char *user, const char *group);

/* A process. */
struct x8_process {
    unsigned pid, uid;
    char name[64]; /* of the program: of argv[0], or of the script for an interpreter */
    char comm[32]; /* as the kernel calls it */
};
/* Each process that can be seen, until `each` returns nonzero. */
void x8_host_processes(const struct x8_host *host,
                       int (*each)(void *ctx, const struct x8_process *process), void *ctx);

/* 1 when something listens at this TCP port of the computer; `out_uid` (may be NULL) gets whose it
 * is. */
int x8_host_listens(const struct x8_host *host, uint16_t port, unsigned *out_uid);

#endif
