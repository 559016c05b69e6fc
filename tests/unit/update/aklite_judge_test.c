/*
 * Every code of every generation, what the words add, and texts as they come over terminals.
 */
#include "testlib.h"

#include "update/aklite_parts.h"

#include <stdio.h>
#include <string.h>

static struct x8_aklite_verdict v;

static struct x8_span span(const char *text)
{
    return (struct x8_span){(const uint8_t *)text, strlen(text)};
}

static void judge(enum x8_aklite generation, enum x8_aklite_verb verb, int status, const char *log,
                  const char *errors)
{
    memset(&v, 0x55, sizeof(v));
    x8_aklite_judge(generation, verb, status, span(log), span(errors), &v);
}

#define A X8_AKLITE_A
#define B X8_AKLITE_B
#define C X8_AKLITE_C

static void install_codes_mean_what_their_generation_says(void **state)
{
    static const struct {
        enum x8_aklite generation;
        int status;
        enum x8_aklite_means means;
        enum x8_code code;
    } rows[] = {
        {A, 0, X8_MEANS_DONE, X8_OK},
        {A, 100, X8_MEANS_REBOOT, X8_OK},
        {A, 101, X8_MEANS_RUN, X8_OK},
        {A, 1, X8_MEANS_FAILED, X8_E_REFUSED},
        {B, 0, X8_MEANS_DONE, X8_OK},
        {B, 90, X8_MEANS_BOOTFW, X8_OK},
        {B, 100, X8_MEANS_REBOOT, X8_OK},
        {B, 101, X8_MEANS_RUN, X8_OK},
        {B, 1, X8_MEANS_FAILED, X8_E_REFUSED},
        {C, 0, X8_MEANS_DONE, X8_OK},
        {C, 75, X8_MEANS_DONE, X8_OK},
        {C, 10, X8_MEANS_RUN, X8_OK},
        {C, 100, X8_MEANS_REBOOT, X8_OK},
        {C, 90, X8_MEANS_BOOTFW, X8_OK},
        {C, 30, X8_MEANS_PENDING, X8_E_WRONG_STATE},
        {C, 1, X8_MEANS_FAILED, X8_E_REFUSED},
        {C, 4, X8_MEANS_FAILED, X8_E_BAD_DIGEST},
        {C, 6, X8_MEANS_FAILED, X8_E_MISFIT},
        {C, 8, X8_MEANS_FAILED, X8_E_BAD_IMAGE},
        {C, 11, X8_MEANS_FAILED, X8_E_BAD_DIGEST},
        {C, 12, X8_MEANS_FAILED, X8_E_BAD_DIGEST},
        {C, 13, X8_MEANS_FAILED, X8_E_BAD_IMAGE},
        {C, 14, X8_MEANS_FAILED, X8_E_BAD_IMAGE},
        {C, 15, X8_MEANS_FAILED, X8_E_MISFIT},
        {C, 20, X8_MEANS_FAILED, X8_E_MISFIT},
        {C, 50, X8_MEANS_FAILED, X8_E_REFUSED},
        {C, 60, X8_MEANS_FAILED, X8_E_BOARD_SPACE},
        {C, 70, X8_MEANS_FAILED, X8_E_BAD_IMAGE},
        {C, 80, X8_MEANS_FAILED, X8_E_BAD_IMAGE},
        {C, 102, X8_MEANS_FAILED, X8_E_NEED_YES},
        {C, 110, X8_MEANS_ROLLED_BACK, X8_E_ROLLED_BACK},
        {C, 130, X8_MEANS_UNDEFINED, X8_E_UNKNOWN_STATE},
        /* codes that another generation has are none of this one's */
        {A, 10, X8_MEANS_FAILED, X8_E_REFUSED},
        {C, 101, X8_MEANS_FAILED, X8_E_REFUSED},
        {C, 77, X8_MEANS_FAILED, X8_E_REFUSED},
    };
    (void)state;

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        judge(rows[i].generation, X8_AKLITE_INSTALL, rows[i].status, "", "");
        if (v.means != rows[i].means || v.code != rows[i].code)
            fail_msg("%s install %d: means %d, code %d", x8_aklite_name(rows[i].generation),
                     rows[i].status, (int)v.means, (int)v.code);
        assert_true(v.why[0]);
        assert_true(v.code == X8_OK || v.next[0]);
    }
}

static void run_codes_mean_what_their_generation_says(void **state)
{
    static const struct {
        enum x8_aklite generation;
        int status;
        const char *log, *errors;
        enum x8_aklite_means means;
    } rows[] = {
        {A, 0, "Update has been successfully applied\nSuccessfully applied new version\n", "",
         X8_MEANS_DONE},
        {A, 0, "No any pending installations found\nSuccessfully applied new version\n", "",
         X8_MEANS_DONE},
        {A, 0, "Rollback to portenta-x8-lmp-746\nSuccessfully applied new version\n", "",
         X8_MEANS_ROLLED_BACK},
        {A, 100, "rolled backed\n", "", X8_MEANS_ROLLING},
        {A, 1, "", "x", X8_MEANS_FAILED},
        {B, 0, "", "", X8_MEANS_DONE},
        {B, 0, "it was rolled back\n", "", X8_MEANS_ROLLED_BACK},
        {B, 90, "", "", X8_MEANS_DONE_REBOOT},
        {B, 99, "", "", X8_MEANS_ROLLED_BACK},
        {B, 100, "", "", X8_MEANS_ROLLING},
        {B, 110, "", "", X8_MEANS_UNDEFINED},
        {B, 120, "", "", X8_MEANS_UNDEFINED},
        {C, 0, "Rollback to x\n", "", X8_MEANS_DONE}, /* what runs tells, not this */
        {C, 5, "", "", X8_MEANS_DONE_REBOOT},
        {C, 40, "", "", X8_MEANS_DONE},
        {C, 99, "", "", X8_MEANS_ROLLED_BACK},
        {C, 100, "Install finalization wasn't invoked\n", "", X8_MEANS_NOT_REBOOTED},
        {C, 100, "", "", X8_MEANS_NOT_REBOOTED},
        {C, 100, "", "Apps start has failed, reboot to complete the rollback", X8_MEANS_ROLLING},
        {C, 120, "", "", X8_MEANS_UNDEFINED},
        {C, 1, "", "", X8_MEANS_FAILED},
    };
    (void)state;

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        judge(rows[i].generation, X8_AKLITE_RUN, rows[i].status, rows[i].log, rows[i].errors);
        if (v.means != rows[i].means)
            fail_msg("%s run %d \"%s\": means %d", x8_aklite_name(rows[i].generation),
                     rows[i].status, rows[i].log, (int)v.means);
    }
}

static void words_tell_what_a_code_does_not(void **state)
{
    static const struct {
        const char *log, *errors;
        enum x8_code code;
    } rows[] = {
        {"",
         "Failed to install the offline update; src-dir: /x; err: Failed to pull TUF metadata: "
         "The timestamp metadata was expired.",
         X8_E_BAD_DIGEST},
        {"", "err: min-free-space-percent '3%' would be exceeded, at least 2.1 GB requested",
         X8_E_BOARD_SPACE},
        {"Insufficient storage available at path\n", "", X8_E_BOARD_SPACE},
        {"", "write: No space left on device", X8_E_BOARD_SPACE},
        {"", "Target to install has not been found", X8_E_MISFIT},
        {"", "bootloader rollback from version 8 to 7 is not allowed", X8_E_MISFIT},
        {"", "Failed to obtain the aklite lock", X8_E_BUSY},
        {"", "non-restorable app engine", X8_E_MISFIT},
        {"", "not found among trusted TUF targets", X8_E_BAD_IMAGE},
        {"", "opcode close: Need more input", X8_E_BAD_IMAGE},
        {"", "something else", X8_E_REFUSED},
    };
    (void)state;

    for (size_t i = 0; i < X8_COUNT(rows); i++)
        for (int g = A; g <= C; g++) {
            judge((enum x8_aklite)g, X8_AKLITE_INSTALL, 1, rows[i].log, rows[i].errors);
            if (v.code != rows[i].code)
                fail_msg("\"%s%s\": code %d", rows[i].log, rows[i].errors, (int)v.code);
            assert_int_equal(v.means, X8_MEANS_FAILED);
            assert_true(v.next[0]);
        }
}

static void an_unknown_failure_quotes_the_board(void **state)
{
    (void)state;
    judge(B, X8_AKLITE_INSTALL, 1, "Reading config: \"/x\"\n", "first\nthe moon is in the way");
    assert_int_equal(v.code, X8_E_REFUSED);
    assert_non_null(strstr(v.why, "the moon is in the way"));
    judge(C, X8_AKLITE_INSTALL, 77, "one\nand the last\n\n", "");
    assert_non_null(strstr(v.why, "77"));
    assert_non_null(strstr(v.why, "and the last"));
}

static void of_long_words_the_inner_ones_are_kept(void **state)
{
    char text[900];
    (void)state;

    snprintf(text, sizeof(text),
             "Failed to install the offline update; src-dir: \"/x\"; err: short reason");
    judge(A, X8_AKLITE_INSTALL, 1, "", text);
    assert_non_null(strstr(v.why, "it says: short reason"));
    snprintf(text, sizeof(text), "Failed to install; err: %0400d, err: the moon", 1);
    judge(A, X8_AKLITE_INSTALL, 1, "", text);
    assert_non_null(strstr(v.why, "it says: the moon"));
    snprintf(text, sizeof(text), "Failed to install; err: ");
    judge(A, X8_AKLITE_INSTALL, 1, "", text);
    assert_non_null(strstr(v.why, "Failed to install"));
}

static void a_loader_that_went_back_is_told_from_apps_that_failed(void **state)
{
    static const char log[] = "Expected to boot on aaa but found bbb\nRollback to x\n";
    (void)state;

    for (int g = A; g <= C; g++) {
        judge((enum x8_aklite)g, X8_AKLITE_RUN, g == A ? 0 : 99, log, "");
        assert_int_equal(v.means, X8_MEANS_ROLLED_BACK);
        assert_non_null(strstr(v.why, "boot loader"));
    }
}

static void noise_is_not_quoted(void **state)
{
    (void)state;
    judge(C, X8_AKLITE_INSTALL, 1, "the reason\nFailed resetting bootcount\n  \n", "");
    assert_non_null(strstr(v.why, "the reason"));
    assert_null(strstr(v.why, "bootcount"));
}

static void an_object_that_is_missing_is_named(void **state)
{
    static const char sum[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char text[200];
    (void)state;

    snprintf(text, sizeof(text), "err: Couldn't find file object '%s'", sum);
    for (int g = A; g <= C; g++) {
        judge((enum x8_aklite)g, X8_AKLITE_INSTALL, g == C ? 50 : 1, "", text);
        assert_string_equal(v.object, sum);
        assert_int_equal(v.code, X8_E_BAD_IMAGE);
    }
    judge(C, X8_AKLITE_INSTALL, 50, "Couldn't find file object 0123", "");
    assert_string_equal(v.object, "");
    judge(C, X8_AKLITE_INSTALL, 0, text, ""); /* a success lacks nothing */
    assert_string_equal(v.object, "");
}

static void a_pull_that_fails_for_room_is_said_so(void **state)
{
    (void)state;
    judge(C, X8_AKLITE_INSTALL, 50, "",
          "Error while pulling: min-free-space-percent '3%' would be exceeded");
    assert_int_equal(v.code, X8_E_BOARD_SPACE);
}

static void a_downgrade_names_the_option(void **state)
{
    (void)state;
    judge(C, X8_AKLITE_INSTALL, 102, "", "Downgrade is not allowed by default");
    assert_int_equal(v.code, X8_E_NEED_YES);
    assert_non_null(strstr(v.next, "--allow-downgrade"));
}

static void a_bad_list_of_targets_is_a_matter_of_trust_or_of_the_board(void **state)
{
    (void)state;
    judge(C, X8_AKLITE_INSTALL, 15, "Signature verification failed\n", "");
    assert_int_equal(v.code, X8_E_BAD_DIGEST);
    judge(C, X8_AKLITE_INSTALL, 15, "tag mismatch\n", "");
    assert_int_equal(v.code, X8_E_MISFIT);
}

static void metadata_that_expired_before_the_confirmation_is_told(void **state)
{
    (void)state;
    judge(A, X8_AKLITE_RUN, 1, "",
          "Failed to run the offline update; err: Invalid local TUF metadata: expired");
    assert_int_equal(v.means, X8_MEANS_FAILED);
    assert_int_equal(v.code, X8_E_BAD_DIGEST);
    assert_non_null(strstr(v.next, "fresh bundle"));
}

static void colours_and_severities_do_not_hide_words(void **state)
{
    static const char log[] = "\033[33m\033[1mwarning: \033[0mInstall final\033[0mization wasn't "
                              "invoked\r\n   info: more\r\n";
    struct x8_buf plain = {0};
    (void)state;

    judge(C, X8_AKLITE_RUN, 100, log, "");
    assert_int_equal(v.means, X8_MEANS_NOT_REBOOTED);
    assert_int_equal(aklite_plain(span(log), &plain), 0);
    test_same_text(x8_buf_text(&plain), "Install finalization wasn't invoked\n\nmore\n\n");
    plain.len = 0;
    assert_int_equal(aklite_plain(span("  error: a\n error: b\ninfo: c\nfatal\033"), &plain), 0);
    test_same_text(x8_buf_text(&plain), "a\n error: b\ninfo: c\nfatal");
    x8_buf_done(&plain);
}

static void bytes_that_are_no_text_do_not_end_it(void **state)
{
    static const char log[] = "a\0b Install finalization wasn't invoked";
    (void)state;

    x8_aklite_judge(C, X8_AKLITE_RUN, 100, (struct x8_span){(const uint8_t *)log, sizeof(log) - 1},
                    span(""), &v);
    assert_int_equal(v.means, X8_MEANS_NOT_REBOOTED);
}

static void the_app_that_did_not_start_is_named(void **state)
{
    (void)state;
    judge(B, X8_AKLITE_RUN, 100, "failed to start App: shop, err: x\n", "");
    assert_int_equal(v.means, X8_MEANS_ROLLING);
    assert_non_null(strstr(v.why, "app shop"));
}

static void one_that_was_killed_leaves_the_state_unknown(void **state)
{
    (void)state;
    for (int g = A; g <= C; g++) {
        judge((enum x8_aklite)g, X8_AKLITE_INSTALL, 137, "", "");
        assert_int_equal(v.means, X8_MEANS_UNDEFINED);
        assert_int_equal(v.code, X8_E_UNKNOWN_STATE);
        judge((enum x8_aklite)g, X8_AKLITE_RUN, -1, "", "");
        assert_int_equal(v.means, X8_MEANS_UNDEFINED);
    }
    judge(C, X8_AKLITE_INSTALL, 127, "", "");
    assert_int_equal(v.code, X8_E_WRONG_STATE);
}

static void no_text_of_the_tables_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < aklite_row_count; i++) {
        assert_true(strlen(aklite_rows[i].why) <= 120);
        assert_true(strlen(aklite_rows[i].next) < sizeof(v.next));
    }
    for (size_t i = 0; i < aklite_cause_count; i++) {
        if (strlen(aklite_causes[i].why) > 120)
            fail_msg("%s", aklite_causes[i].why);
        assert_true(strlen(aklite_causes[i].next) < sizeof(v.next));
        assert_true(aklite_causes[i].next[0] && aklite_causes[i].why[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(install_codes_mean_what_their_generation_says),
        cmocka_unit_test(run_codes_mean_what_their_generation_says),
        cmocka_unit_test(words_tell_what_a_code_does_not),
        cmocka_unit_test(an_unknown_failure_quotes_the_board),
        cmocka_unit_test(of_long_words_the_inner_ones_are_kept),
        cmocka_unit_test(a_loader_that_went_back_is_told_from_apps_that_failed),
        cmocka_unit_test(noise_is_not_quoted),
        cmocka_unit_test(an_object_that_is_missing_is_named),
        cmocka_unit_test(a_pull_that_fails_for_room_is_said_so),
        cmocka_unit_test(a_downgrade_names_the_option),
        cmocka_unit_test(a_bad_list_of_targets_is_a_matter_of_trust_or_of_the_board),
        cmocka_unit_test(metadata_that_expired_before_the_confirmation_is_told),
        cmocka_unit_test(colours_and_severities_do_not_hide_words),
        cmocka_unit_test(bytes_that_are_no_text_do_not_end_it),
        cmocka_unit_test(the_app_that_did_not_start_is_named),
        cmocka_unit_test(one_that_was_killed_leaves_the_state_unknown),
        cmocka_unit_test(no_text_of_the_tables_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
