/*
 * What a check of a bundle or of a board found: a list of lines, each with a word of its own, so
 * that a person sees all of them at once and a script can ask for one. Bad ones end an update.
 */
#ifndef X8_UPDATE_FINDING_H
#define X8_UPDATE_FINDING_H

#include "util/error.h"

#include <stddef.h>

enum x8_finding_kind {
    X8_FOUND_OK,   /* looked at and fine */
    X8_FOUND_INFO, /* worth knowing; not judged */
    X8_FOUND_WARN, /* works, but the user should know */
    X8_FOUND_BAD,  /* the update cannot be done with this */
};
const char *x8_finding_name(enum x8_finding_kind kind); /* "ok", "info", "warning", "bad" */

struct x8_finding {
    const char *id; /* static, for scripts: "expiry", "signatures", "graph", "fits", ... */
    enum x8_finding_kind kind;
    enum x8_code code; /* BAD only: how the command ends */
    char text[300];    /* names the role, date, object */
    char next[200];    /* BAD and WARN: one thing to do, or "" */
};

struct x8_findings {
    struct x8_finding *items;
    size_t count, cap;
};
void x8_findings_done(struct x8_findings *findings);
#define X8_AUTO_FINDINGS X8_CLEANUP(x8_findings_done) struct x8_findings

/* Add one. Without memory the process is ended: no finding is dropped. `next` may be NULL. */
void x8_found(struct x8_findings *findings, enum x8_finding_kind kind, enum x8_code code,
              const char *id, const char *next, const char *fmt, ...) X8_PRINTF(6, 7);

/* The first bad one, or NULL. */
const struct x8_finding *x8_findings_bad(const struct x8_findings *findings);

/* 0 when none is bad, else an error made of the first bad one: `what` ("the bundle cannot be
 * used"), its text as the cause, its next step, and how many more there are. */
int x8_findings_judge(const struct x8_findings *findings, const char *what, struct x8_error *err);

#endif
