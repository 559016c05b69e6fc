/*
 * The chip table: USB ids to protocol, and protocol properties of each boot ROM. Order matters: the
 * first row that matches wins. Ids and properties are those NXP's own tool publishes for its chips;
 * names are kept, since scripts refer to them with -chip and -compatible.
 */
#include "flash/chips.h"

#include "util/text.h"

#include <string.h>

static const struct x8_chip builtin_rows[] = {
    {X8_PROTO_SDPS, "MX8QXP", "", 0x1fc9, 0x012f, 0x0002, 0xffff},
    {X8_PROTO_SDPS, "MX8QM", "MX8QXP", 0x1fc9, 0x0129, 0x0002, 0xffff},
    {X8_PROTO_SDPS, "MX8DXL", "MX8QXP", 0x1fc9, 0x0147, 0, 0xffff},
    {X8_PROTO_SDPS, "MX28", "", 0x15a2, 0x004f, 0, 0xffff},
    {X8_PROTO_SDPS, "MX815", "", 0x1fc9, 0x013e, 0, 0xffff},
    {X8_PROTO_SDPS, "MX865", "MX815", 0x1fc9, 0x0146, 0, 0xffff},
    {X8_PROTO_SDPS, "MX8ULP", "MX815", 0x1fc9, 0x014a, 0, 0xffff},
    {X8_PROTO_SDPS, "MX8ULP", "MX815", 0x1fc9, 0x014b, 0, 0xffff},
    {X8_PROTO_SDPS, "MX93", "MX815", 0x1fc9, 0x014e, 0, 0xffff},
    {X8_PROTO_SDPS, "MX91", "MX815", 0x1fc9, 0x0159, 0, 0xffff},
    {X8_PROTO_SDPS, "MX95", "", 0x1fc9, 0x015d, 0, 0xffff},
    {X8_PROTO_SDPS, "MX95", "", 0x1fc9, 0x015c, 0, 0xffff},
    {X8_PROTO_SDPS, "MX943", "MX95", 0x1fc9, 0x0027, 0, 0xffff},
    {X8_PROTO_SDPS, "MX952", "MX95", 0x1fc9, 0x0028, 0, 0xffff},
    {X8_PROTO_SDP, "MX7D", "", 0x15a2, 0x0076, 0, 0xffff},
    {X8_PROTO_SDP, "MX6Q", "", 0x15a2, 0x0054, 0, 0xffff},
    {X8_PROTO_SDP, "MX6D", "MX6Q", 0x15a2, 0x0061, 0, 0xffff},
    {X8_PROTO_SDP, "MX6SL", "MX6Q", 0x15a2, 0x0063, 0, 0xffff},
    {X8_PROTO_SDP, "MX6SX", "MX6Q", 0x15a2, 0x0071, 0, 0xffff},
    {X8_PROTO_SDP, "MX6UL", "MX7D", 0x15a2, 0x007d, 0, 0xffff},
    {X8_PROTO_SDP, "MX6ULL", "MX7D", 0x15a2, 0x0080, 0, 0xffff},
    {X8_PROTO_SDP, "MX6SLL", "MX7D", 0x1fc9, 0x0128, 0, 0xffff},
    {X8_PROTO_SDP, "MX7ULP", "", 0x1fc9, 0x0126, 0, 0xffff},
    {X8_PROTO_SDP, "MXRT106X", "", 0x1fc9, 0x0135, 0, 0xffff},
    {X8_PROTO_SDP, "MX8MM", "MX8MQ", 0x1fc9, 0x0134, 0, 0xffff},
    {X8_PROTO_SDP, "MX8MQ", "MX8MQ", 0x1fc9, 0x012b, 0, 0xffff},
    /* U-Boot's SPL: bcdDevice tells the old dialogue (SDPU) from the new one (SDPV). */
    {X8_PROTO_SDPU, "SPL", "SPL", 0x0525, 0xb4a4, 0x0000, 0x04ff},
    {X8_PROTO_SDPV, "SPL1", "SPL", 0x0525, 0xb4a4, 0x0500, 0x9998},
    {X8_PROTO_SDPV, "SPL1", "SPL", 0x1fc9, 0x0151, 0x0500, 0x9998},
    {X8_PROTO_SDPU, "SPL", "SPL", 0x0525, 0xb4a4, 0x9999, 0x9999},
    {X8_PROTO_SDPU, "SPL", "SPL", 0x3016, 0x1001, 0x0000, 0x04ff},
    {X8_PROTO_SDPV, "SPL1", "SPL", 0x3016, 0x1001, 0x0500, 0x9998},
    {X8_PROTO_FBK, "", "", 0x066f, 0x9afe, 0, 0xffff},
    {X8_PROTO_FBK, "", "", 0x066f, 0x9bff, 0, 0xffff},
    {X8_PROTO_FBK, "", "", 0x1fc9, 0x0153, 0, 0xffff},
    {X8_PROTO_FB, "", "", 0x0525, 0xa4a5, 0, 0xffff},
    {X8_PROTO_FB, "", "", 0x18d1, 0x0d02, 0, 0xffff},
    {X8_PROTO_FB, "", "", 0x3016, 0x0001, 0, 0xffff},
    {X8_PROTO_FB, "", "", 0x1fc9, 0x0152, 0, 0xffff},
    {X8_PROTO_FB, "", "", 0x0483, 0x0afb, 0, 0xffff},
};

#define SEGMENT 0x200000u

static const struct x8_rom roms[] = {
    {.name = "MX6Q",
     .free_addr = 0x00910000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_CLEAR},
    {.name = "MX6D",
     .free_addr = 0x00910000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_CLEAR},
    {.name = "MX6SL",
     .free_addr = 0x00910000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_CLEAR},
    {.name = "MX6UL",
     .free_addr = 0x00910000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_SKIP},
    {.name = "MX6ULL",
     .free_addr = 0x00910000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_SKIP},
    {.name = "MX6SLL",
     .free_addr = 0x00910000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_SKIP},
    {.name = "MX7D",
     .free_addr = 0x00911000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_SKIP},
    {.name = "MX7ULP",
     .free_addr = 0x2f018000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_SKIP},
    {.name = "MXRT106X",
     .free_addr = 0x1000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_SKIP},
    {.name = "MX8MQ",
     .free_addr = 0x00910000,
     .segment = SEGMENT,
     .report_len = 1024,
     .dcd = X8_DCD_SKIP,
     .two_stage = 1},
    {.name = "MX8QXP", .report_len = 1024, .is_stream = 1},
    {.name = "MX28", .report_len = 1024, .is_stream = 1, .is_bltc = 1},
    {.name = "MX815", .report_len = 1020, .is_stream = 1, .out_endpoint = 1, .to_end = 1},
    {.name = "MX95",
     .report_len = 1020,
     .is_stream = 1,
     .out_endpoint = 1,
     .sized_by_container = 1},
    {.name = "SPL", .report_len = 1024},
    {.name = "SPL1", .report_len = 1024},
};

static const struct {
    enum x8_proto proto;
    const char *name;
} protos[] = {
    {X8_PROTO_SDPS, "SDPS:"}, {X8_PROTO_SDP, "SDP:"},     {X8_PROTO_SDPU, "SDPU:"},
    {X8_PROTO_SDPV, "SDPV:"}, {X8_PROTO_FBK, "FBK:"},     {X8_PROTO_FB, "FB:"},
    {X8_PROTO_CFG, "CFG:"},   {X8_PROTO_FB, "FASTBOOT:"},
};

const char *x8_proto_name(enum x8_proto proto)
{
    for (size_t i = 0; i < X8_COUNT(protos); i++)
        if (protos[i].proto == proto)
            return protos[i].name;
    return "none";
}

enum x8_proto x8_proto_of(const char *name)
{
    char word[16];
    size_t len;

    if (!x8_copy(word, sizeof word - 1, name))
        return X8_PROTO_NONE;
    len = strlen(word);
    if (len == 0 || word[len - 1] != ':')
        memcpy(word + len, ":", 2);
    for (size_t i = 0; i < X8_COUNT(protos); i++)
        if (x8_casecmp(word, protos[i].name) == 0)
            return protos[i].proto;
    return X8_PROTO_NONE;
}

int x8_proto_height(enum x8_proto proto)
{
    switch (proto) {
    case X8_PROTO_SDP:
    case X8_PROTO_SDPS:
        return 1;
    case X8_PROTO_SDPU:
    case X8_PROTO_SDPV:
        return 2;
    case X8_PROTO_FB:
        return 3;
    case X8_PROTO_FBK:
        return 4;
    default:
        return 0;
    }
}

void x8_chips_init(struct x8_chips *chips)
{
    _Static_assert(X8_COUNT(builtin_rows) <= X8_CHIPS_MAX, "the built-in rows must fit");
    memcpy(chips->rows, builtin_rows, sizeof builtin_rows);
    chips->count = X8_COUNT(builtin_rows);
}

const struct x8_chip *x8_chips_find(const struct x8_chips *chips, uint16_t vid, uint16_t pid,
                                    uint16_t bcd)
{
    for (size_t i = 0; i < chips->count; i++) {
        const struct x8_chip *row = &chips->rows[i];

        if (row->vid == vid && row->pid == pid && bcd >= row->bcd_min && bcd <= row->bcd_max)
            return row;
    }
    return NULL;
}

static int refuse_overwrite(const struct x8_chip *old, const struct x8_chip *row,
                            struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_REFUSED, "CFG: cannot make %04x:%04x a %s device", row->vid,
                     row->pid, x8_proto_name(row->proto));

    x8_error_why(err,
                 "%04x:%04x is %s%s%s here; with another protocol the board could no longer "
                 "be flashed",
                 old->vid, old->pid, x8_proto_name(old->proto), old->chip[0] ? " " : "", old->chip);
    x8_error_next(err, "remove that CFG: line from the script, or correct its -vid and -pid");
    return rc;
}

int x8_chips_add(struct x8_chips *chips, const struct x8_chip *row, struct x8_error *err)
{
    if (row->bcd_min > row->bcd_max)
        return x8_fail(err, X8_E_USAGE, "CFG: -bcdmin 0x%04x is above -bcdmax 0x%04x", row->bcd_min,
                       row->bcd_max);
    for (size_t i = 0; i < chips->count; i++) {
        struct x8_chip *old = &chips->rows[i];

        if (old->vid != row->vid || old->pid != row->pid || old->bcd_max != row->bcd_max)
            continue;
        if (i < X8_COUNT(builtin_rows) && old->proto != row->proto)
            return refuse_overwrite(old, row, err);
        *old = *row;
        return 0;
    }
    if (chips->count == X8_CHIPS_MAX)
        return x8_fail(err, X8_E_USAGE, "CFG: more than %zu new devices in one script",
                       X8_CHIPS_MAX - X8_COUNT(builtin_rows));
    chips->rows[chips->count++] = *row;
    return 0;
}

static const struct x8_rom *rom_named(const char *name)
{
    for (size_t i = 0; i < X8_COUNT(roms); i++)
        if (name[0] && strcmp(roms[i].name, name) == 0)
            return &roms[i];
    return NULL;
}

const struct x8_rom *x8_rom_of(const struct x8_chip *chip)
{
    const struct x8_rom *rom = rom_named(chip->chip);

    return rom ? rom : rom_named(chip->compatible);
}
