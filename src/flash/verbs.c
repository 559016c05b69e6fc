/*
 * Verbs and options of vendor scripts: two tables and the searches over them.
 */
#include "flash/verbs.h"

#include "util/attr.h"
#include "util/text.h"

#define O(opt)   X8_SO_BIT(X8_SO_##opt)
#define P(proto) (1u << X8_PROTO_##proto)

enum { ANY = P(SDPS) | P(SDP) | P(SDPU) | P(SDPV) | P(FBK) | P(FB), SPL = P(SDPU) | P(SDPV) };

#define WRITE_OPTS                                                                                 \
    (O(FILE) | O(IVT) | O(ADDR) | O(OFFSET) | O(SKIP_FHDR) | O(SCAN_TERM) | O(SCAN_LIMIT) |        \
     O(BAREBOX_BL33))
#define JUMP_OPTS  (O(FILE) | O(IVT) | O(ADDR) | O(PLUGIN) | O(CLEAR_DCD) | O(SCAN_LIMIT))
#define LOOP_OPTS  (O(FILE) | O(FORMAT) | O(BLKSZ) | O(EACH) | O(SEEK) | O(SKIP) | O(NO_STOP))
#define LOOP_USAGE " -f FILE [-format TEXT] [-blksz N] [-each N] [-seek N] [-skip N] [-nostop]"
#define CFG_OPTS                                                                                   \
    (O(VID) | O(PID) | O(BCD_VERSION) | O(BCD_MIN) | O(BCD_MAX) | O(CHIP) | O(COMPATIBLE))

static const struct x8_verb_row verbs[] = {
    {"done", X8_VERB_DONE, ANY, 0, 0, "", "done"},
    {"delay", X8_VERB_DELAY, ANY, 0, 0, "d", "delay MILLISECONDS"},
    {"sh", X8_VERB_SHELL, ANY, 0, 0, "r", "sh COMMAND"},
    {"shell", X8_VERB_SHELL, ANY, 0, 0, "r", "shell COMMAND"},
    {"<", X8_VERB_SHELL_LINE, ANY, 0, 0, "r", "< COMMAND"},
    {"if", X8_VERB_IF, ANY, 0, 0, "r", "if A == B then COMMAND"},
    {"error", X8_VERB_ERROR, ANY, 0, 0, "R", "error TEXT"},

    {"boot", X8_VERB_BOOT, P(SDPS),
     O(FILE) | O(OFFSET) | O(SKIP_FHDR) | O(SCAN_TERM) | O(SCAN_LIMIT), O(FILE), "",
     "boot -f FILE [-offset N] [-skipfhdr] [-scanterm] [-scanlimited N]"},
    {"boot", X8_VERB_BOOT, P(SDP),
     O(FILE) | O(NO_JUMP) | O(CLEAR_DCD) | O(DCD_ADDR) | O(SCAN_LIMIT) | O(BAREBOX), O(FILE), "",
     "boot -f FILE [-nojump] [-cleardcd] [-dcdaddr N] [-scanlimited N] [-barebox]"},
    {"dcd", X8_VERB_DCD, P(SDP), O(FILE) | O(DCD_ADDR) | O(SCAN_LIMIT), O(FILE), "",
     "dcd -f FILE [-dcdaddr N]"},
    {"jump", X8_VERB_JUMP, P(SDP), JUMP_OPTS, O(FILE), "",
     "jump -f FILE [-ivt N] [-plugin] [-cleardcd] [-scanlimited N]"},
    {"jump", X8_VERB_JUMP, SPL, JUMP_OPTS, 0, "", "jump [-addr N]"},
    {"write", X8_VERB_WRITE, P(SDP) | P(SDPU), WRITE_OPTS, O(FILE), "",
     "write -f FILE [-ivt N] [-addr N] [-offset N] [-skipfhdr] [-scanterm] [-scanlimited N]"},
    {"write", X8_VERB_WRITE, P(SDPV), WRITE_OPTS | O(SKIP_SPL), O(FILE), "",
     "write -f FILE [-ivt N] [-addr N] [-offset N] [-skipspl] [-skipfhdr] [-scanterm]"},
    {"rdmem", X8_VERB_RDMEM, P(SDP), O(ADDR) | O(BITS), O(ADDR), "",
     "rdmem -addr N -format 8|16|32"},
    {"wrmem", X8_VERB_WRMEM, P(SDP), O(ADDR) | O(BITS) | O(VALUE), O(ADDR) | O(VALUE), "",
     "wrmem -addr N -format 8|16|32 -value N"},
    {"status", X8_VERB_STATUS, P(SDP), 0, 0, "", "status"},
    {"blog", X8_VERB_BLOG, P(SDP) | SPL, 0, 0, "", "blog"},

    {"getvar", X8_VERB_GETVAR, P(FB), 0, 0, "v", "getvar NAME"},
    {"ucmd", X8_VERB_UCMD, P(FB) | P(FBK), 0, 0, "r", "ucmd TEXT"},
    {"acmd", X8_VERB_ACMD, P(FB) | P(FBK), 0, 0, "r", "acmd TEXT"},
    {"download", X8_VERB_DOWNLOAD, P(FB), O(FILE), O(FILE), "", "download -f FILE"},
    {"upload", X8_VERB_UPLOAD, P(FB), O(FILE) | O(VARIABLE), O(FILE), "",
     "upload [-v NAME] -f FILE"},
    {"flash", X8_VERB_FLASH, P(FB),
     O(RAW2SPARSE) | O(NO_BMAP) | O(BMAP) | O(FLASH_SCAN_TERM) | O(SPLIT) | O(FLASH_SCAN_LIMIT), 0,
     "pf",
     "flash [-raw2sparse [-no-bmap | -bmap FILE]] [-scanterm] [-S N] [-scanlimited N] "
     "PARTITION FILE"},
    {"erase", X8_VERB_ERASE, P(FB), 0, 0, "p", "erase PARTITION"},
    {"reboot", X8_VERB_REBOOT, P(FB), 0, 0, "R", "reboot"},
    {"continue", X8_VERB_CONTINUE, P(FB), 0, 0, "R", "continue"},
    {"boot", X8_VERB_FB_BOOT, P(FB), 0, 0, "R", "boot"},
    {"oem", X8_VERB_OEM, P(FB), 0, 0, "r", "oem TEXT"},
    {"flashing", X8_VERB_FLASHING, P(FB), 0, 0, "r", "flashing TEXT"},
    {"set_active", X8_VERB_SET_ACTIVE, P(FB), 0, 0, "r", "set_active SLOT"},
    {"create-logical-partition", X8_VERB_CREATE_PARTITION, P(FB), 0, 0, "pn",
     "create-logical-partition NAME SIZE"},
    {"delete-logical-partition", X8_VERB_DELETE_PARTITION, P(FB), 0, 0, "p",
     "delete-logical-partition NAME"},
    {"resize-logical-partition", X8_VERB_RESIZE_PARTITION, P(FB), 0, 0, "pn",
     "resize-logical-partition NAME SIZE"},
    {"update-super", X8_VERB_UPDATE_SUPER, P(FB), 0, 0, "pv", "update-super PARTITION OPTION"},
    {"crc", X8_VERB_CRC, P(FB), LOOP_OPTS, O(FILE), "", "crc" LOOP_USAGE},
    {"write", X8_VERB_FB_WRITE, P(FB), LOOP_OPTS, O(FILE), "", "write" LOOP_USAGE},

    {"sync", X8_VERB_SYNC, P(FBK), 0, 0, "", "sync"},
    {"ucp", X8_VERB_UCP, P(FBK), 0, 0, "fv", "ucp FILE T:PATH, or ucp T:PATH FILE"},

    {"", X8_VERB_CFG, P(CFG), CFG_OPTS, O(VID) | O(PID), "",
     "PROTOCOL: -vid N -pid N [-bcdversion N | -bcdmin N -bcdmax N] [-chip NAME] "
     "[-compatible NAME]"},
};

static const struct x8_script_opt_row opts[] = {
    {"-f", X8_SO_FILE, X8_SO_PATH, 0},
    {"-nojump", X8_SO_NO_JUMP, X8_SO_FLAG, 0},
    {"-cleardcd", X8_SO_CLEAR_DCD, X8_SO_FLAG, 0},
    {"-dcdaddr", X8_SO_DCD_ADDR, X8_SO_NUMBER, UINT32_MAX},
    {"-scanlimited", X8_SO_SCAN_LIMIT, X8_SO_NUMBER, UINT64_MAX},
    {"-barebox", X8_SO_BAREBOX, X8_SO_FLAG, 0},
    {"-barebox-bl33", X8_SO_BAREBOX_BL33, X8_SO_FLAG, 0},
    {"-ivt", X8_SO_IVT, X8_SO_NUMBER, 1000},
    {"-addr", X8_SO_ADDR, X8_SO_NUMBER, UINT32_MAX},
    {"-offset", X8_SO_OFFSET, X8_SO_NUMBER, UINT32_MAX},
    {"-skipspl", X8_SO_SKIP_SPL, X8_SO_FLAG, 0},
    {"-skipfhdr", X8_SO_SKIP_FHDR, X8_SO_FLAG, 0},
    {"-scanterm", X8_SO_SCAN_TERM, X8_SO_FLAG, 0},
    {"-plugin", X8_SO_PLUGIN, X8_SO_FLAG, 0},
    {"-format", X8_SO_BITS, X8_SO_NUMBER, 32},
    {"-value", X8_SO_VALUE, X8_SO_NUMBER, UINT32_MAX},
    {"-v", X8_SO_VARIABLE, X8_SO_TEXT, 0},
    {"-raw2sparse", X8_SO_RAW2SPARSE, X8_SO_FLAG, 0},
    {"-no-bmap", X8_SO_NO_BMAP, X8_SO_FLAG, 0},
    {"-bmap", X8_SO_BMAP, X8_SO_PATH, 0},
    {"-scanterm", X8_SO_FLASH_SCAN_TERM, X8_SO_FLAG, 0},
    {"-S", X8_SO_SPLIT, X8_SO_NUMBER, UINT64_MAX},
    {"-scanlimited", X8_SO_FLASH_SCAN_LIMIT, X8_SO_NUMBER, UINT64_MAX},
    {"-format", X8_SO_FORMAT, X8_SO_TEXT, 0},
    {"-blksz", X8_SO_BLKSZ, X8_SO_NUMBER, 1u << 20},
    {"-each", X8_SO_EACH, X8_SO_NUMBER, 1u << 30},
    {"-seek", X8_SO_SEEK, X8_SO_NUMBER, UINT64_MAX},
    {"-skip", X8_SO_SKIP, X8_SO_NUMBER, UINT64_MAX},
    {"-nostop", X8_SO_NO_STOP, X8_SO_FLAG, 0},
    {"-vid", X8_SO_VID, X8_SO_NUMBER, UINT16_MAX},
    {"-pid", X8_SO_PID, X8_SO_NUMBER, UINT16_MAX},
    {"-bcdversion", X8_SO_BCD_VERSION, X8_SO_NUMBER, UINT16_MAX},
    {"-bcdmin", X8_SO_BCD_MIN, X8_SO_NUMBER, UINT16_MAX},
    {"-bcdmax", X8_SO_BCD_MAX, X8_SO_NUMBER, UINT16_MAX},
    {"-chip", X8_SO_CHIP, X8_SO_TEXT, 0},
    {"-compatible", X8_SO_COMPATIBLE, X8_SO_TEXT, 0},
};

const struct x8_verb_row *x8_verb_row(size_t i)
{
    return i < X8_COUNT(verbs) ? &verbs[i] : NULL;
}

const struct x8_verb_row *x8_verb_find(enum x8_proto proto, const char *name)
{
    for (size_t i = 0; i < X8_COUNT(verbs); i++)
        if (verbs[i].protos & 1u << proto && x8_casecmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

const struct x8_verb_row *x8_verb_anywhere(const char *name)
{
    for (size_t i = 0; i < X8_COUNT(verbs); i++)
        if (x8_casecmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

const char *x8_verb_closest(enum x8_proto proto, const char *name)
{
    const char *words[X8_COUNT(verbs)];
    size_t n = 0;

    for (size_t i = 0; i < X8_COUNT(verbs); i++)
        if (verbs[i].protos & 1u << proto && verbs[i].name[0])
            words[n++] = verbs[i].name;
    return x8_closest(name, words, n);
}

const char *x8_verb_name(enum x8_verb verb)
{
    for (size_t i = 0; i < X8_COUNT(verbs); i++)
        if (verbs[i].verb == verb)
            return verb == X8_VERB_CFG ? "CFG" : verbs[i].name;
    return "";
}

const struct x8_script_opt_row *x8_script_opt_find(uint64_t allowed, const char *name)
{
    for (size_t i = 0; i < X8_COUNT(opts); i++)
        if (allowed & X8_SO_BIT(opts[i].opt) && x8_casecmp(opts[i].name, name) == 0)
            return &opts[i];
    return NULL;
}

const char *x8_script_opt_closest(uint64_t allowed, const char *name)
{
    const char *words[X8_COUNT(opts)];
    size_t n = 0;

    for (size_t i = 0; i < X8_COUNT(opts); i++)
        if (allowed & X8_SO_BIT(opts[i].opt))
            words[n++] = opts[i].name;
    return x8_closest(name, words, n);
}

const char *x8_script_opt_name(enum x8_script_opt opt)
{
    for (size_t i = 0; i < X8_COUNT(opts); i++)
        if (opts[i].opt == opt)
            return opts[i].name;
    return "";
}
