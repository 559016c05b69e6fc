/*
 * What a user is told when a node is closed or somebody holds it.
 */
#include "usb/access.h"

#include "usb/usb.h"
#include "util/text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct x8_device closed_device(void)
{
    struct x8_device d = {.port = "3-1.4",
                          .vid = 0x1fc9,
                          .pid = 0x0134,
                          .node = "/dev/bus/usb/003/009",
                          .no_access = 1,
                          .node_owner = "root",
                          .node_group = "root",
                          .node_mode = 0664};

    return d;
}

static void a_closed_node_is_explained_with_its_owner_and_a_next_step(void **state)
{
    struct x8_device d = closed_device();
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_usb_explain_access(&d, &err), -X8_E_NO_PERMISSION);
    assert_int_equal(err.code, X8_E_NO_PERMISSION);
    assert_non_null(strstr(err.msg, "usb 3-1.4"));
    assert_non_null(strstr(err.why, "owner root"));
    assert_non_null(strstr(err.why, "0664"));
    assert_true(err.next[0] != '\0');
    if (!x8_usb_rules_found(NULL))
        assert_non_null(strstr(err.next, "sudo x8ctl udev install"));
}

static void a_node_that_its_mode_allows_points_at_the_sandbox(void **state)
{
    struct x8_device d = closed_device();
    struct x8_error err;

    (void)state;
    d.no_access = 0;
    assert_int_equal(x8_usb_explain_access(&d, &err), -X8_E_NO_PERMISSION);
    assert_non_null(strstr(err.why, "container"));
    assert_null(strstr(err.next, "udev"));
}

static void a_node_that_does_not_exist_is_named_as_such(void **state)
{
    struct x8_device d = closed_device();
    struct x8_error err;

    (void)state;
    d.node_owner[0] = '\0';
    assert_int_equal(x8_usb_explain_access(&d, &err), -X8_E_NO_PERMISSION);
    assert_non_null(strstr(err.why, d.node));
    assert_non_null(strstr(err.why, "does not exist"));
}

/* A process that has everything open that we have, until it is let go. */
static pid_t start_holder(int *let_go)
{
    int ends[2];
    pid_t child;
    char c;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[1]);
        _exit(read(ends[0], &c, 1) < 0);
    }
    close(ends[0]);
    *let_go = ends[1];
    return child;
}

static void the_process_that_holds_a_node_is_named_and_not_ourselves(void **state)
{
    char path[] = "/tmp/x8ctl-held-XXXXXX", holders[256], other[32], own[32];
    struct x8_device d = closed_device();
    int fd = mkstemp(path), let_go = -1;
    struct x8_error err;
    pid_t child;

    (void)state;
    assert_true(fd >= 0);
    child = start_holder(&let_go);
    snprintf(other, sizeof other, "(%ld)", (long)child);
    snprintf(own, sizeof own, "(%ld)", (long)getpid());
    x8_usb_holders(path, holders, sizeof holders);
    assert_non_null(strstr(holders, other));
    assert_null(strstr(holders, own));
    x8_copy(d.node, sizeof d.node, path);
    assert_int_equal(x8_usb_explain_busy(&d, "usbfs", &err), -X8_E_BUSY);
    assert_non_null(strstr(err.why, other));
    close(let_go);
    assert_int_equal(waitpid(child, NULL, 0), child);
    x8_usb_holders(path, holders, sizeof holders);
    assert_string_equal(holders, "");
    close(fd);
    unlink(path);
}

static void a_kernel_driver_that_does_not_let_go_is_named(void **state)
{
    struct x8_device d = closed_device();
    struct x8_error err;

    (void)state;
    x8_usb_explain_busy(&d, "usbhid", &err);
    assert_non_null(strstr(err.why, "usbhid"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_node_is_explained_with_its_owner_and_a_next_step),
        cmocka_unit_test(a_node_that_its_mode_allows_points_at_the_sandbox),
        cmocka_unit_test(a_node_that_does_not_exist_is_named_as_such),
        cmocka_unit_test(the_process_that_holds_a_node_is_named_and_not_ourselves),
        cmocka_unit_test(a_kernel_driver_that_does_not_let_go_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
