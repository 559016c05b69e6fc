/*
 * Every fault that words can order, seen from the host's end of the cable.
 */
#include "drive.h"

#define SELF 0x7e0fc0u
static uint8_t spl[0x20000], fit[0x20000], data[1 << 20];

static uint32_t load_spl(struct drive *d)
{
    return drive_file(d, BY_EP0, SELF, spl, vb_make_spl(spl, sizeof spl, 30000, 1));
}

static void jump(struct drive *d, enum drive_path path, uint32_t addr)
{
    assert_int_equal(drive_sdp(d, path, 0x0b0b, addr, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(d, 3), 0x56787856);
}

/* Let everything happen that will happen by itself. */
static enum vb_stage settle(struct drive *d)
{
    while (drive_step(d))
        ;
    return drive_stage(d);
}

static void to_fastboot(struct drive *d)
{
    assert_int_equal(load_spl(d), 0x88888888);
    jump(d, BY_EP0, SELF);
    drive_wait(d, VB_SPL);
    drive_ask_report_descriptor(d);
    size_t len = vb_make_fit(fit, sizeof fit, 9000, 2);
    assert_int_equal(drive_file(d, BY_OUT, 0, fit, len), 0x88888888);
    jump(d, BY_OUT, 0);
}

/* ---- data phases ---- */

static void a_stall_in_the_data_phase_lasts_until_it_is_cleared(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "fault=stage:fastboot,after:300000,do:stall");
    assert_string_equal(drive_fb(&d, "download:00100000"), "DATA00100000");
    assert_int_equal(drive_out(&d, 2, data, 262144), VB_OK);
    struct vb_result r = vb_out(d.vb, 2, data, 262144);
    assert_int_equal(r.status, VB_STALL);
    assert_int_equal(r.actual, 300000 - 262144);
    assert_int_equal(vb_out(d.vb, 2, data, 512).status, VB_STALL);
    const uint8_t clear[8] = {0x02, 0x01, 0, 0, 0x02, 0, 0, 0};
    assert_int_equal(vb_control(d.vb, clear, NULL, 0).status, VB_OK);
    assert_int_equal(vb_out(d.vb, 2, data, 512).status, VB_OK);
    drive_close(&d);
}

static void a_hang_takes_nothing_and_may_end(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "fault=stage:fastboot,after:1000,do:hang,for:5000");
    assert_string_equal(drive_fb(&d, "download:00001000"), "DATA00001000");
    int64_t before = d.now;
    assert_int_equal(vb_out(d.vb, 2, data, 4096).status, VB_NAK);
    assert_int_equal(drive_out(&d, 2, data, 4096), VB_OK);
    assert_in_range(d.now - before, 5000000, 5000001);
    assert_int_equal(drive_in(&d, data, 64), 4);
    drive_close(&d);
    drive_fastboot(&d, "fault=stage:fastboot,after:1000,do:hang");
    assert_string_equal(drive_download(&d, data, 4096), "");
    vb_reset(d.vb); /* does not help: the firmware is gone */
    assert_string_equal(drive_fb(&d, "getvar:version"), "");
    drive_close(&d);
}

static void an_unplug_in_the_data_phase_is_final_or_comes_back_in_the_rom(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "fault=stage:fastboot,after:1000,do:unplug,for:2000");
    assert_string_equal(drive_fb(&d, "download:00001000"), "DATA00001000");
    assert_int_equal(drive_out(&d, 2, data, 4096), VB_GONE);
    assert_int_equal(drive_in(&d, data, 64), -VB_GONE);
    assert_int_equal(settle(&d), VB_ROM); /* the cable was the power */
    drive_close(&d);
    drive_fastboot(&d, "power=own fault=stage:fastboot,after:1000,do:unplug,for:2000");
    assert_string_equal(drive_download(&d, data, 4096), "");
    assert_int_equal(settle(&d), VB_FASTBOOT);
    assert_string_equal(drive_ucmd(&d, "test ${fastboot_dev} = mmc"), "OKAY");
    drive_close(&d);
    drive_fastboot(&d, "fault=stage:fastboot,after:1000,do:unplug");
    assert_string_equal(drive_download(&d, data, 4096), "");
    assert_int_equal(settle(&d), VB_OFF);
    drive_close(&d);
}

static void faults_in_the_data_of_rom_and_spl_strike_there(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "fault=stage:rom,after:10240,do:stall");
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0404, SELF, 0, 30000, 0), VB_OK);
    assert_int_equal(drive_data(&d, BY_EP0, spl, 30000), VB_STALL);
    drive_close(&d);
    drive_open(&d, "fault=stage:spl,after:2048,do:unplug fault=stage:rom,after:99999999,do:hang");
    assert_int_equal(load_spl(&d), 0x88888888);
    jump(&d, BY_EP0, SELF);
    drive_wait(&d, VB_SPL);
    drive_ask_report_descriptor(&d);
    assert_int_equal(drive_sdp(&d, BY_OUT, 0x0404, 0, 0, 9000, 0), VB_OK);
    assert_int_equal(drive_data(&d, BY_OUT, fit, 9000), VB_GONE);
    drive_close(&d);
}

/* ---- commands and their answers ---- */

static void a_refusal_has_the_words_that_were_ordered(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "\"fault=stage:cmd:flash,nth:2,do:fail,text:no space, really\"");
    assert_string_equal(drive_download(&d, data, 512), "OKAY");
    assert_string_equal(drive_fb(&d, "flash:all"), "OKAY");
    assert_string_equal(drive_fb(&d, "flash:sit"), "FAILno space, really");
    assert_int_equal(vb_medium_touched(d.vb, 1, 0, 4 << 20), 0);
    assert_string_equal(drive_fb(&d, "flash:sit"), "OKAY");
    drive_close(&d);
}

static void a_fault_can_wait_for_a_text(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "fault=at:ucmd,match:crc32,do:fail fault=at:download,do:fail,text:busy");
    assert_string_equal(drive_ucmd(&d, "true"), "OKAY");
    assert_string_equal(drive_ucmd(&d, "crc32 -v 0x42800000 0 00000000"), "FAIL");
    assert_string_equal(drive_ucmd(&d, "crc32 -v 0x42800000 0 00000000"), "OKAY");
    assert_string_equal(drive_fb(&d, "download:00000200"), "FAILbusy");
    drive_close(&d);
}

static void answers_come_late_spoilt_short_or_not_at_all(void **state)
{
    (void)state;
    struct drive d;
    char packet[65];
    drive_fastboot(&d, "fault=at:getvar,nth:1,do:delay,for:2500 fault=at:getvar,nth:1,do:garbage "
                       "fault=at:getvar,nth:1,do:short fault=at:getvar,nth:1,do:stallin "
                       "fault=at:getvar,do:wrongword fault=at:getvar,do:hang");
    int64_t before = d.now;
    assert_string_equal(drive_fb(&d, "getvar:version"), "OKAY0.4");
    assert_in_range(d.now - before, 2500000, 2500001);
    assert_int_equal(drive_out(&d, 2, "getvar:version", 14), VB_OK);
    assert_int_equal(drive_in(&d, packet, 64), 7);
    assert_memory_not_equal(packet, "OKAY", 4);
    assert_string_equal(drive_fb(&d, "getvar:version"), "OK");
    assert_int_equal(drive_out(&d, 2, "getvar:version", 14), VB_OK);
    assert_int_equal(drive_in(&d, packet, 64), -VB_STALL);
    const uint8_t clear[8] = {0x02, 0x01, 0, 0, 0x81, 0, 0, 0};
    assert_int_equal(vb_control(d.vb, clear, NULL, 0).status, VB_OK);
    assert_string_equal(drive_fb(&d, "getvar:version"), "OKEY0.4");
    assert_int_equal(drive_out(&d, 2, "getvar:version", 14), VB_OK); /* taken, never answered */
    assert_int_equal(drive_in(&d, packet, 64), -VB_NAK);
    drive_close(&d);
}

static void wrong_words_in_the_rom(void **state)
{
    (void)state;
    struct drive d;
    uint8_t report[65];
    drive_open(&d, "fault=at:write_file,do:wrongword fault=at:skip_dcd,do:wrongsec "
                   "fault=at:error_status,do:short fault=at:error_status,do:garbage");
    assert_int_equal(load_spl(&d), 0x0badf00d);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0c0c, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x0badc0de);
    assert_int_equal(drive_word(&d, 4), 0x900dd009);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_in(&d, report, sizeof report), 2);
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_in(&d, report, sizeof report), 5);
    assert_true(report[0] > 4);
    drive_close(&d);
}

/* ERROR_STATUS as report 1: command 0505, everything else zero. */
static void a_report_that_hangs_the_firmware_was_taken(void **state)
{
    (void)state;
    struct drive d;
    const uint8_t setup[8] = {0x21, 0x09, 0x01, 0x02, 0, 0, 17, 0};
    uint8_t report[17] = {1, 0x05, 0x05}, answer[65];
    drive_open(&d, "fault=at:error_status,do:hang");
    struct vb_result r = vb_control(d.vb, setup, report, sizeof report);
    assert_int_equal(r.status, VB_OK);
    assert_int_equal(r.actual, 17);
    assert_int_equal(drive_in(&d, answer, sizeof answer), -VB_NAK);
    drive_close(&d);
}

static void info_lines_come_with_the_text_that_was_ordered(void **state)
{
    (void)state;
    struct drive d;
    char packet[65];
    drive_fastboot(&d, "\"fault=stage:fastboot,do:info,text:hello there\"");
    assert_int_equal(drive_out(&d, 2, "getvar:version", 14), VB_OK);
    assert_int_equal(drive_in(&d, packet, 64), 15);
    assert_memory_equal(packet, "INFOhello there", 15);
    drive_close(&d);
}

/* ---- stages ---- */

static void a_board_falls_back_to_the_rom_as_often_as_ordered(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "fault=stage:spl,do:rom,times:2");
    to_fastboot(&d);
    assert_int_equal(settle(&d), VB_ROM);
    to_fastboot(&d);
    assert_int_equal(settle(&d), VB_ROM);
    to_fastboot(&d);
    assert_int_equal(settle(&d), VB_FASTBOOT);
    drive_close(&d);
}

static void the_next_stage_may_never_come_or_the_old_one_stay(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "fault=stage:rom,do:never");
    assert_int_equal(load_spl(&d), 0x88888888);
    jump(&d, BY_EP0, SELF);
    assert_int_equal(settle(&d), VB_OFF);
    drive_close(&d);
    drive_open(&d, "fault=stage:rom,do:stay");
    assert_int_equal(load_spl(&d), 0x88888888);
    jump(&d, BY_EP0, SELF);
    assert_int_equal(settle(&d), VB_ROM);
    drive_close(&d);
}

static void a_bad_signature_is_told_with_its_hab_word(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "fault=stage:rom,do:badhab");
    assert_int_equal(load_spl(&d), 0x88888888);
    jump(&d, BY_EP0, SELF);
    assert_int_equal(drive_word(&d, 4), 0xff0a1833);
    assert_int_equal(settle(&d), VB_ROM);
    drive_close(&d);
    drive_open(&d, "fault=at:error_status,do:closed");
    assert_int_equal(drive_sdp(&d, BY_EP0, 0x0505, 0, 0, 0, 0), VB_OK);
    assert_int_equal(drive_word(&d, 3), 0x12343412);
    drive_close(&d);
}

static void access_is_denied_for_a_while_or_for_ever(void **state)
{
    (void)state;
    struct drive d;
    struct vb_descriptors desc;
    drive_open(&d, "start=spl fault=stage:spl,do:denied,for:1500");
    vb_descriptors(d.vb, &desc);
    assert_int_equal(desc.access_denied, 1);
    assert_int_equal(settle(&d), VB_SPL);
    vb_descriptors(d.vb, &desc);
    assert_int_equal(desc.access_denied, 0);
    assert_true(d.now >= 1500000);
    drive_close(&d);
    drive_open(&d, "access=denied");
    vb_descriptors(d.vb, &desc);
    assert_int_equal(desc.access_denied, 1);
    drive_close(&d);
}

static void a_board_can_vanish_as_it_arrives(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "fault=stage:spl,at:connect,do:unplug,for:100 power=own");
    assert_int_equal(load_spl(&d), 0x88888888);
    jump(&d, BY_EP0, SELF);
    assert_int_equal(settle(&d), VB_SPL);
    struct vb_descriptors desc;
    vb_descriptors(d.vb, &desc);
    assert_int_equal(desc.attach, 3);
    drive_close(&d);
}

/* ---- the medium ---- */

static void a_bit_flips_once_or_always(void **state)
{
    (void)state;
    for (int always = 0; always < 2; always++) {
        struct drive d;
        uint8_t byte;
        drive_fastboot(&d, always ? "fault=do:flip,area:boot0,off:0x8210,times:0"
                                  : "fault=do:flip,area:boot0,off:0x8210");
        memset(data, 0x40, 512);
        for (int i = 0; i < 2; i++) {
            assert_string_equal(drive_download(&d, data, 512), "OKAY");
            assert_string_equal(drive_fb(&d, "flash:sit"), "OKAY");
            assert_int_equal(drive_read(&d, 1, 0x8210, &byte, 1), 0);
            assert_int_equal(byte, i == 0 || always ? 0x41 : 0x40);
        }
        drive_close(&d);
    }
}

static void reads_of_the_medium_can_fail(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "fault=do:readfail,sector:100");
    assert_string_equal(drive_ucmd(&d, "mmc read 42800000 0 64"), "OKAY");
    assert_string_equal(drive_ucmd(&d, "mmc read 42800000 0 65"), "FAIL");
    drive_close(&d);
}

/* ---- time ---- */

static void a_paced_link_is_busy_all_the_time(void **state)
{
    (void)state;
    struct drive d;
    struct vb_stats stats;
    drive_fastboot(&d, "link=40M");
    assert_string_equal(drive_fb(&d, "download:00100000"), "DATA00100000");
    int64_t before = d.now, last = 0;
    for (int i = 0; i < 4; i++) { /* four in flight */
        struct vb_result r = vb_out(d.vb, 2, data, 262144);
        assert_int_equal(r.status, VB_OK);
        assert_in_range(r.ready_us - before, (i + 1) * 6553, (i + 1) * 6554);
        last = r.ready_us;
    }
    assert_int_equal(vb_in(d.vb, 0x81, data, 64).status, VB_NAK); /* still on the wire */
    assert_int_equal(vb_next_us(d.vb), last);
    assert_int_equal(drive_in(&d, data, 64), 4);
    assert_int_equal(d.now, last);
    vb_stats(d.vb, &stats);
    assert_int_equal(stats.link_busy_us, stats.last_data_us - stats.first_data_us);
    drive_close(&d);
}

static void a_link_gets_slow_in_the_middle(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "fault=stage:fastboot,after:524288,do:slow,rate:1M");
    int64_t before = d.now;
    assert_string_equal(drive_download(&d, data, sizeof data), "OKAY");
    assert_true(d.now - before >= 1000000);
    drive_close(&d);
}

static void full_speed_is_a_megabyte_a_second(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "speed=full");
    int64_t before = d.now;
    assert_string_equal(drive_download(&d, data, 500000), "OKAY");
    assert_in_range(d.now - before, 500000, 510000);
    drive_close(&d);
}

static void the_emmc_takes_its_time(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "write=1M read=2M");
    assert_string_equal(drive_download(&d, data, 1000448), "OKAY");
    int64_t before = d.now;
    assert_string_equal(drive_fb(&d, "flash:all"), "OKAY");
    assert_in_range(d.now - before, 1000448, 1000460);
    before = d.now;
    assert_string_equal(drive_ucmd(&d, "mmc read 42800000 0 7d0 && crc32 42800000 f4200"), "OKAY");
    assert_in_range(d.now - before, 1000000 - 1000, 1024000);
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stall_in_the_data_phase_lasts_until_it_is_cleared),
        cmocka_unit_test(a_hang_takes_nothing_and_may_end),
        cmocka_unit_test(an_unplug_in_the_data_phase_is_final_or_comes_back_in_the_rom),
        cmocka_unit_test(faults_in_the_data_of_rom_and_spl_strike_there),
        cmocka_unit_test(a_refusal_has_the_words_that_were_ordered),
        cmocka_unit_test(a_fault_can_wait_for_a_text),
        cmocka_unit_test(answers_come_late_spoilt_short_or_not_at_all),
        cmocka_unit_test(wrong_words_in_the_rom),
        cmocka_unit_test(a_report_that_hangs_the_firmware_was_taken),
        cmocka_unit_test(info_lines_come_with_the_text_that_was_ordered),
        cmocka_unit_test(a_board_falls_back_to_the_rom_as_often_as_ordered),
        cmocka_unit_test(the_next_stage_may_never_come_or_the_old_one_stay),
        cmocka_unit_test(a_bad_signature_is_told_with_its_hab_word),
        cmocka_unit_test(access_is_denied_for_a_while_or_for_ever),
        cmocka_unit_test(a_board_can_vanish_as_it_arrives),
        cmocka_unit_test(a_bit_flips_once_or_always),
        cmocka_unit_test(reads_of_the_medium_can_fail),
        cmocka_unit_test(a_paced_link_is_busy_all_the_time),
        cmocka_unit_test(a_link_gets_slow_in_the_middle),
        cmocka_unit_test(full_speed_is_a_megabyte_a_second),
        cmocka_unit_test(the_emmc_takes_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
