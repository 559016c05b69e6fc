/*
 * What an earlier try left in the folder is believed when its bytes are what this computer would
 * send: the board reads all of it once. What differs counts as not there and is sent again.
 */
#include "update/send_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

static int add_line(struct send *send, uint32_t thing, struct x8_sha256 *sha, uint8_t *block,
                    struct x8_buf *out, struct x8_error *err)
{
    char rel[SEND_REL], hex[2 * X8_SHA256_LEN + 1];
    uint8_t digest[X8_SHA256_LEN];
    int rc = send_knows_digest(send, thing, digest)
                 ? 0
                 : send_read(send, thing, sha, block, NULL, NULL, digest, err);
    if (rc < 0)
        return rc;
    send_rel(send, thing, rel);
    x8_hex(hex, digest, sizeof(digest));
    return x8_buf_addf(out, "%s  %s\n", hex, rel) < 0 ? x8_fail(err, X8_E_INTERNAL, "out of memory")
                                                      : 0;
}

static int list_of(struct send *send, const struct send_queued *items, size_t count,
                   struct x8_buf *out, struct x8_error *err)
{
    struct x8_sha256 *sha = x8_sha256_new();
    uint8_t *block = malloc(XFER_BLOCK);
    int rc = sha && block ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_line(send, items[i].thing, sha, block, out, err);
    free(block);
    x8_sha256_free(&sha);
    return rc;
}

static int unreadable(struct x8_error *err)
{
    return x8_fail(err, X8_E_LINK, "the board's answer about its files is not readable");
}

/* How many are right, and then those that are not: "NAME: FAILED", with more words behind it where
 * the file cannot be read. */
int send_take_proof(struct send *send, const char *text, size_t sent, struct x8_error *err)
{
    static const char failed[] = ": FAILED";
    char word[24];
    uint64_t good, bad = 0;
    size_t len = strcspn(text, "\n");
    if (len == 0 || len >= sizeof(word) || text[len] != '\n')
        return unreadable(err);
    memcpy(word, text, len);
    word[len] = '\0';
    if (x8_parse_u64(word, &good) < 0 || good > sent)
        return unreadable(err);
    for (const char *line = text + len + 1; *line; bad++) {
        size_t line_len = strcspn(line, "\n"), name = 0;
        for (size_t i = 0; i + sizeof(failed) - 1 <= line_len; i++)
            if (memcmp(line + i, failed, sizeof(failed) - 1) == 0)
                name = i;
        int64_t thing = name ? send_find(send, line, name) : -1;
        if (thing < 0)
            return unreadable(err);
        send->flags[thing] &= (uint8_t)~SEND_STAGED;
        line += line_len + (line[line_len] == '\n');
    }
    return good + bad == sent ? 0 : unreadable(err);
}

static int prove_one(struct send *send, const struct send_queued *items, size_t count,
                     unsigned number, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF names = {0};
    X8_AUTO_BUF answer = {0};
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += send_size(send, items[i].thing);
    int rc = list_of(send, items, count, &names, err);
    if (rc == 0)
        rc = board_begin(&text, &send->xfer, err);
    if (rc == 0 &&
        x8_buf_addf(&text,
                    "export LC_ALL=C; cat >t/l%u || exit 1; o=$PWD/t/l%u; cd -P .. || exit 1\n"
                    "sha256sum -c \"$o\" 2>/dev/null >\"$o.said\"\n"
                    "grep -c ': OK$' \"$o.said\"; grep -v ': OK$' \"$o.said\"\n"
                    "rm -f \"$o\" \"$o.said\"",
                    number, number) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = xfer_run(&send->xfer, "compare the files of an earlier try", x8_buf_text(&text),
                      names.data, names.len, xfer_patience(bytes), &answer, err);
    if (rc == 0)
        rc = send_take_proof(send, x8_buf_text(&answer), count, err);
    if (rc == 0)
        xfer_moved(&send->xfer, bytes);
    return rc;
}

static int work(struct xfer *xfer, void *ctx, unsigned i, struct x8_error *err)
{
    (void)i;
    return send_each_batch(xfer, ctx, prove_one, err);
}

int send_prove(struct send *send, struct x8_error *err)
{
    uint64_t bytes = 0;
    int rc = send_queue(send, 1, err);
    if (rc < 0 || send->queued == 0)
        return rc;
    for (size_t i = 0; i < send->queued; i++)
        bytes += send_size(send, send->queue[i].thing);
    xfer_enter(&send->xfer, "verify", bytes);
    return xfer_crew(&send->xfer, work, send, send->xfer.session->parallel + 1, err);
}
