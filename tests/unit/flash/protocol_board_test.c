/*
 * Both dialogues against the virtual board, from the boot ROM to fastboot, with its faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "direct_link.h"
#include "vb_make.h"

#include "flash/fastboot.h"
#include "flash/sdp.h"
#include "util/buf.h"
#include "util/clock.h"

static struct vb *vb;
static int64_t now_us;
static struct x8_error err;
static struct x8_op op = {.deadline = X8_NO_DEADLINE};
static struct direct_link cable;
static uint8_t spl[300000], fit[1500000];
static size_t spl_len, fit_len;

static int begin(void **state)
{
    (void)state;
    now_us = 0;
    memset(&err, 0, sizeof err);
    spl_len = vb_make_spl(spl, sizeof spl, 150000, 1);
    fit_len = vb_make_fit(fit, sizeof fit, 900001, 2);
    assert_true(spl_len && fit_len);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vb_free(vb);
    vb = NULL;
    return 0;
}

static void plug(const char *words)
{
    char why[256];

    vb = vb_new(words, why);
    if (!vb)
        fail_msg("%s: %s", words, why);
    cable = direct_open(vb, &now_us);
}

/* Wait for a stage and link to the board anew. */
static void follow(enum vb_stage stage)
{
    assert_int_equal(direct_arrived(vb, &now_us, stage, 30000), 0);
    cable = direct_open(vb, &now_us);
}

static struct x8_sdp sdp_of(const struct x8_chips *chips)
{
    struct vb_descriptors d;
    const struct x8_chip *chip;

    vb_descriptors(vb, &d);
    chip = x8_chips_find(chips, x8_get_le16(d.device + 8), x8_get_le16(d.device + 10),
                         x8_get_le16(d.device + 12));
    assert_non_null(chip);
    return (struct x8_sdp){
        .link = &cable.base, .op = &op, .rom = x8_rom_of(chip), .timeout_ms = 5000};
}

static int boot_rom(void)
{
    struct x8_boot_options options = {0};
    struct x8_chips chips;
    struct x8_sdp sdp;

    x8_chips_init(&chips);
    sdp = sdp_of(&chips);
    return x8_sdp_boot(&sdp, (struct x8_span){spl, spl_len}, &options, &err);
}

static int boot_spl(void)
{
    struct x8_chips chips;
    struct x8_sdp sdp;
    int rc;

    x8_chips_init(&chips);
    sdp = sdp_of(&chips);
    rc = x8_sdp_write(&sdp, 0, (struct x8_span){fit, fit_len}, &err);
    return rc < 0 ? rc : x8_sdp_jump(&sdp, 0, &err);
}

static struct x8_fastboot fastboot(void)
{
    return (struct x8_fastboot){.link = &cable.base, .op = &op, .timeout_ms = 5000};
}

static void walks(const char *words)
{
    plug(words);
    if (boot_rom() != 0)
        fail_msg("%s: rom: %s; %s", words, err.msg, err.why);
    follow(VB_SPL);
    if (boot_spl() != 0)
        fail_msg("%s: spl: %s; %s", words, err.msg, err.why);
    follow(VB_FASTBOOT);
}

static void a_board_walks_from_rom_to_fastboot(void **state)
{
    (void)state;
    walks("start=rom emmc=64M");
}

static void every_kind_of_link_leads_to_fastboot(void **state)
{
    static const char *const kinds[] = {
        "start=rom emmc=64M speed=full",
        "start=rom emmc=64M ids=old",
        "start=rom emmc=64M endpoints=out-first",
        "start=rom emmc=64M ids=old speed=full endpoints=out-first",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(kinds); i++) {
        walks(kinds[i]);
        vb_free(vb);
        vb = NULL;
    }
}

static void the_boards_files_are_what_our_readers_accept(void **state)
{
    struct x8_ivt_search search = {0};
    struct x8_ivt ivt;
    uint64_t at, size;
    char why[128] = "";

    (void)state;
    assert_int_equal(x8_ivt_find((struct x8_span){spl, spl_len}, &search, &ivt, &err), 0);
    if (!x8_ivt_suits_8mm(&ivt, why))
        fail_msg("%s", why);
    assert_int_equal(x8_fit_find((struct x8_span){fit, fit_len}, 0, &at, &err), 0);
    assert_int_equal(at, 0);
    if (x8_fit_check((struct x8_span){fit, fit_len}, 0, &size, &err) != 0)
        fail_msg("%s: %s", err.msg, err.why);
    assert_int_equal(size, fit_len);
}

static void a_signed_loader_starts_a_closed_board(void **state)
{
    (void)state;
    spl_len = vb_make_spl_signed(spl, sizeof spl, 150000, 1);
    walks("start=rom emmc=64M closed=1");
}

static void a_closed_board_refuses_an_unsigned_loader_in_its_own_words(void **state)
{
    (void)state;
    plug("start=rom emmc=64M closed=1");
    assert_int_equal(boot_rom(), -X8_E_REFUSED);
    assert_non_null(strstr(err.msg, "refused to start"));
    assert_non_null(strstr(err.why, "closed"));
    assert_non_null(strstr(err.why, "reason 0x"));
    assert_non_null(strstr(err.next, "signed"));
}

/* The refusal stays readable in the ROM afterwards. */
static void the_rom_still_answers_after_a_refusal(void **state)
{
    struct x8_chips chips;
    struct x8_sdp sdp;
    uint32_t word = 0;

    (void)state;
    plug("start=rom emmc=64M closed=1");
    assert_int_equal(boot_rom(), -X8_E_REFUSED);
    x8_chips_init(&chips);
    sdp = sdp_of(&chips);
    assert_int_equal(x8_sdp_status(&sdp, &word, &err), 0);
    assert_int_equal(word & 0xff, 0x33);
    assert_int_equal(sdp.is_closed, 1);
}

static void a_changed_byte_is_refused(void **state)
{
    (void)state;
    spl[5000] ^= 1;
    plug("start=rom emmc=64M");
    assert_int_equal(boot_rom(), -X8_E_REFUSED);
    assert_non_null(strstr(err.next, "whole"));
}

static void registers_of_the_rom_can_be_used(void **state)
{
    struct x8_chips chips;
    struct x8_sdp sdp;
    uint32_t value = 0;

    (void)state;
    plug("start=rom emmc=64M");
    x8_chips_init(&chips);
    sdp = sdp_of(&chips);
    assert_int_equal(x8_sdp_read_register(&sdp, 0x30360800, 32, &value, &err), 0);
    assert_int_equal(value, 0x00824010);
    assert_int_equal(x8_sdp_write_register(&sdp, 0x30340000, 32, 0x1234, &err), 0);
    assert_int_equal(x8_sdp_read_register(&sdp, 0x30340000, 16, &value, &err), 0);
    assert_int_equal(value, 0x1234);
}

static void faults_of_rom_and_spl_have_their_codes(void **state)
{
    static const struct {
        const char *fault;
        int is_spl, rc;
        const char *why;
    } rows[] = {
        {"at:write_file,do:wrongword", 0, -X8_E_REFUSED, "0d f0 ad 0b, expected 88 88 88 88"},
        {"at:skip_dcd,do:wrongword", 0, -X8_E_REFUSED, "expected 09 d0 0d 90"},
        {"at:skip_dcd,do:wrongsec", 0, -X8_E_REFUSED, "de c0 ad 0b"},
        {"at:skip_dcd,do:garbage", 0, -X8_E_REFUSED, "expected report 3"},
        {"at:skip_dcd,do:short", 0, -X8_E_LINK, "2 bytes came"},
        {"at:skip_dcd,do:stallin", 0, -X8_E_LINK, ""},
        {"at:jump,do:badhab", 0, -X8_E_REFUSED, "invalid signature"},
        {"at:jump,do:garbage", 0, -X8_E_REFUSED, "expected report 3"},
        {"stage:rom,after:50000,do:stall", 0, -X8_E_LINK, ""},
        {"stage:rom,after:50000,do:unplug", 0, -X8_E_GONE, ""},
        {"stage:rom,after:50000,do:hang", 0, -X8_E_TIMEOUT, ""},
        {"stage:spl,at:write_file,do:wrongword", 1, -X8_E_REFUSED, "expected 88 88 88 88"},
        {"stage:spl,after:500000,do:stall", 1, -X8_E_LINK, ""},
        {"stage:spl,after:500000,do:unplug", 1, -X8_E_GONE, ""},
        {"stage:spl,after:500000,do:hang", 1, -X8_E_TIMEOUT, ""},
        {"stage:spl,at:jump,do:hang", 1, -X8_E_TIMEOUT, ""},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        char words[256];
        int rc;

        snprintf(words, sizeof words, "start=rom emmc=64M fault=%s", rows[i].fault);
        plug(words);
        rc = boot_rom();
        if (rc == 0 && rows[i].is_spl) {
            follow(VB_SPL);
            rc = boot_spl();
        }
        if (rc != rows[i].rc || !strstr(err.why, rows[i].why))
            fail_msg("%s: %d: %s; %s; %s", rows[i].fault, rc, err.msg, err.why, err.next);
        if (rc != -X8_E_GONE && !err.next[0])
            fail_msg("%s: nothing to do next", rows[i].fault);
        vb_free(vb);
        vb = NULL;
    }
}

/* An SPL that stays silent after its jump looks like one that starts: the caller waits for the next
 * stage. */
static void silence_after_a_jump_is_left_to_the_caller(void **state)
{
    (void)state;
    plug("start=rom emmc=64M");
    assert_int_equal(boot_rom(), 0);
    follow(VB_SPL);
    memset(fit, 0, 4);
    assert_int_equal(boot_spl(), 0);
    assert_int_equal(direct_arrived(vb, &now_us, VB_FASTBOOT, 30000), -1);
}

static void an_spl_that_nobody_asked_for_its_descriptor_is_a_timeout(void **state)
{
    (void)state;
    plug("start=spl emmc=64M");
    vb_free(vb);
    vb = vb_new("start=spl emmc=64M usbhid=0", err.msg);
    assert_non_null(vb);
    /* A link made by hand, without the request. */
    cable.vb = vb;
    cable.attach = 1;
    assert_int_equal(boot_spl(), -X8_E_TIMEOUT);
}

static void variables_are_read_as_the_board_writes_them(void **state)
{
    static const char *const kinds[] = {
        "start=fastboot emmc=64M",
        "start=fastboot emmc=64M infoecho=1",
        "start=fastboot emmc=64M fault=do:dec",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(kinds); i++) {
        struct x8_fastboot fb;
        uint64_t value = 0;
        char text[256];

        plug(kinds[i]);
        fb = fastboot();
        assert_int_equal(x8_fb_getvar_u64(&fb, "max-download-size", &value, &err), 0);
        assert_int_equal(value, 0x40000000);
        assert_int_equal(x8_fb_getvar(&fb, "nonsense", text, &err), -X8_E_REFUSED);
        assert_non_null(strstr(err.why, "nonsense"));
        assert_null(strstr(err.why, "FAIL"));
        vb_free(vb);
        vb = NULL;
    }
}

static void a_boot_file_reaches_its_place_on_the_emmc(void **state)
{
    static uint8_t back[300000];
    struct x8_fastboot fb;

    (void)state;
    plug("start=fastboot emmc=64M");
    fb = fastboot();
    assert_int_equal(x8_fb_ucmd(&fb, "setenv fastboot_dev mmc", 5000, &err), 0);
    assert_int_equal(x8_fb_ucmd(&fb, "setenv mmcdev ${emmc_dev}", 5000, &err), 0);
    assert_int_equal(x8_fb_download(&fb, spl, spl_len, &err), 0);
    if (x8_fb_flash(&fb, "bootloader", 30000, &err) != 0)
        fail_msg("%s; %s", err.msg, err.why);
    assert_int_equal(vb_medium_read(vb, 1, 0x8400, back, spl_len), 0);
    assert_memory_equal(back, spl, spl_len);
}

/* 512 bytes end on a packet, as a SIT does. */
static void a_download_that_ends_on_a_packet_is_complete(void **state)
{
    struct x8_fastboot fb;
    uint8_t sit[512];

    (void)state;
    plug("start=fastboot emmc=64M");
    fb = fastboot();
    assert_int_equal(vb_make_sit(sit, sizeof sit), 512);
    assert_int_equal(x8_fb_download(&fb, sit, sizeof sit, &err), 0);
    assert_int_equal(x8_fb_ucmd(&fb, "test ${filesize} = 200", 5000, &err), 0);
}

static void refusals_of_the_loader_keep_its_words(void **state)
{
    struct x8_fastboot fb;

    (void)state;
    plug("start=fastboot emmc=64M");
    fb = fastboot();
    assert_int_equal(x8_fb_ucmd(&fb, "false", 5000, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.why, "gives no reason"));
    assert_int_equal(x8_fb_command(&fb, "dance", 5000, NULL, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.why, "nrecognized command"));
    assert_int_equal(x8_fb_ucmd(&fb, "setenv fastboot_dev mmc", 5000, &err), 0);
    assert_int_equal(x8_fb_download(&fb, fit, fit_len, &err), 0);
    assert_int_equal(x8_fb_flash(&fb, "bootloader", 30000, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.why, "image too large for partition"));
    assert_int_equal(x8_fb_flash(&fb, "no_such", 30000, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.next, "bootloader2_s"));
    /* The dialogue goes on after refusals. */
    assert_int_equal(x8_fb_ucmd(&fb, "true", 5000, &err), 0);
}

static void faults_of_fastboot_have_their_codes(void **state)
{
    static const struct {
        const char *fault;
        int rc;
        const char *why;
    } rows[] = {
        {"stage:fastboot,after:500000,do:stall", -X8_E_LINK, ""},
        {"stage:fastboot,after:500000,do:unplug", -X8_E_GONE, ""},
        {"stage:fastboot,after:500000,do:hang", -X8_E_TIMEOUT, ""},
        {"at:download,do:garbage", -X8_E_LINK, "expected OKAY"},
        {"at:download,do:short", -X8_E_LINK, "2 bytes came"},
        {"at:ucmd,do:fail,text:worn", -X8_E_REFUSED, "board says: worn"},
        {"at:ucmd,do:wrongword", -X8_E_LINK, "OKEY"},
        {"at:ucmd,do:hang", -X8_E_TIMEOUT, ""},
        {"at:ucmd,do:unplug", -X8_E_GONE, ""},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_fastboot fb;
        char words[256];
        int rc;

        snprintf(words, sizeof words, "start=fastboot emmc=64M fault=%s", rows[i].fault);
        plug(words);
        fb = fastboot();
        rc = x8_fb_download(&fb, fit, fit_len, &err);
        if (rc == 0)
            rc = x8_fb_ucmd(&fb, "true", 5000, &err);
        if (rc != rows[i].rc || !strstr(err.why, rows[i].why))
            fail_msg("%s: %d: %s; %s; %s", rows[i].fault, rc, err.msg, err.why, err.next);
        vb_free(vb);
        vb = NULL;
    }
}

static void a_command_of_a_packets_length_does_not_hang_the_loader(void **state)
{
    char text[512];
    struct x8_fastboot fb;

    (void)state;
    plug("start=fastboot emmc=64M");
    fb = fastboot();
    memset(text, ' ', sizeof text);
    memcpy(text, "true", 4);
    text[512 - 5] = '\0';
    assert_int_equal(x8_fb_ucmd(&fb, text, 5000, &err), 0);
}

static void memory_of_the_board_can_be_uploaded(void **state)
{
    struct x8_buf out = {0};
    struct x8_fastboot fb;

    (void)state;
    plug("start=fastboot emmc=64M");
    fb = fastboot();
    assert_int_equal(x8_fb_download(&fb, spl, 0x4000, &err), 0);
    if (x8_fb_upload(&fb, NULL, 0x20000, &out, &err) != 0)
        fail_msg("%s; %s", err.msg, err.why);
    assert_int_equal(out.len, 0x4000);
    assert_memory_equal(out.data, spl, 0x4000);
    x8_buf_done(&out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_board_walks_from_rom_to_fastboot),
        T(every_kind_of_link_leads_to_fastboot),
        T(the_boards_files_are_what_our_readers_accept),
        T(a_signed_loader_starts_a_closed_board),
        T(a_closed_board_refuses_an_unsigned_loader_in_its_own_words),
        T(the_rom_still_answers_after_a_refusal),
        T(a_changed_byte_is_refused),
        T(registers_of_the_rom_can_be_used),
        T(faults_of_rom_and_spl_have_their_codes),
        T(silence_after_a_jump_is_left_to_the_caller),
        T(an_spl_that_nobody_asked_for_its_descriptor_is_a_timeout),
        T(variables_are_read_as_the_board_writes_them),
        T(a_boot_file_reaches_its_place_on_the_emmc),
        T(a_download_that_ends_on_a_packet_is_complete),
        T(refusals_of_the_loader_keep_its_words),
        T(faults_of_fastboot_have_their_codes),
        T(a_command_of_a_packets_length_does_not_hang_the_loader),
        T(memory_of_the_board_can_be_uploaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
