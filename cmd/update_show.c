/*
 * x8ctl update show: what is in a bundle.
 */
#include "update_parts.h"

#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static void put_days(char out[48], int64_t expires_s)
{
    int64_t days = x8_update_days_left(expires_s, x8_update_now_s());

    if (expires_s == 0)
        x8_copy(out, 48, "not readable");
    else if (days >= 0)
        snprintf(out, 48, "%" PRId64 " day%s left", days, days == 1 ? "" : "s");
    else
        snprintf(out, 48, "over for %" PRId64 " day%s", -days, days == -1 ? "" : "s");
}

static void put_roles(struct x8_buf *out, int is_person, const struct x8_tuf *tuf)
{
    for (int i = 0; i < X8_TUF_ROLES; i++) {
        const struct x8_tuf_role *role = &tuf->roles[i];
        char days[48], wrong[64] = "";

        if (!role->present)
            continue;
        put_days(days, role->expires_s);
        if (role->bad)
            snprintf(wrong, sizeof wrong, ", %u by other keys or wrong", role->bad);
        x8_update_line(out, is_person, x8_tuf_role_name((enum x8_tuf_role_id)i),
                       "version %" PRIu64 ", until %s (%s), %u of %u signatures%s", role->version,
                       role->expires[0] ? role->expires : "-", days, role->good, role->threshold,
                       wrong);
    }
    if (tuf->root_last)
        x8_update_line(out, is_person, "trust", "roots %u to %u, %s, keys %s",
                       (unsigned)tuf->root_first, (unsigned)tuf->root_last,
                       tuf->is_anchored ? "from a trusted one" : "which fit each other only",
                       tuf->root_keys);
}

static void put_apps(struct x8_buf *out, int is_person, const struct x8_bundle *bundle)
{
    const struct x8_tuf_target *target = bundle->target;
    char size[24];

    for (size_t i = 0; i < target->app_count; i++)
        x8_update_line(out, is_person, "app", "%s%s, %s", target->apps[i].name,
                       target->apps[i].is_required ? "" : " (not in the bundle)",
                       target->apps[i].uri);
    x8_size_text(size, bundle->blob_bytes);
    if (bundle->app_count)
        x8_update_line(out, is_person, "images", "%s", size);
}

static void put_target(struct x8_buf *out, int is_person, const struct x8_bundle *bundle)
{
    const struct x8_tuf_target *target = bundle->target;
    char stored[24], size[24];

    if (!target)
        return;
    x8_update_line(out, is_person, "target", "%s", target->name);
    x8_update_line(out, is_person, "version", "%s", target->version);
    x8_update_line(out, is_person, "commit", "%s", target->commit);
    x8_update_line(out, is_person, "hardware", "%s", target->hardware[0] ? target->hardware : "-");
    x8_update_line(out, is_person, "tags", "%s", target->tags[0] ? target->tags : "-");
    put_apps(out, is_person, bundle);
    x8_size_text(stored, bundle->graph.stored);
    x8_size_text(size, bundle->graph.size);
    if (bundle->graph.count)
        x8_update_line(out, is_person, "objects", "%zu, %s, unpacked %s", bundle->graph.count,
                       stored, size);
}

static void print(const struct x8_update_bundle *source, const struct x8_findings *all)
{
    const struct x8_bundle *bundle = &source->bundle;
    const struct x8_tuf *tuf = &bundle->tuf;
    int is_person = isatty(STDOUT_FILENO);
    X8_AUTO_BUF out = {0};
    char days[48];

    x8_update_line(&out, is_person, "bundle", "%s", bundle->path);
    x8_update_line(&out, is_person, "type", "%s%s%s", tuf->type[0] ? tuf->type : "not said",
                   tuf->tag[0] ? ", tag " : "", tuf->tag);
    put_target(&out, is_person, bundle);
    for (size_t i = 0; i < tuf->count; i++)
        if (&tuf->targets[i] != bundle->target)
            x8_update_line(&out, is_person, "other", "%s", tuf->targets[i].name);
    put_days(days, tuf->expires_s);
    x8_update_line(&out, is_person, "usable", "%s%s%s%s", days, tuf->expires_role[0] ? " (" : "",
                   tuf->expires_role, tuf->expires_role[0] ? ")" : "");
    put_roles(&out, is_person, tuf);
    x8_update_findings_text(&out, is_person, all);
    fputs(x8_buf_text(&out), stdout); /* whether it arrived is found out at the end of the run */
}

static void give_json(struct x8_ctx *ctx, const struct x8_update_bundle *source,
                      const struct x8_findings *all, int rc)
{
    struct x8_json *json = x8_json_object();

    x8_json_str(json, "verdict", x8_code_name(rc < 0 ? x8_code_of(rc) : X8_OK));
    x8_json_add(json, "bundle", x8_update_bundle_json(&source->bundle));
    x8_json_add(json, "findings", x8_update_findings_json(all));
    x8_result(ctx, &json);
}

int x8_update_run_show(struct x8_ctx *ctx, const char *path, struct x8_error *err)
{
    X8_AUTO_UPDATE_BUNDLE source = {0};
    X8_AUTO_FINDINGS all = {0};
    int rc =
        x8_update_bundle_open(ctx, path, x8_update_opt.target, x8_update_opt.deep, &source, err);

    if (rc < 0)
        return rc;
    x8_update_findings_add(&all, &source.signed_part);
    x8_update_findings_add(&all, &source.content);
    x8_ui_flush(ctx->ui);
    rc = x8_findings_judge(&all, "the bundle cannot be used", err);
    if (ctx->globals->json)
        give_json(ctx, &source, &all, rc);
    else
        print(&source, &all);
    return rc;
}
