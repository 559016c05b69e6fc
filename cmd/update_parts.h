/*
 * Parts of x8ctl update: update.c reads the line, one file for each verb does it, and what several
 * of them need stands here: a bundle with everything found in it (update_bundle.c), a board as an
 * update sees it (update_board.c), the run of the machine with journal and lock (update_go.c), and
 * how all that reads (update_text.c, update_json.c).
 */
#ifndef X8_CMD_UPDATE_PARTS_H
#define X8_CMD_UPDATE_PARTS_H

#include "running.h"
#include "store_env.h"

#include "update/apply.h"

struct x8_update_options {
    const char *to, *target, *trust_root, *health, *tool;
    int deep, keep_apps, allow_downgrade, no_reboot, full, forget;
    int64_t wait_ms; /* X8_TIMEOUT_UNSET when not given */
};
extern struct x8_update_options x8_update_opt;

/* The verbs (update.c keeps the table). `path`: the operand, or NULL. */
int x8_update_run_show(struct x8_ctx *ctx, const char *path, struct x8_error *err);
int x8_update_run_check(struct x8_ctx *ctx, struct x8_error *err);
int x8_update_run_apply(struct x8_ctx *ctx, const char *path, struct x8_error *err);
int x8_update_run_status(struct x8_ctx *ctx, struct x8_error *err);
int x8_update_run_finish(struct x8_ctx *ctx, struct x8_error *err);
int x8_update_run_rollback(struct x8_ctx *ctx, struct x8_error *err);
int x8_update_run_legacy(struct x8_ctx *ctx, const char *path, struct x8_error *err);

/* --- a bundle on this computer (update_bundle.c) --- */

struct x8_update_bundle {
    struct x8_bundle bundle;
    struct x8_buf trusted; /* --trust-root */
    /* What was found in its metadata, and in its content: the first half is judged again with each
     * board's own root. */
    struct x8_findings signed_part, content;
};
void x8_update_bundle_done(struct x8_update_bundle *bundle);
#define X8_AUTO_UPDATE_BUNDLE X8_CLEANUP(x8_update_bundle_done) struct x8_update_bundle

/* Open it and look at everything that can be known without a board; `deep`: hash every object.
 * Bad findings are no error here. */
int x8_update_bundle_open(struct x8_ctx *ctx, const char *path, const char *target, int deep,
                          struct x8_update_bundle *out, struct x8_error *err);

/* Copies of all items of `from`. */
void x8_update_findings_add(struct x8_findings *to, const struct x8_findings *from);

/* 1 for an address of the web: such a bundle is fetched into the cache first. */
int x8_update_is_url(const char *path);

/* Days from now until then, rounded down; negative when it is over. */
int64_t x8_update_days_left(int64_t then_s, int64_t now_s);
int64_t x8_update_now_s(void);
/* "2026-03-01T10:00:12Z", "" for 0. */
void x8_update_time_text(char out[32], int64_t seconds);

/* --- a board, and a bundle for it (update_board.c) --- */

struct x8_update_look {
    const struct x8_update_bundle *source; /* NULL: no bundle is to be looked at */
    struct x8_update_board board;
    struct x8_update_journal journal;
    int has_journal;
    int is_journal_bad; /* there is one that cannot be read: status tells, --forget drops it */
    char serial[40], home[200]; /* home: of the session's user, no links in it */
    struct x8_bundle own; /* the metadata alone, read again with the trusted root of this board */
    struct x8_bundle bundle;     /* the source with that metadata; borrows from both */
    struct x8_findings findings; /* everything about bundle, board, and both together */
    size_t at_stake;             /* running containers of no app of the target */
    int is_there;                /* the board runs the target already, confirmed */
    struct x8_sent space;        /* of a dry run of send */
};
void x8_update_look_done(struct x8_update_look *look);
#define X8_AUTO_UPDATE_LOOK X8_CLEANUP(x8_update_look_done) struct x8_update_look

/* Who the board is and how it stands: serial number, journal, probe. Root where it is to be had
 * (`needs_root`: else it fails). Changes nothing on the board. */
int x8_update_look(struct x8_job_on *job, int needs_root, struct x8_update_look *out,
                   struct x8_error *err);

/* Everything that apply would check, into look->findings, space at the end. Changes nothing. */
int x8_update_look_at(struct x8_job_on *job, const struct x8_update_bundle *source,
                      struct x8_update_look *look, struct x8_error *err);

/* The folder on the board that a bundle is staged in. */
void x8_update_stage_path(const struct x8_update_look *look, char *out, size_t cap);

/* --- what the catalogue knows (update_newer.c) --- */

struct x8_update_newest {
    struct x8_store_setup setup;
    const struct x8_release *release; /* the newest, or NULL */
    char trouble[352];                /* why the catalogue is not to be had, or "" */
};
/* Without a network it is only told. X8_E_NO_FILE, X8_E_BAD_IMAGE, X8_E_USAGE: of the catalogue. */
int x8_update_newest_find(struct x8_ctx *ctx, struct x8_update_newest *out, struct x8_error *err);
void x8_update_newest_done(struct x8_update_newest *newest);
#define X8_AUTO_UPDATE_NEWEST X8_CLEANUP(x8_update_newest_done) struct x8_update_newest
/* Beside the version of a board. */
void x8_update_newest_text(struct x8_buf *out, int is_person, const struct x8_update_newest *newest,
                           const char *version);
struct x8_json *x8_update_newest_json(const struct x8_update_newest *newest, const char *version);

/* --- the machine (update_go.c) --- */

/* 1 when the journal's update has begun and not ended. */
int x8_update_is_open(const struct x8_update_look *look);

/* Refuse a second x8ctl at this board's update. *out_fd: close it to let go. */
int x8_update_lock(const struct x8_update_look *look, int *out_fd, struct x8_error *err);

/* A new journal for this bundle and board, not saved yet. */
int x8_update_begin(struct x8_job_on *job, const struct x8_update_look *look,
                    struct x8_update_journal *out, struct x8_error *err);

/* Run the machine from the journal's step and tell the result. `bundle` may be NULL. */
typedef int x8_update_machine(struct x8_session **session, const struct x8_op *op,
                              struct x8_update_run *run, struct x8_updated *out,
                              struct x8_error *err);
int x8_update_drive(struct x8_job_on *job, x8_update_machine *machine,
                    struct x8_update_journal *journal, const struct x8_bundle *bundle,
                    struct x8_error *err);

/* --keep-apps: before the update, and when it has ended (update_keep.c). The latter returns `rc`,
 * or X8_E_UNHEALTHY when all was well but a container is lost. */
int x8_update_hold(struct x8_job_on *job, const struct x8_update_look *look, struct x8_error *err);
int x8_update_let_go(struct x8_job_on *job, const struct x8_update_journal *journal, int rc,
                     struct x8_error *err);

/* What apply and finish do with an opened bundle on one board. */
int x8_update_apply_to(struct x8_job_on *job, const struct x8_update_bundle *source,
                       struct x8_update_look *look, struct x8_error *err);

/* Go on from the journal's step (update_finish.c), and the machine for image 399. */
int x8_update_resume(struct x8_job_on *job, struct x8_update_look *look, struct x8_error *err);
x8_update_machine x8_update_legacy_go;

/* 0: an update is possible and changes something; X8_E_DIFFERS: there is nothing to do; else why it
 * is not possible. Goes into the --json row as well (update_check.c). */
int x8_update_tell_verdict(struct x8_job_on *job, const struct x8_update_look *look,
                           struct x8_error *err);

/* --- how it reads (update_text.c, update_json.c) --- */

/* Print a line "label  value" (a tab where nobody reads it) for the board of the job. */
void x8_update_line(struct x8_buf *out, int is_person, const char *label, const char *fmt, ...)
    X8_PRINTF(4, 5);
/* CHECK, RESULT and what it says: one line each. */
void x8_update_findings_text(struct x8_buf *out, int is_person, const struct x8_findings *findings);
void x8_update_board_text(struct x8_buf *out, int is_person, const struct x8_update_look *look);
void x8_update_journal_text(struct x8_buf *out, int is_person, const struct x8_update_look *look);

struct x8_json *x8_update_findings_json(const struct x8_findings *findings);
struct x8_json *x8_update_bundle_json(const struct x8_bundle *bundle);
struct x8_json *x8_update_board_json(const struct x8_update_look *look);
struct x8_json *x8_update_journal_json(const struct x8_update_journal *journal);
struct x8_json *x8_update_sent_json(const struct x8_sent *sent);
/* An empty text is null. */
void x8_update_json_text(struct x8_json *in, const char *key, const char *text);

#endif
