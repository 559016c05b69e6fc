/*
 * Signatures: those of another program are good, and everything near them is not.
 */
#include "kit_tuf.h"

#include "update/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURE(name) TEST_SOURCE_DIR "/fixtures/update/" name

struct sample {
    char *key, *sig, *data;
    struct x8_span span;
};

static void load(struct sample *s, const char *key, const char *sig)
{
    size_t len;

    s->key = test_read(key, NULL);
    s->sig = test_read(sig, NULL);
    s->data = test_read(FIXTURE("signed.json"), &len);
    s->span = (struct x8_span){(const uint8_t *)s->data, len};
}

static void unload(struct sample *s)
{
    free(s->key);
    free(s->sig);
    free(s->data);
}

static enum x8_signed check(const struct sample *s, const char *type, const char *method)
{
    return x8_signature_check(type, s->key, method, s->sig, s->span);
}

static void signatures_of_the_openssl_program_are_good(void **state)
{
    struct sample rsa, ed;

    (void)state;
    load(&rsa, FIXTURE("rsa4096.pub.pem"), FIXTURE("rsa4096.pss.b64"));
    load(&ed, FIXTURE("ed25519.pub.hex"), FIXTURE("ed25519.b64"));
    assert_int_equal(check(&rsa, "RSA", "rsassa-pss-sha256"), X8_SIGNED_GOOD);
    assert_int_equal(check(&rsa, "rsa", "rsassa-pss"), X8_SIGNED_GOOD);
    assert_int_equal(check(&ed, "ED25519", "ed25519"), X8_SIGNED_GOOD);
    assert_int_equal(check(&ed, "ed25519", "ED25519"), X8_SIGNED_GOOD);
    unload(&rsa);
    unload(&ed);
}

static void one_changed_bit_is_bad(void **state)
{
    struct sample s[2];

    (void)state;
    load(&s[0], FIXTURE("rsa4096.pub.pem"), FIXTURE("rsa4096.pss.b64"));
    load(&s[1], FIXTURE("ed25519.pub.hex"), FIXTURE("ed25519.b64"));
    for (int i = 0; i < 2; i++) {
        const char *type = i ? "ED25519" : "RSA", *method = i ? "ed25519" : "rsassa-pss-sha256";

        s[i].data[3] ^= 1;
        assert_int_equal(check(&s[i], type, method), X8_SIGNED_BAD);
        s[i].data[3] ^= 1;
        s[i].span.len--;
        assert_int_equal(check(&s[i], type, method), X8_SIGNED_BAD);
        s[i].span.len = 0;
        s[i].span.data = NULL;
        assert_int_equal(check(&s[i], type, method), X8_SIGNED_BAD);
        s[i].span = (struct x8_span){(const uint8_t *)s[i].data, strlen(s[i].data)};
        s[i].sig[10] = s[i].sig[10] == 'A' ? 'B' : 'A';
        assert_int_equal(check(&s[i], type, method), X8_SIGNED_BAD);
        unload(&s[i]);
    }
}

static void other_paddings_are_bad(void **state)
{
    static const char *const files[] = {FIXTURE("rsa4096.pss-salt20.b64"),
                                        FIXTURE("rsa4096.pkcs1.b64")};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(files); i++) {
        struct sample s;

        load(&s, FIXTURE("rsa4096.pub.pem"), files[i]);
        assert_int_equal(check(&s, "RSA", "rsassa-pss-sha256"), X8_SIGNED_BAD);
        unload(&s);
    }
}

static void another_key_is_bad(void **state)
{
    struct kit_key a, b;
    char *sig;

    (void)state;
    kit_key_new(&a, 2048);
    kit_key_new(&b, 2048);
    sig = kit_sign(&a, "x", 1);
    assert_int_equal(x8_signature_check("RSA", a.public, a.method, sig,
                                        (struct x8_span){(const uint8_t *)"x", 1}),
                     X8_SIGNED_GOOD);
    assert_int_equal(x8_signature_check("RSA", b.public, a.method, sig,
                                        (struct x8_span){(const uint8_t *)"x", 1}),
                     X8_SIGNED_BAD);
    free(sig);
    kit_key_done(&a);
    kit_key_done(&b);
}

static void what_nobody_knows_is_unknown(void **state)
{
    struct sample rsa, ed, small, ec;

    (void)state;
    load(&rsa, FIXTURE("rsa4096.pub.pem"), FIXTURE("rsa4096.pss.b64"));
    load(&ed, FIXTURE("ed25519.pub.hex"), FIXTURE("ed25519.b64"));
    load(&small, FIXTURE("rsa1024.pub.pem"), FIXTURE("rsa1024.pss.b64"));
    load(&ec, FIXTURE("ec.pub.pem"), FIXTURE("rsa4096.pss.b64"));
    assert_int_equal(check(&rsa, "RSA", "rsassa-pkcs1"), X8_SIGNED_UNKNOWN);
    assert_int_equal(check(&rsa, "RSA", "ed25519"), X8_SIGNED_UNKNOWN);
    assert_int_equal(check(&ed, "ED25519", "rsassa-pss"), X8_SIGNED_UNKNOWN);
    assert_int_equal(check(&rsa, "ED25519", "ed25519"), X8_SIGNED_UNKNOWN);
    assert_int_equal(check(&ed, "RSA", "rsassa-pss"), X8_SIGNED_UNKNOWN);
    assert_int_equal(check(&ed, "DSA", "ed25519"), X8_SIGNED_UNKNOWN);
    assert_int_equal(check(&small, "RSA", "rsassa-pss"), X8_SIGNED_UNKNOWN);
    assert_int_equal(check(&ec, "RSA", "rsassa-pss"), X8_SIGNED_UNKNOWN);
    assert_int_equal(x8_signature_check(NULL, ed.key, "ed25519", ed.sig, ed.span),
                     X8_SIGNED_UNKNOWN);
    assert_int_equal(x8_signature_check("ED25519", NULL, "ed25519", ed.sig, ed.span),
                     X8_SIGNED_UNKNOWN);
    assert_int_equal(x8_signature_check("ED25519", ed.key, NULL, ed.sig, ed.span),
                     X8_SIGNED_UNKNOWN);
    assert_int_equal(x8_signature_check("ED25519", ed.key, "ed25519", NULL, ed.span),
                     X8_SIGNED_UNKNOWN);
    unload(&rsa);
    unload(&ed);
    unload(&small);
    unload(&ec);
}

static void base64_is_read_strictly(void **state)
{
    static const char *const bad[] = {
        "", "A", "AAA", "====", "A===", "AA=A", " AAA", "AAA\n", "AA A", "AA-_"};
    struct sample s;

    (void)state;
    load(&s, FIXTURE("ed25519.pub.hex"), FIXTURE("ed25519.b64"));
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        assert_int_equal(x8_signature_check("ED25519", s.key, "ed25519", bad[i], s.span),
                         X8_SIGNED_UNKNOWN);
    /* a signature of another length is readable, and wrong */
    assert_int_equal(x8_signature_check("ED25519", s.key, "ed25519", "AAAA", s.span),
                     X8_SIGNED_BAD);
    unload(&s);
}

static void an_encrypted_key_asks_nobody(void **state)
{
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "Proc-Type: 4,ENCRYPTED\n"
                              "DEK-Info: AES-128-CBC,00000000000000000000000000000000\n\n"
                              "AAAAAAAAAAAAAAAAAAAAAA==\n"
                              "-----END PUBLIC KEY-----\n";

    (void)state;
    assert_int_equal(x8_signature_check("RSA", pem, "rsassa-pss", "AAAA", (struct x8_span){0}),
                     X8_SIGNED_UNKNOWN);
}

static void a_key_is_the_same_however_it_is_written(void **state)
{
    uint8_t a[X8_SHA256_LEN], b[X8_SHA256_LEN];
    struct sample rsa, ed;
    char *wide;

    (void)state;
    load(&rsa, FIXTURE("rsa4096.pub.pem"), FIXTURE("rsa4096.pss.b64"));
    load(&ed, FIXTURE("ed25519.pub.hex"), FIXTURE("ed25519.b64"));
    assert_int_equal(x8_key_identity("RSA", rsa.key, a), 0);
    wide = malloc(strlen(rsa.key) + 20);
    assert_non_null(wide);
    snprintf(wide, strlen(rsa.key) + 20, "# a word\n%s\n\n", rsa.key);
    assert_int_equal(x8_key_identity("rsa", wide, b), 0);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(x8_key_identity("ED25519", ed.key, b), 0);
    assert_memory_not_equal(a, b, sizeof a);
    for (char *c = ed.key; *c; c++)
        *c = *c >= 'a' ? (char)(*c - 32) : *c;
    assert_int_equal(x8_key_identity("ed25519", ed.key, a), 0);
    assert_memory_equal(a, b, sizeof a);
    ed.key[0] = 'x';
    assert_int_equal(x8_key_identity("ED25519", ed.key, a), -1);
    free(wide);
    unload(&rsa);
    unload(&ed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_the_openssl_program_are_good),
        cmocka_unit_test(one_changed_bit_is_bad),
        cmocka_unit_test(other_paddings_are_bad),
        cmocka_unit_test(another_key_is_bad),
        cmocka_unit_test(what_nobody_knows_is_unknown),
        cmocka_unit_test(base64_is_read_strictly),
        cmocka_unit_test(an_encrypted_key_asks_nobody),
        cmocka_unit_test(a_key_is_the_same_however_it_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
