/*
 * Parts of x8ctl explain: the source of a script, and its explanation as text or JSON.
 */
#ifndef X8_CMD_EXPLAIN_PARTS_H
#define X8_CMD_EXPLAIN_PARTS_H

#include "cmd.h"

#include "flash/explain.h"
#include "flash/plan.h"
#include "util/buf.h"

/* The script, and the files it would be run with: a plan that is never checked nor run. */
struct x8_source {
    struct x8_plan plan;
};

/* Read and parse the script at `path`; from an archive or folder the one called `script` (NULL:
 * full_image.uuu, or one made from the parts), as x8ctl flash does. Errors: X8_E_NO_FILE,
 * X8_E_BAD_IMAGE, those of x8_imageset_open. */
int x8_explain_open(const struct x8_op *op, const char *path, const char *script,
                    struct x8_source *source, struct x8_error *err);
void x8_source_done(struct x8_source *source);

/* An x8_explain_look_fn; ctx is the struct x8_source. */
void x8_source_look(void *ctx, const char *name, enum x8_role role, const struct x8_file_ref *ref,
                    struct x8_explain_found *out);

/* The whole page; -1 without memory. */
int x8_explain_text(const struct x8_source *source, const struct x8_explain *e,
                    struct x8_buf *out) X8_NODISCARD;
/* One document on stdout. */
void x8_explain_json(const struct x8_source *source, const struct x8_explain *e);

#endif
