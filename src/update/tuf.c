/*
 * Reading a bundle's metadata, from the top: the three files that must be there, the chain of
 * roots, who signed what, what names what, the bundle's own list, its targets, the earliest date.
 * Each step leaves its findings and the next one goes on with what there is, so that a person sees
 * everything that is wrong at once.
 */
#include "update/tuf.h"

#include "update/tuf_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GET_AGAIN "do not use this bundle; get it again from where it comes"
#define SIGN_IT                                                                                    \
    "production bundles are signed with the factory's keys: fioctl targets offline-update sign "   \
    "FOLDER --keys TARGETS_KEYS.tgz"

struct docs {
    struct tuf_doc root, of[X8_TUF_ROLES]; /* by role; json NULL: not there or not readable */
};

const char *x8_tuf_role_name(enum x8_tuf_role_id role)
{
    static const char *const names[X8_TUF_ROLES] = {"root", "timestamp", "snapshot", "targets",
                                                    "bundle-targets"};

    return (unsigned)role < X8_TUF_ROLES ? names[role] : "";
}

void x8_tuf_done(struct x8_tuf *tuf)
{
    free(tuf->targets);
    memset(tuf, 0, sizeof *tuf);
}

static void docs_done(struct docs *docs)
{
    x8_tuf_doc_done(&docs->root);
    for (int i = 0; i < X8_TUF_ROLES; i++)
        x8_tuf_doc_done(&docs->of[i]);
}

/* Old versions of fioctl write no bundle-targets.json, or one that says null. */
static int has_bundle_file(struct x8_span text)
{
    char word[16];
    size_t len = text.len;

    if (!text.data)
        return 0;
    while (len && strchr(" \t\r\n", text.data[len - 1]) && text.data[len - 1])
        len--;
    if (len >= sizeof word)
        return 1;
    memcpy(word, text.data, len);
    word[len] = '\0';
    return strcmp(word + strspn(word, " \t\r\n"), "null") != 0;
}

static void read_docs(const struct x8_tuf_files *files, struct docs *docs, struct x8_tuf *out,
                      struct x8_findings *findings)
{
    const struct {
        enum x8_tuf_role_id id;
        struct x8_span text;
        const char *type;
    } rows[] = {{X8_TUF_TIMESTAMP, files->timestamp, "timestamp"},
                {X8_TUF_SNAPSHOT, files->snapshot, "snapshot"},
                {X8_TUF_TARGETS, files->targets, "targets"},
                {X8_TUF_BUNDLE, files->bundle_targets, NULL}};

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        enum x8_tuf_role_id id = rows[i].id;
        char name[40];

        if (id == X8_TUF_BUNDLE && !has_bundle_file(rows[i].text))
            continue;
        snprintf(name, sizeof name, "tuf/%s.json", x8_tuf_role_name(id));
        if (x8_tuf_doc_read(&docs->of[id], rows[i].text, name, rows[i].type, findings) == 0)
            x8_tuf_role_read(&docs->of[id], id, &out->roles[id], findings);
    }
}

static void judge_count(enum x8_tuf_role_id id, const struct tuf_count *count,
                        struct x8_findings *findings)
{
    const char *name = x8_tuf_role_name(id), *next = id == X8_TUF_BUNDLE ? SIGN_IT : GET_AGAIN;

    if (count->threshold == 0)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "signatures", GET_AGAIN,
                 "the root names nobody who may sign the %s metadata", name);
    else if (!x8_tuf_is_enough(count))
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "signatures", next,
                 "the %s metadata is signed by %u of %u needed keys%s", name, count->good,
                 count->threshold, count->wrong ? "; what was signed is not what is there" : "");
    else if (count->bad && id == X8_TUF_BUNDLE)
        /* A board wants every signature of this file to be good, not only enough of them. */
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "signatures", next,
                 "the %s metadata has %u signature%s that no board accepts, beside %u good", name,
                 count->bad, count->bad == 1 ? "" : "s", count->good);
    else if (count->bad && id != X8_TUF_ROOT)
        x8_found(findings, X8_FOUND_WARN, X8_OK, "signatures", NULL,
                 "the %s metadata has %u signature%s of no use, beside %u good", name, count->bad,
                 count->bad == 1 ? "" : "s", count->good);
}

/* The root's own keys sign the root; the keys for targets also sign the bundle's list. */
static void check_signatures(struct docs *docs, struct x8_tuf *out, struct x8_findings *findings)
{
    static const char *const signers[X8_TUF_ROLES] = {"root", "timestamp", "snapshot", "targets",
                                                      "targets"};
    size_t before = findings->count;
    char words[200] = "";
    size_t len = 0;

    for (int i = 0; i < X8_TUF_ROLES; i++) {
        const struct tuf_doc *doc = i == X8_TUF_ROOT ? &docs->root : &docs->of[i];
        struct x8_tuf_role *role = &out->roles[i];
        struct tuf_count count;

        if (!doc->json)
            continue;
        x8_tuf_count(doc, &docs->root, signers[i], &count);
        role->good = count.good;
        role->bad = count.bad;
        role->threshold = count.threshold;
        if (i != X8_TUF_ROOT) /* judged where the chain was followed */
            judge_count((enum x8_tuf_role_id)i, &count, findings);
        len +=
            (size_t)snprintf(words + len, sizeof words - len, "%s%s %u of %u", len ? ", " : "",
                             x8_tuf_role_name((enum x8_tuf_role_id)i), count.good, count.threshold);
    }
    for (; before < findings->count; before++)
        if (findings->items[before].kind == X8_FOUND_BAD)
            return;
    x8_found(findings, X8_FOUND_OK, X8_OK, "signatures", NULL, "keys that signed: %s", words);
}

static void check_links(struct docs *docs, struct x8_findings *findings)
{
    const struct tuf_doc *timestamp = &docs->of[X8_TUF_TIMESTAMP];
    const struct tuf_doc *snapshot = &docs->of[X8_TUF_SNAPSHOT];
    const struct tuf_doc *targets = &docs->of[X8_TUF_TARGETS];
    int rc = 0;

    if (timestamp->json && snapshot->json)
        rc |= x8_tuf_link(timestamp, "timestamp", snapshot, "snapshot.json", findings);
    if (snapshot->json && targets->json)
        rc |= x8_tuf_link(snapshot, "snapshot", targets, "targets.json", findings);
    if (rc == 0 && timestamp->json && snapshot->json && targets->json)
        x8_found(findings, X8_FOUND_OK, X8_OK, "hashes", NULL,
                 "timestamp, snapshot and targets belong together");
}

static void check_targets(const struct x8_tuf_files *files, struct docs *docs, struct x8_tuf *out,
                          struct x8_findings *findings)
{
    const struct x8_json *list = NULL;
    int has_file = has_bundle_file(files->bundle_targets);

    if (!has_file)
        x8_found(findings, X8_FOUND_WARN, X8_OK, "bundle-targets",
                 "make bundles with fioctl 0.42 or newer",
                 "the bundle does not say which targets it holds (tuf/bundle-targets.json): every "
                 "target of tuf/targets.json is taken for one of them");
    if (docs->of[X8_TUF_BUNDLE].json) {
        x8_tuf_bundle_list(&docs->of[X8_TUF_BUNDLE], out, &list, findings);
        if (list && out->type[0])
            x8_found(findings, X8_FOUND_OK, X8_OK, "bundle-targets", NULL, "for %s boards, tag %s",
                     out->type, out->tag);
    }
    if (docs->of[X8_TUF_TARGETS].json && (list || !has_file))
        x8_tuf_targets(&docs->of[X8_TUF_TARGETS], list, out, findings);
}

static void find_expiry(struct x8_tuf *out)
{
    for (int i = 0; i < X8_TUF_ROLES; i++) {
        const struct x8_tuf_role *role = &out->roles[i];

        /* a date that cannot be read is 0 and comes first: nothing is certain then */
        if (!role->present || (out->expires_role[0] && role->expires_s >= out->expires_s))
            continue;
        out->expires_s = role->expires_s;
        x8_copy(out->expires_role, sizeof out->expires_role,
                x8_tuf_role_name((enum x8_tuf_role_id)i));
    }
}

static int nothing_readable(const struct x8_findings *findings, struct x8_error *err)
{
    const struct x8_finding *bad = x8_findings_bad(findings);

    x8_fail(err, X8_E_BAD_IMAGE,
            "this is no bundle for offline updates: its metadata is unreadable");
    if (bad) {
        x8_error_why(err, "%s", bad->text);
        x8_error_next(err, "%s", bad->next);
    }
    return -X8_E_BAD_IMAGE;
}

int x8_tuf_read(const struct x8_tuf_files *files, struct x8_tuf *out, struct x8_findings *findings,
                struct x8_error *err)
{
    X8_CLEANUP(docs_done) struct docs docs = {0};

    memset(out, 0, sizeof *out);
    read_docs(files, &docs, out, findings);
    if (!docs.of[X8_TUF_TIMESTAMP].json && !docs.of[X8_TUF_SNAPSHOT].json &&
        !docs.of[X8_TUF_TARGETS].json)
        return nothing_readable(findings, err);
    x8_tuf_roots(files, out, &docs.root, findings);
    if (docs.root.json)
        check_signatures(&docs, out, findings);
    check_links(&docs, findings);
    check_targets(files, &docs, out, findings);
    find_expiry(out);
    return 0;
}
