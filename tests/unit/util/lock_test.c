/*
 * Lock files: one holder at a time, free again when it lets go, and no obstacle where they cannot
 * be written.
 */
#include "util/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void a_second_holder_is_told_who_has_it(void **state)
{
    char dir[] = "/tmp/x8-lock-XXXXXX", path[64], pid[32];
    struct x8_error err;
    int first, second;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/locks/usb-1-2", dir);
    assert_int_equal(x8_lock_take(path, &first, &err), 0);
    assert_true(first >= 0);
    assert_int_equal(x8_lock_take(path, &second, &err), -X8_E_BUSY);
    snprintf(pid, sizeof pid, "process %ld ", (long)getpid());
    assert_non_null(strstr(err.why, pid));
    assert_true(err.next[0]);
    close(first);
    assert_int_equal(x8_lock_take(path, &second, &err), 0);
    assert_true(second >= 0);
    close(second);
    unlink(path);
    snprintf(path, sizeof path, "%s/locks", dir);
    rmdir(path);
    rmdir(dir);
}

static void what_the_holder_does_is_told_with_how_to_end_it(void **state)
{
    char dir[] = "/tmp/x8-lock-XXXXXX", path[64];
    struct x8_error err;
    int first, second;
    FILE *other;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/usb-1-2", dir);
    x8_lock_note(path, "does nothing", "nothing");
    assert_int_not_equal(access(path, F_OK), 0); /* it is not held */
    assert_int_equal(x8_lock_take(path, &first, &err), 0);
    x8_lock_note(path, "forwards ports", "x8ctl forward --stop");
    assert_int_equal(x8_lock_take(path, &second, &err), -X8_E_BUSY);
    assert_non_null(strstr(err.why, " forwards ports"));
    assert_string_equal(err.next, "x8ctl forward --stop");
    close(first);
    assert_int_equal(x8_lock_take(path, &first, &err), 0);
    assert_int_equal(x8_lock_take(path, &second, &err), -X8_E_BUSY);
    assert_null(strstr(err.why, "forwards")); /* of the one before */
    other = fopen(path, "w");
    assert_non_null(other);
    fputs("1\n", other);
    fclose(other);
    x8_lock_note(path, "forwards ports", "x8ctl forward --stop");
    assert_int_equal(x8_lock_take(path, &second, &err), -X8_E_BUSY);
    assert_null(strstr(err.why, "forwards")); /* another process has it */
    close(first);
    unlink(path);
    rmdir(dir);
}

static void a_place_that_cannot_be_written_is_no_obstacle(void **state)
{
    struct x8_error err;
    int fd = 7;

    (void)state;
    assert_int_equal(x8_lock_take("/proc/none/lock", &fd, &err), 0);
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_holder_is_told_who_has_it),
        cmocka_unit_test(what_the_holder_does_is_told_with_how_to_end_it),
        cmocka_unit_test(a_place_that_cannot_be_written_is_no_obstacle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
