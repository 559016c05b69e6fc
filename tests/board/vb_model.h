/*
 * Inside the virtual board: the state of one board and what its parts offer each other. Nobody
 * outside tests/board includes this; the door is vboard.h.
 *
 * Read in this order: vb_board.c (stages and time), vb_usb.c (descriptors, EP0), vb_sdp.c with
 * vb_boot.c (ROM and SPL), vb_fastboot.c with vb_getvar.c, vb_part.c, vb_flash.c, vb_sparse.c,
 * vb_shell.c with vb_cmd*.c, vb_adb.c (Linux), and below them vb_medium.c, vb_ram.c, vb_env.c,
 * vb_fault.c.
 */
#ifndef VB_MODEL_H
#define VB_MODEL_H

#include "util/bytes.h"
#include "vboard.h"

#include <stdarg.h>

#define VB_SECTOR     512u
#define VB_RAM_BASE   0x40000000u
#define VB_RAM_SIZE   0x80000000u
#define VB_LOADADDR   0x40400000u
#define VB_FB_BUFFER  0x42800000u
#define VB_BOOT_BYTES (4u << 20)
#define VB_EMMC_DEV   2
#define VB_NEVER      INT64_MAX
#define VB_UNREAD_US  300000 /* a host that does not read an answer does not hold the board */

#define VB_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* What vb_new was told. */
struct vb_config {
    enum vb_stage start;
    uint64_t emmc, link, write, read, sum, inflate, noise;
    int64_t gap_us;
    uint32_t maxdl;
    uint64_t group;   /* bytes of the eMMC's erase group, a power of two */
    unsigned blksize; /* answer of logical-block-size; 0: refused */
    int old_ids, full_speed, out_first, loader, closed, usbhid, denied, infoecho, crcv, keep;
    int gzwrite;               /* 0: a loader without the command */
    int erased_ff;             /* erased sectors read as 0xff instead of 0 */
    int own_power;             /* 1: pulling the cable does not take the power away */
    int panic_to_rom;          /* 1: an SPL without a FIT resets into the ROM */
    enum vb_stage after_reset; /* where `reset` leads: the boot switches */
    int plain_class;           /* Linux: device class 0 instead of that of associations */
    int has_adb, adb_first;    /* Linux: the ADB interface, before or behind the serial port */
    int64_t adb_gap_us, down_us;
    char dir[512], log[512], port[32], serial[40], linux_serial[40], product[64], daemon[1024];
};

/* ---- faults: vb_fault.c ---- */

enum vb_action {
    VB_DO_NOTHING,
    VB_DO_STALL,
    VB_DO_STALLIN,
    VB_DO_HANG,
    VB_DO_UNPLUG,
    VB_DO_FAIL,
    VB_DO_WRONGWORD,
    VB_DO_WRONGSEC,
    VB_DO_GARBAGE,
    VB_DO_SHORT,
    VB_DO_DENIED,
    VB_DO_WRITEFAIL,
    VB_DO_READFAIL,
    VB_DO_FLIP,
    VB_DO_ROM,
    VB_DO_NEVER,
    VB_DO_STAY,
    VB_DO_BADHAB,
    VB_DO_CLOSED,
    VB_DO_INFO,
    VB_DO_DEC,
    VB_DO_DOUBLE,
    VB_DO_DELAY,
    VB_DO_SLOW,
};

struct vb_fault {
    enum vb_action action;
    enum vb_stage stage; /* VB_OFF: any */
    char point[24];      /* "", "jump", "connect", "data", or the name of a command */
    char match[48];      /* the command's text must contain this */
    char text[64];
    int has_after;
    uint64_t after;     /* bytes of data phases in this stage */
    unsigned nth, seen; /* n-th matching command */
    int64_t times;      /* how often it may still strike; < 0: no limit */
    int64_t for_us;     /* < 0: for ever */
    int has_place;
    uint64_t place; /* sector or byte */
    int area;       /* 0 user, 1 boot0, 2 boot1 */
    uint64_t rate;  /* bytes per second of VB_DO_SLOW */
};

/* ---- fastboot and SDP state ---- */

enum { VB_JUMP_NONE, VB_JUMP_LEAVE, VB_JUMP_PANIC };

enum vb_reply_kind { VB_BYTES, VB_RAM, VB_HALT };

struct vb_reply {
    enum vb_reply_kind kind;
    uint16_t len;
    uint8_t data[65];
    uint32_t addr, left; /* VB_RAM: what is still to be sent */
    int64_t due_us;
};

#define VB_REPLIES 160

struct vb_sdp {
    int asked;  /* the report descriptor was requested */
    int by_ep0; /* SPL: report 1 came through EP0, the OUT endpoint rests */
    int taking; /* data phase */
    uint16_t cmd;
    uint32_t base, addr, count, got; /* this command */
    uint32_t seg_base, seg_len;      /* contiguous bytes written so far */
    uint32_t fit_base, fit_len;      /* SPL: last file */
    uint32_t hab;                    /* last refusal */
    uint32_t regs[16][2];            /* written registers */
    unsigned reg_count;
};

struct vb_fb {
    int taking; /* download data phase */
    int taking_ucmd;
    uint32_t expected, received;
    uint32_t buffer;
    char cmd[4097];
    size_t cmd_len;
    char acmd[128];
    int acmd_armed; /* runs when OKAY has left */
    int dev;        /* mmc number that flash works on; -1: fastboot_dev is not set */
    int part_count;
    char console[64];
    size_t console_len;
    enum vb_stage after_reply; /* reboot: leaves when the answer was read */
    int leave_after_reply;
};

/* ---- ADB state ---- */

#define VB_ADB_HEADER 24u
#define VB_ADB_IN     (256u << 10) /* bytes of the daemon that wait for the host */
#define VB_ADB_OUT    (256u << 10) /* bytes for the daemon beyond which the host must wait */
#define VB_ADB_LONG   (16u << 20)  /* no payload is as long */

struct vb_adb {
    int is_served, is_deaf; /* deaf: a rule of the framing was broken */
    unsigned link;
    /* From the host: the transfer that is due, and what has come of it. */
    uint8_t out_header[VB_ADB_HEADER];
    int out_payload;
    uint32_t out_due, out_got;
    uint8_t *out;
    size_t out_len, out_cap;
    /* To the host: in[in_at..in_len) waits; so much is left of the transfer under way. */
    int in_payload;
    uint32_t in_left, in_next;
    uint8_t *in;
    size_t in_at, in_len;
};

struct vb_part {
    char name[32];
    uint64_t start, sectors;
    int hwpart;
    int erasable;
    int index; /* of the partition table on the medium, 0: none */
    const char *type;
};
#define VB_PARTS 16

struct vb_var {
    char *name, *value;
};

struct vb_area {
    int fd;
    uint64_t size;
    uint64_t *touched; /* one bit for each sector */
};

struct vb {
    struct vb_config cfg;
    int64_t now;
    enum vb_stage stage;
    unsigned attach;
    int dead;             /* on the bus, but nobody is at home (panic) */
    int64_t hang_until;   /* firmware does not move before this; 0: it does */
    int64_t denied_until; /* node not accessible before this */
    int64_t leave_us, arrive_us;
    enum vb_stage next_stage;
    int64_t next_gap_us;
    int kept;       /* the loader lives on while the cable is out */
    int jump_armed; /* what happens when the last report was read */
    int halted_in, halted_out;
    uint8_t device[18], config[512];
    size_t config_len;

    struct vb_reply replies[VB_REPLIES];
    unsigned reply_head, reply_count;
    int64_t busy_until, link_free;
    double cost_us; /* eMMC time of the running command */
    uint64_t link_now;

    struct vb_sdp sdp;
    struct vb_fb fb;
    struct vb_adb adb;
    unsigned boots;  /* of Linux */
    int is_linux_up; /* also while it boots, off the bus */
    int is_switched_off;
    struct vb_part parts[VB_PARTS];
    struct vb_var *env;
    size_t env_count, env_cap, env_bytes;
    int mmc_dev, hwpart; /* the shell's current device */
    int shell_depth, crashed;
    int rpmb; /* fiovb was started */

    uint8_t *ram, *sram;
    struct vb_area area[3];
    struct vb_fault faults[16];
    unsigned fault_count;
    const struct vb_fault *reply_fault; /* spoils the answer of the running command */
    uint64_t stage_bytes;
    uint64_t random;
    int log_fd;
    struct vb_stats stats;
};

/* vb_words.c */
int vb_words_parse(struct vb *vb, const char *words, char why[256]);
int vb_size_parse(const char *text, unsigned kilo, uint64_t *out);

/* vb_fault.c */
int vb_fault_parse(struct vb *vb, const char *text, char why[256]);
/* A command or point was reached: the fault that strikes, or NULL. */
const struct vb_fault *vb_fault_at(struct vb *vb, const char *point, const char *text);
/* `len` more data bytes arrive: the fault that strikes inside them. *before gets the bytes up to
 * it. */
const struct vb_fault *vb_fault_data(struct vb *vb, size_t len, size_t *before);
/* A standing fault of this kind in the present stage. */
const struct vb_fault *vb_fault_standing(struct vb *vb, enum vb_action action);
/* 1 when an access to the medium must fail. */
int vb_fault_medium(struct vb *vb, enum vb_action action, int area, uint64_t sector,
                    uint64_t sectors);
/* The next byte, starting with fault *from, that rots in what was just written, or UINT64_MAX. */
uint64_t vb_fault_flip(struct vb *vb, unsigned *from, int area, uint64_t off, uint64_t len);
/* Do what needs no answer (hang, unplug, slow): 1 when the transfer ends with *result. */
int vb_fault_strike(struct vb *vb, const struct vb_fault *fault, struct vb_result *result);

/* vb_board.c */
void vb_log(struct vb *vb, const char *fmt, ...) VB_PRINTF(2, 3);
const char *vb_stage_word(enum vb_stage stage);
void vb_go(struct vb *vb, int64_t delay_us, enum vb_stage next, int64_t gap_us);
void vb_power_cycle(struct vb *vb);
uint64_t vb_random(struct vb *vb);
void vb_linux_boot(struct vb *vb);

/* vb_link.c: answers and time */
void vb_reply_bytes(struct vb *vb, const void *data, size_t len);
void vb_reply_ram(struct vb *vb, uint32_t addr, uint32_t len);
void vb_replies_clear(struct vb *vb);
void vb_replies_due(struct vb *vb, int64_t due_us); /* none of the waiting ones before this */
struct vb_result vb_replies_take(struct vb *vb, uint8_t *out, size_t cap);
int64_t vb_link_time(struct vb *vb, size_t len);
void vb_cost(struct vb *vb, uint64_t bytes, uint64_t rate);

/* vb_adb.c */
struct vb_result vb_adb_out(struct vb *vb, const uint8_t *data, size_t len);
struct vb_result vb_adb_in(struct vb *vb, uint8_t *out, size_t cap);
void vb_adb_cut(struct vb *vb); /* the host's side is gone */
void vb_adb_free(struct vb *vb);

/* vb_usb.c */
uint8_t vb_usb_adb_in(const struct vb *vb); /* endpoints of ADB; 0 without */
uint8_t vb_usb_adb_out(const struct vb *vb);
void vb_usb_describe(struct vb *vb);
const char *vb_usb_string(const struct vb *vb, unsigned index);

/* vb_sdp.c */
enum vb_status vb_sdp_report(struct vb *vb, int by_ep0, const uint8_t *data, size_t len,
                             struct vb_result *result);
void vb_sdp_start(struct vb *vb);

/* vb_boot.c: pure checks of boot images. 0 or a HAB word (IVT); offset or -1 (FIT). */
uint32_t vb_ivt_check(const uint8_t *image, size_t len, uint32_t addr, int closed, char why[96]);
int64_t vb_fit_find(const uint8_t *data, size_t len, char why[96]);

/* vb_fastboot.c */
void vb_fb_start(struct vb *vb);
struct vb_result vb_fb_out(struct vb *vb, const uint8_t *data, size_t len);
void vb_fb_reset(struct vb *vb);
void vb_fb_answer(struct vb *vb, const char *tag, const char *fmt, ...) VB_PRINTF(3, 4);
void vb_fb_console(struct vb *vb, const char *fmt, ...) VB_PRINTF(2, 3);
void vb_fb_sent(struct vb *vb); /* the last waiting answer was read */

/* vb_getvar.c */
void vb_fb_getvar(struct vb *vb, const char *name);

/* vb_part.c */
void vb_parts_load(struct vb *vb);
const struct vb_part *vb_part_find(struct vb *vb, const char *name);
int vb_part_raw(const struct vb_part *part);
void vb_fb_setup(struct vb *vb);

/* vb_flash.c */
void vb_fb_flash(struct vb *vb, const char *name);
void vb_fb_erase(struct vb *vb, const char *name);

/* vb_sparse.c: NULL for OKAY, else the text of FAIL */
int vb_sparse_seen(struct vb *vb);
const char *vb_sparse_write(struct vb *vb, uint64_t start, uint64_t sectors);

/* vb_ram.c: NULL outside the memory */
uint8_t *vb_ram(struct vb *vb, uint64_t addr, uint64_t len);
uint8_t *vb_sram(struct vb *vb, uint64_t addr, uint64_t len);
void vb_ram_clear(struct vb *vb);
void vb_ram_free(struct vb *vb);

/* vb_env.c */
const char *vb_env_get(const struct vb *vb, const char *name);
int vb_env_set(struct vb *vb, const char *name, const char *value); /* NULL or "" removes */
int vb_env_setf(struct vb *vb, const char *name, const char *fmt, ...) VB_PRINTF(3, 4);
void vb_env_defaults(struct vb *vb);
void vb_env_free(struct vb *vb);

/* vb_shell.c, vb_cmd*.c */
int vb_shell_run(struct vb *vb, const char *text); /* status of the last command, 0 is success */
int vb_cmd_run(struct vb *vb, int argc, char **argv);
int vb_cmd_mmc(struct vb *vb, int argc, char **argv);
int vb_cmd_test(struct vb *vb, int argc, char **argv);
int vb_cmd_itest(struct vb *vb, int argc, char **argv);
int vb_cmd_crc32(struct vb *vb, int argc, char **argv);
int vb_cmd_hash(struct vb *vb, int argc, char **argv);
int vb_cmd_gzwrite(struct vb *vb, int argc, char **argv);
int vb_cmd_cmp(struct vb *vb, int argc, char **argv);
int vb_cmd_cp(struct vb *vb, int argc, char **argv);
int vb_cmd_mw(struct vb *vb, int argc, char **argv);
int vb_cmd_md(struct vb *vb, int argc, char **argv);
int vb_cmd_mtest(struct vb *vb, int argc, char **argv);
int vb_cmd_reset(struct vb *vb, int argc, char **argv);
int vb_cmd_bootm(struct vb *vb, int argc, char **argv);
int vb_cmd_fuse(struct vb *vb, int argc, char **argv);
int vb_cmd_fiovb(struct vb *vb, int argc, char **argv);
int vb_cmd_hab(struct vb *vb, int argc, char **argv);
uint64_t vb_hex(const char *text); /* as U-Boot: digits as far as they go */
int vb_crash(struct vb *vb, const char *what);

/* vb_sha256.c */
void vb_sha256(const uint8_t *data, size_t len, uint8_t out[32]);

/* vb_medium.c. Sectors; 0, or -1 when the medium refuses: then nothing was written. */
int vb_medium_open(struct vb *vb, char why[256]);
void vb_medium_close(struct vb *vb);
int vb_medium_write(struct vb *vb, int hwpart, uint64_t sector, uint64_t count, const void *data);
int vb_medium_fill(struct vb *vb, int hwpart, uint64_t sector, uint64_t count, uint32_t pattern);
int vb_medium_erase(struct vb *vb, int hwpart, uint64_t sector, uint64_t count); /* exactly these */
int vb_medium_load(struct vb *vb, int hwpart, uint64_t sector, uint64_t count, void *out);
/* Write the noise of an area out, so that its image file alone says what is on it. */
int vb_medium_settle(struct vb *vb, int hwpart);
int vb_medium_is_zero(struct vb *vb, int hwpart);

#endif
