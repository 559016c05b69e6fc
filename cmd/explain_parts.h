/*
 * Parts of x8ctl explain: the source of a script, and its explanation as text or JSON.
 */
#ifndef X8_CMD_EXPLAIN_PARTS_H
#define X8_CMD_EXPLAIN_PARTS_H

#include "cmd.h"

#include "flash/explain.h"
#include "util/buf.h"

struct x8_imageset;

/* The script's bytes and where its files are looked for: a set, or folders of this computer. */
struct x8_source {
    struct x8_imageset *set; /* NULL: plain files */
    char *dir;               /* of the script; in the set, or on this computer */
    char *name;              /* of the script, for people */
    struct x8_buf text;
};

/* Read the script at `path`; from an archive or folder the one called `script` (NULL:
 * full_image.uuu). Errors: X8_E_NO_FILE, those of x8_imageset_open. */
int x8_source_open(const struct x8_op *op, const char *path, const char *script,
                   struct x8_source *source, struct x8_error *err);
void x8_source_done(struct x8_source *source);

/* An x8_explain_look_fn; ctx is the struct x8_source. */
void x8_source_look(void *ctx, const char *name, const struct x8_file_ref *ref,
                    struct x8_explain_found *out);

/* The whole page; -1 without memory. */
int x8_explain_text(const struct x8_source *source, const struct x8_script *script,
                    const struct x8_explain *e, struct x8_buf *out) X8_NODISCARD;
/* One document on stdout. */
void x8_explain_json(const struct x8_source *source, const struct x8_script *script,
                     const struct x8_explain *e);

#endif
