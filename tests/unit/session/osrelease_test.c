/*
 * os-release of many images, and expressions about it.
 */
#include "testlib.h"

#include "session/osrelease.h"

#include <stdio.h>
#include <string.h>

static struct x8_os_release os;

static int parse(const char *text)
{
    struct x8_span span = {(const uint8_t *)text, strlen(text)};
    return x8_os_release_parse(span, &os, NULL);
}

static const char image_934[] = "ID=lmp-xwayland\nNAME=\"Linux-microPlatform XWayland\"\n"
                                "VERSION=\"4.0.11-934-91\"\nVERSION_ID=4.0.11-934-91\n"
                                "IMAGE_ID=lmp-factory-image\nIMAGE_VERSION=934\n"
                                "LMP_MACHINE=\"portenta-x8\"\nLMP_FACTORY=\"arduino\"\n";

static void values_are_read_with_and_without_quotes(void **state)
{
    (void)state;
    assert_int_equal(parse("# a comment\n\nA=plain\nB=\"two words\" # why\nC='it # stays'\n"
                           "D=\"say \\\"hi\\\" \\$5\"\n  E=\t\nF=\"\"\r\n"),
                     0);
    assert_string_equal(x8_os_release_get(&os, "A"), "plain");
    assert_string_equal(x8_os_release_get(&os, "B"), "two words");
    assert_string_equal(x8_os_release_get(&os, "C"), "it # stays");
    assert_string_equal(x8_os_release_get(&os, "D"), "say \"hi\" $5");
    assert_string_equal(x8_os_release_get(&os, "E"), "");
    assert_string_equal(x8_os_release_get(&os, "F"), "");
    assert_null(x8_os_release_get(&os, "G"));
}

static void lines_of_another_form_are_left_out(void **state)
{
    (void)state;
    assert_int_equal(parse("A=1\nB = 2\nC=two words\nD=\"open\n9E=3\nexport F=1\nA=later\n=x\nG"),
                     0);
    assert_int_equal(os.count, 1);
    assert_string_equal(x8_os_release_get(&os, "A"), "later");
}

static void a_text_without_any_line_of_the_form_is_refused(void **state)
{
    struct x8_error err;
    struct x8_span html = {(const uint8_t *)"<html>\n", 7};
    (void)state;
    assert_int_equal(x8_os_release_parse(html, &os, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(parse(""), -X8_E_BAD_IMAGE);
}

static void hostile_values_are_cut_and_cleaned(void **state)
{
    char text[2000] = "A=\"\033[2J";
    (void)state;
    memset(text + 7, 'x', 1500);
    memcpy(text + 1507, "\"\nB=1\n", 7);
    assert_int_equal(parse(text), 0);
    assert_int_equal(strlen(x8_os_release_get(&os, "A")), 255);
    assert_int_equal(x8_os_release_get(&os, "A")[0], '?');
    assert_string_equal(x8_os_release_get(&os, "B"), "1");
}

static void more_keys_than_fit_lose_the_last(void **state)
{
    char text[100 * 8] = "";
    (void)state;
    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "K%d=%d\n", i, i);
    assert_int_equal(parse(text), 0);
    assert_int_equal(os.count, X8_OS_ITEMS);
    assert_non_null(x8_os_release_get(&os, "K0"));
}

static void the_image_number_is_found_on_every_image(void **state)
{
    static const struct {
        const char *text;
        uint32_t number;
        const char *word;
    } rows[] = {
        {image_934, 934, "934"},
        {"IMAGE_VERSION=\"934\"\n", 934, "934"},
        {"VERSION=\"3.3.2-399-83-21-g3ad61e0\"\n", 399, "399"},
        {"VERSION_ID=3.3.2-399-83\n", 399, "399"},
        {"IMAGE_VERSION=local-image\nVERSION_ID=4.0.11-7-91\n", 0, "local-image"},
        {"IMAGE_VERSION=\nVERSION_ID=5.0.9-95\n", 95, "95"},
        {"IMAGE_VERSION=99999999999\n", 0, "99999999999"},
        {"VERSION=12\n", 0, "-"},
        {"VERSION=\"12 (bookworm)\"\nVERSION_ID=\"12\"\n", 0, "-"},
    };
    char word[32];
    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        assert_int_equal(parse(rows[i].text), 0);
        assert_int_equal(x8_os_image(&os, word), rows[i].number);
        assert_string_equal(word, rows[i].word);
    }
}

static void only_the_machine_makes_it_an_x8(void **state)
{
    (void)state;
    parse(image_934);
    assert_true(x8_os_is_x8(&os));
    parse("ID=lmp-xwayland\nLMP_MACHINE=\"imx8mm-lpddr4-evk\"\n");
    assert_false(x8_os_is_x8(&os));
    parse("ID=debian\n");
    assert_false(x8_os_is_x8(&os));
}

static void expressions_compare_numbers_versions_and_text(void **state)
{
    static const struct {
        const char *expression;
        int code;
    } rows[] = {
        {"IMAGE_VERSION>=844", 0},
        {" IMAGE_VERSION >= '844' ", 0},
        {"IMAGE_VERSION<1000", 0},
        {"IMAGE_VERSION==0934", 0},
        {"IMAGE_VERSION!=934", -X8_E_DIFFERS},
        {"IMAGE_VERSION>934", -X8_E_DIFFERS},
        {"IMAGE_VERSION<=933", -X8_E_DIFFERS},
        {"VERSION_ID>4.0.9", 0},
        {"VERSION_ID<4.1", 0},
        {"VERSION_ID==4.0.11-934-91.0", 0},
        {"VERSION_ID>=4.0.11-934-91-rc1", -X8_E_DIFFERS},
        {"LMP_MACHINE==portenta-x8", 0},
        {"LMP_MACHINE", 0},
        {"!IMAGE_X", 0},
        {"!ID", -X8_E_DIFFERS},
        {"IMAGE_X", -X8_E_DIFFERS},
        {"IMAGE_X==1", -X8_E_DIFFERS},
        {"IMAGE_X!=1", 0},
        {"ID>=844", -X8_E_DIFFERS},
        {"ID!=844", 0},
        {"ID==\"\"", -X8_E_DIFFERS},
        {"", -X8_E_USAGE},
        {"IMAGE_VERSION=934", -X8_E_USAGE},
        {"IMAGE_VERSION>=", -X8_E_USAGE},
        {"IMAGE_VERSION>>844", -X8_E_USAGE},
        {"ID===x", -X8_E_USAGE},
        {">=844", -X8_E_USAGE},
        {"!ID==1", -X8_E_USAGE},
        {"IMAGE VERSION", -X8_E_USAGE},
        {"A-B==1", -X8_E_USAGE},
    };
    (void)state;
    parse(image_934);
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_error err = {0};
        int rc = x8_os_check(&os, rows[i].expression, &err);
        if (rc != rows[i].code)
            fail_msg("%s: %d %s", rows[i].expression, rc, err.msg);
    }
}

static void a_difference_says_what_is_there_and_what_was_wanted(void **state)
{
    struct x8_error err;
    (void)state;
    parse("IMAGE_VERSION=861\n");
    assert_int_equal(x8_os_check(&os, "IMAGE_VERSION>=900", &err), -X8_E_DIFFERS);
    assert_string_equal(err.msg, "IMAGE_VERSION is 861, wanted >=900");
}

static void the_number_of_399_is_compared_too(void **state)
{
    struct x8_error err;
    (void)state;
    parse("VERSION=\"3.3.2-399-83-21-g3ad61e0\"\n");
    assert_int_equal(x8_os_check(&os, "IMAGE_VERSION==399", &err), 0);
    assert_int_equal(x8_os_check(&os, "IMAGE_VERSION>=844", &err), -X8_E_DIFFERS);
    assert_string_equal(err.msg, "IMAGE_VERSION is 399, wanted >=844");
}

static void a_self_made_image_is_never_new_enough(void **state)
{
    struct x8_error err;
    (void)state;
    parse("IMAGE_VERSION=local-image\n");
    assert_int_equal(x8_os_check(&os, "IMAGE_VERSION>=844", &err), -X8_E_DIFFERS);
    assert_string_equal(err.why, "a number and a word have no order");
    assert_int_equal(x8_os_check(&os, "IMAGE_VERSION==local-image", &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_with_and_without_quotes),
        cmocka_unit_test(lines_of_another_form_are_left_out),
        cmocka_unit_test(a_text_without_any_line_of_the_form_is_refused),
        cmocka_unit_test(hostile_values_are_cut_and_cleaned),
        cmocka_unit_test(more_keys_than_fit_lose_the_last),
        cmocka_unit_test(the_image_number_is_found_on_every_image),
        cmocka_unit_test(only_the_machine_makes_it_an_x8),
        cmocka_unit_test(expressions_compare_numbers_versions_and_text),
        cmocka_unit_test(a_difference_says_what_is_there_and_what_was_wanted),
        cmocka_unit_test(the_number_of_399_is_compared_too),
        cmocka_unit_test(a_self_made_image_is_never_new_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
