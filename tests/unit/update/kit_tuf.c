/*
 * Keys by libcrypto, metadata by hand.
 */
#include "kit_tuf.h"

#include "util/buf.h"
#include "util/digest.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int ok)
{
    if (!ok)
        abort();
}

static void hex_sum(const void *data, size_t len, char out[65])
{
    uint8_t sum[32];

    must(EVP_Digest(data, len, sum, NULL, EVP_sha256(), NULL) == 1);
    x8_hex(out, sum, sizeof sum);
}

static void escape_lines(const char *text, char *out)
{
    for (; *text; text++) {
        if (*text == '\n') {
            *out++ = '\\';
            *out++ = 'n';
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
}

void kit_key_new(struct kit_key *key, int rsa_bits)
{
    memset(key, 0, sizeof *key);
    if (rsa_bits) {
        BIO *bio = BIO_new(BIO_s_mem());
        int n;

        key->pkey = EVP_RSA_gen((unsigned)rsa_bits);
        must(bio && key->pkey && PEM_write_bio_PUBKEY(bio, key->pkey) == 1);
        n = BIO_read(bio, key->public, (int)sizeof key->public - 1);
        must(n > 0);
        BIO_free(bio);
        key->method = "rsassa-pss-sha256";
        memcpy(key->type, "RSA", 4);
    } else {
        uint8_t raw[32];
        size_t len = sizeof raw;

        key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        must(key->pkey && EVP_PKEY_get_raw_public_key(key->pkey, raw, &len) == 1);
        x8_hex(key->public, raw, sizeof raw);
        key->method = "ed25519";
        memcpy(key->type, "ED25519", 8);
    }
    escape_lines(key->public, key->escaped);
    hex_sum(key->public, strlen(key->public), key->id);
}

void kit_key_done(struct kit_key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}

char *kit_sign(const struct kit_key *key, const void *data, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    int is_rsa = strcmp(key->type, "RSA") == 0;
    uint8_t sig[1024];
    size_t sig_len = sizeof sig;
    char *text = malloc(2 * sizeof sig);

    must(ctx && text);
    must(EVP_DigestSignInit(ctx, &how, is_rsa ? EVP_sha256() : NULL, NULL, key->pkey) == 1);
    if (is_rsa)
        must(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 32) == 1);
    must(EVP_DigestSign(ctx, sig, &sig_len, data, len) == 1);
    EVP_EncodeBlock((uint8_t *)text, sig, (int)sig_len);
    EVP_MD_CTX_free(ctx);
    return text;
}

static char *give(struct x8_buf *buf)
{
    return (char *)buf->data;
}

char *kit_envelope(const char *text, const char *bytes, const struct kit_key *const *signers)
{
    struct x8_buf out = {0};

    must(x8_buf_addf(&out, "{\"signatures\":[") == 0);
    for (size_t i = 0; signers[i]; i++) {
        char *sig = kit_sign(signers[i], bytes ? bytes : text, strlen(bytes ? bytes : text));

        must(x8_buf_addf(&out, "%s{\"keyid\":\"%s\",\"method\":\"%s\",\"sig\":\"%s\"}",
                         i ? "," : "", signers[i]->id, signers[i]->method, sig) == 0);
        free(sig);
    }
    must(x8_buf_addf(&out, "],\"signed\":%s}", text) == 0);
    return give(&out);
}

/* Keys of a root, each once and by id. */
static size_t gather(const struct kit_root *root, const struct kit_key *all[16])
{
    const struct kit_key *const *lists[] = {root->root, root->targets,
                                            (const struct kit_key *const[]){root->online, NULL}};
    size_t n = 0;

    for (size_t l = 0; l < 3; l++)
        for (size_t i = 0; lists[l] && lists[l][i]; i++) {
            size_t at = 0;

            while (at < n && strcmp(all[at]->id, lists[l][i]->id) < 0)
                at++;
            if (at < n && strcmp(all[at]->id, lists[l][i]->id) == 0)
                continue;
            memmove(&all[at + 1], &all[at], (n - at) * sizeof all[0]);
            all[at] = lists[l][i];
            n++;
        }
    return n;
}

static void add_role(struct x8_buf *out, const char *name, const struct kit_key *const *keys,
                     unsigned threshold)
{
    must(x8_buf_addf(out, "\"%s\":{\"keyids\":[", name) == 0);
    for (size_t i = 0; keys && keys[i]; i++)
        must(x8_buf_addf(out, "%s\"%s\"", i ? "," : "", keys[i]->id) == 0);
    must(x8_buf_addf(out, "],\"threshold\":%u}", threshold ? threshold : 1) == 0);
}

static char *root_signed(const struct kit_root *root, int raw)
{
    const struct kit_key *const online[] = {root->online, NULL};
    const struct kit_key *all[16];
    size_t n = gather(root, all);
    struct x8_buf out = {0};

    must(x8_buf_addf(&out,
                     "{\"_type\":\"Root\",\"consistent_snapshot\":false,\"expires\":\"%s\","
                     "\"keys\":{",
                     root->expires ? root->expires : "2027-06-01T00:00:00Z") == 0);
    for (size_t i = 0; i < n; i++)
        must(x8_buf_addf(&out, "%s\"%s\":{\"keytype\":\"%s\",\"keyval\":{\"public\":\"%s\"}}",
                         i ? "," : "", all[i]->id, all[i]->type,
                         raw ? all[i]->public : all[i]->escaped) == 0);
    must(x8_buf_addf(&out, "},\"roles\":{") == 0);
    add_role(&out, "root", root->root, root->root_threshold);
    must(x8_buf_add(&out, ",", 1) == 0);
    add_role(&out, "snapshot", online, 1);
    must(x8_buf_add(&out, ",", 1) == 0);
    add_role(&out, "targets", root->targets, root->targets_threshold);
    must(x8_buf_add(&out, ",", 1) == 0);
    add_role(&out, "timestamp", online, 1);
    must(x8_buf_addf(&out, "},\"version\":%u}", root->version) == 0);
    return give(&out);
}

char *kit_root_text(const struct kit_root *root)
{
    char *text = root_signed(root, 0), *raw = root_signed(root, 1);
    char *file = kit_envelope(text, root->escaped ? text : raw, root->signers);

    free(text);
    free(raw);
    return file;
}

void kit_span(struct x8_span *span, const char *text)
{
    *span = (struct x8_span){(const uint8_t *)text, text ? strlen(text) : 0};
}

char *kit_target(const char *name, const char *version, const char *apps)
{
    struct x8_buf out = {0};

    must(x8_buf_addf(
             &out,
             "{\"%s\":{\"custom\":{%s\"hardwareIds\":[\"portenta-x8\"],\"tags\":[\"main\"],"
             "\"targetFormat\":\"OSTREE\",\"version\":\"%s\"},\"hashes\":{\"sha256\":\"%s\"},"
             "\"length\":0}}",
             name, apps, version, KIT_COMMIT) == 0);
    return give(&out);
}

void kit_bundle_new(struct kit_bundle *b)
{
    memset(b, 0, sizeof *b);
    kit_key_new(&b->old, 0);
    kit_key_new(&b->fresh, 0);
    kit_key_new(&b->first, 0);
    kit_key_new(&b->second, 0);
    kit_key_new(&b->online, 0);
    kit_key_new(&b->stranger, 0);
}

static void make_roots(struct kit_bundle *b, unsigned targets_threshold)
{
    struct kit_root root = {.version = 1,
                            .root = KIT_KEYS(&b->old),
                            .targets = KIT_KEYS(&b->first),
                            .online = &b->online,
                            .signers = KIT_KEYS(&b->old)};

    b->roots[1] = kit_root_text(&root);
    root.version = 2;
    b->roots[2] = kit_root_text(&root);
    root.version = 3;
    root.root = KIT_KEYS(&b->fresh);
    root.targets = KIT_KEYS(&b->first, &b->second);
    root.targets_threshold = targets_threshold;
    root.signers = KIT_KEYS(&b->old, &b->fresh);
    b->roots[3] = kit_root_text(&root);
}

static void free_files(struct kit_bundle *b)
{
    for (int i = 1; i < 4; i++)
        free(b->roots[i]);
    free(b->timestamp);
    free(b->snapshot);
    free(b->targets);
    free(b->bundle);
}

static void point_to(struct kit_bundle *b)
{
    memset(&b->files, 0, sizeof b->files);
    kit_span(&b->files.timestamp, b->timestamp);
    kit_span(&b->files.snapshot, b->snapshot);
    kit_span(&b->files.targets, b->targets);
    kit_span(&b->files.bundle_targets, b->bundle);
    for (uint32_t i = 0; i < 3; i++) {
        b->files.roots[i].number = i + 1;
        kit_span(&b->files.roots[i].text, b->roots[i + 1]);
    }
    b->files.root_count = 3;
    kit_span(&b->files.trusted, b->roots[1]);
    b->files.trusted_from = "the board's root";
}

/* A file that names `child`: timestamp or snapshot. */
static char *make_parent(struct kit_bundle *b, const struct kit_change *c, const char *role,
                         const char *child_name, const char *child, unsigned child_version)
{
    int is_stamp = strcmp(role, "Timestamp") == 0;
    struct x8_buf out = {0};
    char sum[65], *file;

    hex_sum(child, strlen(child), sum);
    must(
        x8_buf_addf(&out,
                    "{\"_type\":\"%s\",\"expires\":\"%s\",\"meta\":{\"%s\":{\"hashes\":{\"sha256\":"
                    "\"%s\"},\"length\":%d,\"version\":%u}},\"version\":%d}",
                    role,
                    !is_stamp    ? "2027-01-01T00:00:00Z"
                    : c->expires ? c->expires
                                 : "2026-12-20T00:00:00Z",
                    child_name, !is_stamp && c->named_sum ? c->named_sum : sum,
                    (int)strlen(child) + (is_stamp ? 0 : c->named_length),
                    is_stamp && c->named_version ? (unsigned)c->named_version : child_version,
                    is_stamp ? 9 : 7) == 0);
    file = kit_envelope(give(&out), NULL,
                        c->online_signers ? c->online_signers : KIT_KEYS(&b->online));
    x8_buf_done(&out);
    return file;
}

static char *make_targets(struct kit_bundle *b, const struct kit_change *c)
{
    char *one = kit_target("portenta-x8-lmp-934", "934", ""), *file;
    struct x8_buf out = {0};

    must(x8_buf_addf(&out,
                     "{\"_type\":\"Targets\",\"expires\":\"2027-01-02T00:00:00Z\",\"targets\":%s,"
                     "\"version\":934}",
                     c->targets ? c->targets : one) == 0);
    file =
        kit_envelope(give(&out), NULL, c->target_signers ? c->target_signers : KIT_KEYS(&b->first));
    x8_buf_done(&out);
    free(one);
    return file;
}

static char *make_about(struct kit_bundle *b, const struct kit_change *c)
{
    struct x8_buf out = {0};
    char *file;

    must(x8_buf_addf(&out, "{\"expires\":\"2026-12-21T00:00:00Z\",\"x-fio-offline-bundle\":%s}",
                     c->about ? c->about
                              : "{\"tag\":\"main\",\"targets\":[\"portenta-x8-lmp-934\"],"
                                "\"type\":\"ci\"}") == 0);
    file =
        kit_envelope(give(&out), NULL, c->bundle_signers ? c->bundle_signers : KIT_KEYS(&b->first));
    x8_buf_done(&out);
    return file;
}

void kit_bundle_make(struct kit_bundle *b, const struct kit_change *change)
{
    static const struct kit_change nothing;
    const struct kit_change *c = change ? change : &nothing;

    free_files(b);
    make_roots(b, c->targets_threshold);
    b->targets = make_targets(b, c);
    b->snapshot = make_parent(b, c, "Snapshot", "targets.json", b->targets, 934);
    b->timestamp = make_parent(b, c, "Timestamp", "snapshot.json", b->snapshot, 7);
    b->bundle = make_about(b, c);
    point_to(b);
}

void kit_bundle_done(struct kit_bundle *b)
{
    free_files(b);
    kit_key_done(&b->old);
    kit_key_done(&b->fresh);
    kit_key_done(&b->first);
    kit_key_done(&b->second);
    kit_key_done(&b->online);
    kit_key_done(&b->stranger);
}
