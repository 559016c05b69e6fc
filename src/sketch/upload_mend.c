/*
 * What stands in the way of an upload, before anything is copied. Repaired is what broke by itself
 * (a watcher that heard too many events, a folder that root made); what somebody decided (a unit
 * that was stopped) is said.
 */
#include "sketch/upload_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define MEND_WATCHER                                                                               \
    "systemctl reset-failed " X8_SKETCH_SERVICE " " X8_SKETCH_PATH_UNIT                            \
    " && systemctl start " X8_SKETCH_PATH_UNIT

int upload_root(struct upload *up, struct x8_error *err)
{
    const struct x8_root *root = NULL;
    int rc = 0;

    if (!up->root && up->job->root)
        rc = up->job->root(up->job->user, &root, err);
    else if (!up->root)
        rc = x8_fail(err, X8_E_AUTH, "root on the board is needed");
    if (rc == 0 && !up->root)
        up->root = root;
    return rc;
}

static void note(struct upload *up, const char *words)
{
    char *all = up->out->mended;
    size_t len = strlen(all);

    snprintf(all + len, sizeof(up->out->mended) - len, "%s%s", len ? "; " : "", words);
}

/* `why` is the reason root is needed for, `done` what is noted. */
static int mend(struct upload *up, const char *text, const char *why, const char *done,
                struct x8_error *err)
{
    int rc;

    if (up->job->dry_run) {
        note(up, done);
        return 0;
    }
    rc = upload_root(up, err);
    if (rc < 0) {
        x8_error_prefix(err, "%s", why);
        return rc;
    }
    rc = x8_run_as_ok(up->session, &up->op, up->root, why, text, X8_SKETCH_TEXT_MS, NULL, err);
    if (rc == 0)
        note(up, done);
    return rc;
}

int upload_mend_watcher(struct upload *up, struct x8_error *err)
{
    return mend(up, MEND_WATCHER, "the board's watcher was triggered too often and has to be reset",
                "the watcher had stopped listening after too many triggers and was reset", err);
}

static int mend_folder(struct upload *up, struct x8_error *err)
{
    char text[160];

    snprintf(text, sizeof(text),
             "d=" X8_SKETCH_FOLDER "; [ ! -L $d ] && chown %llu $d && chmod "
             "u+rwx $d",
             (unsigned long long)up->said.user);
    return mend(up, text, X8_SKETCH_FOLDER " cannot be written and has to be given back",
                X8_SKETCH_FOLDER " belonged to somebody else and was given to the board's user",
                err);
}

static int no_units(struct x8_error *err)
{
    x8_fail(err, X8_E_SKETCH, "this image has no programming unit");
    x8_error_why(err, "systemd on the board knows no %s and %s", X8_SKETCH_PATH_UNIT,
                 X8_SKETCH_SERVICE);
    x8_error_next(err, "look which image it is:  x8ctl info");
    return -X8_E_SKETCH;
}

static int no_systemd(struct x8_error *err)
{
    x8_fail(err, X8_E_REFUSED, "systemd on the board does not say how its programming unit is");
    x8_error_why(err, "systemctl show gave nothing that can be read");
    x8_error_next(err, "look what it says:  x8ctl exec -- systemctl show %s", X8_SKETCH_PATH_UNIT);
    return -X8_E_REFUSED;
}

int upload_watcher_fault(const struct upload *up, struct x8_error *err)
{
    const struct x8_watcher *watcher = &up->said.watcher;

    if (!watcher->has_units)
        return no_units(err);
    if (strcmp(watcher->path_state, "inactive") == 0) {
        x8_fail(err, X8_E_SKETCH, "the board's watcher for sketches is stopped");
        x8_error_why(err, "%s is inactive; somebody stopped it, or masked it", X8_SKETCH_PATH_UNIT);
        x8_error_next(err, "x8ctl exec --root -- systemctl start %s", X8_SKETCH_PATH_UNIT);
    } else {
        x8_fail(err, X8_E_SKETCH, "the board's watcher for sketches does not listen");
        x8_error_why(err, "%s is %s, result %s", X8_SKETCH_PATH_UNIT, watcher->path_state,
                     watcher->path_result);
        x8_error_next(err, "x8ctl exec --root -- systemctl restart %s", X8_SKETCH_PATH_UNIT);
    }
    return -X8_E_SKETCH;
}

static int bad_place(const struct upload *up, struct x8_error *err)
{
    int is_target = strcmp(up->said.target, "ok") != 0;

    x8_fail(err, X8_E_REFUSED, "%s is %s", is_target ? X8_SKETCH_TARGET : X8_SKETCH_FOLDER,
            strcmp(is_target ? up->said.target : up->said.folder, "link") == 0 ? "a symbolic link"
            : is_target ? "no regular file"
                        : "no folder");
    x8_error_why(err, "what is written there might end up elsewhere, so nothing was");
    x8_error_next(err, "look at it and remove it:  x8ctl exec -- ls -ld %s %s", X8_SKETCH_FOLDER,
                  X8_SKETCH_TARGET);
    return -X8_E_REFUSED;
}

int upload_no_space(const struct upload *up, struct x8_error *err)
{
    char need[24], left[24];

    x8_size_text(need, up->job->sketch->file.len);
    x8_size_text(left, up->said.space * 1024);
    x8_fail(err, X8_E_BOARD_SPACE, "no room for the sketch in /tmp of the board");
    x8_error_why(err, "it needs %s, and %s are free", need, left);
    x8_error_next(err, "see what fills it:  x8ctl exec -- du -ak /tmp");
    return -X8_E_BOARD_SPACE;
}

/* Something else lies where the folder or the file has to be. */
static int is_bad_place(const struct upload *up)
{
    const char *folder = up->said.folder;

    if (strcmp(folder, "ok") == 0 || strcmp(folder, "absent") == 0)
        return strcmp(up->said.target, "ok") != 0;
    return !x8_starts(folder, "shut ");
}

static int clear_folder(struct upload *up, struct x8_error *err)
{
    const char *folder = up->said.folder;
    uint64_t owner;

    if (!x8_starts(folder, "shut "))
        return 0;
    if (x8_parse_u64(folder + 5, &owner) == 0 && (owner == 0 || owner == up->said.user))
        return mend_folder(up, err);
    x8_fail(err, X8_E_REFUSED, "%s belongs to another user of the board", X8_SKETCH_FOLDER);
    x8_error_why(err, "its owner has the number %.20s", folder + 5);
    x8_error_next(err, "give it back:  x8ctl exec --root -- chown %llu %s",
                  (unsigned long long)up->said.user, X8_SKETCH_FOLDER);
    return -X8_E_REFUSED;
}

/* Only the journal tells the outcome there, so nobody is left with a sketch that was programmed and
 * no way to say so. */
static int clear_journal(struct upload *up, struct x8_error *err)
{
    int rc = up->job->no_verify || up->job->dry_run ? 0 : upload_root(up, err);

    if (rc == -X8_E_AUTH)
        x8_error_prefix(err,
                        "nothing was copied: on this image only the journal knows the outcome");
    return rc;
}

int upload_clear_way(struct upload *up, struct x8_error *err)
{
    const struct x8_watcher *watcher = &up->said.watcher;
    int rc = 0;

    if (!up->said.has_watcher)
        return no_systemd(err);
    if (!watcher->has_units)
        return no_units(err);
    if (up->said.space * 1024 < up->job->sketch->file.len)
        return upload_no_space(up, err);
    /* Before the watcher: such a thing may be why systemd could not go on watching. */
    if (is_bad_place(up))
        return bad_place(up, err);
    if (x8_watcher_is_dead(watcher))
        rc = upload_mend_watcher(up, err);
    else if (strcmp(watcher->path_state, "active") != 0)
        rc = upload_watcher_fault(up, err);
    if (rc == 0)
        rc = clear_folder(up, err);
    if (rc == 0 && watcher->hides_status)
        rc = clear_journal(up, err);
    return rc;
}
