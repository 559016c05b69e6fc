/*
 * Findings: a list that drops nothing, and the error made of it.
 */
#include "testlib.h"

#include "update/finding.h"

#include <string.h>

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(x8_finding_name(X8_FOUND_OK), "ok");
    assert_string_equal(x8_finding_name(X8_FOUND_INFO), "info");
    assert_string_equal(x8_finding_name(X8_FOUND_WARN), "warning");
    assert_string_equal(x8_finding_name(X8_FOUND_BAD), "bad");
}

static void a_list_without_bad_ones_is_no_error(void **state)
{
    X8_AUTO_FINDINGS found = {0};
    struct x8_error err = {.code = X8_E_USAGE};

    (void)state;
    assert_null(x8_findings_bad(&found));
    assert_int_equal(x8_findings_judge(&found, "no", &err), 0);
    x8_found(&found, X8_FOUND_OK, X8_E_BAD_IMAGE, "a", NULL, "fine");
    x8_found(&found, X8_FOUND_WARN, X8_E_BAD_IMAGE, "b", "look", "hm");
    assert_int_equal(x8_findings_judge(&found, "no", &err), 0);
    assert_int_equal(err.code, X8_E_USAGE); /* untouched */
    assert_int_equal(found.items[1].code, X8_OK);
}

static void the_first_bad_one_is_the_cause(void **state)
{
    X8_AUTO_FINDINGS found = {0};
    struct x8_error err;

    (void)state;
    x8_found(&found, X8_FOUND_WARN, X8_OK, "w", NULL, "warned");
    x8_found(&found, X8_FOUND_BAD, X8_E_MISFIT, "hardware", "take another", "for board %d", 7);
    assert_int_equal(x8_findings_judge(&found, "it cannot be used", &err), -X8_E_MISFIT);
    assert_string_equal(err.msg, "it cannot be used");
    assert_string_equal(err.why, "for board 7");
    assert_string_equal(err.next, "take another");
    x8_found(&found, X8_FOUND_BAD, X8_E_BAD_DIGEST, "x", NULL, "second");
    x8_found(&found, X8_FOUND_BAD, X8_E_BAD_DIGEST, "x", NULL, "third");
    assert_int_equal(x8_findings_judge(&found, "it cannot be used", &err), -X8_E_MISFIT);
    assert_string_equal(err.why, "for board 7 (and 2 more faults)");
}

static void a_bundle_cannot_move_the_cursor(void **state)
{
    X8_AUTO_FINDINGS found = {0};

    (void)state;
    x8_found(&found, X8_FOUND_BAD, X8_E_BAD_IMAGE, "x", "a\nb", "name %s", "\033[2J\xff");
    assert_string_equal(found.items[0].text, "name ?[2J?");
    assert_string_equal(found.items[0].next, "a?b");
}

static void many_and_long_ones_are_kept(void **state)
{
    X8_AUTO_FINDINGS found = {0};
    char text[1000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 100; i++)
        x8_found(&found, X8_FOUND_INFO, X8_OK, "n", text, "%d %s", i, text);
    assert_int_equal(found.count, 100);
    assert_memory_equal(found.items[99].text, "99 xxx", 6);
    assert_int_equal(strlen(found.items[99].text), sizeof found.items[99].text - 1);
    x8_findings_done(&found);
    assert_int_equal(found.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test(a_list_without_bad_ones_is_no_error),
        cmocka_unit_test(the_first_bad_one_is_the_cause),
        cmocka_unit_test(a_bundle_cannot_move_the_cursor),
        cmocka_unit_test(many_and_long_ones_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
