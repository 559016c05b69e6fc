/*
 * Columns of the list, and the cells of a board that was asked and of one that was not.
 */
#include "rows.h"

#include "testlib.h"

#include <stdio.h>
#include <string.h>

static enum x8_column columns[X8_COLUMNS];
static size_t count;
static struct x8_error err;

static void columns_are_read_in_their_order_and_any_case(void **state)
{
    (void)state;
    assert_int_equal(x8_columns_parse("where,SERIAL,Image", columns, X8_COLUMNS, &count, &err), 0);
    assert_int_equal(count, 3);
    assert_int_equal(columns[0], X8_COL_WHERE);
    assert_int_equal(columns[1], X8_COL_SERIAL);
    assert_int_equal(columns[2], X8_COL_IMAGE);
}

static void unknown_and_empty_columns_are_quoted(void **state)
{
    static const char *const texts[] = {"", ",", "serial,", "sped", "serial,,state", "\033[31m"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++) {
        assert_int_equal(x8_columns_parse(texts[i], columns, X8_COLUMNS, &count, &err),
                         -X8_E_USAGE);
        assert_true(err.why[0] && err.next[0]);
    }
}

static void more_columns_than_there_are_do_not_overflow(void **state)
{
    static const char text[] = "name,name,name,name,name,name,name,name,name,name,name,name";

    (void)state;
    assert_int_equal(x8_columns_parse(text, columns, X8_COLUMNS, &count, &err), -X8_E_USAGE);
}

static void every_column_has_a_name_and_a_cell(void **state)
{
    static struct x8_target target;
    char room[32];

    (void)state;
    for (int i = 0; i < X8_COLUMNS; i++) {
        assert_true(x8_column_names[i][0]);
        assert_non_null(x8_row_cell(&target, (enum x8_column)i, room));
    }
    assert_null(x8_column_names[X8_COLUMNS]);
}

static void the_image_is_shown_of_a_board_that_answered(void **state)
{
    static const char text[] = "VERSION=\"3.3.2-399-83-21-g3ad61e0\"\n";
    static struct x8_target target;
    struct x8_span span = {(const uint8_t *)text, sizeof text - 1};
    char room[32];

    (void)state;
    assert_int_equal(x8_os_release_parse(span, &target.facts.os, &err), 0);
    assert_string_equal(x8_row_cell(&target, X8_COL_IMAGE, room), "");
    target.probed = 1;
    assert_string_equal(x8_row_cell(&target, X8_COL_IMAGE, room), "399");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_read_in_their_order_and_any_case),
        cmocka_unit_test(unknown_and_empty_columns_are_quoted),
        cmocka_unit_test(more_columns_than_there_are_do_not_overflow),
        cmocka_unit_test(every_column_has_a_name_and_a_cell),
        cmocka_unit_test(the_image_is_shown_of_a_board_that_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
