/*
 * Ids and the states they stand for.
 */
#include "board/modes.h"

#include "fakebus.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum x8_mode mode_of(unsigned vid, unsigned pid)
{
    struct x8_device d = fake_device("1-1", vid, pid);
    const struct x8_mode_row *row = x8_mode_find(&d);

    return row ? row->mode : X8_MODE_NONE;
}

static void new_and_old_ids_of_each_state_are_known(void **state)
{
    struct x8_device old = fake_device("1-1", 0x0525, 0xa4a5);

    (void)state;
    assert_int_equal(mode_of(0x1fc9, 0x0134), X8_MODE_ROM);
    assert_int_equal(mode_of(0x1fc9, 0x0151), X8_MODE_SPL);
    assert_int_equal(mode_of(0x0525, 0xb4a4), X8_MODE_SPL);
    assert_int_equal(mode_of(0x1fc9, 0x0152), X8_MODE_FASTBOOT);
    assert_int_equal(mode_of(0x2341, 0x0061), X8_MODE_LINUX);
    assert_int_equal(mode_of(0x066f, 0x9bff), X8_MODE_INITRAMFS);
    old.if_class = 0xff;
    old.if_subclass = 0x42;
    old.if_protocol = 3;
    assert_int_equal(x8_mode_find(&old)->mode, X8_MODE_FASTBOOT);
}

static void a_mass_storage_gadget_with_the_old_id_is_no_board(void **state)
{
    struct x8_device stick = fake_device("1-1", 0x0525, 0xa4a5);

    (void)state;
    stick.if_class = 8;
    assert_null(x8_mode_find(&stick));
}

static void other_gadgets_and_other_arduinos_are_no_boards(void **state)
{
    (void)state;
    assert_int_equal(mode_of(0x1d6b, 0x0104), X8_MODE_NONE);
    assert_int_equal(mode_of(0x2341, 0x0043), X8_MODE_NONE);
    assert_int_equal(mode_of(0, 0), X8_MODE_NONE);
}

static void a_boot_rom_of_another_chip_is_foreign_and_says_which(void **state)
{
    struct x8_device d = fake_device("1-1", 0x15a2, 0x0054);
    const struct x8_mode_row *row = x8_mode_find(&d);

    (void)state;
    assert_non_null(row);
    assert_int_equal(row->mode, X8_MODE_ROM);
    assert_int_equal(row->trust, X8_TRUST_FOREIGN);
    assert_non_null(strstr(row->chip, "6Quad"));
}

static void no_row_hides_behind_an_earlier_one(void **state)
{
    const struct x8_mode_row *row;

    (void)state;
    for (size_t i = 0; (row = x8_mode_row(i)); i++) {
        struct x8_device d = fake_device("1-1", row->vid, row->pid);

        if (row->needs_fastboot) {
            d.if_class = 0xff;
            d.if_subclass = 0x42;
            d.if_protocol = 3;
        }
        d.bcd_device = row->bcd_min;
        assert_ptr_equal(x8_mode_find(&d), row);
    }
}

static void names_go_both_ways(void **state)
{
    (void)state;
    for (int mode = X8_MODE_NONE; mode <= X8_MODE_INITRAMFS; mode++)
        assert_int_equal(x8_mode_of(x8_mode_name((enum x8_mode)mode)), mode);
    assert_int_equal(x8_mode_of("ROM"), X8_MODE_ROM);
    assert_int_equal(x8_mode_of("bootloader"), X8_MODE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_and_old_ids_of_each_state_are_known),
        cmocka_unit_test(a_mass_storage_gadget_with_the_old_id_is_no_board),
        cmocka_unit_test(other_gadgets_and_other_arduinos_are_no_boards),
        cmocka_unit_test(a_boot_rom_of_another_chip_is_foreign_and_says_which),
        cmocka_unit_test(no_row_hides_behind_an_earlier_one),
        cmocka_unit_test(names_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
