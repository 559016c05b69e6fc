/*
 * The bytes of a thing, with their digest. Where the name of a thing says its digest, the two are
 * compared; of the others the content was hashed when the bundle was checked, and their size must
 * still be the same.
 */
#include "update/send_parts.h"

#include "util/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int send_read(const struct send *send, uint32_t thing, struct x8_sha256 *sha, uint8_t *block,
              send_bytes_fn *each, void *ctx, uint8_t out[X8_SHA256_LEN], struct x8_error *err)
{
    uint8_t named[X8_SHA256_LEN];
    uint64_t left = send_size(send, thing);
    X8_AUTO_FD fd = send_open(send, thing, err);
    int rc = fd < 0 ? fd : 0;
    /* Up to the end and one read more: a file that grew has changed as well. */
    while (rc == 0) {
        ssize_t n = read(fd, block, XFER_BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || (uint64_t)n > left || (n == 0 && left))
            rc = send_changed(send, thing, err);
        if (n <= 0)
            break;
        left -= (uint64_t)n;
        x8_sha256_add(sha, block, (size_t)n);
        if (rc == 0 && each)
            rc = each(ctx, block, (size_t)n, err);
        if (rc == 0 && atomic_load(&send->xfer.stopping))
            rc = x8_fail(err, X8_E_STOPPED, "stopped because another part failed");
    }
    x8_sha256_take(sha, out);
    if (rc == 0 && send_knows_digest(send, thing, named) && memcmp(named, out, sizeof(named)) != 0)
        rc = send_changed(send, thing, err);
    return rc;
}
