/*
 * The medium: noise where nothing was written, files that others can read, and the words a board is
 * made from.
 */
#include "drive.h"

#include <dirent.h>
#include <unistd.h>

static uint8_t data[1 << 20], back[1 << 20];

static void flash_at(struct drive *d, uint32_t sector, size_t len)
{
    char text[96];
    memset(data, 0x3c, len);
    assert_string_equal(drive_download(d, data, len), "OKAY");
    snprintf(text, sizeof text, "mmc dev 2 0 && mmc write 42800000 %x %zx", sector, len / 512);
    assert_string_equal(drive_ucmd(d, text), "OKAY");
}

static void what_was_never_written_reads_as_noise_that_does_not_change(void **state)
{
    (void)state;
    struct drive d;
    int zeros = 0;
    drive_fastboot(&d, "noise=5");
    assert_int_equal(drive_read(&d, 0, 12345, data, 100000), 0);
    assert_int_equal(drive_read(&d, 0, 12345 + 50000, back, 50000), 0);
    assert_memory_equal(data + 50000, back, 50000);
    for (size_t i = 0; i < 100000; i++)
        zeros += data[i] == 0;
    assert_in_range(zeros, 200, 600);
    assert_int_equal(drive_read(&d, 1, 12345, back, 1000), 0);
    assert_memory_not_equal(data, back, 1000);
    /* the board's own reads see the same */
    assert_string_equal(drive_ucmd(&d, "mmc dev 2 0 && mmc read 42800000 20 1"), "OKAY");
    assert_string_equal(drive_ucmd(&d, "setenv filesize 200"), "OKAY");
    drive_close(&d);
    drive_fastboot(&d, "noise=6");
    assert_int_equal(drive_read(&d, 0, 12345, back, 1000), 0);
    assert_memory_not_equal(data, back, 1000);
    drive_close(&d);
}

static void written_erased_and_untouched_lie_side_by_side(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "");
    assert_string_equal(drive_ucmd(&d, "mmc erase 0 400"), "OKAY");
    flash_at(&d, 0x3ff, 2048);
    assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), 0x400 * 512 + 3 * 512);
    assert_int_equal(vb_medium_touched(d.vb, 0, 0x3ff * 512 + 10, 4 * 512), 4 * 512 - 10);
    assert_int_equal(vb_medium_touched(d.vb, 0, 0x403 * 512, 100), 0);
    assert_int_equal(drive_read(&d, 0, 0x3fe * 512, back, 6 * 512), 0);
    for (size_t i = 0; i < 512; i++)
        assert_int_equal(back[i], 0);
    for (size_t i = 512; i < 5 * 512; i++)
        assert_int_equal(back[i], 0x3c);
    assert_int_equal(drive_read(&d, 0, (64 << 20) - 1, back, 1), 0);
    assert_int_equal(drive_read(&d, 0, (64 << 20) - 1, back, 2), -1);
    assert_int_equal(drive_read(&d, 3, 0, back, 1), -1);
    assert_int_equal(vb_medium_size(d.vb, 0), 64 << 20);
    assert_int_equal(vb_medium_size(d.vb, 2), 4 << 20);
    drive_close(&d);
}

static void erased_sectors_read_as_the_device_has_it(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "erased=ff");
    assert_string_equal(drive_ucmd(&d, "mmc dev 2 0 && mmc erase 400 400"), "OKAY");
    assert_string_equal(drive_ucmd(&d, "mmc read 42800000 400 400"), "OKAY");
    assert_int_equal(drive_read(&d, 0, 512 << 10, back, 512 << 10), 0);
    for (size_t i = 0; i < 512 << 10; i++)
        assert_int_equal(back[i], 0xff);
    assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), 512 << 10);
    drive_close(&d);
}

static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char name[512];
        snprintf(name, sizeof name, "%s/%.200s", path, entry->d_name);
        unlink(name);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static void a_folder_keeps_the_images_and_what_was_touched(void **state)
{
    (void)state;
    struct drive d;
    char path[] = "/tmp/vboard-test-XXXXXX", words[128], name[64], line[64];
    assert_non_null(mkdtemp(path));
    snprintf(words, sizeof words, "dir=%s", path);
    drive_fastboot(&d, words);
    flash_at(&d, 0x100, 4096);
    drive_close(&d);
    snprintf(name, sizeof name, "%s/user.img", path);
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0x100 * 512, SEEK_SET), 0);
    assert_int_equal(fread(back, 1, 4096, file), 4096);
    assert_memory_equal(back, data, 4096);
    fclose(file);
    snprintf(name, sizeof name, "%s/user.map", path);
    file = fopen(name, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "256 8\n");
    fclose(file);
    snprintf(words, sizeof words, "dir=%s keep=1", path);
    drive_fastboot(&d, words); /* the same eMMC again */
    assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), 4096);
    assert_int_equal(drive_read(&d, 0, 0x100 * 512, back, 4096), 0);
    assert_memory_equal(back, data, 4096);
    drive_close(&d);
    snprintf(words, sizeof words, "dir=%s", path);
    drive_fastboot(&d, words); /* a new one */
    assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), 0);
    drive_close(&d);
    remove_folder(path);
}

static void words_that_make_no_sense_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "start=moon",
        "nonsense=1",
        "rom",
        "emmc=1",
        "emmc=300G",
        "emmc=12Q",
        "emmc=-1",
        "link=fast",
        "gap=",
        "maxdl=8G",
        "port=",
        "fault=",
        "fault=do:explode",
        "fault=stage:rom",
        "fault=stage:rom,after",
        "fault=after:x,do:stall",
        "fault=nth:0,do:stall",
        "fault=area:boot7,do:flip",
        "fault=color:red,do:stall",
        "loader=2023",
        "group=500000",
        "group=256",
        "erased=55",
        "gzwrite=2",
        "log=/nonexistent/folder/log",
        "dir=/nonexistent/folder/dir",
    };
    char why[256];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct vb *vb = vb_new(bad[i], why);
        if (vb)
            fail_msg("%s was taken", bad[i]);
        assert_true(strlen(why) > 5);
    }
    struct vb *vb = vb_new("  port=3-1.4  'serial=a b' gap=1 ", why);
    assert_non_null(vb);
    struct vb_descriptors desc;
    vb_descriptors(vb, &desc);
    assert_string_equal(desc.port, "3-1.4");
    vb_free(vb);
    vb_free(NULL);
}

static void the_log_has_one_line_for_each_command(void **state)
{
    (void)state;
    struct drive d;
    char path[] = "/tmp/vboard-log-XXXXXX", words[128], text[2048];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    snprintf(words, sizeof words, "log=%s", path);
    drive_fastboot(&d, words);
    assert_string_equal(drive_download(&d, data, 512), "OKAY");
    assert_string_equal(drive_fb(&d, "flash:nope"), "FAILpartition does not exist");
    drive_close(&d);
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = 0;
    assert_string_equal(text, "stage fastboot attach=1\n"
                              "fastboot UCmd:setenv fastboot_dev mmc -> OKAY\n"
                              "fastboot UCmd:setenv mmcdev ${emmc_dev} -> OKAY\n"
                              "fastboot UCmd:mmc dev ${emmc_dev} -> OKAY\n"
                              "fastboot download:00000200 -> OKAY\n"
                              "fastboot flash:nope -> FAILpartition does not exist\n");
    close(fd);
    unlink(path);
}

static void pulling_the_cable_by_hand(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "");
    vb_unplug(d.vb, 0);
    assert_int_equal(drive_stage(&d), VB_OFF);
    assert_true(drive_step(&d));
    assert_int_equal(drive_stage(&d), VB_ROM);
    vb_unplug(d.vb, -1);
    assert_false(drive_step(&d));
    vb_unplug(d.vb, 1000); /* and in again after all */
    assert_true(drive_step(&d));
    assert_int_equal(drive_stage(&d), VB_ROM);
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_never_written_reads_as_noise_that_does_not_change),
        cmocka_unit_test(written_erased_and_untouched_lie_side_by_side),
        cmocka_unit_test(erased_sectors_read_as_the_device_has_it),
        cmocka_unit_test(a_folder_keeps_the_images_and_what_was_touched),
        cmocka_unit_test(words_that_make_no_sense_are_named),
        cmocka_unit_test(the_log_has_one_line_for_each_command),
        cmocka_unit_test(pulling_the_cable_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
