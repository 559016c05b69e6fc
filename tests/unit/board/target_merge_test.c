/*
 * Which things seen are one board, how its row reads, and which row a selector means.
 */
#include "board/target_parts.h"

#include "fakebus.h"
#include "testlib.h"

#include <stdio.h>

static struct x8_target_list list;
static struct x8_device devices[8];
static size_t device_count;
static struct x8_error err;

static int clean(void **state)
{
    (void)state;
    free(list.items);
    memset(&list, 0, sizeof list);
    device_count = 0;
    memset(&err, 0, sizeof err);
    return 0;
}

/* A device on the bus, and its board when it is one. */
static void plug(const char *port, unsigned vid, unsigned pid, const char *serial)
{
    struct x8_device *d = &devices[device_count++];
    struct x8_board board;

    *d = fake_device(port, vid, pid);
    x8_copy(d->serial, sizeof d->serial, serial);
    d->has_adb = pid == 0x0061;
    d->attach = device_count;
    if (x8_board_of(d, &board))
        assert_int_equal(x8_targets_add_boards(&list, &board, 1), 0);
}

static void know(const char *serial, const char *state, const char *port)
{
    struct x8_adb_device known = {0};

    x8_copy(known.serial, sizeof known.serial, serial);
    x8_copy(known.state, sizeof known.state, state);
    x8_copy(known.port, sizeof known.port, port);
    assert_int_equal(x8_targets_add_adb(&list, &known, 1, devices, device_count), 0);
}

static void describe(void)
{
    for (size_t i = 0; i < list.count; i++) {
        x8_target_name(&list.items[i], NULL);
        x8_target_judge(&list.items[i]);
    }
}

/* What the board said when it was asked. */
static void answer(size_t i, const char *machine, const char *serial)
{
    struct x8_target *target = &list.items[i];
    char text[128];
    struct x8_span span;

    snprintf(text, sizeof text, "LMP_MACHINE=%s\nIMAGE_VERSION=934\n", machine);
    span = (struct x8_span){(const uint8_t *)text, strlen(text)};
    assert_int_equal(x8_os_release_parse(span, &target->facts.os, NULL), 0);
    x8_copy(target->facts.serial, sizeof target->facts.serial, serial);
    target->probed = 1;
    x8_target_judge(target);
}

static void a_board_that_the_server_knows_at_the_same_port_is_one_row(void **state)
{
    (void)state;
    plug("1-4.2", 0x2341, 0x0061, "0A13B209DAB6FAD9");
    know("0A13B209DAB6FAD9", "device", "1-4.2");
    describe();
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].links, "adb");
    assert_string_equal(list.items[0].where, "usb 1-4.2");
    assert_string_equal(list.items[0].state, "linux");
}

static void without_a_port_the_serial_number_joins_them(void **state)
{
    (void)state;
    plug("1-4.2", 0x2341, 0x0061, "0A13B209DAB6FAD9");
    know("a13b209dab6fad9", "device", "");
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].has_adb, 1);
}

static void two_boards_stay_two(void **state)
{
    (void)state;
    plug("1-4.2", 0x2341, 0x0061, "0A13B209DAB6FAD9");
    plug("1-4.3", 0x2341, 0x0061, "0A13B209DAB6FAD8");
    know("0A13B209DAB6FAD8", "device", "1-4.3");
    describe();
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].links, "usb");
    assert_string_equal(list.items[1].links, "adb");
}

static void a_phone_on_the_bus_is_no_board(void **state)
{
    (void)state;
    plug("1-1", 0x18d1, 0x4ee7, "ABCDEF12");
    know("ABCDEF12", "device", "1-1");
    know("9f1c2d", "unauthorized", "");
    know("emulator-5554", "offline", "");
    assert_int_equal(list.count, 0);
}

static void what_the_server_reached_over_tcp_has_to_say_what_it_is(void **state)
{
    (void)state;
    know("10.0.0.5:5555", "device", "");
    know("10.0.0.6:5555", "device", "");
    describe();
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[0].unproven, 1);
    answer(0, "portenta-x8", "0A13B209DAB6FAD9");
    answer(1, "raspberrypi4", "1");
    x8_targets_join(&list);
    describe();
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].where, "tcp 10.0.0.5:5555");
    assert_string_equal(list.items[0].serial, "0A13B209DAB6FAD9");
}

static void one_board_by_usb_and_by_address_becomes_one_row_once_it_answered(void **state)
{
    (void)state;
    plug("1-4.2", 0x2341, 0x0061, "0A13B209DAB6FAD9");
    assert_int_equal(x8_targets_add_address(&list, "10.0.0.5", &err), 0);
    describe();
    assert_int_equal(list.count, 2);
    answer(1, "portenta-x8", "0A13B209DAB6FAD9");
    x8_targets_join(&list);
    describe();
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].where, "usb 1-4.2, tcp 10.0.0.5:5555");
    assert_string_equal(list.items[0].links, "usb tcp");
}

static void boards_without_a_serial_number_are_not_joined(void **state)
{
    (void)state;
    assert_int_equal(x8_targets_add_address(&list, "10.0.0.5", &err), 0);
    assert_int_equal(x8_targets_add_address(&list, "10.0.0.6", &err), 0);
    describe();
    answer(0, "portenta-x8", "0000000000000000");
    answer(1, "portenta-x8", "0000000000000000");
    x8_targets_join(&list);
    assert_int_equal(list.count, 2);
}

static void an_address_that_the_server_has_already_is_no_second_row(void **state)
{
    (void)state;
    know("10.0.0.5:5555", "device", "");
    assert_int_equal(x8_targets_add_address(&list, "10.0.0.5", &err), 0);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].unproven, 0);
}

static void words_of_the_server_have_a_cause_and_a_step(void **state)
{
    static const struct {
        const char *said, *state;
        enum x8_code code;
    } rows[] = {{"unauthorized", "unauthorized", X8_E_AUTH},
                {"offline", "offline", X8_E_WRONG_STATE},
                {"no permissions (user in plugdev group)", "no-access", X8_E_NO_PERMISSION},
                {"sideload", "offline", X8_E_WRONG_STATE}};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        clean(NULL);
        plug("1-4.2", 0x2341, 0x0061, "0A13B209DAB6FAD9");
        know("0A13B209DAB6FAD9", rows[i].said, "1-4.2");
        describe();
        assert_string_equal(list.items[0].state, rows[i].state);
        assert_int_equal(list.items[0].trouble, rows[i].code);
        assert_true(list.items[0].note[0] && list.items[0].next[0]);
        assert_int_equal(list.items[0].needs_care, 1);
    }
}

static void a_closed_node_does_not_matter_while_the_server_has_the_board(void **state)
{
    (void)state;
    plug("1-4.2", 0x2341, 0x0061, "0A13B209DAB6FAD9");
    list.items[0].usb.device.no_access = 1;
    describe();
    assert_string_equal(list.items[0].state, "no-access");
    assert_string_equal(list.items[0].links, "");
    know("0A13B209DAB6FAD9", "device", "1-4.2");
    describe();
    assert_string_equal(list.items[0].state, "linux");
    assert_string_equal(list.items[0].links, "adb");
}

static void a_running_board_without_the_interface_says_so(void **state)
{
    (void)state;
    plug("1-4.2", 0x2341, 0x0061, "0A13B209DAB6FAD9");
    list.items[0].usb.device.has_adb = 0;
    describe();
    assert_string_equal(list.items[0].state, "no-adb");
    assert_string_equal(list.items[0].links, "");
    assert_int_equal(list.items[0].trouble, X8_E_WRONG_STATE);
}

static void an_error_of_the_probe_becomes_the_row(void **state)
{
    struct x8_error failed;

    (void)state;
    plug("1-4.2", 0x2341, 0x0061, "0A13B209DAB6FAD9");
    describe();
    x8_fail(&failed, X8_E_BUSY, "the board at usb 1-4.2 is in use");
    x8_error_why(&failed, "held by adb (1234)");
    x8_error_next(&failed, "%0200d", 0); /* half a command is none */
    x8_target_note_error(&list.items[0], &failed);
    assert_string_equal(list.items[0].state, "busy");
    assert_string_equal(list.items[0].note, "held by adb (1234)");
    assert_string_equal(list.items[0].next, "");
}

/* --- picking --- */

static void rows(void)
{
    plug("1-4.2", 0x2341, 0x0061, "0A13B209DAB6FAD9");
    plug("1-4.3", 0x2341, 0x0061, "2A10BB31C4D0FAD9");
    plug("3-1.4", 0x1fc9, 0x0134, "");
    know("10.0.0.5:5555", "device", "");
    describe();
    x8_copy(list.items[1].name, sizeof list.items[1].name, "bench-1");
    x8_copy(list.items[1].label, sizeof list.items[1].label, "bench-1");
}

static int pick(const char *text, char where[256])
{
    int rc;

    clean(NULL);
    rows();
    rc = x8_targets_pick(&text, 1, 0, list.items, list.count, &err);
    x8_copy(where, 256, rc > 0 ? list.items[0].where : "");
    return rc;
}

static void every_form_of_a_selector_finds_its_row(void **state)
{
    static const char *const forms[][2] = {
        {"usb:1-4.2", "usb 1-4.2"},
        {"3-1.4", "usb 3-1.4"},
        {"a13b209dab6fad9", "usb 1-4.2"},
        {"bench-1", "usb 1-4.3"},
        {"BENCH-1", "usb 1-4.3"},
        {"adb:10.0.0.5", "tcp 10.0.0.5:5555"},
        {"10.0.0.5:5555", "tcp 10.0.0.5:5555"},
        {"D0FAD9", "usb 1-4.3"},
    };
    char where[256];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(forms); i++) {
        assert_int_equal(pick(forms[i][0], where), 1);
        assert_string_equal(where, forms[i][1]);
    }
}

static void a_suffix_of_two_is_refused_with_both(void **state)
{
    char where[256];

    (void)state;
    assert_int_equal(pick("FAD9", where), -X8_E_SEVERAL);
    assert_non_null(strstr(err.why, "1-4.2"));
    assert_non_null(strstr(err.why, "bench-1"));
    assert_null(strstr(err.why, "3-1.4"));
}

static void what_is_nowhere_is_told_with_what_is_there(void **state)
{
    char where[256];

    (void)state;
    assert_int_equal(pick("usb:9-9", where), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.why, "3-1.4 (rom)"));
    assert_int_equal(pick("nobody-here", where), -X8_E_NO_BOARD);
    assert_true(err.next[0]);
}

static void without_a_selector_only_a_single_board_is_taken(void **state)
{
    (void)state;
    rows();
    assert_int_equal(x8_targets_pick(NULL, 0, 0, list.items, list.count, &err), -X8_E_SEVERAL);
    assert_non_null(strstr(err.next, "--all"));
    assert_int_equal(x8_targets_pick(NULL, 0, 1, list.items, list.count, &err), 4);
    assert_int_equal(x8_targets_pick(NULL, 0, 0, list.items, 1, &err), 1);
    assert_int_equal(x8_targets_pick(NULL, 0, 0, list.items, 0, &err), -X8_E_NO_BOARD);
    assert_true(err.why[0] && err.next[0]);
}

static void serial_numbers_are_equal_without_their_zeros_and_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(x8_serial_equal("0A13B209DAB6FAD9", "a13b209dab6fad9"), 1);
    assert_int_equal(x8_serial_equal("0A13B209DAB6FAD9", "A13B209DAB6FAD"), 0);
    assert_int_equal(x8_serial_equal("", ""), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clean, clean)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_board_that_the_server_knows_at_the_same_port_is_one_row),
        TEST(without_a_port_the_serial_number_joins_them),
        TEST(two_boards_stay_two),
        TEST(a_phone_on_the_bus_is_no_board),
        TEST(what_the_server_reached_over_tcp_has_to_say_what_it_is),
        TEST(one_board_by_usb_and_by_address_becomes_one_row_once_it_answered),
        TEST(boards_without_a_serial_number_are_not_joined),
        TEST(an_address_that_the_server_has_already_is_no_second_row),
        TEST(words_of_the_server_have_a_cause_and_a_step),
        TEST(a_closed_node_does_not_matter_while_the_server_has_the_board),
        TEST(a_running_board_without_the_interface_says_so),
        TEST(an_error_of_the_probe_becomes_the_row),
        TEST(every_form_of_a_selector_finds_its_row),
        TEST(a_suffix_of_two_is_refused_with_both),
        TEST(what_is_nowhere_is_told_with_what_is_there),
        TEST(without_a_selector_only_a_single_board_is_taken),
        TEST(serial_numbers_are_equal_without_their_zeros_and_in_any_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
