/*
 * Inside the room: the journal as text.
 */
#ifndef X8_UPDATE_JOURNAL_PARTS_H
#define X8_UPDATE_JOURNAL_PARTS_H

#include "update/journal.h"

/* For free(); NULL without memory. */
char *journal_text(const struct x8_update_journal *journal);

/* X8_E_BAD_IMAGE for anything that this version did not write. Pure. */
int journal_parse(struct x8_span text, struct x8_update_journal *out, struct x8_error *err);

#endif
