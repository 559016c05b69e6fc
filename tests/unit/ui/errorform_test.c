/*
 * The three-part form.
 */
#include "kit.h"

static struct x8_error sample(void)
{
    struct x8_error err;

    x8_fail(&err, X8_E_NO_PERMISSION, "cannot open the board at usb 3-1.4");
    x8_error_why(&err, "no permission on the device node: owner root, you are \"ana\", no rule "
                       "matches 1fc9:0134");
    x8_error_next(&err, "sudo x8ctl udev install          once per computer");
    return err;
}

static void what_why_next_and_code(void **state)
{
    struct x8_error err = sample();
    X8_AUTO_BUF out = {0};

    (void)state;
    x8_error_form("x8ctl flash", &err, 0, 0, &out);
    test_same_text(
        x8_buf_text(&out),
        "x8ctl flash: cannot open the board at usb 3-1.4\n"
        "  why    no permission on the device node: owner root, you are \"ana\", no rule "
        "matches 1fc9:0134\n"
        "  next   sudo x8ctl udev install          once per computer\n"
        "  code   13 no-permission                 x8ctl help E13\n");
}

static void parts_that_are_not_known_are_left_out(void **state)
{
    struct x8_error err;
    X8_AUTO_BUF out = {0};

    (void)state;
    x8_fail(&err, X8_E_USAGE, "unknown option --fals");
    x8_error_form("x8ctl", &err, 80, 0, &out);
    test_same_text(x8_buf_text(&out), "x8ctl: unknown option --fals\n"
                                      "  code   2 usage                          x8ctl help E2\n");
}

static void long_texts_wrap_with_a_hanging_indent(void **state)
{
    struct x8_error err = sample();
    X8_AUTO_BUF out = {0};

    (void)state;
    err.next[0] = '\0';
    x8_error_form("x8ctl flash", &err, 60, 0, &out);
    test_same_text(x8_buf_text(&out), "x8ctl flash: cannot open the board at usb 3-1.4\n"
                                      "  why    no permission on the device node: owner root, you\n"
                                      "         are \"ana\", no rule matches 1fc9:0134\n"
                                      "  code   13 no-permission                 x8ctl help E13\n");
}

static void two_causes_stand_on_two_lines(void **state)
{
    struct x8_error err;
    X8_AUTO_BUF out = {0};

    (void)state;
    x8_fail(&err, X8_E_GONE, "gone");
    x8_error_why(&err, "the cable\nor the hub\n");
    x8_error_form("x8ctl", &err, 0, 0, &out);
    test_same_text(x8_buf_text(&out), "x8ctl: gone\n"
                                      "  why    the cable\n"
                                      "         or the hub\n"
                                      "  code   15 gone                          x8ctl help E15\n");
}

static void a_word_wider_than_the_line_is_not_torn(void **state)
{
    struct x8_error err;
    X8_AUTO_BUF out = {0};

    (void)state;
    x8_fail(&err, X8_E_NO_FILE, "x");
    x8_error_next(&err, "see /a/very/long/path/that/does/not/fit/into/one/line/of/this/width yes");
    x8_error_form("x8ctl", &err, 40, 0, &out);
    test_same_text(x8_buf_text(&out),
                   "x8ctl: x\n"
                   "  next   see\n"
                   "         /a/very/long/path/that/does/not/fit/into/one/line/of/this/width\n"
                   "         yes\n"
                   "  code   20 no-file   x8ctl help E20\n");
}

static void colour_changes_nothing_but_colour(void **state)
{
    struct x8_error err = sample();
    X8_AUTO_BUF plain = {0};
    X8_AUTO_BUF color = {0};
    size_t at = 0;

    (void)state;
    x8_error_form("x8ctl flash", &err, 50, 0, &plain);
    x8_error_form("x8ctl flash", &err, 50, 1, &color);
    for (const char *p = x8_buf_text(&color); *p; p++) {
        if (*p == '\033')
            p += strcspn(p, "m");
        else
            assert_int_equal(*p, plain.data[at++]);
    }
    assert_int_equal(at, plain.len);
    assert_true(color.len > plain.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_why_next_and_code),
        cmocka_unit_test(parts_that_are_not_known_are_left_out),
        cmocka_unit_test(long_texts_wrap_with_a_hanging_indent),
        cmocka_unit_test(two_causes_stand_on_two_lines),
        cmocka_unit_test(a_word_wider_than_the_line_is_not_torn),
        cmocka_unit_test(colour_changes_nothing_but_colour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
