/*
 * Inside of journal*.c: the words of its lines, and its text without the file.
 */
#ifndef X8_FLASH_JOURNAL_PARTS_H
#define X8_FLASH_JOURNAL_PARTS_H

#include "flash/journal.h"
#include "util/bytes.h"

/* First member of every line, for those who read a journal with their eyes. */
#define JOURNAL_KIND    "event"
#define JOURNAL_BEGIN   "begin"
#define JOURNAL_SERIAL  "serial"
#define JOURNAL_ERASED  "erased"
#define JOURNAL_SENDING "sending"
#define JOURNAL_CONFIRM "confirmed"
#define JOURNAL_END     "end"

#define JOURNAL_FORMAT 1

/* Two lines a piece, some 200 bytes: of 1 MiB pieces for a 16 GiB eMMC, written twice. No journal
 * grows beyond it, none beyond it is read. */
#define JOURNAL_MAX (8u << 20)

extern const char *const x8_journal_only[3]; /* words of enum x8_only */

/* As x8_journal_read(), of what stands in the file `name`. */
int x8_journal_parse(const char *name, struct x8_span bytes, struct x8_past *out,
                     struct x8_error *err);

#endif
