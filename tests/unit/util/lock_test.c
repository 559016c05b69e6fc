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
        cmocka_unit_test(a_place_that_cannot_be_written_is_no_obstacle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
