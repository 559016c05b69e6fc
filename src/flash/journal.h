/*
 * The journal of a board's flash: one file per port in the state folder, one JSON object per line,
 * appended as things happen, so that a run that was cut off at any moment (unplugged, killed, host
 * without power) can be taken up by `flash --resume`. A last line that was cut short is left out.
 *
 * It is a memory, not a proof: what it calls confirmed is compared on the board before it is left
 * out, so a wrong or lost line costs time and nothing else. Lines are therefore not synced one by
 * one.
 *
 * Threads: one at a time per journal.
 */
#ifndef X8_FLASH_JOURNAL_H
#define X8_FLASH_JOURNAL_H

#include "flash/progress.h"
#include "link/bus.h"

/* What the cause of a failure ends with, unless a journal can be gone on from. */
#define X8_NEEDS_FLASH "; the board needs a complete flash"

struct x8_journal_head {
    char port[X8_PORT_LEN];
    char source[4096]; /* as it can be given again: absolute for a file of this computer */
    char image[256];   /* name of the OS image inside; empty for none */
    char sha256[65];   /* of the source where it is known; empty */
    char script[1024]; /* --script; empty */
    int only;          /* enum x8_only */
    int skip_unused;
    int64_t started; /* seconds since 1970 */
};

struct x8_journal;

/*
 * Begin anew. What stood there is replaced, atomically, when the board is about to be changed: by
 * x8_journal_touch() or the first line that says so. A run that fails before leaves the journal of
 * an earlier one as it was. Errors of the host's files.
 */
int x8_journal_begin(const char *path, const struct x8_journal_head *head, struct x8_journal **out,
                     struct x8_error *err);
/* Go on with the one that is there. */
int x8_journal_continue(const char *path, struct x8_journal **out, struct x8_error *err);

/* One line each. A journal that cannot be written any more (full disk) is given up with one warning
 * to `op`: the flash goes on, it only cannot be resumed. NULL journals are fine everywhere. */
/* Before the storage that the image goes to is written or erased; every time, as only the first
 * counts. x8_journal_erased() and x8_journal_sending() do it, too. */
void x8_journal_touch(struct x8_journal *journal, const struct x8_op *op);
void x8_journal_serial(struct x8_journal *journal, const struct x8_op *op, const char *serial);
void x8_journal_erased(struct x8_journal *journal, const struct x8_op *op, const char *partition,
                       const struct x8_range *range);
void x8_journal_sending(struct x8_journal *journal, const struct x8_op *op, const char *partition,
                        uint64_t start, uint64_t end);
void x8_journal_confirm(struct x8_journal *journal, const struct x8_op *op, const char *partition,
                        const struct x8_piece_done *piece);
/* 1 when the file tells of this run: begun, and not given up. */
int x8_journal_is_there(const struct x8_journal *journal);
/* How the run ended: the file goes away when it went well, else the end is noted, unless the board
 * was not touched. Frees it. */
void x8_journal_end(struct x8_journal **journal, const struct x8_op *op, int rc);

/* What an earlier run left. */
struct x8_past {
    struct x8_journal_head head;
    char serial[X8_STRING_LEN];  /* as the loader told it; empty */
    struct x8_progress progress; /* of the last image it wrote */
    int has_end, rc;
};

/* Read it. 1, 0 when there is none, negative for what cannot be read or is no journal. */
int x8_journal_read(const char *path, struct x8_past *out, struct x8_error *err);
void x8_past_done(struct x8_past *past);

#endif
