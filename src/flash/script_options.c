/*
 * Where the value of an option goes in a command.
 */
#include "flash/script_parser.h"

void x8_sp_set_flag(struct x8_command *c, enum x8_script_opt opt)
{
    switch (opt) {
    case X8_SO_NO_JUMP:
        c->no_jump = 1;
        break;
    case X8_SO_CLEAR_DCD:
        c->clear_dcd = 1;
        break;
    case X8_SO_BAREBOX:
    case X8_SO_BAREBOX_BL33:
        c->barebox = 1;
        break;
    case X8_SO_SKIP_SPL:
        c->skip_spl = 1;
        break;
    case X8_SO_SKIP_FHDR:
        c->skip_fhdr = 1;
        break;
    case X8_SO_SCAN_TERM:
    case X8_SO_FLASH_SCAN_TERM:
        c->scan_term = 1;
        break;
    case X8_SO_PLUGIN:
        c->plugin = 1;
        break;
    case X8_SO_RAW2SPARSE:
        c->raw2sparse = 1;
        break;
    case X8_SO_NO_BMAP:
        c->no_bmap = 1;
        break;
    case X8_SO_NO_STOP:
        c->no_stop = 1;
        break;
    default:
        break;
    }
}

static void set_cfg_number(struct x8_chip *cfg, enum x8_script_opt opt, uint16_t n)
{
    switch (opt) {
    case X8_SO_VID:
        cfg->vid = n;
        break;
    case X8_SO_PID:
        cfg->pid = n;
        break;
    case X8_SO_BCD_VERSION:
        cfg->bcd_min = n;
        cfg->bcd_max = n;
        break;
    case X8_SO_BCD_MIN:
        cfg->bcd_min = n;
        break;
    case X8_SO_BCD_MAX:
        cfg->bcd_max = n;
        break;
    default:
        break;
    }
}

void x8_sp_set_number(struct x8_command *c, enum x8_script_opt opt, uint64_t n)
{
    switch (opt) {
    case X8_SO_DCD_ADDR:
        c->dcd_addr = (uint32_t)n;
        c->has_dcd_addr = 1;
        break;
    case X8_SO_SCAN_LIMIT:
    case X8_SO_FLASH_SCAN_LIMIT:
        c->scan_limit = n;
        c->has_scan_limit = 1;
        break;
    case X8_SO_IVT:
        c->ivt = (unsigned)n;
        c->has_ivt = 1;
        break;
    case X8_SO_ADDR:
        c->addr = n;
        c->has_addr = 1;
        break;
    case X8_SO_OFFSET:
        c->offset = n;
        c->has_offset = 1;
        break;
    case X8_SO_BITS:
        c->bits = (unsigned)n;
        break;
    case X8_SO_VALUE:
        c->value = n;
        break;
    case X8_SO_SPLIT:
        c->split = n;
        break;
    case X8_SO_BLKSZ:
        c->blksz = (uint32_t)n;
        break;
    case X8_SO_EACH:
        c->each = n;
        break;
    case X8_SO_SEEK:
        c->seek = n;
        break;
    case X8_SO_SKIP:
        c->skip = n;
        break;
    default:
        set_cfg_number(&c->cfg, opt, (uint16_t)n);
        break;
    }
}
