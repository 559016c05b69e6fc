/*
 * Large files of the board: a range of one, and digests.
 *
 * sha256sum of GNU and busybox compute in plain C on ARM; OpenSSL uses the instructions that the
 * X8's cores have for it and takes a fraction of the time. So its program is asked first where the
 * board has one. It may be missing or refuse, then sha256sum reads again.
 */
#include "session/transfer_board.h"

#define DIGEST                                                                                     \
    "h=$(r openssl dgst -sha256 -r 2>/dev/null)\n"                                                 \
    "[ \"${#h}\" -gt 64 ] || h=$(r sha256sum)\necho \"$h\""

static int internal(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

int board_range_text(struct x8_buf *text, const char *rel, uint64_t begin, uint64_t len,
                     struct x8_error *err)
{
    if (x8_buf_addf(text, "f=./") < 0 || x8_quote(text, rel) < 0 ||
        x8_buf_addf(text, "; dd bs=65536 skip=%llu count=%llu if=\"$f\" 2>/dev/null",
                    (unsigned long long)(begin / RANGE_STEP),
                    (unsigned long long)((len + RANGE_STEP - 1) / RANGE_STEP)) < 0)
        return internal(err);
    return 0;
}

/* `text` has defined r, which feeds its arguments as a command. */
static int ask(struct xfer *xfer, struct x8_buf *text, uint64_t len, uint8_t out[X8_SHA256_LEN],
               int *has, struct x8_error *err)
{
    X8_AUTO_BUF answer = {0};
    if (x8_buf_addf(text, DIGEST) < 0)
        return internal(err);
    int rc =
        xfer_run(xfer, "digests", x8_buf_text(text), NULL, 0, xfer_patience(len), &answer, err);
    if (rc < 0)
        return rc;
    if (answer.len > 2 * X8_SHA256_LEN)
        answer.data[2 * X8_SHA256_LEN] = '\0';
    *has = x8_unhex(out, X8_SHA256_LEN, x8_buf_text(&answer)) == 0;
    return 0;
}

int board_range_digest(struct xfer *xfer, int in_stage, const char *rel, uint64_t begin,
                       uint64_t len, uint8_t out[X8_SHA256_LEN], struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int has = 0, rc = board_begin(&text, xfer, err);
    if (rc == 0 && x8_buf_addf(&text, "%sr() { ", in_stage ? "cd t || exit 1\n" : "") < 0)
        rc = internal(err);
    if (rc == 0)
        rc = board_range_text(&text, rel, begin, len, err);
    if (rc == 0 && x8_buf_addf(&text, " | \"$@\"; }\n") < 0)
        rc = internal(err);
    if (rc == 0)
        rc = ask(xfer, &text, len, out, &has, err);
    return rc < 0 || has ? rc : x8_fail(err, X8_E_LINK, "the board's digest is not readable");
}

int board_file_digest(struct xfer *xfer, const struct node *node, uint8_t out[X8_SHA256_LEN],
                      int *has, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = board_begin(&text, xfer, err);
    if (rc == 0 && (x8_buf_addf(&text, "r() { \"$@\" <./") < 0 || x8_quote(&text, node->rel) < 0 ||
                    x8_buf_addf(&text, "; }\n") < 0))
        rc = internal(err);
    return rc < 0 ? rc : ask(xfer, &text, node->size, out, has, err);
}
