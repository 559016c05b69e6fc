/*
 * The carrier pages.
 */
#include "board/carriers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void all_five_are_found_by_name_in_any_case(void **state)
{
    static const char *const names[] = {"max", "Breakout", "HAT", "mid", "none"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++)
        assert_ptr_equal(x8_carrier_find(names[i]), x8_carrier_row(i));
    assert_null(x8_carrier_row(X8_COUNT(names)));
    assert_null(x8_carrier_find("portenta"));
}

static void a_page_names_every_switch_step_and_led(void **state)
{
    const struct x8_carrier *c;

    (void)state;
    for (size_t i = 0; (c = x8_carrier_row(i)); i++) {
        X8_AUTO_BUF page = {0};

        assert_int_equal(x8_carrier_page(c, 0, &page), 0);
        for (size_t k = 0; k < X8_CARRIER_SWITCHES && c->switches[k]; k++)
            assert_non_null(strstr(x8_buf_text(&page), c->switches[k]));
        for (size_t k = 0; k < X8_CARRIER_STEPS && c->steps[k]; k++)
            assert_non_null(strstr(x8_buf_text(&page), c->steps[k]));
        for (size_t k = 0; x8_led_row(k); k++)
            assert_non_null(strstr(x8_buf_text(&page), x8_led_row(k)->meaning));
        assert_non_null(strstr(x8_buf_text(&page), c->after));
    }
}

static void the_plain_page_is_ascii_and_fits_eighty_columns(void **state)
{
    (void)state;
    for (size_t i = 0; x8_carrier_row(i); i++) {
        X8_AUTO_BUF page = {0};
        const char *line;

        assert_int_equal(x8_carrier_page(x8_carrier_row(i), 0, &page), 0);
        for (size_t k = 0; k < page.len; k++)
            assert_true(page.data[k] < 0x80);
        for (line = x8_buf_text(&page); *line; line += strcspn(line, "\n") + 1)
            assert_true(strcspn(line, "\n") <= 80);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_five_are_found_by_name_in_any_case),
        cmocka_unit_test(a_page_names_every_switch_step_and_led),
        cmocka_unit_test(the_plain_page_is_ascii_and_fits_eighty_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
