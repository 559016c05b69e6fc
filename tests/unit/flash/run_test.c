/*
 * Whole runs over the virtual board in this process: every stage as entry, several boards, the
 * proof, stops, and faults. What a fault must lead to is a row of a table: the code, and what the
 * board's medium may have seen.
 */
#include "kit.h"

#include "util/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_LEN (6u << 20)

static void a_board_in_rom_is_written_and_proven(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_board(&kit, "");
    if (kit_run(&kit, X8_VERIFY_AUTO) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_int_equal(kit.results[0].proof, X8_PROOF_FULL);
    assert_int_equal(kit.results[0].touched, X8_TOUCHED_ALL);
    assert_int_equal(kit.results[0].target_count, 6);
    assert_int_equal(kit.results[0].targets[0].bytes, IMAGE_LEN);
    assert_int_equal(kit.results[0].targets[0].written, IMAGE_LEN);
    assert_true(kit.results[0].targets[0].sent < IMAGE_LEN);
    assert_true(kit_is_written(&kit, 0));
    kit_done(&kit);
}

static void a_board_is_taken_in_the_stage_it_is_in(void **state)
{
    static const char *const stages[] = {"start=spl", "start=fastboot"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(stages); i++) {
        struct kit kit;

        kit_init(&kit, IMAGE_LEN);
        kit_board(&kit, stages[i]);
        if (kit_run(&kit, X8_VERIFY_FULL) != 0)
            fail_msg("%s: %s / %s", stages[i], kit.err.msg, kit.err.why);
        assert_true(kit_said(&kit, "continuing there"));
        assert_true(kit_is_written(&kit, 0));
        kit_done(&kit);
    }
}

static void every_shape_of_board_works(void **state)
{
    static const char *const shapes[] = {"ids=old",     "endpoints=out-first", "speed=full",
                                         "loader=2024", "blksize=4096",        "maxdl=1048576",
                                         "infoecho=1",  "blksize=none"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(shapes); i++) {
        struct kit kit;

        kit_init(&kit, 1u << 20);
        kit_board(&kit, shapes[i]);
        if (kit_run(&kit, X8_VERIFY_AUTO) != 0)
            fail_msg("%s: %s / %s", shapes[i], kit.err.msg, kit.err.why);
        assert_true(kit_is_written(&kit, 0));
        kit_done(&kit);
    }
}

static void eight_boards_at_once_each_get_all(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    for (int i = 0; i < KIT_BOARDS; i++)
        kit_board(&kit, i % 2 ? "start=fastboot" : "");
    if (kit_run(&kit, X8_VERIFY_AUTO) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    for (size_t i = 0; i < KIT_BOARDS; i++)
        assert_true(kit_is_written(&kit, i));
    kit_done(&kit);
}

static void one_failure_does_not_stop_the_others(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_board(&kit, "");
    kit_board(&kit, "fault=stage:fastboot,after:300000,do:unplug");
    kit_board(&kit, "");
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_SOME_FAILED);
    assert_int_equal(kit.results[0].rc, 0);
    assert_int_equal(kit.results[1].rc, -X8_E_GONE);
    assert_int_equal(kit.results[2].rc, 0);
    assert_true(kit_is_written(&kit, 0));
    assert_true(kit_is_written(&kit, 2));
    kit_done(&kit);
}

struct row {
    const char *words;
    enum x8_code code;
    enum x8_touched touched_at_most;
};

/* A fault at a stage, the code it must end with, and how far the medium can have been touched. */
static const struct row rows[] = {
    {"fault=stage:rom,after:20000,do:stall", X8_E_LINK, X8_TOUCHED_NOT},
    {"fault=stage:rom,after:20000,do:hang", X8_E_TIMEOUT, X8_TOUCHED_NOT},
    {"fault=stage:rom,after:20000,do:unplug", X8_E_GONE, X8_TOUCHED_NOT},
    {"fault=stage:rom,do:wrongword", X8_E_REFUSED, X8_TOUCHED_NOT},
    {"fault=stage:rom,do:never", X8_E_GONE, X8_TOUCHED_NOT},
    {"closed=1", X8_E_REFUSED, X8_TOUCHED_NOT},
    {"fault=stage:spl,after:20000,do:stall", X8_E_LINK, X8_TOUCHED_NOT},
    {"fault=stage:spl,after:20000,do:hang", X8_E_TIMEOUT, X8_TOUCHED_NOT},
    {"fault=stage:spl,after:20000,do:unplug", X8_E_GONE, X8_TOUCHED_NOT},
    {"fault=stage:spl,do:wrongword", X8_E_REFUSED, X8_TOUCHED_NOT},
    {"fault=stage:spl,do:never", X8_E_GONE, X8_TOUCHED_NOT},
    {"fault=stage:spl,do:rom,times:9", X8_E_MISFIT, X8_TOUCHED_NOT},
    {"fault=stage:fastboot,after:300000,do:stall", X8_E_LINK, X8_TOUCHED_PARTLY},
    {"fault=stage:fastboot,after:300000,do:unplug", X8_E_GONE, X8_TOUCHED_PARTLY},
    {"fault=stage:cmd:flash,do:fail,text:no_space", X8_E_REFUSED, X8_TOUCHED_PARTLY},
    {"fault=stage:cmd:ucmd,do:fail", X8_E_REFUSED, X8_TOUCHED_ERASED},
    {"fault=stage:cmd:flash,do:garbage", X8_E_LINK, X8_TOUCHED_PARTLY},
    {"fault=stage:connect,do:denied", X8_E_NO_PERMISSION, X8_TOUCHED_NOT},
    {"loader=2024 fault=do:writefail,sector:1200", X8_E_REFUSED, X8_TOUCHED_PARTLY},
    {"fault=do:flip,off:1000000", X8_E_VERIFY, X8_TOUCHED_PARTLY},
};

static void check_row(const struct row *row)
{
    int64_t start = x8_now_ms();
    struct kit kit;
    int rc;

    kit_init(&kit, IMAGE_LEN);
    kit_board(&kit, row->words);
    if (strstr(row->words, "do:never"))
        kit.stage_ms = 1000;
    rc = kit_run(&kit, X8_VERIFY_AUTO);
    if (rc != -(int)row->code)
        fail_msg("%s: code %d, not %d: %s / %s", row->words, -rc, (int)row->code, kit.err.msg,
                 kit.err.why);
    if (!kit.err.next[0] || !kit.err.why[0])
        fail_msg("%s: no cause or no next step", row->words);
    if (kit.results[0].touched > row->touched_at_most)
        fail_msg("%s: touched %d", row->words, (int)kit.results[0].touched);
    if (x8_now_ms() - start > 30000)
        fail_msg("%s: took too long", row->words);
    kit_done(&kit);
}

static void a_fault_ends_with_its_code_a_cause_and_a_next_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++)
        check_row(&rows[i]);
}

static void an_image_larger_than_the_emmc_is_refused_before_it_is_touched(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, 20u << 20);
    kit_board(&kit, "emmc=16M");
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_MISFIT);
    assert_int_equal(kit.results[0].touched, X8_TOUCHED_NOT);
    kit_done(&kit);
}

/* Noise with two stretches of zeros: the write that fails lies in a RAW chunk behind the first
 * FILL, and what follows at a wrong place meets the bad sector with RAW only, which old loaders
 * swallow. */
static void make_image_of_noise(struct kit *kit)
{
    uint32_t seed = 99;

    for (size_t at = 512; at < kit->image_len; at++) {
        int is_zero =
            (at >= 64u << 10 && at < 256u << 10) || (at >= 1536u << 10 && at < 1600u << 10);

        seed = seed * 1664525u + 1013904223u;
        kit->image[at] = is_zero ? 0 : (uint8_t)(seed >> 16);
    }
    memset(kit->image + 446, 0, 64);
    kit->image[446 + 4] = 0x0c;
    x8_put_le32(kit->image + 446 + 8, 2048);
    x8_put_le32(kit->image + 446 + 12, (uint32_t)(kit->image_len / 512 - 2048));
    kit->image[510] = 0x55;
    kit->image[511] = 0xaa;
    kit_file(kit, "image.wic", kit->image, kit->image_len);
}

static void a_failed_write_that_the_loader_calls_okay_is_found(void **state)
{
    static const char words[] = "loader=2022 fault=do:writefail,sector:2900";
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    make_image_of_noise(&kit);
    kit_board(&kit, words);
    if (kit_run(&kit, X8_VERIFY_NONE) != 0)
        fail_msg("the loader was to answer OKAY: %s / %s", kit.err.msg, kit.err.why);
    assert_false(kit_is_written(&kit, 0));
    kit_done(&kit);

    kit_init(&kit, IMAGE_LEN);
    make_image_of_noise(&kit);
    kit_board(&kit, words);
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_VERIFY);
    assert_true(kit.results[0].bad_count > 0);
    kit_done(&kit);
}

static void a_bad_place_is_named(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_board(&kit, "fault=do:flip,off:5000000");
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_VERIFY);
    assert_int_equal(kit.results[0].bad_count, 1);
    assert_int_equal(kit.results[0].bad[0].offset, 4u << 20);
    assert_int_equal(kit.results[0].bad[0].len, 1u << 20);
    kit_done(&kit);
}

static void a_board_that_cannot_verify_is_said_to_be_unverified(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, 1u << 20);
    kit_board(&kit, "crcv=0");
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), 0);
    assert_int_equal(kit.results[0].proof, X8_PROOF_NONE);
    assert_true(kit.results[0].unproven[0]);
    kit_done(&kit);

    kit_init(&kit, 1u << 20);
    kit_board(&kit, "crcv=0");
    assert_int_equal(kit_run(&kit, X8_VERIFY_FULL), -X8_E_VERIFY);
    kit_done(&kit);
}

static void a_stop_between_pieces_is_told_with_the_boards_state(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_board(&kit, "start=fastboot");
    assert_int_equal(kit_plan(&kit, NULL), 0);
    x8_cancel_raise(&kit.cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    assert_int_equal(kit_run_plan(&kit, X8_VERIFY_AUTO), -X8_E_STOPPED);
    assert_non_null(strstr(kit.err.why, "not touched"));
    kit_done(&kit);
}

/* Wherever the second press comes, it ends the run at once; the first ends it at the next safe
 * point. */
static void a_stop_ends_every_wait(void **state)
{
    static const struct {
        const char *words, *at;
        enum x8_cancel_level level;
        enum x8_touched at_most;
        const char *next;
    } cases[] = {
        {"fault=stage:rom,after:20000,do:hang", "> WRITE_FILE", X8_CANCEL_HARD, X8_TOUCHED_NOT,
         "power-cycle"},
        {"", "> WRITE_FILE", X8_CANCEL_SOFT, X8_TOUCHED_NOT, ""},
        {"fault=stage:rom,do:never", "waiting for the board", X8_CANCEL_SOFT, X8_TOUCHED_NOT, ""},
        {"start=fastboot fault=at:ucmd,do:hang", "> UCmd", X8_CANCEL_HARD, X8_TOUCHED_MAYBE, ""},
        {"start=fastboot link=500000", "> download", X8_CANCEL_HARD, X8_TOUCHED_ERASED, ""},
        {"start=fastboot link=2000000", "> download", X8_CANCEL_SOFT, X8_TOUCHED_PARTLY, ""},
        {"start=fastboot write=100000", "> flash", X8_CANCEL_HARD, X8_TOUCHED_PARTLY, ""},
        {"start=fastboot read=100000", "crc32 -v 0x42800000 0x6", X8_CANCEL_HARD, X8_TOUCHED_PARTLY,
         ""},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(cases); i++) {
        int64_t start;
        struct kit kit;
        int rc;

        kit_init(&kit, IMAGE_LEN);
        kit_board(&kit, cases[i].words);
        kit.stop_at = cases[i].at;
        kit.stop_level = cases[i].level;
        start = x8_now_ms();
        rc = kit_run(&kit, X8_VERIFY_AUTO);
        if (rc != -X8_E_STOPPED || x8_now_ms() - start > 30000)
            fail_msg("%s, %s: code %d after %d ms", cases[i].words, cases[i].at, -rc,
                     (int)(x8_now_ms() - start));
        if (kit.results[0].touched > cases[i].at_most || !strstr(kit.err.why, "the eMMC"))
            fail_msg("%s: touched %d: %s", cases[i].words, (int)kit.results[0].touched,
                     kit.err.why);
        if (!kit.err.next[0] || !strstr(kit.err.next, cases[i].next))
            fail_msg("%s: next is \"%s\"", cases[i].words, kit.err.next);
        kit_done(&kit);
    }
}

static void a_half_finished_download_of_an_earlier_run_is_forgotten(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, 1u << 20);
    kit_board(&kit, "start=fastboot");
    kit.bus = vb_bus_new(kit.boards, 1);
    {
        struct x8_bus *bus = vb_bus_of(kit.bus);
        struct x8_op op = {.deadline = X8_NO_DEADLINE};
        struct x8_transport *link;
        struct x8_device *devices;
        char reply[64];

        assert_int_equal(bus->ops->list(bus, &devices, &kit.err), 1);
        assert_int_equal(bus->ops->open(bus, &op, &devices[0], X8_LINK_FASTBOOT, &link, &kit.err),
                         0);
        assert_int_equal(x8_send(link, &op, "download:00100000", 17, 60000, &kit.err), 0);
        assert_int_equal(x8_recv(link, &op, reply, sizeof reply, 60000, &kit.err), 12);
        x8_transport_close(&link);
        free(devices);
    }
    if (kit_run(&kit, X8_VERIFY_AUTO) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_true(kit_is_written(&kit, 0));
    kit_done(&kit);
}

/* 1 when the pause of the script was left out; otherwise it must have taken its time. */
static int leaves_pause_out(int is_flash)
{
    struct x8_plan_options options = {.is_flash = is_flash};
    int64_t start;
    struct kit kit;
    int said;

    kit_init(&kit, 1u << 20);
    kit_pack(&kit, "sed -i 's/^SDPV: jump/SDPV: delay 700\\n&/' full_image.uuu");
    kit_board(&kit, "");
    assert_int_equal(kit_plan(&kit, &options), 0);
    start = x8_now_ms();
    assert_int_equal(kit_run_plan(&kit, X8_VERIFY_AUTO), 0);
    assert_true(kit_is_written(&kit, 0));
    said = kit_said(&kit, "no pause of 700 ms");
    assert_true(said || x8_now_ms() - start >= 700);
    kit_done(&kit);
    return said;
}

static void flash_waits_for_the_spl_and_uuu_for_the_scripts_pause(void **state)
{
    (void)state;
    assert_int_equal(leaves_pause_out(0), 0);
    assert_int_equal(leaves_pause_out(1), 1);
}

static void what_the_loaders_own_commands_write_is_not_called_proven(void **state)
{
    struct x8_plan_options options = {.command_line =
                                          "FB: ucmd mmc dev 2 0 && mmc write 0x42800000 0x1000 1"};
    struct kit kit;

    (void)state;
    kit_init(&kit, 1u << 20);
    kit_board(&kit, "start=fastboot");
    assert_int_equal(kit_plan(&kit, &options), 0);
    /* A command that names no file reads no folder. */
    assert_null(kit.plan.set);
    assert_int_equal(kit_run_plan(&kit, X8_VERIFY_AUTO), 0);
    assert_true(kit.results[0].unproven[0]);
    assert_int_equal(kit.results[0].proof, X8_PROOF_NONE);
    assert_int_equal(kit_run_plan(&kit, X8_VERIFY_FULL), -X8_E_VERIFY);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_in_rom_is_written_and_proven),
        cmocka_unit_test(a_board_is_taken_in_the_stage_it_is_in),
        cmocka_unit_test(every_shape_of_board_works),
        cmocka_unit_test(eight_boards_at_once_each_get_all),
        cmocka_unit_test(one_failure_does_not_stop_the_others),
        cmocka_unit_test(a_fault_ends_with_its_code_a_cause_and_a_next_step),
        cmocka_unit_test(an_image_larger_than_the_emmc_is_refused_before_it_is_touched),
        cmocka_unit_test(a_failed_write_that_the_loader_calls_okay_is_found),
        cmocka_unit_test(a_bad_place_is_named),
        cmocka_unit_test(a_board_that_cannot_verify_is_said_to_be_unverified),
        cmocka_unit_test(a_stop_between_pieces_is_told_with_the_boards_state),
        cmocka_unit_test(a_stop_ends_every_wait),
        cmocka_unit_test(a_half_finished_download_of_an_earlier_run_is_forgotten),
        cmocka_unit_test(flash_waits_for_the_spl_and_uuu_for_the_scripts_pause),
        cmocka_unit_test(what_the_loaders_own_commands_write_is_not_called_proven),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
