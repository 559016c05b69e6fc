/*
 * The SDP dialogue as packets: a command block (report 1), for some commands data (report 2), then
 * the security state (report 3) and a word (report 4). Order and ids are fixed; anything else is an
 * error that shows the bytes. Nothing is ever sent twice.
 */
#include "flash/sdp_wire.h"

#include "util/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REPORT_MAX (1 + 1024)
#define STOP_EVERY 256 /* data reports between two looks at the stop token */

static const char again[] =
    "power-cycle the board and try again; if it stays, try another cable or "
    "port and check that the loader is made for this board";
static const uint32_t state_open = 0x56787856, state_closed = 0x12343412;

const char *x8_sdp_command_name(uint16_t command)
{
    switch (command) {
    case X8_SDP_READ_REGISTER:
        return "READ_REGISTER";
    case X8_SDP_WRITE_REGISTER:
        return "WRITE_REGISTER";
    case X8_SDP_WRITE_FILE:
        return "WRITE_FILE";
    case X8_SDP_ERROR_STATUS:
        return "ERROR_STATUS";
    case X8_SDP_DCD_WRITE:
        return "DCD_WRITE";
    case X8_SDP_JUMP_ADDRESS:
        return "JUMP_ADDRESS";
    default:
        return "SKIP_DCD_HEADER";
    }
}

const char *x8_sdp_who(const struct x8_sdp *sdp)
{
    return strncmp(sdp->rom->name, "SPL", 3) == 0 ? "the SPL" : "the boot ROM";
}

int x8_sdp_limit(const struct x8_sdp *sdp, int timeout_ms)
{
    int64_t deadline = sdp->op ? sdp->op->deadline : X8_NO_DEADLINE;
    int left = x8_deadline_left(deadline, timeout_ms > 0 ? timeout_ms : 1);

    return left > 0 ? left : 1;
}

static const char half_done[] =
    "power-cycle the board before the next try: it may wait for the rest of the loader";

/* Prefix of transport errors. */
int x8_sdp_broken(const struct x8_sdp *sdp, uint16_t command, const char *doing, int rc,
                  struct x8_error *err)
{
    if (!err)
        return rc;
    x8_error_prefix(err, "%s %s %s", x8_sdp_command_name(command), doing, x8_sdp_who(sdp));
    if (!err->next[0] && (err->code == X8_E_TIMEOUT || err->code == X8_E_LINK))
        x8_error_next(err, "%s", again);
    if (!err->next[0] && (rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED))
        x8_error_next(err, "%s", half_done);
    return rc;
}

int x8_sdp_command(struct x8_sdp *sdp, const struct x8_sdp_block *block, struct x8_error *err)
{
    uint8_t report[17] = {1};
    int rc = x8_cancel_check(sdp->op ? sdp->op->cancel : NULL, X8_CANCEL_SOFT, err);

    if (rc < 0)
        return rc;
    x8_put_be16(report + 1, block->command);
    x8_put_be32(report + 3, block->address);
    report[7] = block->format;
    x8_put_be32(report + 8, block->count);
    x8_put_be32(report + 12, block->data);
    x8_emit(sdp->op, X8_EV_TRACE, "> %s 0x%08" PRIx32 " %" PRIu32,
            x8_sdp_command_name(block->command), block->address, block->count);
    rc =
        x8_send(sdp->link, sdp->op, report, sizeof report, x8_sdp_limit(sdp, sdp->timeout_ms), err);
    return rc < 0 ? x8_sdp_broken(sdp, block->command, "to", rc, err) : 0;
}

static int stopped_in_data(struct x8_sdp *sdp, size_t reports, struct x8_error *err)
{
    int rc = 0;

    if (reports % STOP_EVERY == 0)
        rc = x8_cancel_check(sdp->op ? sdp->op->cancel : NULL, X8_CANCEL_SOFT, err);
    if (rc < 0)
        x8_error_next(err, "%s", half_done);
    return rc;
}

int x8_sdp_stream(struct x8_sdp *sdp, struct x8_span data, uint64_t before, uint64_t total,
                  size_t *out_sent, struct x8_error *err)
{
    uint8_t report[REPORT_MAX] = {2};
    size_t payload = sdp->rom->report_len, sent = 0, reports = 0;

    *out_sent = 0;
    while (sent < data.len) {
        size_t part = data.len - sent < payload ? data.len - sent : payload;
        int rc = reports ? stopped_in_data(sdp, reports, err) : 0;

        if (rc < 0)
            return rc;
        memcpy(report + 1, data.data + sent, part);
        /* The board stores the whole last report: what follows the file must not be leftovers. */
        memset(report + 1 + part, 0, payload - part);
        rc = x8_send(sdp->link, sdp->op, report, 1 + payload, x8_sdp_limit(sdp, sdp->timeout_ms),
                     err);
        if (rc < 0)
            return rc;
        reports++;
        sent += part;
        *out_sent = sent;
        if (sdp->on_data)
            sdp->on_data(sdp->ctx, before + sent, total);
    }
    return 0;
}

int x8_sdp_send_data(struct x8_sdp *sdp, uint16_t cmd, struct x8_span data, uint64_t before,
                     uint64_t total, struct x8_error *err)
{
    size_t sent;
    int rc = x8_sdp_stream(sdp, data, before, total, &sent, err);
    char doing[64];

    if (rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED)
        x8_error_next(err, "%s", half_done);
    if (rc == 0 || rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED)
        return rc;
    snprintf(doing, sizeof doing, "after %" PRIu64 " of %" PRIu64 " bytes to", before + sent,
             total);
    return x8_sdp_broken(sdp, cmd, doing, rc, err);
}

void x8_sdp_hex(char out[3 * 8 + 1], const uint8_t *bytes, size_t len)
{
    out[0] = '\0';
    for (size_t i = 0; i < len && i < 8; i++)
        snprintf(out + 3 * i, 4, "%02x ", bytes[i]);
    if (len)
        out[3 * (len < 8 ? len : 8) - 1] = '\0';
}

/* An answer that has the wrong form: `expected` says what should have come. */
static int strange(const struct x8_sdp *sdp, uint16_t cmd, enum x8_code code, struct x8_span report,
                   const char *expected, struct x8_error *err)
{
    char hex[3 * 8 + 1];
    int rc = x8_fail(err, code, "%s gave a %s answer to %s", x8_sdp_who(sdp),
                     code == X8_E_LINK ? "cut" : "wrong", x8_sdp_command_name(cmd));

    x8_sdp_hex(hex, report.data, report.len);
    x8_error_why(err, "%zu bytes came: %s%s; expected %s", report.len, report.len ? hex : "none",
                 report.len > 8 ? " ..." : "", expected);
    x8_error_next(err, "%s", again);
    return rc;
}

int x8_sdp_take_word(struct x8_sdp *sdp, uint16_t cmd, uint8_t id, struct x8_span report,
                     uint32_t *out, struct x8_error *err)
{
    const uint8_t *p = report.data;
    char expected[48];

    snprintf(expected, sizeof expected, "report %u with a 4-byte word", id);
    if (report.len > 0 && p[0] != id)
        return strange(sdp, cmd, X8_E_REFUSED, report, expected, err);
    if (report.len < 5)
        return strange(sdp, cmd, X8_E_LINK, report, expected, err);
    *out = x8_get_le32(p + 1);
    x8_emit(sdp->op, X8_EV_TRACE, "< report %u: %02x %02x %02x %02x", id, p[1], p[2], p[3], p[4]);
    return 0;
}

int x8_sdp_take_state(struct x8_sdp *sdp, uint16_t cmd, struct x8_span report, struct x8_error *err)
{
    uint32_t word = 0;
    int rc = x8_sdp_take_word(sdp, cmd, 3, report, &word, err);

    if (rc < 0)
        return rc;
    if (word != state_open && word != state_closed)
        return strange(sdp, cmd, X8_E_REFUSED, report,
                       "03 56 78 78 56 (open) or 03 12 34 34 12 (closed)", err);
    sdp->is_closed = word == state_closed;
    return 0;
}

ssize_t x8_sdp_answer(struct x8_sdp *sdp, uint8_t bytes[X8_SDP_ANSWER_CAP], int timeout_ms,
                      struct x8_error *err)
{
    return x8_recv(sdp->link, sdp->op, bytes, X8_SDP_ANSWER_CAP, x8_sdp_limit(sdp, timeout_ms),
                   err);
}

int x8_sdp_word_of(struct x8_sdp *sdp, uint16_t cmd, uint32_t *out, struct x8_error *err)
{
    uint8_t bytes[X8_SDP_ANSWER_CAP];
    ssize_t len = x8_sdp_answer(sdp, bytes, sdp->timeout_ms, err);
    int rc;

    if (len < 0)
        return x8_sdp_broken(sdp, cmd, "answer of", (int)len, err);
    rc = x8_sdp_take_state(sdp, cmd, (struct x8_span){bytes, (size_t)len}, err);
    if (rc < 0)
        return rc;
    len = x8_sdp_answer(sdp, bytes, sdp->timeout_ms, err);
    if (len < 0)
        return x8_sdp_broken(sdp, cmd, "answer of", (int)len, err);
    return x8_sdp_take_word(sdp, cmd, 4, (struct x8_span){bytes, (size_t)len}, out, err);
}
