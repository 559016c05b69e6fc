/*
 * ADB packets as bytes.
 */
#include "testlib.h"

#include "adb/wire.h"

#include <stdlib.h>
#include <string.h>

static const char hello[] = "host::";
static const char banner[] = "device::ro.product.name=;ro.product.model=;ro.product.device=;";

static void known_packets_have_their_known_headers(void **state)
{
    static const struct {
        uint32_t command, arg0, arg1;
        const char *payload;
        size_t len;
        uint8_t header[X8_ADB_HEADER];
    } rows[] = {
        {X8_ADB_CNXN, 0x01000000, 4096, hello, sizeof hello, {0x43, 0x4e, 0x58, 0x4e, 0,    0,
                                                              0,    1,    0,    0x10, 0,    0,
                                                              7,    0,    0,    0,    0x32, 2,
                                                              0,    0,    0xbc, 0xb1, 0xa7, 0xb1}},
        {X8_ADB_CNXN, 0x01000000, 4096, banner, sizeof banner, {0x43, 0x4e, 0x58, 0x4e, 0,
                                                                0,    0,    1,    0,    0x10,
                                                                0,    0,    0x3f, 0,    0,
                                                                0,    0x28, 0x17, 0,    0,
                                                                0xbc, 0xb1, 0xa7, 0xb1}},
        {X8_ADB_OPEN, 1, 0, "shell:id", 9, {0x4f, 0x50, 0x45, 0x4e, 1,    0,    0,    0,
                                            0,    0,    0,    0,    9,    0,    0,    0,
                                            0x1f, 3,    0,    0,    0xb0, 0xaf, 0xba, 0xb1}},
        {X8_ADB_OKAY, 1, 0x29, "", 0, {0x4f, 0x4b, 0x41, 0x59, 1, 0, 0, 0, 0x29, 0,    0,    0,
                                       0,    0,    0,    0,    0, 0, 0, 0, 0xb0, 0xb4, 0xbe, 0xa6}},
        {X8_ADB_CLSE, 1, 0x29, "", 0, {0x43, 0x4c, 0x53, 0x45, 1, 0, 0, 0, 0x29, 0,    0,    0,
                                       0,    0,    0,    0,    0, 0, 0, 0, 0xbc, 0xb3, 0xac, 0xba}},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_adb_packet in, out = {.command = rows[i].command,
                                        .arg0 = rows[i].arg0,
                                        .arg1 = rows[i].arg1,
                                        .length = (uint32_t)rows[i].len,
                                        .sum = x8_adb_sum(rows[i].payload, rows[i].len)};
        uint8_t header[X8_ADB_HEADER];
        struct x8_error err;

        x8_adb_header_put(header, &out);
        assert_memory_equal(header, rows[i].header, sizeof header);
        assert_int_equal(x8_adb_header_get(header, 4096, &in, &err), 0);
        assert_memory_equal(&in, &out, sizeof in);
        assert_int_equal(x8_adb_payload_check(&in, rows[i].payload, &err), 0);
    }
}

static uint32_t plain_sum(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;

    while (len-- > 0)
        sum += *data++;
    return sum;
}

static void the_quick_sum_is_the_plain_sum_at_any_length_and_place(void **state)
{
    static uint8_t data[6000];
    uint32_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof data; i++) {
        seed = seed * 1103515245 + 12345;
        data[i] = (uint8_t)(seed >> 16);
    }
    for (size_t len = 0; len < 70; len++)
        for (size_t at = 0; at < 9; at++)
            assert_int_equal(x8_adb_sum(data + at, len), plain_sum(data + at, len));
    for (size_t len = 1000; len < 5900; len += 61)
        assert_int_equal(x8_adb_sum(data + len % 9, len), plain_sum(data + len % 9, len));
}

static void the_sum_of_the_largest_packet_does_not_overflow_a_lane(void **state)
{
    uint8_t *data = malloc(X8_ADB_PAYLOAD_MAX);

    (void)state;
    assert_non_null(data);
    memset(data, 0xff, X8_ADB_PAYLOAD_MAX);
    assert_int_equal(x8_adb_sum(data, X8_ADB_PAYLOAD_MAX), 255u * X8_ADB_PAYLOAD_MAX);
    free(data);
}

static void a_wrong_check_word_is_no_packet_and_is_shown(void **state)
{
    struct x8_adb_packet packet = {.command = X8_ADB_OKAY, .arg0 = 1, .arg1 = 2};
    uint8_t header[X8_ADB_HEADER];
    struct x8_error err;

    (void)state;
    x8_adb_header_put(header, &packet);
    for (size_t bit = 0; bit < 32; bit++) {
        header[20 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(x8_adb_header_get(header, 4096, &packet, &err), -X8_E_LINK);
        header[20 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    header[0] ^= 1;
    assert_int_equal(x8_adb_header_get(header, 4096, &packet, &err), -X8_E_LINK);
    assert_non_null(strstr(err.why, "4e4b4159"));
}

static void a_payload_longer_than_agreed_on_is_refused(void **state)
{
    struct x8_adb_packet packet = {.command = X8_ADB_WRTE, .length = 4097};
    uint8_t header[X8_ADB_HEADER];
    struct x8_error err;

    (void)state;
    x8_adb_header_put(header, &packet);
    assert_int_equal(x8_adb_header_get(header, 4096, &packet, &err), -X8_E_LINK);
    assert_int_equal(x8_adb_header_get(header, 4097, &packet, &err), 0);
}

static void a_changed_payload_is_noticed(void **state)
{
    struct x8_adb_packet packet = {.command = X8_ADB_WRTE, .length = 3, .sum = 'a' + 'b' + 'c'};
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_adb_payload_check(&packet, "abc", &err), 0);
    assert_int_equal(x8_adb_payload_check(&packet, "abd", &err), -X8_E_LINK);
    assert_string_not_equal(err.next, "");
}

static void a_banner_is_taken_apart(void **state)
{
    static const char text[] = "device::ro.product.name=px8;ro.product.model=Portenta X8;"
                               "ro.product.device=x8;features=shell_v2,cmd;";
    struct x8_adb_banner b = {.version = 7};

    (void)state;
    x8_adb_banner_parse(text, sizeof text, &b);
    assert_string_equal(b.product, "px8");
    assert_string_equal(b.model, "Portenta X8");
    assert_string_equal(b.device, "x8");
    assert_string_equal(b.features, "shell_v2,cmd");
    assert_int_equal(b.version, 7);
    x8_adb_banner_parse(banner, sizeof banner, &b);
    assert_string_equal(b.model, "");
    assert_string_equal(b.features, "");
}

static void a_banner_of_any_form_does_no_harm(void **state)
{
    static const char *const texts[] = {
        "",
        "device",
        "device:",
        "device::",
        "device::;;;",
        "device::features=a",
        "device::features",
        "::features=\x1b[31m,b;",
    };
    struct x8_adb_banner b;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        x8_adb_banner_parse(texts[i], strlen(texts[i]), &b);
    assert_string_equal(b.features, "?[31m,b");
    x8_adb_banner_parse(NULL, 0, &b);
    assert_string_equal(b.features, "");
}

static void a_list_of_features_that_is_too_long_ends_with_a_whole_word(void **state)
{
    char text[2000] = "device::features=";
    struct x8_adb_banner b;
    size_t len = strlen(text);

    (void)state;
    while (len < 1900) {
        memcpy(text + len, "abcdefg,", 8);
        len += 8;
    }
    x8_adb_banner_parse(text, len, &b);
    assert_true(strlen(b.features) > 400);
    assert_string_equal(b.features + strlen(b.features) - 8, ",abcdefg");
}

static void a_feature_is_a_whole_word(void **state)
{
    (void)state;
    assert_true(x8_adb_features_have("shell_v2,cmd,stat_v2", "stat_v2"));
    assert_true(x8_adb_features_have("shell_v2,cmd", "shell_v2"));
    assert_false(x8_adb_features_have("sendrecv_v2_lz4", "sendrecv_v2"));
    assert_false(x8_adb_features_have("shell_v2", "shell"));
    assert_false(x8_adb_features_have("", "shell_v2"));
    assert_false(x8_adb_features_have("a,,b", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_packets_have_their_known_headers),
        cmocka_unit_test(the_quick_sum_is_the_plain_sum_at_any_length_and_place),
        cmocka_unit_test(the_sum_of_the_largest_packet_does_not_overflow_a_lane),
        cmocka_unit_test(a_wrong_check_word_is_no_packet_and_is_shown),
        cmocka_unit_test(a_payload_longer_than_agreed_on_is_refused),
        cmocka_unit_test(a_changed_payload_is_noticed),
        cmocka_unit_test(a_banner_is_taken_apart),
        cmocka_unit_test(a_banner_of_any_form_does_no_harm),
        cmocka_unit_test(a_list_of_features_that_is_too_long_ends_with_a_whole_word),
        cmocka_unit_test(a_feature_is_a_whole_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
