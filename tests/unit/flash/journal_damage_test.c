/*
 * A journal that was cut off, damaged or cannot be written: what it says is never more than what
 * happened.
 */
#include "journals.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* As much confirmed or erased as lines that are whole say, and always readable. */
static void a_journal_cut_at_any_byte_says_what_it_still_knows(void **state)
{
    size_t len, first, whole = 0;
    char *text;

    (void)state;
    write_example();
    text = test_read(path, &len);
    first = (size_t)(strchr(text, '\n') - text);
    for (size_t cut = 0; cut < len; cut++) {
        struct x8_past past;
        struct x8_error err = {0};
        int rc;

        free(test_file(dir, "cut", text, cut));
        if (cut > 0 && text[cut - 1] == '\n')
            whole++;
        free(path);
        path = test_path(dir, "cut");
        rc = x8_journal_read(path, &past, &err);
        if (cut <= first) {
            assert_int_equal(rc, -X8_E_BAD_IMAGE);
            assert_non_null(strstr(err.next, "--skip-same"));
            continue;
        }
        assert_int_equal(rc, 1);
        /* Lines: begin, serial, erased, then two a piece. The last one may lack its end alone. */
        assert_true(past.progress.done_count <= (whole + 1 > 3 ? (whole + 1 - 3) / 2 : 0));
        assert_true(past.progress.done_count >= (whole > 3 ? (whole - 3) / 2 : 0));
        if (whole + 1 < 3)
            assert_int_equal(past.progress.erased.end, 0);
        if (whole >= 3)
            assert_int_equal(past.progress.erased.end, 64ull * MIB);
        x8_past_done(&past);
    }
    free(text);
}

static void a_line_that_makes_no_sense_changes_nothing(void **state)
{
    static const char *const tails[] = {"{\"event\":\"sending\",\"partition\":\"all\",\"st",
                                        "{\"ev",
                                        "\"confirmed\"",
                                        "{\"event\":\"confirmed",
                                        "{\"event\":\"confirmed\",\"partition\":\"al",
                                        "{\"event\":\"end\",\"co",
                                        "{\"event\":\"serial\",\"",
                                        "{\"event\":\"sending\",\"partition\":\"all\"}",
                                        "{\"event\":\"erased\",\"partition\":\"all\"}",
                                        "{}",
                                        "[1]",
                                        ""};
    size_t len;
    char *text;

    (void)state;
    write_example();
    text = test_read(path, &len);
    for (size_t i = 0; i < X8_COUNT(tails); i++) {
        X8_AUTO_BUF all = {0};
        struct x8_past past;

        assert_int_equal(x8_buf_add(&all, text, len), 0);
        assert_int_equal(x8_buf_addf(&all, "%s", tails[i]), 0);
        free(path);
        path = test_file(dir, "tail", all.data, all.len);
        past = read_past();
        assert_int_equal(past.progress.done_count, 3);
        assert_int_equal(past.progress.erased.end, 64ull * MIB);
        assert_string_equal(past.serial, "1822aa09dab6fad9");
        x8_past_done(&past);
    }
    free(text);
}

static void a_run_that_goes_on_behind_a_cut_line_is_read(void **state)
{
    struct x8_journal *journal = NULL;
    struct x8_past past;
    size_t len;
    char *text;

    (void)state;
    write_example();
    text = test_read(path, &len);
    free(path);
    path = test_file(dir, "cut", text, len - 9);
    assert_int_equal(x8_journal_continue(path, &journal, NULL), 0);
    write_piece(journal, 3);
    x8_journal_end(&journal, &op, -(int)X8_E_LINK);
    past = read_past();
    assert_int_equal(past.progress.done_count, 4);
    x8_past_done(&past);
    free(text);
}

/* After a power cut a file may end in zeros. */
static void zeros_in_the_place_of_a_line_are_left_out(void **state)
{
    static const char zeros[4096];
    struct x8_past past;
    X8_AUTO_BUF all = {0};
    size_t len;
    char *text;

    (void)state;
    write_example();
    text = test_read(path, &len);
    assert_int_equal(x8_buf_add(&all, text, len), 0);
    assert_int_equal(x8_buf_add(&all, zeros, sizeof zeros), 0);
    free(path);
    path = test_file(dir, "zeros", all.data, all.len);
    past = read_past();
    assert_int_equal(past.progress.done_count, 3);
    assert_int_equal(past.progress.erased.end, 64ull * MIB);
    x8_past_done(&past);
    free(text);
}

/* Any byte of any line changed: readable, or plainly no journal, and never a piece too many. */
static void a_damaged_byte_costs_at_most_what_its_line_said(void **state)
{
    size_t len;
    char *text;

    (void)state;
    write_example();
    text = test_read(path, &len);
    free(path);
    path = test_path(dir, "damaged");
    for (size_t i = 0; i < len; i++) {
        struct x8_past past;
        int rc;

        text[i] ^= 0x04;
        free(test_file(dir, "damaged", text, len));
        text[i] ^= 0x04;
        rc = x8_journal_read(path, &past, NULL);
        assert_true(rc == 1 || rc == -X8_E_BAD_IMAGE);
        if (rc != 1)
            continue;
        assert_true(past.progress.done_count <= 3);
        x8_past_done(&past);
    }
    free(text);
}

#define BEGIN                                                                                      \
    "{\"event\":\"begin\",\"format\":1,\"port\":\"1-1\",\"source\":\"a.wic\",\"image\":\"\","      \
    "\"sha256\":\"\",\"script\":\"\",\"only\":\"all\",\"skip_unused\":false,\"started\":5"

static struct x8_past read_text(const char *text)
{
    free(path);
    path = test_file(dir, "text", text, strlen(text));
    return read_past();
}

static void what_a_later_version_adds_is_passed(void **state)
{
    struct x8_past past =
        read_text(BEGIN ",\"color\":{\"a\":[1]}}\n"
                        "{\"event\":\"erased\",\"partition\":\"all\",\"start\":0,\"end\":9}\n"
                        "{\"event\":\"temperature\",\"celsius\":40}\n"
                        "{\"event\":\"confirmed\",\"partition\":\"all\",\"start\":0,\"end\":4,"
                        "\"at\":0,\"len\":4,\"crc\":7,\"by\":\"x\"}\n");

    (void)state;
    assert_int_equal(past.progress.done_count, 1);
    assert_int_equal(past.progress.done[0].crc, 7);
    assert_int_equal(past.progress.erased.end, 9);
    x8_past_done(&past);
}

static void numbers_that_cannot_be_are_not_believed(void **state)
{
    static const char *const lines[] = {
        "\"start\":4,\"end\":4,\"at\":4,\"len\":0,\"crc\":1",
        "\"start\":4,\"end\":2,\"at\":2,\"len\":1,\"crc\":1",
        "\"start\":0,\"end\":4,\"at\":0,\"len\":5,\"crc\":1",
        "\"start\":2,\"end\":4,\"at\":1,\"len\":1,\"crc\":1",
        "\"start\":0,\"end\":4,\"at\":5,\"len\":0,\"crc\":1",
        "\"start\":0,\"end\":4,\"at\":0,\"len\":4,\"crc\":4294967296",
        "\"start\":-1,\"end\":4,\"at\":0,\"len\":4,\"crc\":1",
        "\"start\":0,\"end\":1e300,\"at\":0,\"len\":4,\"crc\":1",
        "\"start\":0.5,\"end\":4,\"at\":1,\"len\":1,\"crc\":1",
        "\"start\":\"0\",\"end\":4,\"at\":0,\"len\":4,\"crc\":1",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lines); i++) {
        char text[1024];
        struct x8_past past;

        snprintf(text, sizeof text, "%s}\n{\"event\":\"confirmed\",\"partition\":\"all\",%s}\n",
                 BEGIN, lines[i]);
        past = read_text(text);
        assert_int_equal(past.progress.done_count, 0);
        x8_past_done(&past);
    }
}

static void a_full_disk_ends_the_journal_and_not_the_run(void **state)
{
    struct rlimit old, small = {.rlim_cur = 4096};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    struct x8_journal *journal = begin();

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    sigaction(SIGXFSZ, &ignore, &before);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (unsigned i = 0; i < 64; i++)
        write_piece(journal, i);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    sigaction(SIGXFSZ, &before, NULL);
    assert_int_equal(x8_journal_is_there(journal), 0);
    /* One warning, and nothing that a resume could believe. */
    assert_non_null(strstr(warnings, "cannot be resumed"));
    assert_ptr_equal(strchr(warnings, '\n'), warnings + strlen(warnings) - 1);
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
    x8_journal_end(&journal, &op, -(int)X8_E_GONE);
    assert_null(journal);
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
}

/* Then the old file is wrong: the board is being changed. */
static void a_new_journal_that_cannot_be_begun_takes_the_old_one_along(void **state)
{
    struct rlimit old, small = {.rlim_cur = 16};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    struct x8_journal *journal;

    (void)state;
    write_example();
    journal = begin();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    sigaction(SIGXFSZ, &ignore, &before);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    write_piece(journal, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    sigaction(SIGXFSZ, &before, NULL);
    assert_non_null(strstr(warnings, "cannot be resumed"));
    assert_ptr_equal(strchr(warnings, '\n'), warnings + strlen(warnings) - 1);
    x8_journal_end(&journal, &op, -(int)X8_E_GONE);
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
}

static void a_file_that_is_too_long_is_not_read(void **state)
{
    struct x8_journal *journal = NULL;
    struct x8_error err = {0};
    struct x8_past past;

    (void)state;
    write_example();
    assert_int_equal(truncate(path, (off_t)1 << 33), 0); /* a hole: no room is taken */
    assert_int_equal(x8_journal_read(path, &past, &err), -X8_E_BAD_IMAGE);
    assert_string_not_equal(err.why, "");
    assert_int_equal(x8_journal_continue(path, &journal, &err), -X8_E_BAD_IMAGE);
    assert_null(journal);
}

static void a_journal_that_grew_too_long_is_given_up(void **state)
{
    struct x8_journal *journal = NULL;
    struct x8_past past;

    (void)state;
    write_example();
    assert_int_equal(truncate(path, (off_t)8 * MIB - 300), 0);
    assert_int_equal(x8_journal_continue(path, &journal, NULL), 0);
    for (unsigned i = 0; i < 4; i++)
        write_piece(journal, i);
    assert_non_null(strstr(warnings, "too long"));
    x8_journal_end(&journal, &op, -(int)X8_E_GONE);
    assert_int_equal(x8_journal_read(path, &past, NULL), 0);
}

static void what_is_no_file_is_no_journal(void **state)
{
    struct x8_journal *journal = NULL;
    struct x8_past past;

    (void)state;
    assert_int_equal(x8_journal_read(dir, &past, NULL), -X8_E_NO_FILE);
    assert_true(x8_journal_continue(dir, &journal, NULL) < 0);
    assert_true(x8_journal_begin(dir, &head, &journal, NULL) < 0);
    assert_null(journal);
}

static void an_empty_file_is_called_empty(void **state)
{
    struct x8_error err = {0};
    struct x8_past past;

    (void)state;
    free(path);
    path = test_file(dir, "empty", "", 0);
    assert_int_equal(x8_journal_read(path, &past, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.why, "it is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_journal_cut_at_any_byte_says_what_it_still_knows, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_line_that_makes_no_sense_changes_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_run_that_goes_on_behind_a_cut_line_is_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(zeros_in_the_place_of_a_line_are_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_byte_costs_at_most_what_its_line_said, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_a_later_version_adds_is_passed, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_that_cannot_be_are_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_ends_the_journal_and_not_the_run, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_new_journal_that_cannot_be_begun_takes_the_old_one_along,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_file_is_called_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_too_long_is_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_journal_that_grew_too_long_is_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_no_journal, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
