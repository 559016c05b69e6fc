/*
 * --keep-apps on one board: before the update, and after it, whoever brings it to its end.
 */
#include "update_parts.h"

#include "update/keep.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 1024, LOST_LEN = 256 };

static void record_path(const char *serial, char *out, size_t cap)
{
    char name[96];

    snprintf(name, sizeof name, "update/containers-%s.txt", serial);
    x8_env_path("state", name, out, cap);
}

static void list_names(const struct x8_keep *kept, char *out, size_t cap)
{
    out[0] = '\0';
    for (size_t i = 0; i < kept->count; i++) {
        size_t len = strlen(out);

        snprintf(out + len, cap - len, "%s%s", len ? ", " : "", kept->items[i].name);
    }
}

int x8_update_hold(struct x8_job_on *job, const struct x8_update_look *look, struct x8_error *err)
{
    struct x8_keep kept;
    char path[PATH_LEN], names[LOST_LEN];
    int rc =
        x8_keep_ask(job->session, &job->op, &job->root, &look->bundle, &look->board, &kept, err);

    if (rc < 0 || kept.count == 0)
        return rc;
    record_path(look->serial, path, sizeof path);
    rc = x8_keep_save(path, &kept, err);
    if (rc == 0)
        rc = x8_keep_hold(job->session, &job->op, &job->root, &kept, err);
    if (rc < 0)
        return rc;
    list_names(&kept, names, sizeof names);
    x8_emit(&job->op, X8_EV_NOTICE,
            "kept: %s; the units compose-apps-early-start and -recovery are off from now on",
            names);
    return 0;
}

/* An update that went on without them is none that kept them. */
static int lost(const char *names, struct x8_error *err)
{
    x8_fail(err, X8_E_UNHEALTHY, "the update is done, but containers do not run again: %s", names);
    x8_error_why(err, "docker could not start them after the restart");
    x8_error_next(err, "x8ctl exec --root -- docker ps -a    shows what is left of them");
    return -(int)X8_E_UNHEALTHY;
}

int x8_update_let_go(struct x8_job_on *job, const struct x8_update_journal *journal, int rc,
                     struct x8_error *err)
{
    struct x8_keep kept;
    struct x8_error failed;
    char path[PATH_LEN], names[LOST_LEN];
    int kept_rc;

    if (journal->step < X8_STEP_DONE || !job->session || job->root.way == X8_ROOT_NONE)
        return rc;
    record_path(journal->serial, path, sizeof path);
    kept_rc = x8_keep_load(path, &kept, &failed);
    if (kept_rc == 0)
        return rc;
    if (kept_rc > 0)
        kept_rc = x8_keep_release(job->session, &job->op, &job->root, &kept, names, sizeof names,
                                  &failed);
    if (kept_rc < 0) {
        x8_emit(&job->op, X8_EV_WARN, "containers that were to be kept: %s", failed.msg);
        return rc;
    }
    unlink(path);
    if (names[0] && rc < 0)
        x8_emit(&job->op, X8_EV_WARN, "these containers do not run again: %s", names);
    return names[0] && rc == 0 ? lost(names, err) : rc;
}
