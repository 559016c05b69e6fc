/*
 * One share of a push: sent, and read back afterwards, the board's SHA-256 against that of the
 * bytes that were read from this computer's disk while sending. The commands use only options that
 * GNU's tools and busybox both have.
 */
#include "session/pack.h"
#include "session/push_send.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int internal(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* A command whose input is the archive of `nodes`, `len` bytes long. */
static int send_archive(struct xfer *xfer, const char *text, struct node *const *nodes,
                        size_t count, uint64_t len, struct x8_error *err)
{
    struct x8_channel *channel = NULL;
    struct xfer_sink sink;
    int rc = xfer_start(xfer, text, X8_INPUT_COUNT, len, &channel, err);
    if (rc < 0)
        return rc;
    xfer_sink_init(&sink, xfer, channel);
    rc = pack_write(&xfer->op, nodes, count, &sink.sink, err);
    /* A command that reads no more has said why, or has all it needs: the digests will tell. */
    if (rc == 0 || rc == -X8_E_GONE)
        rc = xfer_finish(xfer, channel, "unpack on the board", xfer_patience(len), NULL, err);
    xfer_end(xfer, &channel);
    return rc;
}

/* The folder around is closed to everybody else, so that tar may set all bits as told. GNU's tar
 * gives files to the user it runs as (-o) and keeps set-id bits (-p); busybox's makes links that
 * lead anywhere only when it is told that they are wanted. */
static int unpack_text(const struct xfer *xfer, struct x8_buf *text, struct x8_error *err)
{
    int rc = board_begin(text, xfer, err);
    if (rc == 0 &&
        x8_buf_addf(text, "cd t || exit 1\numask 0; EXTRACT_UNSAFE_SYMLINKS=1 tar xpof -") < 0)
        rc = internal(err);
    return rc;
}

int share_stage(struct send *send, struct x8_error *err)
{
    struct xfer *xfer = &send->push->xfer;
    size_t count = send->in_one ? send->count : send->skeleton;
    X8_AUTO_BUF text = {0};
    int rc = count ? unpack_text(xfer, &text, err) : 0;
    if (rc < 0 || count == 0)
        return rc;
    return send_archive(xfer, x8_buf_text(&text), send->nodes, count, send->stage_len, err);
}

static int send_files(struct send *send, struct share *share, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = unpack_text(&send->push->xfer, &text, err);
    return rc < 0 ? rc
                  : send_archive(&send->push->xfer, x8_buf_text(&text), share->nodes, share->count,
                                 share->len, err);
}

/* Read [begin, begin + len) of the file into the channel, with its digest. */
static int pump_range(struct xfer *xfer, struct share *share, int fd, struct x8_channel *channel,
                      struct x8_error *err)
{
    struct x8_sha256 *sha = x8_sha256_new();
    uint8_t *block = malloc(XFER_BLOCK);
    int rc = sha && block ? 0 : internal(err);
    for (uint64_t at = 0; at < share->len && rc == 0;) {
        uint64_t left = share->len - at;
        ssize_t n = pread(fd, block, left < XFER_BLOCK ? (size_t)left : XFER_BLOCK,
                          (off_t)(share->begin + at));
        if (n <= 0)
            rc = n < 0 && errno == EINTR ? 0 : pack_changed(share->file, err);
        if (n <= 0)
            continue;
        x8_sha256_add(sha, block, (size_t)n);
        if (channel)
            rc = x8_channel_write(channel, &xfer->op, block, (size_t)n, XFER_IDLE_MS, err);
        if (channel && rc == 0)
            xfer_moved(xfer, (uint64_t)n);
        if (rc == 0 && atomic_load(&xfer->stopping))
            rc = x8_fail(err, X8_E_STOPPED, "stopped because another part failed");
        at += (uint64_t)n;
    }
    if (rc == 0)
        rc = pack_check(fd, share->file, err);
    if (rc == 0)
        x8_sha256_take(sha, share->sha256);
    free(block);
    x8_sha256_free(&sha);
    return rc;
}

static int send_range(struct send *send, struct share *share, struct x8_error *err)
{
    struct xfer *xfer = &send->push->xfer;
    struct x8_channel *channel = NULL;
    X8_AUTO_BUF text = {0};
    X8_AUTO_FD fd = pack_open(share->file, err);
    int rc = fd < 0 ? fd : board_begin(&text, xfer, err);
    int bad = rc == 0 && (x8_buf_addf(&text, "cd t || exit 1\nf=./") < 0 ||
                          x8_quote(&text, share->file->rel) < 0 ||
                          x8_buf_addf(&text,
                                      "; umask 077\n{ dd bs=65536 seek=%llu count=0 conv=notrunc "
                                      "2>/dev/null && cat; } 1<>\"$f\"",
                                      (unsigned long long)(share->begin / RANGE_STEP)) < 0);
    if (bad)
        rc = internal(err);
    if (rc == 0)
        rc = xfer_start(xfer, x8_buf_text(&text), X8_INPUT_COUNT, share->len, &channel, err);
    if (rc < 0)
        return rc;
    rc = pump_range(xfer, share, fd, channel, err);
    if (rc == 0 || rc == -X8_E_GONE) {
        int sent = rc;
        struct x8_error kept = {0};
        if (sent < 0 && err)
            kept = *err;
        rc = xfer_finish(xfer, channel, "write on the board", xfer_patience(share->len), NULL, err);
        if (rc == 0 && sent < 0) {
            rc = sent;
            if (err)
                *err = kept;
        }
    }
    xfer_end(xfer, &channel);
    return rc;
}

int share_send(struct send *send, struct share *share, struct x8_error *err)
{
    if (share->is_whole)
        return host_digest(&send->push->xfer.op, share->file, err);
    return share->file ? send_range(send, share, err) : send_files(send, share, err);
}

static int differs(const struct node *node, const uint8_t want[X8_SHA256_LEN], const uint8_t *have,
                   struct x8_error *err)
{
    char name[200], here[2 * X8_SHA256_LEN + 1], there[2 * X8_SHA256_LEN + 1] = "none";
    x8_clean(name, sizeof(name), node->rel, strlen(node->rel));
    x8_hex(here, want, X8_SHA256_LEN);
    if (have)
        x8_hex(there, have, X8_SHA256_LEN);
    x8_fail(err, X8_E_VERIFY, "%s: what arrived is not what was sent", name);
    x8_error_why(err, "SHA-256 here %s, on the board %s", here, there);
    x8_error_next(err, "try again; if it stays, check the way to the board, and its storage");
    return -X8_E_VERIFY;
}

static int verify_files(struct send *send, struct share *share, struct x8_error *err)
{
    uint8_t(*digests)[X8_SHA256_LEN] = calloc(share->count, sizeof(*digests));
    uint8_t *has = calloc(share->count, 1);
    int rc = digests && has ? board_digests(&send->push->xfer, 1, share->nodes, share->count,
                                            digests, has, err)
                            : internal(err);
    for (size_t i = 0; i < share->count && rc == 0; i++) {
        struct node *node = share->nodes[i];
        if (!node->done || !has[i] || memcmp(digests[i], node->sha256, X8_SHA256_LEN) != 0)
            rc = differs(node, node->sha256, has[i] ? digests[i] : NULL, err);
        xfer_moved(&send->push->xfer, node->size);
    }
    free(digests);
    free(has);
    return rc;
}

static int verify_range(struct send *send, struct share *share, struct x8_error *err)
{
    uint8_t digest[X8_SHA256_LEN];
    int rc = board_range_digest(&send->push->xfer, 1, share->file->rel, share->begin, share->len,
                                digest, err);
    if (rc < 0)
        return rc;
    xfer_moved(&send->push->xfer, share->len);
    if (memcmp(digest, share->sha256, X8_SHA256_LEN) != 0)
        return differs(share->file, share->sha256, digest, err);
    return 0;
}

int share_verify(struct send *send, struct share *share, struct x8_error *err)
{
    if (share->is_whole)
        return 0;
    return share->file ? verify_range(send, share, err) : verify_files(send, share, err);
}
