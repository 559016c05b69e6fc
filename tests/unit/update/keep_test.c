/*
 * Containers kept over an update: which they are, and the record of what they were.
 */
#include "testlib.h"

#include "update/keep.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int parse(const char *text, struct x8_keep *out, struct x8_error *err)
{
    return x8_keep_parse((struct x8_span){(const uint8_t *)text, strlen(text)}, out, err);
}

static void names_and_policies_are_read(void **state)
{
    struct x8_keep kept;
    struct x8_error err;
    (void)state;

    assert_int_equal(parse("custom-devel\tno\nweb.1\ton-failure:3\nx_2\talways", &kept, &err), 0);
    assert_int_equal(kept.count, 3);
    assert_string_equal(kept.items[1].name, "web.1");
    assert_string_equal(kept.items[1].restart, "on-failure:3");
    assert_string_equal(kept.items[2].restart, "always");
    assert_int_equal(parse("", &kept, &err), 0);
    assert_int_equal(kept.count, 0);
}

static void nothing_else_gets_into_a_command(void **state)
{
    static const char *const wrong[] = {
        "a b\tno\n",   "a;reboot\tno\n",       "-f\tno\n",         "\tno\n",
        "a\n",         "a\tno; reboot\n",      "a\tsometimes\n",   "a\t\n",
        "a\tno\tno\n", "a\ton-failure:3 -x\n", "a\tno\n\nb\tno\n", "$(x)\tno\n"};
    struct x8_keep kept;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(wrong); i++) {
        struct x8_error err = {0};

        assert_int_equal(parse(wrong[i], &kept, &err), -(int)X8_E_BAD_IMAGE);
        assert_true(err.msg[0]);
    }
}

static void more_than_there_is_room_for_is_refused(void **state)
{
    static char text[(X8_KEEP_MAX + 1) * 8];
    struct x8_keep kept;
    struct x8_error err;
    (void)state;

    for (int i = 0; i <= X8_KEEP_MAX; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "c%d\tno\n", i);
    assert_int_equal(parse(text, &kept, &err), -(int)X8_E_BAD_IMAGE);
}

static void what_belongs_to_an_app_of_the_target_is_not_kept(void **state)
{
    struct x8_tuf_target *target = calloc(1, sizeof *target);
    struct x8_bundle bundle = {.target = target};
    struct x8_container own = {.name = "ootb_1", .project = "arduino-ootb", .is_running = 1};
    struct x8_container other = {.name = "mine", .is_running = 1};
    struct x8_container stopped = {.name = "old"};
    (void)state;

    x8_copy(target->apps[0].name, sizeof target->apps[0].name, "arduino-ootb");
    target->app_count = 1;
    assert_false(x8_keep_is_other(&bundle, &own));
    assert_true(x8_keep_is_other(&bundle, &other));
    assert_false(x8_keep_is_other(&bundle, &stopped));
    free(target);
}

static void the_record_is_what_was_saved(void **state)
{
    char path[] = "/tmp/x8-kept-XXXXXX";
    int fd = mkstemp(path);
    struct x8_keep kept, loaded;
    struct x8_error err;
    (void)state;

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(parse("a\tno\nb\tunless-stopped\n", &kept, &err), 0);
    assert_int_equal(x8_keep_save(path, &kept, &err), 0);
    assert_int_equal(x8_keep_load(path, &loaded, &err), 1);
    assert_int_equal(loaded.count, 2);
    assert_string_equal(loaded.items[1].restart, "unless-stopped");
    unlink(path);
    assert_int_equal(x8_keep_load(path, &loaded, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_policies_are_read),
        cmocka_unit_test(nothing_else_gets_into_a_command),
        cmocka_unit_test(more_than_there_is_room_for_is_refused),
        cmocka_unit_test(what_belongs_to_an_app_of_the_target_is_not_kept),
        cmocka_unit_test(the_record_is_what_was_saved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
