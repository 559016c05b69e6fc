/*
 * File names of scripts, taken apart.
 */
#include "flash/script.h"

#include "util/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void names_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *path, *member;
        int unpack, from_cwd, is_absolute;
    } rows[] = {
        {"name", "name", "", 0, 0, 0},
        {"../x.wic.gz/*", "../x.wic.gz", "", 1, 0, 0},
        {"x.wic.gz", "x.wic.gz", "", 0, 0, 0},
        {">out/x", "out/x", "", 0, 1, 0},
        {">/abs/x", "/abs/x", "", 0, 1, 1},
        {"/abs/x", "/abs/x", "", 0, 0, 1},
        {"\"a b\"", "a b", "", 0, 0, 0},
        {"\">a b\"", "a b", "", 0, 1, 0},
        {"..\\img\\x.wic", "../img/x.wic", "", 0, 0, 0},
        {"C:\\img\\x", "C:/img/x", "", 0, 0, 1},
        {"a.zip/inner/x", "a.zip", "inner/x", 0, 0, 0},
        {"d/a.TAR.gz/x.wic.gz/*", "d/a.TAR.gz", "x.wic.gz", 1, 0, 0},
        {"x.sdcard//boot.img", "x.sdcard", "boot.img", 0, 0, 0},
        {".zip/x", ".zip/x", "", 0, 0, 0},
        {"C:name", "C:name", "", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_file_ref ref;
        struct x8_error err;

        assert_int_equal(x8_file_ref_parse(rows[i].text, &ref, &err), 0);
        assert_string_equal(ref.path, rows[i].path);
        assert_string_equal(ref.member, rows[i].member);
        assert_int_equal(ref.unpack, rows[i].unpack);
        assert_int_equal(ref.from_cwd, rows[i].from_cwd);
        assert_int_equal(ref.is_absolute, rows[i].is_absolute);
    }
}

static void refused_because(const char *text, const char *what)
{
    struct x8_file_ref ref = {.path = "untouched"};
    struct x8_error err;

    assert_int_equal(x8_file_ref_parse(text, &ref, &err), -(int)X8_E_BAD_IMAGE);
    if (!strstr(err.msg, what))
        fail_msg("%s: %s", text, err.msg);
    assert_true(err.why[0] && err.next[0]);
    assert_string_equal(ref.path, "untouched");
}

static void names_that_are_none_are_refused(void **state)
{
    char long_name[3000];

    (void)state;
    refused_because("", "is empty");
    refused_because("\"\"", "is empty");
    refused_because(">", "is empty");
    refused_because("/*", "is empty");
    refused_because("http://host/x", "is a download");
    refused_because("HTTPS://host/x", "is a download");
    refused_because("a.tar/../x", "leads out of its archive");
    refused_because("a.tar/x/..", "leads out of its archive");
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    refused_because(long_name, "is too long");
    memcpy(long_name, "a.zip/", 6);
    long_name[900] = '\0';
    refused_because(long_name, "is too long");
}

static void control_characters_stay_out_of_messages(void **state)
{
    struct x8_file_ref ref;
    struct x8_error err;

    (void)state;
    assert_true(x8_file_ref_parse("a.tar/../\033[2J", &ref, &err) < 0);
    assert_null(strchr(err.msg, '\033'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_taken_apart),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(control_characters_stay_out_of_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
