/*
 * What a board answers to doctor, read; and a link that does not bring all of it.
 */
#include "kit_host.h"

#include "doctor/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct x8_board_says says;

static int parse(const char *text)
{
    memset(&says, 0, sizeof says);
    return board_says_parse((struct x8_span){(const uint8_t *)text, strlen(text)}, &says);
}

static void every_line_finds_its_field(void **state)
{
    (void)state;
    assert_int_equal(
        parse("is bridge\nm7want 3f786850\npath LoadState=loaded\npath ActiveState=failed\n"
              "path Result=unit-start-limit-hit\nis folder\ndenied root\n"
              "env upgrade_available=1\nenv bootupgrade_available=0\nis staged\nntp no\n"
              "passwd fio P 04/18/2024 0 99999 7 -1\nfirst 1714521600\n"
              "tcp   1: 00000000:15B3 00000000:0000 0A\nradio  wlan0: 0000   54.  -56.  -256\n"
              "end .\n"),
        0);
    assert_true(says.has_bridge && says.has_folder && says.folder_denied && says.is_staged);
    assert_string_equal(says.m7_wanted, "3f786850");
    assert_string_equal(says.path_load, "loaded");
    assert_string_equal(says.path_state, "failed");
    assert_string_equal(says.path_result, "unit-start-limit-hit");
    assert_string_equal(says.folder_owner, "root");
    assert_int_equal(says.upgrade_available, 1);
    assert_int_equal(says.bootupgrade_available, 0);
    assert_int_equal(says.rollback, -1);
    assert_int_equal(says.is_synchronised, 0);
    assert_int_equal(says.password_day, 19831);
    assert_int_equal(says.first_day, 19844);
    assert_true(says.adb_on_network);
    assert_string_equal(says.radio, "wlan0");
    assert_int_equal(says.radio_dbm, -56);
}

static void a_socket_of_the_board_alone_is_no_open_door(void **state)
{
    (void)state;
    assert_int_equal(parse("tcp   1: 0100007F:15B3 00000000:0000 0A\nend .\n"), 0);
    assert_false(says.adb_on_network);
    assert_int_equal(
        parse("tcp  1: 00000000000000000000000000000000:15B3 00000000:0000 0A\nend .\n"), 0);
    assert_true(says.adb_on_network);
}

static void dates_of_no_form_are_no_dates(void **state)
{
    static const char *const dates[] = {"13/45/2024", "never", "2024-00-00", "1/1/1", "-"};
    char text[64];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(dates); i++) {
        snprintf(text, sizeof text, "passwd fio P %s 0\nend .\n", dates[i]);
        assert_int_equal(parse(text), 0);
        assert_int_equal(says.password_day, 0);
    }
}

static void an_answer_that_was_cut_is_no_answer(void **state)
{
    (void)state;
    assert_int_equal(parse("is bridge\nen"), -1);
    assert_int_equal(parse(""), -1);
    assert_int_equal(parse("end\n"), -1);
}

static void a_board_that_breaks_off_is_an_error(void **state)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct kit_host host = {0};
    struct x8_session *session;
    struct x8_board_says *out = NULL;
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_buf_addf(&host.says, "serial 0A13B209DAB6FAD9\n"), 0);
    session = kit_board_open(&host);
    assert_int_equal(x8_doctor_ask(session, &op, &out, &err), -X8_E_LINK);
    assert_null(out);
    assert_true(err.msg[0] && err.next[0]);
    x8_session_close(&session);
    x8_buf_done(&host.says);
}

static void a_board_that_says_nothing_gets_no_wrong_findings(void **state)
{
    struct x8_doctor_board about = {0};
    X8_AUTO_CHECKS checks = {0};

    (void)state;
    assert_int_equal(parse("end .\n"), 0);
    x8_doctor_board(&says, &about, &checks);
    for (size_t i = 0; i < checks.count; i++)
        if (strcmp(checks.items[i].id, "image") != 0)
            assert_true(checks.items[i].result == X8_CHECK_OK ||
                        checks.items[i].result == X8_CHECK_SKIPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_finds_its_field),
        cmocka_unit_test(a_socket_of_the_board_alone_is_no_open_door),
        cmocka_unit_test(dates_of_no_form_are_no_dates),
        cmocka_unit_test(an_answer_that_was_cut_is_no_answer),
        cmocka_unit_test(a_board_that_breaks_off_is_an_error),
        cmocka_unit_test(a_board_that_says_nothing_gets_no_wrong_findings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
