/*
 * The vocabulary of vendor scripts as data: which verbs a protocol knows, which options and
 * operands a verb takes, how it is written. The parser, its error messages and explain read the
 * same rows. Source: the command and option tables of uuu up to 1.5.243.
 */
#ifndef X8_FLASH_VERBS_H
#define X8_FLASH_VERBS_H

#include "flash/script.h"

/* Options of all verbs; a verb takes a set of them. */
enum x8_script_opt {
    X8_SO_FILE, /* -f */
    X8_SO_NO_JUMP,
    X8_SO_CLEAR_DCD,
    X8_SO_DCD_ADDR,
    X8_SO_SCAN_LIMIT,
    X8_SO_BAREBOX,
    X8_SO_BAREBOX_BL33,
    X8_SO_IVT,
    X8_SO_ADDR,
    X8_SO_OFFSET,
    X8_SO_SKIP_SPL,
    X8_SO_SKIP_FHDR,
    X8_SO_SCAN_TERM,
    X8_SO_PLUGIN,
    X8_SO_BITS, /* -format 8|16|32 */
    X8_SO_VALUE,
    X8_SO_VARIABLE,   /* -v */
    X8_SO_RAW2SPARSE, /* the six of flash stand in the order uuu demands */
    X8_SO_NO_BMAP,
    X8_SO_BMAP,
    X8_SO_FLASH_SCAN_TERM,
    X8_SO_SPLIT, /* -S */
    X8_SO_FLASH_SCAN_LIMIT,
    X8_SO_FORMAT, /* -format TEXT */
    X8_SO_BLKSZ,
    X8_SO_EACH,
    X8_SO_SEEK,
    X8_SO_SKIP,
    X8_SO_NO_STOP,
    X8_SO_VID,
    X8_SO_PID,
    X8_SO_BCD_VERSION,
    X8_SO_BCD_MIN,
    X8_SO_BCD_MAX,
    X8_SO_CHIP,
    X8_SO_COMPATIBLE,
};
#define X8_SO_BIT(opt) (UINT64_C(1) << (opt))

enum x8_script_opt_kind { X8_SO_FLAG, X8_SO_NUMBER, X8_SO_TEXT, X8_SO_PATH };

struct x8_script_opt_row {
    const char *name;
    enum x8_script_opt opt;
    enum x8_script_opt_kind kind;
    uint64_t max; /* of a number */
};

struct x8_verb_row {
    const char *name;
    enum x8_verb verb;
    unsigned protos;            /* bits 1 << enum x8_proto */
    uint64_t options, required; /* X8_SO_BIT */
    /* One letter per operand: p partition, f file, v variable, n number, d delay; r the rest of the
     * line, R the rest, may be empty. */
    const char *operands;
    const char *usage; /* after the protocol word */
};

/* The i-th row, NULL past the end. */
const struct x8_verb_row *x8_verb_row(size_t i);
/* The row of a protocol's verb (any case), NULL when the protocol does not know it. */
const struct x8_verb_row *x8_verb_find(enum x8_proto proto, const char *name);
/* The first row with that name in any protocol, or NULL. */
const struct x8_verb_row *x8_verb_anywhere(const char *name);
/* The name of a verb of `proto` that is closest to `name`, or NULL. */
const char *x8_verb_closest(enum x8_proto proto, const char *name);

/* The option with that name (any case) out of the set `allowed`, or NULL. */
const struct x8_script_opt_row *x8_script_opt_find(uint64_t allowed, const char *name);
const char *x8_script_opt_closest(uint64_t allowed, const char *name);
const char *x8_script_opt_name(enum x8_script_opt opt);

#endif
