/*
 * A flash that cannot be lost: stages taken up again, runs resumed, another board noticed. Pieces
 * are of 1 MiB here, so that there are some.
 */
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_LEN (12u << 20)
#define SMALL     "maxdl=1048576 "
#define RUNS      12   /* cables pulled at random, in a usual run */
#define RUNS_LONG 1000 /* with X8_LONG=1 */

static void retrying(struct kit *kit, const char *words)
{
    char all[512];

    kit_init(kit, IMAGE_LEN);
    snprintf(all, sizeof all, SMALL "%s", words);
    kit_board(kit, all);
    kit->how = (struct x8_flash_how){.retries = 3, .may_erase = 1, .transfer = X8_TRANSFER_RAW};
}

static void expect_written(struct kit *kit, int rc)
{
    if (rc != 0)
        fail_msg("%s / %s\n%s", kit->err.msg, kit->err.why, kit->log);
    assert_int_equal(kit->results[0].proof, X8_PROOF_FULL);
    assert_true(kit_is_written(kit, 0));
}

/* Pieces of an undisturbed run. */
static unsigned pieces_of_a_quiet_run(void)
{
    struct kit kit;
    unsigned pieces;

    retrying(&kit, "");
    expect_written(&kit, kit_run(&kit, X8_VERIFY_AUTO));
    assert_int_equal(kit.results[0].retries, 0);
    pieces = kit.results[0].pieces_sent;
    kit_done(&kit);
    return pieces;
}

static void a_fault_of_the_link_is_taken_up_again(void **state)
{
    static const char *const faults[] = {
        "fault=stage:fastboot,after:3000000,do:unplug,for:300",
        "power=own fault=stage:fastboot,after:3000000,do:unplug,for:300",
        "fault=stage:fastboot,after:3000000,do:stall",
        "fault=stage:rom,after:20000,do:unplug,for:300",
        "fault=stage:rom,after:20000,do:stall",
        "fault=stage:spl,after:20000,do:unplug,for:300",
        "fault=stage:fastboot,at:flash,nth:3,do:unplug,for:300",
        "fault=stage:fastboot,at:flash,nth:3,do:stallin",
        "fault=stage:fastboot,at:ucmd,match:erase,do:unplug,for:300",
        "fault=stage:fastboot,at:flash,match:bootloader2,do:unplug,for:300",
        "fault=stage:fastboot,at:ucmd,match:crc32,nth:9,do:unplug,for:300",
    };
    unsigned quiet = pieces_of_a_quiet_run();

    (void)state;
    for (size_t i = 0; i < X8_COUNT(faults); i++) {
        struct kit kit;

        retrying(&kit, faults[i]);
        print_message("%s\n", faults[i]);
        expect_written(&kit, kit_run(&kit, X8_VERIFY_AUTO));
        assert_int_equal(kit.results[0].retries, 1);
        assert_true(kit_said(&kit, "taking the board up again, 1 of 3"));
        /* One piece at most was sent twice. */
        assert_in_range(kit.results[0].pieces_sent, quiet, quiet + 1);
        kit_done(&kit);
    }
}

static void retries_have_an_end_and_keep_the_cause(void **state)
{
    struct kit kit;

    (void)state;
    retrying(&kit, "fault=stage:fastboot,at:flash,do:unplug,for:100,times:0");
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_GONE);
    assert_int_equal(kit.results[0].retries, 3);
    assert_true(kit_said(&kit, "3 of 3"));
    kit_done(&kit);
}

static void without_retries_the_first_fault_is_the_end(void **state)
{
    struct kit kit;

    (void)state;
    retrying(&kit, "fault=stage:fastboot,after:3000000,do:unplug,for:100");
    kit.how.retries = 0;
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_GONE);
    assert_int_equal(kit.results[0].retries, 0);
    kit_done(&kit);
}

static void what_a_board_refuses_is_not_asked_again(void **state)
{
    struct kit kit;

    (void)state;
    retrying(&kit, "fault=stage:fastboot,at:flash,nth:2,do:fail,text:no");
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_REFUSED);
    assert_int_equal(kit.results[0].retries, 0);
    kit_done(&kit);
}

/* A disk or server that stands still is no fault of the link. */
static void an_image_that_cannot_be_read_is_not_asked_for_again(void **state)
{
    struct x8_plan plan = {0};
    struct x8_job job = {.plan = &plan, .seen_attach = 1, .how.retries = 3};

    (void)state;
    assert_true(x8_may_retry(&job, -X8_E_TIMEOUT));
    job.source_failed = 1;
    assert_false(x8_may_retry(&job, -X8_E_TIMEOUT));
}

/* A first run that ends early, with its journal; the second begins with what it left. */
static void cut_off(struct kit *kit, char path[128], struct x8_past *past)
{
    snprintf(path, 128, "%s/journal", kit->dir);
    kit->journal = path;
    kit->how.retries = 0;
    assert_int_equal(kit_run(kit, X8_VERIFY_AUTO), -X8_E_GONE);
    assert_int_equal(x8_journal_read(path, past, &kit->err), 1);
    assert_true(past->progress.done_count > 2);
    kit->past = past;
}

static void a_run_that_was_cut_off_is_resumed(void **state)
{
    unsigned quiet = pieces_of_a_quiet_run(), first;
    struct kit kit;
    struct x8_past past;
    char path[128];

    (void)state;
    retrying(&kit, "fault=stage:fastboot,after:4500000,do:unplug,for:100");
    cut_off(&kit, path, &past);
    first = kit.results[0].pieces_sent;
    expect_written(&kit, kit_run_plan(&kit, X8_VERIFY_AUTO));
    assert_true(kit.results[0].is_resumed);
    assert_int_equal(kit.results[0].pieces_same, past.progress.done_count);
    assert_in_range(first + kit.results[0].pieces_sent, quiet, quiet + 1);
    assert_int_equal(x8_journal_read(path, &past, &kit.err), 0);
    x8_past_done(&past);
    kit_done(&kit);
}

static void a_resumed_run_finds_damage_in_what_was_written(void **state)
{
    struct kit kit;
    struct x8_past past;
    char path[128];

    (void)state;
    /* A bit of the first piece flips when it is erased and when it is written; nobody verified it
     * yet. */
    retrying(&kit, "fault=stage:fastboot,after:4500000,do:unplug,for:100 "
                   "fault=do:flip,off:600000,times:2");
    cut_off(&kit, path, &past);
    expect_written(&kit, kit_run_plan(&kit, X8_VERIFY_AUTO));
    assert_true(kit.results[0].pieces_same < past.progress.done_count);
    x8_past_done(&past);
    kit_done(&kit);
}

static void another_board_is_noticed_by_its_serial(void **state)
{
    struct kit kit;
    struct x8_past past = {.serial = "1822aa09dab6fad9", .progress.partition = "all"};

    (void)state;
    retrying(&kit, "");
    kit.past = &past;
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_WRONG_STATE);
    assert_non_null(strstr(kit.err.why, "1822aa09dab6fad9"));
    assert_int_equal(vb_medium_touched(kit.boards[0], 0, 0, 64u << 20), 0);
    assert_int_equal(vb_medium_touched(kit.boards[0], 1, 0, 4u << 20), 0);
    kit_done(&kit);
}

static void another_board_is_noticed_by_its_contents(void **state)
{
    struct kit kit;
    struct x8_piece_done done[] = {{0, 1 << 20, 0, 4096, 1}, {1 << 20, 2 << 20, 1 << 20, 4096, 2}};
    struct x8_past past = {.progress = {.partition = "all", .done = done, .done_count = 2}};

    (void)state;
    retrying(&kit, "");
    kit.past = &past;
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_WRONG_STATE);
    assert_non_null(strstr(kit.err.why, "it holds none"));
    assert_int_equal(vb_medium_touched(kit.boards[0], 0, 0, 64u << 20), 0);
    assert_int_equal(vb_medium_touched(kit.boards[0], 1, 0, 4u << 20), 0);
    kit_done(&kit);
}

/* No loader that can compare: nothing is left out, and the run ends right. */
static void where_nothing_tells_all_is_sent(void **state)
{
    struct kit kit;
    struct x8_piece_done done[] = {{0, 8 << 20, 0, 4096, 1}};
    struct x8_past past = {
        .progress = {.partition = "all", .done = done, .done_count = 1, .erased = {0, 8 << 20}}};

    (void)state;
    retrying(&kit, "crcv=0");
    kit.past = &past;
    if (kit_run(&kit, X8_VERIFY_AUTO) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_int_equal(kit.results[0].pieces_same, 0);
    assert_true(kit_is_written(&kit, 0));
    kit_done(&kit);
}

/* The account says that the area is erased, but somebody wrote there: its holes are filled. */
static void holes_of_an_earlier_run_are_not_believed(void **state)
{
    struct kit kit;
    struct x8_past past = {.progress = {.partition = "all", .erased = {0, 12 << 20}}};
    struct x8_piece_done done = {0, 1 << 20, 0, 0, 0};

    (void)state;
    past.progress.done = &done;
    past.progress.done_count = 1;
    retrying(&kit, ""); /* noise everywhere */
    kit.past = &past;
    expect_written(&kit, kit_run(&kit, X8_VERIFY_AUTO));
    assert_true(kit.results[0].targets[0].holes > 0);
    kit_done(&kit);
}

static void what_is_there_already_is_not_sent(void **state)
{
    struct kit kit;
    uint64_t sent;

    (void)state;
    retrying(&kit, "");
    expect_written(&kit, kit_run(&kit, X8_VERIFY_AUTO));
    sent = kit.results[0].targets[0].sent;
    kit.how.skip_same = 1;
    expect_written(&kit, kit_run_plan(&kit, X8_VERIFY_AUTO));
    assert_int_equal(kit.results[0].targets[0].sent, 0);
    assert_int_equal(kit.results[0].pieces_sent, 0);
    assert_true(sent > 0);
    assert_true(kit_said(&kit, "were right already"));
    kit_done(&kit);
}

static void a_cable_pulled_at_any_moment_costs_one_piece(void **state)
{
    const char *is_long = getenv("X8_LONG");
    int runs = is_long && *is_long == '1' ? RUNS_LONG : RUNS;
    unsigned quiet = pieces_of_a_quiet_run();
    uint32_t seed = 20261121;

    (void)state;
    for (int i = 0; i < runs; i++) {
        struct kit kit;
        char words[160];

        seed = seed * 1664525u + 1013904223u;
        snprintf(words, sizeof words, "power=%s fault=stage:fastboot,after:%u,do:unplug,for:40",
                 seed & 0x800 ? "own" : "bus", 1000 + (seed >> 8) % 7500000);
        retrying(&kit, words);
        expect_written(&kit, kit_run(&kit, X8_VERIFY_AUTO));
        assert_in_range(kit.results[0].pieces_sent, quiet, quiet + 1);
        kit_done(&kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_of_the_link_is_taken_up_again),
        cmocka_unit_test(retries_have_an_end_and_keep_the_cause),
        cmocka_unit_test(without_retries_the_first_fault_is_the_end),
        cmocka_unit_test(what_a_board_refuses_is_not_asked_again),
        cmocka_unit_test(an_image_that_cannot_be_read_is_not_asked_for_again),
        cmocka_unit_test(a_run_that_was_cut_off_is_resumed),
        cmocka_unit_test(a_resumed_run_finds_damage_in_what_was_written),
        cmocka_unit_test(another_board_is_noticed_by_its_serial),
        cmocka_unit_test(another_board_is_noticed_by_its_contents),
        cmocka_unit_test(where_nothing_tells_all_is_sent),
        cmocka_unit_test(holes_of_an_earlier_run_are_not_believed),
        cmocka_unit_test(what_is_there_already_is_not_sent),
        cmocka_unit_test(a_cable_pulled_at_any_moment_costs_one_piece),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
