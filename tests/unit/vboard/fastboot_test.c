/*
 * Fastboot: framing, variables, the partition table, downloads, what flash and erase refuse.
 */
#include "drive.h"

static uint8_t data[2 << 20];

static void expect(struct drive *d, const char *command, const char *reply)
{
    const char *got = drive_fb(d, command);
    if (strcmp(got, reply) != 0)
        fail_msg("%s -> '%s', not '%s'", command, got, reply);
}

static void load(struct drive *d, size_t len)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 13 + i / 512);
    assert_string_equal(drive_download(d, data, len), "OKAY");
}

static void variables_have_the_answers_of_nxps_loader(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"getvar:max-download-size", "OKAY0x40000000"},
        {"getvar:downloadsize", "OKAY0x40000000"},
        {"getvar:logical-block-size", "OKAY0x200"},
        {"getvar:erase-block-size", "OKAY0x80000"},
        {"getvar:version", "OKAY0.4"},
        {"getvar:version-bootloader", "OKAYU-Boot 2022.04+fio"},
        {"getvar:version-baseband", "OKAYN/A"},
        {"getvar:serialno", "OKAY0e1a2c0d5b6f7788"},
        {"getvar:secure", "OKAYno"},
        {"getvar:unlocked", "OKAYno"},
        {"getvar:is-userspace", "OKAYno"},
        {"getvar:battery-soc-ok", "OKAYyes"},
        {"getvar:current-slot", "OKAYno"},
        {"getvar:partition-size:all", "OKAY0x4000000"},
        {"getvar:partition-size:bootloader", "OKAY0x57c00"},
        {"getvar:partition-size:bootloader2", "OKAY0x1a0000"},
        {"getvar:partition-size:bootloader_s", "OKAY0x57c00"},
        {"getvar:partition-size:bootloader2_s", "OKAY0x1a0000"},
        {"getvar:partition-size:sit", "OKAY0x200"},
        {"getvar:partition-size:gpt", "OKAY0x100000"},
        {"getvar:partition-size:nope", "FAILWrong partition name."},
        {"getvar:partition-type:all", "OKAYdevice"},
        {"getvar:partition-type:sit", "OKAYraw"},
        {"getvar:nope", "FAILFAILunknown variable:nope"},
        {"getvar", "FAILmissing var"},
        {"getvar:all", "OKAYDone!"},
    };
    struct drive d;
    drive_fastboot(&d, "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(&d, rows[i][0], rows[i][1]);
    assert_string_equal(drive_ucmd(&d, "setenv fastboot.color blue"), "OKAY");
    expect(&d, "getvar:color", "OKAYblue");
    drive_close(&d);
    drive_fastboot(&d, "group=4M blksize=4096");
    expect(&d, "getvar:erase-block-size", "OKAY0x400000");
    drive_close(&d);
}

static void before_fastboot_dev_is_set_there_is_nothing_to_flash(void **state)
{
    (void)state;
    struct drive d;
    drive_open(&d, "start=fastboot emmc=64M");
    expect(&d, "getvar:logical-block-size", "OKAY0x0");
    expect(&d, "getvar:partition-size:all", "FAILWrong partition name.");
    load(&d, 512);
    expect(&d, "flash:all", "FAILfailed to flash device");
    expect(&d, "erase:all", "FAILfailed to flash device");
    assert_string_equal(drive_ucmd(&d, "setenv fastboot_dev mmc && false"), "FAIL");
    expect(&d, "flash:all", "FAILfailed to flash device"); /* looked at after success only */
    assert_string_equal(drive_ucmd(&d, "true"), "OKAY");
    expect(&d, "flash:all", "OKAY");
    assert_string_equal(drive_ucmd(&d, "setenv mmcdev 1"), "OKAY"); /* no card */
    expect(&d, "flash:all", "FAILpartition does not exist");
    drive_close(&d);
}

static void answers_may_come_in_other_forms(void **state)
{
    (void)state;
    struct drive d;
    char packet[65];
    drive_fastboot(&d, "blksize=4096 maxdl=1M infoecho=1 fault=do:dec fault=do:double");
    expect(&d, "getvar:logical-block-size", "OKAY4096");
    expect(&d, "getvar:max-download-size", "OKAY1048576");
    expect(&d, "nonsense", "FAILFAILunrecognized command");
    assert_int_equal(drive_out(&d, 2, "getvar:version", 14), VB_OK);
    assert_true(drive_in(&d, packet, 64) > 4);
    assert_memory_equal(packet, "INFO", 4);
    assert_int_equal(drive_in(&d, packet, 64), 7);
    drive_close(&d);
    drive_fastboot(&d, "blksize=none");
    expect(&d, "getvar:logical-block-size", "FAILFAILunknown variable:logical-block-size");
    drive_close(&d);
}

static void the_boot_images_go_to_their_places_in_boot0(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t off;
        size_t max;
    } rows[] = {
        {"sit", 0x8200, 512},
        {"bootloader", 0x8400, 359424},
        {"bootloader2", 0x60000, 1703936},
        {"bootloader_s", 0x208400, 359424},
        {"bootloader2_s", 0x260000, 1703936},
    };
    static uint8_t back[2 << 20];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drive d;
        char command[64];
        drive_fastboot(&d, "");
        snprintf(command, sizeof command, "flash:%s", rows[i].name);
        load(&d, rows[i].max + 1);
        expect(&d, command, "FAILimage too large for partition");
        load(&d, rows[i].max);
        expect(&d, command, "OKAY");
        assert_int_equal(drive_read(&d, 1, rows[i].off, back, rows[i].max), 0);
        assert_memory_equal(back, data, rows[i].max);
        assert_int_equal(vb_medium_touched(d.vb, 1, 0, 4 << 20), rows[i].max);
        assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), 0);
        snprintf(command, sizeof command, "erase:%s", rows[i].name);
        expect(&d, command, "FAILpartition does not exist or uneraseable");
        drive_close(&d);
    }
}

static void a_boot_partition_takes_a_sparse_file_as_it_is(void **state)
{
    (void)state;
    struct drive d;
    uint8_t back[4];
    drive_fastboot(&d, "");
    memset(data, 0, 1024);
    x8_put_le32(data, 0xed26ff3a);
    data[4] = 1;
    assert_string_equal(drive_download(&d, data, 1000), "OKAY");
    expect(&d, "flash:bootloader", "OKAY");
    assert_int_equal(drive_read(&d, 1, 0x8400, back, 4), 0);
    assert_int_equal(x8_get_le32(back), 0xed26ff3a);
    drive_close(&d);
}

static void flash_and_erase_refuse_with_the_loaders_words(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "");
    expect(&d, "flash:all", "FAILno image downloaded");
    load(&d, 512);
    expect(&d, "flash:nope", "FAILpartition does not exist");
    expect(&d, "flash", "FAILmissing partition name");
    expect(&d, "flash:gpt", "FAILwrite backup GPT image fail");
    expect(&d, "erase:gpt", "FAILpartition does not exist or uneraseable");
    expect(&d, "erase:all", "FAILerasing of MMC card");
    expect(&d, "erase:nope", "FAILpartition does not exist or uneraseable");
    drive_close(&d);
    drive_fastboot(&d, "loader=2024 fault=do:writefail,area:boot0,sector:0x42");
    load(&d, 512);
    expect(&d, "flash:nope", "FAILpartition nope does not exist");
    expect(&d, "flash:bootloader", "FAILWrite partition failed");
    drive_close(&d);
}

static void partitions_of_the_mbr_have_names(void **state)
{
    (void)state;
    struct drive d;
    memset(data, 0, 512);
    data[446 + 4] = 0x0c;
    x8_put_le32(data + 446 + 8, 8192);
    x8_put_le32(data + 446 + 12, 16384);
    data[510] = 0x55;
    data[511] = 0xaa;
    drive_fastboot(&d, "");
    assert_string_equal(drive_download(&d, data, 512), "OKAY");
    expect(&d, "flash:all", "OKAY");
    expect(&d, "getvar:partition-size:mmcsdc1", "FAILWrong partition name.");
    assert_string_equal(drive_ucmd(&d, "setenv fastboot_dev"), "OKAY");
    assert_string_equal(drive_ucmd(&d, "setenv fastboot_dev mmc"), "OKAY"); /* table made again */
    expect(&d, "getvar:partition-size:mmcsdc1", "OKAY0x800000");
    expect(&d, "erase:mmcsdc1", "OKAY");
    assert_int_equal(vb_medium_touched(d.vb, 0, 8192 * 512, 16384 * 512), 16384 * 512);
    drive_close(&d);
}

static void downloads_are_announced_in_hex_and_bounded(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "");
    expect(&d, "download:00000000", "FAILExpected nonzero image size");
    expect(&d, "download:xyz", "FAILExpected nonzero image size");
    expect(&d, "download:40000001", "FAIL40000001");
    expect(&d, "download", "FAILExpected command parameter");
    expect(&d, "download:00000200", "DATA00000200");
    assert_int_equal(drive_out(&d, 2, data, 0), VB_OK); /* an empty packet is no data */
    assert_int_equal(drive_out(&d, 2, data, 500), VB_OK);
    assert_int_equal(drive_in(&d, data, 64), -VB_NAK);
    assert_int_equal(drive_out(&d, 2, data, 12), VB_OK);
    assert_int_equal(drive_in(&d, data, 64), 4);
    assert_string_equal(drive_ucmd(&d, "test ${filesize} = 200 && test ${fastboot_bytes} = 200"),
                        "OKAY");
    drive_close(&d);
}

static void a_port_reset_forgets_a_download_and_the_next_command_is_a_command(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "");
    expect(&d, "download:00100000", "DATA00100000");
    expect(&d, "getvar:version", ""); /* swallowed as data */
    vb_reset(d.vb);
    expect(&d, "getvar:version", "OKAY0.4");
    assert_string_equal(drive_ucmd(&d, "env exists fastboot_dev"), "OKAY");
    drive_close(&d);
}

static void a_command_that_fills_its_last_packet_waits_for_more(void **state)
{
    (void)state;
    struct drive d;
    char text[1025];
    memset(text, ' ', sizeof text);
    memcpy(text, "UCmd:true", 9);
    drive_fastboot(&d, "");
    for (size_t len = 511; len <= 513; len++) {
        text[len] = 0;
        expect(&d, text, len == 512 ? "" : "OKAY");
        if (len == 512) {
            assert_int_equal(drive_out(&d, 2, text, 0), VB_OK); /* an empty packet ends it */
            assert_int_equal(drive_in(&d, d.reply, 64), 4);
        }
        text[len] = ' ';
    }
    drive_close(&d);
}

static void upload_gives_back_the_last_download(void **state)
{
    (void)state;
    struct drive d;
    static uint8_t back[8192];
    drive_fastboot(&d, "");
    load(&d, 5000);
    expect(&d, "upload", "DATA00001388");
    assert_int_equal(drive_in(&d, back, 4096), 4096);
    assert_int_equal(drive_in(&d, back + 4096, 4096), 904);
    assert_memory_equal(back, data, 5000);
    assert_int_equal(drive_in(&d, back, 64), 4);
    load(&d, 0x20001);
    assert_memory_equal(drive_fb(&d, "upload"), "FAIL", 4);
    drive_close(&d);
}

static void acmd_answers_first_and_is_bounded(void **state)
{
    (void)state;
    struct drive d;
    char text[160] = "ACmd:";
    drive_fastboot(&d, "");
    expect(&d, "ACmd:setenv late 1", "OKAY");
    assert_string_equal(drive_ucmd(&d, "test ${late} = 1"), "OKAY");
    expect(&d, "ACmd:mtest 0x40000000 0x40040000 0xaa55aa55 0x100", "OKAY");
    memset(text + 5, 'a', 127);
    text[5 + 127] = 0;
    expect(&d, text, "OKAY");
    text[5 + 127] = 'a';
    text[5 + 128] = 0;
    expect(&d, text, "FAILtoo long command");
    expect(&d, "ACmd", "FAILmissing command");
    expect(&d, "oem foo", "FAILunrecognized command");
    expect(&d, "flashing:unlock", "FAILunrecognized command");
    expect(&d, "", "FAILunrecognized command");
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_have_the_answers_of_nxps_loader),
        cmocka_unit_test(before_fastboot_dev_is_set_there_is_nothing_to_flash),
        cmocka_unit_test(answers_may_come_in_other_forms),
        cmocka_unit_test(the_boot_images_go_to_their_places_in_boot0),
        cmocka_unit_test(a_boot_partition_takes_a_sparse_file_as_it_is),
        cmocka_unit_test(flash_and_erase_refuse_with_the_loaders_words),
        cmocka_unit_test(partitions_of_the_mbr_have_names),
        cmocka_unit_test(downloads_are_announced_in_hex_and_bounded),
        cmocka_unit_test(a_port_reset_forgets_a_download_and_the_next_command_is_a_command),
        cmocka_unit_test(a_command_that_fills_its_last_packet_waits_for_more),
        cmocka_unit_test(upload_gives_back_the_last_download),
        cmocka_unit_test(acmd_answers_first_and_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
