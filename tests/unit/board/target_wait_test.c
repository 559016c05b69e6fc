/*
 * A session that cannot be opened says why, and a board that is followed through a restart is found
 * where and as it comes back.
 */
#include "board/target_parts.h"

#include "fakebus.h"
#include "testlib.h"
#include "util/file.h"
#include "util/lock.h"

#include <stdio.h>

static struct fakebus bus;
static struct x8_op op = {.deadline = X8_NO_DEADLINE};
static struct x8_target target, now;
static struct x8_session *session;
static struct x8_error err;
static char *dir;

static void lock_path(const char *name, char *out, size_t cap)
{
    snprintf(out, cap, "%s/%s", dir, name);
}

static struct x8_reach reach = {.lock_path = lock_path};

/* A board on the bus as `target`. */
static void plug(unsigned vid, unsigned pid, int has_adb)
{
    struct x8_device d = fake_device("1-4.2", vid, pid);
    struct x8_board board;

    d.has_adb = (uint8_t)has_adb;
    x8_copy(d.serial, sizeof d.serial, pid == 0x0061 ? "0A13B209DAB6FAD9" : "");
    fake_add(&bus, d);
    assert_int_equal(x8_board_of(&bus.devices[bus.count - 1], &board), 1);
    memset(&target, 0, sizeof target);
    target.has_usb = 1;
    target.usb = board;
    target.mode = board.mode;
    x8_target_name(&target, NULL);
    x8_target_judge(&target);
}

static int begin(void **state)
{
    (void)state;
    dir = test_dir_new();
    memset(&err, 0, sizeof err);
    reach.via = X8_VIA_AUTO;
    fake_init(&bus);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_done(&bus);
    test_dir_free(dir);
    return 0;
}

static int open_it(void)
{
    return x8_target_open(&bus.base, &op, &reach, &target, &session, &err);
}

static void a_board_in_flashing_mode_has_no_session_and_a_way_out(void **state)
{
    (void)state;
    plug(0x1fc9, 0x0134, 0);
    assert_int_equal(open_it(), -X8_E_WRONG_STATE);
    assert_non_null(strstr(err.msg, "rom"));
    assert_true(err.why[0] && err.next[0]);
}

static void a_board_without_the_interface_is_not_opened(void **state)
{
    (void)state;
    plug(0x2341, 0x0061, 0);
    assert_int_equal(open_it(), -X8_E_WRONG_STATE);
    assert_non_null(strstr(err.why, "switched off"));
}

static void a_locked_port_is_busy_with_its_holder(void **state)
{
    char path[512];
    int fd = -1;

    (void)state;
    plug(0x2341, 0x0061, 1);
    lock_path("usb-1-4.2", path, sizeof path);
    assert_int_equal(x8_lock_take(path, &fd, &err), 0);
    op.deadline = x8_deadline_in(200);
    assert_int_equal(open_it(), -X8_E_BUSY);
    op.deadline = X8_NO_DEADLINE;
    assert_non_null(strstr(err.msg, "1-4.2"));
    assert_non_null(strstr(err.why, "process"));
    x8_fd_close(&fd);
}

static void a_way_that_does_not_exist_is_named(void **state)
{
    static const enum x8_via ways[] = {X8_VIA_ADB, X8_VIA_TCP};

    (void)state;
    plug(0x2341, 0x0061, 1);
    for (size_t i = 0; i < X8_COUNT(ways); i++) {
        reach.via = ways[i];
        assert_int_equal(open_it(), -X8_E_NO_BOARD);
        assert_true(err.why[0] && err.next[0]);
    }
    target.has_usb = 0;
    reach.via = X8_VIA_USB;
    assert_int_equal(open_it(), -X8_E_NO_BOARD);
}

static int wait_for(enum x8_mode mode, int ms)
{
    return x8_target_wait(&bus.base, &op, &reach, &target, mode, "old", x8_deadline_in(ms), &now,
                          &session, &err);
}

static void a_board_that_comes_up_in_the_rom_is_not_waited_for_any_longer(void **state)
{
    struct x8_target before;

    (void)state;
    plug(0x2341, 0x0061, 1);
    before = target;
    fake_remove(&bus, "1-4.2");
    plug(0x1fc9, 0x0134, 0);
    target = before;
    assert_int_equal(wait_for(X8_MODE_LINUX, 20000), -X8_E_NO_BOOT);
    assert_non_null(strstr(err.msg, "rom mode instead of Linux"));
    assert_non_null(strstr(err.next, "switches"));
}

static void flashing_mode_is_found_at_the_same_port_under_the_same_label(void **state)
{
    struct x8_target before;

    (void)state;
    plug(0x2341, 0x0061, 1);
    before = target;
    fake_remove(&bus, "1-4.2");
    plug(0x1fc9, 0x0134, 0);
    target = before;
    assert_int_equal(wait_for(X8_MODE_ROM, 20000), 0);
    assert_int_equal(now.mode, X8_MODE_ROM);
    assert_string_equal(now.label, "0A13B209DAB6FAD9");
    assert_string_equal(now.usb.device.port, "1-4.2");
}

static void a_board_that_stays_away_is_told_at_the_deadline(void **state)
{
    (void)state;
    plug(0x2341, 0x0061, 1);
    fake_remove(&bus, "1-4.2");
    assert_int_equal(wait_for(X8_MODE_LINUX, 100), -X8_E_NO_BOOT);
    assert_non_null(strstr(err.why, "not there"));
    assert_int_equal(wait_for(X8_MODE_ROM, 100), -X8_E_NO_BOOT);
    assert_non_null(strstr(err.next, "replug"));
}

static void a_stop_ends_the_wait(void **state)
{
    struct x8_cancel cancel;

    (void)state;
    plug(0x2341, 0x0061, 1);
    fake_remove(&bus, "1-4.2");
    x8_cancel_init(&cancel);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    op.cancel = &cancel;
    assert_int_equal(wait_for(X8_MODE_LINUX, 20000), -X8_E_STOPPED);
    op.cancel = NULL;
    x8_cancel_done(&cancel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_board_in_flashing_mode_has_no_session_and_a_way_out),
        TEST(a_board_without_the_interface_is_not_opened),
        TEST(a_locked_port_is_busy_with_its_holder),
        TEST(a_way_that_does_not_exist_is_named),
        TEST(a_board_that_comes_up_in_the_rom_is_not_waited_for_any_longer),
        TEST(flashing_mode_is_found_at_the_same_port_under_the_same_label),
        TEST(a_board_that_stays_away_is_told_at_the_deadline),
        TEST(a_stop_ends_the_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
