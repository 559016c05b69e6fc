/*
 * SDPS, the successor of SDP: the boot image as one stream of reports. The ROM never answers; it
 * starts what it got, or stays silent.
 */
#include "flash/sdp_wire.h"

#include <inttypes.h>
#include <string.h>

#define BAREBOX_IVT 0x8000 /* barebox images keep the room of a partition table in front */

static int has_ivt(struct x8_span file, uint64_t at)
{
    static const uint8_t start[3] = {0xd1, 0x00, 0x20};

    return x8_fits(at, 4, file.len) && memcmp(file.data + at, start, sizeof start) == 0 &&
           (file.data[at + 3] & 0xfe) == 0x40;
}

/* How much of the file from `offset` on the ROM is to get. */
static int stream_size(const struct x8_rom *rom, struct x8_span file, uint64_t offset,
                       uint64_t *out, struct x8_error *err)
{
    *out = file.len - offset;
    /* Other forms than containers (i.MX 28, early loaders of the 8QXP) go out whole. */
    if (rom->to_end || !x8_fits(offset, 4, file.len) || file.data[offset + 3] != 0x87)
        return 0;
    return x8_container_size(file, offset, out, err);
}

/* The command block of the i.MX 28: "BLTC", tag, length, then a download command with its length
 * once more in big endian. */
static int send_bltc(struct x8_sdp *sdp, uint32_t len, struct x8_error *err)
{
    uint8_t report[1 + 31] = {1, 'B', 'L', 'T', 'C'};

    x8_put_le32(report + 5, 1);
    x8_put_le32(report + 9, len);
    report[16] = 2;
    x8_put_be32(report + 17, len);
    return x8_send(sdp->link, sdp->op, report, sizeof report, x8_sdp_limit(sdp, sdp->timeout_ms),
                   err);
}

static int broken(int rc, size_t sent, uint64_t total, struct x8_error *err)
{
    if (!err || rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED)
        return rc;
    x8_error_prefix(err, "loader after %zu of %" PRIu64 " bytes to the boot ROM", sent, total);
    if (!err->next[0] && (err->code == X8_E_TIMEOUT || err->code == X8_E_LINK))
        x8_error_next(err, "power-cycle the board and try again; if it stays, check that the "
                           "loader is made for this chip");
    return rc;
}

int x8_sdps_boot(struct x8_sdp *sdp, struct x8_span file, uint64_t offset, struct x8_error *err)
{
    size_t sent = 0;
    uint64_t size;
    int rc = x8_cancel_check(sdp->op ? sdp->op->cancel : NULL, X8_CANCEL_SOFT, err);

    if (rc < 0)
        return rc;
    if (!has_ivt(file, offset) && x8_fits(offset, BAREBOX_IVT, file.len) &&
        has_ivt(file, offset + BAREBOX_IVT))
        offset += BAREBOX_IVT;
    if (offset >= file.len || file.len - offset > UINT32_MAX)
        return x8_fail(err, X8_E_BAD_IMAGE,
                       "nothing to send: offset 0x%" PRIx64 " in a file of %zu bytes", offset,
                       file.len);
    rc = stream_size(sdp->rom, file, offset, &size, err);
    if (rc < 0)
        return rc;
    x8_emit(sdp->op, X8_EV_TRACE, "> SDPS stream of %" PRIu64 " bytes", size);
    if (sdp->rom->is_bltc)
        rc = send_bltc(sdp, (uint32_t)size, err);
    if (rc == 0)
        rc = x8_sdp_stream(sdp, (struct x8_span){file.data + offset, (size_t)size}, 0, size, &sent,
                           err);
    return rc < 0 ? broken(rc, sent, size, err) : 0;
}
