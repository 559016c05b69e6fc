/*
 * ADB keys, checked with libcrypto's own arithmetic.
 */
#include "testlib.h"

#include "adb/key.h"
#include "util/bytes.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static EVP_PKEY *load(const char *path)
{
    FILE *file = fopen(path, "r");
    EVP_PKEY *pkey;

    assert_non_null(file);
    pkey = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(pkey);
    return pkey;
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void a_missing_key_is_made_for_its_owner_alone(void **state)
{
    char *dir = test_dir_new(), *sub = test_path(dir, ".android"), *path = test_path(sub, "adbkey");
    struct x8_adb_key *key = NULL;
    struct x8_error err = {0};
    char *pub = test_path(sub, "adbkey.pub"), *text;
    char ours[X8_ADB_PUBLIC_TEXT];
    EVP_PKEY *pkey;

    (void)state;
    assert_int_equal(x8_adb_key_open(path, &key, &err), 0);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(mode_of(sub) & 0027, 0);
    pkey = load(path);
    assert_int_equal(EVP_PKEY_get_bits(pkey), 2048);
    EVP_PKEY_free(pkey);
    assert_int_equal(x8_adb_key_public_text(key, ours, &err), 0);
    text = test_read(pub, NULL);
    assert_string_equal(text, ours);
    free(text);
    x8_adb_key_close(&key);

    /* The second time it is the same key. */
    assert_int_equal(x8_adb_key_open(path, &key, &err), 0);
    text = malloc(X8_ADB_PUBLIC_TEXT);
    assert_int_equal(x8_adb_key_public_text(key, text, &err), 0);
    assert_string_equal(text, ours);
    free(text);
    x8_adb_key_close(&key);
    unlink(pub);
    unlink(path);
    rmdir(sub);
    free(pub);
    free(path);
    free(sub);
    test_dir_free(dir);
}

static BIGNUM *little(const uint8_t *bytes, size_t len)
{
    return BN_lebin2bn(bytes, (int)len, NULL);
}

static void the_public_half_is_what_a_daemon_computes_with(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "key");
    uint8_t bytes[X8_ADB_PUBLIC_STRUCT];
    struct x8_adb_key *key = NULL;
    struct x8_error err = {0};
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n, *rr, *square = BN_new(), *real = NULL;
    EVP_PKEY *pkey;

    (void)state;
    assert_int_equal(x8_adb_key_open(path, &key, &err), 0);
    assert_int_equal(x8_adb_key_public(key, bytes, &err), 0);
    assert_int_equal(x8_get_le32(bytes), 64);
    assert_int_equal(x8_get_le32(bytes + 4) * x8_get_le32(bytes + 8), UINT32_MAX);
    assert_int_equal(x8_get_le32(bytes + 520), 65537);
    n = little(bytes + 8, 256);
    rr = little(bytes + 264, 256);
    pkey = load(path);
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, "n", &real), 1);
    assert_int_equal(BN_cmp(n, real), 0);
    BN_set_bit(square, 4096);
    BN_mod(square, square, n, ctx);
    assert_int_equal(BN_cmp(rr, square), 0);
    EVP_PKEY_free(pkey);
    BN_free(n);
    BN_free(rr);
    BN_free(square);
    BN_free(real);
    BN_CTX_free(ctx);
    x8_adb_key_close(&key);
    free(path);
    test_dir_free(dir);
}

static void the_text_is_700_characters_and_a_name(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "key"), text[X8_ADB_PUBLIC_TEXT];
    struct x8_adb_key *key = NULL;
    struct x8_error err = {0};

    (void)state;
    assert_int_equal(x8_adb_key_open(path, &key, &err), 0);
    assert_int_equal(x8_adb_key_public_text(key, text, &err), 0);
    assert_int_equal(strcspn(text, " "), 700);
    assert_non_null(strchr(text + 701, '@'));
    assert_null(strchr(text, '\n'));
    x8_adb_key_close(&key);
    free(path);
    test_dir_free(dir);
}

static void a_token_is_signed_as_if_it_were_a_digest(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "key");
    uint8_t token[X8_ADB_TOKEN], signature[X8_ADB_SIGNATURE];
    struct x8_adb_key *key = NULL;
    struct x8_error err = {0};
    EVP_PKEY_CTX *ctx;
    EVP_PKEY *pkey;

    (void)state;
    for (size_t i = 0; i < sizeof token; i++)
        token[i] = (uint8_t)(i * 13);
    assert_int_equal(x8_adb_key_open(path, &key, &err), 0);
    assert_int_equal(x8_adb_key_sign(key, token, signature, &err), 0);
    pkey = load(path);
    ctx = EVP_PKEY_CTX_new(pkey, NULL);
    assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha1()), 1);
    assert_int_equal(EVP_PKEY_verify(ctx, signature, sizeof signature, token, sizeof token), 1);
    token[0] ^= 1;
    assert_int_not_equal(EVP_PKEY_verify(ctx, signature, sizeof signature, token, sizeof token), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    x8_adb_key_close(&key);
    free(path);
    test_dir_free(dir);
}

/* As OpenSSL 1 wrote keys, and adb of that time: "BEGIN RSA PRIVATE KEY". */
static void write_pkcs1(const char *path, EVP_PKEY *pkey)
{
    BIO *bio = BIO_new_file(path, "w");

    assert_non_null(bio);
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    BIO_free(bio);
}

static void both_forms_of_a_key_are_read(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "key"), *old = test_path(dir, "old");
    char ours[X8_ADB_PUBLIC_TEXT], theirs[X8_ADB_PUBLIC_TEXT], *text;
    struct x8_adb_key *key = NULL;
    struct x8_error err = {0};
    EVP_PKEY *pkey;

    (void)state;
    assert_int_equal(x8_adb_key_open(path, &key, &err), 0);
    assert_int_equal(x8_adb_key_public_text(key, ours, &err), 0);
    x8_adb_key_close(&key);
    text = test_read(path, NULL);
    assert_non_null(strstr(text, "BEGIN PRIVATE KEY"));
    free(text);
    pkey = load(path);
    write_pkcs1(old, pkey);
    EVP_PKEY_free(pkey);
    text = test_read(old, NULL);
    assert_non_null(strstr(text, "BEGIN RSA PRIVATE KEY"));
    free(text);
    assert_int_equal(x8_adb_key_open(old, &key, &err), 0);
    assert_int_equal(x8_adb_key_public_text(key, theirs, &err), 0);
    assert_string_equal(theirs, ours);
    x8_adb_key_close(&key);
    free(old);
    free(path);
    test_dir_free(dir);
}

static void what_is_no_key_is_left_as_it_is(void **state)
{
    char *dir = test_dir_new(), *path = test_file(dir, "key", "no key at all\n", 14), *text;
    struct x8_adb_key *key = NULL;
    struct x8_error err = {0};
    EVP_PKEY *small = EVP_RSA_gen(1024);
    BIO *bio;

    (void)state;
    assert_int_equal(x8_adb_key_open(path, &key, &err), -X8_E_AUTH);
    text = test_read(path, NULL);
    assert_string_equal(text, "no key at all\n");
    free(text);
    bio = BIO_new_file(path, "w");
    PEM_write_bio_PrivateKey(bio, small, NULL, NULL, 0, NULL, NULL);
    BIO_free(bio);
    assert_int_equal(x8_adb_key_open(path, &key, &err), -X8_E_AUTH);
    assert_non_null(strstr(err.why, "2048"));
    bio = BIO_new_file(path, "w");
    PEM_write_bio_PrivateKey(bio, small, EVP_aes_128_cbc(), (const unsigned char *)"pw", 2, NULL,
                             NULL);
    BIO_free(bio);
    EVP_PKEY_free(small);
    /* Nobody is asked for a passphrase. */
    assert_int_equal(x8_adb_key_open(path, &key, &err), -X8_E_AUTH);
    assert_null(key);
    free(path);
    test_dir_free(dir);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    char *dir = test_dir_new(), *file = test_file(dir, "file", "", 0), *path;
    struct x8_adb_key *key = NULL;
    struct x8_error err = {0};

    (void)state;
    path = test_path(file, "sub/adbkey");
    assert_int_equal(x8_adb_key_open(path, &key, &err), -X8_E_NO_PERMISSION);
    assert_non_null(strstr(err.msg, file));
    free(path);
    free(file);
    test_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_key_is_made_for_its_owner_alone),
        cmocka_unit_test(the_public_half_is_what_a_daemon_computes_with),
        cmocka_unit_test(the_text_is_700_characters_and_a_name),
        cmocka_unit_test(a_token_is_signed_as_if_it_were_a_digest),
        cmocka_unit_test(both_forms_of_a_key_are_read),
        cmocka_unit_test(what_is_no_key_is_left_as_it_is),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
