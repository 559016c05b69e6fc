/*
 * Paths as text.
 */
#include "testlib.h"

#include "util/file.h"

#include <stdlib.h>
#include <sys/stat.h>

static void check(char *got, const char *want)
{
    assert_non_null(got);
    test_same_text(got, want);
    free(got);
}

static void names_are_joined_with_one_slash(void **state)
{
    (void)state;
    check(x8_path_join("a", "b"), "a/b");
    check(x8_path_join("a/", "b"), "a/b");
    check(x8_path_join("/", "b"), "/b");
    check(x8_path_join("", "b"), "b");
    check(x8_path_join("a", ""), "a/");
    check(x8_path_join("a", "/b"), "/b");
}

static void a_folder_and_a_base_are_split(void **state)
{
    static const char *const rows[][3] = {
        {"a/b.c", "a", "b.c"}, {"b.c", ".", "b.c"}, {"/x", "/", "x"},  {"/", "/", ""},
        {"a//b", "a", "b"},    {"a/b/", "a", ""},   {"", ".", ""},     {"//x", "/", "x"},
        {"../x", "..", "x"},   {"/a/b", "/a", "b"}, {"./x", ".", "x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check(x8_path_dir(rows[i][0]), rows[i][1]);
        assert_string_equal(x8_path_base(rows[i][0]), rows[i][2]);
    }
}

static void dots_are_resolved_as_text(void **state)
{
    static const char *const rows[][2] = {
        {"", "."},
        {".", "."},
        {"./", "."},
        {"/", "/"},
        {"//", "/"},
        {"a", "a"},
        {"./a//b/.", "a/b"},
        {"a/../b", "b"},
        {"a/..", "."},
        {"..", ".."},
        {"../..", "../.."},
        {"a/../../b", "../b"},
        {"../a/..", ".."},
        {"/..", "/"},
        {"/../../etc", "/etc"},
        {"/a/../..", "/"},
        {"..a/b..", "..a/b.."},
        {"a../..", "."},
        {"...", "..."},
        {"x/..../..", "x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(x8_path_normal(rows[i][0]), rows[i][1]);
}

static void kinds_of_paths_are_told_apart(void **state)
{
    char *dir = test_dir_new(), *file = test_file(dir, "f", "x", 1), *fifo = test_path(dir, "p");

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(x8_path_kind(dir), X8_PATH_DIR);
    assert_int_equal(x8_path_kind(file), X8_PATH_FILE);
    assert_int_equal(x8_path_kind(fifo), X8_PATH_OTHER);
    assert_int_equal(x8_path_kind("/dev/null"), X8_PATH_OTHER);
    assert_int_equal(x8_path_kind("/no/such/thing"), X8_PATH_NONE);
    assert_int_equal(x8_path_kind(""), X8_PATH_NONE);
    free(file);
    free(fifo);
    test_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_joined_with_one_slash),
        cmocka_unit_test(a_folder_and_a_base_are_split),
        cmocka_unit_test(dots_are_resolved_as_text),
        cmocka_unit_test(kinds_of_paths_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
