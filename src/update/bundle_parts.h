/*
 * The parts of opening and checking a bundle, shared by bundle*.c. Order: bundle_open.c finds the
 * folder (bundle_unpack.c and bundle_place.c make one out of an archive, bundle_temp.c looks after
 * it, bundle_form.c says what the thing is if it is no bundle), reads the metadata and chooses the
 * target; bundle_apps.c knows apps/, bundle.c looks at all content.
 */
#ifndef X8_UPDATE_BUNDLE_PARTS_H
#define X8_UPDATE_BUNDLE_PARTS_H

#include "update/bundle.h"
#include "update/graph_below.h"

/* --- bundle_form.c */

/* Does a file of this name belong to a flash image? Looks at each part of a path. */
int bundle_is_flash_name(const char *path);
/* X8_E_BAD_IMAGE: a flash image, named `path`; `found`: the file that told. */
int bundle_fail_flash(const char *path, const char *found, struct x8_error *err);
/* X8_E_BAD_IMAGE: no bundle at all. */
int bundle_fail_none(const char *path, const char *why, struct x8_error *err);
/* The folder below `dir` that holds tuf/: `dir` itself or its offline-updates/; absolute. Fails as
 * above. */
int bundle_find_folder(const char *dir, const char *path, char **out, struct x8_error *err);

/* --- bundle_temp.c */

struct bundle_temp {
    char *dir;
    int lock;
};
/* A fresh folder (0700) below `work`, which is made when missing; leftovers are removed. */
int bundle_temp_make(const char *work, struct bundle_temp *out, struct x8_error *err);
/* Remove it with all it holds. */
void bundle_temp_remove(struct bundle_temp *temp);

/* --- bundle_unpack.c */

/* Unpack the archive's tuf/, ostree_repo/ and apps/ into `folder`. */
int bundle_unpack(const struct x8_op *op, const char *archive, const char *folder,
                  struct x8_error *err);

/* --- bundle_tree.c */

enum bundle_kind { BUNDLE_FILE, BUNDLE_DIR, BUNDLE_OTHER };
struct bundle_node {
    char *path; /* relative to the bundle */
    enum bundle_kind kind;
    uint64_t size;
};
struct bundle_tree {
    struct bundle_node *nodes; /* sorted by path, folders too */
    size_t count, cap;
};
/* All below the folder `path` of the bundle whose open folder is `root`; empty when there is none.
 * Links are listed as OTHER and not followed. */
int bundle_tree_list(int root, const char *path, struct bundle_tree *out, struct x8_error *err);
void bundle_tree_done(struct bundle_tree *tree);
#define BUNDLE_AUTO_TREE X8_CLEANUP(bundle_tree_done) struct bundle_tree

/* --- bundle_tuf.c */

/* Read tuf/ and give it to x8_tuf_read. */
int bundle_read_tuf(int root, const struct x8_bundle_open *how, struct x8_tuf *out,
                    struct x8_findings *findings, struct x8_error *err);

/* --- bundle_repo.c */

/* The value of a key in the group [core] of a repository's configuration, "" when there is none. */
void bundle_core_value(struct x8_span text, const char *key, char *out, size_t cap);
/* ostree_repo/: config and objects/ are there, its mode is known. Finding "layout". */
int bundle_look_repo(int root, struct x8_findings *findings, struct x8_error *err);
/* A ref that names the commit; "" when there is none. Finding "ref". */
int bundle_find_ref(int root, struct x8_bundle *bundle, struct x8_findings *findings,
                    struct x8_error *err);

/* --- bundle_apps.c */

/* Fill bundle->apps and blob_bytes from what lies in apps/. */
int bundle_list_apps(int root, struct x8_bundle *bundle, struct x8_error *err);
/* Length of "apps/apps/NAME/SHA" at the start of `path`; 0 when there is no such start. */
size_t bundle_app_folder(const char *path);
/* The app whose folder are the first `len` bytes of `path`, or NULL. */
const struct x8_bundle_app *bundle_app_in(const struct x8_bundle *bundle, const char *path,
                                          size_t len);

/* --- bundle_apps_check.c */

/* Does apps/ hold what the target needs? Finding "apps". */
int bundle_check_apps(int root, const struct x8_op *op, const struct x8_bundle *bundle, int deep,
                      struct x8_findings *findings, struct x8_error *err);

/* --- bundle_blobs.c */

/* "apps/blobs/sha256/<64 digits>": the digits, or NULL. */
const char *bundle_blob_sum(const char *path);
/* Names and, with `deep`, contents of the blobs in `tree`. Finding "apps" when something is wrong;
 * the count of bad ones in `out_bad`. */
int bundle_check_blobs(int root, const struct x8_op *op, const struct bundle_tree *tree, int deep,
                       size_t *out_bad, struct x8_findings *findings, struct x8_error *err);

/* --- bundle_oci.c */

/* Are all blobs there that the container images of the target's apps consist of? Finding "apps"
 * when not; the count of bad ones in `out_bad`. */
int bundle_check_images(int root, const struct x8_bundle *bundle, const struct bundle_tree *tree,
                        size_t *out_bad, struct x8_findings *findings, struct x8_error *err);

/* --- bundle.c */

/* The bundle's folder, opened. */
int bundle_open_root(const char *dir, struct x8_error *err);

#endif
