/*
 * The SDP commands. Each is a block, for some a data phase, and an acknowledgement; only a jump has
 * its own rules.
 */
#include "flash/sdp_wire.h"

#include <inttypes.h>

#define JUMP_WATCH_MS 1000 /* a refusal comes at once; a board that starts is gone or silent */

static const uint32_t word_file = 0x88888888, word_written = 0x128a8a12, word_skipped = 0x900dd009;

static int is_hab_failure(uint32_t word)
{
    return (word & 0xff) == 0x33 || (word & 0xff) == 0x69;
}

/* The word must be `expected`. */
static int acknowledged(struct x8_sdp *sdp, uint16_t cmd, uint32_t expected, struct x8_error *err)
{
    uint8_t came[5] = {4};
    uint32_t word;
    char hex[3 * 8 + 1], wanted[3 * 8 + 1], hab[160] = "";
    int rc = x8_sdp_word_of(sdp, cmd, &word, err);

    if (rc < 0 || word == expected)
        return rc;
    x8_put_le32(came + 1, word);
    x8_sdp_hex(hex, came + 1, 4);
    if (is_hab_failure(word))
        x8_hab_text(hab, word);
    rc = x8_fail(err, X8_E_REFUSED, "%s did not acknowledge %s", x8_sdp_who(sdp),
                 x8_sdp_command_name(cmd));
    x8_put_le32(came + 1, expected);
    x8_sdp_hex(wanted, came + 1, 4);
    x8_error_why(err, "it answered %s, expected %s%s%s", hex, wanted,
                 hab[0] ? "; as HAB status: " : "", hab);
    x8_error_next(err, "power-cycle the board and try again; if it stays, check that the loader is "
                       "made for this board");
    return rc;
}

static int bad_range(const struct x8_sdp *sdp, uint32_t addr, struct x8_span data,
                     struct x8_error *err)
{
    if (data.len == 0)
        return x8_fail(err, X8_E_BAD_IMAGE, "nothing to send to %s: the range is empty",
                       x8_sdp_who(sdp));
    if (!x8_fits(addr, data.len, UINT64_C(1) << 32))
        return x8_fail(err, X8_E_BAD_IMAGE,
                       "%zu bytes at address 0x%08" PRIx32 " pass the end of 32-bit memory",
                       data.len, addr);
    return 0;
}

int x8_sdp_write(struct x8_sdp *sdp, uint32_t addr, struct x8_span data, struct x8_error *err)
{
    size_t limit = sdp->rom->segment ? sdp->rom->segment : data.len;
    int rc = bad_range(sdp, addr, data, err);

    for (size_t at = 0; rc == 0 && at < data.len; at += limit) {
        size_t part = data.len - at < limit ? data.len - at : limit;
        struct x8_sdp_block block = {
            .command = X8_SDP_WRITE_FILE, .address = addr + (uint32_t)at, .count = (uint32_t)part};

        rc = x8_sdp_command(sdp, &block, err);
        if (rc == 0)
            rc = x8_sdp_send_data(sdp, X8_SDP_WRITE_FILE, (struct x8_span){data.data + at, part},
                                  at, data.len, err);
        if (rc == 0)
            rc = acknowledged(sdp, X8_SDP_WRITE_FILE, word_file, err);
    }
    return rc;
}

int x8_sdp_write_unanswered(struct x8_sdp *sdp, uint32_t addr, struct x8_span data,
                            struct x8_error *err)
{
    struct x8_sdp_block block = {
        .command = X8_SDP_WRITE_FILE, .address = addr, .count = (uint32_t)data.len};
    int rc = bad_range(sdp, addr, data, err);

    if (rc == 0)
        rc = x8_sdp_command(sdp, &block, err);
    return rc < 0 ? rc : x8_sdp_send_data(sdp, X8_SDP_WRITE_FILE, data, 0, data.len, err);
}

int x8_sdp_dcd_write(struct x8_sdp *sdp, uint32_t addr, struct x8_span dcd, struct x8_error *err)
{
    struct x8_sdp_block block = {
        .command = X8_SDP_DCD_WRITE, .address = addr, .count = (uint32_t)dcd.len};
    struct x8_sdp quiet = *sdp; /* progress counts loaders, not what prepares them */
    int rc = bad_range(sdp, addr, dcd, err);

    quiet.on_data = NULL;
    if (rc == 0)
        rc = x8_sdp_command(sdp, &block, err);
    if (rc == 0)
        rc = x8_sdp_send_data(&quiet, X8_SDP_DCD_WRITE, dcd, 0, dcd.len, err);
    return rc < 0 ? rc : acknowledged(sdp, X8_SDP_DCD_WRITE, word_written, err);
}

int x8_sdp_skip_dcd(struct x8_sdp *sdp, struct x8_error *err)
{
    struct x8_sdp_block block = {.command = X8_SDP_SKIP_DCD};
    int rc = x8_sdp_command(sdp, &block, err);

    return rc < 0 ? rc : acknowledged(sdp, X8_SDP_SKIP_DCD, word_skipped, err);
}

int x8_sdp_status(struct x8_sdp *sdp, uint32_t *out_word, struct x8_error *err)
{
    struct x8_sdp_block block = {.command = X8_SDP_ERROR_STATUS};
    int rc = x8_sdp_command(sdp, &block, err);

    return rc < 0 ? rc : x8_sdp_word_of(sdp, X8_SDP_ERROR_STATUS, out_word, err);
}

static int bad_bits(unsigned bits, struct x8_error *err)
{
    if (bits == 8 || bits == 16 || bits == 32)
        return 0;
    return x8_fail(err, X8_E_USAGE, "a register of %u bits: 8, 16 and 32 are possible", bits);
}

int x8_sdp_read_register(struct x8_sdp *sdp, uint32_t addr, unsigned bits, uint32_t *out,
                         struct x8_error *err)
{
    struct x8_sdp_block block = {.command = X8_SDP_READ_REGISTER,
                                 .address = addr,
                                 .format = (uint8_t)bits,
                                 .count = bits / 8};
    uint32_t word;
    int rc = bad_bits(bits, err);

    if (rc == 0)
        rc = x8_sdp_command(sdp, &block, err);
    if (rc == 0)
        rc = x8_sdp_word_of(sdp, X8_SDP_READ_REGISTER, &word, err);
    if (rc < 0)
        return rc;
    *out = bits == 32 ? word : word & ((UINT32_C(1) << bits) - 1);
    return 0;
}

int x8_sdp_write_register(struct x8_sdp *sdp, uint32_t addr, unsigned bits, uint32_t value,
                          struct x8_error *err)
{
    struct x8_sdp_block block = {.command = X8_SDP_WRITE_REGISTER,
                                 .address = addr,
                                 .format = (uint8_t)bits,
                                 .count = bits / 8,
                                 .data = value};
    int rc = bad_bits(bits, err);

    if (rc == 0)
        rc = x8_sdp_command(sdp, &block, err);
    return rc < 0 ? rc : acknowledged(sdp, X8_SDP_WRITE_REGISTER, word_written, err);
}

static int hab_refusal(const struct x8_sdp *sdp, uint32_t addr, uint32_t word, struct x8_error *err)
{
    char hab[160];
    int rc = x8_fail(err, X8_E_REFUSED, "%s refused to start the loader at 0x%08" PRIx32,
                     x8_sdp_who(sdp), addr);

    x8_hab_text(hab, word);
    x8_error_why(err, "the board is %s and says: %s",
                 sdp->is_closed ? "closed (it starts signed loaders only)" : "open", hab);
    x8_error_next(err, "%s",
                  sdp->is_closed ? "use a loader signed with the key this board was closed with"
                                 : "check that the loader file is whole and made for this board");
    return rc;
}

/*
 * Report 3 of a jump. 1 when it came, 0 when the board left before it could be read. A board that
 * leaves can show as a transfer error first: one more read tells it from a bad link.
 */
static int jump_state(struct x8_sdp *sdp, struct x8_error *err)
{
    uint8_t bytes[X8_SDP_ANSWER_CAP];
    ssize_t len = x8_sdp_answer(sdp, bytes, sdp->timeout_ms, err);
    int rc;

    if (len == -X8_E_LINK && x8_sdp_answer(sdp, bytes, JUMP_WATCH_MS, NULL) == -X8_E_GONE)
        return 0;
    if (len == -X8_E_GONE)
        return 0;
    if (len < 0)
        return x8_sdp_broken(sdp, X8_SDP_JUMP_ADDRESS, "answer of", (int)len, err);
    rc = x8_sdp_take_state(sdp, X8_SDP_JUMP_ADDRESS, (struct x8_span){bytes, (size_t)len}, err);
    return rc < 0 ? rc : 1;
}

int x8_sdp_jump(struct x8_sdp *sdp, uint32_t addr, struct x8_error *err)
{
    struct x8_sdp_block block = {.command = X8_SDP_JUMP_ADDRESS, .address = addr};
    uint8_t bytes[X8_SDP_ANSWER_CAP];
    uint32_t word;
    ssize_t len;
    int rc = x8_sdp_command(sdp, &block, err);

    if (rc < 0)
        return rc;
    rc = jump_state(sdp, err);
    if (rc <= 0)
        return rc;
    /* Only a report says no. Gone, silent or a torn transfer is how a board looks that has left its
     * ROM; whether the next stage comes is for the caller to see. */
    len = x8_sdp_answer(sdp, bytes, JUMP_WATCH_MS, err);
    if (len == -X8_E_STOPPED || len == -X8_E_TERMINATED)
        return (int)len;
    if (len <= 0)
        return 0;
    rc = x8_sdp_take_word(sdp, X8_SDP_JUMP_ADDRESS, 4, (struct x8_span){bytes, (size_t)len}, &word,
                          err);
    if (rc < 0)
        return rc;
    return (word & 0xff) == 0xf0 ? 0 : hab_refusal(sdp, addr, word, err);
}
