/*
 * Descriptors of the board's modes, and what damaged ones must not do.
 */
#include "usb/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEVICE(vid, pid, bcd)                                                                      \
    18, 1, 0, 2, 0, 0, 0, 64, (vid)&255, (vid) >> 8, (pid)&255, (pid) >> 8, (bcd)&255, (bcd) >> 8, \
        1, 2, 3, 1
#define CONFIG(total, interfaces, value)     9, 2, total, 0, interfaces, value, 0, 0x80, 50
#define INTERFACE(number, alt, eps, c, s, p) 9, 4, number, alt, eps, c, s, p, 0
#define HID_DESC(len)                        9, 0x21, 0x10, 1, 0, 1, 0x22, len, 0
#define ENDPOINT(address, type, lo, hi)      7, 5, address, type, lo, hi, 1

static const uint8_t spl[] = {DEVICE(0x1fc9, 0x0151, 0x0500), CONFIG(41, 1, 1),
                              INTERFACE(0, 0, 2, 3, 0, 0),    HID_DESC(76),
                              ENDPOINT(0x81, 3, 0, 2),        ENDPOINT(0x02, 3, 0, 4)};
static const uint8_t fastboot[] = {DEVICE(0x1fc9, 0x0152, 0x0221), CONFIG(32, 1, 1),
                                   INTERFACE(0, 0, 2, 0xff, 0x42, 3), ENDPOINT(0x02, 2, 0, 2),
                                   ENDPOINT(0x81, 2, 0, 2)};
static const uint8_t two_configs[] = {DEVICE(0x2341, 0x0061, 0x0100),    CONFIG(18, 1, 1),
                                      INTERFACE(0, 0, 0, 2, 2, 1),       CONFIG(34, 2, 5),
                                      INTERFACE(0, 0, 1, 0xff, 0x42, 1), ENDPOINT(0x83, 2, 0, 2),
                                      INTERFACE(1, 1, 0, 3, 0, 0)};

static struct x8_usb_shape parse(const uint8_t *raw, size_t len, uint8_t config)
{
    struct x8_usb_shape shape;

    assert_int_equal(x8_usb_shape_parse((struct x8_span){raw, len}, config, &shape), 0);
    return shape;
}

static void spl_has_both_interrupt_endpoints_and_tells_its_report_length(void **state)
{
    struct x8_usb_shape shape = parse(spl, sizeof spl, 1);
    const struct x8_usb_interface *it = x8_usb_interface(&shape, 3, -1, -1);

    (void)state;
    assert_int_equal(shape.vid, 0x1fc9);
    assert_int_equal(shape.pid, 0x0151);
    assert_int_equal(shape.bcd_device, 0x0500);
    assert_non_null(it);
    assert_int_equal(it->report_len, 76);
    assert_int_equal(x8_usb_endpoint(it, X8_EP_INTERRUPT, 1)->address, 0x81);
    assert_int_equal(x8_usb_endpoint(it, X8_EP_INTERRUPT, 0)->address, 0x02);
    assert_int_equal(x8_usb_endpoint(it, X8_EP_INTERRUPT, 0)->max_packet, 1024);
    assert_null(x8_usb_endpoint(it, X8_EP_BULK, 0));
}

static void endpoints_are_picked_by_direction_when_out_comes_first(void **state)
{
    struct x8_usb_shape shape = parse(fastboot, sizeof fastboot, 0);
    const struct x8_usb_interface *it = x8_usb_interface(&shape, 0xff, 0x42, 3);

    (void)state;
    assert_non_null(it);
    assert_int_equal(x8_usb_endpoint(it, X8_EP_BULK, 1)->address, 0x81);
    assert_int_equal(x8_usb_endpoint(it, X8_EP_BULK, 0)->address, 0x02);
}

static void the_configuration_that_is_set_is_read_else_the_first(void **state)
{
    struct x8_usb_shape second = parse(two_configs, sizeof two_configs, 5);
    struct x8_usb_shape other = parse(two_configs, sizeof two_configs, 9);

    (void)state;
    assert_int_equal(second.config_value, 5);
    assert_non_null(x8_usb_interface(&second, 0xff, 0x42, 1));
    assert_null(x8_usb_interface(&second, 3, -1, -1)); /* only as another setting */
    assert_int_equal(other.config_value, 1);
    assert_non_null(x8_usb_interface(&other, 2, -1, -1));
}

static void without_a_device_descriptor_nothing_is_read(void **state)
{
    struct x8_usb_shape shape;

    (void)state;
    for (size_t len = 0; len < 18; len++)
        assert_int_equal(x8_usb_shape_parse((struct x8_span){spl, len}, 1, &shape), -1);
    assert_int_equal(x8_usb_shape_parse((struct x8_span){spl + 18, sizeof spl - 18}, 1, &shape),
                     -1);
}

/* Each cut in a buffer of its exact size, so that a sanitizer sees a read beyond it. */
static void cut_descriptors_end_the_reading(void **state)
{
    (void)state;
    for (size_t len = 18; len < sizeof spl; len++) {
        uint8_t *copy = malloc(len);
        struct x8_usb_shape shape;

        memcpy(copy, spl, len);
        shape = parse(copy, len, 1);
        assert_int_equal(shape.vid, 0x1fc9);
        assert_true(shape.interface_count <= 1);
        if (shape.interface_count)
            assert_true(shape.interfaces[0].endpoint_count < 2);
        free(copy);
    }
}

static void a_descriptor_of_length_zero_or_one_ends_the_reading(void **state)
{
    uint8_t raw[sizeof spl];

    (void)state;
    for (uint8_t bad = 0; bad < 2; bad++) {
        struct x8_usb_shape shape;

        memcpy(raw, spl, sizeof raw);
        raw[18 + 9] = bad; /* the interface descriptor */
        shape = parse(raw, sizeof raw, 1);
        assert_int_equal(shape.interface_count, 0);
    }
}

static void more_interfaces_and_endpoints_than_there_is_room_for_are_dropped(void **state)
{
    enum { INTERFACES = 40, ENDPOINTS = 20 };
    uint8_t raw[18 + 9 + INTERFACES * 9 + ENDPOINTS * 7] = {DEVICE(1, 2, 3)};
    uint8_t *p = raw + 18;
    size_t total = sizeof raw - 18;
    const uint8_t config[] = {9, 2, (uint8_t)(total & 255), (uint8_t)(total >> 8), 1, 1, 0, 0, 0};
    const uint8_t interface[] = {INTERFACE(0, 0, 0, 3, 0, 0)}, ep[] = {ENDPOINT(0x81, 3, 64, 0)};
    struct x8_usb_shape shape;

    (void)state;
    memcpy(p, config, sizeof config);
    p += sizeof config;
    for (int i = 0; i < ENDPOINTS + INTERFACES; i++) {
        int is_ep = i > 0 && i <= ENDPOINTS;

        memcpy(p, is_ep ? ep : interface, is_ep ? sizeof ep : sizeof interface);
        p += is_ep ? sizeof ep : sizeof interface;
    }
    shape = parse(raw, sizeof raw, 1);
    assert_int_equal(shape.interface_count, X8_USB_INTERFACES);
    assert_int_equal(shape.interfaces[0].endpoint_count, X8_USB_ENDPOINTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spl_has_both_interrupt_endpoints_and_tells_its_report_length),
        cmocka_unit_test(endpoints_are_picked_by_direction_when_out_comes_first),
        cmocka_unit_test(the_configuration_that_is_set_is_read_else_the_first),
        cmocka_unit_test(without_a_device_descriptor_nothing_is_read),
        cmocka_unit_test(cut_descriptors_end_the_reading),
        cmocka_unit_test(a_descriptor_of_length_zero_or_one_ends_the_reading),
        cmocka_unit_test(more_interfaces_and_endpoints_than_there_is_room_for_are_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
