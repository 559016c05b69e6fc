/*
 * Reports out through the endpoint or the control pipe, reports in whole.
 */
#include "fakeusb.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
    struct x8_usb_link *link;
    struct x8_op op;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    fake_usb_init();
    f->op = (struct x8_op){.deadline = X8_NO_DEADLINE};
    f->link = calloc(1, sizeof *f->link);
    for (size_t i = 0; i < X8_USB_SLOTS; i++) {
        f->link->slots[i].link = f->link;
        f->link->slots[i].transfer = libusb_alloc_transfer(0);
    }
    f->link->ep_in = 0x81;
    f->link->in_packet = 64;
    f->link->interface = 0;
    f->link->device = (struct x8_device){.port = "250-1", .speed = X8_SPEED_HIGH};
    f->link->base.ops = &x8_usb_hid_ops;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    x8_usb_link_close(&f->link->base);
    free(f);
    fake_usb_done();
    return 0;
}

/* Source: the HID class's SET_REPORT request, as the boot ROM wants it. */
static void without_an_out_endpoint_a_report_goes_as_set_report(void **state)
{
    static const uint8_t report[] = {2, 0xaa, 0xbb, 0xcc};
    static const uint8_t setup_packet[] = {0x21, 0x09, 2, 2, 0, 0, sizeof report, 0};
    struct fixture *f = *state;

    usb.odd_one = 1; /* a control transfer counts its payload only */
    usb.odd_status = LIBUSB_TRANSFER_COMPLETED;
    usb.odd_actual = sizeof report;
    assert_int_equal(x8_send(&f->link->base, &f->op, report, sizeof report, 60000, NULL), 0);
    assert_memory_equal(f->link->room, setup_packet, sizeof setup_packet);
    assert_memory_equal(f->link->room + sizeof setup_packet, report, sizeof report);
    assert_int_equal(f->link->base.bytes_out, sizeof report);
}

static void with_an_out_endpoint_a_report_is_one_transfer_of_it(void **state)
{
    uint8_t report[1025] = {2};
    struct fixture *f = *state;

    memset(report + 1, 0x5a, sizeof report - 1);
    f->link->ep_out = 0x02;
    assert_int_equal(x8_send(&f->link->base, &f->op, report, sizeof report, 60000, NULL), 0);
    assert_int_equal(usb.ended, 1);
    assert_int_equal(usb.seen_len, sizeof report);
    assert_memory_equal(usb.seen, report, sizeof report);
}

static void a_report_taken_in_part_is_an_error(void **state)
{
    uint8_t report[17] = {1};
    struct fixture *f = *state;
    struct x8_error err;

    f->link->ep_out = 0x02;
    usb.odd_one = 1;
    usb.odd_status = LIBUSB_TRANSFER_COMPLETED;
    usb.odd_actual = 16;
    assert_int_equal(x8_send(&f->link->base, &f->op, report, sizeof report, 60000, &err),
                     -X8_E_LINK);
    assert_non_null(strstr(err.msg, "16 of the 17"));
}

static ssize_t receive(struct fixture *f, const char *answer, size_t len, void *out, size_t cap,
                       struct x8_error *err)
{
    usb.answer = (const uint8_t *)answer;
    usb.answer_len = len;
    return x8_recv(&f->link->base, &f->op, out, cap, usb.silent_after == 0 ? 100 : 60000, err);
}

static void a_report_comes_whole_with_its_id(void **state)
{
    static const char answer[65] = "\004\x88\x88\x88\x88";
    struct fixture *f = *state;
    uint8_t out[65];

    assert_int_equal(receive(f, answer, sizeof answer, out, sizeof out, NULL), 65);
    assert_memory_equal(out, answer, sizeof answer);
    assert_int_equal(receive(f, "\003\x56\x78\x78\x56", 5, out, sizeof out, NULL), 5);
}

static void a_report_longer_than_asked_for_is_an_error(void **state)
{
    static const char answer[66] = "\004";
    struct fixture *f = *state;
    struct x8_error err;
    uint8_t out[65];

    assert_int_equal(receive(f, answer, sizeof answer, out, sizeof out, &err), -X8_E_LINK);
    assert_non_null(strstr(err.msg, "66"));
}

static void silence_is_a_timeout_and_the_link_lives_on(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;
    uint8_t out[65];

    usb.silent_after = 0;
    assert_int_equal(receive(f, "", 0, out, sizeof out, &err), -X8_E_TIMEOUT);
    assert_int_equal(usb.count, 0);
    usb.silent_after = UINT32_MAX;
    assert_int_equal(receive(f, "\003", 1, out, sizeof out, NULL), 1);
}

static void a_report_without_bytes_is_refused(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    assert_int_equal(x8_send(&f->link->base, &f->op, "", 0, 100, &err), -X8_E_INTERNAL);
    assert_int_equal(usb.ended, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_an_out_endpoint_a_report_goes_as_set_report),
        TEST(with_an_out_endpoint_a_report_is_one_transfer_of_it),
        TEST(a_report_taken_in_part_is_an_error),
        TEST(a_report_comes_whole_with_its_id),
        TEST(a_report_longer_than_asked_for_is_an_error),
        TEST(silence_is_a_timeout_and_the_link_lives_on),
        TEST(a_report_without_bytes_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
