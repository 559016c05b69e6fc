/*
 * The parts of an upload, of the status and of the reset. upload.c: in which order; upload_script.c
 * what the board's shell runs; upload_talk.c: the command and what it says; upload_mend.c: what
 * stands in the way; upload_judge.c: what became of it; upload_lost.c: what is said when it was
 * cut short.
 */
#ifndef X8_SKETCH_UPLOAD_PARTS_H
#define X8_SKETCH_UPLOAD_PARTS_H

#include "session/sentinel.h"
#include "sketch/upload.h"

#include <pthread.h>

#define X8_SKETCH_TEXT_MS 30000 /* of a command that only answers */
#define X8_SKETCH_RECORD  "~/.local/state/x8ctl/sketch"

/* How far it is. */
enum upload_phase {
    UPLOAD_LOOK, /* the board says how things stand */
    UPLOAD_COPY, /* not all bytes were sent: the digest cannot match */
    UPLOAD_SENT, /* the board may rename it from here on, should the link be lost */
    UPLOAD_DONE, /* it said that it will */
    UPLOAD_END,
};

/* What the command said. Numbers and words are those of its lines. */
struct upload_said {
    struct x8_watcher watcher;
    char folder[24], target[24];
    char word[24];    /* behind "end": done, dead, none, late; or shut, busy, differs, target, write
                         when there was no rename; "" when it did not come to an end */
    char outcome[16]; /* of the record it wrote */
    char error[160];  /* the words of the tool that could not write */
    char m7[16];      /* ok, stalled, none */
    char sum[65];
    uint64_t space, user, inode;
    int has_watcher, is_same, has_facts, is_ready;
};

struct upload {
    struct x8_session *session;
    struct x8_op op; /* the caller's, with the stage */
    const struct x8_upload *job;
    struct x8_uploaded *out;
    const struct x8_root *root; /* NULL: not asked for yet */
    char nonce[X8_NONCE_LEN + 1];
    struct x8_channel *channel;
    struct x8_buf text; /* what was read; lines before `taken` are done */
    size_t taken;
    struct upload_said said;
    int64_t start_ms;
    int has_no_record;
    int told_wait; /* a first stop behind the rename was answered */
    /* The waker's. */
    pthread_mutex_t lock;
    enum upload_phase phase;
    struct x8_waker waker;
};

/* upload_script.c. -1 without memory. */
int upload_script_copy(struct x8_buf *out, const struct upload *up) X8_NODISCARD;
int upload_script_again(struct x8_buf *out, const struct upload *up) X8_NODISCARD;
/* Did the file get its final name? Prints yes or no, when the temporary one is gone. */
int upload_script_check(struct x8_buf *out, const struct upload *up) X8_NODISCARD;
int upload_script_record(struct x8_buf *out, const struct upload *up,
                         const char *outcome) X8_NODISCARD;
/* The journal of one run, as soon as OpenOCD has said its last word in it. */
int upload_script_journal(struct x8_buf *out, const char *invocation) X8_NODISCARD;
/* For status and reset. */
int upload_script_status(struct x8_buf *out) X8_NODISCARD;
int upload_script_reset(struct x8_buf *out) X8_NODISCARD;

/* upload_talk.c: start a command, read until it has said what `is_there` looks for or has ended. */
int upload_talk_start(struct upload *up, const struct x8_buf *text, int is_fed,
                      struct x8_error *err);
int upload_talk_until(struct upload *up, int (*is_there)(const struct upload *up), int64_t limit_ms,
                      struct x8_error *err);
int upload_talk_send(struct upload *up, struct x8_error *err);
void upload_talk_end(struct upload *up);
void upload_enter(struct upload *up, const char *stage);
void upload_phase(struct upload *up, enum upload_phase phase);
/* A line of the command's. Pure. */
/* Said once when the record could not be kept: status will not know of this upload. */
void upload_no_record(struct upload *up);
void upload_take_line(struct upload_said *said, const char *line);

/* upload_mend.c */
int upload_root(struct upload *up, struct x8_error *err);
int upload_mend_watcher(struct upload *up, struct x8_error *err);
/* What stands in the way before anything was copied; repairs what may be repaired. */
int upload_clear_way(struct upload *up, struct x8_error *err);
/* The units are there but do not listen. Returns the code. */
int upload_watcher_fault(const struct upload *up, struct x8_error *err);
int upload_no_space(const struct upload *up, struct x8_error *err);

/* upload_judge.c: the command has ended. */
int upload_judge(struct upload *up, struct x8_error *err);
int upload_read_journal(struct x8_session *session, const struct x8_op *op,
                        const struct x8_root *root, const char *invocation, struct x8_openocd *out,
                        struct x8_error *err);

/* upload_lost.c: it was stopped, cut or too slow. Returns the code. */
int upload_lost(struct upload *up, int rc, struct x8_error *err);

#endif
