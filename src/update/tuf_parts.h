/*
 * What the files of tuf*.c share: a metadata file that was read, and the steps of x8_tuf_read in
 * their order. Each step leaves its findings and says whether the next one has ground to stand on.
 */
#ifndef X8_UPDATE_TUF_PARTS_H
#define X8_UPDATE_TUF_PARTS_H

#include "update/tuf.h"
#include "util/buf.h"
#include "util/json.h"

#define X8_TUF_SIGNATURES 64  /* of one file; more than a handful nobody has */
#define X8_TUF_LISTED     256 /* targets one bundle may name */

/* One file. What is read from it is read from the canonical bytes that were signed, so that no two
 * readers can differ about what they say. */
struct tuf_doc {
    struct x8_span text;
    struct x8_buf whole;             /* canonical form of the whole file */
    struct x8_buf bytes, bytes_esc;  /* canonical form of `signed`, in both ways to write it */
    struct x8_json *envelope, *json; /* the whole, and `signed` */
    const struct x8_json *signatures;
    uint64_t version;
};
void x8_tuf_doc_done(struct tuf_doc *doc);

/* Read a file that messages call `name` ("tuf/targets.json") and whose type must be `role` (NULL:
 * any, and the version may be absent). 0, or -1 with a finding. */
int x8_tuf_doc_read(struct tuf_doc *doc, struct x8_span text, const char *name, const char *role,
                    struct x8_findings *findings);

/* version and expires into `role`; a finding where the date cannot be read. */
void x8_tuf_role_read(const struct tuf_doc *doc, enum x8_tuf_role_id id, struct x8_tuf_role *role,
                      struct x8_findings *findings);

struct tuf_count {
    unsigned good; /* distinct keys of the role that signed these bytes */
    unsigned
        bad; /* signatures that are wrong, of no key of the role, or of one that signed already */
    unsigned wrong;     /* of those: by a key of the role, but not over these bytes */
    unsigned threshold; /* 0: the root has no such role */
};
/* Count the signatures of `doc` by keys that `root` gives to the role `role`. */
void x8_tuf_count(const struct tuf_doc *doc, const struct tuf_doc *root, const char *role,
                  struct tuf_count *out);
static inline int x8_tuf_is_enough(const struct tuf_count *count)
{
    return count->threshold > 0 && count->good >= count->threshold;
}

/* Follow the chain. 0 with the newest root that held in `newest` (its `json` is NULL where there is
 * none at all), findings "roots". */
void x8_tuf_roots(const struct x8_tuf_files *files, struct x8_tuf *out, struct tuf_doc *newest,
                  struct x8_findings *findings);

/* Does `parent` (called `from`) describe `child`, which it calls `name`? 0, or -1 with a finding.
 */
int x8_tuf_link(const struct tuf_doc *parent, const char *from, const struct tuf_doc *child,
                const char *name, struct x8_findings *findings);

/* type, tag and the list. `list` becomes the array of names, or NULL where the file has none. */
void x8_tuf_bundle_list(const struct tuf_doc *bundle, struct x8_tuf *out,
                        const struct x8_json **list, struct x8_findings *findings);

/* out->targets from targets.json: those in `list`, or all OSTREE ones where it is NULL. */
void x8_tuf_targets(const struct tuf_doc *targets, const struct x8_json *list, struct x8_tuf *out,
                    struct x8_findings *findings);

/* Read one of them. What makes it useless ("is no OSTREE target"), or NULL. */
const char *x8_tuf_target_read(const struct x8_json *entry, struct x8_tuf_target *target);

/* Copy a text of the metadata; -1 when it is absent, empty, longer, or has characters that a
 * terminal would act on. */
int x8_tuf_text(const struct x8_json *value, char *out, size_t cap);

#define X8_TUF_AUTO_DOC X8_CLEANUP(x8_tuf_doc_done) struct tuf_doc

#endif
