/*
 * Vendor scripts (.uuu): text in, commands out. Grammar and verbs: flash-protocol 4. More tolerant
 * than uuu where that is harmless (BOM, blank lines, indented comments, tabs) and stricter where
 * uuu ends in false success; every deviation is a note with its line, which `explain` shows. Pure:
 * no files, no USB.
 */
#ifndef X8_FLASH_SCRIPT_H
#define X8_FLASH_SCRIPT_H

#include "flash/chips.h"
#include "util/bytes.h"

enum x8_verb {
    X8_VERB_NONE,
    /* any protocol */
    X8_VERB_DONE,
    X8_VERB_DELAY,
    X8_VERB_SHELL,
    X8_VERB_SHELL_LINE /* < */,
    X8_VERB_IF,
    X8_VERB_ERROR,
    /* CFG: */
    X8_VERB_CFG,
    /* SDP, SDPS, SDPU, SDPV */
    X8_VERB_BOOT,
    X8_VERB_DCD,
    X8_VERB_JUMP,
    X8_VERB_RDMEM,
    X8_VERB_WRMEM,
    X8_VERB_WRITE,
    X8_VERB_STATUS,
    X8_VERB_BLOG,
    /* FB (FBK shares ucmd, acmd) */
    X8_VERB_GETVAR,
    X8_VERB_UCMD,
    X8_VERB_ACMD,
    X8_VERB_DOWNLOAD,
    X8_VERB_UPLOAD,
    X8_VERB_FLASH,
    X8_VERB_ERASE,
    X8_VERB_REBOOT,
    X8_VERB_CONTINUE,
    X8_VERB_FB_BOOT,
    X8_VERB_OEM,
    X8_VERB_FLASHING,
    X8_VERB_SET_ACTIVE,
    X8_VERB_CREATE_PARTITION,
    X8_VERB_DELETE_PARTITION,
    X8_VERB_RESIZE_PARTITION,
    X8_VERB_UPDATE_SUPER,
    X8_VERB_CRC,
    X8_VERB_FB_WRITE,
    X8_VERB_SYNC,
    X8_VERB_UCP,
};

/* Options and arguments of one command; only the fields its verb takes are set. Strings belong to
 * the script. */
struct x8_command {
    int line; /* 1-based */
    enum x8_proto proto;
    enum x8_verb verb;
    const char *text; /* the line as written, cleaned, for messages */
    const char *rest; /* everything after the verb and one space, verbatim (ucmd, acmd, sh, error,
                         oem, if ...); a trailing CR is gone */
    int timeout_ms;   /* [-t N], 0 when not given: a minimum, never a maximum */
    const char
        *file; /* -f FILE, or the second argument of flash; uuu's form (may end in slash star) */
    const char *partition; /* flash, erase, ...-logical-partition, update-super */
    const char *variable;  /* getvar, upload -v, option of update-super, ucp: name on the board */
    const char *format;    /* crc, write */
    /* value: wrmem, and the size of a logical partition; split: flash -S. Defaults: bits 32, blksz
     * 512, each 64 MiB. */
    uint64_t delay_ms, addr, offset, value, scan_limit, seek, skip, each, split;
    uint32_t dcd_addr, blksz;
    unsigned ivt, bits; /* -ivt N, -format N */
    unsigned has_addr : 1, has_ivt : 1, has_offset : 1, has_dcd_addr : 1, has_scan_limit : 1,
        no_jump : 1, clear_dcd : 1, skip_spl : 1, skip_fhdr : 1, scan_term : 1, raw2sparse : 1,
        plugin : 1, barebox : 1, no_bmap : 1, no_stop : 1, if_equal : 1,
        from_board : 1;             /* ucp: from the board to `file` */
    const char *bmap;               /* flash -bmap FILE */
    const char *if_left, *if_right; /* if A == B then CMD; CMD is `then` */
    struct x8_command *then;
    unsigned hidden_risks; /* what the script's own variables add to its text */
    struct x8_chip cfg;    /* CFG: */
};

enum x8_note_level { X8_NOTE_INFO, X8_NOTE_WARN, X8_NOTE_UNSAFE };
struct x8_note {
    int line;
    enum x8_note_level level;
    char text[224];
};

struct x8_script {
    struct x8_command *commands; /* file order */
    size_t count;
    struct x8_note *notes;
    size_t note_count;
    uint32_t version[3]; /* of the uuu_version line, 0.0.0 when missing */
    void *arena;         /* owns all strings */
};

struct x8_script_options {
    /* value of an environment variable for `@ NAME` lines, or NULL; called while parsing. NULL
     * function: unknown. */
    const char *(*getenv)(void *ctx, const char *name);
    void *ctx;
    int is_command_line; /* a single command: no uuu_version line needed */
};

/* 1 when the bytes start as a script (after BOM and blank lines: uuu_version, or a known protocol
 * word with colon). */
int x8_script_is(struct x8_span text);

/* X8_E_BAD_IMAGE "line N: ..." for what cannot be understood; why and next say what is allowed. */
int x8_script_parse(struct x8_span text, const struct x8_script_options *options,
                    struct x8_script *out, struct x8_error *err);
void x8_script_done(struct x8_script *script);

/* The commands of one protocol in order: i counts matches. NULL past the end, and behind the
 * group's `done`. FASTBOOT: counts as FB:. */
const struct x8_command *x8_script_group(const struct x8_script *script, enum x8_proto proto,
                                         size_t i);

/* The name as written in a script, cut: file part and whether slash star asks for decompression.
 * '>' means relative to the working directory. */
struct x8_file_ref {
    char path[1024];  /* '\' turned to '/', quotes gone */
    char member[512]; /* inner name of archive/inner, or "" */
    int unpack;       /* ended in slash star */
    int from_cwd;     /* started with '>' */
    int is_absolute;
};
int x8_file_ref_parse(const char *text, struct x8_file_ref *out, struct x8_error *err);

/* One sentence in plain words for a command ("writes the image ... to the eMMC user area"). Pure.
 */
void x8_command_words(const struct x8_command *command, char out[512]);
const char *x8_verb_name(enum x8_verb verb);

/* What a command may do that cannot be undone or reaches outside the board: bits for confirmation
 * and explain. */
enum {
    X8_RISK_HOST = 1 /* runs on this computer */,
    X8_RISK_FUSE = 2 /* fuses and settings that can be set once: fuse prog, fiohab_close; -y alone
                        does not agree to them */
    ,
    X8_RISK_ERASE = 4
};
unsigned x8_command_risks(const struct x8_command *command);

#endif
