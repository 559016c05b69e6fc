/*
 * ADB's link: framing by packets both ways, nothing lost by a wait that ends, and two threads that
 * do not get in each other's way.
 */
#include "fakeusb.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
    struct x8_usb_link *link;
    struct x8_cancel cancel, other_cancel;
    struct x8_op op, other_op;
    uint8_t data[600 << 10], out[8192];
    pthread_t thread;
    /* of the second thread */
    int rounds;
    ssize_t result;
    struct x8_error why;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    fake_usb_init();
    usb.is_fed = 1;
    x8_cancel_init(&f->cancel);
    x8_cancel_init(&f->other_cancel);
    f->op = (struct x8_op){.deadline = X8_NO_DEADLINE, .cancel = &f->cancel};
    f->other_op = (struct x8_op){.deadline = X8_NO_DEADLINE, .cancel = &f->other_cancel};
    f->link = calloc(1, sizeof *f->link);
    for (size_t i = 0; i < X8_USB_SLOTS; i++) {
        f->link->slots[i].link = f->link;
        f->link->slots[i].transfer = libusb_alloc_transfer(0);
    }
    f->link->kind = X8_LINK_ADB;
    x8_usb_duplex_init(&f->link->duplex);
    f->link->ep_in = 0x83;
    f->link->ep_out = 0x02;
    f->link->in_packet = f->link->out_packet = FAKE_PACKET;
    f->link->device = (struct x8_device){.port = "250-1", .node = "/dev/bus/usb/250/1"};
    f->link->base.ops = &x8_usb_adb_ops;
    for (size_t i = 0; i < sizeof f->data; i++)
        f->data[i] = (uint8_t)(i * 7 + (i >> 9));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    if (f->link)
        f->link->base.ops->close(&f->link->base);
    assert_int_equal(usb.count, 0);
    assert_true(usb.most_handlers <= 1);
    x8_cancel_done(&f->cancel);
    x8_cancel_done(&f->other_cancel);
    free(f);
    fake_usb_done();
    return 0;
}

static int send(struct fixture *f, size_t len, int timeout_ms, struct x8_error *err)
{
    return x8_send(&f->link->base, &f->op, f->data, len, timeout_ms, err);
}

static ssize_t receive(struct fixture *f, size_t cap, int timeout_ms, struct x8_error *err)
{
    memset(f->out, 0, sizeof f->out);
    return x8_recv(&f->link->base, &f->op, f->out, cap, timeout_ms, err);
}

/* --- framing --- */

static void only_whole_packets_are_followed_by_an_empty_one(void **state)
{
    static const struct {
        size_t len;
        unsigned empties;
    } rows[] = {{24, 0}, {511, 0}, {512, 1}, {513, 0}, {4096, 1}, {300 << 10, 1}, {300001, 0}};
    struct fixture *f = *state;

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        usb.seen_len = usb.empties = 0;
        assert_int_equal(send(f, rows[i].len, 60000, NULL), 0);
        assert_int_equal(usb.seen_len, rows[i].len);
        assert_memory_equal(usb.seen, f->data, rows[i].len);
        assert_int_equal(usb.empties, rows[i].empties);
    }
}

static void a_full_speed_link_has_shorter_packets(void **state)
{
    struct fixture *f = *state;

    f->link->out_packet = 64;
    assert_int_equal(send(f, 64, 60000, NULL), 0);
    assert_int_equal(usb.empties, 1);
}

static void what_is_longer_than_asked_for_is_kept(void **state)
{
    struct fixture *f = *state;
    size_t got = 24;

    fake_feed(f->data, 4096);
    fake_feed(f->data + 4096, 24);
    assert_int_equal(receive(f, 24, 60000, NULL), 24);
    assert_memory_equal(f->out, f->data, 24);
    while (got < 4120) {
        ssize_t n = receive(f, 100, 60000, NULL);

        assert_true(n > 0 && n <= 100);
        assert_memory_equal(f->out, f->data + got, (size_t)n);
        got += (size_t)n;
    }
    assert_int_equal(f->link->base.bytes_in, 4120);
}

static void a_payload_of_whole_packets_needs_no_empty_one(void **state)
{
    struct fixture *f = *state;

    fake_feed(f->data, 512);
    assert_int_equal(receive(f, 512, 60000, NULL), 512);
    fake_feed(f->data, 4096);
    assert_int_equal(receive(f, 4096, 60000, NULL), 4096);
    assert_memory_equal(f->out, f->data, 4096);
}

static void room_is_asked_for_in_whole_packets(void **state)
{
    struct fixture *f = *state;

    fake_feed(f->data, 600);
    assert_int_equal(receive(f, 600, 60000, NULL), 600);
    assert_int_equal(usb.largest, 1024);
}

static void empty_transfers_are_skipped_but_end_with_the_limit(void **state)
{
    struct fixture *f = *state;

    fake_feed(f->data, 0);
    fake_feed(f->data, 0);
    fake_feed(f->data, 24);
    assert_int_equal(receive(f, 24, 60000, NULL), 24);
    fake_feed(f->data, 0);
    assert_int_equal(receive(f, 24, 50, NULL), -X8_E_TIMEOUT);
}

/* --- waits that end --- */

static void a_wait_that_ran_out_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    assert_int_equal(receive(f, 4096, 50, &err), -X8_E_TIMEOUT);
    assert_int_equal(err.code, X8_E_TIMEOUT);
    fake_feed(f->data, 1024);
    assert_int_equal(receive(f, 4096, 50, NULL), -X8_E_TIMEOUT);
    fake_feed(f->data + 1024, 76);
    assert_int_equal(receive(f, 1000, 60000, NULL), 1000);
    assert_memory_equal(f->out, f->data, 1000);
    assert_int_equal(receive(f, 4096, 60000, NULL), 100);
    assert_memory_equal(f->out, f->data + 1000, 100);
}

static void a_wait_that_was_stopped_loses_nothing(void **state)
{
    struct fixture *f = *state;

    x8_cancel_raise(&f->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    assert_int_equal(receive(f, 24, -1, NULL), -X8_E_STOPPED);
    fake_feed(f->data, 24);
    f->op.cancel = NULL;
    assert_int_equal(receive(f, 24, 60000, NULL), 24);
    assert_memory_equal(f->out, f->data, 24);
}

static void the_operations_limit_ends_a_wait_without_one(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    f->op.deadline = x8_deadline_in(50);
    assert_int_equal(receive(f, 24, -1, &err), -X8_E_TIMEOUT);
    assert_null(strstr(err.msg, "-"));
}

static void a_departure_is_gone_for_both(void **state)
{
    struct fixture *f = *state;

    fake_depart();
    assert_int_equal(receive(f, 24, -1, NULL), -X8_E_GONE);
    assert_int_equal(send(f, 4096, 60000, NULL), -X8_E_GONE);
}

static void a_short_write_is_an_error_and_its_end_is_not_sent_later(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    usb.odd_one = 1;
    usb.odd_status = LIBUSB_TRANSFER_COMPLETED;
    usb.odd_actual = 100;
    assert_int_equal(send(f, 4096, 60000, &err), -X8_E_LINK);
    assert_non_null(strstr(err.msg, "100 of 4096"));
    assert_int_equal(usb.count, 0);
}

static void too_little_kernel_memory_has_a_cause(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    usb.limit = 100;
    assert_int_equal(send(f, 4096, 1000, &err), -X8_E_BUSY);
    assert_int_equal(receive(f, 24, 1000, &err), -X8_E_BUSY);
}

static void a_transfer_that_never_comes_back_kills_the_link(void **state)
{
    struct fixture *f = *state;

    usb.silent_after = 0;
    usb.is_deaf = 1;
    assert_int_equal(send(f, 24, 20, NULL), -X8_E_TIMEOUT);
    assert_int_equal(f->link->is_dead, 1);
    assert_int_equal(send(f, 24, 20, NULL), -X8_E_GONE);
    usb.is_deaf = 0;
    x8_usb_duplex_take_back(&f->link->slots[1]);
}

/* --- two threads --- */

static void *reader(void *arg)
{
    struct fixture *f = arg;
    uint8_t out[4096];

    f->result = x8_recv(&f->link->base, &f->other_op, out, sizeof out, -1, &f->why);
    return NULL;
}

/* Once its transfer is in flight; the tests below hold whether or not it rests already. */
static void start_reader(struct fixture *f)
{
    int is_asked = 0;

    pthread_create(&f->thread, NULL, reader, f);
    while (!is_asked) {
        pthread_mutex_lock(&usb.lock);
        is_asked = usb.count > 0;
        pthread_mutex_unlock(&usb.lock);
    }
}

static void one_sends_while_the_other_waits_without_limit(void **state)
{
    struct fixture *f = *state;

    start_reader(f);
    for (int i = 0; i < 50; i++)
        assert_int_equal(send(f, 4096, 60000, NULL), 0);
    fake_feed(f->data, 24);
    pthread_join(f->thread, NULL);
    assert_int_equal(f->result, 24);
    assert_int_equal(usb.empties, 50);
}

static void a_send_without_progress_ends_and_the_reader_goes_on(void **state)
{
    struct fixture *f = *state;

    start_reader(f);
    fake_silence();
    assert_int_equal(send(f, 4096, 50, NULL), -X8_E_TIMEOUT);
    assert_int_equal(f->link->is_dead, 0);
    fake_feed(f->data, 100);
    pthread_join(f->thread, NULL);
    assert_int_equal(f->result, 100);
}

static void a_stop_wakes_only_those_it_is_meant_for(void **state)
{
    struct fixture *f = *state;

    start_reader(f);
    x8_cancel_raise(&f->cancel, X8_CANCEL_HARD, X8_E_STOPPED); /* of nobody who waits */
    f->op.cancel = NULL;
    assert_int_equal(send(f, 24, 60000, NULL), 0);
    x8_cancel_raise(&f->other_cancel, X8_CANCEL_HARD, X8_E_TERMINATED);
    pthread_join(f->thread, NULL);
    assert_int_equal(f->result, -X8_E_TERMINATED);
}

static void *stuck_sender(void *arg)
{
    struct fixture *f = arg;

    f->result = x8_send(&f->link->base, &f->other_op, f->data, 4096, -1, &f->why);
    return NULL;
}

static void waking_the_link_ends_both_and_all_that_come_later(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    start_reader(f);
    x8_transport_wake(&f->link->base);
    pthread_join(f->thread, NULL);
    assert_int_equal(f->result, -X8_E_GONE);
    assert_non_null(strstr(f->why.msg, "being closed"));
    assert_int_equal(receive(f, 24, -1, &err), -X8_E_GONE);
    assert_int_equal(send(f, 24, -1, &err), -X8_E_GONE);
    f->link->duplex.is_woken = 0;
    usb.silent_after = 0;
    pthread_create(&f->thread, NULL, stuck_sender, f);
    x8_transport_wake(&f->link->base);
    x8_transport_wake(&f->link->base);
    pthread_join(f->thread, NULL);
    assert_int_equal(f->result, -X8_E_GONE);
}

static void *echo_reader(void *arg)
{
    struct fixture *f = arg;
    uint8_t out[4096];
    size_t sum = 0;

    for (int i = 0; i < f->rounds; i++) {
        size_t len = (size_t)(i * 37) % 4096 + 1, got = 0;

        while (got < len) {
            ssize_t n = x8_recv(&f->link->base, &f->other_op, out + got, len - got,
                                i % 3 ? -1 : 60000, &f->why);

            if (n <= 0) {
                f->result = n;
                return NULL;
            }
            got += (size_t)n;
        }
        if (memcmp(out, f->data, len) != 0)
            return NULL;
        sum += len;
    }
    f->result = (ssize_t)sum;
    return NULL;
}

static void whatever_is_sent_comes_back_whole_while_both_work(void **state)
{
    struct fixture *f = *state;
    size_t sum = 0;

    usb.echoes = 1;
    f->rounds = 1000;
    pthread_create(&f->thread, NULL, echo_reader, f);
    for (int i = 0; i < f->rounds; i++) {
        size_t len = (size_t)(i * 37) % 4096 + 1, is_full = 1;

        sum += len;
        usb.seen_len = 0;
        assert_int_equal(send(f, len, 60000, NULL), 0);
        while (is_full) { /* the reader may be behind by what the board can hold */
            pthread_mutex_lock(&usb.lock);
            is_full = usb.packet_count > FAKE_PACKETS / 2;
            pthread_mutex_unlock(&usb.lock);
        }
    }
    pthread_join(f->thread, NULL);
    assert_int_equal(f->result, sum);
    assert_int_equal(f->link->base.bytes_in, f->link->base.bytes_out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_whole_packets_are_followed_by_an_empty_one),
        TEST(a_full_speed_link_has_shorter_packets),
        TEST(what_is_longer_than_asked_for_is_kept),
        TEST(a_payload_of_whole_packets_needs_no_empty_one),
        TEST(room_is_asked_for_in_whole_packets),
        TEST(empty_transfers_are_skipped_but_end_with_the_limit),
        TEST(a_wait_that_ran_out_loses_nothing),
        TEST(a_wait_that_was_stopped_loses_nothing),
        TEST(the_operations_limit_ends_a_wait_without_one),
        TEST(a_departure_is_gone_for_both),
        TEST(a_short_write_is_an_error_and_its_end_is_not_sent_later),
        TEST(too_little_kernel_memory_has_a_cause),
        TEST(a_transfer_that_never_comes_back_kills_the_link),
        TEST(one_sends_while_the_other_waits_without_limit),
        TEST(a_send_without_progress_ends_and_the_reader_goes_on),
        TEST(a_stop_wakes_only_those_it_is_meant_for),
        TEST(waking_the_link_ends_both_and_all_that_come_later),
        TEST(whatever_is_sent_comes_back_whole_while_both_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
