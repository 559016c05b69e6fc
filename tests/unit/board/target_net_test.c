/*
 * Boards on the network: what one announces, what the user says, and which row that is.
 */
#include "board/target_parts.h"

#include "fakebus.h"
#include "testlib.h"

#include <stdio.h>

static struct x8_target_list list;
static struct x8_error err;

static int clean(void **state)
{
    (void)state;
    free(list.items);
    memset(&list, 0, sizeof list);
    memset(&err, 0, sizeof err);
    return 0;
}

static void plug(const char *port, unsigned pid, const char *serial)
{
    struct x8_device d = fake_device(port, pid == 0x0061 ? 0x2341 : 0x1fc9, pid);
    struct x8_board board;

    x8_copy(d.serial, sizeof d.serial, serial);
    d.has_adb = pid == 0x0061;
    assert_int_equal(x8_board_of(&d, &board), 1);
    assert_int_equal(x8_targets_add_boards(&list, &board, 1), 0);
}

static void describe(const struct x8_json *names)
{
    for (size_t i = 0; i < list.count; i++) {
        x8_target_name(&list.items[i], names);
        x8_target_judge(&list.items[i]);
    }
}

static void announce(const char *name, const char *address, const struct x8_json *names)
{
    struct x8_mdns_host host = {.has_ssh = 1, .port = 22};

    x8_copy(host.name, sizeof host.name, name);
    x8_copy(host.addresses[0], sizeof host.addresses[0], address);
    host.address_count = address[0] != '\0';
    describe(names);
    assert_int_equal(x8_targets_add_host(&list, &host, names), 0);
    describe(names);
}

static void a_board_on_usb_and_on_the_network_is_one_row(void **state)
{
    (void)state;
    plug("1-4.2", 0x0061, "0A13B209DAB6FAD9");
    announce("portenta-x8-a13b209dab6fad9", "192.168.1.50", NULL);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].where, "usb 1-4.2, 192.168.1.50");
    assert_string_equal(list.items[0].links, "usb net");
    assert_int_equal(x8_target_is_net_only(&list.items[0]), 0);
}

static void a_board_in_another_mode_is_not_joined(void **state)
{
    (void)state;
    plug("1-4.2", 0x0134, "0A13B209DAB6FAD9");
    announce("portenta-x8-a13b209dab6fad9", "192.168.1.50", NULL);
    assert_int_equal(list.count, 2);
}

static void a_board_alone_has_its_serial_number_from_its_name(void **state)
{
    (void)state;
    announce("dev-portenta-x8-a13b209dab6fad9", "fe80::1%eth0", NULL);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].serial, "0A13B209DAB6FAD9");
    assert_string_equal(list.items[0].where, "fe80::1%eth0");
    assert_string_equal(list.items[0].links, "net");
    assert_string_equal(list.items[0].state, "linux");
}

static void a_second_name_of_a_board_is_no_second_row(void **state)
{
    (void)state;
    announce("portenta-x8-a13b209dab6fad9-2", "10.0.0.2", NULL);
    announce("portenta-x8-a13b209dab6fad9", "192.168.1.50", NULL);
    announce("portenta-x8-a13b209dab6fad9-3", "10.0.0.3", NULL);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].net_name, "portenta-x8-a13b209dab6fad9");
    assert_string_equal(list.items[0].net_host, "192.168.1.50");
}

static void all_addresses_of_a_host_are_kept(void **state)
{
    struct x8_mdns_host host = {.name = "portenta-x8-a13b209dab6fad9",
                                .addresses = {"192.168.1.50", "fe80::1%eth0"},
                                .address_count = 2};

    (void)state;
    assert_int_equal(x8_targets_add_host(&list, &host, NULL), 0);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].net_address_count, 2);
    assert_string_equal(list.items[0].net_addresses[0], "192.168.1.50");
    assert_string_equal(list.items[0].net_addresses[1], "fe80::1%eth0");
}

static void boards_that_do_not_know_who_they_are_stay_apart(void **state)
{
    (void)state;
    announce("portenta-x8-unknown", "10.0.0.2", NULL);
    announce("portenta-x8-unknown-2", "10.0.0.3", NULL);
    announce("portenta-x8-0", "10.0.0.4", NULL);
    announce("portenta-x8-0-2", "10.0.0.5", NULL);
    assert_int_equal(list.count, 4);
}

static void a_computer_is_no_board_unless_a_name_of_the_user_says_so(void **state)
{
    struct x8_json *names = x8_json_object();

    (void)state;
    x8_json_str(names, "3F7700D1C2B4A590", "Bench-1");
    announce("laptop", "10.0.0.2", names);
    announce("bench-1", "10.0.0.3", names);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].serial, "3F7700D1C2B4A590");
    assert_string_equal(list.items[0].label, "Bench-1");
    x8_json_free(&names);
}

static void one_that_said_goodbye_is_not_there(void **state)
{
    (void)state;
    announce("portenta-x8-a13b209dab6fad9", "", NULL);
    assert_int_equal(list.count, 0);
}

static void what_the_user_named_is_the_row_that_was_found(void **state)
{
    static const char *const texts[] = {"portenta-x8-a1", "Portenta-X8-A1.local", "10.0.0.2",
                                        "10.0.0.2:22"};

    for (size_t i = 0; i < X8_COUNT(texts); i++) {
        clean(state);
        assert_int_equal(x8_targets_add_net(&list, texts[i], &err), 0);
        assert_int_equal(x8_targets_add_net(&list, texts[i], &err), 0);
        announce("portenta-x8-a1", "10.0.0.2", NULL);
        assert_int_equal(list.count, 1);
        assert_string_equal(list.items[0].net_host, "10.0.0.2");
    }
    assert_int_equal(x8_targets_add_net(&list, "10.0.0.2:2222", &err), 0);
    assert_int_equal(list.count, 2); /* another server of that host */
    assert_int_equal(x8_targets_add_net(&list, "a b", &err), -X8_E_USAGE);
}

static void every_form_of_a_selector_finds_it(void **state)
{
    static const char *const texts[] = {"net:10.0.0.2",
                                        "net:10.0.0.2:22",
                                        "net:portenta-x8-a13b209dab6fad9",
                                        "net:portenta-x8-a13b209dab6fad9.local",
                                        "portenta-x8-a13b209dab6fad9",
                                        "a13b209dab6fad9",
                                        "fad9"};
    static const char *const others[] = {"net:10.0.0.3", "net:10.0.0.2:23", "net:portenta-x8-a1"};

    (void)state;
    announce("portenta-x8-a13b209dab6fad9", "10.0.0.2", NULL);
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        assert_int_equal(x8_targets_pick(&texts[i], 1, 0, list.items, list.count, &err), 1);
    for (size_t i = 0; i < X8_COUNT(others); i++)
        assert_int_equal(x8_targets_pick(&others[i], 1, 0, list.items, list.count, &err),
                         -X8_E_NO_BOARD);
}

static void only_names_of_boards_are_searched_for(void **state)
{
    static const struct {
        const char *text;
        int is_place;
    } rows[] = {{"net:10.0.0.2", 1},
                {"net:fe80::1%eth0", 1},
                {"net:bench.example.org", 1},
                {"adb:10.0.0.2", 1},
                {"net:bench-1.local", 0},
                {"net:portenta-x8-a1", 0},
                {"net:portenta-x8-unknown", 0},
                {"1822aa09dab6fad9", 0},
                {"usb:1-4.2", 0}};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_selector selector;

        assert_int_equal(x8_selector_parse(rows[i].text, &selector, &err), 0);
        assert_int_equal(x8_selector_is_place(&selector), rows[i].is_place);
    }
}

static void a_place_reads_as_it_is_typed(void **state)
{
    char text[300];

    (void)state;
    assert_int_equal(x8_targets_add_net(&list, "[fe80::1%eth0]:2222", &err), 0);
    x8_target_place_on_net(&list.items[0], text, sizeof text);
    assert_string_equal(text, "[fe80::1%eth0]:2222");
    x8_target_key_name(&list.items[0], text, sizeof text);
    assert_string_equal(text, "[fe80::1%eth0]:2222");
    announce("portenta-x8-A1", "10.0.0.2", NULL);
    x8_target_key_name(&list.items[1], text, sizeof text);
    assert_string_equal(text, "portenta-x8-a1.local");
}

/* --- for who watches --- */

struct seen {
    size_t calls, count;
    char where[2][64];
};

static void see(void *ctx, const struct x8_target *rows, size_t count)
{
    struct seen *seen = ctx;

    seen->calls++;
    seen->count = count;
    for (size_t i = 0; i < count && i < 2; i++)
        x8_copy(seen->where[i], sizeof seen->where[i], rows[i].where);
}

static void rows_are_shown_joined_as_they_come(void **state)
{
    struct seen seen = {.calls = 0};
    const struct x8_find_view view = {.show = see, .ctx = &seen};
    struct x8_mdns_host host = {.has_ssh = 1, .port = 22, .address_count = 1};
    struct x8_shown shown;

    (void)state;
    assert_int_equal(x8_shown_begin(&shown, &view, NULL), 0);
    x8_copy(host.name, sizeof host.name, "portenta-x8-a13b209dab6fad9");
    x8_copy(host.addresses[0], sizeof host.addresses[0], "192.168.1.50");
    assert_int_equal(x8_shown_host(&shown, &host), 0);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.where[0], "192.168.1.50");
    plug("1-4.2", 0x0061, "0A13B209DAB6FAD9");
    plug("1-4.3", 0x0134, "");
    describe(NULL);
    x8_shown_rows(&shown, &list);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.where[0], "usb 1-4.2, 192.168.1.50");
    /* The same host with another address, and somebody's computer. */
    x8_copy(host.addresses[0], sizeof host.addresses[0], "192.168.1.51");
    assert_int_equal(x8_shown_host(&shown, &host), 0);
    assert_string_equal(seen.where[0], "usb 1-4.2, 192.168.1.51");
    x8_copy(host.name, sizeof host.name, "laptop");
    assert_int_equal(x8_shown_host(&shown, &host), 0);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.calls, 4);
    assert_int_equal(list.count, 2); /* what is looked at is nobody else's */
    x8_shown_done(&shown);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clean, clean)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_board_on_usb_and_on_the_network_is_one_row),
        TEST(a_board_in_another_mode_is_not_joined),
        TEST(a_board_alone_has_its_serial_number_from_its_name),
        TEST(a_second_name_of_a_board_is_no_second_row),
        TEST(all_addresses_of_a_host_are_kept),
        TEST(boards_that_do_not_know_who_they_are_stay_apart),
        TEST(a_computer_is_no_board_unless_a_name_of_the_user_says_so),
        TEST(one_that_said_goodbye_is_not_there),
        TEST(what_the_user_named_is_the_row_that_was_found),
        TEST(every_form_of_a_selector_finds_it),
        TEST(only_names_of_boards_are_searched_for),
        TEST(a_place_reads_as_it_is_typed),
        TEST(rows_are_shown_joined_as_they_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
