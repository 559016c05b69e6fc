/*
 * Bundles, boards and findings as JSON.
 */
#include "update_parts.h"

#include "util/text.h"

#include <string.h>

void x8_update_json_text(struct x8_json *in, const char *key, const char *text)
{
    x8_json_str(in, key, text[0] ? text : NULL);
}

static void add_time(struct x8_json *in, const char *key, int64_t seconds)
{
    char text[32];

    x8_update_time_text(text, seconds);
    x8_update_json_text(in, key, text);
}

struct x8_json *x8_update_findings_json(const struct x8_findings *findings)
{
    struct x8_json *list = x8_json_array();

    for (size_t i = 0; i < findings->count; i++) {
        const struct x8_finding *item = &findings->items[i];
        struct x8_json *json = x8_json_object();

        x8_json_str(json, "id", item->id);
        x8_json_str(json, "status", x8_finding_name(item->kind));
        x8_json_str(json, "code", item->kind == X8_FOUND_BAD ? x8_code_name(item->code) : NULL);
        x8_json_str(json, "detail", item->text);
        x8_update_json_text(json, "next", item->next);
        x8_json_add(list, NULL, json);
    }
    return list;
}

static struct x8_json *roles_json(const struct x8_tuf *tuf)
{
    struct x8_json *roles = x8_json_object();

    for (int i = 0; i < X8_TUF_ROLES; i++) {
        const struct x8_tuf_role *role = &tuf->roles[i];
        struct x8_json *json;

        if (!role->present)
            continue;
        json = x8_json_object();
        x8_json_u64(json, "version", role->version);
        x8_update_json_text(json, "expires", role->expires);
        x8_json_num(json, "good", role->good);
        x8_json_num(json, "wrong", role->bad);
        x8_json_num(json, "threshold", role->threshold);
        x8_json_add(roles, x8_tuf_role_name((enum x8_tuf_role_id)i), json);
    }
    return roles;
}

static struct x8_json *target_json(const struct x8_tuf_target *target)
{
    struct x8_json *json = x8_json_object(), *apps = x8_json_array();

    x8_json_str(json, "name", target->name);
    x8_update_json_text(json, "version", target->version);
    x8_update_json_text(json, "commit", target->commit);
    x8_update_json_text(json, "hardware", target->hardware);
    x8_update_json_text(json, "tags", target->tags);
    for (size_t i = 0; i < target->app_count; i++) {
        struct x8_json *app = x8_json_object();

        x8_json_str(app, "name", target->apps[i].name);
        x8_json_str(app, "uri", target->apps[i].uri);
        x8_json_bool(app, "required", target->apps[i].is_required);
        x8_json_add(apps, NULL, app);
    }
    x8_json_add(json, "apps", apps);
    return json;
}

struct x8_json *x8_update_bundle_json(const struct x8_bundle *bundle)
{
    const struct x8_tuf *tuf = &bundle->tuf;
    struct x8_json *json = x8_json_object(), *targets = x8_json_array();

    x8_json_str(json, "path", bundle->path);
    x8_update_json_text(json, "type", tuf->type);
    x8_update_json_text(json, "tag", tuf->tag);
    add_time(json, "expires", tuf->expires_s);
    x8_update_json_text(json, "expires_role", tuf->expires_role);
    if (tuf->expires_s)
        x8_json_num(json, "days_left",
                    (double)x8_update_days_left(tuf->expires_s, x8_update_now_s()));
    else
        x8_json_str(json, "days_left", NULL);
    x8_json_bool(json, "anchored", tuf->is_anchored);
    x8_update_json_text(json, "root_keys", tuf->root_keys);
    x8_json_add(json, "roles", roles_json(tuf));
    x8_json_str(json, "target", bundle->target ? bundle->target->name : NULL);
    for (size_t i = 0; i < tuf->count; i++)
        x8_json_add(targets, NULL, target_json(&tuf->targets[i]));
    x8_json_add(json, "targets", targets);
    x8_json_u64(json, "objects", bundle->graph.count);
    x8_json_u64(json, "stored_bytes", bundle->graph.stored);
    x8_json_u64(json, "unpacked_bytes", bundle->graph.size);
    x8_json_u64(json, "app_bytes", bundle->blob_bytes);
    return json;
}

static void add_known(struct x8_json *in, const char *key, int value)
{
    if (value < 0)
        x8_json_str(in, key, NULL);
    else
        x8_json_num(in, key, value);
}

static struct x8_json *containers_json(const struct x8_update_board *board)
{
    struct x8_json *list = x8_json_array();

    for (size_t i = 0; i < board->container_count; i++) {
        struct x8_json *json = x8_json_object();

        x8_json_str(json, "name", board->containers[i].name);
        x8_update_json_text(json, "image", board->containers[i].image);
        x8_update_json_text(json, "app", board->containers[i].project);
        x8_json_bool(json, "running", board->containers[i].is_running);
        x8_json_add(list, NULL, json);
    }
    return list;
}

static void add_system(struct x8_json *json, const struct x8_update_board *board)
{
    x8_update_json_text(json, "image", board->version);
    x8_update_json_text(json, "hardware", board->hardware);
    x8_update_json_text(json, "tags", board->tags);
    x8_update_json_text(json, "target", board->target);
    x8_update_json_text(json, "booted", board->booted);
    x8_update_json_text(json, "pending", board->pending);
    x8_update_json_text(json, "rollback", board->rollback);
    add_known(json, "upgrade_available", board->upgrade_available);
    add_known(json, "bootcount", board->bootcount);
    add_known(json, "rollback_flag", board->rollback_flag);
    add_known(json, "bootupgrade_available", board->bootupgrade_available);
    x8_json_str(json, "aklite", x8_aklite_name(board->aklite));
}

struct x8_json *x8_update_board_json(const struct x8_update_look *look)
{
    const struct x8_update_board *board = &look->board;
    struct x8_json *json = x8_json_object();

    add_system(json, board);
    add_time(json, "clock", board->clock_s);
    x8_json_bool(json, "registered", board->is_registered);
    x8_update_json_text(json, "type", board->device_type);
    x8_json_bool(json, "daemon_active", board->daemon_active);
    x8_json_bool(json, "daemon_enabled", board->daemon_enabled);
    x8_json_bool(json, "page_update", board->ootb_pending);
    x8_json_num(json, "early_start", board->early_start);
    x8_json_num(json, "early_recovery", board->early_recovery);
    x8_json_bool(json, "reset_store", board->has_reset_store);
    x8_json_u64(json, "free_bytes", board->sysroot_free);
    x8_json_u64(json, "var_free_bytes", board->var_free);
    x8_update_json_text(json, "root_from", board->root_from);
    x8_json_add(json, "containers", containers_json(board));
    return json;
}

struct x8_json *x8_update_journal_json(const struct x8_update_journal *journal)
{
    struct x8_json *json = x8_json_object();

    x8_json_str(json, "step", x8_update_step_name(journal->step));
    x8_update_json_text(json, "bundle", journal->bundle);
    x8_update_json_text(json, "from", journal->expected.old_version);
    x8_update_json_text(json, "to", journal->expected.version);
    x8_update_json_text(json, "target", journal->expected.target);
    x8_update_json_text(json, "commit", journal->expected.commit);
    x8_json_num(json, "restarts", journal->restarts);
    add_time(json, "begun", journal->begun_s);
    add_time(json, "changed", journal->changed_s);
    x8_update_json_text(json, "note", journal->note);
    x8_json_str(json, "file", journal->path);
    return json;
}

struct x8_json *x8_update_sent_json(const struct x8_sent *sent)
{
    struct x8_json *json = x8_json_object();

    x8_json_u64(json, "objects", sent->objects);
    x8_json_u64(json, "objects_there", sent->objects_there);
    x8_json_u64(json, "objects_staged", sent->objects_staged);
    x8_json_u64(json, "bytes", sent->bytes);
    x8_json_u64(json, "bytes_sent", sent->bytes_sent);
    x8_json_u64(json, "need_bytes", sent->need);
    x8_json_u64(json, "free_bytes", sent->free);
    x8_json_u64(json, "duration_ms", (uint64_t)(sent->took_ms > 0 ? sent->took_ms : 0));
    return json;
}
