/*
 * The SDP dialogue against a scripted ROM. Packets are those seen on the wire of the vendor's tool.
 */
#include <stdio.h>

#include "fake_link.h"
#include "images.h"

#include "flash/sdp.h"

#define OPEN       ANSWERS(3, 0x56, 0x78, 0x78, 0x56)
#define CLOSED     ANSWERS(3, 0x12, 0x34, 0x34, 0x12)
#define FILE_OK    ANSWERS(4, 0x88, 0x88, 0x88, 0x88)
#define WRITTEN_OK ANSWERS(4, 0x12, 0x8a, 0x8a, 0x12)
#define SKIPPED_OK ANSWERS(4, 0x09, 0xd0, 0x0d, 0x90)
#define SKIP       SENDS(1, 0x0c, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define JUMP_MM    SENDS(1, 0x0b, 0x0b, 0, 0x7e, 0x0f, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define JUMP_0     SENDS(1, 0x0b, 0x0b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define REPORTS(n)                                                                                 \
    {                                                                                              \
        .kind = FAKE_REPORTS, .len = 1025, .times = (n)                                            \
    }

static struct fake_link fake;
static struct x8_error err;
static uint64_t told, told_total;
static uint8_t big[0x200000 + 100];

static void on_data(void *ctx, uint64_t done, uint64_t total)
{
    (void)ctx;
    assert_true(done > told || total != told_total);
    told = done;
    told_total = total;
}

static const struct x8_rom *rom_named(const char *name)
{
    struct x8_chip chip = {.proto = X8_PROTO_SDP};

    (void)snprintf(chip.chip, sizeof chip.chip, "%s", name);
    return x8_rom_of(&chip);
}

static struct x8_sdp board(const char *name, const struct fake_step *steps)
{
    fake_init(&fake, steps);
    memset(&err, 0, sizeof err);
    told = told_total = 0;
    return (struct x8_sdp){.link = &fake.base,
                           .op = &fake.op,
                           .rom = rom_named(name),
                           .timeout_ms = 2000,
                           .on_data = on_data};
}

static struct x8_span span(size_t len)
{
    return (struct x8_span){big, len};
}

static void a_file_goes_out_in_full_reports_padded_with_zeros(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 4, 4, 0, 0x7e, 0x0f, 0xc0, 0, 0, 0, 0x05, 0xdc, 0, 0, 0, 0, 0),
        REPORTS(2),
        OPEN,
        FILE_OK,
        {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    memset(big, 0x77, 1500);
    assert_int_equal(x8_sdp_write(&sdp, MM_SELF, span(1500), &err), 0);
    assert_memory_equal(fake.taken.data, big, 1500);
    for (size_t i = 1500; i < 2048; i++)
        assert_int_equal(fake.taken.data[i], 0);
    assert_int_equal(told, 1500);
    assert_int_equal(told_total, 1500);
    assert_int_equal(sdp.is_closed, 0);
    fake_finish(&fake);
}

static void the_rom_gets_segments_of_two_mebibytes(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 4, 4, 0x40, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0),
        REPORTS(2048),
        OPEN,
        FILE_OK,
        SENDS(1, 4, 4, 0x40, 0x20, 0, 0, 0, 0, 0, 0, 0x64, 0, 0, 0, 0, 0),
        REPORTS(1),
        CLOSED,
        FILE_OK,
        {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_write(&sdp, 0x40000000, span(sizeof big), &err), 0);
    assert_int_equal(told, sizeof big);
    assert_int_equal(sdp.is_closed, 1);
    fake_finish(&fake);
}

static void the_spl_gets_one_piece(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 4, 4, 0, 0, 0, 0, 0, 0, 0x20, 0, 0x64, 0, 0, 0, 0, 0),
        REPORTS(2049),
        OPEN,
        FILE_OK,
        {0}};
    struct x8_sdp sdp = board("SPL1", steps);

    (void)state;
    assert_int_equal(x8_sdp_write(&sdp, 0, span(sizeof big), &err), 0);
    fake_finish(&fake);
}

static void a_wrong_word_is_shown_with_the_expected_one(void **state)
{
    const struct fake_step steps[] = {SKIP, OPEN, ANSWERS(4, 0x01, 0x02, 0x03, 0x04), {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_skip_dcd(&sdp, &err), -X8_E_REFUSED);
    assert_contains(err.msg, "the boot ROM did not acknowledge SKIP_DCD_HEADER");
    assert_contains(err.why, "answered 01 02 03 04, expected 09 d0 0d 90");
    assert_true(err.next[0] != '\0');
    fake_finish(&fake);
}

static void a_hab_word_in_place_of_an_acknowledgement_is_decoded(void **state)
{
    const struct fake_step steps[] = {SKIP, CLOSED, ANSWERS(4, 0x33, 0x22, 0xcf, 0x1d), {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_skip_dcd(&sdp, &err), -X8_E_REFUSED);
    assert_contains(err.why, "invalid address (reason 0x22)");
    fake_finish(&fake);
}

static void answers_in_the_wrong_order_are_refused(void **state)
{
    const struct fake_step steps[] = {SKIP, SKIPPED_OK, {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_skip_dcd(&sdp, &err), -X8_E_REFUSED);
    assert_contains(err.why, "04 09 d0 0d 90; expected report 3");
    fake_finish(&fake);
}

static void an_unknown_report_id_is_refused(void **state)
{
    const struct fake_step steps[] = {SKIP, OPEN, ANSWERS(7, 0x09, 0xd0, 0x0d, 0x90), {0}};
    struct x8_sdp sdp = board("SPL1", steps);

    (void)state;
    assert_int_equal(x8_sdp_skip_dcd(&sdp, &err), -X8_E_REFUSED);
    assert_contains(err.msg, "the SPL gave a wrong answer to SKIP_DCD_HEADER");
    assert_contains(err.why, "07 09 d0 0d 90; expected report 4");
    fake_finish(&fake);
}

static void an_unknown_security_state_is_refused(void **state)
{
    const struct fake_step steps[] = {SKIP, ANSWERS(3, 0xde, 0xad, 0xbe, 0xef), {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_skip_dcd(&sdp, &err), -X8_E_REFUSED);
    assert_contains(err.why, "03 de ad be ef; expected 03 56 78 78 56");
    fake_finish(&fake);
}

static void short_answers_are_link_errors(void **state)
{
    const struct fake_step cut[] = {SKIP, ANSWERS(3, 0x56, 0x78), {0}};
    const struct fake_step empty[] = {SKIP, OPEN, {.kind = FAKE_RECV}, {0}};
    struct x8_sdp sdp = board("MX8MQ", cut);

    (void)state;
    assert_int_equal(x8_sdp_skip_dcd(&sdp, &err), -X8_E_LINK);
    assert_contains(err.why, "3 bytes came: 03 56 78; expected");
    fake_finish(&fake);
    sdp = board("MX8MQ", empty);
    assert_int_equal(x8_sdp_skip_dcd(&sdp, &err), -X8_E_LINK);
    assert_contains(err.why, "0 bytes came: none");
    fake_finish(&fake);
}

static void long_answers_are_fine(void **state)
{
    uint8_t report3[65] = {3, 0x56, 0x78, 0x78, 0x56}, report4[65] = {4, 0x09, 0xd0, 0x0d, 0x90};
    const struct fake_step steps[] = {SKIP,
                                      {.kind = FAKE_RECV, .bytes = report3, .len = 65},
                                      {.kind = FAKE_RECV, .bytes = report4, .len = 65},
                                      {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_skip_dcd(&sdp, &err), 0);
    fake_finish(&fake);
}

static void a_broken_data_phase_is_never_repeated(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 4, 4, 0, 0x7e, 0x0f, 0xc0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0),
        REPORTS(2),
        WRITE_FAILS(X8_E_TIMEOUT),
        {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_write(&sdp, MM_SELF, span(4096), &err), -X8_E_TIMEOUT);
    assert_contains(err.msg, "WRITE_FILE after 2048 of 4096 bytes to the boot ROM: link broke");
    assert_contains(err.next, "power-cycle");
    fake_finish(&fake);
}

static void ranges_that_cannot_be_written_are_never_begun(void **state)
{
    const struct fake_step steps[] = {{0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_write(&sdp, 0, span(0), &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_sdp_write(&sdp, 0xfffffff0, span(17), &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_sdp_dcd_write(&sdp, 0, span(0), &err), -X8_E_BAD_IMAGE);
    fake_finish(&fake);
}

static void a_request_to_stop_is_seen_between_commands(void **state)
{
    const struct fake_step steps[] = {SENDS(1, 4, 4, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0),
                                      REPORTS(2048),
                                      OPEN,
                                      {.kind = FAKE_STOP},
                                      FILE_OK,
                                      {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_write(&sdp, 0, span(sizeof big), &err), -X8_E_STOPPED);
    fake_finish(&fake);
}

static void a_request_to_stop_in_a_long_piece_says_what_the_board_waits_for(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 4, 4, 0, 0, 0, 0, 0, 0, 0x20, 0, 0x64, 0, 0, 0, 0, 0),
        REPORTS(100),
        {.kind = FAKE_STOP},
        REPORTS(156),
        {0}};
    struct x8_sdp sdp = board("SPL1", steps);

    (void)state;
    assert_int_equal(x8_sdp_write(&sdp, 0, span(sizeof big), &err), -X8_E_STOPPED);
    assert_contains(err.next, "power-cycle");
    fake_finish(&fake);
}

static void a_board_that_leaves_after_a_jump_has_started(void **state)
{
    static const int ways[] = {X8_E_GONE, X8_E_TIMEOUT, X8_E_LINK};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(ways); i++) {
        const struct fake_step steps[] = {JUMP_MM, OPEN, READ_FAILS(ways[i]), {0}};
        struct x8_sdp sdp = board("MX8MQ", steps);

        assert_int_equal(x8_sdp_jump(&sdp, MM_SELF, &err), 0);
        assert_in_range(fake.last_timeout_ms, 1, 1000);
        fake_finish(&fake);
    }
}

static void a_board_may_leave_before_its_answer_is_read(void **state)
{
    const struct fake_step at_once[] = {JUMP_0, READ_FAILS(X8_E_GONE), {0}};
    const struct fake_step torn[] = {JUMP_0, READ_FAILS(X8_E_LINK), READ_FAILS(X8_E_GONE), {0}};
    struct x8_sdp sdp = board("SPL1", at_once);

    (void)state;
    assert_int_equal(x8_sdp_jump(&sdp, 0, &err), 0);
    fake_finish(&fake);
    sdp = board("SPL1", torn);
    assert_int_equal(x8_sdp_jump(&sdp, 0, &err), 0);
    fake_finish(&fake);
}

static void a_bad_link_or_silence_before_report_3_is_no_start(void **state)
{
    const struct fake_step torn[] = {JUMP_0, READ_FAILS(X8_E_LINK), READ_FAILS(X8_E_LINK), {0}};
    const struct fake_step silent[] = {JUMP_0, READ_FAILS(X8_E_TIMEOUT), {0}};
    struct x8_sdp sdp = board("SPL1", torn);

    (void)state;
    assert_int_equal(x8_sdp_jump(&sdp, 0, &err), -X8_E_LINK);
    assert_contains(err.msg, "JUMP_ADDRESS answer of the SPL");
    fake_finish(&fake);
    sdp = board("SPL1", silent);
    assert_int_equal(x8_sdp_jump(&sdp, 0, &err), -X8_E_TIMEOUT);
    fake_finish(&fake);
}

static void a_refused_jump_says_why(void **state)
{
    const struct fake_step steps[] = {JUMP_MM, CLOSED, ANSWERS(4, 0x33, 0x18, 0xdb, 0x1d), {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_jump(&sdp, MM_SELF, &err), -X8_E_REFUSED);
    assert_contains(err.msg, "refused to start the loader at 0x007e0fc0");
    assert_contains(err.why, "closed");
    assert_contains(err.why, "invalid signature (reason 0x18) in authenticated data (0xdb), engine "
                             "CAAM (0x1d), status failure (0x33)");
    assert_contains(err.next, "signed");
    fake_finish(&fake);
}

static void a_refused_jump_of_an_open_board_blames_the_file(void **state)
{
    const struct fake_step steps[] = {JUMP_MM, OPEN, ANSWERS(4, 0x33, 0x05, 0x0a, 0x36), {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_jump(&sdp, MM_SELF, &err), -X8_E_REFUSED);
    assert_contains(err.why, "invalid IVT");
    assert_contains(err.next, "made for this board");
    fake_finish(&fake);
}

static void stopping_while_a_jump_is_watched_is_a_stop(void **state)
{
    const struct fake_step steps[] = {JUMP_MM, OPEN, READ_FAILS(X8_E_STOPPED), {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_jump(&sdp, MM_SELF, &err), -X8_E_STOPPED);
    fake_finish(&fake);
}

static void registers_are_read_and_written_in_three_widths(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 1, 1, 0x30, 0x36, 0x08, 0, 0x20, 0, 0, 0, 4, 0, 0, 0, 0, 0),
        OPEN,
        ANSWERS(4, 0x44, 0x33, 0x22, 0x11),
        SENDS(1, 1, 1, 0x30, 0x36, 0x08, 0, 0x10, 0, 0, 0, 2, 0, 0, 0, 0, 0),
        OPEN,
        ANSWERS(4, 0x44, 0x33, 0x22, 0x11),
        SENDS(1, 1, 1, 0x30, 0x36, 0x08, 0, 0x08, 0, 0, 0, 1, 0, 0, 0, 0, 0),
        OPEN,
        ANSWERS(4, 0x44, 0x33, 0x22, 0x11),
        SENDS(1, 2, 2, 0, 0x91, 0, 0, 0x20, 0, 0, 0, 4, 0x11, 0x22, 0x33, 0x44, 0),
        OPEN,
        WRITTEN_OK,
        {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);
    uint32_t value = 0;

    (void)state;
    assert_int_equal(x8_sdp_read_register(&sdp, 0x30360800, 32, &value, &err), 0);
    assert_int_equal(value, 0x11223344);
    assert_int_equal(x8_sdp_read_register(&sdp, 0x30360800, 16, &value, &err), 0);
    assert_int_equal(value, 0x3344);
    assert_int_equal(x8_sdp_read_register(&sdp, 0x30360800, 8, &value, &err), 0);
    assert_int_equal(value, 0x44);
    assert_int_equal(x8_sdp_write_register(&sdp, 0x00910000, 32, 0x11223344, &err), 0);
    assert_int_equal(x8_sdp_read_register(&sdp, 0, 24, &value, &err), -X8_E_USAGE);
    assert_int_equal(x8_sdp_write_register(&sdp, 0, 0, 1, &err), -X8_E_USAGE);
    fake_finish(&fake);
}

static void a_register_write_that_was_not_acknowledged_fails(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 2, 2, 0, 0x91, 0, 0, 0x08, 0, 0, 0, 1, 0, 0, 0, 5, 0), OPEN, FILE_OK, {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);

    (void)state;
    assert_int_equal(x8_sdp_write_register(&sdp, 0x00910000, 8, 5, &err), -X8_E_REFUSED);
    fake_finish(&fake);
}

static void the_status_word_is_handed_over(void **state)
{
    const struct fake_step steps[] = {SENDS(1, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                                      OPEN,
                                      ANSWERS(4, 0x33, 0x18, 0xdb, 0x1d),
                                      {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);
    uint32_t word = 0;

    (void)state;
    assert_int_equal(x8_sdp_status(&sdp, &word, &err), 0);
    assert_int_equal(word, 0x1ddb1833);
    fake_finish(&fake);
}

/* An 8M Mini image of 2 KiB with `dcd` at 0x100. */
static struct x8_span mm_image(uint32_t dcd)
{
    static uint8_t image[0x800];
    struct image_words words = mm_words(sizeof image);

    memset(image, 0xee, sizeof image);
    words.dcd = dcd;
    put_ivt(image, &words);
    memcpy(image + 0x100, "\xd2\x00\x14\x41", 4);
    return (struct x8_span){image, sizeof image};
}

static void booting_an_8m_mini_is_write_skip_jump(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 4, 4, 0, 0x7e, 0x0f, 0xc0, 0, 0, 0, 0x08, 0, 0, 0, 0, 0, 0),
        REPORTS(2),
        OPEN,
        FILE_OK,
        SKIP,
        OPEN,
        SKIPPED_OK,
        JUMP_MM,
        OPEN,
        READ_FAILS(X8_E_GONE),
        {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);
    struct x8_boot_options options = {0};
    struct x8_span image = mm_image(0);

    (void)state;
    assert_int_equal(x8_sdp_boot(&sdp, image, &options, &err), 0);
    assert_memory_equal(fake.taken.data, image.data, image.len);
    fake_finish(&fake);
}

static void a_dcd_is_written_first(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 0x0a, 0x0a, 0, 0x91, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0),
        REPORTS(1),
        OPEN,
        WRITTEN_OK,
        SENDS(1, 4, 4, 0, 0x7e, 0x0f, 0xc0, 0, 0, 0, 0x08, 0, 0, 0, 0, 0, 0),
        REPORTS(2),
        OPEN,
        FILE_OK,
        {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);
    struct x8_boot_options options = {.no_jump = 1};

    (void)state;
    assert_int_equal(x8_sdp_boot(&sdp, mm_image(MM_SELF + 0x100), &options, &err), 0);
    assert_memory_equal(fake.taken.data, "\xd2\x00\x14\x41\xee", 5);
    fake_finish(&fake);
}

static void the_dcd_goes_where_the_script_says(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 0x0a, 0x0a, 0, 0x90, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0),
        REPORTS(1),
        OPEN,
        ANSWERS(4, 0, 0, 0, 0),
        {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);
    struct x8_boot_options options = {.has_dcd_addr = 1, .dcd_addr = 0x00900000};

    (void)state;
    assert_int_equal(x8_sdp_boot(&sdp, mm_image(MM_SELF + 0x100), &options, &err), -X8_E_REFUSED);
    assert_contains(err.msg, "DCD_WRITE");
    fake_finish(&fake);
}

static void chips_that_cannot_skip_get_the_ivt_again_without_dcd(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 0x0a, 0x0a, 0, 0x91, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0),
        REPORTS(1),
        OPEN,
        WRITTEN_OK,
        SENDS(1, 4, 4, 0, 0x7e, 0x0f, 0xc0, 0, 0, 0, 0x08, 0, 0, 0, 0, 0, 0),
        REPORTS(2),
        OPEN,
        FILE_OK,
        SENDS(1, 4, 4, 0, 0x7e, 0x0f, 0xc0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0, 0),
        REPORTS(1),
        OPEN,
        FILE_OK,
        JUMP_MM,
        OPEN,
        READ_FAILS(X8_E_TIMEOUT),
        {0}};
    struct x8_sdp sdp = board("MX6Q", steps);
    struct x8_boot_options options = {0};
    struct x8_span image = mm_image(MM_SELF + 0x100);

    (void)state;
    assert_int_equal(x8_sdp_boot(&sdp, image, &options, &err), 0);
    /* Progress counts the loader alone. */
    assert_int_equal(told, image.len);
    assert_int_equal(told_total, image.len);
    /* The rewritten kilobyte is the image's own but for the DCD pointer. */
    assert_memory_equal(fake.taken.data + 3072, image.data, 12);
    assert_int_equal(x8_get_le32(fake.taken.data + 3072 + 12), 0);
    assert_memory_equal(fake.taken.data + 3072 + 16, image.data + 16, 1024 - 16);
    fake_finish(&fake);
}

static void a_file_that_is_no_image_never_reaches_the_board(void **state)
{
    const struct fake_step steps[] = {{0}};
    struct x8_sdp sdp = board("MX8MQ", steps);
    struct x8_boot_options options = {0};

    (void)state;
    memset(big, 0, 4096);
    assert_int_equal(x8_sdp_boot(&sdp, span(4096), &options, &err), -X8_E_BAD_IMAGE);
    fake_finish(&fake);
}

static void barebox_gets_its_second_stage_without_an_answer(void **state)
{
    const struct fake_step steps[] = {
        SENDS(1, 4, 4, 0, 0x7e, 0x0f, 0xc0, 0, 0, 0, 0x08, 0, 0, 0, 0, 0, 0),
        REPORTS(2),
        OPEN,
        FILE_OK,
        SKIP,
        OPEN,
        SKIPPED_OK,
        JUMP_MM,
        OPEN,
        READ_FAILS(X8_E_TIMEOUT),
        SENDS(1, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xc0, 0, 0, 0, 0, 0),
        REPORTS(2),
        {0}};
    struct x8_sdp sdp = board("MX8MQ", steps);
    struct x8_boot_options options = {.barebox = 1};
    struct x8_span image = mm_image(0);

    (void)state;
    assert_int_equal(x8_sdp_boot(&sdp, image, &options, &err), 0);
    assert_memory_equal(fake.taken.data + 2048, image.data + 0x40, image.len - 0x40);
    fake_finish(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_goes_out_in_full_reports_padded_with_zeros),
        cmocka_unit_test(the_rom_gets_segments_of_two_mebibytes),
        cmocka_unit_test(the_spl_gets_one_piece),
        cmocka_unit_test(a_wrong_word_is_shown_with_the_expected_one),
        cmocka_unit_test(a_hab_word_in_place_of_an_acknowledgement_is_decoded),
        cmocka_unit_test(answers_in_the_wrong_order_are_refused),
        cmocka_unit_test(an_unknown_report_id_is_refused),
        cmocka_unit_test(an_unknown_security_state_is_refused),
        cmocka_unit_test(short_answers_are_link_errors),
        cmocka_unit_test(long_answers_are_fine),
        cmocka_unit_test(a_broken_data_phase_is_never_repeated),
        cmocka_unit_test(ranges_that_cannot_be_written_are_never_begun),
        cmocka_unit_test(a_request_to_stop_is_seen_between_commands),
        cmocka_unit_test(a_request_to_stop_in_a_long_piece_says_what_the_board_waits_for),
        cmocka_unit_test(a_board_that_leaves_after_a_jump_has_started),
        cmocka_unit_test(a_board_may_leave_before_its_answer_is_read),
        cmocka_unit_test(a_bad_link_or_silence_before_report_3_is_no_start),
        cmocka_unit_test(a_refused_jump_says_why),
        cmocka_unit_test(a_refused_jump_of_an_open_board_blames_the_file),
        cmocka_unit_test(stopping_while_a_jump_is_watched_is_a_stop),
        cmocka_unit_test(registers_are_read_and_written_in_three_widths),
        cmocka_unit_test(a_register_write_that_was_not_acknowledged_fails),
        cmocka_unit_test(the_status_word_is_handed_over),
        cmocka_unit_test(booting_an_8m_mini_is_write_skip_jump),
        cmocka_unit_test(a_dcd_is_written_first),
        cmocka_unit_test(the_dcd_goes_where_the_script_says),
        cmocka_unit_test(chips_that_cannot_skip_get_the_ivt_again_without_dcd),
        cmocka_unit_test(a_file_that_is_no_image_never_reaches_the_board),
        cmocka_unit_test(barebox_gets_its_second_stage_without_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
