/*
 * What push and pull share: their result, said in one line or as JSON.
 */
#ifndef X8_CMD_COPY_H
#define X8_CMD_COPY_H

#include "running.h"

#include "session/transfer.h"

/* "214 files, 18.2 MB, 31 changed: sent 2.1 MB in 0.6 s, digests equal" on stderr; all of it in
 * job->result. `verb`: "sent", "received". */
void x8_copy_report(struct x8_job_on *job, const struct x8_transferred *done, const char *verb);

/* Permission bits from people: "644", "0755". X8_E_USAGE. */
int x8_parse_mode(const char *text, unsigned *out, struct x8_error *err);

#endif
