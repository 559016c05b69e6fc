/*
 * A script as stages, steps and files.
 */
#include "flash/explain.h"

#include "vendor_scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct x8_script parsed(const char *text)
{
    struct x8_script script;
    struct x8_error err;

    if (x8_script_parse((struct x8_span){(const uint8_t *)text, strlen(text)}, NULL, &script,
                        &err) != 0)
        fail_msg("%s", err.msg);
    return script;
}

/* Everything is there but the image; the SIT is a folder. */
static void look(void *ctx, const char *name, enum x8_role role, const struct x8_file_ref *ref,
                 struct x8_explain_found *out)
{
    int *calls = ctx;

    (*calls)++;
    assert_non_null(name);
    assert_int_equal(role == X8_ROLE_OS, strstr(ref->path, ".wic") != NULL);
    if (strstr(ref->path, ".wic"))
        out->state = X8_EXPLAIN_MISSING;
    else if (strstr(ref->path, "sit-"))
        out->state = X8_EXPLAIN_UNUSABLE;
    else
        *out = (struct x8_explain_found){.state = X8_EXPLAIN_THERE, .size = 42};
}

static void stages_come_in_the_order_a_board_runs_them(void **state)
{
    struct x8_script script = parsed(LINUX_INITRAMFS);
    struct x8_explain e;
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_explain(&script, NULL, NULL, &e, &err), 0);
    assert_int_equal(e.stage_count, 3);
    assert_int_equal(e.stages[0].proto, X8_PROTO_SDP);
    assert_int_equal(e.stages[1].proto, X8_PROTO_SDPV);
    assert_int_equal(e.stages[1].count, 4);
    /* The delay that stands between FB: lines runs in the SPL's stage. */
    assert_int_equal(e.steps[e.stages[1].first + 3].command->line, 14);
    assert_int_equal(e.stages[2].proto, X8_PROTO_FB);
    assert_string_equal(e.stages[0].title, "In the boot ROM");
    assert_int_equal(e.files[0].found.state, X8_EXPLAIN_UNKNOWN);
    assert_int_equal(e.missing, 0);
    x8_explain_done(&e);
    x8_script_done(&script);
}

static void each_file_is_looked_for_once_and_what_is_missing_is_counted(void **state)
{
    struct x8_script script = parsed(FULL_IMAGE);
    struct x8_explain e;
    struct x8_error err;
    int calls = 0;

    (void)state;
    assert_int_equal(x8_explain(&script, look, &calls, &e, &err), 0);
    assert_int_equal(e.file_count, 6);
    assert_int_equal(calls, 6);
    assert_int_equal(e.missing, 2);
    assert_int_equal(e.unsafe, 0);
    assert_string_equal(e.files[2].name, "../lmp-factory-image-portenta-x8.wic.gz/*");
    assert_int_equal(e.files[2].line, 12);
    assert_int_equal(e.files[2].found.state, X8_EXPLAIN_MISSING);
    assert_true(e.files[2].found.size == UINT64_MAX);
    assert_int_equal(e.files[0].found.size, 42);
    x8_explain_done(&e);
    x8_script_done(&script);
}

static void what_never_runs_is_left_out(void **state)
{
    struct x8_script script = parsed("uuu_version 1.2.39\nSDP: boot -f a\nSDP: done\n"
                                     "SDP: boot -f b\nCFG: FB: -vid 1 -pid 2\n");
    struct x8_explain e;
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_explain(&script, NULL, NULL, &e, &err), 0);
    assert_int_equal(e.step_count, 3);
    assert_int_equal(e.stages[0].proto, X8_PROTO_CFG);
    assert_int_equal(e.file_count, 1);
    x8_explain_done(&e);
    x8_script_done(&script);
}

static void files_that_the_script_makes_are_not_missing(void **state)
{
    struct x8_script script =
        parsed("uuu_version 1.2.39\nFB: upload -f out\nFBK: ucp t:/x back\nFBK: ucp up t:/x\n"
               "FB: if a == b then download -f inner\nFB: sh true\nFB: done\n");
    struct x8_explain e;
    struct x8_error err;
    int calls = 0;

    (void)state;
    assert_int_equal(x8_explain(&script, look, &calls, &e, &err), 0);
    assert_int_equal(e.file_count, 2);
    assert_string_equal(e.files[0].name, "inner");
    assert_string_equal(e.files[1].name, "up");
    assert_int_equal(e.unsafe, 1);
    x8_explain_done(&e);
    x8_script_done(&script);
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_string_equal(x8_note_level_name(X8_NOTE_INFO), "info");
    assert_string_equal(x8_note_level_name(X8_NOTE_WARN), "warn");
    assert_string_equal(x8_note_level_name(X8_NOTE_UNSAFE), "unsafe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_come_in_the_order_a_board_runs_them),
        cmocka_unit_test(each_file_is_looked_for_once_and_what_is_missing_is_counted),
        cmocka_unit_test(what_never_runs_is_left_out),
        cmocka_unit_test(files_that_the_script_makes_are_not_missing),
        cmocka_unit_test(levels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
