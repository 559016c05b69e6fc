/*
 * A session double for unit tests: struct x8_session over a local bash with pipes, in a folder of
 * its own, which is the home of "the board". What a test wants to go wrong is set in the struct.
 */
#ifndef TEST_KIT_SHELL_H
#define TEST_KIT_SHELL_H

#include "testlib.h"

#include "session/session.h"

#include <pthread.h>

struct kit_shell {
    struct x8_session base; /* ops, label, parallel (4) */
    char *home;             /* HOME and working folder of the commands; the caller's */
    char *path;             /* PATH of the commands, for free(); NULL: the usual one */
    pthread_mutex_t lock;
    unsigned started;  /* commands so far */
    int64_t cut_after; /* bytes written or read until the link breaks; < 0: never */
    unsigned cut_at;   /* the link breaks at the start of this command (1: the first); 0: never */
    int get_pause_ms;  /* of the file service, per 64 KiB */
    unsigned got;      /* files asked of the file service */
    int refuses;       /* 1: dial is refused */
    unsigned kill_at;  /* this command is killed as soon as it runs; 0: none */
    int is_gone;       /* the link is broken: everything fails */
    struct kit_channel *open; /* all open channels */
    char seen[65536];         /* the commands, one after the other */
};

void kit_shell_init(struct kit_shell *shell, char *home);
void kit_shell_done(struct kit_shell *shell);

/* Put a command of this name and script in front of all others on "the board". */
void kit_shell_stub(struct kit_shell *shell, const char *name, const char *script);

/* Give the session a file service. */
void kit_shell_service(struct kit_shell *shell, int pause_ms);

/* Give "the board" busybox's tools instead of GNU's. */
void kit_shell_busybox(struct kit_shell *shell);

/* An operation without limit and report. */
struct x8_op kit_shell_op(void);

/* Run a host command; its status. */
int kit_host(const char *fmt, ...) X8_PRINTF(1, 2);

#endif
