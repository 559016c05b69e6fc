/*
 * Containers that belong to no app of the target, kept over an update. Nothing in aktualizr-lite
 * stops them, but the restart does, and what does not run when an update is confirmed may be
 * cleared away (its docker_prune). And Arduino's unit compose-apps-early-start-recovery empties
 * /var/lib/docker when an app does not start. So: docker restarts them by itself until the update
 * is over, and the units are disabled before it begins.
 *
 * Order: ask, save (the record has what to put back), hold; after the update: release, and remove
 * the record.
 */
#ifndef X8_UPDATE_KEEP_H
#define X8_UPDATE_KEEP_H

#include "update/host.h"

#define X8_KEEP_MAX 64

struct x8_keep {
    struct {
        char name[80];
        char restart[32]; /* its restart policy from before, as docker takes it: "no",
                             "on-failure:3" */
    } items[X8_KEEP_MAX];
    size_t count;
};

/* Lines of a name, a tab and a policy. Pure. X8_E_BAD_IMAGE for anything else. */
int x8_keep_parse(struct x8_span text, struct x8_keep *out, struct x8_error *err);

/* The running containers of no app of the target with their policies, as docker says. */
int x8_keep_ask(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                const struct x8_bundle *bundle, const struct x8_update_board *board,
                struct x8_keep *out, struct x8_error *err);

/* 1 when the container runs and is of no app of the target. */
int x8_keep_is_other(const struct x8_bundle *bundle, const struct x8_container *container);

/* The record on this computer. Load: 1, or 0 when there is none. */
int x8_keep_save(const char *path, const struct x8_keep *kept, struct x8_error *err);
int x8_keep_load(const char *path, struct x8_keep *out, struct x8_error *err);

/* Set the policies and switch the units off. X8_E_REFUSED with the board's words. */
int x8_keep_hold(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                 const struct x8_keep *kept, struct x8_error *err);

/*
 * Start those that do not run, and put the policies back. *out_lost: names of those that could not
 * be started, space separated, or "". The units stay off: they would be a danger at each start.
 */
int x8_keep_release(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    const struct x8_keep *kept, char *out_lost, size_t cap, struct x8_error *err);

#endif
