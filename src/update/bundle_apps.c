/*
 * apps/: a folder for each app, apps/apps/NAME/SHA, with the file `uri` that ties it to the signed
 * target, and blobs that they share. On the board, aktualizr-lite compares that file with the
 * target's text byte for byte; so is it done here.
 */
#include "update/bundle_parts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "apps/apps/"
#define BLOBS  "apps/blobs/"

size_t bundle_app_folder(const char *path)
{
    size_t prefix = strlen(PREFIX), name, sum;
    if (!x8_starts(path, PREFIX))
        return 0;
    name = strcspn(path + prefix, "/");
    if (name == 0 || path[prefix + name] != '/')
        return 0;
    sum = strcspn(path + prefix + name + 1, "/");
    return sum > 0 ? prefix + name + 1 + sum : 0;
}

static const struct x8_tuf_app *app_of(const struct x8_tuf_target *target, const char *name)
{
    for (size_t i = 0; target && i < target->app_count; i++)
        if (strcmp(target->apps[i].name, name) == 0)
            return &target->apps[i];
    return NULL;
}

const struct x8_bundle_app *bundle_app_in(const struct x8_bundle *bundle, const char *path,
                                          size_t len)
{
    for (size_t i = 0; i < bundle->app_count; i++)
        if (strlen(bundle->apps[i].folder) == len && !strncmp(bundle->apps[i].folder, path, len))
            return &bundle->apps[i];
    return NULL;
}

/* --- listing */

/* The app whose `uri` file this is. 1, or 0 when it is not usable. */
static int read_app(int root, const struct x8_bundle *bundle, const char *path, size_t folder,
                    struct x8_bundle_app *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    struct x8_bundle_app app = {0};
    size_t prefix = strlen(PREFIX), name = strcspn(path + prefix, "/");
    if (name >= sizeof(app.name) || folder >= sizeof(app.folder))
        return 0;
    int rc = below_load(root, path, sizeof(app.uri) - 1, &text, err);
    if (rc < 0)
        return below_broke(rc) ? rc : 0;
    if (text.len == 0 || memchr(text.data, 0, text.len))
        return 0;
    memcpy(app.uri, text.data, text.len);
    memcpy(app.name, path + prefix, name);
    memcpy(app.folder, path, folder);
    const struct x8_tuf_app *wanted = app_of(bundle->target, app.name);
    app.is_of_target = wanted && strcmp(wanted->uri, app.uri) == 0;
    *out = app;
    return 1;
}

static int list_app(int root, struct x8_bundle *bundle, const char *path, struct x8_error *err)
{
    struct x8_bundle_app app;
    size_t folder = bundle_app_folder(path);
    if (folder == 0 || strcmp(path + folder, "/uri") != 0)
        return 0;
    int rc = read_app(root, bundle, path, folder, &app, err);
    if (rc <= 0)
        return rc;
    struct x8_bundle_app *apps =
        realloc(bundle->apps, (bundle->app_count + 1) * sizeof(*bundle->apps));
    if (!apps)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    bundle->apps = apps;
    bundle->apps[bundle->app_count++] = app;
    return 0;
}

static void count_bytes(struct x8_bundle *bundle, const struct bundle_node *node)
{
    size_t folder = bundle_app_folder(node->path);
    if (node->kind != BUNDLE_FILE)
        return;
    if (x8_starts(node->path, BLOBS))
        bundle->blob_bytes += node->size;
    for (size_t i = 0; i < bundle->app_count && folder; i++)
        if (&bundle->apps[i] == bundle_app_in(bundle, node->path, folder))
            bundle->apps[i].bytes += node->size;
}

int bundle_list_apps(int root, struct x8_bundle *bundle, struct x8_error *err)
{
    BUNDLE_AUTO_TREE tree = {0};
    int rc = bundle_tree_list(root, "apps", &tree, err);
    for (size_t i = 0; i < tree.count && rc == 0; i++)
        if (tree.nodes[i].kind == BUNDLE_FILE)
            rc = list_app(root, bundle, tree.nodes[i].path, err);
    for (size_t i = 0; i < tree.count && rc == 0; i++)
        count_bytes(bundle, &tree.nodes[i]);
    return rc;
}

/* Does the file go to the board? Not when it is of an app that the target does not have. */
static int travels(const struct x8_bundle *bundle, const struct bundle_node *node)
{
    size_t folder = bundle_app_folder(node->path);
    if (node->kind != BUNDLE_FILE)
        return 0;
    if (folder == 0)
        return !x8_starts(node->path, PREFIX);
    const struct x8_bundle_app *app = bundle_app_in(bundle, node->path, folder);
    return app && app->is_of_target;
}

int x8_bundle_app_files(const struct x8_bundle *bundle,
                        int (*each)(void *ctx, const char *rel, uint64_t size), void *ctx,
                        struct x8_error *err)
{
    BUNDLE_AUTO_TREE tree = {0};
    X8_AUTO_FD root = bundle_open_root(bundle->dir, err);
    int rc = root < 0 ? root : bundle_tree_list(root, "apps", &tree, err);
    for (size_t i = 0; i < tree.count && rc == 0; i++)
        if (travels(bundle, &tree.nodes[i]))
            rc = each(ctx, tree.nodes[i].path, tree.nodes[i].size);
    return rc;
}
