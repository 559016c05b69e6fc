/*
 * Who gets in when keys are asked for.
 */
#include "kit.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULUS 256u

/* adb's text of a public key: 524 bytes in base64, and who it belongs to. */
static void public_text(EVP_PKEY *key, char out[800])
{
    uint8_t raw[8 + 2 * MODULUS + 4] = {0};
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = NULL, *r = BN_new(), *rr = BN_new(), *word = BN_new(), *inverse = BN_new();
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    BN_set_bit(r, 32);
    BN_mod(word, n, r, ctx);
    BN_mod_inverse(inverse, word, r, ctx);
    BN_sub(inverse, r, inverse);
    BN_set_bit(rr, 4096);
    BN_mod(rr, rr, n, ctx);
    x8_put_le32(raw, MODULUS / 4);
    x8_put_le32(raw + 4, (uint32_t)BN_get_word(inverse));
    BN_bn2lebinpad(n, raw + 8, MODULUS);
    BN_bn2lebinpad(rr, raw + 8 + MODULUS, MODULUS);
    x8_put_le32(raw + 8 + 2 * MODULUS, 65537);
    int len = EVP_EncodeBlock((unsigned char *)out, raw, sizeof raw);
    assert_int_equal(len, 700);
    memcpy(out + len, " user@host\n", 12);
    BN_free(n);
    BN_free(r);
    BN_free(rr);
    BN_free(word);
    BN_free(inverse);
    BN_CTX_free(ctx);
}

static void sign(EVP_PKEY *key, const uint8_t *token, uint8_t out[MODULUS])
{
    size_t len = MODULUS;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha1()), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, out, &len, token, 20), 1);
    EVP_PKEY_CTX_free(ctx);
}

struct door {
    struct rig r;
    char *dir, *file;
    EVP_PKEY *ours, *theirs;
    uint8_t token[20];
};

/* Behind the first token; the file knows `ours` and a line that is no key. */
static void knock(struct door *d)
{
    char words[300], text[900] = "no key\n";
    d->ours = EVP_RSA_gen(2048);
    d->theirs = EVP_RSA_gen(2048);
    assert_non_null(d->ours);
    assert_non_null(d->theirs);
    public_text(d->ours, text + 7);
    d->dir = test_dir_new();
    d->file = test_file(d->dir, "keys", text, strlen(text));
    snprintf(words, sizeof words, "auth=ask keys=%s", d->file);
    rig_start(&d->r, words);
    rig_send(&d->r, AD_CNXN, AD_OLD_VERSION, 4096, "host::", 7);
    struct answer a = rig_expect(&d->r, AD_AUTH, 1, 0);
    assert_int_equal(a.len, 20);
    memcpy(d->token, a.data, 20);
}

static void leave(struct door *d)
{
    rig_end(&d->r);
    free(d->file);
    test_dir_free(d->dir);
    EVP_PKEY_free(d->ours);
    EVP_PKEY_free(d->theirs);
}

static void a_known_key_gets_in(void **state)
{
    (void)state;
    struct door d;
    uint8_t signature[MODULUS];
    knock(&d);
    sign(d.ours, d.token, signature);
    rig_send(&d.r, AD_AUTH, 2, 0, signature, sizeof signature);
    rig_expect(&d.r, AD_CNXN, AD_OLD_VERSION, 4096);
    char *text = rig_run(&d.r, "shell:echo in");
    assert_string_equal(text, "in\r\n");
    free(text);
    leave(&d);
}

static void an_unknown_key_gets_another_token_each_time(void **state)
{
    (void)state;
    struct door d;
    uint8_t signature[MODULUS], before[20];
    knock(&d);
    for (int i = 0; i < 3; i++) {
        memcpy(before, d.token, 20);
        sign(d.theirs, d.token, signature);
        rig_send(&d.r, AD_AUTH, 2, 0, signature, sizeof signature);
        struct answer a = rig_expect(&d.r, AD_AUTH, 1, 0);
        assert_memory_not_equal(a.data, before, 20);
        memcpy(d.token, a.data, 20);
    }
    sign(d.ours, before, signature); /* of an old token */
    rig_send(&d.r, AD_AUTH, 2, 0, signature, sizeof signature);
    rig_expect(&d.r, AD_AUTH, 1, 0);
    leave(&d);
}

static void a_signature_of_any_other_length_is_wrong(void **state)
{
    (void)state;
    struct door d;
    uint8_t signature[MODULUS];
    knock(&d);
    sign(d.ours, d.token, signature);
    rig_send(&d.r, AD_AUTH, 2, 0, signature, MODULUS - 1);
    rig_expect(&d.r, AD_AUTH, 1, 0);
    rig_send(&d.r, AD_AUTH, 2, 0, NULL, 0);
    rig_expect(&d.r, AD_AUTH, 1, 0);
    leave(&d);
}

static void nobody_answers_a_public_key_and_nothing_opens(void **state)
{
    (void)state;
    struct door d;
    char text[800];
    knock(&d);
    public_text(d.theirs, text);
    rig_send(&d.r, AD_AUTH, 3, 0, text, strlen(text) + 1);
    rig_send(&d.r, AD_OPEN, 1, 0, "shell:id", 9);
    rig_expect_silence(&d.r);
    leave(&d);
}

static void without_the_word_nobody_asks(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "");
    rig_send(&r, AD_AUTH, 3, 0, "key", 4);
    rig_expect_silence(&r);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_key_gets_in),
        cmocka_unit_test(an_unknown_key_gets_another_token_each_time),
        cmocka_unit_test(a_signature_of_any_other_length_is_wrong),
        cmocka_unit_test(nobody_answers_a_public_key_and_nothing_opens),
        cmocka_unit_test(without_the_word_nobody_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
