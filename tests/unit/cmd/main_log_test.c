/*
 * The log that is kept of a run: which runs, its name, what goes when there are too many, and that
 * nothing of it is felt where it cannot be kept.
 */
#include "main.h"
#include "main_log.h"
#include "running.h"

#include "testlib.h"
#include "util/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct x8_cmd flash = {.name = "flash", .logged = ""};
static struct x8_cmd list = {.name = "list"};
static struct x8_cmd image = {.name = "image", .logged = "get prune"};
static struct x8_cmd run = {.name = "exec", .logged = "", .needs = X8_STATUS_IS_REMOTE};
static struct x8_run_log run_log;
static struct x8_error err;
static char *dir, *folder;

static int begin(void **state)
{
    (void)state;
    memset(&run_log, 0, sizeof run_log);
    unsetenv("X8CTL_LOGS");
    dir = test_dir_new();
    folder = test_path(dir, "state/logs");
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(folder);
    test_dir_free(dir);
    return 0;
}

static int wanted(const struct x8_cmd *cmd, const char *verb, const struct x8_globals *globals)
{
    char *argv[] = {(char *)(uintptr_t)verb, NULL};
    struct x8_line line = {.cmd = cmd, .argc = verb ? 1 : 0, .argv = argv};

    return x8_run_log_is_wanted(&line, globals);
}

static void runs_that_only_look_leave_no_log(void **state)
{
    struct x8_globals plain = {0}, dry = {.dry_run = 1}, help = {.help = 1}, named = {.log = "f"};

    (void)state;
    assert_true(wanted(&flash, NULL, &plain) && wanted(&flash, "934", &plain));
    assert_true(wanted(&image, "get", &plain) && wanted(&image, "prune", &plain));
    assert_false(wanted(&image, "list", &plain) || wanted(&image, "ge", &plain));
    assert_false(wanted(&image, "et", &plain) || wanted(&image, "", &plain));
    assert_false(wanted(&image, NULL, &plain));
    assert_false(wanted(&list, NULL, &plain) || wanted(NULL, NULL, &plain));
    assert_false(wanted(&flash, NULL, &dry) || wanted(&flash, NULL, &help));
    assert_false(wanted(&flash, NULL, &named));
}

static void the_variable_says_how_many(void **state)
{
    static const char *const bad[] = {"-1", "101", "many", "5x"};
    unsigned count = 7;

    (void)state;
    assert_int_equal(x8_env_logs(&count, &err), 0);
    assert_int_equal(count, 20);
    setenv("X8CTL_LOGS", "5", 1);
    assert_int_equal(x8_env_logs(&count, &err), 0);
    assert_int_equal(count, 5);
    setenv("X8CTL_LOGS", "off", 1);
    assert_int_equal(x8_env_logs(&count, &err), 0);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < X8_COUNT(bad); i++) {
        setenv("X8CTL_LOGS", bad[i], 1);
        assert_int_equal(x8_env_logs(&count, &err), -X8_E_USAGE);
        assert_non_null(strstr(err.msg, bad[i]));
    }
}

static char *begun(const struct x8_cmd *cmd, const char *command, unsigned keep)
{
    x8_run_log_begin(&run_log, cmd, command, folder, keep);
    assert_true(run_log.fd > 2);
    return test_path(folder, run_log.name);
}

static void a_log_has_a_first_and_a_last_line_and_is_the_users_alone(void **state)
{
    char words[][24] = {"x8ctl", "image", "get", "a b", "http://u:s3@h/f?sig=s4"};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], NULL};
    char *path, *text;
    struct stat st;

    (void)state;
    x8_run_log_words(&run_log, 5, argv);
    path = begun(&image, "x8ctl image get", 20);
    assert_true(x8_run_log_is_name(run_log.name) && strstr(run_log.name, "Z-image-get-"));
    assert_string_equal(run_log.path, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    x8_run_log_end(&run_log, 24, 1);
    assert_int_equal(run_log.fd, 0);
    text = test_read(path, NULL);
    assert_non_null(strstr(text, "Z image get - run x8ctl "));
    assert_non_null(strstr(text, ": x8ctl image get 'a b' 'http://"));
    assert_non_null(strstr(text, "@h/f?...'\n"));
    assert_true(!strstr(text, "s3") && !strstr(text, "s4"));
    assert_non_null(strstr(text, "Z image get - exit 24 after 0:0"));
    free(text);
    free(path);
}

static void no_operand_brings_a_password_into_a_log(void **state)
{
    char words[][40] = {"x8ctl", "flash", "me:hunter5@h/934.tar.gz", "http:/me:hunter5@h/x",
                        "net:host"};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], NULL};

    (void)state;
    x8_run_log_words(&run_log, 5, argv);
    assert_null(strstr(run_log.words, "hunter5"));
    assert_non_null(strstr(run_log.words, "@h/934.tar.gz"));
    assert_non_null(strstr(run_log.words, "net:host"));
}

static void a_long_line_is_cut_and_moves_no_cursor(void **state)
{
    static char large[5000];
    char *argv[] = {large, large, NULL};

    (void)state;
    memset(large, 'x', sizeof large - 1);
    large[3] = '\033';
    x8_run_log_words(&run_log, 2, argv);
    assert_true(x8_ends(run_log.words, "xx..."));
    assert_null(strchr(run_log.words, '\033'));
    assert_true(strlen(run_log.words) < sizeof run_log.words);
}

static void what_is_run_on_a_board_is_not_in_a_log_and_leaves_one_only_by_our_failure(void **state)
{
    char words[][24] = {"x8ctl", "exec", "login", "Unmistakable"};
    char *argv[] = {words[0], words[1], words[2], words[3], NULL};
    char *path, *text;

    (void)state;
    x8_run_log_words(&run_log, 4, argv);
    path = begun(&run, "x8ctl exec", 20);
    assert_int_equal(run_log.depth, 1);
    x8_run_log_end(&run_log, 3, 0);
    assert_int_equal(access(path, F_OK), -1);
    free(path);
    path = begun(&run, "x8ctl exec", 20);
    x8_run_log_end(&run_log, 255, 1);
    text = test_read(path, NULL);
    assert_null(strstr(text, "Unmistakable"));
    assert_null(strstr(text, "login"));
    assert_non_null(strstr(text, "exit 255"));
    free(text);
    free(path);
}

static void only_names_of_this_form_are_ours(void **state)
{
    static const char *const ours[] = {"20261121T185500Z-flash-3222.log",
                                       "20261121T185500Z-update-legacy-399-1.log",
                                       "20261121T185500Z-image-get-4194304.log"};
    static const char *const others[] = {"",
                                         "run.log",
                                         "20261121T185500Z-flash-3222.txt",
                                         "20261121T185500Z-flash-3222.log.gz",
                                         "20261121T185500Z-flash-.log",
                                         "20261121T185500Z-3222.log",
                                         "20261121T185500Z--3222.log",
                                         "2026112xT185500Z-flash-3222.log",
                                         "20261121 185500Z-flash-3222.log",
                                         "20261121T1855000-flash-3222.log",
                                         "20261121T185500Z-fl/sh-3222.log",
                                         "20261121T185500Z-fl sh-3222.log",
                                         "x20261121T185500Z-flash-3222.log"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(ours); i++)
        assert_true(x8_run_log_is_name(ours[i]));
    for (size_t i = 0; i < X8_COUNT(others); i++)
        assert_false(x8_run_log_is_name(others[i]));
}

static int is_there(const char *name)
{
    char *path = test_path(folder, name);
    struct stat st;
    int there = lstat(path, &st) == 0;

    free(path);
    return there;
}

static char *name_of(int i)
{
    static char name[64];

    snprintf(name, sizeof name, "20260101T%06dZ-flash-%d.log", i, 10000 - i);
    return name;
}

static void make_logs(int count)
{
    assert_int_equal(x8_env_make_folder(folder, &err), 0);
    for (int i = 0; i < count; i++)
        free(test_file(folder, name_of(i), "x", 1));
}

static void of_a_thousand_the_newest_stay_and_the_own_one_among_them(void **state)
{
    char *path;
    int left = 0;

    (void)state;
    make_logs(1000);
    path = begun(&flash, "x8ctl flash", 20);
    x8_run_log_end(&run_log, 0, 0);
    for (int i = 0; i < 1000; i++)
        left += is_there(name_of(i));
    assert_int_equal(left, 19);
    assert_true(is_there(name_of(999)) && is_there(name_of(981)) && !is_there(name_of(980)));
    assert_int_equal(access(path, F_OK), 0);
    free(path);
}

static void of_one_second_those_that_were_written_last_stay(void **state)
{
    static const char *const names[] = {"20260101T000000Z-update-1.log", /* the oldest */
                                        "20260101T000000Z-flash-99.log",
                                        "20260101T000000Z-flash-100.log"};
    char *path;

    (void)state;
    make_logs(0);
    for (int i = 0; i < 3; i++) {
        struct timespec when[2] = {{1700000000, i * 1000000}, {1700000000, i * 1000000}};

        path = test_file(folder, names[i], "x", 1);
        assert_int_equal(utimensat(AT_FDCWD, path, when, 0), 0);
        free(path);
    }
    path = begun(&flash, "x8ctl flash", 3);
    x8_run_log_end(&run_log, 0, 0);
    assert_false(is_there(names[0]));
    assert_true(is_there(names[1]) && is_there(names[2]));
    free(path);
}

static void a_clock_that_went_back_does_not_cost_the_own_log(void **state)
{
    char *path;

    (void)state;
    make_logs(0);
    free(test_file(folder, "29991231T235959Z-flash-1.log", "x", 1));
    free(test_file(folder, "29991231T235959Z-flash-2.log", "x", 1));
    path = begun(&flash, "x8ctl flash", 1);
    x8_run_log_end(&run_log, 0, 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_false(is_there("29991231T235959Z-flash-1.log"));
    free(path);
}

/* Folders, links and pipes with names of ours, and files with other names, old ones all. */
static void nothing_but_plain_files_of_ours_is_removed(void **state)
{
    static const char *const own_form[] = {
        "19700101T000000Z-flash-1.log", "19700101T000000Z-flash-2.log",
        "19700101T000000Z-flash-3.log", "19700101T000000Z-flash-4.log"};
    char *paths[4], *kept, *linked = test_file(dir, "precious", "text", 4), *text;
    int at;

    (void)state;
    make_logs(5);
    kept = test_file(folder, "notes.log", "x", 1);
    for (size_t i = 0; i < 4; i++)
        paths[i] = test_path(folder, own_form[i]);
    assert_int_equal(mkdir(paths[0], 0700), 0);
    assert_int_equal(symlink(linked, paths[1]), 0);
    assert_int_equal(symlink("/no/such", paths[2]), 0);
    assert_int_equal(mkfifo(paths[3], 0600), 0);
    at = open(folder, O_RDONLY | O_DIRECTORY);
    x8_run_log_prune(at, NULL, 2);
    close(at);
    for (size_t i = 0; i < 4; i++) {
        assert_true(is_there(own_form[i]));
        free(paths[i]);
    }
    assert_true(is_there("notes.log") && is_there(name_of(4)) && is_there(name_of(3)));
    assert_false(is_there(name_of(2)) || is_there(name_of(0)));
    text = test_read(linked, NULL);
    assert_string_equal(text, "text");
    free(text);
    free(linked);
    free(kept);
}

static void no_log_and_no_word(const char *why)
{
    struct test_capture capture;
    char *text;

    test_capture_begin(&capture, STDERR_FILENO);
    x8_run_log_begin(&run_log, &flash, "x8ctl flash", folder, 20);
    x8_run_log_end(&run_log, 0, 0);
    text = test_capture_end(&capture);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(run_log.fd, 0);
    assert_non_null(strstr(run_log.why, why));
}

static void where_it_cannot_be_kept_there_is_none(void **state)
{
    char *blocked, *target = test_path(dir, "elsewhere");

    (void)state;
    assert_int_equal(mkdir(target, 0700), 0);
    blocked = test_file(dir, "state", "x", 1);
    no_log_and_no_word("cannot be made");
    assert_int_equal(unlink(blocked), 0);
    assert_int_equal(mkdir(blocked, 0700), 0);
    assert_int_equal(symlink(target, folder), 0); /* a link is not followed */
    no_log_and_no_word("");
    assert_int_equal(unlink(folder), 0);
    free(folder);
    folder = strdup("//.local/state/x8ctl/logs"); /* HOME=/ */
    no_log_and_no_word("none of this user's");
    free(blocked);
    free(target);
}

/* Only root can be wrong here, and only root can make such a folder for the test. */
static void root_leaves_nothing_in_the_folder_of_another_user(void **state)
{
    char *home = test_path(dir, "home");

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(mkdir(home, 0755), 0);
    if (chown(home, 1, 1) != 0)
        skip();
    free(folder);
    folder = test_path(dir, "home/.local/state/x8ctl/logs");
    no_log_and_no_word("none of this user's");
    assert_int_equal(rmdir(home), 0);
    free(home);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_that_only_look_leave_no_log),
        TEST(the_variable_says_how_many),
        TEST(a_log_has_a_first_and_a_last_line_and_is_the_users_alone),
        TEST(no_operand_brings_a_password_into_a_log),
        TEST(a_long_line_is_cut_and_moves_no_cursor),
        TEST(what_is_run_on_a_board_is_not_in_a_log_and_leaves_one_only_by_our_failure),
        TEST(only_names_of_this_form_are_ours),
        TEST(of_a_thousand_the_newest_stay_and_the_own_one_among_them),
        TEST(of_one_second_those_that_were_written_last_stay),
        TEST(a_clock_that_went_back_does_not_cost_the_own_log),
        TEST(nothing_but_plain_files_of_ours_is_removed),
        TEST(where_it_cannot_be_kept_there_is_none),
        TEST(root_leaves_nothing_in_the_folder_of_another_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
