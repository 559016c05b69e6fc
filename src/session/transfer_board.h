/*
 * Inside the room: what a transfer asks the board about names, and its temporary folder there.
 */
#ifndef X8_SESSION_TRANSFER_BOARD_H
#define X8_SESSION_TRANSFER_BOARD_H

#include "session/transfer_run.h"
#include "session/transfer_tree.h"

enum place_kind {
    PLACE_NONE,   /* nothing of this name */
    PLACE_FILE,   /* a file, or a link to one or to nothing */
    PLACE_DIR,    /* a folder, or a link to one */
    PLACE_OTHER,  /* a device, a pipe, a socket */
    PLACE_NO_DIR, /* what should be a folder on the way there is none */
};

/* Where a name of the board leads. */
struct place {
    enum place_kind kind;
    char *anchor;   /* the deepest folder on the way that is there, resolved; "/" or without one at
                       the end */
    char *rest;     /* what is missing behind it: "a/b", "" when the name is a folder */
    uint64_t dev;   /* device of the anchor */
    uint64_t space; /* bytes left there; UINT64_MAX: it does not say */
    int writable;
    uint8_t *has; /* for each base asked for: it is there */
};
void place_done(struct place *place);
#define AUTO_PLACE X8_CLEANUP(place_done) struct place

/* Look at `name` (without slashes at its end), and for names `bases` inside it. Relative names
 * start in the home folder of the session's user. */
int place_look(struct xfer *xfer, const char *name, const char *const *bases, size_t count,
               struct place *out, struct x8_error *err);

/* What place_look's command printed. Pure. */
int place_parse(struct x8_span text, size_t bases, struct place *out, struct x8_error *err);

/* Into the anchor; once there is a stage, into that, with a trap that removes it when the link is
 * cut. The stage is entered by its name and must be the folder that was made. Its ".." is the
 * anchor, for certain: the kernel moves no folder under another one for somebody who may not write
 * into it. */
int board_begin(struct x8_buf *text, const struct xfer *xfer, struct x8_error *err);

/* The digests of these names relative to the anchor (or, with `in_stage`, to what was unpacked).
 * Those that are missing on the board are 0 in `has`. */
int board_digests(struct xfer *xfer, int in_stage, struct node *const *nodes, size_t count,
                  uint8_t (*out)[X8_SHA256_LEN], uint8_t *has, struct x8_error *err);

/* Of bytes [begin, begin + len) of one file; `begin` is a multiple of RANGE_STEP, and so is `len`
 * unless the range is the last one. */
#define RANGE_STEP ((uint64_t)65536) /* where a range may start; the block of dd */
int board_range_digest(struct xfer *xfer, int in_stage, const char *rel, uint64_t begin,
                       uint64_t len, uint8_t out[X8_SHA256_LEN], struct x8_error *err);
/* Of one file as it is. *has is 0 when it cannot be read. */
int board_file_digest(struct xfer *xfer, const struct node *node, uint8_t out[X8_SHA256_LEN],
                      int *has, struct x8_error *err);

/* "f=./NAME; dd ... if="$f"" of such a range: it goes to stdout. */
int board_range_text(struct x8_buf *text, const char *rel, uint64_t begin, uint64_t len,
                     struct x8_error *err);

/* Names as xargs -0 takes them: "./NAME" NUL. */
int board_names(struct x8_buf *out, struct node *const *nodes, size_t count, struct x8_error *err);

/*
 * Make the temporary folder ANCHOR/.x8ctl-NONCE with a folder "t" in it, for nobody else to read,
 * and keep a command on the board that removes it when the link is cut.
 *
 * With root's rights the anchor may be somebody else's, who can rename what is in it. So what is
 * sent, proven and renamed is reached through the stage itself and never again by its name alone.
 * What remains: he can exchange folders of his own below the anchor for links while that goes on,
 * so that files go, or bits of a folder are changed, elsewhere; whoever fears this pushes into a
 * folder of root's.
 */
int board_stage_open(struct xfer *xfer, const char *target, struct x8_error *err);
/* Let that command go; after a failure remove the folder first, with a warning when that cannot be
 * done. */
void board_stage_close(struct xfer *xfer, int failed);

#endif
