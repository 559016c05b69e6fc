/*
 * Bars on a terminal, as text and as frames.
 */
#include "kit.h"

#include <stdio.h>

#define MIB ((uint64_t)1 << 20)

static void expect_block(struct kit *kit, const char *want)
{
    X8_AUTO_BUF out = {0};

    x8_tty_block(&kit->view, kit->ms, &out);
    test_same_text(x8_buf_text(&out), want);
}

static struct kit at_64_percent(void)
{
    struct kit kit = kit_new(x8_tty_fact, X8_PROGRESS_BAR);

    kit_progress(&kit, "b1", "write", 0, 2000 * MIB);
    for (int i = 1; i <= 100; i++) {
        kit.ms += 500;
        kit_progress(&kit, "b1", "write", (uint64_t)i * 1280 * MIB / 100, 2000 * MIB);
    }
    return kit;
}

static void a_bar_shows_part_amounts_speed_and_time_left(void **state)
{
    struct kit kit = at_64_percent();

    (void)state;
    expect_block(&kit,
                 "▕███████████████▎        ▏ write 64 %  1.25/1.95 GiB  25.6 MiB/s  0:29 left\n");
    kit_done(&kit);
}

static void without_utf8_it_is_ascii(void **state)
{
    struct kit kit = at_64_percent();

    (void)state;
    kit.view.utf8 = 0;
    expect_block(&kit,
                 "[###############         ] write 64 %  1.25/1.95 GiB  25.6 MiB/s  0:29 left\n");
    kit_say(&kit, X8_EV_STAGE, "b1", "write", "ok");
    for (const char *p = x8_buf_text(&kit.out); *p; p++)
        assert_true((unsigned char)*p < 0x80);
    kit_done(&kit);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    struct kit kit = at_64_percent();

    (void)state;
    kit_say(&kit, X8_EV_WAIT, "board-with-quite-a-long-name", "rom",
            "waiting for something that takes many words to be described to a person who waits");
    kit_say(&kit, X8_EV_STAGE, "板板板板板板板板板板板板板板板板板板板板", "板", "");
    for (int columns = 20; columns < 120; columns++) {
        X8_AUTO_BUF out = {0};

        kit.view.columns = columns;
        assert_int_equal(x8_tty_block(&kit.view, kit.ms, &out), 3);
        for (char *line = (char *)out.data; *line;) {
            size_t len = strcspn(line, "\n");

            line[len] = '\0';
            assert_true(x8_columns(line) < (size_t)columns);
            line += len + 1;
        }
    }
    kit_done(&kit);
}

static void lines_of_a_result_to_come_stand_above_the_bars(void **state)
{
    struct kit kit = kit_new(x8_tty_fact, X8_PROGRESS_BAR);

    (void)state;
    kit.view.columns = 40;
    kit_say(&kit, X8_EV_WAIT, NULL, NULL, "searching");
    kit_say(&kit, X8_FACT_PREVIEW, NULL, NULL, "SERIAL  STATE\nA1      linux\n");
    expect_block(&kit, "SERIAL  STATE\nA1      linux\nsearching\n");
    kit_say(&kit, X8_FACT_PREVIEW, NULL, NULL,
            "a line that is wider than the terminal is cut at its edge\nlast");
    expect_block(&kit, "a line that is wider than the terminal \nlast\nsearching\n");
    kit.view.rows = 5; /* room for three lines: the bar keeps one */
    kit_say(&kit, X8_FACT_PREVIEW, NULL, NULL, "1\n2\n3\n4\n5\n");
    expect_block(&kit, "1\n2\nsearching\n");
    kit_say(&kit, X8_FACT_PREVIEW, NULL, NULL, "");
    expect_block(&kit, "searching\n");
    assert_string_equal(x8_buf_text(&kit.out), "");
    kit_done(&kit);
}

static void what_is_too_wide_goes_on_below_its_first_word(void **state)
{
    struct kit kit = kit_new(x8_tty_fact, X8_PROGRESS_BAR);

    (void)state;
    kit.view.columns = 40;
    kit.view.terminal = 1;
    kit_say(&kit, X8_EV_NOTICE, NULL, NULL, "  1  0E1A2C0D5B6F7788  linux-setup  usb 1-2");
    assert_string_equal(x8_buf_text(&kit.out), "  1  0E1A2C0D5B6F7788  linux-setup  usb\n"
                                               "     1-2\n");
    kit_done(&kit);
}

static void a_board_has_one_line_for_what_it_does_now(void **state)
{
    struct kit kit = kit_new(x8_tty_fact, X8_PROGRESS_BAR);

    (void)state;
    expect_block(&kit, "");
    kit_say(&kit, X8_EV_WAIT, NULL, NULL, "waiting for a board\nmore of it");
    expect_block(&kit, "waiting for a board\n");
    kit_say(&kit, X8_EV_WAIT, NULL, NULL, "still waiting");
    expect_block(&kit, "still waiting\n");
    kit_say(&kit, X8_EV_STAGE, "b1", "loader", "");
    kit.ms += 3000;
    expect_block(&kit, "loader  0:03\n");
    kit_progress(&kit, "b1", "measure", 300 << 20, 0);
    kit.ms += 1000;
    expect_block(&kit, "measure  300.0 MiB\n");
    kit_expect(&kit, "");
    kit_say(&kit, X8_EV_STAGE, "b1", "measure", "ok");
    expect_block(&kit, "");
    kit_done(&kit);
}

static void what_is_finished_stays_with_its_time(void **state)
{
    struct kit kit = kit_new(x8_tty_fact, X8_PROGRESS_BAR);

    (void)state;
    kit_say(&kit, X8_EV_START, "b1", NULL, "image    861");
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "");
    kit.ms += 6000;
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "found at usb 1-4.2, same chip");
    kit.ms += 2000; /* nobody saw this one begin */
    kit_say(&kit, X8_EV_STAGE, "b1", "loader", "SPL, U-Boot in RAM");
    kit_say(&kit, X8_EV_WARN, "b1", NULL, "full speed");
    kit_say(&kit, X8_EV_NOTICE, "b1", NULL, "now      set the switch");
    kit_say(&kit, X8_EV_RESULT, "b1", NULL, "written 5 B");
    kit_expect(&kit, "image    861\n"
                     "✓ rom         found at usb 1-4.2, same chip                          0:06\n"
                     "✓ loader      SPL, U-Boot in RAM                                     0:02\n"
                     "! full speed\n"
                     "now      set the switch\n"
                     "✓ written 5 B\n");
    kit_done(&kit);
}

static void several_boards_are_told_apart(void **state)
{
    struct kit kit = kit_new(x8_tty_fact, X8_PROGRESS_BAR);
    struct x8_error err;

    (void)state;
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "");
    kit_say(&kit, X8_EV_STAGE, "bench-2", "rom", "");
    expect_block(&kit, "b1       rom  0:00\nbench-2  rom  0:00\n");
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "found");
    x8_fail(&err, X8_E_GONE, "gone");
    kit_error(&kit, X8_EV_ERROR, "bench-2", &err);
    kit_say(&kit, X8_EV_RESULT, "bench-2", NULL, "failed");
    kit_expect(&kit, "✓ b1  rom         found                                              0:00\n"
                     "x8ctl flash: bench-2: gone\n"
                     "  code   15 gone                          x8ctl help E15\n"
                     "✗ bench-2  failed\n");
    expect_block(&kit, "");
    kit_done(&kit);
}

static void more_boards_than_rows_are_counted(void **state)
{
    struct kit kit = kit_new(x8_tty_fact, X8_PROGRESS_BAR);
    char name[8];

    (void)state;
    kit.view.rows = 6;
    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "b%d", i);
        kit_say(&kit, X8_EV_STAGE, name, "rom", "");
    }
    expect_block(&kit, "b0  rom  0:00\nb1  rom  0:00\nb2  rom  0:00\nb3  rom  0:00\nand 3 more\n");
    kit_done(&kit);
}

static void frame(struct kit *kit, const char *permanent, const char *want)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF out = {0};

    x8_put(&text, "%s", permanent);
    x8_tty_frame(&kit->view, &text, kit->ms, &out);
    test_same_text(x8_buf_text(&out), want);
}

static void a_frame_is_drawn_over_the_last_one(void **state)
{
    struct kit kit = kit_new(x8_tty_fact, X8_PROGRESS_BAR);

    (void)state;
    frame(&kit, "", "");
    frame(&kit, "image\n", "image\n");
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "");
    kit_say(&kit, X8_EV_STAGE, "b2", "rom", "");
    frame(&kit, "", "b1  rom  0:00\nb2  rom  0:00\n");
    frame(&kit, "", ""); /* nothing new, nothing drawn */
    kit.ms += 1000;
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "found");
    frame(&kit, "✓ b1\n", "\033[2A\r✓ b1\033[K\nb2  rom  0:01\033[K\n\033[J");
    kit.view.hidden = 1; /* before a prompt */
    frame(&kit, "", "\033[1A\r\033[J");
    frame(&kit, "more\n", "more\n");
    kit_say(&kit, X8_EV_WAIT, "b2", "rom", "waiting");
    frame(&kit, "", "b2  waiting\n");
    kit_done(&kit);
}

static void a_terminal_made_narrow_does_not_leave_half_a_bar(void **state)
{
    struct kit kit = at_64_percent();
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF out = {0};

    (void)state;
    x8_tty_frame(&kit.view, &text, kit.ms, &out);
    x8_buf_done(&out);
    kit.view.columns = 40; /* 76 columns take two rows now */
    x8_tty_frame(&kit.view, &text, kit.ms, &out);
    assert_memory_equal(x8_buf_text(&out), "\033[2A\r", 5);
    kit_done(&kit);
}

static void colour_only_when_allowed(void **state)
{
    struct kit kit = kit_new(x8_tty_fact, X8_PROGRESS_BAR);

    (void)state;
    kit_say(&kit, X8_EV_WARN, NULL, NULL, "w");
    assert_null(strchr(x8_buf_text(&kit.out), '\033'));
    kit.view.color = 1;
    kit_say(&kit, X8_EV_WARN, NULL, NULL, "w");
    assert_non_null(strchr(x8_buf_text(&kit.out), '\033'));
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bar_shows_part_amounts_speed_and_time_left),
        cmocka_unit_test(without_utf8_it_is_ascii),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(lines_of_a_result_to_come_stand_above_the_bars),
        cmocka_unit_test(what_is_too_wide_goes_on_below_its_first_word),
        cmocka_unit_test(a_board_has_one_line_for_what_it_does_now),
        cmocka_unit_test(what_is_finished_stays_with_its_time),
        cmocka_unit_test(several_boards_are_told_apart),
        cmocka_unit_test(more_boards_than_rows_are_counted),
        cmocka_unit_test(a_frame_is_drawn_over_the_last_one),
        cmocka_unit_test(a_terminal_made_narrow_does_not_leave_half_a_bar),
        cmocka_unit_test(colour_only_when_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
