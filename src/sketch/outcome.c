/*
 * Names of outcomes, as JSON has them.
 */
#include "sketch/upload.h"

const char *x8_sketch_outcome_name(enum x8_sketch_outcome outcome)
{
    static const char *const names[] = {
        [X8_SKETCH_UNKNOWN] = "unknown",
        [X8_SKETCH_VERIFIED] = "verified",
        [X8_SKETCH_UNPROVEN] = "unproven",
        [X8_SKETCH_REFUSED] = "refused",
    };

    return names[outcome];
}
