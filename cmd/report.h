/*
 * Parts of x8ctl report: report.c collects and packs, report_logs.c finds logs and journals,
 * report_mask.c knows what is private, report_out.c where the archive goes.
 */
#ifndef X8_CMD_REPORT_H
#define X8_CMD_REPORT_H

#include "doctor.h"

#include "doctor/bundle.h"
#include "doctor/mask.h"

#define X8_REPORT_MEMBERS 84
/* So many of them are not named: of the newest logs and of the newest journals 20 each, and what
 * is always there. */
#define X8_REPORT_OWN 44

struct x8_report {
    struct x8_ctx *ctx;
    char folder[64], path[1024];      /* in the archive; where it goes, "-" for stdout */
    int64_t made;                     /* seconds since 1970 */
    struct x8_bundle_member *members; /* X8_REPORT_MEMBERS of them */
    size_t count;
    struct x8_diagnosis diagnosis;
    struct x8_json *rows;      /* boards that were asked, with how that ended; or NULL */
    struct x8_error not_asked; /* why boards, or this computer, could not be asked: code 0: none */
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

/* Where the archive goes (report_out.c): `output` is a file, a folder, "-", or NULL for this
 * folder; `usual` is the name without ending. X8_E_USAGE when something would be lost. */
int x8_report_place(const char *output, const char *usual, int force, char *out, size_t cap,
                    struct x8_error *err);
int x8_report_write(struct x8_ctx *ctx, const char *path, const struct x8_buf *packed,
                    struct x8_error *err);

/* Passwords and keys, in every report (report_mask.c). */
int x8_report_hide_secrets(struct x8_report *report, struct x8_error *err);
/* Hide what is private in all members. */
int x8_report_mask(struct x8_report *report, struct x8_error *err);

#endif
