/*
 * One board's run of a plan: what it is told, what it keeps while it runs, and what it reports at
 * the end. The rooms' files share it: run.c (the state machine over the stages), stage_sdp.c,
 * stage_fb.c (commands of a stage), feed.c (an image), verify.c (reading back).
 *
 * Threads: one thread per job; the plan is shared and read-only; the decoding thread of source.h
 * touches only what it is given.
 */
#ifndef X8_FLASH_JOB_H
#define X8_FLASH_JOB_H

#include "flash/fastboot.h"
#include "flash/journal.h"
#include "flash/plan.h"
#include "flash/region.h"
#include "flash/sdp.h"
#include "flash/source.h"
#include "link/bus.h"

#define X8_TARGETS_MAX 64
#define X8_VARS_MAX    64
#define X8_BAD_MAX     16

/* How sure it is that the medium holds what was sent. */
enum x8_proof { X8_PROOF_NONE, X8_PROOF_PARTLY, X8_PROOF_FULL };

/* How the pieces of an image travel. */
enum x8_transfer { X8_TRANSFER_AUTO, X8_TRANSFER_RAW, X8_TRANSFER_GZIP };

/* How a board is to be written; zeros: as a vendor's script says, without more. */
struct x8_flash_how {
    enum x8_verify verify;
    enum x8_transfer transfer;
    unsigned retries; /* of each stage */
    int skip_same;    /* compare each piece on the board first, send only what differs */
    int may_erase; /* erase the image's area first; where it is proven to read as zeros, zeros are
                      not written */
};

/* What one flash command did. */
struct x8_flash_target {
    char partition[64], file[256];
    uint64_t bytes;    /* of the file, decompressed */
    uint64_t written;  /* bytes the board was told to write (FILL included) */
    uint64_t filled;   /* of these, by FILL */
    uint64_t skipped;  /* left alone on purpose */
    uint64_t holes;    /* zeros that were not written, as the erased area reads as zeros */
    uint64_t same;     /* found on the board as they should be, not sent */
    uint64_t deflated; /* bytes written that travelled compressed */
    uint64_t sent;     /* bytes on the wire */
    int is_verified;
};

struct x8_bad {
    char partition[64];
    uint64_t offset, len; /* bytes inside the partition's area */
    int unreadable;
};

/* How far the medium was touched: decides what a failure has to say. MAYBE: told to erase or write,
 * and it is not known how far it came. */
enum x8_touched {
    X8_TOUCHED_NOT,
    X8_TOUCHED_MAYBE,
    X8_TOUCHED_ERASED,
    X8_TOUCHED_PARTLY,
    X8_TOUCHED_ALL
};

struct x8_var {
    char name[64], value[256];
};

struct x8_flash_result {
    char port[X8_PORT_LEN], serial[X8_STRING_LEN];
    int rc; /* 0 or a negative code explained by `error` */
    struct x8_error error;
    enum x8_touched touched;
    enum x8_proof proof;
    char unproven[160]; /* why it is not verified; empty when it is */
    struct x8_flash_target targets[X8_TARGETS_MAX];
    size_t target_count;
    struct x8_bad bad[X8_BAD_MAX];
    size_t bad_count;
    uint64_t sent, received; /* all payload on the link */
    int64_t started_ms, ended_ms, write_ms, verify_ms;
    char first_stage[16];
    int full_speed;
    unsigned retries;     /* how often a stage was taken up again */
    unsigned pieces_sent; /* of images, repeated ones counted again */
    unsigned pieces_same;
    int is_resumed;
    struct x8_var vars[X8_VARS_MAX]; /* what getvar was told, each name once */
    size_t var_count;
};

struct x8_job {
    /* Given. */
    struct x8_bus *bus;
    const struct x8_plan *plan;
    struct x8_op op; /* copy; `board` points to label */
    struct x8_flash_how how;
    struct x8_sources *sources; /* what the boards of the run read together; NULL: alone */
    struct x8_journal *journal; /* taken: ended by x8_job_run; NULL: none is kept */
    const struct x8_past *past; /* of the run that is resumed; NULL: none. Borrowed */
    int64_t arrive_ms;          /* limit for the first sight of the board */
    int64_t stage_ms;           /* limit for every transition */
    char port[X8_PORT_LEN];
    char label[X8_STRING_LEN];

    /* Kept while it runs. */
    struct x8_device device; /* as it is on the bus in the present stage */
    struct x8_chip chip;
    struct x8_transport *link;
    uint64_t seen_attach;     /* last attach that was worked on; 0: none */
    int is_done;              /* a `done` was reached */
    unsigned boot_parts;      /* partitions flashed from memory, for the line that sums them up */
    unsigned flashed, proven; /* targets, also those that do not fit into the result's list */
    int can_verify;           /* -1 not probed, 0 no, 1 yes */
    int can_gzwrite;          /* the same */
    struct x8_progress progress; /* of the image being written, or last written */
    unsigned tries[5];           /* of each height of stage: how often it was taken up again */
    int source_failed;           /* the image could not be read: no fault of the board's */
    int is_retry;                /* a stage failed and is being taken up again */
    int must_check;              /* before anything is written: is it still the same board? */
    int is_another;              /* it is not */
    int has_opened;              /* some stage's node could be opened */
    char loader_serial[X8_STRING_LEN]; /* as the loader told it first */
    struct x8_flash_result result;
};

/* Run the plan on the board at job->port. The result is in job->result; also returned as its rc. */
int x8_job_run(struct x8_job *job);

/*
 * Wait for the next stage at the port: a device that the script has commands for and that was not
 * worked on yet. job->device, job->chip and job->seen_attach are set then. The limit is arrive_ms
 * for the first, stage_ms for the others; errors say what is there instead.
 */
int x8_await_stage(struct x8_job *job, struct x8_error *err);
/*
 * Is it the board that was begun with, as far as its loader's serial tells? X8_E_WRONG_STATE when
 * it is not.
 */
int x8_check_serial(struct x8_job *job, struct x8_error *err);
/* 1 when a stage that failed with `rc` may be taken up again. */
int x8_may_retry(const struct x8_job *job, int rc);
/* Count and tell it, and forget what the stage had done but the progress of its image. */
void x8_take_up(struct x8_job *job, const struct x8_error *error);
/* Begin where the past of the job ended. */
int x8_resume(struct x8_job *job, struct x8_error *err);

/* The word for a protocol's stage: rom, spl, fastboot, fbk. */
const char *x8_stage_word(enum x8_proto proto);

/* Commands of one stage, in order, on the open link. Sets job->is_done at `done`. */
int x8_stage_sdp(struct x8_job *job, struct x8_error *err);
int x8_stage_fb(struct x8_job *job, struct x8_error *err);

/* Verbs of every protocol (delay, if, error, sh, ...). 1 when the step was one of them and is done,
 * 0 when it is not, negative on error. `run` runs a nested command. */
typedef int x8_run_step_fn(struct x8_job *job, const struct x8_step *step, struct x8_error *err);
int x8_common_verb(struct x8_job *job, const struct x8_step *step, x8_run_step_fn *run,
                   struct x8_error *err);
void x8_job_set_var(struct x8_job *job, const char *name, const char *value);

/* The streamed image of a step to its partition, then its proof. */
int x8_feed_image(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                  struct x8_error *err);
/* The bytes of a step (a boot area) to its partition, then their proof. */
int x8_feed_bytes(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                  struct x8_span bytes, struct x8_error *err);

/*
 * Read back on the board what `regions` say of the partition. Sets target->is_verified, or the
 * reason in job->result.unproven when the loader cannot. Differences are X8_E_VERIFY with the
 * regions in job->result.bad.
 */
int x8_verify(struct x8_job *job, struct x8_fastboot *fb, const struct x8_place *place,
              const struct x8_regions *regions, struct x8_flash_target *target,
              struct x8_error *err);

/*
 * Say that something was written and why it is not verified: remembered for the end, and
 * X8_E_VERIFY when proof was demanded.
 */
int x8_verify_cannot(struct x8_job *job, const char *reason, struct x8_error *err);

/* The place in the result for what a step writes; the last one is used again when all are full. */
struct x8_flash_target *x8_job_target(struct x8_job *job, const struct x8_step *step,
                                      const char *partition);

/* How long the board may take to write this many bytes: 20 s and 2 MB/s, slower than any eMMC in
 * order. */
int x8_write_limit_ms(uint64_t bytes, int at_least_ms);
/* The same for a line of the loader's shell; what `mmc erase` erases counts. */
int x8_ucmd_limit_ms(const char *text);

#endif
