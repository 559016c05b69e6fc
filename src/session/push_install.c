/*
 * Putting into place. One script does it with few processes: a new folder is one rename, in folders
 * that exist the files of each are renamed over the old ones together. mv stays within one file
 * system, so each name is the old file or the new one. The script runs inside the temporary folder
 * and calls the place "..", so that neither can be exchanged under it.
 */
#include "session/push_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAGED       "t/"               /* what was sent, as the script sees it */
#define PLACE        "../"              /* where it goes */
#define LINE_MAX_LEN ((size_t)32 << 10) /* names in one command; far below what exec takes */
#define TEXT_MAX_LEN ((size_t)2 << 10)  /* a longer script travels as a file */

struct script {
    struct x8_buf text;
    size_t line;  /* where the open command starts; 0: none is open */
    int bad;      /* out of memory */
    unsigned any; /* commands */
};

static void add(struct script *script, const char *text)
{
    script->bad = script->bad || x8_buf_add(&script->text, text, strlen(text)) < 0;
}

static void add_quoted(struct script *script, const char *prefix, const char *name)
{
    X8_AUTO_BUF whole = {0};
    add(script, " ");
    script->bad = script->bad || x8_buf_addf(&whole, "./%s%s", prefix, name) < 0 ||
                  x8_quote(&script->text, x8_buf_text(&whole)) < 0;
}

/* End the open command with what its last argument is. */
static void end_line(struct script *script, const char *last, size_t last_len)
{
    if (!script->line)
        return;
    if (last) {
        X8_AUTO_BUF folder = {0};
        script->bad = script->bad || x8_buf_addf(&folder, PLACE) < 0 ||
                      x8_buf_add(&folder, last, last_len) < 0;
        add_quoted(script, x8_buf_text(&folder), last_len ? "/" : "");
    }
    add(script, " || exit 1\n");
    script->line = 0;
}

static void open_line(struct script *script, const char *command)
{
    script->line = script->text.len + 1;
    add(script, command);
    script->any++;
}

static int is_full(const struct script *script)
{
    return script->text.len - script->line > LINE_MAX_LEN;
}

static int is_there(const struct push *push, const char *rel, size_t len)
{
    X8_AUTO_BUF name = {0};
    if (len == 0)
        return 1;
    if (x8_buf_add(&name, rel, len) < 0)
        return 0;
    const struct node *parent = tree_find(&push->source, x8_buf_text(&name));
    return parent && parent->wanted & PUSH_THERE;
}

/* Files first of all names of a folder, then those of the next: the order of the tree mixes the
 * files of a folder with those of the folders in it. */
static int compare_parents(const void *a, const void *b)
{
    const struct node *const *one = a, *const *two = b;
    size_t one_len = tree_parent_len((*one)->rel), two_len = tree_parent_len((*two)->rel);
    int order = memcmp((*one)->rel, (*two)->rel, one_len < two_len ? one_len : two_len);
    if (order == 0)
        order = (one_len > two_len) - (one_len < two_len);
    return order ? order : tree_compare((*one)->rel, (*two)->rel);
}

static int same_parent(const struct node *a, const struct node *b)
{
    size_t len = tree_parent_len(a->rel);
    return tree_parent_len(b->rel) == len && memcmp(a->rel, b->rel, len) == 0;
}

/* The names to rename: what is new or changed in a folder that is there. */
static size_t collect_moves(const struct push *push, const struct node **moves)
{
    size_t count = 0;
    const struct node *inside = NULL; /* of this new folder, which moves as a whole */
    for (size_t i = 0; i < push->source.count; i++) {
        const struct node *node = &push->source.nodes[i];
        if (inside && tree_inside(node->rel, inside->rel))
            continue;
        if (!(node->wanted & PUSH_SEND) || (node->kind == NODE_DIR && node->wanted & PUSH_THERE) ||
            !is_there(push, node->rel, tree_parent_len(node->rel)))
            continue;
        moves[count++] = node;
        inside = node->kind == NODE_DIR ? node : NULL;
    }
    qsort(moves, count, sizeof(*moves), compare_parents);
    return count;
}

static void add_moves(struct push *push, struct script *script)
{
    const struct node **moves = calloc(push->source.count + 1, sizeof(*moves));
    size_t count = moves ? collect_moves(push, moves) : 0;
    script->bad = script->bad || !moves;
    for (size_t i = 0; i < count; i++) {
        if (!script->line)
            open_line(script, "mv -f");
        add_quoted(script, STAGED, moves[i]->rel);
        if (i + 1 == count || !same_parent(moves[i], moves[i + 1]) || is_full(script))
            end_line(script, moves[i]->rel, tree_parent_len(moves[i]->rel));
    }
    free(moves);
}

/* Files that came in ranges were made by a shell: their bits and their time come now. */
static void add_ranged(struct push *push, struct script *script)
{
    for (size_t i = 0; i < push->source.count; i++) {
        const struct node *node = &push->source.nodes[i];
        char command[64];
        if (!(node->wanted & PUSH_RANGES))
            continue;
        snprintf(command, sizeof(command), "chmod %04o", node->mode);
        open_line(script, command);
        add_quoted(script, STAGED, node->rel);
        end_line(script, NULL, 0);
        snprintf(command, sizeof(command), "touch -d @%lld", (long long)node->mtime);
        open_line(script, command);
        add_quoted(script, STAGED, node->rel);
        end_line(script, NULL, 0);
    }
}

/* From the innermost out: a folder that gets locked must be the last to be entered. Folders were
 * unpacked with all bits for their owner, so that files could be put into them. */
static void add_modes(struct push *push, struct script *script)
{
    unsigned mode = 0;
    for (size_t i = push->source.count; i-- > 0;) {
        const struct node *node = &push->source.nodes[i];
        int locked = node->kind == NODE_DIR && node->host && node->wanted & PUSH_SEND &&
                     !(node->wanted & PUSH_THERE) && (node->mode & 0700) != 0700;
        int other =
            (node->wanted & PUSH_MODE) && (node->kind == NODE_DIR || !(node->wanted & PUSH_SEND));
        if (!locked && !other)
            continue;
        if (script->line && (mode != node->mode || is_full(script)))
            end_line(script, NULL, 0);
        if (!script->line) {
            char command[24];
            snprintf(command, sizeof(command), "chmod %04o", node->mode);
            open_line(script, command);
            mode = node->mode;
        }
        add_quoted(script, PLACE, node->rel);
    }
    end_line(script, NULL, 0);
}

/* The folder of another transfer that runs at the same time. */
static int is_stage(const char *rel)
{
    const char *slash = strrchr(rel, '/'), *base = slash ? slash + 1 : rel;
    return strncmp(base, ".x8ctl-", 7) == 0 && strlen(base) == XFER_STAGE_LEN - 1;
}

int push_is_extra(const struct push *push, const struct node *node)
{
    return node->rel[0] && !tree_find(&push->source, node->rel) && !is_stage(node->rel);
}

static void add_removals(struct push *push, struct script *script)
{
    const struct node *inside = NULL; /* of this one, which goes with all it holds */
    for (size_t i = 0; push->job->prune && i < push->board.count; i++) {
        const struct node *node = &push->board.nodes[i];
        if ((inside && tree_inside(node->rel, inside->rel)) || !push_is_extra(push, node))
            continue;
        inside = node;
        if (!script->line)
            open_line(script, "rm -rf");
        add_quoted(script, PLACE, node->rel);
        if (is_full(script))
            end_line(script, NULL, 0);
    }
    end_line(script, NULL, 0);
}

/* In braces, which bash reads to their end before it runs any of it: half a script does nothing. */
static int build(struct push *push, struct script *script, struct x8_error *err)
{
    int rc = board_begin(&script->text, &push->xfer, err);
    add(script, "{\n");
    add_ranged(push, script);
    add_moves(push, script);
    add_modes(push, script);
    add_removals(push, script);
    add(script, "cd -P .. && rm -rf ./");
    add(script, push->xfer.stage);
    add(script, "\nexit 0; }\n");
    return rc < 0 || !script->bad ? rc : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

int push_install(struct push *push, struct x8_error *err)
{
    struct script script = {0};
    struct xfer *xfer = &push->xfer;
    X8_AUTO_BUF text = {0};
    int rc = build(push, &script, err);
    int limit = xfer_patience((uint64_t)script.any * 200000);
    xfer_hold(xfer, 1);
    if (rc == 0 && script.text.len <= TEXT_MAX_LEN) {
        rc = xfer_run(xfer, "put into place", x8_buf_text(&script.text), NULL, 0, limit, NULL, err);
    } else if (rc == 0) {
        rc = board_begin(&text, xfer, err);
        if (rc == 0 && x8_buf_addf(&text, "cat >go && bash go") < 0)
            rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
        if (rc == 0)
            rc = xfer_run(xfer, "put into place", x8_buf_text(&text), script.text.data,
                          script.text.len, limit, NULL, err);
    }
    x8_buf_done(&script.text);
    return rc;
}
