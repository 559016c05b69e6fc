/*
 * A bundle for an offline update on this computer: a folder (or an archive of one, unpacked first)
 * with tuf/, ostree_repo/ and, where the target has apps, apps/. Opening it looks at its form,
 * checking it at everything that can be known without the board; update/board.h adds the board.
 */
#ifndef X8_UPDATE_BUNDLE_H
#define X8_UPDATE_BUNDLE_H

#include "update/graph.h"
#include "update/tuf.h"

struct x8_bundle_app {
    char name[64];
    char uri[300];    /* from the file `uri` */
    char folder[200]; /* relative to the bundle: apps/apps/NAME/SHA */
    uint64_t bytes;   /* of its own files */
    int is_of_target; /* the chosen target names it with this uri */
};

struct x8_bundle {
    char *path; /* as the user said it */
    char *dir;  /* the folder that holds tuf/; absolute */
    char *temp; /* unpacked below this folder, or NULL; kept until x8_bundle_done */
    int lock;   /* with `temp`: held while it is used, so that nobody takes it for a leftover */
    struct x8_tuf tuf;
    const struct x8_tuf_target *target; /* the chosen one; NULL when there is none */
    struct x8_bundle_app *apps;
    size_t app_count;
    uint64_t blob_bytes; /* of apps/blobs */
    struct x8_graph graph;
    char repo_ref[128]; /* a ref that names the commit, below refs/heads ("main"), or "";
                           generations A and B need one */
};
void x8_bundle_done(struct x8_bundle *bundle); /* removes `temp` */
#define X8_AUTO_BUNDLE X8_CLEANUP(x8_bundle_done) struct x8_bundle

struct x8_bundle_open {
    const char *path;       /* folder, or .tar, .tar.gz, .tar.zst, ... */
    const char *work;       /* where an archive is unpacked; a folder of the user's cache */
    const char *target;     /* name or version of a target; NULL: the highest version */
    struct x8_span trusted; /* a trusted root (see tuf.h), or empty */
    const char *trusted_from;
};

/*
 * Open and read all metadata. Findings "layout" and those of x8_tuf_read, and "target". An archive
 * is unpacked (stage "unpack", progress in bytes of the archive); what an earlier run left in
 * `work` because it was killed is removed then.
 * X8_E_NO_FILE; X8_E_BAD_IMAGE when it is no bundle: a flash image (imx-boot*, *.wic,
 * mfgtool-files) is named as such, with `x8ctl flash` as next step; X8_E_HOST_SPACE told before an
 * archive is unpacked where its size is known; members with "..", absolute names, links that lead
 * out or special files are X8_E_BAD_IMAGE and nothing of them is written.
 */
int x8_bundle_open(const struct x8_op *op, const struct x8_bundle_open *how, struct x8_bundle *out,
                   struct x8_findings *findings, struct x8_error *err);

/*
 * Look at the content: the commit's graph (`deep`: every object hashed), the apps and their blobs
 * (SHA-256 equals the name; sizes), required apps present with equal uri, the ref. Findings
 * "commit", "graph", "apps", "ref".
 */
int x8_bundle_check(const struct x8_op *op, struct x8_bundle *bundle, int deep,
                    struct x8_findings *findings, struct x8_error *err);

/* For each file of apps/ that travels, relative to the bundle ("apps/..."), sorted, regular files
 * only, without the folders of apps that the chosen target does not have (generations A and B
 * refuse such). Used by send. A value other than 0 ends and is returned. */
int x8_bundle_app_files(const struct x8_bundle *bundle,
                        int (*each)(void *ctx, const char *rel, uint64_t size), void *ctx,
                        struct x8_error *err);

#endif
