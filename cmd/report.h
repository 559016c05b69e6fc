/*
 * Parts of x8ctl report: report.c collects and packs, report_logs.c finds logs and journals,
 * report_mask.c knows what is private.
 */
#ifndef X8_CMD_REPORT_H
#define X8_CMD_REPORT_H

#include "doctor.h"

#include "doctor/bundle.h"
#include "doctor/mask.h"

#define X8_REPORT_MEMBERS 64

struct x8_report {
    struct x8_ctx *ctx;
    struct x8_bundle_member *members; /* X8_REPORT_MEMBERS of them */
    size_t count;
    struct x8_diagnosis diagnosis;
    struct x8_target *targets;
    size_t target_count;
};

/* A new member, empty; NULL when there are too many. */
struct x8_buf *x8_report_add(struct x8_report *report, const char *name);
/* The same with the end of a file, whose name loses its folders; at most 1 MiB. X8_E_NO_FILE. */
int x8_report_add_file(struct x8_report *report, const char *folder, const char *path,
                       struct x8_error *err);

/* The last logs and journals of the state folder (report_logs.c). */
void x8_report_add_state(struct x8_report *report);

/* Hide what is private in all members (report_mask.c). */
int x8_report_mask(struct x8_report *report, struct x8_error *err);

#endif
