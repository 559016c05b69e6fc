/*
 * Uploads against the virtual board's Linux: what is programmed, what is refused, what is mended.
 */
#include "kit_upload.h"

#include <stdio.h>
#include <string.h>

static void a_sketch_is_programmed_and_verified(void **state)
{
    static const char *const boards[] = {"image=861", "image=934 tools=busybox",
                                         "image=399 home=0"};
    struct bench b;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(boards); i++) {
        try_on(&b, boards[i], NULL, 0);
        assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
        assert_string_equal(b.out.sha256, b.sketch.sha256);
        assert_int_equal(b.asked, 0); /* no password was needed */
        was_programmed(&b, 1);
        assert_int_equal(programmed(&b, ""), programmed(&b, b.sketch.sha256));
        assert_string_equal(b.out.mended, "");
        assert_int_equal(sh(&b, "[ $(stat -c %a /tmp/arduino) = 775 ] && "
                                "[ $(stat -c %a /tmp/arduino/m4-user-sketch.elf) = 644 ]"),
                         0);
        no_trace(&b);
        print_message("%s: %lld ms over the programming\n", boards[i],
                      (long long)(b.out.took_ms - b.out.programming_ms));
        expect(&b, upload(&b), 0); /* over the file that is there */
        was_programmed(&b, 2);
        close_board(&b);
    }
}

static void a_unit_that_hides_its_status_is_judged_by_the_journal(void **state)
{
    static const char *const boards[] = {"image=95", "image=95 m4journal=600 tools=busybox"};
    struct bench b;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(boards); i++) {
        try_on(&b, boards[i], NULL, 0);
        assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
        assert_int_equal(b.asked, 1);
        was_programmed(&b, 1);
        print_message("%s: %lld ms over the programming\n", boards[i],
                      (long long)(b.out.took_ms - b.out.programming_ms));
        close_board(&b);
    }
}

static void openocds_failure_is_a_failure_on_every_image(void **state)
{
    static const struct {
        const char *words, *reason;
    } rows[] = {
        {"image=934 m4=dp", "Error connecting DP"}, {"image=95 m4=dp", "Error connecting DP"},
        {"image=934 m4=program", "Error"},          {"image=95 m4=program", "Error"},
        {"image=95 m4=verify", "Verify"},           {"image=95 m4=init", "init"},
        {"image=881 m4=timeout", "timed out"},      {"image=95 m4=timeout", "timed out"},
    };
    struct bench b;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        try_on(&b, rows[i].words, NULL, -X8_E_SKETCH);
        assert_int_equal(b.out.outcome, X8_SKETCH_REFUSED);
        print_message("%s: %s | %s | %s\n", rows[i].words, b.kit.err.msg, b.kit.err.why,
                      b.out.reason);
        assert_true(b.out.reason[0] != 0);
        assert_true(b.kit.err.next[0] != 0);
        close_board(&b);
    }
}

static void a_killed_openocd_is_never_success(void **state)
{
    struct bench b;
    (void)state;

    try_on(&b, "image=934 m4=killed", NULL, -X8_E_SKETCH);
    close_board(&b);
    open_board(&b, "image=95 m4=killed");
    int rc = upload(&b);
    assert_true(rc == -X8_E_SKETCH || rc == -X8_E_UNKNOWN_STATE);
    assert_true(b.out.outcome == X8_SKETCH_UNKNOWN || b.out.outcome == X8_SKETCH_REFUSED);
    close_board(&b);
}

static void a_failure_without_a_password_is_still_one(void **state)
{
    struct bench b;
    (void)state;

    try_on(&b, "image=822 m4=program", NULL, -X8_E_SKETCH);
    has_words(b.kit.err.why, "password");
    close_board(&b);
    try_on(&b, "image=822 m4=program", "fio", -X8_E_SKETCH);
    has_words(b.kit.err.why, "OpenOCD: ");
    close_board(&b);
}

static void root_is_asked_for_before_anything_is_copied(void **state)
{
    struct bench b;
    (void)state;

    try_on(&b, "image=95 sudo=custom", "wrong", -X8_E_AUTH);
    nothing_was_programmed(&b);
    close_board(&b);
    try_on(&b, "image=95 sudo=custom", "correct horse", 0);
    assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
    close_board(&b);
    open_board(&b, "image=95 sudo=custom");
    b.job.no_verify = 1;
    expect(&b, upload(&b), 0);
    assert_int_equal(b.out.outcome, X8_SKETCH_UNPROVEN);
    assert_int_equal(b.asked, 0);
    close_board(&b);
}

static void an_image_without_units_is_told(void **state)
{
    struct bench b;
    (void)state;

    try_on(&b, "image=934 m4watch=none", NULL, -X8_E_SKETCH);
    has_words(b.kit.err.msg, "no programming unit");
    nothing_was_programmed(&b);
    close_board(&b);
}

static void a_stopped_watcher_is_not_started(void **state)
{
    struct bench b;
    (void)state;

    try_on(&b, "image=934 m4watch=stopped", NULL, -X8_E_SKETCH);
    has_words(b.kit.err.next, "systemctl start monitor-m4-elf-file.path");
    assert_int_equal(b.asked, 0);
    nothing_was_programmed(&b);
    close_board(&b);
}

static void a_dead_watcher_is_mended(void **state)
{
    struct bench b;
    (void)state;

    try_on(&b, "image=934 m4watch=dead", NULL, 0);
    assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
    has_words(b.out.mended, "too many triggers");
    was_programmed(&b, 1);
    close_board(&b);
    try_on(&b, "image=822 m4watch=dead", NULL, -X8_E_AUTH);
    has_words(b.kit.err.msg, "watcher");
    nothing_was_programmed(&b);
    close_board(&b);
}

/* Five starts in a while are allowed; ours is the sixth. The while is longer than on boards, or a
 * slow computer would not be through with them. */
static void a_watcher_that_dies_of_our_own_trigger_is_mended(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934 m4time=10");
    change_words(&b, "m4window=600");
    assert_int_equal(
        sh(&b, "mkdir -m 775 /tmp/arduino; for i in 1 2 3 4 5; do "
               "echo $i >/tmp/arduino/x; mv -f /tmp/arduino/x /tmp/arduino/m4-user-sketch.elf; "
               "until [ \"$(cat /run/x8board/m4/log 2>/dev/null | wc -l)\" = $i ]; do sleep 0.02; "
               "done; " UNTIL_IDLE "; done"),
        0);
    assert_int_equal(programmed(&b, ""), 5);
    expect(&b, upload(&b), 0);
    assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
    has_words(b.out.mended, "too many triggers");
    was_programmed(&b, 1);
    close_board(&b);
}

static void a_folder_of_roots_is_given_back(void **state)
{
    struct bench b;
    (void)state;

    try_on(&b, "image=934 tmparduino=root", NULL, 0);
    has_words(b.out.mended, "/tmp/arduino");
    assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
    close_board(&b);
    try_on(&b, "image=822 tmparduino=root", NULL, -X8_E_AUTH);
    has_words(b.kit.err.msg, "/tmp/arduino");
    close_board(&b);
}

static void a_full_board_is_told_with_numbers(void **state)
{
    struct bench b;
    (void)state;

    try_on(&b, "image=934 full=/tmp", NULL, -X8_E_BOARD_SPACE);
    has_words(b.kit.err.why, "19.5 KiB");
    nothing_was_programmed(&b);
    close_board(&b);
}

static void no_link_is_followed(void **state)
{
    static const char *const traps[] = {
        "mkdir ~/x; ln -s ~/x /tmp/arduino",
        "mkdir -m 775 /tmp/arduino; ln -s ~/x /tmp/arduino/m4-user-sketch.elf",
        "mkdir -p /tmp/arduino/m4-user-sketch.elf",
        "echo >/tmp/arduino",
        "mkdir -m 775 /tmp/arduino; mkfifo /tmp/arduino/m4-user-sketch.elf",
    };
    struct bench b;
    (void)state;

    open_board(&b, "image=934");
    for (size_t i = 0; i < X8_COUNT(traps); i++) {
        assert_int_equal(sh(&b, traps[i]), 0);
        expect(&b, upload(&b), -X8_E_REFUSED);
        assert_int_equal(programmed(&b, "complete"), 0);
        assert_int_equal(sh(&b, "[ -z \"$(ls -A ~/x 2>/dev/null)\" ] && rm -rf ~/x /tmp/arduino"),
                         0);
    }
    close_board(&b);
}

static void a_copy_that_differs_is_not_programmed(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934");
    b.sketch.sha256[5] ^= 1;
    expect(&b, upload(&b), -X8_E_VERIFY);
    nothing_was_programmed(&b);
    close_board(&b);
}

static void a_dry_run_changes_nothing(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=95 m4watch=dead");
    b.job.dry_run = 1;
    expect(&b, upload(&b), 0);
    has_words(b.said, "would be");
    has_words(b.said, "too many triggers");
    assert_int_equal(b.asked, 0);
    assert_int_not_equal(sh(&b, "test -e /tmp/arduino"), 0);
    close_board(&b);
}

static void a_stalled_bridge_is_told(void **state)
{
    struct bench b;
    (void)state;

    try_on(&b, "image=934 bridge=stalls", NULL, -X8_E_UNHEALTHY);
    assert_int_equal(b.out.is_stalled, 1);
    assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
    has_words(b.kit.err.next, "power-cycle");
    close_board(&b);
    try_on(&b, "image=934 bridge=hangs", NULL, -X8_E_UNHEALTHY);
    close_board(&b);
    try_on(&b, "image=934 bridge=slow", NULL, 0);
    assert_int_equal(b.out.is_stalled, 0);
    close_board(&b);
}

static void a_run_of_somebody_else_is_waited_for(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934 " ENDLESS);
    assert_int_equal(sh(&b, "mkdir -m 775 /tmp/arduino; echo other >/tmp/arduino/x; mv -f "
                            "/tmp/arduino/x /tmp/arduino/m4-user-sketch.elf; " UNTIL_BUSY),
                     0);
    b.end_at = "waiting for the board";
    expect(&b, upload(&b), 0);
    has_words(b.said, "waiting for the board");
    assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
    was_programmed(&b, 1);
    b.end_at = NULL;
    b.job.limit_ms = 300;
    change_words(&b, ENDLESS);
    assert_int_equal(sh(&b, UNTIL_IDLE "; touch /tmp/arduino/m4-user-sketch.elf; " UNTIL_BUSY), 0);
    expect(&b, upload(&b), -X8_E_BUSY);
    no_trace(&b);
    close_board(&b);
}

static void a_file_that_took_the_place_is_seen(void **state)
{
    /* Behind our rename, while the board programs. */
    static const char *const rivals[] = {
        "echo x >/tmp/arduino/x; mv -f /tmp/arduino/x /tmp/arduino/m4-user-sketch.elf",
        "echo x >/tmp/arduino/m4-user-sketch.elf",
        "rm /tmp/arduino/m4-user-sketch.elf",
    };
    struct bench b;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(rivals); i++) {
        char text[600];

        open_board(&b, "image=934 " ENDLESS);
        snprintf(text, sizeof text,
                 "trap '' HUP; (" UNTIL_BUSY "; %s; echo m4time=50 >/run/x8board/m4/words) "
                 ">/dev/null 2>&1 & disown",
                 rivals[i]);
        assert_int_equal(sh(&b, text), 0);
        expect(&b, upload(&b), -X8_E_UNKNOWN_STATE);
        assert_int_equal(b.out.outcome, X8_SKETCH_UNKNOWN);
        close_board(&b);
    }
}

static void a_programming_without_end_is_not_waited_for(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934 m4=hang");
    b.job.limit_ms = 1500;
    expect(&b, upload(&b), -X8_E_TIMEOUT);
    has_words(b.kit.err.msg, "outcome unknown");
    has_words(b.kit.err.next, "sketch status");
    close_board(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sketch_is_programmed_and_verified),
        cmocka_unit_test(a_unit_that_hides_its_status_is_judged_by_the_journal),
        cmocka_unit_test(openocds_failure_is_a_failure_on_every_image),
        cmocka_unit_test(a_killed_openocd_is_never_success),
        cmocka_unit_test(a_failure_without_a_password_is_still_one),
        cmocka_unit_test(root_is_asked_for_before_anything_is_copied),
        cmocka_unit_test(an_image_without_units_is_told),
        cmocka_unit_test(a_stopped_watcher_is_not_started),
        cmocka_unit_test(a_dead_watcher_is_mended),
        cmocka_unit_test(a_watcher_that_dies_of_our_own_trigger_is_mended),
        cmocka_unit_test(a_folder_of_roots_is_given_back),
        cmocka_unit_test(a_full_board_is_told_with_numbers),
        cmocka_unit_test(no_link_is_followed),
        cmocka_unit_test(a_copy_that_differs_is_not_programmed),
        cmocka_unit_test(a_dry_run_changes_nothing),
        cmocka_unit_test(a_stalled_bridge_is_told),
        cmocka_unit_test(a_run_of_somebody_else_is_waited_for),
        cmocka_unit_test(a_file_that_took_the_place_is_seen),
        cmocka_unit_test(a_programming_without_end_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
