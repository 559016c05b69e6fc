/*
 * One target as targets.json describes it.
 *
 * Source: aktualizr-lite for what a board takes from a target (hardware ids, format, apps).
 */
#include "update/tuf_parts.h"
#include "util/digest.h"
#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* `word` in a list separated by commas or spaces. */
static int is_listed(const char *list, const char *word)
{
    size_t len = strlen(word);

    while (*list) {
        size_t n = strcspn(list, ", ");

        if (n == len && memcmp(list, word, n) == 0)
            return 1;
        list += n + (list[n] != '\0');
    }
    return 0;
}

/* custom.fetched-apps: absent or null: every app; without uri: none; with a short list: those. */
static int is_app_required(const struct x8_json *fetched, const char *name)
{
    const char *uri = x8_json_get_str(fetched, "uri");
    const char *shortlist = x8_json_get_str(fetched, "shortlist");

    if (!x8_json_is_object(fetched))
        return 1;
    if (!uri || !uri[0])
        return 0;
    return !shortlist || !shortlist[strspn(shortlist, ", ")] || is_listed(shortlist, name);
}

/* An app's name becomes the name of a folder. */
static int is_folder_name(const char *name)
{
    return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static const char *read_app(const struct x8_json *entry, const struct x8_json *fetched,
                            struct x8_tuf_target *target)
{
    struct x8_tuf_app *app = &target->apps[target->app_count];
    const char *name = x8_json_name(entry);

    if (target->app_count == X8_TUF_APPS)
        return "has more than 64 apps";
    if (!x8_clean(app->name, sizeof app->name, name, strlen(name)) ||
        strcmp(app->name, name) != 0 || !is_folder_name(name))
        return "has an app whose name cannot be used";
    if (x8_tuf_text(x8_json_get(entry, "uri"), app->uri, sizeof app->uri) < 0)
        return "has an app without a usable uri";
    app->is_required = is_app_required(fetched, name);
    target->app_count++;
    return NULL;
}

static const char *read_apps(const struct x8_json *custom, struct x8_tuf_target *target)
{
    const struct x8_json *apps = x8_json_get(custom, "docker_compose_apps");
    const struct x8_json *fetched = x8_json_get(custom, "fetched-apps");
    const char *fault = NULL;

    target->fetched_apps = x8_json_is_object(fetched);
    if (!apps || x8_json_is_null(apps))
        return NULL;
    if (!x8_json_is_object(apps))
        return "has a list of apps that cannot be read";
    for (const struct x8_json *a = x8_json_first(apps); a && !fault; a = x8_json_next(a))
        fault = read_app(a, fetched, target);
    return fault;
}

static void read_tags(const struct x8_json *custom, struct x8_tuf_target *target)
{
    const struct x8_json *tag = x8_json_first(x8_json_get(custom, "tags"));
    size_t len = 0;

    for (; tag; tag = x8_json_next(tag)) {
        char word[64];

        if (x8_tuf_text(tag, word, sizeof word) < 0 || len + strlen(word) + 2 > sizeof target->tags)
            continue;
        len += (size_t)snprintf(target->tags + len, sizeof target->tags - len, "%s%s",
                                len ? "," : "", word);
    }
}

static void read_hardware(const struct x8_json *custom, struct x8_tuf_target *target)
{
    const struct x8_json *id = x8_json_first(x8_json_get(custom, "hardwareIds"));

    if (id && !x8_json_next(id))
        x8_tuf_text(id, target->hardware, sizeof target->hardware);
}

/* The version is a text by custom; a few tools write a number. */
static int read_version(const struct x8_json *custom, struct x8_tuf_target *target)
{
    const struct x8_json *version = x8_json_get(custom, "version");
    uint64_t number;

    if (x8_json_as_u64(version, &number) < 0)
        return x8_tuf_text(version, target->version, sizeof target->version);
    snprintf(target->version, sizeof target->version, "%" PRIu64, number);
    return 0;
}

static int read_commit(const struct x8_json *entry, struct x8_tuf_target *target)
{
    const char *hex = x8_json_get_str(x8_json_get(entry, "hashes"), "sha256");
    uint8_t sum[X8_SHA256_LEN];

    if (!hex || x8_unhex(sum, sizeof sum, hex) < 0)
        return -1;
    x8_hex(target->commit, sum, sizeof sum);
    return 0;
}

const char *x8_tuf_target_read(const struct x8_json *entry, struct x8_tuf_target *target)
{
    const struct x8_json *custom = x8_json_get(entry, "custom");
    const char *name = x8_json_name(entry);

    memset(target, 0, sizeof *target);
    target->in_bundle = 1;
    x8_tuf_text(x8_json_get(custom, "targetFormat"), target->format, sizeof target->format);
    if (!name[0] || !x8_clean(target->name, sizeof target->name, name, strlen(name)) ||
        strcmp(target->name, name) != 0)
        return "has a name that cannot be used";
    if (strcmp(target->format, "OSTREE") != 0)
        return "is no OSTREE target";
    if (read_version(custom, target) < 0)
        return "has no usable version";
    if (read_commit(entry, target) < 0)
        return "has no SHA-256 that names its commit";
    read_hardware(custom, target);
    read_tags(custom, target);
    return read_apps(custom, target);
}
