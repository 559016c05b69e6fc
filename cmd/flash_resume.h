/*
 * Runs that can be taken up again: where their journals are, which one is meant, and what is told
 * of them. A journal per port, in the state folder: flash/usb-1-4.2.jsonl.
 */
#ifndef X8_CMD_FLASH_RESUME_H
#define X8_CMD_FLASH_RESUME_H

#include "cmd.h"

#include "flash/journal.h"

struct x8_board;

/* What is kept of a board's run, and what an earlier one left. Zero-initialised: nothing. */
struct x8_kept {
    char path[1200]; /* of the journal */
    char port[X8_PORT_LEN];
    struct x8_past past;
    int is_resumed; /* `past` is of this run */
};

/* The boards of a run, in their order. NULL items: nothing is kept. */
struct x8_keeping {
    struct x8_journal_head head; /* of new journals; but for the port and the time */
    struct x8_kept *items;
    size_t count;
    int is_foreign; /* some board has no journal of this image: it must be compared */
};
void x8_keeping_done(struct x8_keeping *keeping);

/*
 * --resume without a SOURCE: the run that is meant, by -s or because there is no other. The
 * selection becomes the ports of the journals, and *head what that run was told. X8_E_NO_FILE when
 * there is none, X8_E_SEVERAL.
 */
int x8_resume_choose(struct x8_ctx *ctx, struct x8_journal_head *head, struct x8_error *err);

/* --resume with --dry-run: tell which run of the image that `head` names could be resumed, or that
 * none could. */
int x8_resume_preview(struct x8_ctx *ctx, const struct x8_journal_head *head, struct x8_error *err);

int x8_is_same_image(const struct x8_journal_head *a, const struct x8_journal_head *b);

/* What had arrived in a run that "is resumed" (`what`). */
void x8_tell_resumed(struct x8_ctx *ctx, const struct x8_past *past, const char *what);

/* A journal that cannot be read: which and why. */
void x8_warn_unreadable(struct x8_ctx *ctx, const struct x8_error *error);

/* A run that wrote no OS image: 1, and a warning, when that of an earlier one is still unfinished
 * on this board. */
int x8_tell_unfinished(struct x8_ctx *ctx, const char *port);

/*
 * Places for the journals of these boards. With `resume` what is there is read, if it is of the
 * image that keeping->head names, and told.
 */
int x8_keeping_fill(struct x8_ctx *ctx, const struct x8_board *boards, size_t count, int resume,
                    struct x8_keeping *keeping, struct x8_error *err);

/* The journal of a run that begins: a new one, or the one that is resumed. NULL, with a warning,
 * when it cannot be written: the run does not need it. */
struct x8_journal *x8_kept_begin(const struct x8_op *op, const struct x8_keeping *keeping,
                                 size_t i);

/* A failure that --resume can go on from says so as its next step, behind what must be done before.
 */
void x8_kept_hint(const struct x8_keeping *keeping, const char *port, struct x8_error *err);

#endif
