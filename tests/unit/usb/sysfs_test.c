/*
 * Names of ports and nodes. What /sys says about real devices is tested end to end.
 */
#include "usb/sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void ports_are_ordered_by_number_not_by_letter(void **state)
{
    static const char *const sorted[] = {"1-2", "1-2.1", "1-2.9", "1-2.10", "1-10", "2-1", "10-1"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(sorted); i++)
        for (size_t k = 0; k < X8_COUNT(sorted); k++)
            assert_int_equal(x8_port_compare(sorted[i], sorted[k]), (i > k) - (i < k));
}

static void a_node_gives_bus_and_address_and_nothing_else_does(void **state)
{
    static const char *const bad[] = {"", "/dev/bus/usb/001", "/dev/bus/usb/001/005x",
                                      "/dev/bus/usb/a/b", "/tmp/dev/bus/usb/001/005"};
    unsigned bus = 0, address = 0;

    (void)state;
    assert_int_equal(x8_usb_node_address("/dev/bus/usb/003/127", &bus, &address), 0);
    assert_int_equal(bus, 3);
    assert_int_equal(address, 127);
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        assert_int_equal(x8_usb_node_address(bad[i], &bus, &address), -1);
}

static void a_port_that_is_not_there_is_no_device(void **state)
{
    struct x8_usb_shape shape;
    struct x8_device device;
    char driver[16];

    (void)state;
    assert_int_equal(x8_sysfs_device("250-250.250", &device), -1);
    assert_int_equal(x8_sysfs_shape("250-250.250", &shape), -1);
    assert_int_equal(x8_sysfs_is_attached("250-250.250", 0), 0);
    x8_sysfs_driver("250-250.250", 1, 0, driver, sizeof driver);
    assert_string_equal(driver, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_ordered_by_number_not_by_letter),
        cmocka_unit_test(a_node_gives_bus_and_address_and_nothing_else_does),
        cmocka_unit_test(a_port_that_is_not_there_is_no_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
