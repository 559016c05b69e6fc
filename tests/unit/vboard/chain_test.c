/*
 * The whole way of a flash by hand: ROM, SPL, fastboot, with real bytes.
 */
#include "drive.h"

#define SPL_LEN 50000
static uint8_t spl[0x20000], fit[0x40000], sit[512];

static void load_spl(struct drive *d)
{
    size_t len = vb_make_spl(spl, sizeof spl, SPL_LEN, 1);
    assert_true(len > SPL_LEN);
    assert_int_equal(drive_file(d, BY_EP0, 0x7e0fc0, spl, len), 0x88888888);
    assert_int_equal(drive_sdp(d, BY_EP0, 0x0c0c, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_ack(d), 0x900dd009);
    assert_int_equal(drive_sdp(d, BY_EP0, 0x0b0b, 0x7e0fc0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(d, 3), 0x56787856);
    drive_wait(d, VB_SPL);
}

static void load_fit(struct drive *d, enum drive_path path)
{
    size_t len = vb_make_fit(fit, sizeof fit, 100001, 2);
    assert_true(len > 100001);
    drive_ask_report_descriptor(d);
    assert_int_equal(drive_file(d, path, 0, fit, len), 0x88888888);
    assert_int_equal(drive_sdp(d, path, 0x0b0b, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(d, 3), 0x56787856);
    drive_wait(d, VB_FASTBOOT);
}

static void a_board_goes_from_rom_through_spl_to_fastboot_and_takes_a_boot_image(void **state)
{
    (void)state;
    struct drive d;
    struct vb_stats stats;
    uint8_t back[512];
    drive_open(&d, "emmc=64M");
    load_spl(&d);
    load_fit(&d, BY_OUT);
    assert_string_equal(drive_ucmd(&d, "setenv fastboot_dev mmc"), "OKAY");
    assert_string_equal(drive_ucmd(&d, "setenv mmcdev ${emmc_dev}"), "OKAY");
    assert_string_equal(drive_ucmd(&d, "mmc dev ${emmc_dev} 1; mmc erase 0 0x2000"), "OKAY");
    assert_int_equal(vb_make_sit(sit, sizeof sit), 512);
    assert_string_equal(drive_download(&d, sit, 512), "OKAY");
    assert_string_equal(drive_fb(&d, "flash:sit"), "OKAY");
    assert_string_equal(
        drive_ucmd(&d, "if env exists emmc_ack; then ; else setenv emmc_ack 0; fi;"), "OKAY");
    assert_string_equal(drive_ucmd(&d, "mmc partconf ${emmc_dev} ${emmc_ack} 1 0"), "OKAY");
    assert_int_equal(drive_read(&d, 1, 0x8200, back, sizeof back), 0);
    assert_memory_equal(back, sit, sizeof back);
    assert_int_equal(vb_medium_touched(d.vb, 1, 0, 4u << 20), 4u << 20);
    vb_stats(d.vb, &stats);
    assert_int_equal(stats.partconf, 0x08);
    assert_int_equal(stats.attaches, 3);
    drive_close(&d);
}

static void every_stage_arrives_as_a_new_device_and_the_old_one_is_gone_meanwhile(void **state)
{
    (void)state;
    struct drive d;
    struct vb_descriptors desc;
    uint8_t byte;
    drive_open(&d, "gap=500");
    vb_descriptors(d.vb, &desc);
    assert_int_equal(desc.attach, 1);
    size_t len = vb_make_spl(spl, sizeof spl, SPL_LEN, 1);
    assert_int_equal(drive_file(&d, BY_EP0, 0x7e0fc0, spl, len), 0x88888888);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0b0b, 0x7e0fc0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x56787856);
    drive_wait(&d, VB_OFF);
    assert_int_equal(vb_in(d.vb, 0x81, &byte, 1).status, VB_GONE);
    int64_t left = d.now;
    drive_wait(&d, VB_SPL);
    assert_in_range(d.now - left, 490000, 510000);
    vb_descriptors(d.vb, &desc);
    assert_int_equal(desc.attach, 2);
    assert_string_equal(desc.port, "1-2");
    drive_close(&d);
}

static void the_spl_can_be_loaded_through_ep0_as_well(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "start=spl");
    load_fit(&d, BY_EP0);
    drive_close(&d);
}

static void a_desktops_usbhid_wakes_the_spl_when_it_is_played(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "start=spl usbhid=1");
    size_t len = vb_make_fit(fit, sizeof fit, 5000, 2);
    assert_int_equal(drive_file(&d, BY_OUT, 0, fit, len), 0x88888888);
    drive_close(&d);
}

static void a_reset_leads_back_to_what_the_boot_switches_say(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "");
    assert_string_equal(drive_fb(&d, "ACmd:reset"), "OKAY");
    drive_wait(&d, VB_ROM);
    drive_close(&d);
    drive_fastboot(&d, "reset=linux");
    assert_string_equal(drive_fb(&d, "reboot:"), "OKAY");
    drive_wait(&d, VB_LINUX);
    drive_close(&d);
}

static void bootm_of_a_downloaded_fit_starts_the_small_linux(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "");
    assert_string_equal(drive_ucmd(&d, "setenv loadaddr 0x50000000"), "OKAY");
    assert_string_equal(drive_ucmd(&d, "setenv fastboot_buffer ${loadaddr}"), "OKAY");
    size_t len = vb_make_fit(fit, sizeof fit, 5000, 2);
    assert_string_equal(drive_download(&d, fit, len), "OKAY");
    assert_string_equal(drive_fb(&d, "ACmd:bootm ${loadaddr}"), "OKAY");
    drive_wait(&d, VB_INITRAMFS);
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_goes_from_rom_through_spl_to_fastboot_and_takes_a_boot_image),
        cmocka_unit_test(every_stage_arrives_as_a_new_device_and_the_old_one_is_gone_meanwhile),
        cmocka_unit_test(the_spl_can_be_loaded_through_ep0_as_well),
        cmocka_unit_test(a_desktops_usbhid_wakes_the_spl_when_it_is_played),
        cmocka_unit_test(a_reset_leads_back_to_what_the_boot_switches_say),
        cmocka_unit_test(bootm_of_a_downloaded_fit_starts_the_small_linux),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
