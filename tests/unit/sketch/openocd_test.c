/*
 * The journal of a run, judged.
 */
#include "testlib.h"

#include "sketch/watcher.h"

#include <string.h>

#define BEGIN                                                                                      \
    "/tmp/arduino/m4-user-sketch.elf changed, triggered m4 programming\n"                          \
    "Open On-Chip Debugger 0.11.0\nInfo : SWD DPIDR 0x6ba02477\n** Programming Started **\n"
#define WRITTEN BEGIN "** Programming Finished **\n** Verify Started **\n"
#define RESET   "** Resetting Target **\nshutdown command invoked\n"
#define DONE    "M4 programming done\n"

static struct x8_openocd judge(const char *text)
{
    struct x8_openocd out;

    x8_openocd_judge((struct x8_span){(const uint8_t *)text, strlen(text)}, &out);
    return out;
}

static void programmed_and_verified_is_success(void **state)
{
    struct x8_openocd o = judge(WRITTEN "** Verified OK **\n" RESET DONE);

    (void)state;
    assert_int_equal(o.verdict, X8_OPENOCD_VERIFIED);
    assert_int_equal(o.has_reset, 1);
    assert_string_equal(o.reason, "");
    assert_string_equal(o.cause, "");
}

static void without_the_word_it_is_never_success(void **state)
{
    static const char *const texts[] = {
        "",
        DONE,
        BEGIN,
        BEGIN "** Programming Finished **\n" RESET DONE,
        WRITTEN RESET DONE,
        WRITTEN "verified 1024 bytes\n" RESET DONE,
        WRITTEN "Info : somebody says ** Verified OK **\n" RESET DONE,
        WRITTEN "** Verified OK\n",
        "** Verified OK **\n" BEGIN, /* an earlier run's */
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        if (judge(texts[i]).verdict != X8_OPENOCD_UNKNOWN)
            fail_msg("%s", texts[i]);
}

static void a_failed_phase_is_a_failure_with_the_first_errors_words(void **state)
{
    static const struct {
        const char *text, *reason, *cause;
    } rows[] = {
        {"Error: Error connecting DP: cannot read IDR\nError: again\n** OpenOCD init failed **\n"
         "shutdown command invoked\n",
         "Error: Error connecting DP: cannot read IDR", "debug port"},
        {"** OpenOCD init failed **\n", "** OpenOCD init failed **", "did not reach"},
        {BEGIN "Error: timed out while waiting for target halted\n** Programming Failed **\n",
         "Error: timed out while waiting for target halted", "in time"},
        {WRITTEN "Error: checksum mismatch - attempting binary compare\n** Verify Failed **\n",
         "Error: checksum mismatch - attempting binary compare", "differs"},
        {WRITTEN "** Verify Failed **\nError: late\n", "Error: late", ""},
        {BEGIN "** Programming Failed **\n" DONE, "** Programming Failed **", "flash"},
        {"** Unable to reset target **\n", "** Unable to reset target **", "reset"},
        {WRITTEN "** Verified OK **\n** Verify Failed **\n", "** Verify Failed **", "differs"},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_openocd o = judge(rows[i].text);
        assert_int_equal(o.verdict, X8_OPENOCD_FAILED);
        assert_string_equal(o.reason, rows[i].reason);
        if (!strstr(o.cause, rows[i].cause))
            fail_msg("%s: %s", o.reason, o.cause);
    }
}

static void an_error_decides_only_when_openocd_has_ended(void **state)
{
    (void)state;
    assert_int_equal(
        judge("Error: init mode failed (unable to connect to the JTAG chain)\n").verdict,
        X8_OPENOCD_UNKNOWN);
    assert_int_equal(
        judge("Error: init mode failed (unable to connect to the JTAG chain)\n" DONE).verdict,
        X8_OPENOCD_FAILED);
    assert_int_equal(
        judge("/x/program-m4.sh: line 3: /bin/openocd: No such file or directory\n" DONE).verdict,
        X8_OPENOCD_FAILED);
    assert_int_equal(judge("Error: a first try\n" WRITTEN "** Verified OK **\n" RESET).verdict,
                     X8_OPENOCD_VERIFIED);
}

static void verified_without_a_start_of_the_m4_says_so(void **state)
{
    (void)state;
    struct x8_openocd o = judge(WRITTEN "** Verified OK **\n" DONE);
    assert_int_equal(o.verdict, X8_OPENOCD_VERIFIED);
    assert_int_equal(o.has_reset, 0);
    o = judge(WRITTEN "** Verified OK **\n** Resetting Target **\nError: timed out\n" DONE);
    assert_int_equal(o.verdict, X8_OPENOCD_VERIFIED);
    assert_int_equal(o.has_reset, 0);
    assert_string_equal(o.reason, "Error: timed out");
}

static void the_last_of_two_runs_counts(void **state)
{
    (void)state;
    assert_int_equal(
        judge(BEGIN "** Programming Failed **\n" WRITTEN "** Verified OK **\n" RESET).verdict,
        X8_OPENOCD_VERIFIED);
    assert_int_equal(
        judge(WRITTEN "** Verified OK **\n" RESET BEGIN "** Programming Failed **\n").verdict,
        X8_OPENOCD_FAILED);
}

static void words_of_a_board_cannot_move_a_cursor(void **state)
{
    char text[2000] = "Error: \033]0;x\a\xff ";

    (void)state;
    memset(text + strlen(text), 'x', 1500);
    memcpy(text + strlen(text), "\n" DONE, sizeof("\n" DONE));
    struct x8_openocd o = judge(text);
    assert_int_equal(o.verdict, X8_OPENOCD_FAILED);
    assert_memory_equal(o.reason, "Error: ?]0;x?? x", 16);
    assert_int_equal(strlen(o.reason), sizeof o.reason - 1);
}

static void line_ends_and_spaces_do_not_matter(void **state)
{
    (void)state;
    assert_int_equal(judge("** Programming Started **\r\n  ** Verified OK ** \r\n").verdict,
                     X8_OPENOCD_VERIFIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programmed_and_verified_is_success),
        cmocka_unit_test(without_the_word_it_is_never_success),
        cmocka_unit_test(a_failed_phase_is_a_failure_with_the_first_errors_words),
        cmocka_unit_test(an_error_decides_only_when_openocd_has_ended),
        cmocka_unit_test(verified_without_a_start_of_the_m4_says_so),
        cmocka_unit_test(the_last_of_two_runs_counts),
        cmocka_unit_test(words_of_a_board_cannot_move_a_cursor),
        cmocka_unit_test(line_ends_and_spaces_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
