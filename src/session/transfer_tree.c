/*
 * Lists of names, and the two kinds of text a board answers about them. Pure functions.
 */
#include "session/transfer_tree.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

void tree_done(struct tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->nodes[i].rel);
        free(tree->nodes[i].host);
        free(tree->nodes[i].link);
    }
    free(tree->nodes);
    memset(tree, 0, sizeof(*tree));
}

struct node *tree_add(struct tree *tree, const char *rel, size_t len)
{
    if (tree->count == tree->cap) {
        size_t cap = tree->cap ? tree->cap * 2 : 64;
        struct node *grown = realloc(tree->nodes, cap * sizeof(*grown));
        if (!grown)
            return NULL;
        tree->nodes = grown;
        tree->cap = cap;
    }
    struct node *node = &tree->nodes[tree->count];
    memset(node, 0, sizeof(*node));
    node->rel = malloc(len + 1);
    if (!node->rel)
        return NULL;
    memcpy(node->rel, rel, len);
    node->rel[len] = '\0';
    tree->count++;
    return node;
}

/* A slash comes before every other byte, so that "a/b" stands between "a" and "a.b". */
static int rank(char c)
{
    if (c == '\0')
        return 0;
    return c == '/' ? 1 : (unsigned char)c + 2;
}

int tree_compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return rank(*a) - rank(*b);
}

static int compare_nodes(const void *a, const void *b)
{
    return tree_compare(((const struct node *)a)->rel, ((const struct node *)b)->rel);
}

void tree_sort(struct tree *tree)
{
    if (tree->count)
        qsort(tree->nodes, tree->count, sizeof(*tree->nodes), compare_nodes);
}

static int compare_key(const void *key, const void *node)
{
    return tree_compare(key, ((const struct node *)node)->rel);
}

struct node *tree_find(const struct tree *tree, const char *rel)
{
    if (tree->count == 0)
        return NULL;
    return bsearch(rel, tree->nodes, tree->count, sizeof(*tree->nodes), compare_key);
}

int tree_inside(const char *rel, const char *folder)
{
    size_t len = strlen(folder);
    return len == 0 || (strncmp(rel, folder, len) == 0 && (rel[len] == '/' || rel[len] == '\0'));
}

size_t tree_parent_len(const char *rel)
{
    const char *slash = strrchr(rel, '/');
    return slash ? (size_t)(slash - rel) : 0;
}

/* A number and the blank behind it. */
static int take_number(const char **at, const char *end, unsigned base, uint64_t *out)
{
    uint64_t value = 0;
    const char *start = *at;
    for (; *at < end && **at != ' '; (*at)++) {
        unsigned digit;
        if (**at >= '0' && **at <= '9')
            digit = (unsigned)(**at - '0');
        else if (base == 16 && **at >= 'a' && **at <= 'f')
            digit = (unsigned)(**at - 'a') + 10;
        else
            return -1;
        if (value > (UINT64_MAX - digit) / base)
            return -1;
        value = value * base + digit;
    }
    if (*at == start || *at == end)
        return -1;
    (*at)++;
    *out = value;
    return 0;
}

/* "./a/b", or "." for the anchor: what is behind the "./", if no part of it leads elsewhere. */
static int safe_name(const char *name, size_t len, const char **out, size_t *out_len)
{
    *out = name;
    *out_len = 0;
    if (len == 1 && *name == '.')
        return 0;
    if (len < 3 || memcmp(name, "./", 2) != 0 || memchr(name, '\0', len))
        return -1;
    *out = name + 2;
    *out_len = len - 2;
    for (const char *at = *out, *end = name + len; at <= end;) {
        const char *slash = at < end ? memchr(at, '/', (size_t)(end - at)) : NULL;
        size_t part = (size_t)((slash ? slash : end) - at);
        if (part == 0 || (part == 1 && *at == '.') || (part == 2 && memcmp(at, "..", 2) == 0))
            return -1;
        if (!slash)
            break;
        at = slash + 1;
    }
    return 0;
}

static enum node_kind kind_of(uint64_t mode)
{
    switch (mode & 0170000) {
    case 0100000:
        return NODE_FILE;
    case 0040000:
        return NODE_DIR;
    case 0120000:
        return NODE_LINK;
    default:
        return NODE_OTHER;
    }
}

static int take_record(const char *at, const char *end, struct tree *out, struct x8_error *err)
{
    uint64_t mode, size, mtime, dev;
    const char *name;
    size_t len;
    /* A file from before 1970 has a minus in front of its time: the time is left out. */
    const char *minus = memchr(at, '-', (size_t)(end - at));
    if (take_number(&at, end, 16, &mode) < 0 || take_number(&at, end, 10, &size) < 0 ||
        (minus == at && (at++, 0)) || take_number(&at, end, 10, &mtime) < 0 ||
        take_number(&at, end, 10, &dev) < 0)
        return x8_fail(err, X8_E_LINK, "the board's list of files is not readable");
    if (safe_name(at, (size_t)(end - at), &name, &len) < 0) {
        char shown[96];
        x8_clean(shown, sizeof(shown), at, (size_t)(end - at));
        return x8_fail(err, X8_E_LINK, "the board's list of files holds an unsafe name: %s", shown);
    }
    struct node *node = tree_add(out, name, len);
    if (!node)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    node->kind = kind_of(mode);
    node->mode = (unsigned)(mode & 07777);
    node->size = node->kind == NODE_FILE ? size : 0;
    node->mtime = minus && minus < at ? 0 : (int64_t)(mtime & INT64_MAX);
    node->dev = dev;
    return 0;
}

/* Where the record that starts at `at` ends ("//LF"); NULL: it does not. */
static const char *record_end(const char *at, const char *end)
{
    for (; at < end; at++) {
        at = memchr(at, '/', (size_t)(end - at));
        if (!at)
            return NULL;
        if (end - at >= 3 && at[1] == '/' && at[2] == '\n')
            return at;
    }
    return NULL;
}

int tree_parse(struct x8_span text, struct tree *out, struct x8_error *err)
{
    const char *at = (const char *)text.data, *end = at + text.len;
    while (text.len && at < end) {
        const char *stop = record_end(at, end);
        if (!stop)
            return x8_fail(err, X8_E_LINK, "the board's list of files is cut off");
        int rc = take_record(at, stop, out, err);
        if (rc < 0)
            return rc;
        at = stop + 3;
    }
    tree_sort(out);
    for (size_t i = 1; i < out->count; i++)
        if (strcmp(out->nodes[i - 1].rel, out->nodes[i].rel) == 0)
            return x8_fail(err, X8_E_LINK, "the board's list of files names one twice");
    return 0;
}
