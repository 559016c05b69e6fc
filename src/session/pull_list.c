/*
 * What the source holds, and what of it is here already.
 */
#include "session/pull_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file that vanishes while it is listed (123 from xargs) is as if it had gone before. */
static const char list_folder[] = "find . -print0 | " LISTING "\n"
                                  "s=(\"${PIPESTATUS[@]}\"); [ ${s[0]} = 0 ] || exit 1\n"
                                  "[ ${s[1]} = 0 ] || [ ${s[1]} = 123 ]";

static int not_there(const char *name, struct x8_error *err)
{
    char shown[256];
    x8_clean(shown, sizeof(shown), name, strlen(name));
    x8_fail(err, X8_E_NO_FILE, "%s: not on the board", shown);
    x8_error_next(err, "look what is there:  x8ctl exec -- ls -la");
    return -X8_E_NO_FILE;
}

int pull_list(struct pull *pull, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF name = {0};
    X8_AUTO_BUF answer = {0};
    const char *command = pull->is_dir ? list_folder : LISTING;
    int rc = board_begin(&text, &pull->xfer, err);
    if (rc == 0 && (x8_buf_addf(&text, "%s", command) < 0 ||
                    (!pull->is_dir && (x8_buf_addf(&name, "./%s", pull->place.rest) < 0 ||
                                       x8_buf_add(&name, "", 1) < 0))))
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = xfer_run(&pull->xfer, "list the source", x8_buf_text(&text), name.data, name.len,
                      X8_RUN_TEXT_MS * 4, &answer, err);
    if (rc == 0)
        rc = tree_parse(x8_buf_span(&answer), &pull->tree, err);
    if (rc == 0 && pull->tree.count == 0)
        rc = not_there(pull->is_dir ? pull->place.anchor : pull->place.rest, err);
    return rc;
}

static int conflict(const struct node *node, const char *here, const char *there,
                    struct x8_error *err)
{
    char shown[256];
    x8_clean(shown, sizeof(shown), node->rel, strlen(node->rel));
    x8_fail(err, X8_E_USAGE, "%s: %s here, %s on the board", shown, here, there);
    x8_error_next(err, "remove one of the two first, or choose another target");
    return -X8_E_USAGE;
}

static const char *kind_name(const struct stat *st)
{
    return S_ISDIR(st->st_mode)   ? "a folder"
           : S_ISREG(st->st_mode) ? "a file"
           : S_ISLNK(st->st_mode) ? "a link"
                                  : "a device or pipe";
}

static void compare_file(struct pull *pull, struct node *node, const struct stat *st)
{
    if (!S_ISREG(st->st_mode) || (uint64_t)st->st_size != node->size)
        node->wanted |= PULL_GET;
    else if (pull->job->checksum)
        node->wanted |= PULL_ASK;
    else if ((int64_t)st->st_mtime != node->mtime)
        node->wanted |= PULL_GET;
}

static int compare_one(struct pull *pull, struct node *node, struct x8_error *err)
{
    static const char *const names[] = {"a file", "a folder", "a link", "a device or pipe"};
    struct stat st;
    int there = pull->target_fd >= 0 && node->rel[0] &&
                fstatat(pull->target_fd, node->rel, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (node->kind == NODE_OTHER) {
        char shown[256];
        x8_clean(shown, sizeof(shown), node->rel, strlen(node->rel));
        x8_emit(&pull->xfer.op, X8_EV_WARN, "%s: left out, it is a socket, a pipe or a device",
                shown);
        return 0;
    }
    if (!there) {
        node->wanted |= PULL_GET;
        return 0;
    }
    int same = (node->kind == NODE_DIR && S_ISDIR(st.st_mode)) ||
               (node->kind == NODE_FILE && S_ISREG(st.st_mode)) ||
               (node->kind == NODE_LINK && S_ISLNK(st.st_mode));
    if (!same && (node->kind == NODE_DIR || (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))))
        return conflict(node, kind_name(&st), names[node->kind], err);
    node->wanted |= same ? PULL_THERE : 0;
    if (same && node->kind != NODE_LINK && ((unsigned)st.st_mode & 0777) != (node->mode & 0777))
        node->wanted |= PULL_MODE;
    if (node->kind == NODE_FILE)
        compare_file(pull, node, &st);
    else if (node->kind == NODE_LINK)
        node->wanted |= PULL_GET;
    return 0;
}

/* The digest of what is here under the node's name. */
static int digest_here(struct pull *pull, const struct node *node, uint8_t out[X8_SHA256_LEN],
                       struct x8_error *err)
{
    X8_AUTO_FD fd =
        openat(pull->target_fd, node->rel, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return x8_fail_sys(err, X8_E_NO_FILE, errno, "%.200s: cannot be read", node->rel);
    return host_digest_fd(&pull->xfer.op, fd, out, err);
}

static int compare_contents(struct pull *pull, struct node **nodes, size_t count,
                            struct x8_error *err)
{
    uint8_t(*digests)[X8_SHA256_LEN] = calloc(count, sizeof(*digests));
    uint8_t *has = calloc(count, 1), here[X8_SHA256_LEN];
    int rc = digests && has ? board_digests(&pull->xfer, 0, nodes, count, digests, has, err)
                            : x8_fail(err, X8_E_INTERNAL, "out of memory");
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = digest_here(pull, nodes[i], here, err);
        if (rc == 0 && (!has[i] || memcmp(digests[i], here, sizeof(here)) != 0))
            nodes[i]->wanted |= PULL_GET;
    }
    free(digests);
    free(has);
    return rc;
}

int pull_compare(struct pull *pull, struct x8_error *err)
{
    struct node **asked = calloc(pull->tree.count, sizeof(struct node *));
    size_t count = 0;
    int rc = asked ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    for (size_t i = 0; i < pull->tree.count && rc == 0; i++) {
        rc = compare_one(pull, &pull->tree.nodes[i], err);
        if (pull->tree.nodes[i].wanted & PULL_ASK)
            asked[count++] = &pull->tree.nodes[i];
    }
    if (rc == 0 && count)
        rc = compare_contents(pull, asked, count, err);
    free(asked);
    return rc;
}
