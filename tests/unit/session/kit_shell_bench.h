/*
 * What the tests of push and pull share: a board's home, a folder of this computer, one job.
 */
#ifndef TEST_KIT_SHELL_BENCH_H
#define TEST_KIT_SHELL_BENCH_H

#include "kit_shell.h"

#include "session/transfer.h"

struct bench {
    char *dir, *home, *host; /* home: of the board; host: of this computer */
    struct kit_shell shell;
    struct x8_op op;
    struct x8_transfer job;
    struct x8_transferred out;
    struct x8_error err;
    const char *sources[4];
    char warning[1024];
};

/* Set up with GNU's tools or busybox's on the board; `**state` is a struct bench. */
int kit_bench_setup(void **state);
int kit_bench_setup_busybox(void **state);
int kit_bench_teardown(void **state);

/* Run a command in the bench's folder: home/ is the board's, host/ is ours. Its status. */
int kit_bench_sh(struct bench *b, const char *command);

/* No temporary folder is left on either side. */
void kit_bench_no_trace(struct bench *b);

/* For the shell: what makes a list of names long. */
#define LONG_NAME "'a name as long as those that make a list long '"

#define sh       kit_bench_sh
#define no_trace kit_bench_no_trace

#define ok(b, call)                                                                                \
    do {                                                                                           \
        int rc_ = (call);                                                                          \
        if (rc_ != 0)                                                                              \
            fail_msg("%d %s | %s | %s", rc_, (b)->err.msg, (b)->err.why, (b)->err.next);           \
    } while (0)

#endif
