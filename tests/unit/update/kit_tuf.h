/*
 * A factory for tests: real keys, and the metadata of a bundle signed with them. Texts are written
 * in canonical form by hand here, so that the code under test is not its own witness.
 */
#ifndef KIT_TUF_H
#define KIT_TUF_H

#include "testlib.h"

#include "update/tuf.h"

#include <openssl/evp.h>

struct kit_key {
    EVP_PKEY *pkey;
    char type[8];       /* "ED25519", "RSA" */
    const char *method; /* of its signatures */
    char id[65];
    char public[1024];  /* hexadecimal, or a PEM */
    char escaped[1100]; /* as it stands in a JSON file */
};
/* `rsa_bits` 0: ed25519. */
void kit_key_new(struct kit_key *key, int rsa_bits);
void kit_key_done(struct kit_key *key);
/* base64, for free() */
char *kit_sign(const struct kit_key *key, const void *data, size_t len);

/* A list of keys that ends with NULL. */
#define KIT_KEYS(...) ((const struct kit_key *const[]){__VA_ARGS__, NULL})

/* {"signatures":[...],"signed":`text`}; `bytes` is what is signed (NULL: `text`). For free(). */
char *kit_envelope(const char *text, const char *bytes, const struct kit_key *const *signers);

struct kit_root {
    unsigned version;
    const char *expires;                                /* NULL: in 2027 */
    const struct kit_key *const *root, *const *targets; /* who may sign */
    unsigned root_threshold, targets_threshold;         /* 0: 1 */
    const struct kit_key *online;                       /* timestamp and snapshot */
    const struct kit_key *const *signers;
    int escaped; /* sign the form with \n instead of raw line ends */
};
char *kit_root_text(const struct kit_root *root); /* the whole file, for free() */

#define KIT_COMMIT "aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"

/* Roots 1 and 2 are of `old`; root 3 hands over to `fresh`, who with `second` may sign targets. */
struct kit_bundle {
    struct kit_key old, fresh, first, second, online, stranger;
    char *roots[4]; /* by number */
    char *timestamp, *snapshot, *targets, *bundle;
    struct x8_tuf_files files; /* points to them; trusted: root 1 */
};

/* What differs from a bundle that is all right. NULL and 0: nothing. */
struct kit_change {
    const char *expires;        /* of the timestamp; else 2026-12-20 */
    const char *targets;        /* value of signed.targets */
    const char *about;          /* value of x-fio-offline-bundle */
    unsigned targets_threshold; /* in root 3 */
    const struct kit_key *const *target_signers, *const *bundle_signers, *const *online_signers;
    int named_version;     /* of snapshot.json in the timestamp; else 7 */
    int named_length;      /* added to the real one of targets.json */
    const char *named_sum; /* of targets.json */
};
void kit_bundle_new(struct kit_bundle *b); /* keys and roots */
void kit_bundle_make(struct kit_bundle *b, const struct kit_change *change);
void kit_bundle_done(struct kit_bundle *b);
void kit_span(struct x8_span *span, const char *text);

/* value of signed.targets: one target. `apps`: members of `custom` that sort before "hardwareIds",
 * each with a comma behind it, or "". For free(). */
char *kit_target(const char *name, const char *version, const char *apps);

#endif
