/*
 * Who signed. A threshold counts keys, not signatures and not key ids: the same key under two ids
 * is one key.
 *
 * Source: TUF specification 5.3 and 6.1. Key ids are labels here. The specification derives them
 * from the key, factories use several recipes, and a root that is trusted says which id is which.
 */
#include "update/sign.h"
#include "update/tuf_parts.h"

#include <string.h>

#define THRESHOLD_MAX 1024

struct counting {
    const struct tuf_doc *doc;
    const struct x8_json *keys, *role;
    uint8_t seen[X8_TUF_SIGNATURES][X8_SHA256_LEN]; /* keys that signed */
    size_t seen_count;
    struct tuf_count *out;
};

static int is_of_role(const struct x8_json *role, const char *keyid)
{
    const struct x8_json *item = x8_json_first(x8_json_get(role, "keyids"));

    for (; item; item = x8_json_next(item)) {
        const char *id = x8_json_as_str(item);

        if (id && strcmp(id, keyid) == 0)
            return 1;
    }
    return 0;
}

/* 1 when this key is counted for the first time. */
static int is_new(struct counting *c, const uint8_t identity[X8_SHA256_LEN])
{
    for (size_t i = 0; i < c->seen_count; i++)
        if (memcmp(c->seen[i], identity, X8_SHA256_LEN) == 0)
            return 0;
    memcpy(c->seen[c->seen_count++], identity, X8_SHA256_LEN);
    return 1;
}

static enum x8_signed check(const struct tuf_doc *doc, const char *type, const char *public,
                            const struct x8_json *signature)
{
    const char *method = x8_json_get_str(signature, "method");
    const char *sig = x8_json_get_str(signature, "sig");
    struct x8_span plain = x8_buf_span(&doc->bytes), escaped = x8_buf_span(&doc->bytes_esc);
    enum x8_signed verdict = x8_signature_check(type, public, method, sig, plain);

    if (verdict == X8_SIGNED_BAD && plain.len != escaped.len)
        verdict = x8_signature_check(type, public, method, sig, escaped);
    return verdict;
}

static void count_one(struct counting *c, const struct x8_json *signature)
{
    const char *id = x8_json_get_str(signature, "keyid");
    const struct x8_json *key = id && is_of_role(c->role, id) ? x8_json_get(c->keys, id) : NULL;
    const char *type = x8_json_get_str(key, "keytype");
    const char *public = x8_json_get_str(x8_json_get(key, "keyval"), "public");
    uint8_t identity[X8_SHA256_LEN];

    if (!type || !public || x8_key_identity(type, public, identity) < 0) {
        c->out->bad++;
    } else if (check(c->doc, type, public, signature) != X8_SIGNED_GOOD) {
        c->out->bad++;
        c->out->wrong++;
    } else if (is_new(c, identity)) {
        c->out->good++;
    } else {
        c->out->bad++;
    }
}

void x8_tuf_count(const struct tuf_doc *doc, const struct tuf_doc *root, const char *role,
                  struct tuf_count *out)
{
    struct counting c = {.doc = doc, .out = out};
    const struct x8_json *at = x8_json_first(doc->signatures);
    uint64_t threshold;

    memset(out, 0, sizeof *out);
    c.keys = x8_json_get(root->json, "keys");
    c.role = x8_json_get(x8_json_get(root->json, "roles"), role);
    if (x8_json_as_u64(x8_json_get(c.role, "threshold"), &threshold) == 0 &&
        threshold <= THRESHOLD_MAX)
        out->threshold = (unsigned)threshold;
    for (; at; at = x8_json_next(at))
        count_one(&c, at);
}
