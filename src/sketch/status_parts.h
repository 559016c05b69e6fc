/*
 * The text of the status command, read. Pure.
 */
#ifndef X8_SKETCH_STATUS_PARTS_H
#define X8_SKETCH_STATUS_PARTS_H

#include "sketch/upload.h"

/* X8_E_LINK when it is cut short or says nothing readable about the units. */
int sketch_status_parse(struct x8_span text, struct x8_sketch_status *out, struct x8_error *err);

#endif
