/*
 * Do the apps in the bundle fit the chosen target? Each fault leaves a line of its own, but a
 * bundle with thousands of strange names not thousands of lines.
 */
#include "update/bundle_parts.h"
#include "util/text.h"

#include <string.h>

/* Lines of one kind of fault. */
#define LINES_MAX 4u

static const char again[] = "get the bundle again, or make it again with its apps";

/* The digest at the end of `uri` equals the last name of `folder`. */
static int is_in_its_folder(const struct x8_bundle_app *app)
{
    static const char mark[] = "@sha256:";
    const char *at = strstr(app->uri, mark);
    const char *sum = x8_path_base(app->folder);
    return at && strlen(sum) == 2 * X8_SHA256_LEN && strcmp(at + strlen(mark), sum) == 0;
}

static size_t check_folders(const struct x8_bundle *bundle, struct x8_findings *findings)
{
    char clean[200];
    size_t bad = 0;
    for (size_t i = 0; i < bundle->app_count; i++) {
        const struct x8_bundle_app *app = &bundle->apps[i];
        if (is_in_its_folder(app))
            continue;
        x8_clean(clean, sizeof(clean), app->folder, strlen(app->folder));
        if (bad++ < LINES_MAX)
            x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "apps", again,
                     "%s: the folder has not the digest of its uri", clean);
    }
    return bad;
}

/* Links, devices, and folders of apps that do not say which app. */
static size_t check_names(const struct x8_bundle *bundle, const struct bundle_tree *tree,
                          struct x8_findings *findings)
{
    char clean[200];
    size_t bad = 0;
    for (size_t i = 0; i < tree->count; i++) {
        const struct bundle_node *node = &tree->nodes[i];
        size_t len = bundle_app_folder(node->path);
        int is_nameless = node->kind == BUNDLE_DIR && len > 0 && node->path[len] == '\0' &&
                          !bundle_app_in(bundle, node->path, len);
        if ((node->kind != BUNDLE_OTHER && !is_nameless) || bad++ >= LINES_MAX)
            continue;
        x8_clean(clean, sizeof(clean), node->path, strlen(node->path));
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "apps", again, "%s: %s", clean,
                 is_nameless ? "there is no usable file 'uri' in this folder of an app"
                             : "a link or a special file");
    }
    return bad;
}

static int has_app(const struct x8_bundle *bundle, const struct x8_tuf_app *wanted,
                   int *out_other_uri)
{
    *out_other_uri = 0;
    for (size_t i = 0; i < bundle->app_count; i++) {
        if (strcmp(bundle->apps[i].name, wanted->name) != 0)
            continue;
        if (strcmp(bundle->apps[i].uri, wanted->uri) == 0)
            return 1;
        *out_other_uri = 1;
    }
    return 0;
}

static size_t check_required(const struct x8_bundle *bundle, struct x8_findings *findings)
{
    size_t bad = 0;
    for (size_t i = 0; i < bundle->target->app_count; i++) {
        const struct x8_tuf_app *wanted = &bundle->target->apps[i];
        int other_uri;
        if (!wanted->is_required || has_app(bundle, wanted, &other_uri))
            continue;
        if (bad++ >= LINES_MAX)
            continue;
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "apps", again,
                 other_uri ? "app '%s' is there, but in another version than %s needs"
                           : "app '%s' is not there, and %s needs it",
                 wanted->name, bundle->target->name);
    }
    return bad;
}

static int is_of_any_target(const struct x8_tuf *tuf, const struct x8_bundle_app *app)
{
    for (size_t i = 0; i < tuf->count; i++)
        for (size_t k = 0; k < tuf->targets[i].app_count; k++)
            if (!strcmp(tuf->targets[i].apps[k].name, app->name) &&
                !strcmp(tuf->targets[i].apps[k].uri, app->uri))
                return 1;
    return 0;
}

/* Apps of nobody stay here: send leaves them out. */
static void tell_foreign(const struct x8_bundle *bundle, struct x8_findings *findings)
{
    char clean[64];
    size_t lines = 0;
    for (size_t i = 0; i < bundle->app_count; i++) {
        const struct x8_bundle_app *app = &bundle->apps[i];
        if (app->is_of_target || is_of_any_target(&bundle->tuf, app) || lines++ >= LINES_MAX)
            continue;
        x8_clean(clean, sizeof(clean), app->name, strlen(app->name));
        x8_found(findings, X8_FOUND_WARN, X8_OK, "apps", NULL,
                 "app '%s' is of no target of the bundle and is not sent to the board", clean);
    }
}

static void tell_good(const struct x8_bundle *bundle, const struct bundle_tree *tree, int deep,
                      struct x8_findings *findings)
{
    char size[24];
    size_t blobs = 0, apps = 0;
    for (size_t i = 0; i < tree->count; i++)
        blobs += tree->nodes[i].kind == BUNDLE_FILE && bundle_blob_sum(tree->nodes[i].path);
    for (size_t i = 0; i < bundle->app_count; i++)
        apps += bundle->apps[i].is_of_target != 0;
    x8_size_text(size, bundle->blob_bytes);
    if (apps == 0 && blobs == 0)
        x8_found(findings, X8_FOUND_OK, X8_OK, "apps", NULL, "%s",
                 "the bundle has no apps, and its target needs none");
    else
        x8_found(findings, X8_FOUND_OK, X8_OK, "apps", NULL, "%zu app%s, %zu blob%s of %s: %s",
                 apps, apps == 1 ? "" : "s", blobs, blobs == 1 ? "" : "s", size,
                 deep ? "all are what their names say" : "contents of blobs were not looked at");
}

int bundle_check_apps(int root, const struct x8_op *op, const struct x8_bundle *bundle, int deep,
                      struct x8_findings *findings, struct x8_error *err)
{
    BUNDLE_AUTO_TREE tree = {0};
    size_t bad_blobs = 0, bad_images = 0;
    int rc = bundle_tree_list(root, "apps", &tree, err);
    if (rc < 0)
        return rc;
    size_t bad = check_names(bundle, &tree, findings);
    bad += check_folders(bundle, findings);
    bad += check_required(bundle, findings);
    tell_foreign(bundle, findings);
    rc = bundle_check_blobs(root, op, &tree, deep, &bad_blobs, findings, err);
    if (rc == 0)
        rc = bundle_check_images(root, bundle, &tree, &bad_images, findings, err);
    if (rc == 0 && bad + bad_blobs + bad_images == 0)
        tell_good(bundle, &tree, deep, findings);
    return rc;
}
