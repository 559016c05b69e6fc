/*
 * The journal of a flash: what was written is read again.
 */
#include "journals.h"

#include <sys/stat.h>

static void what_was_written_is_read_again(void **state)
{
    struct x8_past past;
    const struct x8_progress *progress = &past.progress;
    struct x8_piece_done want = piece_at(2);

    (void)state;
    write_example();
    past = read_past();
    assert_string_equal(past.head.port, head.port);
    assert_string_equal(past.head.source, head.source);
    assert_string_equal(past.head.image, head.image);
    assert_string_equal(past.head.sha256, head.sha256);
    assert_string_equal(past.head.script, head.script);
    assert_int_equal(past.head.only, X8_ONLY_OS);
    assert_int_equal(past.head.skip_unused, 1);
    assert_int_equal(past.head.started, head.started);
    assert_string_equal(past.serial, "1822aa09dab6fad9");
    assert_int_equal(past.has_end, 1);
    assert_int_equal(past.rc, -(int)X8_E_GONE);
    assert_string_equal(progress->partition, "all");
    assert_int_equal(progress->erased.end, 64ull * MIB);
    assert_int_equal(progress->done_count, 3);
    assert_int_equal(progress->done[2].start, want.start);
    assert_int_equal(progress->done[2].end, want.end);
    assert_int_equal(progress->done[2].at, want.at);
    assert_int_equal(progress->done[2].len, want.len);
    assert_int_equal(progress->done[2].crc, want.crc);
    assert_int_equal(x8_progress_has(progress, 0, 3 * MIB), 1);
    assert_int_equal(x8_progress_has(progress, 3 * MIB, 3 * MIB + 1), 0); /* was being sent */
    assert_string_equal(warnings, "");
    x8_past_done(&past);
}

static void only_the_user_may_read_it(void **state)
{
    struct stat st;

    (void)state;
    umask(022);
    write_example();
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void no_journal_is_no_error(void **state)
{
    struct x8_past past;

    (void)state;
    assert_int_equal(x8_journal_read(path, &past, NULL), 0);
}

static void a_run_that_ended_well_leaves_none(void **state)
{
    struct x8_journal *journal = begin();

    (void)state;
    write_piece(journal, 0);
    x8_journal_end(&journal, &op, 0);
    assert_null(journal);
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
}

static void a_new_run_replaces_the_journal_of_the_last(void **state)
{
    struct x8_journal *journal;
    struct x8_past past;

    (void)state;
    write_example();
    journal = begin();
    x8_journal_serial(journal, &op, "0000111122223333");
    assert_int_equal(x8_journal_is_there(journal), 0); /* the file is the last run's */
    x8_journal_touch(journal, &op);
    assert_int_equal(x8_journal_is_there(journal), 1);
    past = read_past();
    assert_int_equal(past.progress.done_count, 0);
    assert_int_equal(past.has_end, 0);
    assert_string_equal(past.serial, "0000111122223333"); /* told before there was a file */
    x8_past_done(&past);
    write_piece(journal, 5);
    x8_journal_touch(journal, &op); /* only the first counts */
    past = read_past();
    assert_int_equal(past.progress.done_count, 1);
    x8_past_done(&past);
    x8_journal_end(&journal, &op, -(int)X8_E_LINK);
}

/* What is on the board is still what the earlier run wrote. */
static void a_run_that_touches_nothing_leaves_the_journal_of_the_last(void **state)
{
    struct x8_piece_done piece = piece_at(5);
    struct x8_journal *journal;
    struct x8_past past;
    char *before, *after;
    size_t len, now;

    (void)state;
    write_example();
    before = test_read(path, &len);
    journal = begin();
    x8_journal_serial(journal, &op, "0000111122223333");
    x8_journal_confirm(journal, &op, "all", &piece); /* found there, not written */
    x8_journal_end(&journal, &op, -(int)X8_E_NO_PERMISSION);
    after = test_read(path, &now);
    assert_int_equal(now, len);
    assert_memory_equal(after, before, len);
    past = read_past();
    assert_int_equal(past.progress.done_count, 3);
    x8_past_done(&past);
    assert_string_equal(warnings, "");
    free(before);
    free(after);
}

static void a_run_that_touches_nothing_leaves_no_journal_where_none_was(void **state)
{
    struct x8_journal *journal = begin();

    (void)state;
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
    x8_journal_end(&journal, &op, -(int)X8_E_NO_PERMISSION);
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
}

/* All was there already, so that nothing was written: the board holds the new image now. */
static void a_run_that_ends_well_without_a_write_takes_the_old_journal_away(void **state)
{
    struct x8_journal *journal;

    (void)state;
    write_example();
    journal = begin();
    x8_journal_end(&journal, &op, 0);
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
}

static void either_line_of_a_change_begins_the_file(void **state)
{
    struct x8_range erased = {0, 64ull * MIB};
    struct x8_journal *journal = begin();
    struct x8_past past;

    (void)state;
    x8_journal_erased(journal, &op, "all", &erased);
    past = read_past();
    assert_int_equal(past.progress.erased.end, 64ull * MIB);
    x8_past_done(&past);
    x8_journal_end(&journal, &op, 0);
    journal = begin();
    x8_journal_sending(journal, &op, "all", 0, MIB);
    assert_int_equal(x8_path_kind(path), X8_PATH_FILE);
    x8_journal_end(&journal, &op, 0);
}

static void no_journal_is_fine_everywhere(void **state)
{
    struct x8_journal *none = NULL;
    struct x8_piece_done piece = piece_at(0);
    struct x8_range range = {0, 1};

    (void)state;
    x8_journal_touch(none, &op);
    assert_int_equal(x8_journal_is_there(none), 0);
    x8_journal_serial(none, &op, "x");
    x8_journal_erased(none, &op, "all", &range);
    x8_journal_sending(none, &op, "all", 0, 1);
    x8_journal_confirm(none, &op, "all", &piece);
    x8_journal_end(&none, &op, 0);
}

static void a_resumed_run_goes_on_in_the_same_file(void **state)
{
    struct x8_journal *journal = NULL;
    struct x8_past past;

    (void)state;
    write_example();
    assert_int_equal(x8_journal_continue(path, &journal, NULL), 0);
    write_piece(journal, 3);
    past = read_past();
    assert_int_equal(past.has_end, 0); /* of the run before */
    assert_int_equal(past.progress.done_count, 4);
    assert_int_equal(x8_progress_has(&past.progress, 0, 4 * MIB), 1);
    x8_past_done(&past);
    x8_journal_end(&journal, &op, -(int)X8_E_STOPPED);
    past = read_past();
    assert_int_equal(past.rc, -(int)X8_E_STOPPED);
    x8_past_done(&past);
}

/* Half of the new may stand where the old was. */
static void a_piece_that_is_sent_again_is_not_confirmed_any_more(void **state)
{
    struct x8_journal *journal = begin();
    struct x8_past past;

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        write_piece(journal, i);
    x8_journal_sending(journal, &op, "all", MIB + 4096, MIB + 8192);
    past = read_past();
    assert_int_equal(past.progress.done_count, 2);
    assert_int_equal(x8_progress_has(&past.progress, 0, MIB), 1);
    assert_int_equal(x8_progress_has(&past.progress, MIB, MIB + 1), 0);
    assert_int_equal(x8_progress_has(&past.progress, 2 * MIB, 3 * MIB), 1);
    x8_past_done(&past);
    x8_journal_end(&journal, &op, -(int)X8_E_GONE);
}

static void only_a_journal_that_is_there_goes_on(void **state)
{
    struct x8_journal *journal = NULL;
    struct x8_error err = {0};

    (void)state;
    assert_int_equal(x8_journal_continue(path, &journal, &err), -X8_E_NO_FILE);
    assert_null(journal);
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
}

static void the_progress_is_of_the_image_that_came_last(void **state)
{
    struct x8_journal *journal = begin();
    struct x8_range erased = {0, 8ull * MIB};
    struct x8_past past;

    (void)state;
    write_piece(journal, 0);
    x8_journal_sending(journal, &op, "bootloader", 0, 4096);
    past = read_past();
    assert_string_equal(past.progress.partition, "bootloader");
    assert_int_equal(past.progress.done_count, 0);
    x8_past_done(&past);
    write_piece(journal, 1);
    x8_journal_erased(journal, &op, "all", &erased);
    past = read_past();
    assert_string_equal(past.progress.partition, "all");
    assert_int_equal(past.progress.done_count, 0); /* what stood there was erased */
    assert_int_equal(past.progress.erased.end, 8ull * MIB);
    x8_past_done(&past);
    x8_journal_end(&journal, &op, 0);
}

static void two_ports_have_two_journals(void **state)
{
    struct x8_journal *one = begin(), *two = NULL;
    struct x8_journal_head other = head;
    char *second = test_path(dir, "usb-2-1.jsonl");
    struct x8_past past;

    (void)state;
    x8_copy(other.port, sizeof other.port, "2-1");
    assert_int_equal(x8_journal_begin(second, &other, &two, NULL), 0);
    write_piece(one, 0);
    write_piece(two, 0);
    write_piece(one, 1);
    x8_journal_end(&two, &op, 0);
    assert_int_equal(x8_path_kind(second), X8_PATH_NONE);
    past = read_past();
    assert_string_equal(past.head.port, "1-4.2");
    assert_int_equal(past.progress.done_count, 2);
    x8_past_done(&past);
    x8_journal_end(&one, &op, -(int)X8_E_GONE);
    free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read_again, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_user_may_read_it, setup, teardown),
        cmocka_unit_test_setup_teardown(no_journal_is_no_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_that_ended_well_leaves_none, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_run_replaces_the_journal_of_the_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_run_that_touches_nothing_leaves_the_journal_of_the_last,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_that_touches_nothing_leaves_no_journal_where_none_was,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_run_that_ends_well_without_a_write_takes_the_old_journal_away, setup, teardown),
        cmocka_unit_test_setup_teardown(either_line_of_a_change_begins_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(no_journal_is_fine_everywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(a_resumed_run_goes_on_in_the_same_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_piece_that_is_sent_again_is_not_confirmed_any_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(only_a_journal_that_is_there_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(the_progress_is_of_the_image_that_came_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(two_ports_have_two_journals, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
