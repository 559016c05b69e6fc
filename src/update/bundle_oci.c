/*
 * Container images of apps: an index.json in the app's folder names manifests, these name a
 * configuration and layers, all by the SHA-256 of blobs. One that is missing would stop the board
 * in the middle of its work.
 *
 * Source: the OCI image layout and image specifications 1.0 (index, manifest, descriptor).
 */
#include "update/bundle_parts.h"
#include "util/json.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAX ((size_t)4 << 20)
#define DEPTH_MAX    4u /* an index may name indexes: one for each platform */
#define LINES_MAX    4u

static const char again[] = "get the bundle again, or make it again with its apps";

struct following {
    int root;
    const struct bundle_tree *tree;
    const char *from; /* the app's index.json */
    struct x8_findings *findings;
    size_t *bad;
};

static int by_path(const void *key, const void *node)
{
    return strcmp(key, ((const struct bundle_node *)node)->path);
}

static void tell(const struct following *f, const char *path, const char *what)
{
    char clean[160], from[100];

    if ((*f->bad)++ >= LINES_MAX)
        return;
    x8_clean(clean, sizeof(clean), path, strlen(path));
    x8_clean(from, sizeof(from), f->from, strlen(f->from));
    x8_found(f->findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "apps", again, "%s: %s (for %s)", clean,
             what, from);
}

static int follow(const struct following *f, const char *path, unsigned depth,
                  struct x8_error *err);

/* What one descriptor names has to be there; a manifest is read as well. */
static int follow_descriptor(const struct following *f, const struct x8_json *descriptor,
                             int is_manifest, unsigned depth, struct x8_error *err)
{
    static const char kind[] = "sha256:";
    const char *digest = x8_json_get_str(descriptor, "digest");
    char path[128];

    if (!digest || !x8_starts(digest, kind) || strlen(digest) != sizeof(kind) - 1 + 64) {
        tell(f, f->from, "it names something without a SHA-256");
        return 0;
    }
    snprintf(path, sizeof(path), "apps/blobs/sha256/%.64s", digest + sizeof(kind) - 1);
    const struct bundle_node *node =
        bundle_blob_sum(path)
            ? bsearch(path, f->tree->nodes, f->tree->count, sizeof(*f->tree->nodes), by_path)
            : NULL;
    if (!node || node->kind != BUNDLE_FILE) {
        tell(f, path, "this blob is missing");
        return 0;
    }
    return is_manifest ? follow(f, path, depth + 1, err) : 0;
}

static int follow_list(const struct following *f, const struct x8_json *list, int are_manifests,
                       unsigned depth, struct x8_error *err)
{
    const struct x8_json *item;
    int rc = 0;

    for (size_t i = 0; rc == 0 && (item = x8_json_at(list, i)); i++)
        rc = follow_descriptor(f, item, are_manifests, depth, err);
    return rc;
}

static int follow(const struct following *f, const char *path, unsigned depth, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    struct x8_json *json = NULL;
    struct x8_error why = {0};

    int rc = below_load(f->root, path, DOCUMENT_MAX, &text, &why);
    if (rc < 0 && below_broke(rc)) {
        *err = why;
        return rc;
    }
    if (rc < 0 || depth > DEPTH_MAX ||
        x8_json_parse(x8_buf_text(&text), text.len, &json, &why) < 0 || !x8_json_is_object(json)) {
        tell(f, path, "it is no description of a container image");
        x8_json_free(&json);
        return 0;
    }
    rc = follow_list(f, x8_json_get(json, "manifests"), 1, depth, err);
    if (rc == 0)
        rc = follow_list(f, x8_json_get(json, "layers"), 0, depth, err);
    if (rc == 0 && x8_json_get(json, "config"))
        rc = follow_descriptor(f, x8_json_get(json, "config"), 0, depth, err);
    x8_json_free(&json);
    return rc;
}

static int is_index(const char *path)
{
    return strcmp(x8_path_base(path), "index.json") == 0;
}

int bundle_check_images(int root, const struct x8_bundle *bundle, const struct bundle_tree *tree,
                        size_t *out_bad, struct x8_findings *findings, struct x8_error *err)
{
    int rc = 0;

    *out_bad = 0;
    for (size_t i = 0; i < tree->count && rc == 0; i++) {
        const char *path = tree->nodes[i].path;
        size_t len = bundle_app_folder(path);
        const struct x8_bundle_app *app = len ? bundle_app_in(bundle, path, len) : NULL;
        const struct following f = {root, tree, path, findings, out_bad};
        if (app && app->is_of_target && tree->nodes[i].kind == BUNDLE_FILE && is_index(path))
            rc = follow(&f, path, 0, err);
    }
    return rc;
}
