/*
 * JSON, written and read.
 */
#include "testlib.h"

#include "util/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_text(const struct x8_json *json, int indented, const char *want)
{
    char *text = x8_json_text(json, indented);

    test_same_text(text, want);
    free(text);
}

static void values_of_every_kind_on_one_line(void **state)
{
    struct x8_json *json = x8_json_object(), *list = x8_json_array();

    (void)state;
    x8_json_str(json, "a", "x");
    x8_json_str(json, "none", NULL);
    x8_json_num(json, "half", 0.5);
    x8_json_u64(json, "big", UINT64_MAX);
    x8_json_u64(json, "round", 1000000000000000u);
    x8_json_bool(json, "yes", 7);
    x8_json_bool(json, "no", 0);
    x8_json_str(list, NULL, "1");
    x8_json_add(list, NULL, x8_json_object());
    x8_json_add(json, "list", list);
    check_text(json, 0,
               "{\"a\":\"x\",\"none\":null,\"half\":0.5,\"big\":18446744073709551615,"
               "\"round\":1000000000000000,\"yes\":true,\"no\":false,\"list\":[\"1\",{}]}");
    x8_json_free(&json);
    assert_null(json);
}

static void an_indented_document_is_for_people(void **state)
{
    struct x8_json *json = x8_json_object(), *list = x8_json_array(), *row = x8_json_object();

    (void)state;
    x8_json_str(row, "k \"q\"", "v");
    x8_json_u64(row, "n", 1);
    x8_json_add(list, NULL, row);
    x8_json_add(json, "rows", list);
    x8_json_add(json, "empty", x8_json_array());
    check_text(
        json, 1,
        "{\n  \"rows\": [\n    {\n      \"k \\\"q\\\"\": \"v\",\n      \"n\": 1\n    }\n  ],\n"
        "  \"empty\": []\n}");
    x8_json_free(&json);
}

static void whatever_a_board_says_stays_valid(void **state)
{
    struct x8_json *json = x8_json_object();

    (void)state;
    x8_json_str(json, "t", "a\033[1m\n\"\xff\xc3");
    x8_json_num(json, "nan", (double)NAN);
    check_text(json, 0, "{\"t\":\"a\\u001b[1m\\n\\\"??\",\"nan\":null}");
    x8_json_free(&json);
}

static void an_error_has_its_code_by_name_and_number(void **state)
{
    struct x8_json *json = x8_json_object();
    struct x8_error err;

    (void)state;
    x8_fail(&err, X8_E_NO_PERMISSION, "cannot open");
    x8_error_next(&err, "sudo it");
    x8_json_error(json, "error", &err);
    check_text(json, 0,
               "{\"error\":{\"code\":\"no-permission\",\"status\":13,\"what\":\"cannot open\","
               "\"why\":null,\"next\":\"sudo it\"}}");
    x8_json_free(&json);
}

static void members_are_copied_by_a_merge(void **state)
{
    struct x8_json *a = x8_json_object(), *b = x8_json_object();

    (void)state;
    x8_json_str(b, "x", "1");
    x8_json_add(b, "y", x8_json_array());
    x8_json_merge(a, b);
    x8_json_free(&b);
    check_text(a, 0, "{\"x\":\"1\",\"y\":[]}");
    x8_json_free(&a);
}

static void a_document_is_read_back(void **state)
{
    static const char text[] = " {\"a\":{\"b\":\"c\"},\"n\":1} \n";
    struct x8_json *json = NULL;

    (void)state;
    assert_int_equal(x8_json_parse(text, sizeof text - 1, &json, NULL), 0);
    assert_string_equal(x8_json_get_str(x8_json_get(json, "a"), "b"), "c");
    assert_null(x8_json_get_str(json, "n"));
    assert_null(x8_json_get_str(json, "missing"));
    assert_null(x8_json_get(json, "A"));
    assert_null(x8_json_get_str(x8_json_get(json, "missing"), "b"));
    x8_json_free(&json);
}

static void children_are_visited_in_their_order(void **state)
{
    static const char text[] = "{\"a\":[1,null],\"b\":\"x\"}";
    struct x8_json *json = NULL;
    const struct x8_json *a, *b;

    (void)state;
    assert_int_equal(x8_json_parse(text, sizeof text - 1, &json, NULL), 0);
    a = x8_json_first(json);
    assert_string_equal(x8_json_name(a), "a");
    b = x8_json_next(a);
    assert_string_equal(x8_json_name(b), "b");
    assert_null(x8_json_next(b));
    assert_null(x8_json_first(b)); /* a text has none */
    assert_null(x8_json_first(NULL));
    assert_null(x8_json_name(x8_json_first(a)));
    assert_true(x8_json_is_null(x8_json_next(x8_json_first(a))));
    assert_false(x8_json_is_null(a));
    assert_false(x8_json_is_null(NULL));
    x8_json_free(&json);
}

static void whole_numbers_are_exact_or_none(void **state)
{
    static const char text[] = "[0,9007199254740992,9007199254740994,-1,1.5,\"1\",1e3]";
    static const int64_t want[] = {0, 9007199254740992, -1, -1, -1, -1, 1000};
    struct x8_json *json = NULL;

    (void)state;
    assert_int_equal(x8_json_parse(text, sizeof text - 1, &json, NULL), 0);
    for (size_t i = 0; i < X8_COUNT(want); i++) {
        uint64_t got = 0;
        int rc = x8_json_as_u64(x8_json_at(json, i), &got);

        assert_int_equal(rc, want[i] < 0 ? -1 : 0);
        if (rc == 0)
            assert_int_equal(got, (uint64_t)want[i]);
    }
    x8_json_free(&json);
}

static void check_bad(const char *text, size_t len, const char *where)
{
    struct x8_json *json = NULL;
    struct x8_error err;

    assert_int_equal(x8_json_parse(text, len, &json, &err), -X8_E_BAD_IMAGE);
    assert_null(json);
    assert_non_null(strstr(err.msg, where));
}

static void a_fault_is_named_with_its_place(void **state)
{
    char deep[3000];

    (void)state;
    check_bad("", 0, "line 1, column 1");
    check_bad("{\"a\":1,\n \"b\":x}", 15, "line 2, column 6");
    check_bad("{} {}", 5, "column 4");
    check_bad("{\"a\":\"\xff\"}", 9, "column 7");
    check_bad("{\"a\":1", 6, "line 1");
    check_bad("[1,2", 4, "line 1");
    memset(deep, '[', sizeof deep); /* deeper than the parser allows: no stack overflow */
    check_bad(deep, sizeof deep, "line 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_kind_on_one_line),
        cmocka_unit_test(an_indented_document_is_for_people),
        cmocka_unit_test(whatever_a_board_says_stays_valid),
        cmocka_unit_test(an_error_has_its_code_by_name_and_number),
        cmocka_unit_test(members_are_copied_by_a_merge),
        cmocka_unit_test(a_document_is_read_back),
        cmocka_unit_test(children_are_visited_in_their_order),
        cmocka_unit_test(whole_numbers_are_exact_or_none),
        cmocka_unit_test(a_fault_is_named_with_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
