/*
 * The folder on the board: made and cleared before sending, handed to root before the installation,
 * taken back for another try, removed at the end. What runs as root works only on a folder of this
 * one name, entered and looked at before anything in it changes, and follows no link.
 */
#include "update/send_parts.h"

#include "util/text.h"

#include <string.h>

#define PATIENCE_MS 300000 /* 100,000 files on eMMC */

int send_check_name(const char *stage, struct x8_error *err)
{
    size_t len = strlen(stage), name = sizeof(X8_STAGE_FOLDER) - 1;
    int good = stage[0] == '/' && len > name && len < 512 && stage[len - name - 1] == '/' &&
               strcmp(stage + len - name, X8_STAGE_FOLDER) == 0 && !strstr(stage, "/../") &&
               !strstr(stage, "/./") && !strstr(stage, "//");
    for (const char *at = stage; *at; at++)
        good = good && (unsigned char)*at >= ' ' && *at != 127;
    if (good)
        return 0;
    char shown[200];
    x8_clean(shown, sizeof(shown), stage, len);
    return x8_fail(err, X8_E_REFUSED, "%s: not a folder for updates: its name is not %s", shown,
                   X8_STAGE_FOLDER);
}

/* Variables and the way into the folder, for `text`: $s is the folder, the working folder its own.
 */
static int enter(struct x8_buf *text, const char *stage, struct x8_error *err)
{
    if (x8_buf_addf(text, "s=") < 0 || x8_quote(text, stage) < 0 ||
        x8_buf_addf(text,
                    "\n{ [ ! -L \"$s\" ] && cd -P \"$s\" && [ \"${PWD##*/}\" = %s ]; } || "
                    "{ echo \"$s is no folder of an update\" >&2; exit 1; }\n",
                    X8_STAGE_FOLDER) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return 0;
}

/* The folder itself first: from then on nobody else gets at what is in it. */
static int give(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                const char *stage, const char *owner, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = send_check_name(stage, err);
    if (rc == 0)
        rc = enter(&text, stage, err);
    if (rc == 0 &&
        x8_buf_addf(&text, "chmod 0700 . && chown -R -h %s . && chmod 0700 .", owner) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    return rc < 0 ? rc
                  : x8_run_as_ok(session, op, root, "take over the folder of the update",
                                 x8_buf_text(&text), PATIENCE_MS, NULL, err);
}

int x8_stage_seal(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                  const char *stage, struct x8_error *err)
{
    return give(session, op, root, stage, "0:0", err);
}

/* From its parent, by its name: of a link only the link would go, and even that is not ours. */
int x8_stage_remove(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    const char *stage, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = send_check_name(stage, err);
    if (rc < 0)
        return rc;
    if (x8_buf_addf(&text, "s=") < 0 || x8_quote(&text, stage) < 0 ||
        x8_buf_addf(&text,
                    "\np=${s%%/*}; cd -P \"${p:-/}\" || exit 1\n"
                    "if [ -L ./%s ]; then echo \"$s is a link\" >&2; exit 1; fi\nrm -rf ./%s",
                    X8_STAGE_FOLDER, X8_STAGE_FOLDER) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return x8_run_as_ok(session, op, root, "remove the folder of the update", x8_buf_text(&text),
                        PATIENCE_MS, NULL, err);
}

/*
 * tuf/ goes before anything else does, so that whatever happens from here on, what is there does
 * not look complete. At the end stand the folders that every repository has. Names on stdin: what
 * belongs to no bundle or to another one. Folders are only removed where they are empty.
 */
static const char clear[] =
    "chmod 0700 . && rm -rf ./tuf || exit 1\n"
    "for d in ostree_repo ostree_repo/objects ostree_repo/refs apps; do\n"
    "if [ -L $d ] || { [ -e $d ] && [ ! -d $d ]; }; then rm -f ./$d || exit 1; fi; done\n"
    "rm -rf ./ostree_repo/config ./ostree_repo/refs ./.x8ctl-???????????????? || exit 1\n";
static const char drop[] =
    "xargs -0 -r rm -f -- || exit 1\n"
    "[ ! -d apps ] || find apps -depth -type d -exec rmdir {} + 2>/dev/null\n";
static const char make[] =
    "h='0 1 2 3 4 5 6 7 8 9 a b c d e f'; set --\n"
    "for a in $h; do for b in $h; do set -- \"$@\" ostree_repo/objects/$a$b; done; done\n"
    "mkdir -p \"$@\" ostree_repo/refs/heads ostree_repo/refs/remotes ostree_repo/refs/mirrors "
    "ostree_repo/tmp/cache ostree_repo/state ostree_repo/extensions\n";

int send_prepare(struct send *send, struct x8_error *err)
{
    const struct x8_send *job = send->job;
    X8_AUTO_BUF text = {0};
    int rc = 0;
    if (send->kind == STAGE_OTHERS)
        rc = give(send->xfer.session, &send->xfer.op, job->root, job->stage, send->owner, err);
    send->kind = STAGE_OURS;
    if (rc == 0 && (x8_buf_addf(&text, "umask 077; s=") < 0 || x8_quote(&text, job->stage) < 0 ||
                    x8_buf_addf(&text, "\n[ -d \"$s\" ] || mkdir \"$s\" || exit 1\n") < 0))
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = enter(&text, job->stage, err);
    if (rc == 0 && x8_buf_addf(&text, "%s%s%s", clear, send->extras.len ? drop : "", make) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    return rc < 0 ? rc
                  : xfer_run(&send->xfer, "prepare the folder of the update", x8_buf_text(&text),
                             send->extras.data, send->extras.len, PATIENCE_MS, NULL, err);
}
