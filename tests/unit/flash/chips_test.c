/*
 * The chip table: which protocol an id speaks, and what a script may change.
 */
#include "flash/chips.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct x8_chips chips;

static int fresh(void **state)
{
    (void)state;
    x8_chips_init(&chips);
    return 0;
}

static enum x8_proto proto_of(uint16_t vid, uint16_t pid, uint16_t bcd)
{
    const struct x8_chip *chip = x8_chips_find(&chips, vid, pid, bcd);

    return chip ? chip->proto : X8_PROTO_NONE;
}

static void the_portenta_is_known_in_each_stage(void **state)
{
    (void)state;
    assert_int_equal(proto_of(0x1fc9, 0x0134, 0x0101), X8_PROTO_SDP);
    assert_string_equal(x8_chips_find(&chips, 0x1fc9, 0x0134, 0x0101)->chip, "MX8MM");
    assert_int_equal(proto_of(0x1fc9, 0x0151, 0x0500), X8_PROTO_SDPV);
    assert_int_equal(proto_of(0x0525, 0xb4a4, 0x0500), X8_PROTO_SDPV);
    assert_int_equal(proto_of(0x1fc9, 0x0152, 0x0221), X8_PROTO_FB);
    assert_int_equal(proto_of(0x0525, 0xa4a5, 0x0221), X8_PROTO_FB);
}

static void the_device_release_tells_old_and_new_spl(void **state)
{
    (void)state;
    assert_int_equal(proto_of(0x0525, 0xb4a4, 0x0000), X8_PROTO_SDPU);
    assert_int_equal(proto_of(0x0525, 0xb4a4, 0x04ff), X8_PROTO_SDPU);
    assert_int_equal(proto_of(0x0525, 0xb4a4, 0x9998), X8_PROTO_SDPV);
    assert_int_equal(proto_of(0x0525, 0xb4a4, 0x9999), X8_PROTO_SDPU);
    assert_int_equal(proto_of(0x0525, 0xb4a4, 0x999a), X8_PROTO_NONE);
    assert_int_equal(proto_of(0x1fc9, 0x0151, 0x04ff), X8_PROTO_NONE);
}

static void strangers_are_not_taken_for_boards(void **state)
{
    (void)state;
    assert_int_equal(proto_of(0x1d6b, 0x0104, 0x0100), X8_PROTO_NONE);
    assert_int_equal(proto_of(0x2341, 0x0061, 0x0100), X8_PROTO_NONE);
    assert_int_equal(proto_of(0x1fc9, 0x012f, 0x0001), X8_PROTO_NONE);
}

static void protocol_names_are_read_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(x8_proto_of("SDP:"), X8_PROTO_SDP);
    assert_int_equal(x8_proto_of("sdpv"), X8_PROTO_SDPV);
    assert_int_equal(x8_proto_of("fastboot:"), X8_PROTO_FB);
    assert_int_equal(x8_proto_of("FBK"), X8_PROTO_FBK);
    assert_int_equal(x8_proto_of("SDPX:"), X8_PROTO_NONE);
    assert_int_equal(x8_proto_of(""), X8_PROTO_NONE);
    assert_int_equal(x8_proto_of(":"), X8_PROTO_NONE);
    assert_int_equal(x8_proto_of("FB::"), X8_PROTO_NONE);
    assert_int_equal(x8_proto_of("a word of more than sixteen bytes"), X8_PROTO_NONE);
    for (int proto = X8_PROTO_SDPS; proto <= X8_PROTO_CFG; proto++)
        assert_int_equal(x8_proto_of(x8_proto_name((enum x8_proto)proto)), proto);
    assert_string_equal(x8_proto_name(X8_PROTO_FB), "FB:");
}

static void a_script_cannot_turn_the_rom_into_something_else(void **state)
{
    struct x8_chip row = {.proto = X8_PROTO_FB, .vid = 0x1fc9, .pid = 0x0134, .bcd_max = 0xffff};
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_chips_add(&chips, &row, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.msg, "1fc9:0134"));
    assert_non_null(strstr(err.why, "SDP: MX8MM"));
    assert_true(err.next[0] != '\0');
    assert_int_equal(proto_of(0x1fc9, 0x0134, 0x0101), X8_PROTO_SDP);
}

static void a_script_may_describe_a_known_id_anew_with_its_protocol(void **state)
{
    struct x8_chip row = {
        .proto = X8_PROTO_SDP, .chip = "MX6ULL", .vid = 0x1fc9, .pid = 0x0134, .bcd_max = 0xffff};
    size_t before = chips.count;

    (void)state;
    assert_int_equal(x8_chips_add(&chips, &row, NULL), 0);
    assert_int_equal(chips.count, before);
    assert_string_equal(x8_chips_find(&chips, 0x1fc9, 0x0134, 0x0101)->chip, "MX6ULL");
}

static void a_script_may_add_ids_and_change_its_own_mind(void **state)
{
    struct x8_chip row = {.proto = X8_PROTO_SDP, .vid = 0x1234, .pid = 0x5678, .bcd_max = 0xffff};

    (void)state;
    assert_int_equal(x8_chips_add(&chips, &row, NULL), 0);
    assert_int_equal(proto_of(0x1234, 0x5678, 0x0100), X8_PROTO_SDP);
    row.proto = X8_PROTO_FB;
    assert_int_equal(x8_chips_add(&chips, &row, NULL), 0);
    assert_int_equal(proto_of(0x1234, 0x5678, 0x0100), X8_PROTO_FB);
}

static void a_full_table_is_an_error_not_an_overflow(void **state)
{
    struct x8_chip row = {.proto = X8_PROTO_FB, .vid = 0x1234, .bcd_max = 0xffff};
    struct x8_error err;

    (void)state;
    while (chips.count < X8_CHIPS_MAX) {
        row.pid++;
        assert_int_equal(x8_chips_add(&chips, &row, NULL), 0);
    }
    row.pid++;
    assert_int_equal(x8_chips_add(&chips, &row, &err), -X8_E_USAGE);
    assert_int_equal(chips.count, X8_CHIPS_MAX);
}

static void a_range_that_ends_before_it_begins_is_refused(void **state)
{
    struct x8_chip row = {.proto = X8_PROTO_FB, .vid = 1, .pid = 2, .bcd_min = 5, .bcd_max = 4};

    (void)state;
    assert_int_equal(x8_chips_add(&chips, &row, NULL), -X8_E_USAGE);
}

static const struct x8_rom *rom(const char *chip, const char *compatible)
{
    struct x8_chip row = {.proto = X8_PROTO_SDP};

    (void)snprintf(row.chip, sizeof row.chip, "%s", chip);
    (void)snprintf(row.compatible, sizeof row.compatible, "%s", compatible);
    return x8_rom_of(&row);
}

static void properties_come_by_chip_then_by_compatible_name(void **state)
{
    (void)state;
    assert_string_equal(rom("MX8MM", "MX8MQ")->name, "MX8MQ");
    assert_int_equal(rom("MX8MM", "MX8MQ")->dcd, X8_DCD_SKIP);
    assert_string_equal(rom("MX6UL", "MX7D")->name, "MX6UL");
    assert_int_equal(rom("MX6UL", "MX7D")->free_addr, 0x00910000);
    assert_int_equal(rom("MX6SX", "MX6Q")->dcd, X8_DCD_CLEAR);
    assert_int_equal(rom("SPL1", "SPL")->segment, 0);
    assert_int_equal(rom("MX93", "MX815")->report_len, 1020);
    assert_null(rom("", ""));
    assert_null(rom("MX99", "MX98"));
}

static void every_sdp_row_has_properties_that_fit_its_protocol(void **state)
{
    (void)state;
    for (size_t i = 0; i < chips.count; i++) {
        const struct x8_chip *row = &chips.rows[i];
        const struct x8_rom *r = x8_rom_of(row);

        if (row->proto == X8_PROTO_FB || row->proto == X8_PROTO_FBK) {
            assert_null(r);
            continue;
        }
        assert_non_null(r);
        assert_int_equal(r->is_stream, row->proto == X8_PROTO_SDPS);
        assert_in_range(r->report_len, 1020, 1024);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(the_portenta_is_known_in_each_stage),
        T(the_device_release_tells_old_and_new_spl),
        T(strangers_are_not_taken_for_boards),
        T(protocol_names_are_read_in_any_case),
        T(a_script_cannot_turn_the_rom_into_something_else),
        T(a_script_may_describe_a_known_id_anew_with_its_protocol),
        T(a_script_may_add_ids_and_change_its_own_mind),
        T(a_full_table_is_an_error_not_an_overflow),
        T(a_range_that_ends_before_it_begins_is_refused),
        T(properties_come_by_chip_then_by_compatible_name),
        T(every_sdp_row_has_properties_that_fit_its_protocol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
