/*
 * Digests against published vectors.
 */
#include "testlib.h"

#include "util/digest.h"

#include <stdlib.h>
#include <string.h>

/* The definition, one bit at a time: the witness for the fast code. */
static uint32_t slow_crc(const uint8_t *p, size_t len)
{
    uint32_t crc = ~0u;

    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static void the_check_value_of_crc_32(void **state)
{
    (void)state;
    assert_int_equal(x8_crc32(0, "123456789", 9), 0xcbf43926u);
    assert_int_equal(x8_crc32(0, "", 0), 0);
    assert_int_equal(x8_crc32(0x1234u, NULL, 0), 0x1234u);
}

static void a_crc_may_be_fed_in_parts(void **state)
{
    uint8_t data[5000];
    uint32_t whole, parts = 0;

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
    whole = x8_crc32(0, data, sizeof data);
    assert_int_equal(whole, slow_crc(data, sizeof data));
    for (size_t at = 0, step = 1; at < sizeof data; at += step, step = step * 3 % 97 + 1) {
        size_t n = sizeof data - at < step ? sizeof data - at : step;

        parts = x8_crc32(parts, data + at, n);
    }
    assert_int_equal(parts, whole);
}

static void zeros_are_counted_without_being_read(void **state)
{
    static const size_t lens[] = {0, 1, 2, 7, 255, 4096, 65537, 100000};
    uint8_t *zeros = calloc(1, 100000);

    (void)state;
    assert_non_null(zeros);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        assert_int_equal(x8_crc32_zeros(0, lens[i]), slow_crc(zeros, lens[i]));
        assert_int_equal(x8_crc32_zeros(0xcbf43926u, lens[i]),
                         x8_crc32(0xcbf43926u, zeros, lens[i]));
    }
    free(zeros);
    /* Longer than memory: two ways to the same place. */
    assert_int_equal(x8_crc32_zeros(x8_crc32_zeros(5, 1ull << 40), 12345),
                     x8_crc32_zeros(5, (1ull << 40) + 12345));
}

static void take_hex(struct x8_sha256 *sha, char *hex)
{
    uint8_t out[X8_SHA256_LEN];

    x8_sha256_take(sha, out);
    x8_hex(hex, out, sizeof out);
}

static void sha_256_of_the_standard(void **state)
{
    struct x8_sha256 *sha = x8_sha256_new();
    char hex[2 * X8_SHA256_LEN + 1];

    (void)state;
    assert_non_null(sha);
    x8_sha256_add(sha, "abc", 3);
    take_hex(sha, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    /* It begins again after a result. */
    take_hex(sha, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    x8_sha256_add(sha, "ab", 2);
    x8_sha256_add(sha, NULL, 0);
    x8_sha256_add(sha, "c", 1);
    take_hex(sha, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    x8_sha256_free(&sha);
    assert_null(sha);
    x8_sha256_free(&sha);
}

static void hex_goes_both_ways_and_nothing_else_passes(void **state)
{
    static const char *const bad[] = {"", "0", "00f", "00ffa", "00fg", "00 f", "-0ff", "00ff00"};
    uint8_t out[2];
    char text[5];

    (void)state;
    assert_int_equal(x8_unhex(out, 2, "0aFf"), 0);
    assert_int_equal(out[0], 0x0a);
    assert_int_equal(out[1], 0xff);
    x8_hex(text, out, 2);
    assert_string_equal(text, "0aff");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(x8_unhex(out, 2, bad[i]), -1);
}

/* RFC 4648, 10. */
static void base64_of_the_standard(void **state)
{
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    char out[12];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        x8_base64(out, (const uint8_t *)rows[i][0], strlen(rows[i][0]));
        assert_string_equal(out, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_value_of_crc_32),
        cmocka_unit_test(a_crc_may_be_fed_in_parts),
        cmocka_unit_test(zeros_are_counted_without_being_read),
        cmocka_unit_test(sha_256_of_the_standard),
        cmocka_unit_test(hex_goes_both_ways_and_nothing_else_passes),
        cmocka_unit_test(base64_of_the_standard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
