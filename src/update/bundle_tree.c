/*
 * All names below a folder, sorted. apps/ holds some hundred.
 */
#include "update/bundle_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NODES_MAX 200000u
#define DEPTH_MAX 64u

void bundle_tree_done(struct bundle_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        free(tree->nodes[i].path);
    free(tree->nodes);
    *tree = (struct bundle_tree){0};
}

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* Takes `path` over in every case. */
static int add(struct bundle_tree *tree, char *path, const struct stat *st, struct x8_error *err)
{
    int rc = path ? 0 : no_memory(err);
    if (rc == 0 && tree->count == NODES_MAX)
        rc = x8_fail(err, X8_E_BAD_IMAGE, "more than %u names below '%s'", NODES_MAX, "apps");
    if (rc == 0 && tree->count == tree->cap) {
        size_t cap = tree->cap ? tree->cap * 2 : 64;
        struct bundle_node *nodes = realloc(tree->nodes, cap * sizeof(*nodes));
        if (!nodes)
            rc = no_memory(err);
        tree->nodes = nodes ? nodes : tree->nodes;
        tree->cap = nodes ? cap : tree->cap;
    }
    if (rc < 0) {
        free(path);
        return rc;
    }
    struct bundle_node *node = &tree->nodes[tree->count++];
    *node = (struct bundle_node){.path = path, .kind = BUNDLE_OTHER};
    if (S_ISREG(st->st_mode)) {
        node->kind = BUNDLE_FILE;
        node->size = (uint64_t)st->st_size;
    } else if (S_ISDIR(st->st_mode)) {
        node->kind = BUNDLE_DIR;
    }
    return 0;
}

static int list(int root, const char *path, unsigned depth, struct bundle_tree *tree,
                struct x8_error *err);

static int see(int root, int folder, const char *path, const char *name, unsigned depth,
               struct bundle_tree *tree, struct x8_error *err)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return x8_fail_sys(err, X8_E_BAD_IMAGE, errno, "%s: cannot be read", path);
    char *below = x8_path_join(path, name);
    int rc = add(tree, below, &st, err);
    if (rc == 0 && S_ISDIR(st.st_mode))
        rc = list(root, below, depth + 1, tree, err);
    return rc;
}

static int list(int root, const char *path, unsigned depth, struct bundle_tree *tree,
                struct x8_error *err)
{
    struct dirent *entry;
    if (depth > DEPTH_MAX)
        return x8_fail(err, X8_E_BAD_IMAGE, "%.100s: folders in folders, more than %u", path,
                       DEPTH_MAX);
    int fd = below_open(root, path, 1, err);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !dir) {
        x8_fd_close(&fd);
        return no_memory(err);
    }
    int rc = fd < 0 ? fd : 0;
    while (rc == 0 && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = see(root, dirfd(dir), path, entry->d_name, depth, tree, err);
    if (dir)
        closedir(dir);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    const struct bundle_node *left = a, *right = b;
    return strcmp(left->path, right->path);
}

int bundle_tree_list(int root, const char *path, struct bundle_tree *out, struct x8_error *err)
{
    struct bundle_tree tree = {0};
    int rc = list(root, path, 0, &tree, err);
    if (rc == -X8_E_NO_FILE)
        rc = 0;
    if (rc < 0) {
        bundle_tree_done(&tree);
        return rc;
    }
    if (tree.count > 0)
        qsort(tree.nodes, tree.count, sizeof(*tree.nodes), by_path);
    *out = tree;
    return 0;
}
