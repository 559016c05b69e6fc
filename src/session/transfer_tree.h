/*
 * Inside the room: what is to be moved, as a list of names with their kinds, and what there is on
 * the board in the same form.
 *
 * Names are relative to an anchor (a folder), without "./" in front, and are any bytes but NUL. The
 * anchor itself is "".
 */
#ifndef X8_SESSION_TRANSFER_TREE_H
#define X8_SESSION_TRANSFER_TREE_H

#include "util/buf.h"
#include "util/digest.h"
#include "util/error.h"

enum node_kind { NODE_FILE, NODE_DIR, NODE_LINK, NODE_OTHER };

struct node {
    char *rel;
    char *host; /* push: where it is on this computer */
    char *link; /* of a link: where it leads */
    enum node_kind kind;
    unsigned mode; /* permission bits with set-id and sticky */
    int64_t mtime; /* seconds since 1970 */
    uint64_t size, dev;
    unsigned root; /* which source it belongs to */
    int wanted;    /* has to be moved */
    int done;      /* was moved, `sha256` is set */
    uint8_t sha256[X8_SHA256_LEN];
};

struct tree {
    struct node *nodes;
    size_t count, cap;
};

void tree_done(struct tree *tree);
#define AUTO_TREE X8_CLEANUP(tree_done) struct tree

/* Append a node of this name (copied); the rest of it is zero. NULL without memory. Pointers to
 * nodes are good until the next tree_add or tree_sort. */
struct node *tree_add(struct tree *tree, const char *rel, size_t len);

/* By name, each folder directly in front of what it holds. */
void tree_sort(struct tree *tree);

/* In a sorted tree. NULL: not there. */
struct node *tree_find(const struct tree *tree, const char *rel);

/* The order of tree_sort. */
int tree_compare(const char *a, const char *b);

/* 1 when `rel` is `folder` or lies inside it. */
int tree_inside(const char *rel, const char *folder);

/* The folder a name lies in: its length within `rel`, 0 for the anchor. */
size_t tree_parent_len(const char *rel);

/*
 * What LISTING printed: records "HEXMODE SIZE MTIME DEVICE ./NAME//LF". Two slashes end a record
 * because no name can hold them. Names that lead out of the anchor are X8_E_LINK. Sorted.
 */
#define LISTING "xargs -0 -r stat -c '%f %s %Y %d %n//'"
int tree_parse(struct x8_span text, struct tree *out, struct x8_error *err);

/*
 * What `xargs -0 sha256sum` printed for these names, in this order, each written "./NAME": digests
 * go to `out` and `has` (count elements). GNU's escaped form and busybox's plain form are both
 * taken. Names that are missing stay 0 in `has`. X8_E_LINK when the text is of another form.
 */
int digests_parse(struct x8_span text, struct node *const *nodes, size_t count,
                  uint8_t (*out)[X8_SHA256_LEN], uint8_t *has, struct x8_error *err);

#endif
