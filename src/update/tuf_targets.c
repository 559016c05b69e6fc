/*
 * What the bundle brings: its own list (bundle-targets.json), and each of those targets as
 * targets.json describes it.
 *
 * Source: fioctl's offline-update for the list; aktualizr-lite for what a board takes from a
 * target.
 */
#include "update/tuf_parts.h"

#include <stdlib.h>
#include <string.h>

#define TARGETS_MAX 2048 /* where the bundle has no list of its own: all of a factory's */
#define AGAIN       "make the bundle again: fioctl targets offline-update TARGET FOLDER --tag TAG"

struct reading {
    struct x8_tuf *out;
    size_t cap;
    struct x8_findings *findings;
};

void x8_tuf_bundle_list(const struct tuf_doc *bundle, struct x8_tuf *out,
                        const struct x8_json **list, struct x8_findings *findings)
{
    const struct x8_json *about = x8_json_get(bundle->json, "x-fio-offline-bundle");
    const struct x8_json *names = x8_json_get(about, "targets");

    *list = NULL;
    if (x8_tuf_text(x8_json_get(about, "type"), out->type, sizeof out->type) < 0 ||
        (strcmp(out->type, "ci") != 0 && strcmp(out->type, "prod") != 0)) {
        out->type[0] = '\0';
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "bundle-targets", AGAIN,
                 "tuf/bundle-targets.json does not say whether it is for ci or prod boards");
    }
    if (x8_tuf_text(x8_json_get(about, "tag"), out->tag, sizeof out->tag) < 0)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "bundle-targets", AGAIN,
                 "tuf/bundle-targets.json has no usable tag");
    if (x8_json_is_array(names) && x8_json_first(names))
        *list = names;
    else
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "bundle-targets", AGAIN,
                 "tuf/bundle-targets.json lists no target");
}

/* Room for one more, or NULL when there are too many. */
static struct x8_tuf_target *next_target(struct reading *r)
{
    struct x8_tuf_target *grown;
    size_t cap = r->cap ? r->cap * 2 : 4;

    if (r->out->count == TARGETS_MAX)
        return NULL;
    if (r->out->count == r->cap) {
        grown = realloc(r->out->targets, cap * sizeof *grown);
        if (!grown)
            abort();
        r->out->targets = grown;
        r->cap = cap;
    }
    return &r->out->targets[r->out->count];
}

/* 0, or -1 when there is no room for more. */
static int take(struct reading *r, const struct x8_json *entry, enum x8_finding_kind when_bad)
{
    struct x8_tuf_target *target = next_target(r);
    const char *fault;

    if (!target) {
        x8_found(r->findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "targets", AGAIN,
                 "tuf/targets.json has more than %d targets and no bundle-targets.json says which "
                 "of them are meant",
                 TARGETS_MAX);
        return -1;
    }
    fault = x8_tuf_target_read(entry, target);
    if (!fault)
        r->out->count++;
    else if (when_bad != X8_FOUND_OK)
        x8_found(r->findings, when_bad, X8_E_MISFIT, "targets", AGAIN, "target %.100s %s",
                 x8_json_name(entry), fault);
    return 0;
}

static int was_taken(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->out->count; i++)
        if (strcmp(r->out->targets[i].name, name) == 0)
            return 1;
    return 0;
}

static void take_listed(struct reading *r, const struct x8_json *all, const struct x8_json *list)
{
    const struct x8_json *item = x8_json_first(list);

    for (size_t n = 0; item; n++, item = x8_json_next(item)) {
        const char *name = x8_json_as_str(item);
        const struct x8_json *entry = name ? x8_json_get(all, name) : NULL;

        if (n == X8_TUF_LISTED) {
            x8_found(r->findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "targets", AGAIN,
                     "tuf/bundle-targets.json lists more than %d targets", X8_TUF_LISTED);
            return;
        }
        if (!entry)
            x8_found(r->findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "targets", AGAIN,
                     "tuf/targets.json has no target %.100s, which tuf/bundle-targets.json lists",
                     name ? name : "(no text)");
        else if (!was_taken(r, name) && take(r, entry, X8_FOUND_BAD) < 0)
            return;
    }
}

static int is_number(const char *text)
{
    return text[0] && text[strspn(text, "0123456789")] == '\0';
}

/* Numbers by their value, of any length; other words behind all numbers. */
static int compare_versions(const char *a, const char *b)
{
    int a_is = is_number(a), b_is = is_number(b);
    size_t a_len, b_len;

    if (!a_is || !b_is)
        return a_is != b_is ? a_is - b_is : strcmp(a, b);
    a += strspn(a, "0");
    b += strspn(b, "0");
    a_len = strlen(a);
    b_len = strlen(b);
    return a_len != b_len ? (a_len > b_len) - (a_len < b_len) : strcmp(a, b);
}

static int by_version(const void *va, const void *vb)
{
    const struct x8_tuf_target *a = va, *b = vb;
    int order = compare_versions(b->version, a->version);

    return order ? order : strcmp(a->name, b->name);
}

void x8_tuf_targets(const struct tuf_doc *targets, const struct x8_json *list, struct x8_tuf *out,
                    struct x8_findings *findings)
{
    const struct x8_json *all = x8_json_get(targets->json, "targets"), *entry;
    struct reading r = {.out = out, .findings = findings};

    if (!x8_json_is_object(all))
        all = NULL;
    if (list)
        take_listed(&r, all, list);
    for (entry = list ? NULL : x8_json_first(all); entry; entry = x8_json_next(entry))
        if (take(&r, entry, X8_FOUND_OK) < 0)
            break;
    if (out->count > 1)
        qsort(out->targets, out->count, sizeof *out->targets, by_version);
    if (out->count == 0)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "targets", AGAIN,
                 "the bundle has no target that a board can install");
    else
        x8_found(findings, X8_FOUND_OK, X8_OK, "targets", NULL, "%zu %s; the newest is %s (%s)",
                 out->count, out->count == 1 ? "target" : "targets", out->targets[0].name,
                 out->targets[0].version);
}
