/*
 * A folder with everything a flash needs, virtual boards on a bus in this process, and a run over
 * them: what the room's tests share.
 */
#ifndef X8_TEST_FLASH_KIT_H
#define X8_TEST_FLASH_KIT_H

#include "flash/fleet.h"
#include "inproc.h"

#define KIT_BOARDS 8

struct kit {
    char dir[64];
    uint8_t *image; /* the user area image */
    size_t image_len;
    struct vb *boards[KIT_BOARDS];
    size_t board_count;
    struct vb_bus *bus;
    struct x8_cancel cancel;
    struct x8_plan plan;
    struct x8_flash_how how;    /* of the next run; its verify is that of the call */
    int64_t stage_ms;           /* to wait for a board; 0: a minute, which only a hang lasts */
    const struct x8_past *past; /* resumed by the next run; NULL: none */
    const char *journal;        /* path of board 0's journal; NULL: none is kept */
    struct x8_flash_result results[KIT_BOARDS];
    struct x8_error err;
    char *log; /* every event with text, one line each */
    size_t log_len;
    const char *stop_at; /* an event with this text raises the stop token to `stop_level` */
    enum x8_cancel_level stop_level;
    int is_beyond_full; /* some progress said more than 100 % */
    int has_bar;        /* some progress while writing knew its total */
    pthread_mutex_t log_lock;
};

/* A folder with loaders, boot parts, an image of `image_len` bytes as image.wic and full_image.uuu.
 */
void kit_init(struct kit *kit, size_t image_len);
void kit_done(struct kit *kit);
/* Replace or add a file of the folder; `data` NULL removes it. */
void kit_file(struct kit *kit, const char *name, const void *data, size_t len);
void kit_text(struct kit *kit, const char *name, const char *text);
/* Pack a file of the folder with a tool ("gzip", "xz", ...) in place. */
void kit_pack(struct kit *kit, const char *command);
/* Put a board on the bus; words as in vboard.h ("start=rom emmc=64M" is the default beginning). */
struct vb *kit_board(struct kit *kit, const char *words);
/* Open the plan over the folder. 0 or the code with kit->err. */
int kit_plan(struct kit *kit, const struct x8_plan_options *options);
/* Plan and run on all boards. Negative code, as x8_fleet_run. */
int kit_run(struct kit *kit, enum x8_verify verify);
int kit_run_plan(struct kit *kit, enum x8_verify verify);
/* 1 when the user area holds the image and boot0 the loaders. */
int kit_is_written(struct kit *kit, size_t board);
/* 1 when some event said this. */
int kit_said(struct kit *kit, const char *part);

#endif
