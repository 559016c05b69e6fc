#include "testlib.h"

#include "session/sentinel.h"

#include <stdio.h>
#include <string.h>

static const char nonce[] = "0123456789abcdef0123456789abcdef";

static int find(const char *text, struct x8_mark *mark)
{
    return x8_mark_find(nonce, (const uint8_t *)text, strlen(text), mark);
}

static void a_mark_in_the_middle_is_found(void **state)
{
    char text[200];
    struct x8_mark mark;

    (void)state;
    snprintf(text, sizeof text, "out\n\036X8%s=137;rest", nonce);
    assert_int_equal(find(text, &mark), 1);
    assert_int_equal(mark.at, 4);
    assert_int_equal(mark.kind, '=');
    assert_int_equal(mark.value, 137);
    assert_string_equal(text + mark.at + mark.len, "rest");
}

static void every_beginning_of_a_mark_is_held_back(void **state)
{
    char text[200];
    struct x8_mark mark;
    size_t len;

    (void)state;
    snprintf(text, sizeof text, "ab\036X8%s=4294967295;", nonce);
    len = strlen(text);
    for (size_t cut = 3; cut < len; cut++) {
        assert_int_equal(x8_mark_find(nonce, (const uint8_t *)text, cut, &mark), 0);
        assert_int_equal(mark.at, 2);
    }
    assert_int_equal(find(text, &mark), 1);
    assert_int_equal(mark.value, UINT32_MAX);
    assert_int_equal(mark.len, X8_MARK_MAX);
}

static void look_alikes_are_output(void **state)
{
    static const char *const tails[] = {"=12345678901;", "=4294967296;", "=1 ;", "=x", ""};
    char text[200];
    struct x8_mark mark;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(tails) - 1; i++) {
        snprintf(text, sizeof text, "\036X8%s%s, and more", nonce, tails[i]);
        assert_int_equal(find(text, &mark), 0);
        assert_int_equal(mark.at, strlen(text));
    }
    snprintf(text, sizeof text, "\036X8%s=0;", "ffffffffffffffffffffffffffffffff");
    assert_int_equal(find(text, &mark), 0);
    assert_int_equal(mark.at, strlen(text));
}

static void a_mark_right_behind_a_look_alike_is_found(void **state)
{
    char text[200];
    struct x8_mark mark;

    (void)state;
    snprintf(text, sizeof text, "\036X8\036X8%.20s\036X8%s!;", nonce, nonce);
    assert_int_equal(find(text, &mark), 1);
    assert_int_equal(mark.at, 26);
    assert_int_equal(mark.kind, '!');
    assert_int_equal(mark.value, 0);
}

static void no_two_nonces_are_the_same(void **state)
{
    char a[X8_NONCE_LEN + 1], b[X8_NONCE_LEN + 1];

    (void)state;
    assert_int_equal(x8_nonce_make(a, NULL), 0);
    assert_int_equal(x8_nonce_make(b, NULL), 0);
    assert_int_equal(strlen(a), X8_NONCE_LEN);
    assert_int_equal(strspn(a, "0123456789abcdef"), X8_NONCE_LEN);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_in_the_middle_is_found),
        cmocka_unit_test(every_beginning_of_a_mark_is_held_back),
        cmocka_unit_test(look_alikes_are_output),
        cmocka_unit_test(a_mark_right_behind_a_look_alike_is_found),
        cmocka_unit_test(no_two_nonces_are_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
