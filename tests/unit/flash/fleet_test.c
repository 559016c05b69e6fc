/*
 * Many boards from one reading, with all that goes wrong among many: one dies, one comes late, one
 * is slow. The others must not notice.
 */
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define IMAGE_LEN (12u << 20)
#define SMALL     "maxdl=1048576 "

static void one_dies_one_is_late_one_is_slow(void **state)
{
    static const char *const boards[KIT_BOARDS] = {
        SMALL,
        SMALL "fault=stage:fastboot,after:3000000,do:unplug",
        SMALL "fault=stage:rom,at:write_file,do:delay,for:5000",
        SMALL "link=3M",
        SMALL "start=fastboot",
        SMALL "erased=ff",
        SMALL "speed=full link=100M",
        SMALL "fault=stage:fastboot,after:5000000,do:unplug,for:100",
    };
    struct kit kit;
    int rc;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    for (size_t i = 0; i < KIT_BOARDS; i++)
        kit_board(&kit, boards[i]);
    kit.how = (struct x8_flash_how){.may_erase = 1, .retries = 1, .transfer = X8_TRANSFER_RAW};
    kit.stage_ms = 4000; /* until the one that died is given up */
    rc = kit_run(&kit, X8_VERIFY_AUTO);
    assert_int_equal(rc, -X8_E_SOME_FAILED);
    for (size_t i = 0; i < KIT_BOARDS; i++) {
        const struct x8_flash_result *result = &kit.results[i];

        if (i == 1) {
            assert_int_equal(result->rc, -X8_E_GONE);
            continue;
        }
        if (result->rc != 0)
            fail_msg("board %zu: %s / %s", i, result->error.msg, result->error.why);
        assert_int_equal(result->proof, X8_PROOF_FULL);
        assert_true(kit_is_written(&kit, i));
    }
    assert_int_equal(kit.results[7].retries, 1);
    kit_done(&kit);
}

/* A host whose journal is old, since the board was written by another one meanwhile. */
static void an_old_journal_does_no_harm(void **state)
{
    struct kit first, second;
    struct x8_past past;
    char path[128];
    int rc;

    (void)state;
    kit_init(&first, IMAGE_LEN);
    kit_board(&first, SMALL "fault=stage:fastboot,after:4500000,do:unplug,for:100");
    snprintf(path, sizeof path, "%s/journal", first.dir);
    first.journal = path;
    first.how.may_erase = 1;
    assert_int_equal(kit_run(&first, X8_VERIFY_AUTO), -X8_E_GONE);
    assert_int_equal(x8_journal_read(path, &past, &first.err), 1);
    assert_true(past.progress.done_count > 0);
    /* The other host, another image; its boards and bus are those of the first. */
    kit_init(&second, IMAGE_LEN);
    for (size_t i = 600u << 10; i < IMAGE_LEN; i++)
        second.image[i] = (uint8_t)(second.image[i] + i % 251);
    kit_file(&second, "image.wic", second.image, IMAGE_LEN);
    second.bus = first.bus;
    second.boards[0] = first.boards[0];
    second.board_count = 1;
    second.how.may_erase = 1;
    if (kit_run(&second, X8_VERIFY_AUTO) != 0)
        fail_msg("%s / %s", second.err.msg, second.err.why);
    second.bus = NULL;
    second.board_count = 0;
    kit_done(&second);

    first.past = &past;
    rc = kit_run_plan(&first, X8_VERIFY_AUTO);
    if (rc == 0)
        assert_true(kit_is_written(&first, 0));
    else
        assert_int_equal(rc, -X8_E_WRONG_STATE);
    x8_past_done(&past);
    kit_done(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_dies_one_is_late_one_is_slow),
        cmocka_unit_test(an_old_journal_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
