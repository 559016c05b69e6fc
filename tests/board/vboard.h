/*
 * The virtual board: a model of a Portenta X8 on USB, from boot ROM through SPL to U-Boot's
 * fastboot, down to the bytes on its eMMC. A pure state machine: it never blocks, starts no thread
 * and reads no clock; the caller gives the time and moves the bytes. Used in two ways: inproc.h
 * puts it behind struct x8_bus in the same process; `x8-board` (umockdev) puts it on the USB of any
 * program.
 *
 * Strict where the boot ROM, U-Boot's SPL and NXP's fastboot are, with their answers. It shares no
 * code with src/flash: it is the other opinion. It uses libc and zlib, nothing of src/ but
 * util/bytes.h.
 *
 * Threads: calls for one board must be serialised by the caller.
 */
#ifndef VBOARD_H
#define VBOARD_H

#include <stddef.h>
#include <stdint.h>

/* VB_DEAD: on the bus as before, but the firmware panicked. VB_INITRAMFS: the small Linux that
 * `bootm` starts. */
enum vb_stage { VB_OFF, VB_ROM, VB_SPL, VB_FASTBOOT, VB_LINUX, VB_DEAD, VB_INITRAMFS };

struct vb; /* one board */

/*
 * Make a board from words separated by spaces: "start=rom emmc=16G link=40M
 * fault=stage:fastboot,after:1048576,do:stall". Quotes keep spaces inside a value. The same words
 * are the options of x8-board and of the tests; README.md lists them all with their meaning. NULL
 * with a sentence in `why` when a word is wrong.
 *
 * start=off|rom|spl|fastboot|linux  emmc=SIZE  dir=FOLDER  keep=0|1  port=1-2  serial=HEX16
 * ids=new|old  speed=high|full  endpoints=in-first|out-first  loader=2022|2024  crcv=0|1
 * gzwrite=0|1  erased=00|ff  group=BYTES
 * link=BYTES/s  write=BYTES/s  read=BYTES/s  gap=MS  closed=0|1  usbhid=0|1  noise=SEED
 * access=ok|denied  blksize=512|4096|none  maxdl=BYTES  infoecho=0|1  panic=stay|rom
 * reset=rom|linux|off  power=bus|own  log=FILE  fault=... (repeatable)
 * Linux: product=TEXT  adb=0|1  adbif=first|last  class=ef|00  adbd="WORDS"  adbgap=MS  down=MS
 */
struct vb *vb_new(const char *words, char why[256]);
void vb_free(struct vb *vb);

/* Descriptors of what is on the bus now. present = 0 while the board is off the bus. `attach` grows
 * with every arrival. */
struct vb_descriptors {
    int present;
    unsigned attach;
    enum vb_stage stage;
    uint8_t device[18];
    uint8_t config[512]; /* whole configuration: config, interface, (HID), endpoint descriptors */
    size_t config_len;
    int full_speed;
    int access_denied;
    char port[32]; /* "1-2" */
    char serial[64], product[64], manufacturer[64];
};
void vb_descriptors(const struct vb *vb, struct vb_descriptors *out);

/* What became of a transfer. */
enum vb_status {
    VB_OK,
    VB_NAK, /* nothing to say (IN) or not ready to take (OUT): ask again at or after the next state
               change */
    VB_STALL,    /* endpoint halted */
    VB_GONE,     /* not on the bus (any more) */
    VB_OVERFLOW, /* a packet was longer than the room that was left for it, and is lost */
};

struct vb_result {
    enum vb_status status;
    size_t actual;
    int64_t ready_us; /* the transfer ends on the wire at this time (paced link); complete it then,
                         not before */
};

/* Time passes: stage changes, answers that are due after eMMC work, faults with a return. Call
 * before the others with the present time. */
void vb_tick(struct vb *vb, int64_t now_us);
/* When something will happen by itself; INT64_MAX for never. */
int64_t vb_next_us(const struct vb *vb);

/* Control transfer; `data` is in or out by bmRequestType. Standard requests (descriptors, strings,
 * SET_CONFIGURATION) included. */
struct vb_result vb_control(struct vb *vb, const uint8_t setup[8], uint8_t *data, size_t len);
/* One OUT transfer to endpoint `ep`: takes all or nothing. */
struct vb_result vb_out(struct vb *vb, uint8_t ep, const uint8_t *data, size_t len);
/* One IN transfer. In stage linux VB_NAK may come with bytes: whole packets that arrived, after
 * which the transfer goes on. Ask again for what is left of it, with the room behind them. */
struct vb_result vb_in(struct vb *vb, uint8_t ep, uint8_t *out, size_t cap);
/* USB port reset: the half-finished dialogue is forgotten. In ROM, SPL and fastboot the board stays
 * in its stage and enumerates again. */
void vb_reset(struct vb *vb);
/* Pull and plug the cable by hand. */
void vb_unplug(struct vb *vb, int64_t back_after_us /* -1: never */);
/* The same with the boot switches set back: what would come back in the ROM comes back where reset=
 * leads, unless there is a daemon and both boot areas are zeros. */
void vb_switch_back(struct vb *vb, int64_t back_after_us);

/*
 * Linux, for a board with the word adbd: the daemon is a program of the caller's, which moves its
 * byte stream in and out here; the model has the USB framing. Without a daemon that serves, the
 * endpoints are mute.
 */
struct vb_linux {
    unsigned boot;     /* counts boots; a new number wants a new daemon */
    int is_up;         /* booted, or booting: the board arrives on the bus adbgap= later */
    unsigned link;     /* differs once the host's side of the link was lost: reset, cable */
    char daemon[1024]; /* value of adbd=; "" when nobody is to serve */
    char dir[512];     /* value of dir= */
    char serial[64];   /* as Linux shows it */
};
void vb_linux(const struct vb *vb, struct vb_linux *out);
/* A daemon begins or ceases to serve; what was under way is forgotten. */
void vb_linux_serve(struct vb *vb, int is_serving);
/* Bytes from the host, until they are taken. */
size_t vb_linux_output(const struct vb *vb, const uint8_t **data);
void vb_linux_output_taken(struct vb *vb, size_t len);
/* Bytes of the daemon: how many there is room for, and handing them over (at most so many). */
size_t vb_linux_room(const struct vb *vb);
void vb_linux_input(struct vb *vb, const uint8_t *data, size_t len);
/* How many of those the host has not taken yet. */
size_t vb_linux_unread(const struct vb *vb);
/* Linux shut down: off the bus, and after down= what comes next: VB_LINUX, VB_ROM, VB_OFF. */
void vb_linux_exit(struct vb *vb, enum vb_stage next);

/* The medium. hwpart 0 user, 1 boot0, 2 boot1. Never written or erased blocks read as noise. 0 or
 * -1 beyond the end. */
int vb_medium_read(struct vb *vb, int hwpart, uint64_t off, void *out, size_t len);
uint64_t vb_medium_size(const struct vb *vb, int hwpart);
/* Bytes of [off, off+len) that were written or erased since the board was made. */
uint64_t vb_medium_touched(struct vb *vb, int hwpart, uint64_t off, uint64_t len);

/* Counters for tests and benchmarks. */
struct vb_stats {
    uint64_t wire_out, wire_in; /* payload bytes towards and from the board */
    uint64_t emmc_written;
    unsigned commands, attaches;
    int64_t first_data_us, last_data_us,
        link_busy_us; /* fastboot data phase; time the link was moving bytes */
    uint8_t partconf;
};
void vb_stats(const struct vb *vb, struct vb_stats *out);

#endif
