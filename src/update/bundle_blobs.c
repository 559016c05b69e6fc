/*
 * Blobs of apps: files named by the SHA-256 of what is in them.
 */
#include "update/bundle_parts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER       "apps/blobs/"
#define PREFIX       "apps/blobs/sha256/"
#define READ_LEN     ((size_t)256 * 1024)
#define REPORT_EVERY ((uint64_t)4 << 20)

static const char again[] = "download or copy the bundle again and compare its SHA-256";

struct hashing {
    struct x8_op op;
    struct x8_sha256 *sha;
    uint8_t *data, *out;
    uint64_t done, reported, total;
};

const char *bundle_blob_sum(const char *path)
{
    const char *sum = path + strlen(PREFIX);
    if (!x8_starts(path, PREFIX) || strlen(sum) != 2 * X8_SHA256_LEN ||
        strspn(sum, "0123456789abcdef") != 2 * X8_SHA256_LEN)
        return NULL;
    return sum;
}

static void count(void *ctx, uint64_t bytes)
{
    struct hashing *hashing = ctx;
    hashing->done += bytes;
    if (hashing->done > hashing->total)
        hashing->done = hashing->total;
    if (hashing->done - hashing->reported >= REPORT_EVERY) {
        hashing->reported = hashing->done;
        x8_emit_progress(&hashing->op, hashing->done, hashing->total);
    }
}

/* 1 when the content is what the name says, 0 when it is not or cannot be read. */
static int is_right(struct hashing *hashing, int root, const char *path, const char *sum,
                    struct x8_error *err)
{
    struct below_reader below;
    uint8_t got[X8_SHA256_LEN], want[X8_SHA256_LEN];
    ssize_t n = 1;
    X8_AUTO_FD fd = below_open(root, path, 0, err);
    if (fd < 0)
        return below_broke(fd) ? fd : 0;
    below_reader_init(&below, fd, &hashing->op, hashing->data, READ_LEN);
    below.count = count;
    below.ctx = hashing;
    while (n > 0) {
        n = x8_read(&below.reader, hashing->out, READ_LEN, err);
        if (n > 0)
            x8_sha256_add(hashing->sha, hashing->out, (size_t)n);
    }
    x8_sha256_take(hashing->sha, got);
    if (n < 0)
        return below_broke((int)n) ? (int)n : 0;
    return x8_unhex(want, sizeof(want), sum) == 0 && memcmp(got, want, sizeof(got)) == 0;
}

static void tell_bad(const char *path, const char *what, struct x8_findings *findings)
{
    char clean[160];
    x8_clean(clean, sizeof(clean), path, strlen(path));
    x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "apps", again, "%s: %s", clean, what);
}

static int hash_all(struct hashing *hashing, int root, const struct bundle_tree *tree, size_t *bad,
                    struct x8_findings *findings, struct x8_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < tree->count && rc >= 0; i++) {
        const char *path = tree->nodes[i].path, *sum = bundle_blob_sum(path);
        if (!sum || tree->nodes[i].kind != BUNDLE_FILE)
            continue;
        rc = is_right(hashing, root, path, sum, err);
        if (rc == 0 && (*bad)++ == 0)
            tell_bad(path, "its content is not what its name says", findings);
    }
    return rc < 0 ? rc : 0;
}

static int hash_blobs(int root, const struct x8_op *op, const struct bundle_tree *tree, size_t *bad,
                      struct x8_findings *findings, struct x8_error *err)
{
    struct hashing hashing = {.op = *op, .sha = x8_sha256_new()};
    hashing.data = malloc(READ_LEN);
    hashing.out = malloc(READ_LEN);
    hashing.op.stage = "apps";
    for (size_t i = 0; i < tree->count; i++)
        if (bundle_blob_sum(tree->nodes[i].path) && tree->nodes[i].kind == BUNDLE_FILE)
            hashing.total += tree->nodes[i].size;
    int rc = 0;
    if (!hashing.sha || !hashing.data || !hashing.out)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0 && hashing.total > 0) {
        x8_emit_enter(&hashing.op);
        rc = hash_all(&hashing, root, tree, bad, findings, err);
    }
    if (rc == 0 && hashing.total > 0) {
        char size[24];
        x8_size_text(size, hashing.total);
        x8_emit_progress(&hashing.op, hashing.total, hashing.total);
        x8_emit(&hashing.op, X8_EV_STAGE, "%s read", size);
    }
    x8_sha256_free(&hashing.sha);
    free(hashing.data);
    free(hashing.out);
    return rc;
}

int bundle_check_blobs(int root, const struct x8_op *op, const struct bundle_tree *tree, int deep,
                       size_t *out_bad, struct x8_findings *findings, struct x8_error *err)
{
    size_t bad = 0, misnamed = 0;
    for (size_t i = 0; i < tree->count; i++) {
        const struct bundle_node *node = &tree->nodes[i];
        if (node->kind == BUNDLE_FILE && x8_starts(node->path, FOLDER) &&
            !bundle_blob_sum(node->path) && misnamed++ == 0)
            tell_bad(node->path, "its name is no SHA-256", findings);
    }
    int rc = deep ? hash_blobs(root, op, tree, &bad, findings, err) : 0;
    if (bad > 1 || misnamed > 1)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "apps", again,
                 "in all %zu blob%s damaged and %zu misnamed", bad, bad == 1 ? " is" : "s are",
                 misnamed);
    *out_bad = bad + misnamed;
    return rc;
}
