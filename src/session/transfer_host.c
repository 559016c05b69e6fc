/*
 * Walking a folder of this computer.
 */
#include "session/transfer_host.h"

#include "session/pack.h"
#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 1000 /* folders in folders; a name of the board has at most 4095 bytes */
#define BLOCK     ((size_t)128 * 1024)

const char *host_base(const char *path, size_t *out_len)
{
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    size_t start = len;
    while (start && path[start - 1] != '/')
        start--;
    *out_len = len - start;
    if ((*out_len == 1 && path[start] == '.') ||
        (*out_len == 2 && path[start] == '.' && path[start + 1] == '.'))
        *out_len = 0;
    return path + start;
}

static int no_file(struct x8_error *err, int errnum, const char *path)
{
    x8_fail_sys(err, X8_E_NO_FILE, errnum, "%.300s: cannot be read", path);
    if (errnum == ENOENT)
        x8_error_next(err, "check the name and the folder");
    else if (errnum == EACCES)
        x8_error_next(err, "give yourself read access to it");
    return -X8_E_NO_FILE;
}

struct walk {
    const struct x8_op *op;
    struct tree *out;
    unsigned root, depth;
};

static int read_link(struct node *node, struct x8_error *err)
{
    char target[4097];
    ssize_t n = readlink(node->host, target, sizeof(target) - 1);
    if (n < 0)
        return no_file(err, errno, node->host);
    target[n] = '\0';
    node->link = strdup(target);
    return node->link ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

static int add_node(struct walk *walk, const char *path, const char *rel, const struct stat *st,
                    struct x8_error *err)
{
    struct node *node = tree_add(walk->out, rel, strlen(rel));
    if (!node || !(node->host = strdup(path)))
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    node->kind = S_ISDIR(st->st_mode) ? NODE_DIR : S_ISLNK(st->st_mode) ? NODE_LINK : NODE_FILE;
    node->mode = node->kind == NODE_LINK ? 0777 : (unsigned)st->st_mode & 07777;
    node->mtime = (int64_t)st->st_mtime;
    node->size = node->kind == NODE_FILE ? (uint64_t)st->st_size : 0;
    node->root = walk->root;
    return node->kind == NODE_LINK ? read_link(node, err) : 0;
}

static char *joined(const char *folder, const char *name)
{
    size_t len = strlen(folder), room = len + strlen(name) + 2;
    char *out = malloc(room);
    if (!out)
        return NULL;
    memcpy(out, folder, len);
    if (len && folder[len - 1] != '/')
        out[len++] = '/';
    memcpy(out + len, name, strlen(name) + 1);
    return out;
}

static int walk_folder(struct walk *walk, const char *path, const char *rel, struct x8_error *err);

static int walk_entry(struct walk *walk, const char *path, const char *rel, int named,
                      struct x8_error *err)
{
    struct stat st;
    if ((named ? stat(path, &st) : lstat(path, &st)) != 0)
        return no_file(err, errno, path);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode)) {
        if (named)
            return x8_fail(err, X8_E_NO_FILE, "%.300s: neither a file nor a folder", path);
        char shown[300];
        x8_clean(shown, sizeof(shown), path, strlen(path));
        x8_emit(walk->op, X8_EV_WARN, "%s: left out, it is a socket, a pipe or a device", shown);
        return 0;
    }
    int rc = rel[0] ? add_node(walk, path, rel, &st, err) : 0;
    if (rc < 0 || !S_ISDIR(st.st_mode))
        return rc;
    if (++walk->depth > DEPTH_MAX)
        return x8_fail(err, X8_E_NO_FILE, "%.300s: too many folders in folders", path);
    rc = walk_folder(walk, path, rel, err);
    walk->depth--;
    return rc;
}

static int walk_folder(struct walk *walk, const char *path, const char *rel, struct x8_error *err)
{
    DIR *dir = opendir(path);
    int rc =
        dir ? x8_cancel_check(walk->op->cancel, X8_CANCEL_SOFT, err) : no_file(err, errno, path);
    while (rc == 0) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry) {
            rc = errno ? no_file(err, errno, path) : 0;
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *inner = joined(path, entry->d_name), *name = joined(rel, entry->d_name);
        rc = inner && name ? walk_entry(walk, inner, name, 0, err)
                           : x8_fail(err, X8_E_INTERNAL, "out of memory");
        free(inner);
        free(name);
    }
    if (dir)
        closedir(dir);
    return rc;
}

int host_walk(const struct x8_op *op, const char *path, const char *rel, unsigned root,
              struct tree *out, struct x8_error *err)
{
    struct walk walk = {.op = op, .out = out, .root = root};
    return walk_entry(&walk, path, rel, 1, err);
}

int host_digest_more(const struct x8_op *op, int fd, struct x8_sha256 *sha,
                     uint8_t out[X8_SHA256_LEN], struct x8_error *err)
{
    uint8_t *block = malloc(BLOCK);
    int rc = block ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    while (rc == 0) {
        ssize_t n = read(fd, block, BLOCK);
        if (n == 0)
            break;
        if (n > 0)
            x8_sha256_add(sha, block, (size_t)n);
        else if (errno != EINTR)
            rc = x8_fail_sys(err, X8_E_NO_FILE, errno, "a file cannot be read");
        if (rc == 0)
            rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);
    }
    if (rc == 0)
        x8_sha256_take(sha, out);
    free(block);
    return rc;
}

int host_digest_fd(const struct x8_op *op, int fd, uint8_t out[X8_SHA256_LEN], struct x8_error *err)
{
    struct x8_sha256 *sha = x8_sha256_new();
    int rc = sha ? host_digest_more(op, fd, sha, out, err)
                 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_sha256_free(&sha);
    return rc;
}

int host_digest(const struct x8_op *op, struct node *node, struct x8_error *err)
{
    X8_AUTO_FD fd = pack_open(node, err);
    if (fd < 0)
        return fd;
    int rc = host_digest_fd(op, fd, node->sha256, err);
    if (rc == 0)
        rc = pack_check(fd, node, err);
    if (rc < 0)
        return rc;
    node->done = 1;
    return 0;
}
