/*
 * The command line: what is understood, what is refused, and what the refusal says.
 */
#include "opts.h"
#include "testlib.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int fast, careful = 1, colour;
static const char *output;
static uint64_t amount;
static int64_t rest;
static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct x8_opt paint_opts[] = {
    {"fast", 'f', X8_OPT_FLAG, &fast, NULL, NULL, "be quick", NULL},
    {"careless", 0, X8_OPT_NO, &careful, NULL, NULL, "do not look", NULL},
    {"colour", 0, X8_OPT_CHOICE, &colour, NULL, colours, "which", NULL},
    {"output", 'o', X8_OPT_STRING, &output, "FILE", NULL, "where to", "file"},
    {"amount", 0, X8_OPT_U64, &amount, "N", NULL, "how much", NULL},
    {"rest", 0, X8_OPT_MAYBE, &rest, "DUR", NULL, "for a while", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_cmd paint = {.name = "paint", .opts = paint_opts};
static const struct x8_cmd raw = {.name = "raw", .needs = X8_RAW_OPERANDS};
static const struct x8_cmd *const commands[] = {&paint, &raw, NULL};

static struct x8_line line;
static struct x8_error err;
static char *words[32];

/* Parse a line given as words; the last one is NULL. */
static int parse(const char *first, ...)
{
    static char copies[32][96];
    va_list ap;
    int n = 1;

    fast = colour = 0;
    careful = 1;
    output = NULL;
    amount = 0;
    rest = 0;
    memset(&err, 0, sizeof err);
    words[0] = copies[0];
    snprintf(copies[0], sizeof copies[0], "x8ctl");
    va_start(ap, first);
    for (const char *word = first; word; word = va_arg(ap, const char *), n++) {
        snprintf(copies[n], sizeof copies[n], "%s", word);
        words[n] = copies[n];
    }
    va_end(ap);
    return x8_opts_parse(commands, n, words, &line, &err);
}

static void global_options_stand_on_either_side_of_the_command(void **state)
{
    (void)state;
    assert_int_equal(parse("-q", "--timeout", "30s", "paint", "-y", "wall", "--json", NULL), 0);
    assert_ptr_equal(line.cmd, &paint);
    assert_int_equal(line.argc, 1);
    assert_string_equal(line.argv[0], "wall");
    assert_int_equal(x8_globals()->quiet, 1);
    assert_int_equal(x8_globals()->yes, 1);
    assert_int_equal(x8_globals()->json, 1);
    assert_int_equal(x8_globals()->timeout_ms, 30000);
}

static void a_value_may_be_joined_or_follow(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--output=a=b", "--colour", "blue", "--amount=0x10", NULL), 0);
    assert_string_equal(output, "a=b");
    assert_int_equal(colour, 2);
    assert_int_equal(amount, 16);
    assert_int_equal(parse("paint", "-oa", "-t2m", NULL), 0);
    assert_string_equal(output, "a");
    assert_int_equal(x8_globals()->timeout_ms, 120000);
    assert_int_equal(parse("paint", "-o", "-", NULL), 0);
    assert_string_equal(output, "-");
}

static void letters_may_be_joined(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "-vv", "-yqf", "-v", NULL), 0);
    assert_int_equal(x8_globals()->verbosity, 3);
    assert_int_equal(x8_globals()->yes, 1);
    assert_int_equal(x8_globals()->quiet, 1);
    assert_int_equal(fast, 1);
    assert_int_equal(parse("paint", "-fofile", NULL), 0);
    assert_int_equal(fast, 1);
    assert_string_equal(output, "file");
}

static void a_negating_option_sets_zero(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--careless", NULL), 0);
    assert_int_equal(careful, 0);
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "-f", "--", "--fast", "-h", NULL), 0);
    assert_int_equal(line.argc, 2);
    assert_string_equal(line.argv[0], "--fast");
    assert_string_equal(line.argv[1], "-h");
    assert_int_equal(x8_globals()->help, 0);
}

static void options_may_follow_the_script_of_a_raw_command(void **state)
{
    (void)state;
    assert_int_equal(parse("raw", "full_image.uuu", "-q", NULL), 0);
    assert_int_equal(line.argc, 1);
    assert_int_equal(x8_globals()->quiet, 1);
}

static void a_raw_command_keeps_what_follows_its_first_operand(void **state)
{
    (void)state;
    assert_int_equal(parse("raw", "-v", "FB:", "ucmd", "--help", "-q", NULL), 0);
    assert_int_equal(line.argc, 4);
    assert_string_equal(line.argv[2], "--help");
    assert_int_equal(x8_globals()->help, 0);
    assert_int_equal(x8_globals()->quiet, 0);
    assert_int_equal(x8_globals()->verbosity, 1);
}

static void an_option_of_the_program_is_repeatable_when_it_is_a_list(void **state)
{
    (void)state;
    assert_int_equal(parse("-s", "usb:1-4.2", "paint", "--serial=fad9", NULL), 0);
    assert_int_equal(x8_globals()->serial.count, 2);
    assert_string_equal(x8_globals()->serial.items[1], "fad9");
}

static void an_unknown_command_is_suggested_and_never_run(void **state)
{
    (void)state;
    assert_int_equal(parse("pant", "x", NULL), -X8_E_USAGE);
    assert_null(line.cmd);
    assert_string_equal(err.msg, "unknown command 'pant'");
    assert_string_equal(err.why, "did you mean 'paint'?");
    assert_int_equal(parse("qqqqqqqq", NULL), -X8_E_USAGE);
    assert_string_equal(err.why, "no command has a name like that");
    assert_string_equal(err.next, "x8ctl help");
}

static void nothing_is_abbreviated(void **state)
{
    (void)state;
    assert_int_equal(parse("pai", NULL), -X8_E_USAGE);
    assert_int_equal(parse("paint", "--out", "x", NULL), -X8_E_USAGE);
    assert_null(output);
}

static void an_unknown_option_is_named_with_the_closest(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--colur=red", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "'--colur=red'"));
    assert_string_equal(err.why, "did you mean '--colour'?");
    assert_int_equal(parse("paint", "--jsn", NULL), -X8_E_USAGE);
    assert_string_equal(err.why, "did you mean '--json'?");
    assert_int_equal(parse("paint", "-x", NULL), -X8_E_USAGE);
    assert_string_equal(err.msg, "unknown option '-x'");
    assert_int_equal(parse("paint", "-vx", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "-vx"));
}

static void an_option_of_a_command_in_front_of_it_is_explained(void **state)
{
    (void)state;
    assert_int_equal(parse("--colour", "red", "paint", NULL), -X8_E_USAGE);
    assert_string_equal(err.next, "x8ctl paint --colour");
}

static void a_missing_value_is_named(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--output", NULL), -X8_E_USAGE);
    assert_string_equal(err.msg, "option '--output' needs a value: FILE");
    assert_int_equal(parse("paint", "-o", NULL), -X8_E_USAGE);
    assert_int_equal(parse("paint", "-o", "--fast", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.why, "'--fast'"));
    assert_int_equal(fast, 0);
}

static void an_empty_value_or_operand_is_told(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--output=", NULL), -X8_E_USAGE);
    assert_string_equal(err.msg, "the value of '--output' is empty");
    assert_string_equal(err.next, "--output=FILE, or leave it out");
    assert_int_equal(parse("paint", "-o", "", NULL), -X8_E_USAGE);
    assert_int_equal(parse("paint", "", NULL), -X8_E_USAGE);
    assert_string_equal(err.msg, "an argument of the line is empty");
    assert_int_equal(parse("paint", "--", "", NULL), 0); /* said on purpose */
    assert_int_equal(line.argc, 1);
}

static void what_there_is_instead_is_named(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--nothing", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.why, "--colour"));
    assert_int_equal(parse("paint", "--colour", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.why, "red, green or blue"));
}

static void a_flag_takes_no_value(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--fast=yes", NULL), -X8_E_USAGE);
    assert_string_equal(err.msg, "option '--fast' takes no value");
    assert_int_equal(fast, 0);
}

static void a_value_that_may_be_left_out_is_joined(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--rest", "5m", NULL), 0);
    assert_int_equal(rest, X8_DURATION_ALONE);
    assert_int_equal(line.argc, 1);
    assert_int_equal(parse("paint", "--rest=5m", NULL), 0);
    assert_int_equal(rest, 300000);
    assert_int_equal(parse("paint", "--rest=long", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "'long'"));
}

static void garbage_in_a_value_is_quoted(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--colour", "gren", NULL), -X8_E_USAGE);
    assert_string_equal(err.msg, "option '--colour' does not take 'gren'");
    assert_string_equal(err.why, "it takes red, green or blue; did you mean 'green'?");
    assert_string_equal(err.next, "--colour green");
    assert_int_equal(parse("paint", "-t", "soon", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "'soon'"));
    assert_int_equal(parse("paint", "--amount=12x", NULL), -X8_E_USAGE);
    assert_int_equal(parse("paint", "--amount=99999999999999999999", NULL), -X8_E_USAGE);
    assert_int_equal(amount, 0);
}

/* Not an option, and no advice to write it in another way. */
static void a_negative_number_is_told_as_one(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--amount", "-1", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "needs a number, not '-1'"));
    assert_null(strstr(err.next, "-1"));
    assert_int_equal(parse("paint", "--amount", "-f", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "needs a value"));
}

static void no_time_limit_can_be_asked_for(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", NULL), 0);
    assert_int_equal(x8_globals()->timeout_ms, X8_TIMEOUT_UNSET);
    assert_int_equal(parse("paint", "-t", "none", NULL), 0);
    assert_int_equal(x8_globals()->timeout_ms, -1);
}

static void help_is_found_behind_a_mistake(void **state)
{
    (void)state;
    assert_int_equal(parse("paint", "--nonsense", "--help", NULL), -X8_E_USAGE);
    assert_int_equal(x8_globals()->help, 1);
    assert_ptr_equal(line.cmd, &paint);
    assert_int_equal(parse("paint", "--output", "-h", NULL), -X8_E_USAGE);
    assert_int_equal(x8_globals()->help, 1);
    assert_int_equal(parse("paint", "--nonsense", "--", "--help", NULL), -X8_E_USAGE);
    assert_int_equal(x8_globals()->help, 0);
}

static void too_many_selectors_are_refused_not_dropped(void **state)
{
    struct x8_strings *list = &x8_globals()->serial;

    (void)state;
    assert_int_equal(parse("paint", NULL), 0);
    for (size_t i = 0; i < X8_COUNT(list->items); i++)
        assert_int_equal(x8_opts_from_text(x8_global_opt("serial"), "-s", "1-4", &err), 0);
    assert_int_equal(x8_opts_from_text(x8_global_opt("serial"), "-s", "1-4", &err), -X8_E_USAGE);
    assert_int_equal(list->count, X8_COUNT(list->items));
}

static void letters_of_the_program_are_the_documented_ones(void **state)
{
    (void)state;
    for (const struct x8_opt *o = x8_global_opts(); o->name; o++)
        if (o->letter)
            assert_non_null(strchr("stnyqvohV", o->letter));
}

static void an_empty_line_has_no_command(void **state)
{
    (void)state;
    assert_int_equal(parse(NULL), 0);
    assert_null(line.cmd);
    assert_int_equal(parse("", NULL), -X8_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(global_options_stand_on_either_side_of_the_command),
        cmocka_unit_test(a_value_may_be_joined_or_follow),
        cmocka_unit_test(letters_may_be_joined),
        cmocka_unit_test(a_negating_option_sets_zero),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(options_may_follow_the_script_of_a_raw_command),
        cmocka_unit_test(a_raw_command_keeps_what_follows_its_first_operand),
        cmocka_unit_test(an_option_of_the_program_is_repeatable_when_it_is_a_list),
        cmocka_unit_test(an_unknown_command_is_suggested_and_never_run),
        cmocka_unit_test(nothing_is_abbreviated),
        cmocka_unit_test(an_unknown_option_is_named_with_the_closest),
        cmocka_unit_test(an_option_of_a_command_in_front_of_it_is_explained),
        cmocka_unit_test(a_missing_value_is_named),
        cmocka_unit_test(an_empty_value_or_operand_is_told),
        cmocka_unit_test(what_there_is_instead_is_named),
        cmocka_unit_test(a_flag_takes_no_value),
        cmocka_unit_test(a_value_that_may_be_left_out_is_joined),
        cmocka_unit_test(garbage_in_a_value_is_quoted),
        cmocka_unit_test(a_negative_number_is_told_as_one),
        cmocka_unit_test(no_time_limit_can_be_asked_for),
        cmocka_unit_test(help_is_found_behind_a_mistake),
        cmocka_unit_test(too_many_selectors_are_refused_not_dropped),
        cmocka_unit_test(letters_of_the_program_are_the_documented_ones),
        cmocka_unit_test(an_empty_line_has_no_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
