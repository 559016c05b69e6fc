/*
 * Pushing a stream of unknown length as one file: blocks of a known length are appended to a file
 * in the temporary folder, since a daemon without half-close cannot be told where a stream ends.
 */
#include "session/push_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t)8 << 20)

struct feed {
    struct xfer xfer;
    struct place place;
    struct x8_reader *input;
    uint8_t *block;
    struct x8_sha256 *sha;
    unsigned mode;
    uint64_t sent;
};

static int internal(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

static int find_place(struct feed *feed, const char *target, struct x8_error *err)
{
    struct place *place = &feed->place;
    size_t len = strlen(target);
    if (len == 0 || target[len - 1] == '/') {
        x8_fail(err, X8_E_USAGE, "%.200s: a stream needs the name of a file",
                len ? target : "an empty name");
        return -X8_E_USAGE;
    }
    int rc = place_look(&feed->xfer, target, NULL, 0, place, err);
    if (rc < 0)
        return rc;
    if (place->kind == PLACE_DIR)
        return x8_fail(err, X8_E_USAGE, "%.200s: a folder; a stream needs the name of a file",
                       target);
    if (place->kind == PLACE_OTHER || place->kind == PLACE_NO_DIR || strchr(place->rest, '/'))
        return x8_fail(err, X8_E_REFUSED, "%.200s: %s", target,
                       place->kind == PLACE_OTHER ? "neither a file nor a folder on the board"
                                                  : "the folder around it is not on the board");
    feed->xfer.anchor = strdup(place->anchor);
    return feed->xfer.anchor ? 0 : internal(err);
}

static int send_block(struct feed *feed, size_t len, struct x8_error *err)
{
    struct xfer *xfer = &feed->xfer;
    X8_AUTO_BUF text = {0};
    int rc = board_begin(&text, xfer, err);
    if (rc == 0 &&
        (x8_buf_addf(&text, "umask 077; cat >>t/") < 0 || x8_quote(&text, feed->place.rest) < 0))
        rc = internal(err);
    if (rc == 0)
        rc = xfer_run(xfer, "write on the board", x8_buf_text(&text), feed->block, len,
                      xfer_patience(len), NULL, err);
    if (rc == 0) {
        feed->sent += len;
        xfer_moved(xfer, len);
    }
    return rc;
}

static int send_all(struct feed *feed, struct x8_error *err)
{
    xfer_enter(&feed->xfer, "send", 0);
    for (;;) {
        ssize_t n = x8_read_full(feed->input, feed->block, BLOCK, err);
        int rc = n < 0 ? (int)n : x8_cancel_check(feed->xfer.op.cancel, X8_CANCEL_SOFT, err);
        if (rc < 0)
            return rc;
        if (n == 0 && feed->sent)
            return 0;
        x8_sha256_add(feed->sha, feed->block, (size_t)n);
        rc = send_block(feed, (size_t)n, err);
        if (rc < 0 || (size_t)n < BLOCK)
            return rc;
    }
}

/* The digest is compared on the board, by the command that renames. */
static int finish(struct feed *feed, const char *hex, struct x8_error *err)
{
    struct xfer *xfer = &feed->xfer;
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF answer = {0};
    xfer_enter(xfer, "verify", feed->sent);
    int rc = board_begin(&text, xfer, err);
    int bad = rc == 0 && (x8_buf_addf(&text, "f=t/") < 0 || x8_quote(&text, feed->place.rest) < 0);
    bad = bad || (rc == 0 &&
                  x8_buf_addf(&text,
                              "\nh=$(sha256sum <\"$f\") || exit 1\n"
                              "if [ \"${h%%%% *}\" != %s ]; then echo \"${h%%%% *}\"; exit 0; fi\n"
                              "chmod %04o \"$f\" && mv -f \"$f\" ../ && cd -P .. && rm -rf ./%s",
                              hex, feed->mode, xfer->stage) < 0);
    if (bad)
        rc = internal(err);
    xfer_hold(xfer, 1);
    if (rc == 0)
        rc = xfer_run(xfer, "put into place", x8_buf_text(&text), NULL, 0,
                      xfer_patience(feed->sent), &answer, err);
    if (rc < 0 || answer.len == 0)
        return rc;
    char there[80];
    x8_clean(there, sizeof(there), answer.data, answer.len - 1);
    x8_fail(err, X8_E_VERIFY, "%.200s: what arrived is not what was sent", feed->place.rest);
    x8_error_why(err, "SHA-256 here %s, on the board %s", hex, there);
    x8_error_next(err, "try again; if it stays, check the way to the board, and its storage");
    return -X8_E_VERIFY;
}

static int run(struct feed *feed, const char *target, struct x8_transferred *out,
               struct x8_error *err)
{
    uint8_t digest[X8_SHA256_LEN];
    int rc = find_place(feed, target, err);
    if (rc < 0)
        return xfer_verdict(&feed->xfer, rc, err);
    rc = board_stage_open(&feed->xfer, target, err);
    if (rc == 0)
        rc = send_all(feed, err);
    if (rc == 0) {
        x8_sha256_take(feed->sha, digest);
        x8_hex(out->sha256, digest, sizeof(digest));
        rc = finish(feed, out->sha256, err);
    }
    if (rc < 0)
        rc = xfer_verdict(&feed->xfer, rc, err);
    board_stage_close(&feed->xfer, rc < 0);
    out->files = out->changed = 1;
    out->bytes = out->sent_bytes = feed->sent;
    return rc;
}

int x8_push_stream(struct x8_session *session, const struct x8_op *op,
                   const struct x8_transfer *job, struct x8_reader *input, unsigned mode,
                   struct x8_transferred *out, struct x8_error *err)
{
    struct feed feed = {.input = input, .mode = mode & 07777};
    int64_t start = x8_now_ms();
    memset(out, 0, sizeof(*out));
    xfer_init(&feed.xfer, session, op, job->root);
    feed.block = malloc(BLOCK);
    feed.sha = x8_sha256_new();
    int rc = feed.block && feed.sha ? run(&feed, job->target, out, err) : internal(err);
    out->took_ms = x8_now_ms() - start;
    free(feed.block);
    x8_sha256_free(&feed.sha);
    place_done(&feed.place);
    xfer_done(&feed.xfer);
    return rc;
}
