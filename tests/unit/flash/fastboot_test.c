/*
 * The fastboot dialogue against a scripted board.
 */
#include <stdio.h>

#include "fake_link.h"

#include "flash/fastboot.h"

static struct fake_link fake;
static struct x8_error err;

static struct x8_fastboot board(const struct fake_step *steps)
{
    fake_init(&fake, steps);
    memset(&err, 0, sizeof err);
    return (struct x8_fastboot){.link = &fake.base, .op = &fake.op, .timeout_ms = 2000};
}

static void a_command_is_sent_as_it_is_and_answered_okay(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("flash:all"), SAYS("OKAYdone"), {0}};
    struct x8_fastboot fb = board(steps);
    char reply[256];

    (void)state;
    assert_int_equal(x8_fb_command(&fb, "flash:all", 30000, reply, &err), 0);
    assert_string_equal(reply, "done");
    assert_int_equal(fake.last_timeout_ms, 30000);
    fake_finish(&fake);
}

static void a_refusal_keeps_the_boards_words(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("flash:all"), SAYS("FAILsome new reason\n"), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), -X8_E_REFUSED);
    assert_string_equal(err.msg, "the board refused \"flash:all\"");
    assert_string_equal(err.why, "board says: some new reason");
    fake_finish(&fake);
}

static void known_refusals_come_with_what_helps(void **state)
{
    static const struct {
        const char *says, *next;
    } rows[] = {
        {"FAILimage too large for partition", "smaller than the file"},
        {"FAILRequest would exceed partition size!", "larger than the board's eMMC"},
        {"FAILsparse image block size issue", "multiple of 512"},
        {"FAILfailed to flash device", "fastboot_dev mmc"},
        {"FAILno image downloaded", "nothing was downloaded"},
        {"FAILpartition does not exist", "bootloader2_s"},
        {"FAILpartition bootloader9 does not exist", "bootloader2_s"},
        {"FAILflash write failure(incomplete)", "power-cycle"},
        {"FAILtoo long command", "127"},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct fake_step steps[] = {
            SENDS_TEXT("flash:all"),
            {.kind = FAKE_RECV, .bytes = rows[i].says, .len = strlen(rows[i].says)},
            {0}};
        struct x8_fastboot fb = board(steps);

        assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), -X8_E_REFUSED);
        assert_contains(err.next, rows[i].next);
        assert_contains(err.why, rows[i].says + 4);
        fake_finish(&fake);
    }
}

static void a_bare_fail_of_the_shell_is_explained(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("UCmd:mmc dev 7"), SAYS("FAIL"), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_ucmd(&fb, "mmc dev 7", 1000, &err), -X8_E_REFUSED);
    assert_string_equal(err.msg, "the board refused \"UCmd:mmc dev 7\"");
    assert_contains(err.why, "gives no reason");
    assert_contains(err.next, "stdout");
    fake_finish(&fake);
}

static void a_doubled_fail_is_taken_once(void **state)
{
    const struct fake_step steps[] = {
        SENDS_TEXT("getvar:x"), SAYS("FAILFAILunknown variable:x"), {0}};
    struct x8_fastboot fb = board(steps);
    char value[256];

    (void)state;
    assert_int_equal(x8_fb_getvar(&fb, "x", value, &err), -X8_E_REFUSED);
    assert_string_equal(err.why, "board says: unknown variable:x");
    fake_finish(&fake);
}

static void info_lines_are_passed_on_and_stay_out_of_the_value(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("getvar:logical-block-size"),
                                      SAYS("INFOreading env\r\n"),
                                      SAYS("INFO"),
                                      SAYS("OKAY0x200"),
                                      {0}};
    struct x8_fastboot fb = board(steps);
    uint64_t value = 0;

    (void)state;
    assert_int_equal(x8_fb_getvar_u64(&fb, "logical-block-size", &value, &err), 0);
    assert_int_equal(value, 512);
    assert_string_equal(fake.details, "board: reading env\n");
    fake_finish(&fake);
}

static void numbers_are_read_in_any_base(void **state)
{
    static const struct {
        const char *says;
        uint64_t value;
        int rc;
    } rows[] = {
        {"OKAY0x40000000", 0x40000000, 0},
        {"OKAY1048576", 1048576, 0},
        {"OKAY 0X200 ", 512, 0},
        {"OKAY1fffe000", 0x1fffe000, 0},
        {"OKAY", 0, -X8_E_REFUSED},
        {"OKAYmany", 0, -X8_E_REFUSED},
        {"OKAY-1", 0, -X8_E_REFUSED},
        {"OKAY0x", 0, -X8_E_REFUSED},
        {"OKAY99999999999999999999", 0, -X8_E_REFUSED},
        {"OKAY0x200 bytes", 0, -X8_E_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct fake_step steps[] = {
            SENDS_TEXT("getvar:v"),
            {.kind = FAKE_RECV, .bytes = rows[i].says, .len = strlen(rows[i].says)},
            {0}};
        struct x8_fastboot fb = board(steps);
        uint64_t value = 0;

        assert_int_equal(x8_fb_getvar_u64(&fb, "v", &value, &err), rows[i].rc);
        assert_int_equal(value, rows[i].value);
        fake_finish(&fake);
    }
}

static void packets_longer_than_64_bytes_are_read_whole(void **state)
{
    char packet[256] = "OKAY";
    struct fake_step steps[] = {
        SENDS_TEXT("getvar:v"), {.kind = FAKE_RECV, .bytes = packet, .len = 256}, {0}};
    struct x8_fastboot fb = board(steps);
    char value[256];

    (void)state;
    memset(packet + 4, 'a', 252);
    assert_int_equal(x8_fb_getvar(&fb, "v", value, &err), 0);
    assert_int_equal(strlen(value), 252);
    fake_finish(&fake);
}

static void commands_that_would_hang_the_loader_get_a_space(void **state)
{
    char command[513], wire[513];
    struct fake_step steps[] = {{.kind = FAKE_SEND, .bytes = wire, .len = 513}, SAYS("OKAY"), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    memset(command, 'x', 512);
    command[512] = '\0';
    memset(wire, 'x', 512);
    wire[512] = ' ';
    assert_int_equal(x8_fb_command(&fb, command, 1000, NULL, &err), 0);
    fake_finish(&fake);

    /* 64 bytes fill a packet at full speed. */
    steps[0].len = 65;
    wire[64] = ' ';
    command[64] = '\0';
    fb = board(steps);
    assert_int_equal(x8_fb_command(&fb, command, 1000, NULL, &err), 0);
    fake_finish(&fake);
}

static void commands_the_loader_cannot_hold_are_never_sent(void **state)
{
    const struct fake_step steps[] = {{0}};
    static char text[5000];
    struct x8_fastboot fb = board(steps);

    (void)state;
    memset(text, 'x', 4096);
    assert_int_equal(x8_fb_command(&fb, text, 1000, NULL, &err), -X8_E_USAGE);
    assert_int_equal(x8_fb_ucmd(&fb, text, 1000, &err), -X8_E_USAGE);
    assert_true(err.next[0] != '\0');
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(x8_fb_ucmd(&fb, text, 1000, &err), -X8_E_USAGE);
    assert_int_equal(x8_fb_command(&fb, "", 1000, NULL, &err), -X8_E_USAGE);
    fake_finish(&fake);
}

static void the_longest_command_still_goes(void **state)
{
    static char text[X8_FB_COMMAND_MAX + 1];
    struct fake_step steps[] = {
        {.kind = FAKE_SEND, .bytes = text, .len = X8_FB_COMMAND_MAX}, SAYS("OKAY"), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    memset(text, 'x', X8_FB_COMMAND_MAX);
    assert_int_equal(x8_fb_command(&fb, text, 1000, NULL, &err), 0);
    fake_finish(&fake);
}

static void an_answer_that_is_no_fastboot_is_shown(void **state)
{
    const struct fake_step steps[] = {
        SENDS_TEXT("flash:all"), ANSWERS(0x00, 0x1b, '[', 'A', 'h', 'i'), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), -X8_E_LINK);
    assert_contains(err.why, "00 1b 5b 41 68 69");
    assert_contains(err.why, "??[Ahi");
    assert_contains(err.why, "expected OKAY");
    assert_true(err.next[0] != '\0');
    fake_finish(&fake);
}

static void a_short_answer_is_shown_too(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("flash:all"), SAYS("OKA"), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), -X8_E_LINK);
    assert_contains(err.why, "3 bytes came: 4f 4b 41");
    fake_finish(&fake);
}

static void empty_packets_are_passed_over_but_not_for_ever(void **state)
{
    const struct fake_step few[] = {
        SENDS_TEXT("flash:all"), {.kind = FAKE_RECV, .times = 10}, SAYS("OKAY"), {0}};
    const struct fake_step many[] = {
        SENDS_TEXT("flash:all"), {.kind = FAKE_RECV, .times = 64}, {0}};
    struct x8_fastboot fb = board(few);

    (void)state;
    assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), 0);
    fake_finish(&fake);
    fb = board(many);
    assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), -X8_E_TIMEOUT);
    assert_contains(err.why, "empty packets");
    fake_finish(&fake);
}

static void a_flood_of_info_ends_in_an_error(void **state)
{
    const struct fake_step steps[] = {
        SENDS_TEXT("flash:all"),
        {.kind = FAKE_RECV, .bytes = "INFO.", .len = 5, .times = 1 << 20},
        {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), -X8_E_TIMEOUT);
    assert_contains(err.why, "INFO");
    fake_finish(&fake);
}

static void the_limit_of_the_whole_operation_cuts_the_wait(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("flash:all"), SAYS("OKAY"), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    fake.op.deadline = x8_deadline_in(50);
    assert_int_equal(x8_fb_flash(&fb, "all", 100000, &err), 0);
    assert_in_range(fake.last_timeout_ms, 1, 50);
    fake_finish(&fake);
}

static void silence_names_the_command_and_the_way_out(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("flash:all"), READ_FAILS(X8_E_TIMEOUT), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), -X8_E_TIMEOUT);
    assert_string_equal(err.msg, "\"flash:all\": link broke while reading");
    assert_contains(err.next, "power-cycle");
    fake_finish(&fake);
}

static void a_download_is_announced_sent_once_and_acknowledged(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("download:00000400"),
                                      SAYS("DATA00000400"),
                                      {.kind = FAKE_DATA, .len = 1024},
                                      SAYS("OKAY"),
                                      {0}};
    struct x8_fastboot fb = board(steps);
    uint8_t data[1024];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    assert_int_equal(x8_fb_download(&fb, data, sizeof data, &err), 0);
    assert_memory_equal(fake.taken.data, data, sizeof data);
    fake_finish(&fake);
}

static void a_download_of_another_length_than_announced_is_not_begun(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("download:00000004"), SAYS("DATA00000008"), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_download(&fb, "abcd", 4, &err), -X8_E_LINK);
    assert_contains(err.why, "DATA00000008");
    assert_contains(err.why, "DATA00000004");
    fake_finish(&fake);
}

static void a_download_the_board_refuses_is_not_begun(void **state)
{
    const struct fake_step refused[] = {SENDS_TEXT("download:00000004"), SAYS("FAIL00000004"), {0}};
    const struct fake_step okay[] = {SENDS_TEXT("download:00000004"), SAYS("OKAY"), {0}};
    struct x8_fastboot fb = board(refused);

    (void)state;
    assert_int_equal(x8_fb_download(&fb, "abcd", 4, &err), -X8_E_REFUSED);
    fake_finish(&fake);
    fb = board(okay);
    assert_int_equal(x8_fb_download(&fb, "abcd", 4, &err), -X8_E_LINK);
    assert_contains(err.why, "expected DATA");
    fake_finish(&fake);
}

static void a_broken_data_phase_is_never_repeated(void **state)
{
    const struct fake_step steps[] = {
        SENDS_TEXT("download:00000004"), SAYS("DATA00000004"), WRITE_FAILS(X8_E_TIMEOUT), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_download(&fb, "abcd", 4, &err), -X8_E_TIMEOUT);
    assert_contains(err.msg, "download:00000004");
    fake_finish(&fake);
}

static void a_write_that_ended_early_is_noticed(void **state)
{
    const struct fake_step steps[] = {
        SENDS_TEXT("download:00000004"), SAYS("DATA00000004"), {.kind = FAKE_SHORT, .len = 3}, {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_download(&fb, "abcd", 4, &err), -X8_E_LINK);
    assert_contains(err.msg, "3 of 4 bytes");
    fake_finish(&fake);
}

static void an_empty_download_is_our_mistake(void **state)
{
    const struct fake_step steps[] = {{0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_download(&fb, "", 0, &err), -X8_E_USAGE);
    fake_finish(&fake);
}

static void data_in_answer_to_a_plain_command_is_out_of_step(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("flash:all"), SAYS("DATA00001000"), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), -X8_E_LINK);
    assert_contains(err.why, "DATA00001000");
    fake_finish(&fake);
}

static void a_board_that_leaves_says_gone(void **state)
{
    const struct fake_step steps[] = {WRITE_FAILS(X8_E_GONE), {0}};
    struct x8_fastboot fb = board(steps);

    (void)state;
    assert_int_equal(x8_fb_flash(&fb, "all", 1000, &err), -X8_E_GONE);
    assert_contains(err.msg, "\"flash:all\"");
    fake_finish(&fake);
}

static void an_upload_is_read_to_its_announced_end(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("upload:env"),
                                      SAYS("DATA0000000a"),
                                      SAYS("hello"),
                                      SAYS("world"),
                                      SAYS("OKAY"),
                                      {0}};
    struct x8_fastboot fb = board(steps);
    struct x8_buf out = {0};

    (void)state;
    assert_int_equal(x8_fb_upload(&fb, "env", 100, &out, &err), 0);
    assert_string_equal(x8_buf_text(&out), "helloworld");
    x8_buf_done(&out);
    fake_finish(&fake);
}

static void an_upload_larger_than_asked_for_is_not_read(void **state)
{
    const struct fake_step steps[] = {SENDS_TEXT("upload"), SAYS("DATA00020001"), {0}};
    struct x8_fastboot fb = board(steps);
    struct x8_buf out = {0};

    (void)state;
    assert_int_equal(x8_fb_upload(&fb, NULL, 0x20000, &out, &err), -X8_E_LINK);
    assert_int_equal(out.len, 0);
    fake_finish(&fake);
}

static struct x8_fb_reply decoded(const void *bytes, size_t len)
{
    struct x8_fb_reply reply;

    x8_fb_decode((struct x8_span){bytes, len}, &reply);
    return reply;
}

static void data_lengths_are_eight_hex_digits_at_most(void **state)
{
    (void)state;
    assert_int_equal(decoded("DATA00000010", 12).data_len, 16);
    assert_int_equal(decoded("DATAfFfFfFfF", 12).data_len, UINT32_MAX);
    assert_int_equal(decoded("DATA10", 6).data_len, 16);
    assert_int_equal(decoded("DATA", 4).tag, X8_FB_BAD);
    assert_int_equal(decoded("DATA000000100", 13).tag, X8_FB_BAD);
    assert_int_equal(decoded("DATA0x10", 8).tag, X8_FB_BAD);
    assert_int_equal(decoded("DATA10 20", 9).tag, X8_FB_BAD);
    assert_int_equal(decoded("DATA10\0\0", 8).tag, X8_FB_DATA);
}

static void control_bytes_of_a_board_are_made_harmless(void **state)
{
    struct x8_fb_reply reply = decoded("INFO\033[2Jgone", 12);

    (void)state;
    assert_int_equal(reply.tag, X8_FB_INFO);
    assert_string_equal(reply.text, "?[2Jgone");
    assert_int_equal(decoded("okay", 4).tag, X8_FB_BAD);
    assert_int_equal(decoded("", 0).tag, X8_FB_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_sent_as_it_is_and_answered_okay),
        cmocka_unit_test(a_refusal_keeps_the_boards_words),
        cmocka_unit_test(known_refusals_come_with_what_helps),
        cmocka_unit_test(a_bare_fail_of_the_shell_is_explained),
        cmocka_unit_test(a_doubled_fail_is_taken_once),
        cmocka_unit_test(info_lines_are_passed_on_and_stay_out_of_the_value),
        cmocka_unit_test(numbers_are_read_in_any_base),
        cmocka_unit_test(packets_longer_than_64_bytes_are_read_whole),
        cmocka_unit_test(commands_that_would_hang_the_loader_get_a_space),
        cmocka_unit_test(commands_the_loader_cannot_hold_are_never_sent),
        cmocka_unit_test(the_longest_command_still_goes),
        cmocka_unit_test(an_answer_that_is_no_fastboot_is_shown),
        cmocka_unit_test(a_short_answer_is_shown_too),
        cmocka_unit_test(empty_packets_are_passed_over_but_not_for_ever),
        cmocka_unit_test(a_flood_of_info_ends_in_an_error),
        cmocka_unit_test(the_limit_of_the_whole_operation_cuts_the_wait),
        cmocka_unit_test(silence_names_the_command_and_the_way_out),
        cmocka_unit_test(a_download_is_announced_sent_once_and_acknowledged),
        cmocka_unit_test(a_download_of_another_length_than_announced_is_not_begun),
        cmocka_unit_test(a_download_the_board_refuses_is_not_begun),
        cmocka_unit_test(a_broken_data_phase_is_never_repeated),
        cmocka_unit_test(a_write_that_ended_early_is_noticed),
        cmocka_unit_test(an_empty_download_is_our_mistake),
        cmocka_unit_test(data_in_answer_to_a_plain_command_is_out_of_step),
        cmocka_unit_test(a_board_that_leaves_says_gone),
        cmocka_unit_test(an_upload_is_read_to_its_announced_end),
        cmocka_unit_test(an_upload_larger_than_asked_for_is_not_read),
        cmocka_unit_test(data_lengths_are_eight_hex_digits_at_most),
        cmocka_unit_test(control_bytes_of_a_board_are_made_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
