/*
 * Waiting for boards: it ends, it tells, it can be stopped.
 */
#include "board/wait.h"

#include "fakebus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define LONG_MS 30000

struct fixture {
    struct fakebus bus;
    struct x8_cancel cancel;
    struct x8_op op;
    pthread_t thread;
    char said[8192]; /* all texts; written by the waiting thread only */
    int waits;
};

static void hear(void *ctx, const struct x8_event *event)
{
    struct fixture *f = ctx;
    size_t used = strlen(f->said);

    f->waits += event->kind == X8_EV_WAIT;
    snprintf(f->said + used, sizeof f->said - used, "%s\n", event->text);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    fake_init(&f->bus);
    x8_cancel_init(&f->cancel);
    f->op = (struct x8_op){
        .deadline = X8_NO_DEADLINE, .cancel = &f->cancel, .emit = hear, .emit_ctx = f};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    x8_cancel_done(&f->cancel);
    fake_done(&f->bus);
    free(f);
    return 0;
}

static int is_rom(void *ctx, const struct x8_board *board)
{
    (void)ctx;
    return board->mode == X8_MODE_ROM;
}

static struct x8_wait for_rom(int ms)
{
    return (struct x8_wait){
        .fits = is_rom, .what = "a board in rom mode", .deadline = x8_deadline_in(ms)};
}

static void what_is_there_is_returned_at_once(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(0);
    struct x8_board board;

    fake_add(&f->bus, fake_device("1-1", 0x2341, 0x0061));
    fake_add(&f->bus, fake_device("1-2", 0x1fc9, 0x0134));
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, NULL), 0);
    assert_string_equal(board.device.port, "1-2");
    assert_int_equal(f->waits, 0);
}

static void *plug_rom(void *arg)
{
    struct fixture *f = arg;

    fake_add(&f->bus, fake_device("1-7", 0x1234, 0x5678));
    fake_add(&f->bus, fake_device("3-2", 0x1fc9, 0x0134));
    return NULL;
}

static void a_board_that_arrives_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(LONG_MS);
    struct x8_board board;
    int64_t begin = x8_now_ms();

    pthread_create(&f->thread, NULL, plug_rom, f);
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, NULL), 0);
    pthread_join(f->thread, NULL);
    assert_string_equal(board.device.port, "3-2");
    assert_true(x8_now_ms() - begin < LONG_MS);
}

static void the_deadline_ends_it_and_says_what_was_there_instead(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(800); /* less than a second: it is told once */
    struct x8_board board;
    struct x8_error err;

    fake_add(&f->bus, fake_device("1-4.1", 0x2341, 0x0061));
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, &err), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.msg, "a board in rom mode"));
    assert_non_null(strstr(err.why, "1-4.1 (linux)"));
    assert_non_null(strstr(err.next, "1-4.1 runs Linux"));
    assert_int_equal(f->waits, 1);
    assert_non_null(strstr(f->said, "1-4.1 (linux)"));
}

static void it_tells_every_second_what_came_and_went(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(1300);
    struct x8_board board;

    pthread_create(&f->thread, NULL, plug_rom, f);
    want.deadline = x8_deadline_in(LONG_MS);
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, NULL), 0);
    pthread_join(f->thread, NULL);
    fake_remove(&f->bus, "3-2");
    want.deadline = x8_deadline_in(3300);
    f->waits = 0;
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, NULL), -X8_E_NO_BOARD);
    assert_in_range(f->waits, 2, 5);
}

static void *unplug_soon(void *arg)
{
    struct fixture *f = arg;

    x8_cancel_sleep(NULL, x8_deadline_in(300), X8_CANCEL_SOFT, NULL);
    fake_remove(&f->bus, "1-3");
    return NULL;
}

static void a_device_that_vanishes_is_news(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(3500);
    struct x8_board board;

    fake_add(&f->bus, fake_device("1-3", 0x2341, 0x0061));
    pthread_create(&f->thread, NULL, unplug_soon, f);
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, NULL), -X8_E_NO_BOARD);
    pthread_join(f->thread, NULL);
    assert_non_null(strstr(f->said, "gone 1-3 (2341:0061)"));
}

static void the_checklist_comes_once_and_in_order(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(2400);
    struct x8_board board;
    const char *last = f->said;

    want.checklist_ms = 100;
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, NULL), -X8_E_NO_BOARD);
    for (size_t i = 0; x8_wait_checklist(i); i++) {
        last = strstr(last, x8_wait_checklist(i));
        assert_non_null(last);
    }
    assert_null(strstr(last, x8_wait_checklist(0)));
}

static void a_board_without_access_fits_unless_the_caller_says_otherwise(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(0);
    struct x8_device d = fake_device("1-2", 0x1fc9, 0x0134);
    struct x8_board board;
    struct x8_error err;

    d.no_access = 1;
    fake_add(&f->bus, d);
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, NULL), 0);
    assert_int_equal(board.device.no_access, 1);
    want = for_rom(0);
    want.ignore_no_access = 1;
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, &err), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.why, "no access"));
}

static void all_that_fit_are_returned_in_order(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(0);
    struct x8_board *boards = NULL;

    fake_add(&f->bus, fake_device("1-2", 0x1fc9, 0x0134));
    fake_add(&f->bus, fake_device("1-3", 0x1fc9, 0x0152));
    fake_add(&f->bus, fake_device("2-1", 0x1fc9, 0x0134));
    assert_int_equal(x8_boards_wait(&f->bus.base, &f->op, &want, &boards, NULL), 2);
    assert_string_equal(boards[1].device.port, "2-1");
    free(boards);
}

static void *stop(void *arg)
{
    struct fixture *f = arg;

    x8_cancel_raise(&f->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    return NULL;
}

static void the_user_can_stop_it(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(-1);
    struct x8_board board;
    struct x8_error err;

    pthread_create(&f->thread, NULL, stop, f);
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, &err), -X8_E_STOPPED);
    pthread_join(f->thread, NULL);
}

static void a_list_that_fails_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    struct x8_wait want = for_rom(LONG_MS);
    struct x8_board board;
    struct x8_error err;

    f->bus.fail_list = 1;
    assert_int_equal(x8_board_wait(&f->bus.base, &f->op, &want, &board, &err), -X8_E_INTERNAL);
}

struct swap {
    struct fixture *f;
    unsigned pid;
};

static void *replug(void *arg)
{
    struct swap *swap = arg;

    fake_remove(&swap->f->bus, "1-2");
    fake_add(&swap->f->bus, fake_device("1-9", 0x1fc9, 0x0151)); /* another board's port */
    fake_add(&swap->f->bus, fake_device("1-2", 0x1fc9, swap->pid));
    return NULL;
}

static void the_next_board_at_the_same_port_is_told_from_the_old_one(void **state)
{
    struct fixture *f = *state;
    uint64_t old = fake_add(&f->bus, fake_device("1-2", 0x1fc9, 0x0134));
    struct swap swap = {f, 0x0134};
    struct x8_board back;

    pthread_create(&f->thread, NULL, replug, &swap);
    assert_int_equal(
        x8_board_wait_left(&f->bus.base, &f->op, "1-2", old, x8_deadline_in(LONG_MS), &back, NULL),
        1);
    pthread_join(f->thread, NULL);
    assert_string_equal(back.device.port, "1-2");
    assert_true(back.device.attach != old);
}

static void a_board_that_stays_is_told_by_the_deadline(void **state)
{
    struct fixture *f = *state;
    uint64_t old = fake_add(&f->bus, fake_device("1-2", 0x1fc9, 0x0134));
    struct x8_board back;

    assert_int_equal(
        x8_board_wait_left(&f->bus.base, &f->op, "1-2", old, x8_deadline_in(50), &back, NULL), 0);
    fake_remove(&f->bus, "1-2");
    assert_int_equal(
        x8_board_wait_left(&f->bus.base, &f->op, "1-2", old, x8_deadline_in(50), NULL, NULL), 1);
    assert_int_equal(
        x8_board_wait_left(&f->bus.base, &f->op, "1-2", old, x8_deadline_in(50), &back, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_there_is_returned_at_once),
        TEST(a_board_that_arrives_ends_the_wait),
        TEST(the_deadline_ends_it_and_says_what_was_there_instead),
        TEST(it_tells_every_second_what_came_and_went),
        TEST(a_device_that_vanishes_is_news),
        TEST(the_checklist_comes_once_and_in_order),
        TEST(a_board_without_access_fits_unless_the_caller_says_otherwise),
        TEST(all_that_fit_are_returned_in_order),
        TEST(the_user_can_stop_it),
        TEST(a_list_that_fails_ends_the_wait),
        TEST(the_next_board_at_the_same_port_is_told_from_the_old_one),
        TEST(a_board_that_stays_is_told_by_the_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
