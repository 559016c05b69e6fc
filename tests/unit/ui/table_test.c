/*
 * Tables in three forms.
 */
#include "testlib.h"

#include "ui/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const columns[] = {"SERIAL", "LINK-SPEED", "NEXT STEP", NULL};

static struct x8_table *sample(void)
{
    struct x8_table *table = x8_table_new(columns);
    const char *const one[] = {"1822aa09dab6fad9", "480M", ""};
    const char *const two[] = {NULL, "板", "sudo\tx8ctl\033[m udev install"};

    x8_table_row(table, one);
    x8_table_row(table, two);
    return table;
}

enum form { TERMINAL, TABS, JSON };

static void check(struct x8_table *table, enum form form, const char *want)
{
    struct test_capture capture;
    char *text;

    test_capture_begin(&capture, STDOUT_FILENO);
    if (form == JSON)
        x8_table_print_json(table, "boards", stdout);
    else
        x8_table_print(table, stdout, form == TERMINAL);
    fflush(stdout);
    text = test_capture_end(&capture);
    test_same_text(text, want);
    free(text);
}

static void a_terminal_gets_aligned_columns(void **state)
{
    struct x8_table *table = sample();

    (void)state;
    check(table, TERMINAL,
          "SERIAL            LINK-SPEED  NEXT STEP\n"
          "1822aa09dab6fad9  480M        -\n"
          "-                 板          sudo?x8ctl?[m udev install\n");
    assert_int_equal(x8_table_rows(table), 2);
    x8_table_free(&table);
    assert_null(table);
    x8_table_free(&table);
}

static void a_pipe_gets_tabs_and_the_heading(void **state)
{
    struct x8_table *table = sample();

    (void)state;
    check(table, TABS,
          "SERIAL\tLINK-SPEED\tNEXT STEP\n1822aa09dab6fad9\t480M\t-\n"
          "-\t板\tsudo?x8ctl?[m udev install\n");
    x8_table_free(&table);
}

static void json_has_keys_nulls_and_extra_fields(void **state)
{
    struct x8_table *table = sample();

    (void)state;
    x8_json_u64(x8_table_row_extra(table), "vid", 0x1fc9);
    x8_json_bool(x8_table_row_extra(table), "no_access", 1);
    check(table, JSON,
          "{\n  \"boards\": [\n"
          "    {\n      \"serial\": \"1822aa09dab6fad9\",\n      \"link_speed\": \"480M\",\n"
          "      \"next_step\": null\n    },\n"
          "    {\n      \"serial\": null,\n      \"link_speed\": \"板\",\n"
          "      \"next_step\": \"sudo?x8ctl?[m udev install\",\n      \"vid\": 8137,\n"
          "      \"no_access\": true\n    }\n  ]\n}\n");
    x8_table_free(&table);
}

static void an_empty_table_is_still_a_table(void **state)
{
    struct x8_table *table = x8_table_new(columns);

    (void)state;
    check(table, TERMINAL, "SERIAL  LINK-SPEED  NEXT STEP\n");
    check(table, JSON, "{\n  \"boards\": []\n}\n");
    x8_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_gets_aligned_columns),
        cmocka_unit_test(a_pipe_gets_tabs_and_the_heading),
        cmocka_unit_test(json_has_keys_nulls_and_extra_fields),
        cmocka_unit_test(an_empty_table_is_still_a_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
