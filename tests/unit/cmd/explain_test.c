/*
 * x8ctl explain and x8ctl guide as front ends: what they print and how they end.
 */
#include "testlib.h"

#include "cmd.h"

#include "util/attr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct x8_cmd x8_cmd_explain, x8_cmd_guide;

/* The folder above a script belongs to its set: it is ours as well. */
static char *above, *dir;

static int set_up(void **state)
{
    (void)state;
    above = test_dir_new();
    dir = test_path(above, "tools");
    return mkdir(dir, 0755);
}

static int tear_down(void **state)
{
    (void)state;
    free(dir);
    test_dir_free(above);
    return 0;
}

static void put(const char *name, const char *text)
{
    free(test_file(dir, name, text, strlen(text)));
}

/* Run a command with one operand (NULL: none); its stdout is for free(). */
static int run(const struct x8_cmd *cmd, const char *operand, int json, char **out,
               struct x8_error *err)
{
    struct x8_globals globals = {.json = json};
    char *copy = operand ? strdup(operand) : NULL;
    char *argv[] = {copy, NULL};
    struct x8_ctx ctx = {.globals = &globals,
                         .op = {.deadline = INT64_MAX},
                         .argc = operand ? 1 : 0,
                         .argv = argv,
                         .cmd = cmd};
    struct test_capture capture;
    int rc;

    fflush(stdout);
    test_capture_begin(&capture, STDOUT_FILENO);
    rc = cmd->run(&ctx, err);
    fflush(stdout);
    *out = test_capture_end(&capture);
    free(copy);
    return rc;
}

static int explain(const char *name, int json, char **out, struct x8_error *err)
{
    char *path = test_path(dir, name);
    int rc = run(&x8_cmd_explain, path, json, out, err);

    free(path);
    return rc;
}

static void a_script_with_all_its_files_ends_well(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("good.uuu", "uuu_version 1.2.39\nSDP: boot -f loader\nSDP: done\n");
    put("loader", "x");
    assert_int_equal(explain("good.uuu", 0, &out, &err), 0);
    assert_non_null(strstr(out, "In the boot ROM (SDP:)"));
    assert_non_null(strstr(out, "loads loader into"));
    assert_non_null(strstr(out, "nothing is missing, nothing is unsafe"));
    free(out);
}

static void a_missing_file_is_named_and_ends_with_4(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("miss.uuu", "uuu_version 1.2.39\nSDP: boot -f nowhere\nSDP: done\n");
    assert_int_equal(explain("miss.uuu", 0, &out, &err), X8_E_DIFFERS);
    assert_non_null(strstr(out, "MISSING     nowhere  (line 2)"));
    free(out);
}

static void an_empty_file_and_a_folder_are_not_taken_for_inputs(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("odd.uuu", "uuu_version 1.2.39\nSDP: boot -f nothing\nSDPV: write -f .\nSDP: done\n");
    put("nothing", "");
    assert_int_equal(explain("odd.uuu", 0, &out, &err), X8_E_DIFFERS);
    assert_non_null(strstr(out, "UNUSABLE    nothing  (line 2, empty)"));
    assert_non_null(strstr(out, "UNUSABLE    .  (line 3, a folder)"));
    free(out);
}

static void the_same_name_packed_counts_as_there(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("pack.uuu", "uuu_version 1.2.39\nFB: ucmd setenv fastboot_dev mmc\n"
                    "FB: flash -raw2sparse all a.wic\nFB: done\n");
    put("a.wic.gz", "packed");
    assert_int_equal(explain("pack.uuu", 0, &out, &err), 0);
    assert_non_null(strstr(out, "as a.wic.gz"));
    free(out);
}

static void another_image_takes_the_place_of_a_missing_one(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("other.uuu", "uuu_version 1.2.39\nFB: ucmd setenv fastboot_dev mmc\n"
                     "FB: flash -raw2sparse all ../lmp-factory.wic.gz/*\nFB: done\n");
    put("../lmp-partner.wic", "image");
    assert_int_equal(explain("other.uuu", 0, &out, &err), 0);
    assert_non_null(strstr(out, "replaced    ../lmp-factory.wic.gz/*  (line 3, 5 B, "
                                "lmp-partner.wic takes its place)"));
    assert_non_null(strstr(out, "nothing is missing"));
    free(out);
    assert_int_equal(explain("other.uuu", 1, &out, &err), 0);
    assert_non_null(strstr(out, "\"state\": \"replaced\""));
    assert_non_null(strstr(out, "\"missing\": 0"));
    free(out);
    /* The same name without its packing comes first. */
    put("../lmp-factory.wic", "image");
    assert_int_equal(explain("other.uuu", 0, &out, &err), 0);
    assert_non_null(strstr(out, "there       ../lmp-factory.wic.gz/*  (line 3, 5 B, "
                                "as lmp-factory.wic)"));
    free(out);
}

static void several_that_could_take_its_place_are_no_choice(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("other.uuu", "uuu_version 1.2.39\nFB: ucmd setenv fastboot_dev mmc\n"
                     "FB: flash -raw2sparse all ../c.wic\nFB: done\n");
    put("../a.wic", "image");
    put("../b.wic", "image");
    assert_int_equal(explain("other.uuu", 0, &out, &err), X8_E_DIFFERS);
    assert_non_null(strstr(out, "UNUSABLE    ../c.wic"));
    free(out);
}

static void an_archive_that_is_not_looked_into_is_no_input(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("in.uuu", "uuu_version 1.2.39\nSDP: boot -f box.zip/loader\nSDP: done\n");
    put("box.zip", "x");
    assert_int_equal(explain("in.uuu", 0, &out, &err), X8_E_DIFFERS);
    assert_non_null(strstr(out, "UNUSABLE    box.zip/loader"));
    assert_non_null(strstr(out, "unpack it beside the script"));
    free(out);
}

static void fuses_are_said_to_need_their_word(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("fuse.uuu", "uuu_version 1.2.39\nFB: ucmd setenv f fuse\nFB: ucmd $f prog -y 6 0 1\n"
                    "FB: done\n");
    assert_int_equal(explain("fuse.uuu", 0, &out, &err), X8_E_DIFFERS);
    assert_non_null(strstr(out, "line 3 !"));
    assert_non_null(strstr(out, "--confirm fuse"));
    free(out);
}

static void an_unsafe_line_is_marked_and_ends_with_4(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("host.uuu", "uuu_version 1.2.39\nSDP: sh ls\nSDP: done\n");
    assert_int_equal(explain("host.uuu", 0, &out, &err), X8_E_DIFFERS);
    assert_non_null(strstr(out, "line 2 !"));
    assert_non_null(strstr(out, "unsafe"));
    free(out);
}

static void what_cannot_be_read_or_parsed_is_an_error_with_its_name(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("bad.uuu", "uuu_version 1.2.39\nSDP: bot -f x\n");
    assert_int_equal(explain("bad.uuu", 0, &out, &err), -(int)X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "bad.uuu: line 2: "));
    assert_string_equal(out, "");
    free(out);
    assert_int_equal(explain("absent.uuu", 0, &out, &err), -(int)X8_E_NO_FILE);
    free(out);
    assert_int_equal(run(&x8_cmd_explain, NULL, 0, &out, &err), -(int)X8_E_USAGE);
    assert_true(err.next[0]);
    free(out);
}

static void json_says_the_same(void **state)
{
    struct x8_json *json;
    struct x8_error err;
    char *out;

    (void)state;
    put("miss.uuu", "SDP: boot -f nowhere\n");
    assert_int_equal(explain("miss.uuu", 1, &out, &err), X8_E_DIFFERS);
    assert_int_equal(x8_json_parse(out, strlen(out), &json, &err), 0);
    assert_non_null(x8_json_get(json, "stages"));
    assert_null(x8_json_get_str(json, "uuu_version"));
    assert_non_null(strstr(out, "\"nowhere\""));
    assert_non_null(strstr(out, "\"missing\""));
    x8_json_free(&json);
    free(out);
}

static void a_folder_is_searched_for_its_script(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    put("full_image.uuu", "uuu_version 1.2.39\nSDP: boot -f loader\nSDP: done\n");
    put("loader", "x");
    assert_int_equal(run(&x8_cmd_explain, dir, 0, &out, &err), 0);
    assert_non_null(strstr(out, "full_image.uuu: 2 commands"));
    free(out);
}

static void the_guide_knows_its_carriers(void **state)
{
    static const char *const names[] = {"max", "Breakout", "hat", "mid", "none", "leds"};
    struct x8_error err;
    char *out;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        assert_int_equal(run(&x8_cmd_guide, names[i], 0, &out, &err), 0);
        assert_non_null(strstr(out, "Linux runs"));
        free(out);
        assert_int_equal(run(&x8_cmd_guide, names[i], 1, &out, &err), 0);
        assert_non_null(strstr(out, "\"leds\""));
        free(out);
    }
    assert_int_equal(run(&x8_cmd_guide, NULL, 0, &out, &err), 0);
    assert_non_null(strstr(out, "hat\tBTSEL to ON"));
    free(out);
}

static void an_unknown_carrier_gets_the_closest(void **state)
{
    struct x8_error err;
    char *out;

    (void)state;
    assert_int_equal(run(&x8_cmd_guide, "braekout", 0, &out, &err), -(int)X8_E_USAGE);
    assert_string_equal(err.next, "x8ctl guide breakout");
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_script_with_all_its_files_ends_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_file_is_named_and_ends_with_4, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_file_and_a_folder_are_not_taken_for_inputs, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_same_name_packed_counts_as_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_image_takes_the_place_of_a_missing_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(several_that_could_take_its_place_are_no_choice, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_archive_that_is_not_looked_into_is_no_input, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(fuses_are_said_to_need_their_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unsafe_line_is_marked_and_ends_with_4, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_or_parsed_is_an_error_with_its_name,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_says_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_is_searched_for_its_script, set_up, tear_down),
        cmocka_unit_test(the_guide_knows_its_carriers),
        cmocka_unit_test(an_unknown_carrier_gets_the_closest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
