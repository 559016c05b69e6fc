/*
 * A few texts as one compressed archive.
 */
#ifndef X8_DOCTOR_BUNDLE_H
#define X8_DOCTOR_BUNDLE_H

#include "util/buf.h"
#include "util/error.h"

#include <stdint.h>

struct x8_bundle_member {
    char name[160]; /* "doctor.json", "logs/run.log" */
    struct x8_buf text;
};

/* The members as a tar.gz, in the folder `folder` and of the time `when_s`. The same members give
 * the same bytes. X8_E_INTERNAL. */
int x8_bundle_pack(const char *folder, int64_t when_s, const struct x8_bundle_member *members,
                   size_t count, struct x8_buf *out, struct x8_error *err);

#endif
