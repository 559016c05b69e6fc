/*
 * Pull, from the names a user gave to files in their place; and one file into a sink.
 */
#include "session/pull_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static void pull_done(struct pull *pull)
{
    pull_stage_close(pull);
    x8_fd_close(&pull->target_fd);
    place_done(&pull->place);
    tree_done(&pull->tree);
    free(pull->target);
    xfer_done(&pull->xfer);
}

static int refuse(enum x8_code code, const char *name, const char *what, const char *next,
                  struct x8_error *err)
{
    char shown[200];
    x8_clean(shown, sizeof(shown), name, strlen(name));
    x8_fail(err, code, "%s: %s", shown, what);
    if (next[0])
        x8_error_next(err, "%s", next);
    return -(int)code;
}

/* The name of the source without slashes at its end. */
static char *trimmed(const char *source)
{
    char *out = strdup(source);
    size_t len = out ? strlen(out) : 0;
    while (len > 1 && out[len - 1] == '/')
        out[--len] = '\0';
    return out;
}

static int look(struct pull *pull, const char *source, struct x8_error *err)
{
    char *name = trimmed(source);
    if (!name)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = name[0] ? place_look(&pull->xfer, name, NULL, 0, &pull->place, err)
                     : refuse(X8_E_USAGE, "an empty name", "no file of the board", "", err);
    free(name);
    if (rc < 0)
        return rc;
    if (pull->place.kind == PLACE_NONE || pull->place.kind == PLACE_NO_DIR)
        return refuse(X8_E_NO_FILE, source, "not on the board",
                      "look what is there:  x8ctl exec -- ls -la", err);
    if (pull->place.kind == PLACE_OTHER)
        return refuse(X8_E_NO_FILE, source, "neither a file nor a folder on the board",
                      "read it with:  x8ctl exec -- dd if=...", err);
    pull->is_dir = pull->place.kind == PLACE_DIR;
    pull->xfer.anchor = strdup(pull->place.anchor);
    return pull->xfer.anchor ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

static int set_target(struct pull *pull, const char *folder, const char *base, size_t len,
                      struct x8_error *err)
{
    X8_AUTO_BUF name = {0};
    int bad = x8_buf_add(&name, base, len) < 0;
    pull->target = len ? x8_path_join(folder, bad ? "" : x8_buf_text(&name)) : strdup(folder);
    return pull->target && !bad ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* Where this source goes: into a folder, or under the target's own name. */
static int find_target(struct pull *pull, const char *source, struct x8_error *err)
{
    const char *target = pull->job->target;
    size_t base_len, last_len, len = strlen(target);
    const char *base = host_base(source, &base_len), *last = host_base(target, &last_len);
    int slash = len > 0 && target[len - 1] == '/';
    enum x8_path_kind kind = x8_path_kind(target);
    int merge = kind == X8_PATH_DIR && !slash && pull->is_dir && pull->job->source_count == 1 &&
                base_len == last_len && memcmp(base, last, base_len) == 0;
    if (!pull->is_dir && base_len == 0)
        return refuse(X8_E_NO_FILE, source, "no name of a file", "", err);
    if (merge)
        return set_target(pull, target, "", 0, err);
    if (slash || kind == X8_PATH_DIR)
        return set_target(pull, target, base, base_len, err);
    if (pull->job->source_count > 1)
        return refuse(X8_E_USAGE, target, "several sources need a folder",
                      "end the target in '/' to have it made", err);
    char *around = x8_path_dir(target);
    enum x8_path_kind around_kind = around ? x8_path_kind(around) : X8_PATH_NONE;
    free(around);
    if (around_kind != X8_PATH_DIR)
        return refuse(X8_E_NO_FILE, target, "the folder around it is not on this computer",
                      "make it first, or name a new folder with '/' at its end", err);
    return set_target(pull, target, "", 0, err);
}

static int check_target(struct pull *pull, struct x8_error *err)
{
    size_t len = strlen(pull->target);
    while (len > 1 && pull->target[len - 1] == '/')
        pull->target[--len] = '\0';
    enum x8_path_kind kind = x8_path_kind(pull->target);
    if (kind == X8_PATH_OTHER || (kind != X8_PATH_NONE && (kind == X8_PATH_DIR) != pull->is_dir))
        return refuse(X8_E_USAGE, pull->target,
                      pull->is_dir ? "no folder here, one on the board"
                                   : "no file here, one on the board",
                      "remove it first, or choose another target", err);
    if (kind == X8_PATH_DIR)
        pull->target_fd = open(pull->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (kind == X8_PATH_DIR && pull->target_fd < 0)
        return refuse(X8_E_NO_PERMISSION, pull->target, "cannot be opened", "", err);
    return 0;
}

static void count(struct pull *pull)
{
    struct x8_transferred *out = pull->out;
    for (size_t i = 0; i < pull->tree.count; i++) {
        const struct node *node = &pull->tree.nodes[i];
        out->files += node->kind == NODE_FILE;
        out->folders += node->kind == NODE_DIR;
        out->links += node->kind == NODE_LINK;
        out->bytes += node->size;
        if (node->kind == NODE_FILE && node->wanted & PULL_GET) {
            out->changed++;
            out->sent_bytes += node->size;
        }
    }
}

static int nothing_to_do(const struct pull *pull)
{
    for (size_t i = 0; i < pull->tree.count; i++)
        if (pull->tree.nodes[i].wanted & (PULL_GET | PULL_MODE) && pull->tree.nodes[i].rel[0])
            return 0;
    return pull->target_fd >= 0;
}

static int move(struct pull *pull, struct x8_error *err)
{
    if (pull->job->dry_run || nothing_to_do(pull))
        return 0;
    int rc = pull_stage_open(pull, err);
    if (rc == 0)
        rc = pull_receive(pull, err);
    if (rc == 0)
        rc = pull_install(pull, err);
    return rc;
}

/* A folder of the user, which is push's way out, is none for what is to be read. */
static int advise(const struct pull *pull, const char *source, int rc, struct x8_error *err)
{
    if (err && rc == -X8_E_REFUSED && !pull->job->root && strstr(err->next, "--root"))
        x8_error_next(err, "read it as root:  x8ctl pull --root %.200s ...", source);
    return rc;
}

static int pull_one(struct pull *pull, const char *source, struct x8_error *err)
{
    int rc = look(pull, source, err);
    if (rc == 0)
        rc = find_target(pull, source, err);
    if (rc == 0)
        rc = check_target(pull, err);
    if (rc == 0)
        rc = pull_list(pull, err);
    if (rc == 0 && !pull->is_dir && pull->tree.nodes[0].kind != NODE_FILE)
        rc = refuse(X8_E_NO_FILE, source, "a link that leads nowhere", "", err);
    if (rc == 0)
        rc = pull_compare(pull, err);
    if (rc < 0)
        return rc;
    count(pull);
    return move(pull, err);
}

/* Sources come one after the other; what came stays when a later one fails. */
int x8_pull(struct x8_session *session, const struct x8_op *op, const struct x8_transfer *job,
            struct x8_transferred *out, struct x8_error *err)
{
    int64_t start = x8_now_ms();
    int rc = 0;
    memset(out, 0, sizeof(*out));
    if (job->source_count == 0 || !job->target[0])
        return x8_fail(err, X8_E_USAGE, "pull: a source and a target are needed");
    if (job->prune)
        return x8_fail(err, X8_E_USAGE, "pull: nothing is deleted on this computer");
    for (size_t i = 0; i < job->source_count && rc == 0; i++) {
        struct pull pull = {.job = job, .out = out, .target_fd = -1, .stage_fd = -1};
        xfer_init(&pull.xfer, session, op, job->root);
        rc = pull_one(&pull, job->sources[i], err);
        rc = advise(&pull, job->sources[i], rc, err);
        rc = xfer_verdict(&pull.xfer, rc, err);
        if (rc == 0 && !pull.is_dir && job->source_count == 1 && pull.tree.nodes[0].done)
            x8_hex(out->sha256, pull.tree.nodes[0].sha256, X8_SHA256_LEN);
        pull_done(&pull);
    }
    out->took_ms = x8_now_ms() - start;
    return rc;
}

static int stream_one(struct pull *pull, struct x8_sink *sink, struct x8_error *err)
{
    const char *source = pull->job->sources[0];
    uint8_t sha[X8_SHA256_LEN], board[X8_SHA256_LEN];
    int has = 0, rc = look(pull, source, err);
    if (rc == 0 && pull->is_dir)
        rc = refuse(X8_E_USAGE, source, "a folder, and a stream takes one file", "", err);
    if (rc == 0)
        rc = pull_list(pull, err);
    if (rc < 0)
        return rc;
    struct node *node = pull->tree.nodes;
    xfer_enter(&pull->xfer, "receive", node->size);
    rc = pull_cat(&pull->xfer, node, sink, sha, err);
    if (rc == 0)
        rc = board_file_digest(&pull->xfer, node, board, &has, err);
    if (rc == 0 && (!has || memcmp(board, sha, sizeof(sha)) != 0))
        rc = refuse(X8_E_VERIFY, source, "what arrived is not what the board has",
                    "it may have changed while it was read: try again", err);
    if (rc < 0)
        return rc;
    pull->out->files = pull->out->changed = 1;
    pull->out->bytes = pull->out->sent_bytes = pull->xfer.done;
    x8_hex(pull->out->sha256, sha, sizeof(sha));
    return sink->ops->finish(sink, err);
}

int x8_pull_stream(struct x8_session *session, const struct x8_op *op,
                   const struct x8_transfer *job, struct x8_sink *sink, struct x8_transferred *out,
                   struct x8_error *err)
{
    struct pull pull = {.job = job, .out = out, .target_fd = -1, .stage_fd = -1};
    int64_t start = x8_now_ms();
    memset(out, 0, sizeof(*out));
    if (job->source_count != 1)
        return x8_fail(err, X8_E_USAGE, "pull: a stream takes one file");
    xfer_init(&pull.xfer, session, op, job->root);
    int rc = stream_one(&pull, sink, err);
    rc = advise(&pull, job->sources[0], rc, err);
    rc = xfer_verdict(&pull.xfer, rc, err);
    out->took_ms = x8_now_ms() - start;
    pull_done(&pull);
    return rc;
}
