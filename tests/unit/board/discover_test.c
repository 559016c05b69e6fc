/*
 * What is said about each board.
 */
#include "board/discover.h"

#include "fakebus.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct x8_board board_of(struct x8_device device)
{
    struct x8_board board;

    assert_int_equal(x8_board_of(&device, &board), 1);
    return board;
}

static void a_good_board_needs_nothing(void **state)
{
    struct x8_device d = fake_device("3-1.4", 0x1fc9, 0x0134);
    struct x8_board board = board_of(d);

    (void)state;
    assert_string_equal(x8_board_state(&board), "rom");
    assert_string_equal(board.label, "usb 3-1.4");
    assert_string_equal(board.note, "");
    assert_int_equal(board.needs_care, 0);
}

static void a_board_without_access_names_owner_and_command(void **state)
{
    struct x8_device d = fake_device("3-2", 0x1fc9, 0x0134);
    struct x8_board board;

    (void)state;
    d.no_access = 1;
    board = board_of(d);
    assert_string_equal(x8_board_state(&board), "no-access");
    assert_int_equal(board.mode, X8_MODE_ROM);
    assert_non_null(strstr(board.note, "owner root"));
    assert_string_equal(board.next, "sudo x8ctl udev install");
    assert_int_equal(board.needs_care, 1);
}

static void a_full_speed_link_is_named_with_what_it_means(void **state)
{
    struct x8_device d = fake_device("3-2", 0x1fc9, 0x0152);
    struct x8_board board;

    (void)state;
    d.speed = X8_SPEED_FULL;
    board = board_of(d);
    assert_non_null(strstr(board.note, "12 Mbit/s"));
    assert_non_null(strstr(board.note, "hour"));
    assert_int_equal(board.needs_care, 1);
}

static void a_serial_number_becomes_the_label(void **state)
{
    struct x8_device d = fake_device("1-4.2", 0x2341, 0x0061);

    (void)state;
    x8_copy(d.serial, sizeof d.serial, "1822aa09dab6fad9");
    assert_string_equal(board_of(d).label, "1822aa09dab6fad9");
}

static void the_list_holds_boards_only_and_keeps_their_order(void **state)
{
    struct fakebus bus;
    struct x8_board *boards = NULL;

    (void)state;
    fake_init(&bus);
    fake_add(&bus, fake_device("1-1", 0x046d, 0xc31c));
    fake_add(&bus, fake_device("1-2", 0x2341, 0x0061));
    fake_add(&bus, fake_device("1-3", 0x2341, 0x0043));
    fake_add(&bus, fake_device("1-4", 0x1fc9, 0x0151));
    assert_int_equal(x8_boards_find(&bus.base, &boards, NULL), 2);
    assert_string_equal(boards[0].device.port, "1-2");
    assert_string_equal(boards[1].device.port, "1-4");
    free(boards);
    fake_done(&bus);
}

static void an_empty_bus_is_no_error(void **state)
{
    struct fakebus bus;
    struct x8_board *boards = NULL;

    (void)state;
    fake_init(&bus);
    assert_int_equal(x8_boards_find(&bus.base, &boards, NULL), 0);
    free(boards);
    fake_done(&bus);
}

static void a_list_that_fails_is_passed_on(void **state)
{
    struct fakebus bus;
    struct x8_board *boards = NULL;
    struct x8_error err;

    (void)state;
    fake_init(&bus);
    bus.fail_list = 1;
    assert_int_equal(x8_boards_find(&bus.base, &boards, &err), -X8_E_INTERNAL);
    assert_null(boards);
    fake_done(&bus);
}

static void the_bus_in_words_names_boards_kin_and_no_strangers(void **state)
{
    struct x8_device list[4] = {
        fake_device("1-1", 0x046d, 0xc31c), fake_device("1-2", 0x1fc9, 0x0134),
        fake_device("1-3", 0x2341, 0x0043), fake_device("1-4", 0x15a2, 0x0054)};
    char words[256];

    (void)state;
    list[1].no_access = 1;
    x8_copy(list[2].product, sizeof list[2].product, "Uno");
    x8_bus_words(list, 4, words, sizeof words);
    assert_string_equal(words, "1-2 (rom, no access), 1-3 (2341:0043 Uno), "
                               "1-4 (rom, another NXP chip)");
    x8_bus_words(list, 1, words, sizeof words);
    assert_string_equal(words, "nothing of NXP or Arduino");
}

static void more_words_than_room_are_cut_without_harm(void **state)
{
    struct x8_device list[4];
    char words[30];

    (void)state;
    for (int i = 0; i < 4; i++)
        list[i] = fake_device("1-1.2.3.4", 0x1fc9, 0x0134);
    x8_bus_words(list, 4, words, sizeof words);
    assert_int_equal(strlen(words), sizeof words - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_board_needs_nothing),
        cmocka_unit_test(a_board_without_access_names_owner_and_command),
        cmocka_unit_test(a_full_speed_link_is_named_with_what_it_means),
        cmocka_unit_test(a_serial_number_becomes_the_label),
        cmocka_unit_test(the_list_holds_boards_only_and_keeps_their_order),
        cmocka_unit_test(an_empty_bus_is_no_error),
        cmocka_unit_test(a_list_that_fails_is_passed_on),
        cmocka_unit_test(the_bus_in_words_names_boards_kin_and_no_strangers),
        cmocka_unit_test(more_words_than_room_are_cut_without_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
