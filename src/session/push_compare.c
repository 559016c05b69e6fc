/*
 * What the board has already, and what that means for each name.
 */
#include "session/push_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Times are compared by the second, so a file may have changed since the last push and look the
 * same: of one that was written so lately, the contents are compared. */
#define YOUNG_S 3

static int internal(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* --delete has to know all that is in the folders; else only the names of the source matter, and
 * nothing else of a maybe large and partly locked folder is touched. */
static int list_folders(struct push *push, struct x8_buf *text, struct x8_error *err)
{
    int bad = x8_buf_addf(text, "set -o pipefail; { :") < 0;
    for (size_t i = 0; i < push->job->source_count && !bad; i++) {
        X8_AUTO_BUF name = {0};
        bad = x8_buf_addf(&name, "./%s", push->roots[i]) < 0 || x8_buf_addf(text, "\nb=") < 0 ||
              x8_quote(text, push->roots[i][0] ? x8_buf_text(&name) : ".") < 0 ||
              x8_buf_addf(text, "; if [ -e \"$b\" ] || [ -L \"$b\" ]; then find \"$b\" -print0 || "
                                "exit 1; fi") < 0;
    }
    bad = bad || x8_buf_addf(text, "\n} | %s", LISTING) < 0;
    return bad ? internal(err) : 0;
}

static int list_board(struct push *push, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF names = {0};
    X8_AUTO_BUF answer = {0};
    int rc = board_begin(&text, &push->xfer, err);
    if (rc == 0 && push->job->prune) {
        rc = list_folders(push, &text, err);
    } else if (rc == 0) {
        rc = x8_buf_addf(&text, "%s 2>/dev/null\nexit 0", LISTING) < 0 ? internal(err) : 0;
        for (size_t i = 0; i < push->source.count && rc == 0; i++) {
            struct node *node = &push->source.nodes[i];
            rc = board_names(&names, &node, 1, err);
        }
    }
    if (rc == 0)
        rc = xfer_run(&push->xfer, "list the target", x8_buf_text(&text), names.data, names.len,
                      xfer_patience(push->source.count * 1000), &answer, err);
    return rc < 0 ? rc : tree_parse(x8_buf_span(&answer), &push->board, err);
}

static int conflict(const struct node *node, const char *board, const char *here,
                    struct x8_error *err)
{
    char shown[256];
    x8_clean(shown, sizeof(shown), node->rel, strlen(node->rel));
    x8_fail(err, X8_E_REFUSED, "%s: %s on the board, %s here", shown, board, here);
    x8_error_next(err, "remove one of the two first");
    return -X8_E_REFUSED;
}

static int compare_one(struct push *push, struct node *node, const struct node *there,
                       struct x8_error *err)
{
    static const char *const names[] = {"a file", "a folder", "a link", "a device or pipe"};
    int same_kind = there && there->kind == node->kind;
    if (there && !same_kind &&
        (node->kind == NODE_DIR || there->kind == NODE_DIR || there->kind == NODE_OTHER))
        return conflict(node, names[there->kind], names[node->kind], err);
    if (same_kind && node->kind == NODE_DIR && there->dev != push->place.dev)
        return conflict(node, "another file system is mounted", "a folder", err);
    if (same_kind)
        node->wanted |= PUSH_THERE;
    if (same_kind && node->kind != NODE_LINK && node->mode != there->mode && node->host)
        node->wanted |= PUSH_MODE;
    if (node->kind == NODE_DIR)
        node->wanted |= same_kind ? 0 : PUSH_SEND;
    else if (node->kind == NODE_LINK || !same_kind || node->size != there->size ||
             (!push->job->checksum && node->mtime != there->mtime))
        node->wanted |= PUSH_SEND;
    else if (push->job->checksum || push->source.count == 1 || node->mtime >= push->young)
        node->wanted |= PUSH_ASK;
    /* chmod follows links, and with root's rights it must not follow one that the owner of the
     * folder puts there meanwhile: the file is sent with its bits. */
    if (node->wanted & PUSH_MODE && node->kind == NODE_FILE && push->xfer.root)
        node->wanted = (node->wanted & ~PUSH_ASK) | PUSH_SEND;
    return 0;
}

/* Same size on both sides, and the contents decide. */
static int compare_contents(struct push *push, struct node **nodes, size_t count,
                            struct x8_error *err)
{
    uint8_t(*digests)[X8_SHA256_LEN] = calloc(count, sizeof(*digests));
    uint8_t *has = calloc(count, 1);
    int rc = digests && has ? board_digests(&push->xfer, 0, nodes, count, digests, has, err)
                            : internal(err);
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = host_digest(&push->xfer.op, nodes[i], err);
        if (rc == 0 && (!has[i] || memcmp(digests[i], nodes[i]->sha256, X8_SHA256_LEN) != 0))
            nodes[i]->wanted |= PUSH_SEND;
    }
    free(digests);
    free(has);
    return rc;
}

static int check_contents(struct push *push, struct x8_error *err)
{
    struct node **nodes = calloc(push->source.count + 1, sizeof(struct node *));
    size_t count = 0;
    if (!nodes)
        return internal(err);
    for (size_t i = 0; i < push->source.count; i++)
        if (push->source.nodes[i].wanted & PUSH_ASK)
            nodes[count++] = &push->source.nodes[i];
    int rc = count ? compare_contents(push, nodes, count, err) : 0;
    free(nodes);
    return rc;
}

int push_compare(struct push *push, struct x8_error *err)
{
    int rc = push->may_exist ? list_board(push, err) : 0;
    push->young = (int64_t)time(NULL) - YOUNG_S;
    for (size_t i = 0; i < push->source.count && rc == 0; i++) {
        struct node *node = &push->source.nodes[i];
        rc = compare_one(push, node, tree_find(&push->board, node->rel), err);
    }
    if (rc == 0)
        rc = check_contents(push, err);
    return rc;
}
