/*
 * Waiting on the real bus object. Nothing is plugged in or pulled while this runs.
 */
#include "usb/usb.h"

#include "util/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct x8_bus *open_bus(void)
{
    struct x8_bus *bus = NULL;

    assert_int_equal(x8_usb_bus_open(&bus, NULL), 0);
    return bus;
}

static void the_first_wait_returns_at_once_and_the_next_at_its_deadline(void **state)
{
    struct x8_bus *bus = open_bus();
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    uint64_t seq = 0;
    int64_t begin;

    (void)state;
    assert_int_equal(bus->ops->wait(bus, &op, &seq, x8_deadline_in(10000), NULL), 1);
    begin = x8_now_ms();
    assert_int_equal(bus->ops->wait(bus, &op, &seq, x8_deadline_in(700), NULL), 0);
    assert_true(x8_now_ms() - begin >= 700);
    x8_bus_close(&bus);
    assert_null(bus);
}

struct stopper {
    struct x8_cancel *cancel;
};

static void *stop(void *arg)
{
    struct stopper *s = arg;

    x8_cancel_raise(s->cancel, X8_CANCEL_SOFT, X8_E_TERMINATED);
    return NULL;
}

static void a_soft_stop_ends_a_wait_without_limit(void **state)
{
    struct x8_bus *bus = open_bus();
    struct x8_cancel cancel;
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    struct stopper s = {&cancel};
    struct x8_error err;
    uint64_t seq = 0;
    pthread_t thread;

    (void)state;
    x8_cancel_init(&cancel);
    assert_int_equal(bus->ops->wait(bus, &op, &seq, X8_NO_DEADLINE, &err), 1);
    assert_int_equal(pthread_create(&thread, NULL, stop, &s), 0);
    assert_int_equal(bus->ops->wait(bus, &op, &seq, X8_NO_DEADLINE, &err), -X8_E_TERMINATED);
    pthread_join(thread, NULL);
    x8_cancel_done(&cancel);
    x8_bus_close(&bus);
}

static void opening_what_is_not_there_says_that_it_left(void **state)
{
    struct x8_bus *bus = open_bus();
    struct x8_device d = {.port = "250-1", .attach = 1, .node = "/dev/bus/usb/250/001"};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_transport *link = NULL;
    struct x8_error err;

    (void)state;
    assert_int_equal(bus->ops->open(bus, &op, &d, X8_LINK_HID, &link, &err), -X8_E_GONE);
    assert_null(link);
    assert_non_null(strstr(err.msg, "250-1"));
    x8_bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_wait_returns_at_once_and_the_next_at_its_deadline),
        cmocka_unit_test(a_soft_stop_ends_a_wait_without_limit),
        cmocka_unit_test(opening_what_is_not_there_says_that_it_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
