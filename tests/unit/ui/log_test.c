/*
 * The log that is kept of a run although nobody asked for it: what is in it, how large it gets, and
 * that nobody hears of a disk that is full.
 */
#include "testlib.h"

#include "ui/ui.h"
#include "util/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct x8_ui *ui;
static struct x8_op op;
static struct test_capture capture;

static void begin(int fd, int verbosity)
{
    struct x8_ui_config config = {.command = "x8ctl flash",
                                  .progress = X8_PROGRESS_LINES,
                                  .quiet = !verbosity,
                                  .verbosity = verbosity,
                                  .kept_fd = fd,
                                  .kept_depth = 2};

    assert_true(fd > 2);
    test_capture_begin(&capture, STDERR_FILENO);
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    op = (struct x8_op){
        .board = "b1", .deadline = X8_NO_DEADLINE, .emit = x8_ui_emit, .emit_ctx = ui};
}

/* What stood on the screen; the file is still open, and is closed here. */
static char *end(int fd)
{
    x8_ui_stop(&ui);
    assert_int_equal(close(fd), 0);
    return test_capture_end(&capture);
}

static void it_has_the_dialogue_and_not_the_bytes_whatever_the_screen_shows(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "log"), *text;

    (void)state;
    for (int verbosity = 0; verbosity <= 3; verbosity += 3) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        begin(fd, verbosity);
        x8_emit(&op, X8_EV_DETAIL, "a step");
        x8_emit(&op, X8_EV_TRACE, "> download");
        x8_emit(&op, X8_EV_WIRE, "00 01");
        x8_emit(&op, X8_EV_WARN, "slow");
        text = end(fd);
        assert_true(verbosity ? strstr(text, "wire 00 01") != NULL : text[0] == '\0');
        free(text);
        text = test_read(path, NULL);
        assert_non_null(strstr(text, "Z flash b1 detail a step\n"));
        assert_non_null(strstr(text, "Z flash b1 trace > download\n"));
        assert_non_null(strstr(text, "Z flash b1 warn slow\n"));
        assert_null(strstr(text, "00 01"));
        free(text);
    }
    free(path);
    test_dir_free(dir);
}

static void a_large_one_is_cut_but_says_so_and_how_it_ended(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "log"), *text;
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    struct x8_error err;
    const char *cut;
    size_t len;

    (void)state;
    begin(fd, 0);
    for (int i = 0; i < 60000; i++)
        x8_emit(&op, X8_EV_TRACE, "%0100d", i);
    x8_fail(&err, X8_E_GONE, "the board is gone");
    x8_ui_error(ui, &err);
    free(end(fd));
    text = test_read(path, &len);
    assert_true(len > (4u << 20) && len < (4u << 20) + 1000);
    cut = strstr(text, " - what follows is left out, but for how it ends\n");
    assert_non_null(cut);
    assert_null(strstr(cut + 1, " - what follows"));
    assert_null(strstr(cut, "trace"));
    assert_non_null(strstr(cut, "the board is gone\n"));
    free(text);
    free(path);
    test_dir_free(dir);
}

static void errors_without_end_do_not_fill_the_disk_either(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "log");
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    struct stat st;

    (void)state;
    begin(fd, 0);
    for (int i = 0; i < 50000; i++)
        x8_emit(&op, X8_EV_RESULT, "%0100d", i);
    free(end(fd));
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < (4 << 20) + (65 << 10));
    free(path);
    test_dir_free(dir);
}

static void nobody_hears_of_a_disk_that_is_full(void **state)
{
    int fd = open("/dev/full", O_WRONLY);
    char *text;

    (void)state;
    if (fd < 0)
        skip();
    begin(fd, 1);
    for (int i = 0; i < 3; i++) {
        x8_emit(&op, X8_EV_NOTICE, "fact %d", i);
        x8_ui_flush(ui);
    }
    text = end(fd);
    assert_null(strstr(text, "log"));
    assert_non_null(strstr(text, "fact 0"));
    assert_non_null(strstr(text, "fact 2"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_the_dialogue_and_not_the_bytes_whatever_the_screen_shows),
        cmocka_unit_test(a_large_one_is_cut_but_says_so_and_how_it_ended),
        cmocka_unit_test(errors_without_end_do_not_fill_the_disk_either),
        cmocka_unit_test(nobody_hears_of_a_disk_that_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
