/*
 * Whole boot images over SDP: device configuration (DCD), load, skip or clear the DCD, jump.
 */
#include "flash/sdp_wire.h"

#include <string.h>

/* The first IVT of a file. */
static int find_ivt(struct x8_span file, uint64_t scan_limit, struct x8_ivt *ivt,
                    struct x8_error *err)
{
    struct x8_ivt_search search = {.limit = scan_limit};

    return x8_ivt_find(file, &search, ivt, err);
}

static int write_dcd(struct x8_sdp *sdp, const struct x8_ivt *ivt,
                     const struct x8_boot_options *options, struct x8_error *err)
{
    uint32_t addr = options->has_dcd_addr ? options->dcd_addr : sdp->rom->free_addr;

    return ivt->dcd_bytes.len ? x8_sdp_dcd_write(sdp, addr, ivt->dcd_bytes, err) : 0;
}

/*
 * Overwrite the start of the loaded image with its own bytes and a DCD address of 0. A whole report
 * is sent, since some ROMs store whole reports and padding would damage the code behind the IVT.
 */
static int clear_loaded_dcd(struct x8_sdp *sdp, const struct x8_ivt *ivt, struct x8_error *err)
{
    struct x8_sdp quiet = *sdp; /* no progress: the loader has been counted */
    uint8_t head[1024];
    int rc;
    size_t len = ivt->load.len < sdp->rom->report_len ? ivt->load.len : sdp->rom->report_len;

    memcpy(head, ivt->load.data, len);
    x8_put_le32(head + 12, 0);
    quiet.on_data = NULL;
    rc = x8_sdp_write(&quiet, ivt->self, (struct x8_span){head, len}, err);
    sdp->is_closed = quiet.is_closed;
    return rc;
}

int x8_sdp_ivt_jump(struct x8_sdp *sdp, const struct x8_ivt *ivt, int clear_dcd,
                    struct x8_error *err)
{
    int rc = 0;

    if (sdp->rom->dcd == X8_DCD_CLEAR || clear_dcd)
        rc = clear_loaded_dcd(sdp, ivt, err);
    else if (sdp->rom->dcd == X8_DCD_SKIP)
        rc = x8_sdp_skip_dcd(sdp, err);
    return rc < 0 ? rc : x8_sdp_jump(sdp, ivt->self, err);
}

/* barebox carries its name where other loaders have zeros. */
static int is_barebox(struct x8_span file)
{
    static const char name[] = "barebox";

    return x8_fits(0x20, sizeof name - 1, file.len) &&
           memcmp(file.data + 0x20, name, sizeof name - 1) == 0;
}

/* The running first stage of barebox takes everything from its code start on, and starts it without
 * an answer. */
static int second_stage(struct x8_sdp *sdp, struct x8_span file, const struct x8_ivt *ivt,
                        struct x8_error *err)
{
    uint64_t at = ivt->offset + (ivt->entry - ivt->self);

    if (ivt->entry < ivt->self || at >= file.len)
        return x8_fail(err, X8_E_BAD_IMAGE, "the barebox image has its entry outside the file");
    return x8_sdp_write_unanswered(sdp, 0,
                                   (struct x8_span){file.data + at, (size_t)(file.len - at)}, err);
}

int x8_sdp_boot(struct x8_sdp *sdp, struct x8_span file, const struct x8_boot_options *options,
                struct x8_error *err)
{
    struct x8_ivt ivt;
    int rc = find_ivt(file, options->scan_limit, &ivt, err);

    if (rc < 0)
        return rc;
    if (ivt.load.len == 0)
        return x8_fail(err, X8_E_BAD_IMAGE,
                       "the boot image does not say how long it is: its IVT has "
                       "no boot data");
    rc = write_dcd(sdp, &ivt, options, err);
    if (rc == 0)
        rc = x8_sdp_write(sdp, ivt.self, ivt.load, err);
    if (rc == 0 && !options->no_jump)
        rc = x8_sdp_ivt_jump(sdp, &ivt, options->clear_dcd, err);
    if (rc == 0 && !options->no_jump && sdp->rom->two_stage &&
        (options->barebox || is_barebox(file)))
        rc = second_stage(sdp, file, &ivt, err);
    return rc;
}
