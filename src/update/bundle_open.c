/*
 * From a name to a bundle with its metadata read and its target chosen.
 */
#include "update/bundle_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of the targets that could be chosen, for a message. */
static void list_targets(const struct x8_tuf *tuf, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < tuf->count && len + 40 < cap; i++) {
        if (!tuf->targets[i].in_bundle)
            continue;
        snprintf(out + len, cap - len, "%s%.36s", len ? ", " : "", tuf->targets[i].name);
        len = strlen(out);
    }
}

static const struct x8_tuf_target *find_target(const struct x8_tuf *tuf, const char *wanted)
{
    for (size_t i = 0; i < tuf->count; i++) {
        const struct x8_tuf_target *target = &tuf->targets[i];
        if (target->in_bundle &&
            (!wanted || !strcmp(wanted, target->name) || !strcmp(wanted, target->version)))
            return target;
    }
    return NULL;
}

static void choose_target(struct x8_bundle *bundle, const char *wanted,
                          struct x8_findings *findings)
{
    char list[200];
    size_t count = 0;
    for (size_t i = 0; i < bundle->tuf.count; i++)
        count += bundle->tuf.targets[i].in_bundle != 0;
    list_targets(&bundle->tuf, list, sizeof(list));
    bundle->target = find_target(&bundle->tuf, wanted);
    if (bundle->target)
        x8_found(findings, X8_FOUND_OK, X8_OK, "target", NULL, "%s (version %s)%s%s",
                 bundle->target->name, bundle->target->version,
                 count > 1 && !wanted ? ", the highest of: " : "",
                 count > 1 && !wanted ? list : "");
    else if (count == 0)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "target", "get the bundle again",
                 "the bundle's metadata names no target");
    else
        x8_found(findings, X8_FOUND_BAD, X8_E_USAGE, "target", "choose one of those",
                 "the bundle has no target '%.64s', it has: %s", wanted, list);
}

/* The folder: the one that was named, or one made from an archive. */
static int find_dir(const struct x8_op *op, const struct x8_bundle_open *how,
                    struct x8_bundle *bundle, struct x8_error *err)
{
    struct bundle_temp temp = {.lock = -1};
    if (x8_path_kind(how->path) == X8_PATH_DIR)
        return bundle_find_folder(how->path, how->path, &bundle->dir, err);
    int fd = x8_file_open(how->path, 0, err);
    if (fd < 0)
        return fd;
    x8_fd_close(&fd);
    if (bundle_is_flash_name(x8_path_base(how->path)))
        return bundle_fail_flash(how->path, x8_path_base(how->path), err);
    int rc = bundle_temp_make(how->work, &temp, err);
    if (rc < 0)
        return rc;
    bundle->temp = temp.dir;
    bundle->lock = temp.lock;
    rc = bundle_unpack(op, how->path, temp.dir, err);
    return rc < 0 ? rc : bundle_find_folder(temp.dir, how->path, &bundle->dir, err);
}

/* What aklite-offline and send.h look for besides. */
static int read_content(const struct x8_bundle_open *how, struct x8_bundle *bundle,
                        struct x8_findings *findings, struct x8_error *err)
{
    X8_AUTO_FD root = bundle_open_root(bundle->dir, err);
    int rc = root < 0 ? root : bundle_look_repo(root, findings, err);
    if (rc == 0)
        rc = bundle_read_tuf(root, how, &bundle->tuf, findings, err);
    if (rc < 0)
        return rc;
    choose_target(bundle, how->target, findings);
    return bundle_list_apps(root, bundle, err);
}

int x8_bundle_open(const struct x8_op *op, const struct x8_bundle_open *how, struct x8_bundle *out,
                   struct x8_findings *findings, struct x8_error *err)
{
    X8_AUTO_BUNDLE bundle = {0};
    struct x8_error why;
    bundle.path = strdup(how->path);
    int rc = bundle.path ? find_dir(op, how, &bundle, &why)
                         : x8_fail(&why, X8_E_INTERNAL, "out of memory");
    if (rc == 0) {
        rc = read_content(how, &bundle, findings, &why);
        if (rc == -X8_E_BAD_IMAGE && !x8_starts(why.msg, how->path))
            x8_error_prefix(&why, "%s", how->path);
    }
    if (rc < 0) {
        if (err)
            *err = why;
        return rc;
    }
    *out = bundle;
    bundle = (struct x8_bundle){0};
    return 0;
}
