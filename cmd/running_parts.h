/*
 * What the files behind running.h share: one run over several boards.
 * running.c leads it, running_pick.c chooses the boards, running_root.c and
 * running_ssh.c ask people, and running_print.c keeps the boards' lines apart.
 */
#ifndef X8_CMD_RUNNING_PARTS_H
#define X8_CMD_RUNNING_PARTS_H

#include "running.h"

#include <pthread.h>
#include <stdatomic.h>

struct x8_run;

/* One board of a run. */
struct x8_on_board {
    struct x8_job_on job;
    struct x8_run *run;
    struct x8_buf partial[2]; /* of stdout and stderr: what has no line end yet */
    int rc;
    struct x8_error err;
};

struct x8_run {
    struct x8_ctx *ctx;
    const struct x8_job_plan *plan;
    struct x8_reach reach;
    struct x8_target *targets; /* those picked stand first */
    struct x8_on_board *boards;
    size_t count;
    atomic_size_t next;         /* the board that the next free thread takes */
    atomic_int is_unread;       /* nobody reads stdout any more */
    pthread_mutex_t print, ask; /* stdout and stderr; questions and what they brought */
    /* Under `ask`: */
    int secret_is_read, secret_is_typed; /* the options were looked at; a person typed it */
    struct x8_secret secret;
    int agreed; /* 0: not asked yet, 1: yes, negative: the answer to give everybody */
    struct x8_error disagreed;
};

/* Fill run->targets; the number of boards to work on, or a negative code (running_pick.c). */
int x8_run_pick(struct x8_run *run, struct x8_error *err);

/* What ssh asks is answered by options and people from here on (running_ssh.c). */
void x8_run_answer_ssh(struct x8_run *run);

/* Read the password that the options name into run->secret. Under run->ask (running_root.c). */
int x8_run_secret(struct x8_run *run, struct x8_error *err);

/* Print what has no line end yet (running_print.c). */
void x8_run_print_rest(struct x8_on_board *board);

/* The result of all boards as one, with the errors told and --json printed (running_sum.c). */
int x8_run_sum_up(struct x8_run *run, struct x8_error *err);

#endif
