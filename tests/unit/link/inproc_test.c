/*
 * The bus in this process: what it lists, how it waits, and that its links fail as those of the USB
 * room do.
 */
#include "inproc.h"
#include "util/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define BOARDS 2

struct kit {
    struct vb *boards[BOARDS];
    size_t count;
    struct vb_bus *bus;
    struct x8_bus *base;
    struct x8_cancel cancel;
    struct x8_op op;
    struct x8_error err;
};

static void open_kit(struct kit *k, const char *first, const char *second)
{
    const char *const words[BOARDS] = {first, second};

    memset(k, 0, sizeof *k);
    for (size_t i = 0; i < BOARDS && words[i]; i++) {
        char why[256] = "";

        k->boards[k->count] = vb_new(words[i], why);
        if (!k->boards[k->count++])
            fail_msg("%s: %s", words[i], why);
    }
    k->bus = vb_bus_new(k->boards, k->count);
    assert_non_null(k->bus);
    k->base = vb_bus_of(k->bus);
    x8_cancel_init(&k->cancel);
    k->op = (struct x8_op){.deadline = X8_NO_DEADLINE, .cancel = &k->cancel};
}

static void close_kit(struct kit *k)
{
    x8_bus_close(&k->base);
    for (size_t i = 0; i < k->count; i++)
        vb_free(k->boards[i]);
    x8_cancel_done(&k->cancel);
}

static struct x8_device only_device(struct kit *k)
{
    struct x8_device *list = NULL, device;

    assert_int_equal(k->base->ops->list(k->base, &list, &k->err), 1);
    device = list[0];
    free(list);
    return device;
}

static int open_any(struct kit *k, enum x8_link_kind kind, struct x8_transport **link)
{
    struct x8_device device = only_device(k);

    return k->base->ops->open(k->base, &k->op, &device, kind, link, &k->err);
}

static struct x8_transport *open_link(struct kit *k, enum x8_link_kind kind)
{
    struct x8_transport *link = NULL;

    if (open_any(k, kind, &link))
        fail_msg("%s", k->err.msg);
    return link;
}

/* Send a command; the reply is left in `reply`. */
static ssize_t ask(struct kit *k, struct x8_transport *link, const char *command, char reply[65])
{
    ssize_t n;

    memset(reply, 0, 65);
    assert_int_equal(x8_send(link, &k->op, command, strlen(command), 60000, &k->err), 0);
    n = x8_recv(link, &k->op, reply, 64, 60000, &k->err);
    return n;
}

/* ---- the bus ---- */

static void boards_are_listed_in_port_order(void **state)
{
    struct kit k;
    struct x8_device *list;

    (void)state;
    open_kit(&k, "start=rom port=1-10", "start=fastboot port=1-2 serial=00112233445566aa");
    assert_int_equal(k.base->ops->list(k.base, &list, &k.err), 2);
    assert_string_equal(list[0].port, "1-2");
    assert_string_equal(list[0].serial, "00112233445566aa");
    assert_int_equal(list[0].pid, 0x0152);
    assert_int_equal(list[0].if_subclass, 0x42);
    assert_string_equal(list[1].port, "1-10");
    assert_int_equal(list[1].pid, 0x0134);
    assert_int_equal(list[1].if_class, 3);
    assert_int_equal(list[1].speed, X8_SPEED_HIGH);
    free(list);
    close_kit(&k);
}

static void a_running_board_shows_adb_and_an_absent_one_nothing(void **state)
{
    struct kit k;
    struct x8_device *list;

    (void)state;
    open_kit(&k, "start=linux speed=full", "start=off port=1-3");
    assert_int_equal(k.base->ops->list(k.base, &list, &k.err), 1);
    assert_int_equal(list[0].has_adb, 1);
    assert_int_equal(list[0].speed, X8_SPEED_FULL);
    free(list);
    close_kit(&k);
}

struct pull {
    struct vb *vb;
    int64_t back_us;
};

static void pull_cable(void *ctx)
{
    struct pull *pull = ctx;

    vb_unplug(pull->vb, pull->back_us);
}

static void waiting_sees_a_board_leave_and_return_as_another_attach(void **state)
{
    struct kit k;
    uint64_t seq = 0;
    struct x8_device before, after;
    struct pull pull;

    (void)state;
    open_kit(&k, "start=rom", NULL);
    assert_int_equal(k.base->ops->wait(k.base, &k.op, &seq, x8_deadline_in(0), &k.err), 1);
    assert_int_equal(k.base->ops->wait(k.base, &k.op, &seq, x8_deadline_in(20), &k.err), 0);
    before = only_device(&k);
    pull = (struct pull){k.boards[0], 50000};
    vb_bus_locked(k.bus, pull_cable, &pull);
    assert_int_equal(k.base->ops->wait(k.base, &k.op, &seq, x8_deadline_in(60000), &k.err), 1);
    assert_int_equal(k.base->ops->wait(k.base, &k.op, &seq, x8_deadline_in(60000), &k.err), 1);
    after = only_device(&k);
    assert_true(after.attach != before.attach);
    close_kit(&k);
}

static void *stop_soon(void *ctx)
{
    struct kit *k = ctx;

    x8_cancel_sleep(&k->cancel, x8_deadline_in(30), X8_CANCEL_HARD, NULL);
    x8_cancel_raise(&k->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    return NULL;
}

static void waiting_ends_when_stopped(void **state)
{
    struct kit k;
    uint64_t seq = 0;
    pthread_t thread;

    (void)state;
    open_kit(&k, "start=rom", NULL);
    k.base->ops->wait(k.base, &k.op, &seq, x8_deadline_in(0), &k.err);
    pthread_create(&thread, NULL, stop_soon, &k);
    assert_int_equal(k.base->ops->wait(k.base, &k.op, &seq, X8_NO_DEADLINE, &k.err), -X8_E_STOPPED);
    pthread_join(thread, NULL);
    close_kit(&k);
}

/* ---- opening ---- */

static void what_cannot_be_opened_is_told_apart(void **state)
{
    struct kit k;
    struct x8_transport *link = NULL, *second = NULL;
    struct x8_device device;

    (void)state;
    open_kit(&k, "start=rom", NULL);
    assert_int_equal(open_any(&k, X8_LINK_FASTBOOT, &link), -X8_E_WRONG_STATE);
    device = only_device(&k);
    device.attach++;
    assert_int_equal(k.base->ops->open(k.base, &k.op, &device, X8_LINK_HID, &link, &k.err),
                     -X8_E_GONE);
    link = open_link(&k, X8_LINK_HID);
    assert_int_equal(open_any(&k, X8_LINK_HID, &second), -X8_E_BUSY);
    x8_transport_close(&link);
    link = open_link(&k, X8_LINK_HID);
    x8_transport_close(&link);
    close_kit(&k);
}

static void a_denied_board_is_listed_and_refused(void **state)
{
    struct kit k;
    struct x8_transport *link = NULL;

    (void)state;
    open_kit(&k, "start=fastboot access=denied", NULL);
    assert_int_equal(only_device(&k).no_access, 1);
    assert_int_equal(open_any(&k, X8_LINK_FASTBOOT, &link), -X8_E_NO_PERMISSION);
    assert_true(k.err.next[0]);
    close_kit(&k);
}

static void rights_that_come_late_are_waited_for(void **state)
{
    struct kit k;
    struct x8_transport *link;

    (void)state;
    open_kit(&k, "start=fastboot fault=stage:fastboot,at:connect,do:denied,for:60", NULL);
    link = open_link(&k, X8_LINK_FASTBOOT);
    x8_transport_close(&link);
    close_kit(&k);
}

/* ---- reports ---- */

static void hab_state_over(const char *words)
{
    static const uint8_t error_status[17] = {1, 0x05, 0x05};
    struct kit k;
    struct x8_transport *link;
    uint8_t report[65];

    open_kit(&k, words, NULL);
    link = open_link(&k, X8_LINK_HID);
    assert_int_equal(x8_send(link, &k.op, error_status, sizeof error_status, 60000, &k.err), 0);
    assert_int_equal(x8_recv(link, &k.op, report, 5, 60000, &k.err), 5);
    assert_memory_equal(report, "\x03\x56\x78\x78\x56", 5);
    assert_int_equal(x8_recv(link, &k.op, report, 65, 60000, &k.err), 65);
    assert_int_equal(report[0], 4);
    assert_int_equal(link->bytes_out, 17);
    assert_int_equal(link->bytes_in, 70);
    x8_transport_close(&link);
    close_kit(&k);
}

static void the_rom_answers_over_the_control_endpoint(void **state)
{
    (void)state;
    hab_state_over("start=rom");
}

static void the_spl_answers_since_opening_asked_for_its_descriptor(void **state)
{
    (void)state;
    hab_state_over("start=spl");
    hab_state_over("start=spl endpoints=out-first");
}

static void a_report_that_is_too_long_is_no_report(void **state)
{
    static const uint8_t error_status[17] = {1, 0x05, 0x05};
    struct kit k;
    struct x8_transport *link;
    uint8_t report[8];

    (void)state;
    open_kit(&k, "start=rom", NULL);
    link = open_link(&k, X8_LINK_HID);
    assert_int_equal(x8_send(link, &k.op, error_status, sizeof error_status, 60000, &k.err), 0);
    assert_int_equal(x8_recv(link, &k.op, report, 4, 60000, &k.err), -X8_E_LINK);
    x8_transport_close(&link);
    close_kit(&k);
}

/* ---- bulk ---- */

static void commands_are_answered_in_either_order_of_endpoints(void **state)
{
    const char *const words[] = {"start=fastboot", "start=fastboot endpoints=out-first"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit k;
        struct x8_transport *link;
        char reply[65];

        open_kit(&k, words[i], NULL);
        link = open_link(&k, X8_LINK_FASTBOOT);
        assert_true(ask(&k, link, "getvar:max-download-size", reply) > 4);
        assert_memory_equal(reply, "OKAY", 4);
        x8_transport_close(&link);
        close_kit(&k);
    }
}

static void count_bytes(void *ctx, size_t bytes)
{
    *(size_t *)ctx += bytes;
}

static void a_paced_link_takes_its_time_and_tells_progress(void **state)
{
    enum { LEN = 3 << 20 };
    struct kit k;
    struct x8_transport *link;
    char reply[65];
    uint8_t *data = calloc(1, LEN);
    size_t counted = 0;
    int64_t start;

    (void)state;
    open_kit(&k, "start=fastboot link=40M", NULL);
    link = open_link(&k, X8_LINK_FASTBOOT);
    assert_true(ask(&k, link, "download:00300000", reply) == 12);
    link->on_sent = count_bytes;
    link->on_sent_ctx = &counted;
    start = x8_now_us();
    assert_int_equal(x8_send(link, &k.op, data, LEN, 60000, &k.err), 0);
    assert_in_range(x8_now_us() - start, LEN / 40 - 1000, 10 * LEN / 40);
    assert_int_equal(counted, LEN);
    assert_int_equal(x8_recv(link, &k.op, reply, 64, 60000, &k.err), 4);
    x8_transport_close(&link);
    close_kit(&k);
    free(data);
}

static void silence_is_a_timeout(void **state)
{
    struct kit k;
    struct x8_transport *link;
    char reply[65];

    (void)state;
    open_kit(&k, "start=fastboot", NULL);
    link = open_link(&k, X8_LINK_FASTBOOT);
    assert_int_equal(x8_recv(link, &k.op, reply, 64, 30, &k.err), -X8_E_TIMEOUT);
    k.op.deadline = x8_deadline_in(30);
    assert_int_equal(x8_recv(link, &k.op, reply, 64, 60000, &k.err), -X8_E_TIMEOUT);
    x8_transport_close(&link);
    close_kit(&k);
}

static void a_board_that_hangs_takes_no_data(void **state)
{
    struct kit k;
    struct x8_transport *link;

    (void)state;
    open_kit(&k, "start=fastboot fault=at:cmd:getvar,do:hang", NULL);
    link = open_link(&k, X8_LINK_FASTBOOT);
    x8_send(link, &k.op, "getvar:version", 14, 60000, &k.err);
    assert_int_equal(x8_send(link, &k.op, "getvar:version", 14, 50, &k.err), -X8_E_TIMEOUT);
    x8_transport_close(&link);
    close_kit(&k);
}

static void a_stall_is_a_link_error(void **state)
{
    struct kit k;
    struct x8_transport *link;

    (void)state;
    open_kit(&k, "start=fastboot fault=at:cmd:getvar,do:stall", NULL);
    link = open_link(&k, X8_LINK_FASTBOOT);
    assert_int_equal(x8_send(link, &k.op, "getvar:version", 14, 60000, &k.err), -X8_E_LINK);
    x8_transport_close(&link);
    close_kit(&k);
}

static void a_stop_wakes_what_blocks(void **state)
{
    struct kit k;
    struct x8_transport *link;
    pthread_t thread;
    char reply[65];

    (void)state;
    open_kit(&k, "start=fastboot", NULL);
    link = open_link(&k, X8_LINK_FASTBOOT);
    pthread_create(&thread, NULL, stop_soon, &k);
    assert_int_equal(x8_recv(link, &k.op, reply, 64, -1, &k.err), -X8_E_STOPPED);
    pthread_join(thread, NULL);
    x8_transport_close(&link);
    close_kit(&k);
}

static void *pull_soon(void *ctx)
{
    struct kit *k = ctx;
    struct pull pull = {k->boards[0], -1};

    x8_cancel_sleep(&k->cancel, x8_deadline_in(30), X8_CANCEL_HARD, NULL);
    vb_bus_locked(k->bus, pull_cable, &pull);
    return NULL;
}

static void a_pulled_cable_wakes_what_blocks(void **state)
{
    struct kit k;
    struct x8_transport *link;
    pthread_t thread;
    char reply[65];

    (void)state;
    open_kit(&k, "start=fastboot", NULL);
    link = open_link(&k, X8_LINK_FASTBOOT);
    pthread_create(&thread, NULL, pull_soon, &k);
    assert_int_equal(x8_recv(link, &k.op, reply, 64, -1, &k.err), -X8_E_GONE);
    pthread_join(thread, NULL);
    assert_int_equal(x8_send(link, &k.op, "getvar:version", 14, 60000, &k.err), -X8_E_GONE);
    x8_transport_close(&link);
    close_kit(&k);
}

static void a_reset_makes_the_board_forget_half_a_download(void **state)
{
    struct kit k;
    struct x8_transport *link;
    uint64_t attach;
    char reply[65];

    (void)state;
    open_kit(&k, "start=fastboot", NULL);
    attach = only_device(&k).attach;
    link = open_link(&k, X8_LINK_FASTBOOT);
    assert_true(ask(&k, link, "download:00100000", reply) == 12);
    assert_int_equal(x8_send(link, &k.op, reply, 64, 60000, &k.err), 0);
    assert_int_equal(link->ops->reset(link, &k.err), 0);
    assert_int_equal(x8_send(link, &k.op, "x", 1, 60000, &k.err), -X8_E_GONE);
    x8_transport_close(&link);
    assert_int_equal(only_device(&k).attach, attach);
    link = open_link(&k, X8_LINK_FASTBOOT);
    assert_true(ask(&k, link, "getvar:max-download-size", reply) > 4);
    assert_memory_equal(reply, "OKAY", 4);
    x8_transport_close(&link);
    close_kit(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boards_are_listed_in_port_order),
        cmocka_unit_test(a_running_board_shows_adb_and_an_absent_one_nothing),
        cmocka_unit_test(waiting_sees_a_board_leave_and_return_as_another_attach),
        cmocka_unit_test(waiting_ends_when_stopped),
        cmocka_unit_test(what_cannot_be_opened_is_told_apart),
        cmocka_unit_test(a_denied_board_is_listed_and_refused),
        cmocka_unit_test(rights_that_come_late_are_waited_for),
        cmocka_unit_test(the_rom_answers_over_the_control_endpoint),
        cmocka_unit_test(the_spl_answers_since_opening_asked_for_its_descriptor),
        cmocka_unit_test(a_report_that_is_too_long_is_no_report),
        cmocka_unit_test(commands_are_answered_in_either_order_of_endpoints),
        cmocka_unit_test(a_paced_link_takes_its_time_and_tells_progress),
        cmocka_unit_test(silence_is_a_timeout),
        cmocka_unit_test(a_board_that_hangs_takes_no_data),
        cmocka_unit_test(a_stall_is_a_link_error),
        cmocka_unit_test(a_stop_wakes_what_blocks),
        cmocka_unit_test(a_pulled_cable_wakes_what_blocks),
        cmocka_unit_test(a_reset_makes_the_board_forget_half_a_download),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
