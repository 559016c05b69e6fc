/*
 * Names that look like the ends of the board's own answers.
 */
#include "kit_shell_bench.h"

#include <stdlib.h>
#include <string.h>

static int push(struct bench *b, const char *target)
{
    char *path = test_path(b->host, "a");
    b->sources[0] = path;
    b->job.target = target;
    memset(&b->err, 0, sizeof(b->err));
    int rc = x8_push(&b->shell.base, &b->op, &b->job, &b->out, &b->err);
    free(path);
    return rc;
}

static void a_name_behind_two_slashes_and_a_line_end_is_not_cut_off(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo 1 >host/a; mkdir home/d"), 0);
    assert_int_equal(push(b, "x//\ny"), -X8_E_REFUSED);
    assert_int_equal(sh(b, "[ ! -e home/x ]"), 0);
    ok(b, push(b, "d//\ny"));
    assert_int_equal(sh(b, "[ \"$(ls -A home/d)\" = $'\\ny' ] && cmp host/a home/d/$'\\n'y"), 0);
    no_trace(b);
}

static void slashes_in_front_and_behind_are_one(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo 1 >host/a; mkdir home/d"), 0);
    ok(b, push(b, ".//d////"));
    assert_int_equal(sh(b, "cmp host/a home/d/a"), 0);
    no_trace(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_behind_two_slashes_and_a_line_end_is_not_cut_off,
                                        kit_bench_setup, kit_bench_teardown),
        cmocka_unit_test_setup_teardown(slashes_in_front_and_behind_are_one, kit_bench_setup,
                                        kit_bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
