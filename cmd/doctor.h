/*
 * Parts of x8ctl doctor, and what x8ctl report takes from it: doctor.c examines, doctor_show.c
 * prints, doctor_fix.c repairs.
 */
#ifndef X8_CMD_DOCTOR_H
#define X8_CMD_DOCTOR_H

#include "running.h"

#include "doctor/doctor.h"

#include <pthread.h>

/* What was found about one board. */
struct x8_patient {
    struct x8_patient *next;
    size_t index;
    char label[128];
    struct x8_checks checks;
    struct x8_buf networks; /* wireless ones that it knows, a line each */
};

struct x8_diagnosis {
    struct x8_checks host;
    struct x8_patient *boards; /* by index */
    int64_t took_ms;
    int wants_fix;        /* the boards' repairs are wanted as well */
    int keeps_rows;       /* ctx->document has a row for each board, also without --json */
    int wants_networks;   /* so are the names of their wireless networks, to be hidden */
    pthread_mutex_t lock; /* of `boards` while several are asked */
};
void x8_diagnosis_done(struct x8_diagnosis *diagnosis);

/* The computer, and the boards that are meant when `with_boards`. Also when the boards fail (the
 * code is returned) the rest is there. */
int x8_diagnose(struct x8_ctx *ctx, int with_boards, struct x8_diagnosis *out,
                struct x8_error *err);

/* How many rows of all have this result. */
size_t x8_diagnosis_count(const struct x8_diagnosis *diagnosis, enum x8_check_result result);

/* On stdout, for a person or a program (doctor_show.c). */
void x8_diagnosis_print(struct x8_ctx *ctx, const struct x8_diagnosis *diagnosis);
struct x8_json *x8_checks_json(const struct x8_checks *checks);
/* `run`: the document of the run over boards, with their rows; NULL: there are none. */
struct x8_json *x8_diagnosis_json(const struct x8_diagnosis *diagnosis, const struct x8_json *run);

/* Say what can be repaired of the computer, ask, do it. 0, or X8_E_NEED_YES and such; what could
 * not be done is said (doctor_fix.c). */
int x8_fix_host(struct x8_ctx *ctx, struct x8_checks *checks, struct x8_error *err);
int x8_fix_board(struct x8_job_on *job, struct x8_checks *checks, struct x8_error *err);

#endif
