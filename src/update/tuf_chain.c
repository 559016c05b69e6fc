/*
 * From timestamp to snapshot to targets: each names version, length and hash of the next one.
 *
 * Boards compare with what they stored, which is the canonical form; files that were written
 * canonically are equal to it. Both are accepted, for a tool in between that indented a file has
 * changed nothing that was signed.
 */
#include "update/canon.h"
#include "update/tuf_parts.h"
#include "util/digest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GET_AGAIN "the files are of different bundles or damaged: get the bundle again"

struct promise {
    uint64_t version, length;
    int has_length, has_sum;
    uint8_t sum[X8_SHA256_LEN];
};

/* 0, or -1 when the entry has no version or an unreadable hash. */
static int read_promise(const struct x8_json *entry, struct promise *out)
{
    const char *hex = x8_json_get_str(x8_json_get(entry, "hashes"), "sha256");

    memset(out, 0, sizeof *out);
    out->has_length = x8_json_as_u64(x8_json_get(entry, "length"), &out->length) == 0;
    out->has_sum = hex && x8_unhex(out->sum, sizeof out->sum, hex) == 0;
    if (hex && !out->has_sum)
        return -1;
    return x8_json_as_u64(x8_json_get(entry, "version"), &out->version);
}

/* Bit 1: the length is another one; bit 2: the hash is. */
static int compare(const struct promise *promise, struct x8_span bytes)
{
    uint8_t sum[X8_SHA256_LEN];
    struct x8_sha256 *sha;
    int differs = promise->has_length && promise->length != bytes.len;

    if (!promise->has_sum)
        return differs;
    sha = x8_sha256_new();
    if (!sha)
        abort();
    x8_sha256_add(sha, bytes.data, bytes.len);
    x8_sha256_take(sha, sum);
    x8_sha256_free(&sha);
    return differs | (memcmp(sum, promise->sum, sizeof sum) != 0) << 1;
}

/* As the file is, in canonical form, and with escapes. What differs in the form that comes nearest.
 */
static int compare_forms(const struct promise *promise, const struct tuf_doc *doc)
{
    X8_AUTO_BUF escaped = {0};
    int raw = compare(promise, doc->text), other;

    if (raw == 0 || compare(promise, x8_buf_span(&doc->whole)) == 0)
        return 0;
    if (x8_canonical_escaped(doc->text, NULL, &escaped, NULL) < 0)
        return raw;
    other = compare(promise, x8_buf_span(&escaped));
    return other == 0 ? 0 : raw;
}

int x8_tuf_link(const struct tuf_doc *parent, const char *from, const struct tuf_doc *child,
                const char *name, struct x8_findings *findings)
{
    static const char *const what[] = {"", "length", "SHA-256", "length and SHA-256"};
    const struct x8_json *entry = x8_json_get(x8_json_get(parent->json, "meta"), name);
    struct promise promise;
    int differs;

    if (read_promise(entry, &promise) < 0) {
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "hashes", GET_AGAIN,
                 "the %s metadata says nothing usable about %s", from, name);
        return -1;
    }
    if (promise.version != child->version) {
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "hashes", GET_AGAIN,
                 "%s is version %" PRIu64 ", the %s metadata names version %" PRIu64, name,
                 child->version, from, promise.version);
        return -1;
    }
    differs = compare_forms(&promise, child);
    if (differs) {
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_DIGEST, "hashes", GET_AGAIN,
                 "%s has another %s than the %s metadata names", name, what[differs], from);
        return -1;
    }
    if (!promise.has_sum)
        x8_found(findings, X8_FOUND_WARN, X8_OK, "hashes", NULL,
                 "the %s metadata names no SHA-256 of %s, only its version", from, name);
    return 0;
}
