/*
 * The chain of roots: each one says who signs everything, and is signed by itself and by the one
 * before it.
 *
 * Source: TUF specification 5.3.
 */
#include "update/tuf_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GET_AGAIN "do not use this bundle; get it again from where it comes"
#define NEWER_ROOT                                                                                 \
    "trust a newer root: the board has 2.root.json beside the first one, and --trust-root takes "  \
    "it"
#define SHORT_ID  12
#define ROOT_NAME 32
#define TRUST_NEXT                                                                                 \
    "check with the root of your board or factory: --trust-root FILE "                             \
    "(boards have it in /usr/lib/sota/tuf/ci or prod, 1.root.json)"

struct chain {
    const struct x8_tuf_files *files;
    struct x8_tuf *out;
    struct tuf_doc *newest; /* the last one that held */
    struct x8_findings *findings;
};

static const struct x8_span *root_of(const struct x8_tuf_files *files, uint64_t number)
{
    for (size_t i = 0; i < files->root_count; i++)
        if (files->roots[i].number == number)
            return &files->roots[i].text;
    return NULL;
}

static uint32_t end_of(const struct x8_tuf_files *files, int last)
{
    uint32_t end = files->root_count ? files->roots[0].number : 0;

    for (size_t i = 1; i < files->root_count; i++)
        if (last ? files->roots[i].number > end : files->roots[i].number < end)
            end = files->roots[i].number;
    return end;
}

static int bad(struct chain *c, const char *text)
{
    x8_found(c->findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "roots", GET_AGAIN, "%s", text);
    return -1;
}

/* N.root.json, read; its version must be its number. */
static int read_root(struct chain *c, uint32_t number, struct tuf_doc *doc)
{
    const struct x8_span *text = root_of(c->files, number);
    char name[ROOT_NAME], words[120];

    snprintf(name, sizeof name, "tuf/%" PRIu32 ".root.json", number);
    if (!text) {
        int at_start = c->out->is_anchored && c->out->root_first == c->out->root_last;

        x8_found(c->findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "roots",
                 at_start ? NEWER_ROOT : GET_AGAIN,
                 "%s is missing, so nothing leads on from root %" PRIu32, name, c->out->root_last);
        return -1;
    }
    if (x8_tuf_doc_read(doc, *text, name, "root", c->findings) < 0)
        return -1;
    if (doc->version == number)
        return 0;
    snprintf(words, sizeof words, "%s calls itself version %" PRIu64, name, doc->version);
    return bad(c, words);
}

/* `doc` is number `number`; do the keys of `by` (`whose` words) agree with it? */
static int is_signed_by(struct chain *c, const struct tuf_doc *doc, uint32_t number,
                        const struct tuf_doc *by, const char *whose)
{
    struct tuf_count count;
    char words[200];

    x8_tuf_count(doc, by, "root", &count);
    if (x8_tuf_is_enough(&count))
        return 0;
    if (count.threshold == 0)
        snprintf(words, sizeof words, "tuf/%" PRIu32 ".root.json: %s name nobody for the role root",
                 number, whose);
    else
        snprintf(words, sizeof words,
                 "tuf/%" PRIu32 ".root.json is signed by %u of the %u keys that %s ask for", number,
                 count.good, count.threshold, whose);
    return bad(c, words);
}

static void accept(struct chain *c, struct tuf_doc *doc)
{
    x8_tuf_doc_done(c->newest);
    *c->newest = *doc;
    memset(doc, 0, sizeof *doc);
    c->out->root_last = (uint32_t)c->newest->version;
    if (!c->out->root_first)
        c->out->root_first = c->out->root_last;
}

static int step(struct chain *c, uint32_t number)
{
    X8_TUF_AUTO_DOC doc = {0};

    if (read_root(c, number, &doc) < 0)
        return -1;
    if (c->newest->json &&
        is_signed_by(c, &doc, number, c->newest, "the keys of the root before") < 0)
        return -1;
    if (is_signed_by(c, &doc, number, &doc, "its own keys") < 0)
        return -1;
    accept(c, &doc);
    return 0;
}

/* The trusted root, and that the bundle has no other one of the same number. */
static int begin_trusted(struct chain *c)
{
    X8_TUF_AUTO_DOC doc = {0}, same = {0};
    char words[200];
    const char *from = c->files->trusted_from ? c->files->trusted_from : "the trusted root";

    if (x8_tuf_doc_read(&doc, c->files->trusted, from, "root", c->findings) < 0)
        return -1;
    if (doc.version == 0 || doc.version > UINT32_MAX) {
        snprintf(words, sizeof words, "%s has no usable version", from);
        return bad(c, words);
    }
    if (root_of(c->files, doc.version)) {
        if (read_root(c, (uint32_t)doc.version, &same) < 0)
            return -1;
        if (same.bytes.len != doc.bytes.len ||
            memcmp(same.bytes.data, doc.bytes.data, doc.bytes.len) != 0) {
            snprintf(words, sizeof words,
                     "tuf/%" PRIu64 ".root.json is another one than %s: the bundle is of another "
                     "factory, or was made by somebody else",
                     doc.version, from);
            return bad(c, words);
        }
    }
    c->out->is_anchored = 1;
    accept(c, &doc);
    return 0;
}

/* Key ids of the newest root's own role, shortened. */
static void name_keys(struct x8_tuf *out, const struct tuf_doc *root)
{
    const struct x8_json *roles = x8_json_get(root->json, "roles");
    const struct x8_json *id = x8_json_first(x8_json_get(x8_json_get(roles, "root"), "keyids"));
    size_t len = 0;

    for (; id && len + SHORT_ID + 2 < sizeof out->root_keys; id = x8_json_next(id)) {
        char name[129];

        if (x8_tuf_text(id, name, sizeof name) == 0)
            len += (size_t)snprintf(out->root_keys + len, sizeof out->root_keys - len, "%s%.*s",
                                    len ? " " : "", SHORT_ID, name);
    }
}

static void tell(struct chain *c, uint32_t last)
{
    struct x8_tuf *out = c->out;
    const char *from = c->files->trusted_from ? c->files->trusted_from : "the trusted root";

    if (!out->is_anchored)
        x8_found(c->findings, X8_FOUND_WARN, X8_OK, "roots", TRUST_NEXT,
                 "the roots of the bundle (%" PRIu32 " to %" PRIu32 ") fit each other, but nothing "
                 "here says that they are of your factory; root keys: %.120s",
                 out->root_first, out->root_last, out->root_keys);
    else if (last < out->root_last)
        x8_found(c->findings, X8_FOUND_OK, X8_OK, "roots", NULL,
                 "%s (version %" PRIu32 ") is newer than those of the bundle and is used itself",
                 from, out->root_last);
    else
        x8_found(c->findings, X8_FOUND_OK, X8_OK, "roots", NULL,
                 "%s (version %" PRIu32 ") leads to the newest root of the bundle (version %" PRIu32
                 ")",
                 from, out->root_first, out->root_last);
}

void x8_tuf_roots(const struct x8_tuf_files *files, struct x8_tuf *out, struct tuf_doc *newest,
                  struct x8_findings *findings)
{
    struct chain c = {files, out, newest, findings};
    uint32_t last = end_of(files, 1);
    int rc = 0;

    memset(newest, 0, sizeof *newest);
    if (!files->trusted.data && files->root_count == 0) {
        x8_found(findings, X8_FOUND_WARN, X8_OK, "roots", TRUST_NEXT,
                 "the bundle has no root (tuf/N.root.json): who signed it cannot be verified");
        return;
    }
    rc = files->trusted.data ? begin_trusted(&c) : step(&c, end_of(files, 0));
    while (rc == 0 && out->root_last < last)
        rc = step(&c, out->root_last + 1);
    if (!newest->json)
        return;
    name_keys(out, newest);
    x8_tuf_role_read(newest, X8_TUF_ROOT, &out->roles[X8_TUF_ROOT], findings);
    if (rc == 0)
        tell(&c, last);
}
