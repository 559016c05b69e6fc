/*
 * Names of boards, and what a search makes of the answers it hears.
 */
#include "testlib.h"

#include "kit_dns.h"
#include "net/mdns.h"
#include "net/mdns_address.h"
#include "net/mdns_hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOARD "portenta-x8-a13b209dab6fad9"
#define OTHER "Jane\\032Doe"

struct told {
    struct x8_mdns_host last;
    int times;
};

static void keep(void *ctx, const struct x8_mdns_host *host)
{
    struct told *told = ctx;

    told->last = *host;
    told->times++;
}

/* Take the message in and tell; how often something was told. */
static int hear(struct x8_mdns_table *table, const struct dns_message *message, struct told *told)
{
    struct x8_span copy = dns_copy(message, message->len);

    x8_mdns_table_take(table, copy, "eth0", NULL);
    free((void *)(uintptr_t)copy.data);
    told->times = 0;
    x8_mdns_table_tell(table, keep, told);
    return told->times;
}

static void offer(struct dns_message *m, const char *host, unsigned port)
{
    char instance[256], full[256];

    snprintf(instance, sizeof instance, "%s." X8_MDNS_SERVICE, host);
    snprintf(full, sizeof full, "%s.local", host);
    dns_ptr(m, X8_MDNS_SERVICE, 4500, instance);
    dns_srv(m, instance, 120, port, full);
}

/* --- names --- */

static void serial_numbers_get_their_zeros_and_capitals_back(void **state)
{
    static const struct {
        const char *name, *serial;
    } rows[] = {
        {"portenta-x8-2d16ba09dab6fad9", "2D16BA09DAB6FAD9"},
        {"portenta-x8-a13b209dab6fad9", "0A13B209DAB6FAD9"},
        {"portenta-x8-a13b209dab6fad9-2", "0A13B209DAB6FAD9"},
        {"portenta-x8-a13b209dab6fad9-117", "0A13B209DAB6FAD9"},
        {"dev-portenta-x8-f", "000000000000000F"},
        {"Portenta-X8-A13B", "000000000000A13B"},
        {"DEV-portenta-x8-1-2", "0000000000000001"},
    };
    char serial[20];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        assert_int_equal(x8_mdns_serial(rows[i].name, serial), 1);
        assert_string_equal(serial, rows[i].serial);
        assert_true(x8_mdns_is_board(rows[i].name));
    }
}

static void a_board_may_not_know_its_serial_number(void **state)
{
    static const char *const names[] = {"portenta-x8-unknown", "dev-portenta-x8-unknown-3"};
    char serial[20];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        assert_true(x8_mdns_is_board(names[i]));
        assert_int_equal(x8_mdns_serial(names[i], serial), 0);
    }
}

static void names_that_only_look_alike_are_no_boards(void **state)
{
    static const char *const names[] = {
        "",
        "portenta-x8-",
        "portenta-x8",
        "portenta-x8-12345678901234567",
        "portenta-x8-12g",
        "portenta-x8-12-",
        "portenta-x8-12-a",
        "portenta-x8-12-2-2",
        "portenta-x8--2",
        "portenta-x8-unknown2",
        "xportenta-x8-12",
        "dev-dev-portenta-x8-12",
        "portenta-x8-12.local",
        "portenta-x8-12\\032",
    };
    char serial[20];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        assert_false(x8_mdns_is_board(names[i]));
        assert_int_equal(x8_mdns_serial(names[i], serial), 0);
    }
}

/* --- addresses --- */

static void addresses_are_in_the_order_to_try_them(void **state)
{
    static const char *const heard[] = {"fe80::2",     "2001:db8::1", "169.254.7.7",
                                        "192.168.1.5", "fe80::2",     "10.0.0.1"},
                             *const want[] = {"192.168.1.5", "10.0.0.1", "169.254.7.7",
                                              "2001:db8::1", "fe80::2%eth0"};
    struct x8_mdns_table *table = x8_mdns_table_new(0);
    struct dns_message m;
    struct told told;

    (void)state;
    dns_begin(&m, 0x8400);
    for (size_t i = 0; i < X8_COUNT(heard); i++)
        dns_address(&m, BOARD ".local", 120, heard[i]);
    assert_int_equal(hear(table, &m, &told), 1);
    assert_int_equal(told.last.address_count, X8_COUNT(want));
    for (size_t i = 0; i < X8_COUNT(want); i++)
        assert_string_equal(told.last.addresses[i], want[i]);
    x8_mdns_table_free(table);
}

static void of_too_many_addresses_the_best_are_kept(void **state)
{
    struct x8_mdns_host host = {.address_count = 0};
    char text[64];

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "2001:db8::%d", i);
        assert_int_equal(x8_mdns_address_add(&host, text), i < X8_MDNS_ADDRESSES);
    }
    assert_int_equal(x8_mdns_address_add(&host, "10.0.0.1"), 1);
    assert_int_equal(x8_mdns_address_add(&host, "fe80::1%eth0"), 0);
    assert_int_equal(host.address_count, X8_MDNS_ADDRESSES);
    assert_string_equal(host.addresses[0], "10.0.0.1");
    assert_string_equal(host.addresses[X8_MDNS_ADDRESSES - 1], "2001:db8::6");
}

static void addresses_that_no_host_has_are_left_out(void **state)
{
    static const char *const none[] = {"0.0.0.0",         "127.0.0.1", "224.0.0.251",
                                       "255.255.255.255", "::",        "::1",
                                       "ff02::fb",        "0.1.2.3",   "::ffff:10.0.0.1"};
    struct x8_mdns_table *table = x8_mdns_table_new(0);
    struct dns_message m;
    struct told told;

    (void)state;
    dns_begin(&m, 0x8400);
    for (size_t i = 0; i < X8_COUNT(none); i++)
        dns_address(&m, BOARD ".local", 120, none[i]);
    assert_int_equal(hear(table, &m, &told), 0);
    x8_mdns_table_free(table);
}

static void a_zone_that_does_not_fit_is_not_cut(void **state)
{
    struct x8_dns_record record = {.type = X8_DNS_AAAA, .address = {0xfe, 0x80}};
    char text[64], zone[64];

    (void)state;
    memset(record.address + 2, 0xab, 14);
    memset(zone, 'z', sizeof zone);
    zone[23] = '\0';
    assert_int_equal(x8_mdns_address_text(&record, zone, text), 1);
    assert_int_equal(strlen(text), 63);
    zone[23] = 'z';
    zone[24] = '\0';
    assert_int_equal(x8_mdns_address_text(&record, zone, text), 0);
}

/* --- hosts --- */

static void one_message_tells_all(void **state)
{
    struct x8_mdns_table *table = x8_mdns_table_new(0);
    struct x8_dns_question questions[8];
    struct dns_message m;
    struct told told;

    (void)state;
    dns_begin(&m, 0x8400);
    dns_address(&m, BOARD ".local", 120, "10.0.0.1");
    offer(&m, BOARD, 2222);
    assert_int_equal(hear(table, &m, &told), 1);
    assert_string_equal(told.last.name, BOARD);
    assert_true(told.last.has_ssh);
    assert_int_equal(told.last.port, 2222);
    assert_int_equal(told.last.address_count, 1);
    assert_int_equal(x8_mdns_table_gaps(table, 1, questions, 8), 0);
    assert_int_equal(x8_mdns_table_count(table), 1);
    assert_int_equal(hear(table, &m, &told), 0); /* the same again is no news */
    x8_mdns_table_free(table);
}

static void what_is_lacking_is_asked_for_a_few_times(void **state)
{
    struct x8_mdns_table *table = x8_mdns_table_new(0);
    struct x8_dns_question q[8];
    struct dns_message m;
    struct told told;

    (void)state;
    dns_begin(&m, 0x8400);
    dns_ptr(&m, X8_MDNS_SERVICE, 4500, BOARD "." X8_MDNS_SERVICE);
    assert_int_equal(hear(table, &m, &told), 0);
    assert_int_equal(x8_mdns_table_gaps(table, 0, q, 8), 1);
    assert_int_equal(q[0].type, X8_DNS_SRV);
    assert_string_equal(q[0].name, BOARD "." X8_MDNS_SERVICE);
    assert_int_equal(x8_mdns_table_gaps(table, 0, q, 8), 0);

    dns_begin(&m, 0x8400);
    dns_srv(&m, BOARD "." X8_MDNS_SERVICE, 120, 22, BOARD ".local");
    assert_int_equal(hear(table, &m, &told), 0); /* nothing to reach it by */
    for (int round = 0; round < 5; round++) {
        size_t n = x8_mdns_table_gaps(table, 1, q, 8);

        assert_int_equal(n, round < 3 ? 2 : 0);
        assert_true(n == 0 || (q[0].type == X8_DNS_A && q[1].type == X8_DNS_AAAA));
        assert_true(n == 0 || strcmp(q[1].name, BOARD ".local") == 0);
    }
    dns_begin(&m, 0x8400);
    dns_address(&m, "PORTENTA-x8-A13B209DAB6FAD9.Local", 120, "10.0.0.1");
    assert_int_equal(hear(table, &m, &told), 1);
    assert_true(told.last.has_ssh);
    x8_mdns_table_free(table);
}

static void a_board_without_the_service_is_a_board(void **state)
{
    struct x8_mdns_table *table = x8_mdns_table_new(0);
    struct dns_message m;
    struct told told;

    (void)state;
    dns_begin(&m, 0x8400);
    dns_address(&m, BOARD ".local", 120, "10.0.0.1");
    assert_int_equal(hear(table, &m, &told), 1);
    assert_false(told.last.has_ssh);
    assert_int_equal(told.last.port, 22);
    x8_mdns_table_free(table);
}

static void a_goodbye_takes_back_what_was_said(void **state)
{
    struct x8_mdns_table *table = x8_mdns_table_new(0);
    struct x8_dns_question questions[8];
    struct dns_message m;
    struct told told;

    (void)state;
    dns_begin(&m, 0x8400);
    dns_address(&m, BOARD ".local", 120, "10.0.0.1");
    dns_address(&m, BOARD ".local", 120, "10.0.0.2");
    offer(&m, BOARD, 2222);
    assert_int_equal(hear(table, &m, &told), 1);

    dns_begin(&m, 0x8400);
    dns_ptr(&m, X8_MDNS_SERVICE, 0, BOARD "." X8_MDNS_SERVICE);
    assert_int_equal(hear(table, &m, &told), 1);
    assert_false(told.last.has_ssh);
    assert_int_equal(told.last.port, 22);

    dns_begin(&m, 0x8400);
    dns_address(&m, BOARD ".local", 0, "10.0.0.1");
    assert_int_equal(hear(table, &m, &told), 1);
    assert_int_equal(told.last.address_count, 1);
    assert_string_equal(told.last.addresses[0], "10.0.0.2");
    dns_begin(&m, 0x8400);
    dns_address(&m, BOARD ".local", 0, "10.0.0.2");
    assert_int_equal(hear(table, &m, &told), 1);
    assert_int_equal(told.last.address_count, 0);
    assert_int_equal(x8_mdns_table_count(table), 0);
    assert_int_equal(x8_mdns_table_gaps(table, 1, questions, 8), 0);
    x8_mdns_table_free(table);
}

static void a_goodbye_of_the_unknown_is_nothing(void **state)
{
    struct x8_mdns_table *table = x8_mdns_table_new(1);
    struct x8_dns_question questions[8];
    struct dns_message m;
    struct told told;

    (void)state;
    dns_begin(&m, 0x8400);
    dns_ptr(&m, X8_MDNS_SERVICE, 0, BOARD "." X8_MDNS_SERVICE);
    dns_srv(&m, BOARD "." X8_MDNS_SERVICE, 0, 22, BOARD ".local");
    dns_address(&m, BOARD ".local", 0, "10.0.0.1");
    assert_int_equal(hear(table, &m, &told), 0);
    assert_int_equal(x8_mdns_table_gaps(table, 1, questions, 8), 0);
    x8_mdns_table_free(table);
}

static void other_hosts_are_told_when_wanted_and_offering_ssh(void **state)
{
    struct dns_message m;
    struct told told;

    (void)state;
    for (int foreign = 0; foreign < 2; foreign++) {
        struct x8_mdns_table *table = x8_mdns_table_new(foreign);
        struct x8_dns_question questions[8];

        dns_begin(&m, 0x8400);
        dns_address(&m, "printer.local", 120, "10.0.0.9");
        offer(&m, OTHER, 22);
        dns_address(&m, OTHER ".local", 120, "10.0.0.8");
        assert_int_equal(hear(table, &m, &told), foreign);
        if (foreign)
            assert_string_equal(told.last.name, OTHER);

        dns_begin(&m, 0x8400);
        dns_ptr(&m, X8_MDNS_SERVICE, 4500, "third." X8_MDNS_SERVICE);
        assert_int_equal(hear(table, &m, &told), 0);
        assert_int_equal(x8_mdns_table_gaps(table, 1, questions, 8), foreign);
        x8_mdns_table_free(table);
    }
}

static void what_cannot_be_meant_is_ignored(void **state)
{
    static const char longest[] = "a12345678901234567890123456789012345678901234567890123456789012",
                      long_text[] = "b\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001"
                                    "\\001\\001\\001\\001\\001\\001";
    struct x8_mdns_table *table = x8_mdns_table_new(1);
    struct dns_message m;
    struct told told;
    char full[128];

    (void)state;
    dns_begin(&m, 0x8400);
    dns_srv(&m, "a." X8_MDNS_SERVICE, 120, 0, "a.local"); /* no such port */
    dns_address(&m, "a.local", 120, "10.0.0.1");
    dns_srv(&m, "b._http._tcp.local", 120, 80, "b.local"); /* not what was asked */
    dns_address(&m, "b.local", 120, "10.0.0.2");
    dns_srv(&m, X8_MDNS_SERVICE, 120, 22, "c.local"); /* the service itself offers nothing */
    dns_address(&m, "c.local", 120, "10.0.0.3");
    dns_srv(&m, "d." X8_MDNS_SERVICE, 120, 22, "d.example.com"); /* not of this network */
    dns_address(&m, "d.example.com", 120, "10.0.0.4");
    dns_srv(&m, "e." X8_MDNS_SERVICE, 120, 22, "local");
    dns_srv(&m, "f." X8_MDNS_SERVICE, 120, 22, "");
    snprintf(full, sizeof full, "%s.local", long_text);
    dns_srv(&m, "g." X8_MDNS_SERVICE, 120, 22, full); /* no room to tell it */
    dns_address(&m, full, 120, "10.0.0.5");
    assert_int_equal(hear(table, &m, &told), 0);

    dns_begin(&m, 0x8400);
    snprintf(full, sizeof full, "%s.local", longest);
    dns_srv(&m, "h." X8_MDNS_SERVICE, 120, 22, full);
    dns_address(&m, full, 120, "10.0.0.6");
    assert_int_equal(hear(table, &m, &told), 1);
    assert_string_equal(told.last.name, longest);
    x8_mdns_table_free(table);
}

static void others_never_take_the_places_of_boards(void **state)
{
    struct x8_mdns_table *table = x8_mdns_table_new(1);
    struct dns_message m;
    struct told told;
    char name[64];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        dns_begin(&m, 0x8400);
        snprintf(name, sizeof name, "other-%d", i);
        offer(&m, name, 22);
        snprintf(name, sizeof name, "other-%d.local", i);
        dns_address(&m, name, 120, "10.0.0.1");
        hear(table, &m, &told);
    }
    assert_true(x8_mdns_table_is_full(table));
    assert_int_equal(x8_mdns_table_count(table), X8_MDNS_HOSTS / 2);
    dns_begin(&m, 0x8400);
    offer(&m, BOARD, 2222);
    dns_address(&m, BOARD ".local", 120, "10.0.0.1");
    assert_int_equal(hear(table, &m, &told), 1);
    assert_string_equal(told.last.name, BOARD);
    assert_int_equal(told.last.port, 2222);
    x8_mdns_table_free(table);
}

static void more_boards_than_there_are_places_are_left_out(void **state)
{
    struct x8_mdns_table *table = x8_mdns_table_new(0);
    struct x8_dns_question questions[8];
    struct dns_message m;
    struct told told;
    char name[64];

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        dns_begin(&m, 0x8400);
        snprintf(name, sizeof name, "portenta-x8-%x", i + 1);
        offer(&m, name, 22);
        snprintf(name, sizeof name, "portenta-x8-%x.local", i + 1);
        dns_address(&m, name, 120, "10.0.0.1");
        assert_int_equal(hear(table, &m, &told), i < X8_MDNS_HOSTS);
        assert_int_equal(x8_mdns_table_is_full(table), i >= X8_MDNS_HOSTS);
    }
    assert_int_equal(x8_mdns_table_count(table), X8_MDNS_HOSTS);
    assert_int_equal(x8_mdns_table_gaps(table, 1, questions, 8), 0);
    x8_mdns_table_free(table);
}

static void questions_never_exceed_their_room(void **state)
{
    struct x8_mdns_table *table = x8_mdns_table_new(0);
    struct x8_dns_question questions[7];
    struct dns_message m;
    struct told told;
    size_t total = 0, n;

    (void)state;
    for (unsigned i = 1; i <= 20; i++) {
        char name[64];

        snprintf(name, sizeof name, "portenta-x8-%x", i);
        dns_begin(&m, 0x8400);
        offer(&m, name, 22);
        hear(table, &m, &told);
    }
    while ((n = x8_mdns_table_gaps(table, 0, questions, X8_COUNT(questions))) > 0) {
        assert_true(n <= X8_COUNT(questions));
        total += n;
    }
    assert_int_equal(total, 40);
    x8_mdns_table_free(table);
}

/* --- the search --- */

static void a_search_that_was_stopped_before_does_not_begin(void **state)
{
    struct x8_cancel cancel;
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    struct x8_error err = {0};
    struct told told = {.times = 0};

    (void)state;
    x8_cancel_init(&cancel);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_TERMINATED);
    assert_int_equal(x8_mdns_find(&op, 60000, 1, keep, &told, &err), -X8_E_TERMINATED);
    assert_int_equal(told.times, 0);
    x8_cancel_done(&cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serial_numbers_get_their_zeros_and_capitals_back),
        cmocka_unit_test(a_board_may_not_know_its_serial_number),
        cmocka_unit_test(names_that_only_look_alike_are_no_boards),
        cmocka_unit_test(addresses_are_in_the_order_to_try_them),
        cmocka_unit_test(of_too_many_addresses_the_best_are_kept),
        cmocka_unit_test(addresses_that_no_host_has_are_left_out),
        cmocka_unit_test(a_zone_that_does_not_fit_is_not_cut),
        cmocka_unit_test(one_message_tells_all),
        cmocka_unit_test(what_is_lacking_is_asked_for_a_few_times),
        cmocka_unit_test(a_board_without_the_service_is_a_board),
        cmocka_unit_test(a_goodbye_takes_back_what_was_said),
        cmocka_unit_test(a_goodbye_of_the_unknown_is_nothing),
        cmocka_unit_test(other_hosts_are_told_when_wanted_and_offering_ssh),
        cmocka_unit_test(what_cannot_be_meant_is_ignored),
        cmocka_unit_test(others_never_take_the_places_of_boards),
        cmocka_unit_test(more_boards_than_there_are_places_are_left_out),
        cmocka_unit_test(questions_never_exceed_their_room),
        cmocka_unit_test(a_search_that_was_stopped_before_does_not_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
