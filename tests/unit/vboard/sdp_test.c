/*
 * ROM and SPL: each strict rule, and the words of each command.
 */
#include "drive.h"

#define SELF 0x7e0fc0u
static uint8_t spl[0x20000], fit[0x40000];

static size_t good_spl(void)
{
    return vb_make_spl(spl, sizeof spl, 30000, 7);
}

/* Load `len` bytes of spl[] to `addr` and jump there. The HAB word of the refusal, or 0 when the
 * board left. */
static uint32_t boot(struct drive *d, uint32_t addr, size_t len, uint32_t jump)
{
    assert_int_equal(drive_file(d, BY_EP0, addr, spl, len), 0x88888888);
    assert_int_equal(drive_sdp(d, BY_EP0, 0x0b0b, jump, 0, 0, 0), VB_OK);
    assert_true(drive_word(d, 3) != 0);
    return drive_word(d, 4);
}

static uint32_t boot_fresh(const char *words, uint32_t addr, size_t len, uint32_t jump)
{
    struct drive d;
    drive_open(&d, words);
    uint32_t word = boot(&d, addr, len, jump);
    assert_int_equal(drive_stage(&d), word ? VB_ROM : VB_OFF);
    drive_close(&d);
    return word;
}

static void a_good_image_starts(void **state)
{
    (void)state;
    size_t len = good_spl();
    assert_int_equal(boot_fresh("", SELF, len, SELF), 0);
}

static void an_image_loaded_to_another_address_is_refused(void **state)
{
    (void)state;
    size_t len = good_spl();
    assert_int_equal(boot_fresh("", SELF + 0x40, len, SELF + 0x40), 0x360a0533);
}

static void a_jump_to_where_nothing_was_loaded_is_refused(void **state)
{
    (void)state;
    size_t len = good_spl();
    assert_int_equal(boot_fresh("", SELF, len, SELF + 4), 0x360a0533);
    assert_int_equal(boot_fresh("", SELF, len, 0), 0x360a0533);
}

static void a_broken_ivt_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint32_t value;
    } cases[] = {
        {0, 0x412000d2},       /* tag */
        {0, 0x412100d1},       /* length */
        {4, SELF - 4},         /* entry before the image */
        {4, SELF + 0x100000},  /* entry behind it */
        {16, SELF - 0x20},     /* boot data before the image */
        {16, SELF + 0x3fffff}, /* boot data behind it */
        {20, SELF + 4},        /* self */
        {0x20, SELF + 0x100},  /* image starts behind its IVT */
        {0x24, 0x100},         /* image smaller than what stands before the IVT */
        {0x24, 0x10000000},    /* 256 MiB */
        {28, 0x12345678},      /* not what was packed */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = good_spl();
        x8_put_le32(spl + cases[i].at, cases[i].value);
        assert_int_not_equal(boot_fresh("", SELF, len, SELF), 0);
    }
}

static void a_byte_that_changed_on_the_way_is_noticed(void **state)
{
    (void)state;
    size_t len = good_spl();
    spl[20000] ^= 1;
    assert_int_not_equal(boot_fresh("", SELF, len, SELF), 0);
}

static void an_image_that_was_cut_is_refused(void **state)
{
    (void)state;
    (void)good_spl();
    assert_int_not_equal(boot_fresh("", SELF, 20000, SELF), 0);
    assert_int_not_equal(boot_fresh("", SELF, 16, SELF), 0);
}

static void an_image_in_segments_starts(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "");
    size_t len = good_spl(), first = 16384;
    assert_int_equal(drive_file(&d, BY_EP0, SELF, spl, first), 0x88888888);
    assert_int_equal(drive_file(&d, BY_EP0, SELF + (uint32_t)first, spl + first, len - first),
                     0x88888888);
    /* chips without SKIP_DCD_HEADER get the first 1024 bytes again */
    assert_int_equal(drive_file(&d, BY_EP0, SELF, spl, 1024), 0x88888888);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0b0b, SELF, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    drive_wait(&d, VB_SPL);
    drive_close(&d);
}

static void a_closed_board_says_so_and_takes_only_signed_images(void **state)
{
    (void)state;
    struct drive d;
    size_t len = good_spl();
    assert_int_equal(boot_fresh("closed=1", SELF, len, SELF), 0xff0a1833);
    len = vb_make_spl_signed(spl, sizeof spl, 30000, 7);
    drive_open(&d, "closed=1");
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0c0c, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x12343412);
    assert_int_equal(boot(&d, SELF, len, SELF), 0);
    drive_wait(&d, VB_SPL); /* which says open on a closed board too */
    drive_ask_report_descriptor(&d);
    assert_int_equal(drive_sdp(&d, BY_OUT, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    drive_close(&d);
}

static void error_status_repeats_the_refusal(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "");
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    assert_int_equal(drive_word(&d, 4), 0);
    (void)good_spl();
    uint32_t refusal = boot(&d, SELF, 100, SELF);
    assert_int_not_equal(refusal, 0);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    assert_int_equal(drive_word(&d, 4), refusal);
    drive_close(&d);
}

static void registers_are_read_and_written(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "");
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0101, 0x30360800, 0x20, 4, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    assert_int_equal(drive_word(&d, 4), 0x00824010);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0101, 0x30360801, 0x08, 1, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    assert_int_equal(drive_word(&d, 4), 0x40);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0202, 0x910000, 0x20, 4, 0x11223344), VB_OK);
    assert_int_equal(drive_ack(&d), 0x128a8a12);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0101, 0x910000, 0x20, 100, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    assert_int_equal(drive_word(&d, 4), 0x11223344);
    assert_int_equal(drive_word(&d, 4), 0); /* 64 bytes in the first report, 36 in the second */
    uint8_t more[65];
    assert_int_equal(drive_in(&d, more, sizeof more), -VB_NAK);
    drive_close(&d);
}

static void dcd_and_skip_are_acknowledged_with_their_words(void **state)
{
    (void)state;
    struct drive d;
    uint8_t dcd[20] = {0xd2, 0, 20, 0x40};
    drive_open(&d, "");
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0a0a, 0x910000, 0, sizeof dcd, 0), VB_OK);
    assert_int_equal(drive_data(&d, BY_EP0, dcd, sizeof dcd), VB_OK);
    assert_int_equal(drive_ack(&d), 0x128a8a12);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0c0c, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_ack(&d), 0x900dd009);
    drive_close(&d);
}

static void an_unknown_command_gets_no_answer(void **state)
{
    (void)state;
    struct drive d;
    uint8_t report[65];
    drive_open(&d, "");
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0707, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_in(&d, report, sizeof report), -VB_NAK);
    drive_close(&d);
}

static void reports_that_are_not_full_are_refused(void **state)
{
    (void)state;
    struct drive d;
    uint8_t report[1025] = {2};
    drive_open(&d, "");
    assert_int_equal(drive_report(&d, BY_EP0, report, sizeof report), VB_STALL); /* no command */
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0404, SELF, 0, 2000, 0), VB_OK);
    assert_int_equal(drive_report(&d, BY_EP0, report, 1024), VB_STALL);
    assert_int_equal(drive_report(&d, BY_EP0, report, 513), VB_STALL);
    assert_int_equal(drive_report(&d, BY_EP0, report, 1025), VB_OK);
    report[0] = 1;
    assert_int_equal(drive_report(&d, BY_EP0, report, 16), VB_STALL);
    report[0] = 9;
    assert_int_equal(drive_report(&d, BY_EP0, report, 17), VB_STALL);
    drive_close(&d);
}

static void the_rom_has_no_out_endpoint(void **state)
{
    (void)state;
    struct drive d;
    struct vb_descriptors desc;
    uint8_t report[17] = {1};
    drive_open(&d, "");
    vb_descriptors(d.vb, &desc);
    assert_int_equal(desc.config_len, 9 + 9 + 9 + 7);
    assert_int_equal(desc.config[29], 0x81);
    assert_int_equal(drive_out(&d, 0x02, report, sizeof report), VB_STALL);
    drive_close(&d);
}

/* ---- SPL ---- */

static void the_spl_is_silent_until_its_report_descriptor_was_asked_for(void **state)
{
    (void)state;
    struct drive d;
    uint8_t report[65];
    drive_open(&d, "start=spl");
    assert_int_equal(drive_sdp(&d, BY_OUT, 0x0505, 0, 0, 0, 0), VB_NAK);
    assert_int_equal(drive_in(&d, report, sizeof report), -VB_NAK);
    drive_ask_report_descriptor(&d);
    assert_int_equal(drive_sdp(&d, BY_OUT, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    drive_close(&d);
    drive_open(&d, "start=spl"); /* EP0 is taken, but never answered */
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_in(&d, report, sizeof report), -VB_NAK);
    drive_close(&d);
}

static void after_a_command_through_ep0_the_out_endpoint_rests(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "start=spl usbhid=1");
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    assert_int_equal(drive_word(&d, 4), 0);
    assert_int_equal(drive_sdp(&d, BY_OUT, 0x0505, 0, 0, 0, 0), VB_NAK);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0505, 0, 0, 0, 0), VB_OK);
    drive_close(&d);
}

static void the_out_endpoint_waits_until_the_answers_were_read(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "start=spl usbhid=1");
    assert_int_equal(drive_sdp(&d, BY_OUT, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_sdp(&d, BY_OUT, 0x0505, 0, 0, 0, 0), VB_NAK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    assert_int_equal(drive_word(&d, 4), 0);
    assert_int_equal(drive_sdp(&d, BY_OUT, 0x0505, 0, 0, 0, 0), VB_OK);
    drive_close(&d);
}

/* Where the board ends up after `len` bytes of fit[] and a jump. */
static enum vb_stage spl_jump(const char *words, size_t len, uint32_t addr)
{
    struct drive d;
    char all[128];
    snprintf(all, sizeof all, "start=spl usbhid=1 %s", words);
    drive_open(&d, all);
    assert_int_equal(drive_file(&d, BY_OUT, 0, fit, len), 0x88888888);
    assert_int_equal(drive_sdp(&d, BY_OUT, 0x0b0b, addr, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    while (drive_step(&d))
        ;
    enum vb_stage stage = drive_stage(&d);
    drive_close(&d);
    return stage;
}

static void a_fit_is_found_at_every_multiple_of_four_and_nowhere_else(void **state)
{
    (void)state;
    size_t len = vb_make_fit(fit, sizeof fit, 9000, 3);
    assert_int_equal(spl_jump("", len, 0), VB_FASTBOOT);
    assert_int_equal(spl_jump("", len, 0x40400000), VB_FASTBOOT);
    memmove(fit + 2052, fit, len);
    memset(fit, 0, 2052);
    assert_int_equal(spl_jump("", len + 2052, 0), VB_FASTBOOT);
    memmove(fit + 2053, fit + 2052, len);
    fit[2052] = 0;
    assert_int_equal(spl_jump("", len + 2053, 0), VB_DEAD);
}

static void an_spl_without_a_whole_fit_panics(void **state)
{
    (void)state;
    size_t len = vb_make_fit(fit, sizeof fit, 9000, 3);
    assert_int_equal(spl_jump("", len - 100, 0), VB_DEAD);
    fit[5000] ^= 1;
    assert_int_equal(spl_jump("", len, 0), VB_DEAD);
    assert_int_equal(spl_jump("panic=rom", len, 0), VB_ROM);
    len = vb_make_spl(fit, sizeof fit, 9000, 3);
    assert_int_equal(spl_jump("", len, 0), VB_DEAD);
}

static void old_and_new_ids_tell_the_stages(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        uint16_t vid, pid, bcd;
    } cases[] = {
        {"start=rom", 0x1fc9, 0x0134, 0x0101},
        {"start=rom ids=old", 0x1fc9, 0x0134, 0x0101},
        {"start=spl", 0x1fc9, 0x0151, 0x0500},
        {"start=spl ids=old", 0x0525, 0xb4a4, 0x0500},
        {"start=fastboot", 0x1fc9, 0x0152, 0x0221},
        {"start=fastboot ids=old", 0x0525, 0xa4a5, 0x0221},
        {"start=linux", 0x2341, 0x0061, 0x0510},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct drive d;
        struct vb_descriptors desc;
        drive_open(&d, cases[i].words);
        vb_descriptors(d.vb, &desc);
        assert_int_equal(x8_get_le16(desc.device + 8), cases[i].vid);
        assert_int_equal(x8_get_le16(desc.device + 10), cases[i].pid);
        assert_int_equal(x8_get_le16(desc.device + 12), cases[i].bcd);
        assert_int_equal(x8_get_le16(desc.config + 2), desc.config_len);
        drive_close(&d);
    }
}

static void strings_and_endpoints_are_as_configured(void **state)
{
    (void)state;
    struct drive d;
    struct vb_descriptors desc;
    uint8_t text[255];
    drive_open(&d, "start=fastboot endpoints=out-first speed=full serial=00112233aabbccdd");
    vb_descriptors(d.vb, &desc);
    assert_int_equal(desc.full_speed, 1);
    assert_string_equal(desc.serial, "00112233aabbccdd");
    assert_int_equal(desc.config[20], 0x02);
    assert_int_equal(x8_get_le16(desc.config + 22), 64);
    assert_int_equal(desc.config[27], 0x81);
    uint8_t setup[8] = {0x80, 0x06, 3, 3, 9, 4, 255, 0};
    struct vb_result r = vb_control(d.vb, setup, text, sizeof text);
    assert_int_equal(r.actual, 2 + 2 * 16);
    assert_int_equal(text[2], '0');
    assert_int_equal(text[6], '1');
    setup[2] = 9;
    assert_int_equal(vb_control(d.vb, setup, text, sizeof text).status, VB_STALL);
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_image_starts),
        cmocka_unit_test(an_image_loaded_to_another_address_is_refused),
        cmocka_unit_test(a_jump_to_where_nothing_was_loaded_is_refused),
        cmocka_unit_test(a_broken_ivt_is_refused),
        cmocka_unit_test(a_byte_that_changed_on_the_way_is_noticed),
        cmocka_unit_test(an_image_that_was_cut_is_refused),
        cmocka_unit_test(an_image_in_segments_starts),
        cmocka_unit_test(a_closed_board_says_so_and_takes_only_signed_images),
        cmocka_unit_test(error_status_repeats_the_refusal),
        cmocka_unit_test(registers_are_read_and_written),
        cmocka_unit_test(dcd_and_skip_are_acknowledged_with_their_words),
        cmocka_unit_test(an_unknown_command_gets_no_answer),
        cmocka_unit_test(reports_that_are_not_full_are_refused),
        cmocka_unit_test(the_rom_has_no_out_endpoint),
        cmocka_unit_test(the_spl_is_silent_until_its_report_descriptor_was_asked_for),
        cmocka_unit_test(after_a_command_through_ep0_the_out_endpoint_rests),
        cmocka_unit_test(the_out_endpoint_waits_until_the_answers_were_read),
        cmocka_unit_test(a_fit_is_found_at_every_multiple_of_four_and_nowhere_else),
        cmocka_unit_test(an_spl_without_a_whole_fit_panics),
        cmocka_unit_test(old_and_new_ids_tell_the_stages),
        cmocka_unit_test(strings_and_endpoints_are_as_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
