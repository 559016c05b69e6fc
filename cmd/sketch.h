/*
 * The verbs of x8ctl sketch, one file each: sketch.c reads the line, sketch_upload.c, and
 * sketch_status.c with sketch_show.c, which knows how a status reads.
 */
#ifndef X8_CMD_SKETCH_H
#define X8_CMD_SKETCH_H

#include "running.h"

#include "sketch/upload.h"

/* Upload ctx->argv[1], or the sketch folder that x8ctl was started in. */
int x8_sketch_run_upload(struct x8_ctx *ctx, int no_verify, struct x8_error *err);
int x8_sketch_run_status(struct x8_ctx *ctx, struct x8_error *err);
int x8_sketch_run_reset(struct x8_ctx *ctx, struct x8_error *err);

/* A status with what could not be asked for: the journal, when root was not to be had. */
struct x8_sketch_shown {
    struct x8_sketch_status status;
    int is_person; /* who reads it, not a program */
    int has_root;
    struct x8_error no_root; /* why not */
};

/* One line for each field, aligned and with the beginnings of digests for a person, else with a
 * tab. -1 without memory. */
int x8_sketch_show(const struct x8_sketch_shown *shown, struct x8_buf *out);
/* The same as members of `out`. */
void x8_sketch_show_json(const struct x8_sketch_shown *shown, struct x8_json *out);

#endif
