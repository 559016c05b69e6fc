/*
 * Sending and receiving with transfers that end as the test plans: in full, short, with errors,
 * never. Whatever happens, every transfer and every byte of the allowance must come back.
 */
#include "fakeusb.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MIB ((size_t)1 << 20)

struct fixture {
    struct x8_usb_budget budget;
    struct x8_usb_link *link;
    struct x8_cancel cancel;
    struct x8_op op;
    uint8_t *data;
    size_t told; /* bytes by on_sent */
    int stop_at; /* raise HARD in on_sent once so many MiB are told */
    pthread_t thread;
};

static void on_sent(void *ctx, size_t bytes)
{
    struct fixture *f = ctx;

    f->told += bytes;
    if (f->stop_at && f->told >= (size_t)f->stop_at * MIB)
        x8_cancel_raise(&f->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    fake_usb_init();
    x8_cancel_init(&f->cancel);
    f->op = (struct x8_op){.deadline = X8_NO_DEADLINE, .cancel = &f->cancel};
    x8_usb_budget_init(&f->budget);
    x8_usb_budget_join(&f->budget);
    f->link = calloc(1, sizeof *f->link);
    for (size_t i = 0; i < X8_USB_SLOTS; i++) {
        f->link->slots[i].link = f->link;
        f->link->slots[i].transfer = libusb_alloc_transfer(0);
    }
    f->link->budget = &f->budget;
    f->link->ep_in = 0x81;
    f->link->ep_out = 0x02;
    f->link->in_packet = 512;
    f->link->device =
        (struct x8_device){.port = "250-1", .speed = X8_SPEED_HIGH, .node = "/dev/bus/usb/250/1"};
    f->link->base.ops = &x8_usb_bulk_ops;
    f->link->base.on_sent = on_sent;
    f->link->base.on_sent_ctx = f;
    f->data = malloc(20 * MIB);
    for (size_t i = 0; i < 20 * MIB; i++)
        f->data[i] = (uint8_t)(i * 7 + (i >> 16));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    if (f->link)
        x8_usb_link_close(&f->link->base);
    x8_usb_budget_done(&f->budget);
    x8_cancel_done(&f->cancel);
    free(f->data);
    free(f);
    fake_usb_done();
    return 0;
}

static int send(struct fixture *f, size_t len, int timeout_ms, struct x8_error *err)
{
    return x8_send(&f->link->base, &f->op, f->data, len, timeout_ms, err);
}

static void assert_all_back(const struct fixture *f)
{
    assert_int_equal(usb.count, 0);
    assert_int_equal(f->budget.used, 0);
}

static void several_pieces_are_in_flight_and_arrive_in_order(void **state)
{
    struct fixture *f = *state;
    size_t len = 17 * MIB + 5;

    assert_int_equal(send(f, len, 60000, NULL), 0);
    assert_int_equal(usb.seen_len, len);
    assert_memory_equal(usb.seen, f->data, len);
    assert_true(usb.most >= 4);
    assert_true(usb.most_bytes <= X8_USB_BUDGET_LINK);
    assert_int_equal(f->told, len);
    assert_int_equal(f->link->base.bytes_out, len);
    assert_all_back(f);
}

static void an_empty_send_moves_nothing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(send(f, 0, 60000, NULL), 0);
    assert_int_equal(usb.ended, 0);
}

static void a_full_speed_link_gets_small_pieces(void **state)
{
    struct fixture *f = *state;

    f->link->device.speed = X8_SPEED_FULL;
    assert_int_equal(send(f, MIB, 60000, NULL), 0);
    assert_int_equal(usb.largest, 64 << 10);
}

static void a_short_write_is_an_error_with_its_place(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    usb.odd_one = 3;
    usb.odd_status = LIBUSB_TRANSFER_COMPLETED;
    usb.odd_actual = 100;
    assert_int_equal(send(f, 10 * MIB, 1000, &err), -X8_E_LINK);
    assert_non_null(strstr(err.msg, "100 of 1048576"));
    assert_non_null(strstr(err.why, "2097152"));
    assert_all_back(f);
}

static void each_kind_of_end_has_its_code(void **state)
{
    static const struct {
        enum libusb_transfer_status status;
        int code;
    } rows[] = {
        {LIBUSB_TRANSFER_STALL, X8_E_LINK},
        {LIBUSB_TRANSFER_NO_DEVICE, X8_E_GONE},
        {LIBUSB_TRANSFER_OVERFLOW, X8_E_LINK},
        /* the device of this link is not on any bus: an error that turns out to be a departure */
        {LIBUSB_TRANSFER_ERROR, X8_E_GONE},
    };
    struct fixture *f = *state;
    struct x8_error err;

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        usb.odd_one = usb.ended + 2;
        usb.odd_status = rows[i].status;
        usb.odd_actual = 0;
        assert_int_equal(send(f, 10 * MIB, 1000, &err), -rows[i].code);
        assert_non_null(strstr(err.msg, "sending data"));
        assert_true(err.next[0] != '\0');
        assert_all_back(f);
    }
}

static void too_little_kernel_memory_means_smaller_pieces(void **state)
{
    struct fixture *f = *state;
    size_t len = 10 * MIB;

    usb.limit = 200 << 10;
    assert_int_equal(send(f, len, 60000, NULL), 0);
    assert_memory_equal(usb.seen, f->data, len);
    assert_true(usb.most_bytes <= usb.limit);
    assert_all_back(f);
}

static void no_kernel_memory_at_all_ends_with_a_cause(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    usb.limit = 0;
    assert_int_equal(send(f, MIB, 200, &err), -X8_E_BUSY);
    assert_non_null(strstr(err.next, "usbfs_memory_mb"));
    assert_all_back(f);
}

static void an_allowance_used_up_by_others_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    assert_int_equal(x8_usb_budget_take(&f->budget, X8_USB_BUDGET_TOTAL), 1);
    assert_int_equal(send(f, MIB, 200, &err), -X8_E_BUSY);
    x8_usb_budget_give(&f->budget, X8_USB_BUDGET_TOTAL - MIB);
    assert_int_equal(send(f, 8 * MIB, 60000, NULL), 0);
    x8_usb_budget_give(&f->budget, MIB);
    assert_all_back(f);
}

static void silence_ends_after_the_limit_without_progress(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;
    int64_t begin = x8_now_ms();

    usb.silent_after = 3;
    assert_int_equal(send(f, 10 * MIB, 300, &err), -X8_E_TIMEOUT);
    assert_true(x8_now_ms() - begin >= 300);
    assert_non_null(strstr(err.why, "3145728 of 10485760"));
    assert_all_back(f);
    assert_int_equal(f->link->is_dead, 0);
}

static void the_limit_of_the_whole_operation_counts_too(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    usb.silent_after = 0;
    f->op.deadline = x8_deadline_in(100);
    assert_int_equal(send(f, MIB, 60000, &err), -X8_E_TIMEOUT);
    assert_all_back(f);
}

static void a_hard_stop_between_pieces_takes_everything_back(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    f->stop_at = 2;
    assert_int_equal(send(f, 20 * MIB, 1000, &err), -X8_E_STOPPED);
    assert_true(f->told < 10 * MIB);
    assert_all_back(f);
}

static void *stop(void *arg)
{
    struct fixture *f = arg;

    x8_cancel_raise(&f->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    x8_cancel_raise(&f->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    return NULL;
}

static void a_hard_stop_wakes_a_wait_that_is_silent(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;
    int64_t begin = x8_now_ms();

    usb.silent_after = 0;
    pthread_create(&f->thread, NULL, stop, f);
    assert_int_equal(send(f, 10 * MIB, 60000, &err), -X8_E_STOPPED);
    pthread_join(f->thread, NULL);
    assert_true(x8_now_ms() - begin < 30000);
    assert_all_back(f);
}

static void a_soft_stop_lets_a_send_finish(void **state)
{
    struct fixture *f = *state;

    x8_cancel_raise(&f->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    assert_int_equal(send(f, 3 * MIB, 60000, NULL), 0);
}

static void a_transfer_that_never_comes_back_kills_the_link(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    usb.silent_after = 0;
    usb.is_deaf = 1;
    assert_int_equal(send(f, 1000, 50, &err), -X8_E_TIMEOUT);
    assert_int_equal(f->link->is_dead, 1);
    assert_int_equal(send(f, 1000, 50, &err), -X8_E_GONE);
    assert_int_equal(f->budget.used, 0);
    usb.is_deaf = 0; /* give it back, so that the test itself leaves nothing behind */
    x8_usb_link_drain(f->link);
    assert_all_back(f);
}

static ssize_t receive(struct fixture *f, const char *answer, size_t len, void *out, size_t cap,
                       struct x8_error *err)
{
    usb.answer = (const uint8_t *)answer;
    usb.answer_len = len;
    return x8_recv(&f->link->base, &f->op, out, cap, 200, err);
}

static void a_reply_is_read_with_room_for_a_whole_packet(void **state)
{
    struct fixture *f = *state;
    char out[64];

    assert_int_equal(receive(f, "OKAY0x200", 9, out, sizeof out, NULL), 9);
    assert_memory_equal(out, "OKAY0x200", 9);
    assert_int_equal(usb.smallest % 512, 0);
    assert_int_equal(f->link->base.bytes_in, 9);
    assert_int_equal(receive(f, "", 0, out, sizeof out, NULL), 0);
}

static void a_reply_longer_than_asked_for_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;
    char out[8];

    assert_int_equal(receive(f, "OKAY0x200", 9, out, sizeof out, &err), -X8_E_LINK);
}

static void no_reply_in_time_is_a_timeout(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;
    char out[64];

    usb.silent_after = 0;
    assert_int_equal(receive(f, "", 0, out, sizeof out, &err), -X8_E_TIMEOUT);
    assert_all_back(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(several_pieces_are_in_flight_and_arrive_in_order),
        TEST(an_empty_send_moves_nothing),
        TEST(a_full_speed_link_gets_small_pieces),
        TEST(a_short_write_is_an_error_with_its_place),
        TEST(each_kind_of_end_has_its_code),
        TEST(too_little_kernel_memory_means_smaller_pieces),
        TEST(no_kernel_memory_at_all_ends_with_a_cause),
        TEST(an_allowance_used_up_by_others_is_waited_for),
        TEST(silence_ends_after_the_limit_without_progress),
        TEST(the_limit_of_the_whole_operation_counts_too),
        TEST(a_hard_stop_between_pieces_takes_everything_back),
        TEST(a_hard_stop_wakes_a_wait_that_is_silent),
        TEST(a_soft_stop_lets_a_send_finish),
        TEST(a_transfer_that_never_comes_back_kills_the_link),
        TEST(a_reply_is_read_with_room_for_a_whole_packet),
        TEST(a_reply_longer_than_asked_for_is_an_error),
        TEST(no_reply_in_time_is_a_timeout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
