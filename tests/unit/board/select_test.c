/*
 * Selectors: what they mean, and what is said when they mean nothing or too much.
 */
#include "board/select.h"

#include "fakebus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static size_t make(struct x8_board *boards)
{
    static const char *const rows[][2] = {{"1-4.2", "1822aa09dab6fad9"},
                                          {"1-4.3", "2a10bb31c4d0fad9"},
                                          {"1-42", "3f7700d1c2b4a590"},
                                          {"3-1.4", ""}};

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_device d = fake_device(rows[i][0], 0x2341, 0x0061);

        x8_copy(d.serial, sizeof d.serial, rows[i][1]);
        assert_int_equal(x8_board_of(&d, &boards[i]), 1);
    }
    return X8_COUNT(rows);
}

static int pick(const char *text, struct x8_error *err)
{
    struct x8_board boards[8];
    size_t count = make(boards);
    struct x8_selector selector;
    int rc = x8_selector_parse(text, &selector, err);

    return rc < 0 ? rc : x8_select_one(&selector, boards, count, err);
}

static void every_form_finds_its_board(void **state)
{
    (void)state;
    assert_int_equal(pick("usb:1-4.2", NULL), 0);
    assert_int_equal(pick("1-4.3", NULL), 1);
    assert_int_equal(pick("3:14", NULL), 3);
    assert_int_equal(pick("1822aa09dab6fad9", NULL), 0);
    assert_int_equal(pick("1822AA09DAB6FAD9", NULL), 0);
    assert_int_equal(pick("a590", NULL), 2);
}

static void an_address_has_a_port_and_is_no_place_on_usb(void **state)
{
    static const char *const forms[][2] = {{"adb:10.0.0.5", "10.0.0.5:5555"},
                                           {"adb:bench.local:6000", "bench.local:6000"},
                                           {"127.0.0.1:34567", "127.0.0.1:34567"},
                                           {"localhost:34567", "localhost:34567"},
                                           {"adb:[fe80::1%eth0]:5555", "[fe80::1%eth0]:5555"},
                                           {"adb:[::1]", "[::1]:5555"}};
    static const char *const bad[] = {
        "adb:",    "adb::5555", "adb:host:", "adb:host:0", "adb:host:70000",
        "adb:a b", "adb:[::1",  "adb:::1",   "host:5555x"};
    struct x8_selector selector;
    struct x8_error err;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(forms); i++) {
        assert_int_equal(x8_selector_parse(forms[i][0], &selector, &err), 0);
        assert_int_equal(selector.kind, X8_SELECT_ADDRESS);
        assert_string_equal(selector.key, forms[i][1]);
        assert_int_equal(pick(forms[i][0], &err), -X8_E_NO_BOARD);
    }
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        assert_int_equal(x8_selector_parse(bad[i], &selector, &err), -X8_E_USAGE);
}

static void a_place_on_the_network_has_a_port_or_not(void **state)
{
    static const struct {
        const char *text, *key;
        unsigned port;
    } rows[] = {{"net:10.0.0.5", "10.0.0.5", 0},
                {"net:bench.local:2222", "bench.local", 2222},
                {"net:fe80::1%eth0", "fe80::1%eth0", 0},
                {"net:[fe80::1%eth0]", "fe80::1%eth0", 0},
                {"net:[::1]:2222", "::1", 2222}};
    static const char *const bad[] = {
        "net:",     "net::22",     "net:host:", "net:host:0",  "net:host:70000", "net:a b",
        "net:[::1", "net:[::1]22", "net:[]:22", "net:-oProxy", "net:a/b",        "net:user@host"};
    struct x8_selector selector;
    struct x8_error err;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        assert_int_equal(x8_selector_parse(rows[i].text, &selector, &err), 0);
        assert_int_equal(selector.kind, X8_SELECT_NET);
        assert_string_equal(selector.key, rows[i].key);
        assert_int_equal(selector.port, rows[i].port);
        assert_int_equal(pick(rows[i].text, &err), -X8_E_NO_BOARD);
    }
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        if (x8_selector_parse(bad[i], &selector, &err) != -X8_E_USAGE)
            fail_msg("%s is taken", bad[i]);
    assert_int_equal(x8_selector_parse("net:host:65536", &selector, &err), -X8_E_USAGE);
    assert_non_null(strstr(err.why, "from 1 to 65535"));
    assert_int_equal(x8_selector_parse("10.0.0.5:0", &selector, &err), -X8_E_USAGE);
    assert_non_null(strstr(err.why, "from 1 to 65535"));
}

static void glued_digits_that_fit_two_ports_are_refused_with_both(void **state)
{
    struct x8_error err;

    (void)state;
    assert_int_equal(pick("1:42", &err), -X8_E_SEVERAL);
    assert_non_null(strstr(err.why, "1-4.2"));
    assert_non_null(strstr(err.why, "1-42"));
    assert_null(strstr(err.why, "3-1.4"));
}

static void a_suffix_that_fits_two_serials_is_refused(void **state)
{
    struct x8_error err;

    (void)state;
    assert_int_equal(pick("fad9", &err), -X8_E_SEVERAL);
    assert_non_null(strstr(err.msg, "fad9"));
}

static void a_selector_that_matches_nothing_says_what_is_there(void **state)
{
    struct x8_error err;

    (void)state;
    assert_int_equal(pick("usb:1-9", &err), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.msg, "1-9"));
    assert_non_null(strstr(err.why, "1-4.2"));
    assert_non_null(strstr(err.why, "3-1.4"));
    assert_int_equal(pick("deadbeef", &err), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.next, "usb:"));
}

static void a_port_is_not_found_by_its_beginning(void **state)
{
    (void)state;
    assert_int_equal(pick("1-4", NULL), -X8_E_NO_BOARD);
    assert_int_equal(pick("usb:3-1", NULL), -X8_E_NO_BOARD);
}

static void texts_that_are_no_selector_are_quoted(void **state)
{
    static const char *const bad[] = {
        "",        "usb:",   "{upload.port}", "$PORT",   "${PORT}",      "abc", "1-",        "1-4.",
        "usb:abc", "1-4..2", "a b c d",       "usb:1:x", "/dev/ttyUSB0", "1:",  "usb:1-4.2 "};
    struct x8_error err;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(bad); i++) {
        char quoted[64];

        assert_int_equal(pick(bad[i], &err), -X8_E_USAGE);
        snprintf(quoted, sizeof quoted, "'%s'", bad[i]);
        assert_non_null(strstr(err.msg, quoted));
        assert_true(err.next[0] != '\0');
    }
}

static void a_selector_longer_than_any_serial_is_refused(void **state)
{
    char text[X8_STRING_LEN * 2];
    struct x8_error err;

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(pick(text, &err), -X8_E_USAGE);
}

static void a_whole_serial_beats_one_that_ends_so(void **state)
{
    struct x8_board boards[2];
    struct x8_selector selector;
    struct x8_device a = fake_device("1-1", 0x2341, 0x0061), b = fake_device("1-2", 0x2341, 0x0061);

    (void)state;
    x8_copy(a.serial, sizeof a.serial, "99abcd");
    x8_copy(b.serial, sizeof b.serial, "abcd");
    x8_board_of(&a, &boards[0]);
    x8_board_of(&b, &boards[1]);
    assert_int_equal(x8_selector_parse("abcd", &selector, NULL), 0);
    assert_int_equal(x8_select_one(&selector, boards, 2, NULL), 1);
}

static void without_a_selector_one_board_is_taken_and_several_are_not(void **state)
{
    struct x8_board boards[8];
    size_t count = make(boards);
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_select_boards(NULL, 0, 0, boards, 1, &err), 1);
    assert_int_equal(x8_select_boards(NULL, 0, 0, boards, count, &err), -X8_E_SEVERAL);
    assert_non_null(strstr(err.why, "1-42"));
    assert_non_null(strstr(err.next, "--all"));
    assert_int_equal(x8_select_boards(NULL, 0, 1, boards, count, &err), 4);
    assert_int_equal(x8_select_boards(NULL, 0, 1, boards, 0, &err), -X8_E_NO_BOARD);
}

static void several_selectors_pick_each_board_once_in_port_order(void **state)
{
    static const char *const texts[] = {"a590", "1-4.2", "usb:1-42"};
    struct x8_board boards[8];
    size_t count = make(boards);

    (void)state;
    assert_int_equal(x8_select_boards(texts, 3, 0, boards, count, NULL), 2);
    assert_string_equal(boards[0].device.port, "1-4.2");
    assert_string_equal(boards[1].device.port, "1-42");
}

static void one_bad_selector_among_good_ones_fails_all(void **state)
{
    static const char *const texts[] = {"1-4.2", "1-7"};
    struct x8_board boards[8];
    size_t count = make(boards);
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_select_boards(texts, 2, 0, boards, count, &err), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.msg, "1-7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_finds_its_board),
        cmocka_unit_test(an_address_has_a_port_and_is_no_place_on_usb),
        cmocka_unit_test(a_place_on_the_network_has_a_port_or_not),
        cmocka_unit_test(glued_digits_that_fit_two_ports_are_refused_with_both),
        cmocka_unit_test(a_suffix_that_fits_two_serials_is_refused),
        cmocka_unit_test(a_selector_that_matches_nothing_says_what_is_there),
        cmocka_unit_test(a_port_is_not_found_by_its_beginning),
        cmocka_unit_test(texts_that_are_no_selector_are_quoted),
        cmocka_unit_test(a_selector_longer_than_any_serial_is_refused),
        cmocka_unit_test(a_whole_serial_beats_one_that_ends_so),
        cmocka_unit_test(without_a_selector_one_board_is_taken_and_several_are_not),
        cmocka_unit_test(several_selectors_pick_each_board_once_in_port_order),
        cmocka_unit_test(one_bad_selector_among_good_ones_fails_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
