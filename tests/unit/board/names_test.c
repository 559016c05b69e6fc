/*
 * The user's names for boards: kept, found under any form of the serial number, and refused when
 * they could not stand behind -s.
 */
#include "board/target.h"

#include "testlib.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *dir, *path;
static struct x8_error err;

static int begin(void **state)
{
    (void)state;
    dir = test_dir_new();
    path = test_path(dir, "boards.json");
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_dir_free(dir);
    free(path);
    return 0;
}

static void a_name_is_found_under_any_form_of_the_serial_number(void **state)
{
    char name[64];

    (void)state;
    assert_int_equal(x8_names_set(path, "0A13B209DAB6FAD9", "bench-1", &err), 0);
    assert_int_equal(x8_names_get(path, "a13b209dab6fad9", name, sizeof name), 1);
    assert_string_equal(name, "bench-1");
    assert_int_equal(x8_names_get(path, "0A13B209DAB6FAD8", name, sizeof name), 0);
    assert_string_equal(name, "");
}

static void a_new_name_takes_the_place_of_the_old_one(void **state)
{
    char name[64], *text;

    (void)state;
    assert_int_equal(x8_names_set(path, "0A13B209DAB6FAD9", "bench-1", &err), 0);
    assert_int_equal(x8_names_set(path, "2A10BB31C4D0FAD9", "bench-2", &err), 0);
    assert_int_equal(x8_names_set(path, "a13b209dab6fad9", "bench-3", &err), 0);
    assert_int_equal(x8_names_get(path, "0A13B209DAB6FAD9", name, sizeof name), 1);
    assert_string_equal(name, "bench-3");
    text = test_read(path, NULL);
    assert_null(strstr(text, "bench-1"));
    assert_non_null(strstr(text, "bench-2"));
    free(text);
}

static void a_name_can_be_taken_away_also_twice(void **state)
{
    char name[64];

    (void)state;
    assert_int_equal(x8_names_set(path, "0A13B209DAB6FAD9", NULL, &err), 0);
    assert_int_equal(x8_names_set(path, "0A13B209DAB6FAD9", "bench-1", &err), 0);
    assert_int_equal(x8_names_set(path, "0A13B209DAB6FAD9", NULL, &err), 0);
    assert_int_equal(x8_names_get(path, "0A13B209DAB6FAD9", name, sizeof name), 0);
}

static void two_boards_do_not_have_one_name(void **state)
{
    (void)state;
    assert_int_equal(x8_names_set(path, "0A13B209DAB6FAD9", "bench-1", &err), 0);
    assert_int_equal(x8_names_set(path, "2A10BB31C4D0FAD9", "Bench-1", &err), -X8_E_USAGE);
    assert_non_null(strstr(err.why, "0A13B209DAB6FAD9"));
}

static void names_that_could_not_stand_behind_s_are_refused(void **state)
{
    static const char *const names[] = {"",        "ab",        "a b c d",         "1-4.2",
                                        "usb:1-4", "bench\n",   "\033[31mred",     "bench/1",
                                        "$NAME",   "host:5555", "\xff\xfe\xfd\xfc"};
    char name[80];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        assert_int_equal(x8_names_set(path, "0A13B209DAB6FAD9", names[i], &err), -X8_E_USAGE);
        assert_true(err.why[0] && err.next[0]);
        assert_null(strchr(err.msg, '\033'));
    }
    memset(name, 'n', 64);
    name[64] = '\0';
    assert_int_equal(x8_names_set(path, "0A13B209DAB6FAD9", name, &err), -X8_E_USAGE);
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
}

static void a_file_that_is_no_json_is_not_written_over(void **state)
{
    char *text;

    (void)state;
    free(test_file(dir, "boards.json", "names of mine", 13));
    assert_true(x8_names_set(path, "0A13B209DAB6FAD9", "bench-1", &err) < 0);
    assert_true(err.next[0]);
    text = test_read(path, NULL);
    assert_string_equal(text, "names of mine");
    free(text);
}

static void what_was_written_by_hand_moves_no_cursor(void **state)
{
    static const char json[] = "{\"0A13B209DAB6FAD9\":\"\\u001b[31mred\"}";
    char name[64];

    (void)state;
    free(test_file(dir, "boards.json", json, sizeof json - 1));
    assert_int_equal(x8_names_get(path, "0A13B209DAB6FAD9", name, sizeof name), 1);
    assert_null(strchr(name, '\033'));
}

static void count_names(void *ctx, const char *serial, const char *name)
{
    assert_true(serial[0] && name[0]);
    ++*(int *)ctx;
}

static void all_names_are_listed(void **state)
{
    int count = 0;

    (void)state;
    assert_int_equal(x8_names_each(path, count_names, &count, &err), 0);
    assert_int_equal(x8_names_set(path, "0A13B209DAB6FAD9", "bench-1", &err), 0);
    assert_int_equal(x8_names_set(path, "2A10BB31C4D0FAD9", "bench-2", &err), 0);
    assert_int_equal(x8_names_each(path, count_names, &count, &err), 2);
    assert_int_equal(count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_found_under_any_form_of_the_serial_number),
        TEST(a_new_name_takes_the_place_of_the_old_one),
        TEST(a_name_can_be_taken_away_also_twice),
        TEST(two_boards_do_not_have_one_name),
        TEST(names_that_could_not_stand_behind_s_are_refused),
        TEST(a_file_that_is_no_json_is_not_written_over),
        TEST(what_was_written_by_hand_moves_no_cursor),
        TEST(all_names_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
