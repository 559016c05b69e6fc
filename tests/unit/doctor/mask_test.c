/*
 * What is private in a text, and what has to stay.
 */
#include "testlib.h"

#include "doctor/bundle.h"
#include "doctor/mask.h"
#include "util/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct x8_span span_of(const char *text)
{
    return (struct x8_span){(const uint8_t *)text, strlen(text)};
}

static struct x8_mask *mask_with(enum x8_mask_kind kind, const char *word)
{
    struct x8_mask *mask = x8_mask_new();

    assert_non_null(mask);
    x8_mask_word(mask, kind, word);
    return mask;
}

/* The text as it comes out of a mask that has learned it, too. */
static void becomes(struct x8_mask *mask, const char *text, const char *want)
{
    X8_AUTO_BUF out = {0};

    x8_mask_learn(mask, span_of(text));
    assert_int_equal(x8_mask_text(mask, span_of(text), &out), 0);
    test_same_text(x8_buf_text(&out), want);
}

static void forms(const char *text, const char *want)
{
    struct x8_mask *mask = x8_mask_new();

    becomes(mask, text, want);
    x8_mask_free(&mask);
}

static void one_board_has_one_number_however_it_is_written(void **state)
{
    (void)state;
    forms("0A13B209DAB6FAD9 2D16BA09DAB6FAD9 0a13b209dab6fad9", "serial-1 serial-2 serial-1");
    forms("portenta-x8-a13b209dab6fad9.local is 0A13B209DAB6FAD9",
          "portenta-x8-serial-1.local is serial-1");
    forms("dev-portenta-x8-a13b209dab6fad9-2", "dev-portenta-x8-serial-1-2");
}

static void digests_and_numbers_stay(void **state)
{
    static const char *const texts[] = {
        "2f2065c7b10ce33d8444a138353187c507727b5109ddca325506ecaea1efe221",
        "1234567890123456789",
        "2D16BA09DAB6FAD",
        "x2D16BA09DAB6FAD9",
        "12:34:56 and 12:34:56:78:90",
        "portenta-x8-unknown",
        "2026-11-21T10:00:00Z",
        "fe80::1",
        "",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        forms(texts[i], texts[i]);
}

static void mac_addresses_go_in_every_form(void **state)
{
    (void)state;
    forms("02:42:AC:11:00:02 02:42:ac:11:00:02", "mac-1 mac-1");
    forms("eth0 02-42-AC-11-00-02.", "eth0 mac-1.");
    forms("inet6 fe80::42:acff:fe11:2/64", "inet6 mac-1/64");
    forms("inet6 2001:db8::242:acff:fe11:2/64", "inet6 mac-1/64");
    forms("BSSID=02:42:ac:11:00:02", "BSSID=mac-1");
}

static void a_known_mac_address_goes_without_its_colons_too(void **state)
{
    (void)state;
    forms("0242ac110002, 02:42:AC:11:00:02, 02-42-ac-11-00-02", "mac-1, mac-1, mac-1");
    forms("0242ac110002 is no address here", "0242ac110002 is no address here");
    forms("00:00:00:00:00:00 000000000000", "mac-1 000000000000");
    forms("enx0242ac110002: up", "enxmac-1: up");
}

static void the_last_digits_of_a_known_serial_number_go_too(void **state)
{
    (void)state;
    forms("-s fad9 FAD9 \xe2\x80\xa6"
          "dab6fad9 is 2D16BA09DAB6FAD9, not xfad9 or afad9 or ad9",
          "-s serial-1 serial-1 \xe2\x80\xa6serial-1 is serial-1, not xfad9 or afad9 or ad9");
    forms("{\"serial\":\"2D16BA09DAB61234\",\"n\": 1234,\"s\":\"-s 1234\"}",
          "{\"serial\":\"serial-1\",\"n\": 1234,\"s\":\"-s serial-1\"}");
}

static void networks_are_known_by_what_they_are_called(void **state)
{
    (void)state;
    forms("ssid=Home Sweet Home", "ssid=ssid-1");
    forms("SSID: \"Home\", then Home again", "SSID: \"ssid-1\", then ssid-1 again");
    forms("{\"ssid\":\"Home\"}", "{\"ssid\":\"ssid-1\"}");
    forms("802-11-wireless.ssid: Home\nnext", "802-11-wireless.ssid: ssid-1\nnext");
    forms("ssid 'Home'", "ssid 'ssid-1'");
    forms("the ssid is not known", "the ssid is not known");
    forms("ssid", "ssid");
    forms("ssid=", "ssid=");
}

static void an_escaped_name_is_found_plain_and_the_reverse(void **state)
{
    struct x8_mask *mask = mask_with(X8_MASK_SSID, "Caf\xc3\xa9 \"Sol\"");

    (void)state;
    becomes(mask, "near Caf\xc3\xa9 \"Sol\" there", "near ssid-1 there");
    becomes(mask, "{\"n\":\"Caf\xc3\xa9 \\\"Sol\\\"\"}", "{\"n\":\"ssid-1\"}");
    x8_mask_free(&mask);
    forms("ssid=\"a\\\"bc\" and a\"bc", "ssid=\"ssid-1\" and ssid-1");
}

static void names_are_replaced_where_they_stand_alone(void **state)
{
    struct x8_mask *mask = mask_with(X8_MASK_USER, "ana");

    (void)state;
    x8_mask_word(mask, X8_MASK_HOST, "bench.example.com");
    x8_mask_word(mask, X8_MASK_HOST, "bench");
    becomes(mask, "/home/ana/x banana ana's anaconda ANA",
            "/home/user-1/x banana user-1's anaconda user-1");
    becomes(mask, "{\"log\":\"one\\nana: bench\"}", "{\"log\":\"one\\nuser-1: host-2\"}");
    becomes(mask, "bench.example.com, bench-1, benches", "host-1, host-2-1, benches");
    x8_mask_free(&mask);
}

static void words_that_everybody_has_stay(void **state)
{
    struct x8_mask *mask = mask_with(X8_MASK_USER, "root");

    (void)state;
    x8_mask_word(mask, X8_MASK_USER, "");
    x8_mask_word(mask, X8_MASK_USER, "x");
    x8_mask_word(mask, X8_MASK_USER, NULL);
    x8_mask_word(mask, X8_MASK_HOST, "localhost");
    becomes(mask, "root x at localhost", "root x at localhost");
    x8_mask_free(&mask);
}

static void masked_json_is_json(void **state)
{
    static const char text[] =
        "{\"serial\":\"0A13B209DAB6FAD9\",\"note\":\"ssid=\\\"a \\\\\\\" b\\\"\",\"n\":1}";
    struct x8_mask *mask = x8_mask_new();
    struct x8_json *json = NULL;
    X8_AUTO_BUF out = {0};

    (void)state;
    x8_mask_learn(mask, span_of(text));
    assert_int_equal(x8_mask_text(mask, span_of(text), &out), 0);
    assert_int_equal(x8_json_parse(x8_buf_text(&out), out.len, &json, NULL), 0);
    assert_string_equal(x8_json_get_str(json, "serial"), "serial-1");
    x8_json_free(&json);
    x8_mask_free(&mask);
}

static void more_names_than_it_can_hold_hide_everything(void **state)
{
    struct x8_mask *mask = x8_mask_new();
    X8_AUTO_BUF out = {0};
    char word[32];

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(word, sizeof word, "network %u", i);
        x8_mask_word(mask, X8_MASK_SSID, word);
    }
    assert_int_equal(x8_mask_text(mask, span_of("network 4999"), &out), -1);
    x8_mask_free(&mask);
}

static void the_same_members_are_the_same_archive(void **state)
{
    struct x8_bundle_member members[2] = {{.name = "one.txt"}, {.name = "sub/empty.log"}};
    X8_AUTO_BUF first = {0}, second = {0};
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_buf_addf(&members[0].text, "contents\n"), 0);
    assert_int_equal(x8_bundle_pack("there", 1700000000, members, 2, &first, &err), 0);
    assert_int_equal(x8_bundle_pack("there", 1700000000, members, 2, &second, &err), 0);
    assert_true(first.len > 60 && first.data[0] == 0x1f && first.data[1] == 0x8b);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    x8_buf_done(&members[0].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_board_has_one_number_however_it_is_written),
        cmocka_unit_test(digests_and_numbers_stay),
        cmocka_unit_test(mac_addresses_go_in_every_form),
        cmocka_unit_test(a_known_mac_address_goes_without_its_colons_too),
        cmocka_unit_test(the_last_digits_of_a_known_serial_number_go_too),
        cmocka_unit_test(networks_are_known_by_what_they_are_called),
        cmocka_unit_test(an_escaped_name_is_found_plain_and_the_reverse),
        cmocka_unit_test(names_are_replaced_where_they_stand_alone),
        cmocka_unit_test(words_that_everybody_has_stay),
        cmocka_unit_test(masked_json_is_json),
        cmocka_unit_test(more_names_than_it_can_hold_hide_everything),
        cmocka_unit_test(the_same_members_are_the_same_archive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
