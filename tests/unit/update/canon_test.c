/*
 * Canonical JSON: one form of one document, and no form of anything doubtful.
 */
#include "testlib.h"

#include "update/canon.h"

#include <stdlib.h>
#include <string.h>

static struct x8_span span(const char *text)
{
    return (struct x8_span){(const uint8_t *)text, strlen(text)};
}

static void check(const char *text, const char *want)
{
    X8_AUTO_BUF out = {0}, again = {0};
    struct x8_error err = {0};

    if (x8_canonical(span(text), NULL, &out, &err) < 0)
        fail_msg("%s: %s: %s", text, err.msg, err.why);
    test_same_text(x8_buf_text(&out), want);
    /* its own form is its form */
    assert_int_equal(x8_canonical(x8_buf_span(&out), NULL, &again, NULL), 0);
    test_same_text(x8_buf_text(&again), want);
}

static void refuse_len(const char *text, size_t len, const char *why)
{
    X8_AUTO_BUF out = {0};
    struct x8_error err = {0};
    struct x8_span bytes = {(const uint8_t *)text, len};

    if (x8_canonical(bytes, NULL, &out, &err) != -X8_E_BAD_IMAGE)
        fail_msg("accepted: %s", text);
    if (!strstr(err.why, why))
        fail_msg("%s: '%s' is not '%s'", text, err.why, why);
    assert_int_equal(out.len, 0);
}

static void refuse(const char *text, const char *why)
{
    refuse_len(text, strlen(text), why);
}

static void blanks_go_and_members_are_sorted(void **state)
{
    (void)state;
    check(" { \"b\" : [ 1 ,\n2 ] ,\t\"a\" : { \"d\":true, \"c\":null } }\r\n",
          "{\"a\":{\"c\":null,\"d\":true},\"b\":[1,2]}");
    check("{}", "{}");
    check("[ ]", "[]");
    check("[{},[],\"\"]", "[{},[],\"\"]");
    check("false", "false");
    check("\"x\"", "\"x\"");
}

static void order_is_that_of_bytes(void **state)
{
    (void)state;
    check("{\"aa\":1,\"b\":2,\"a\":3,\"B\":4,\"\":5}", "{\"\":5,\"B\":4,\"a\":3,\"aa\":1,\"b\":2}");
    /* U+FFFD before U+10000: by bytes and by code points, other than by UTF-16 */
    check("{\"\xf0\x90\x80\x80\":1,\"\xef\xbf\xbd\":2}",
          "{\"\xef\xbf\xbd\":2,\"\xf0\x90\x80\x80\":1}");
    /* by what a key means, not how it is written: a quote sorts before a letter, its escape not */
    check("{\"A\":1,\"\\\"\":2}", "{\"\\\"\":2,\"A\":1}");
}

static void only_quotes_and_backslashes_are_escaped(void **state)
{
    (void)state;
    check("\"\\u0041\\/\\n\\t\\\"\\\\\\u00e9\\ud83d\\ude00\\u007f\"",
          "\"A/\n\t\\\"\\\\\xc3\xa9\xf0\x9f\x98\x80\x7f\"");
}

static void the_other_form_escapes_control_characters(void **state)
{
    X8_AUTO_BUF out = {0};

    (void)state;
    assert_int_equal(
        x8_canonical_escaped(span("{\"b\\n\":\"\\b\\f\\r\\t\\u001F\\u0001/\xc3\xa9\"}"), NULL, &out,
                             NULL),
        0);
    test_same_text(x8_buf_text(&out), "{\"b\\n\":\"\\b\\f\\r\\t\\u001f\\u0001/\xc3\xa9\"}");
}

static void one_member_alone(void **state)
{
    static const char text[] = "{\"x\":{\"signed\":1},\"signed\":{\"b\":1,\"a\":2},\"z\":0}";
    X8_AUTO_BUF out = {0};
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_buf_add(&out, "=", 1), 0); /* appended */
    assert_int_equal(x8_canonical(span(text), "signed", &out, NULL), 0);
    test_same_text(x8_buf_text(&out), "={\"a\":2,\"b\":1}");
    assert_int_equal(x8_canonical(span(text), "absent", &out, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg, "no member 'absent' in this JSON");
    assert_int_equal(x8_canonical(span("[\"signed\"]"), "signed", &out, &err), -X8_E_BAD_IMAGE);
    /* what stands beside the member must be right too */
    assert_int_equal(x8_canonical(span("{\"signed\":1,\"y\":1.5}"), "signed", &out, &err),
                     -X8_E_BAD_IMAGE);
}

static void the_same_name_twice_is_refused_however_it_is_written(void **state)
{
    (void)state;
    refuse("{\"a\":1,\"b\":2,\"a\":1}", "the same name twice");
    refuse("{\"a\":1,\"\\u0061\":1}", "the same name twice");
    refuse("[{\"x\":{\"\":1,\"\":2}}]", "the same name twice");
}

static void numbers_are_whole_and_exact(void **state)
{
    (void)state;
    check("[0,-1,9007199254740992,-9007199254740992]", "[0,-1,9007199254740992,-9007199254740992]");
    refuse("9007199254740993", "beyond 2^53");
    refuse("-9007199254740993", "beyond 2^53");
    refuse("99999999999999999999999999999", "beyond 2^53");
    refuse("1.0", "not whole");
    refuse("1e3", "not whole");
    refuse("1E3", "not whole");
    refuse("007", "shortest form");
    refuse("-0", "shortest form");
    refuse("-", "a value was expected");
    refuse("+1", "a value was expected");
    refuse("NaN", "a value was expected");
}

static void texts_are_whole_characters(void **state)
{
    (void)state;
    refuse("\"a", "without an end");
    refuse("\"\\", "unknown escape");
    refuse("\"\\x\"", "unknown escape");
    refuse("\"\\u12\"", "four digits");
    refuse("\"\\u12g4\"", "four digits");
    refuse("\"\\u0000\"", "NUL");
    refuse_len("\"a\0b\"", 5, "NUL");
    refuse("\"\xff\"", "not UTF-8");
    refuse("\"\xc0\x80\"", "not UTF-8");
    refuse("\"\xed\xa0\x80\"", "not UTF-8");
    refuse("\"\\ud800\"", "half of a character");
    refuse("\"\\ud800\\u0041\"", "half of a character");
    refuse("\"\\udc00\"", "half of a character");
}

static void a_document_is_one_value(void **state)
{
    (void)state;
    refuse("", "a value was expected");
    refuse("  ", "a value was expected");
    refuse("{} x", "behind the end");
    refuse("{}{}", "behind the end");
    refuse_len("{}\0", 3, "behind the end");
    refuse("{\"a\":1,}", "a text was expected");
    refuse("{a:1}", "a text was expected");
    refuse("{\"a\" 1}", "':' was expected");
    refuse("{\"a\"", "':' was expected");
    refuse("{\"a\":1", "end of the list");
    refuse("[1 2]", "end of the list");
    refuse("[1,]", "a value was expected");
    refuse("[", "a value was expected");
    refuse("{", "a text was expected");
    refuse("nul", "a value was expected");
    refuse("\xef\xbb\xbf{}", "a value was expected");
}

static void the_place_of_a_fault_is_named(void **state)
{
    X8_AUTO_BUF out = {0};
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_canonical(span("{\n \"a\": x}"), NULL, &out, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg, "not valid signed JSON at line 2, column 7");
}

static void nesting_has_a_limit(void **state)
{
    char text[2 * 65 + 1] = {0}, *inner = text + 1;

    (void)state;
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    refuse(text, "nested deeper than 64");
    text[129] = '\0';
    inner[128] = '\0';
    check(inner, inner);
}

static void many_members_are_sorted_in_a_moment(void **state)
{
    X8_AUTO_BUF in = {0}, out = {0};

    (void)state;
    assert_int_equal(x8_buf_add(&in, "{", 1), 0);
    for (int i = 200000; i > 0; i--)
        assert_int_equal(x8_buf_addf(&in, "%s\"%06d\":0", i < 200000 ? "," : "", i), 0);
    assert_int_equal(x8_buf_add(&in, "}", 1), 0);
    assert_int_equal(x8_canonical(x8_buf_span(&in), NULL, &out, NULL), 0);
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.data, "{\"000001\":0,\"000002\":0,", 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_go_and_members_are_sorted),
        cmocka_unit_test(order_is_that_of_bytes),
        cmocka_unit_test(only_quotes_and_backslashes_are_escaped),
        cmocka_unit_test(the_other_form_escapes_control_characters),
        cmocka_unit_test(one_member_alone),
        cmocka_unit_test(the_same_name_twice_is_refused_however_it_is_written),
        cmocka_unit_test(numbers_are_whole_and_exact),
        cmocka_unit_test(texts_are_whole_characters),
        cmocka_unit_test(a_document_is_one_value),
        cmocka_unit_test(the_place_of_a_fault_is_named),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(many_members_are_sorted_in_a_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
