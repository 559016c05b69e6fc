/*
 * Packing. The archive is written twice: once with headers alone into a counter, which gives its
 * exact length, once with everything into the sink. A far side that was told the length stays in
 * step only if both agree, so a file whose size has changed ends the stream.
 */
#include "session/pack.h"

#include "util/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)128 * 1024)

struct packer {
    struct archive *archive;
    struct archive_entry *entry;
    struct x8_sink *sink; /* NULL: count only */
    uint64_t bytes;
    int rc; /* of the sink */
    struct x8_error error;
};

static la_ssize_t take(struct archive *archive, void *ctx, const void *data, size_t len)
{
    struct packer *packer = ctx;
    if (packer->sink && packer->rc == 0)
        packer->rc = packer->sink->ops->push(packer->sink, data, len, &packer->error);
    packer->bytes += len;
    if (packer->rc == 0)
        return (la_ssize_t)len;
    archive_set_error(archive, EIO, "sink failed");
    return -1;
}

static int fault(struct packer *packer, const char *name, struct x8_error *err)
{
    if (packer->rc < 0) {
        if (err)
            *err = packer->error;
        return packer->rc;
    }
    x8_fail(err, X8_E_INTERNAL, "%.200s: cannot be packed", name);
    const char *said = packer->archive ? archive_error_string(packer->archive) : NULL;
    x8_error_why(err, "%s", said ? said : "out of memory");
    return -X8_E_INTERNAL;
}

static void packer_close(struct packer *packer)
{
    if (packer->entry)
        archive_entry_free(packer->entry);
    if (packer->archive)
        archive_write_free(packer->archive);
}

static int packer_open(struct packer *packer, struct x8_error *err)
{
    packer->entry = archive_entry_new();
    packer->archive = archive_write_new();
    if (!packer->entry || !packer->archive ||
        archive_write_set_format_gnutar(packer->archive) != ARCHIVE_OK)
        return fault(packer, "archive", err);
    archive_write_set_bytes_per_block(packer->archive, (int)BLOCK);
    archive_write_set_bytes_in_last_block(packer->archive, 1);
    if (archive_write_open(packer->archive, packer, NULL, take, NULL) != ARCHIVE_OK)
        return fault(packer, "archive", err);
    return 0;
}

static int write_header(struct packer *packer, const struct node *node, struct x8_error *err)
{
    static const unsigned types[] = {
        [NODE_FILE] = AE_IFREG, [NODE_DIR] = AE_IFDIR, [NODE_LINK] = AE_IFLNK};
    struct archive_entry *entry = archive_entry_clear(packer->entry);
    X8_AUTO_BUF name = {0};
    if (x8_buf_addf(&name, "./%s", node->rel) < 0)
        return fault(packer, node->rel, err);
    archive_entry_copy_pathname(entry, x8_buf_text(&name));
    archive_entry_set_filetype(entry, types[node->kind]);
    archive_entry_set_perm(entry, (mode_t)node->mode);
    archive_entry_set_mtime(entry, (time_t)node->mtime, 0);
    /* A header has the same length whatever size it tells. */
    archive_entry_set_size(entry,
                           packer->sink && node->kind == NODE_FILE ? (la_int64_t)node->size : 0);
    if (node->kind == NODE_LINK)
        archive_entry_copy_symlink(entry, node->link);
    return archive_write_header(packer->archive, entry) < ARCHIVE_WARN
               ? fault(packer, node->rel, err)
               : 0;
}

static int packer_end(struct packer *packer, struct x8_error *err)
{
    int rc = archive_write_close(packer->archive) == ARCHIVE_OK ? 0 : fault(packer, "archive", err);
    return rc;
}

int pack_length(struct node *const *nodes, size_t count, uint64_t *out, struct x8_error *err)
{
    struct packer packer = {0};
    uint64_t data = 0;
    int rc = packer_open(&packer, err);
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = write_header(&packer, nodes[i], err);
        if (nodes[i]->kind == NODE_FILE)
            data += (nodes[i]->size + 511) / 512 * 512;
    }
    if (rc == 0)
        rc = packer_end(&packer, err);
    packer_close(&packer);
    *out = packer.bytes + data;
    return rc;
}

int pack_changed(const struct node *node, struct x8_error *err)
{
    x8_fail(err, X8_E_NO_FILE, "%.300s: changed while it was read", node->host);
    x8_error_next(err, "wait until nothing writes to it, then try again");
    return -X8_E_NO_FILE;
}

int pack_check(int fd, const struct node *node, struct x8_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || (uint64_t)st.st_size != node->size ||
        (int64_t)st.st_mtime != node->mtime)
        return pack_changed(node, err);
    return 0;
}

int pack_open(const struct node *node, struct x8_error *err)
{
    int fd = x8_file_open(node->host, 0, err);
    int rc = fd < 0 ? fd : pack_check(fd, node, err);
    if (rc < 0 && fd >= 0)
        x8_fd_close(&fd);
    return rc < 0 ? rc : fd;
}

static int write_data(struct packer *packer, struct node *node, int fd, struct x8_sha256 *sha,
                      uint8_t *block, struct x8_error *err)
{
    for (uint64_t left = node->size; left;) {
        ssize_t n = read(fd, block, left < BLOCK ? (size_t)left : BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return x8_fail_sys(err, X8_E_NO_FILE, errno, "%.300s: cannot be read", node->host);
        if (n == 0)
            return pack_changed(node, err);
        x8_sha256_add(sha, block, (size_t)n);
        if (archive_write_data(packer->archive, block, (size_t)n) != n)
            return fault(packer, node->rel, err);
        left -= (uint64_t)n;
    }
    return 0;
}

static int write_file(struct packer *packer, struct node *node, struct x8_sha256 *sha,
                      uint8_t *block, struct x8_error *err)
{
    X8_AUTO_FD fd = pack_open(node, err);
    if (fd < 0)
        return fd;
    int rc = write_header(packer, node, err);
    if (rc == 0)
        rc = write_data(packer, node, fd, sha, block, err);
    if (rc == 0)
        rc = pack_check(fd, node, err);
    if (rc == 0) {
        x8_sha256_take(sha, node->sha256);
        node->done = 1;
    }
    return rc;
}

static int write_nodes(const struct x8_op *op, struct packer *packer, struct node *const *nodes,
                       size_t count, struct x8_error *err)
{
    struct x8_sha256 *sha = x8_sha256_new();
    uint8_t *block = malloc(BLOCK);
    int rc = sha && block ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);
        if (rc == 0 && nodes[i]->kind == NODE_FILE)
            rc = write_file(packer, nodes[i], sha, block, err);
        else if (rc == 0)
            rc = write_header(packer, nodes[i], err);
    }
    free(block);
    x8_sha256_free(&sha);
    return rc;
}

int pack_write(const struct x8_op *op, struct node *const *nodes, size_t count,
               struct x8_sink *sink, struct x8_error *err)
{
    struct packer packer = {.sink = sink};
    int rc = packer_open(&packer, err);
    if (rc == 0)
        rc = write_nodes(op, &packer, nodes, count, err);
    if (rc == 0)
        rc = packer_end(&packer, err);
    /* Freeing would flush what is left: after a failure nothing more may go out. */
    if (rc < 0 && packer.rc == 0)
        packer.rc = rc;
    packer_close(&packer);
    return rc;
}
