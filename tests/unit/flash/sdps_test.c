/*
 * SDPS streams: what is sent, and how much of a file.
 */
#include <stdio.h>

#include "fake_link.h"

#include "flash/sdp.h"

static struct fake_link fake;
static struct x8_error err;
static uint8_t file[0x10000];

static struct x8_sdp board(const char *name, const struct fake_step *steps)
{
    struct x8_chip chip = {.proto = X8_PROTO_SDPS};

    (void)snprintf(chip.chip, sizeof chip.chip, "%s", name);
    fake_init(&fake, steps);
    memset(&err, 0, sizeof err);
    memset(file, 0x5a, sizeof file);
    return (struct x8_sdp){
        .link = &fake.base, .op = &fake.op, .rom = x8_rom_of(&chip), .timeout_ms = 2000};
}

static struct x8_span span(size_t len)
{
    return (struct x8_span){file, len};
}

/* A container set of 0x2400 bytes. */
static void put_containers(void)
{
    memset(file, 0, 0x800);
    file[3] = file[0x403] = 0x87;
    file[11] = file[0x40b] = 1;
    x8_put_le32(file + 0x410, 0x1000);
    x8_put_le32(file + 0x414, 0x1000);
}

static void a_stream_is_reports_and_nothing_else(void **state)
{
    const struct fake_step steps[] = {{.kind = FAKE_REPORTS, .len = 1025, .times = 3}, {0}};
    struct x8_sdp sdp = board("MX8QXP", steps);

    (void)state;
    assert_int_equal(x8_sdps_boot(&sdp, span(2050), 0, &err), 0);
    assert_memory_equal(fake.taken.data, file, 2050);
    assert_int_equal(fake.taken.data[2050], 0);
    assert_int_equal(fake.taken.data[3071], 0);
    fake_finish(&fake);
}

static void newer_chips_take_1020_bytes_a_report(void **state)
{
    const struct fake_step steps[] = {{.kind = FAKE_REPORTS, .len = 1021, .times = 2}, {0}};
    struct x8_sdp sdp = board("MX815", steps);

    (void)state;
    put_containers();
    /* This family reads on by itself: the file goes out whole, container or not. */
    assert_int_equal(x8_sdps_boot(&sdp, span(2040), 0, &err), 0);
    fake_finish(&fake);
}

static void only_the_containers_go_out_where_the_chip_wants_it(void **state)
{
    const struct fake_step steps[] = {{.kind = FAKE_REPORTS, .len = 1021, .times = 10}, {0}};
    struct x8_sdp sdp = board("MX95", steps);

    (void)state;
    put_containers();
    assert_int_equal(x8_sdps_boot(&sdp, span(sizeof file), 0, &err), 0);
    assert_memory_equal(fake.taken.data, file, 0x2400);
    fake_finish(&fake);
}

static void a_cut_container_never_reaches_the_board(void **state)
{
    const struct fake_step steps[] = {{0}};
    struct x8_sdp sdp = board("MX8QXP", steps);

    (void)state;
    put_containers();
    assert_int_equal(x8_sdps_boot(&sdp, span(0x2000), 0, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_sdps_boot(&sdp, span(0x2000), 0x2000, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_sdps_boot(&sdp, span(0x2000), UINT64_MAX, &err), -X8_E_BAD_IMAGE);
    fake_finish(&fake);
}

static void the_i_mx_28_gets_its_command_first(void **state)
{
    const struct fake_step steps[] = {SENDS(1, 'B', 'L', 'T', 'C', 1, 0, 0, 0, 0x34, 0x02, 0, 0, 0,
                                            0, 0, 2, 0, 0, 0x02, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                            0),
                                      {.kind = FAKE_REPORTS, .len = 1025, .times = 1},
                                      {0}};
    struct x8_sdp sdp = board("MX28", steps);

    (void)state;
    assert_int_equal(x8_sdps_boot(&sdp, span(0x234), 0, &err), 0);
    fake_finish(&fake);
}

static void room_for_a_partition_table_is_left_out(void **state)
{
    const struct fake_step steps[] = {{.kind = FAKE_REPORTS, .len = 1025, .times = 32}, {0}};
    struct x8_sdp sdp = board("MX8QXP", steps);

    (void)state;
    memcpy(file + 0x8000, "\xd1\x00\x20\x41", 4);
    assert_int_equal(x8_sdps_boot(&sdp, span(sizeof file), 0, &err), 0);
    assert_memory_equal(fake.taken.data, file + 0x8000, 0x8000);
    fake_finish(&fake);
}

static void a_broken_stream_says_how_far_it_came(void **state)
{
    const struct fake_step steps[] = {
        {.kind = FAKE_REPORTS, .len = 1025, .times = 2}, WRITE_FAILS(X8_E_GONE), {0}};
    struct x8_sdp sdp = board("MX8QXP", steps);

    (void)state;
    assert_int_equal(x8_sdps_boot(&sdp, span(8192), 0, &err), -X8_E_GONE);
    assert_contains(err.msg, "after 2048 of 8192 bytes");
    fake_finish(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_reports_and_nothing_else),
        cmocka_unit_test(newer_chips_take_1020_bytes_a_report),
        cmocka_unit_test(only_the_containers_go_out_where_the_chip_wants_it),
        cmocka_unit_test(a_cut_container_never_reaches_the_board),
        cmocka_unit_test(the_i_mx_28_gets_its_command_first),
        cmocka_unit_test(room_for_a_partition_table_is_left_out),
        cmocka_unit_test(a_broken_stream_says_how_far_it_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
