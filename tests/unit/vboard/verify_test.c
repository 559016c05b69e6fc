/*
 * What the board offers to check and to inflate its medium: crc32, hash, itest, cmp, gzwrite, with
 * the answers that were seen on real U-Boot code.
 */
#include "drive.h"

#include <zlib.h>

static uint8_t data[3 << 20], packed[4 << 20];

static void okay(struct drive *d, const char *text)
{
    const char *reply = drive_ucmd(d, text);
    if (strcmp(reply, "OKAY") != 0)
        fail_msg("%s -> '%s'", text, reply);
}

static void fails(struct drive *d, const char *text)
{
    const char *reply = drive_ucmd(d, text);
    if (strcmp(reply, "FAIL") != 0)
        fail_msg("%s -> '%s'", text, reply);
}

__attribute__((format(printf, 3, 4))) static void okayf(struct drive *d, int is_okay,
                                                        const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (is_okay ? okay : fails)(d, text);
}

static void fill_data(void)
{
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 4096);
}

/* ---- crc32 ---- */

static void crc32_verifies_exactly_eight_digits(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "");
    okay(&d, "crc32 -v 0x42800000 0 00000000"); /* the probe */
    fails(&d, "crc32 -v 0x42800000 0 00000001");
    assert_string_equal(drive_download(&d, "123456789", 9), "OKAY");
    okay(&d, "crc32 -v 0x42800000 9 cbf43926");
    okay(&d, "crc32 -v 42800000 9 CBF43926");
    okay(&d, "crc32 -v 42800000 ${filesize} CBF43926");
    fails(&d, "crc32 -v 42800000 9 cbf43927");
    fails(&d, "crc32 -v 42800000 9 0xcbf43926");
    fails(&d, "crc32 -v 42800000 9 cbf4392");
    okay(&d, "setenv sum cbf43926 && crc32 -v 42800000 9 sum");
    fails(&d, "crc32 -v 42800000 9");
    okay(&d, "crc32 42800000 9");
    okay(&d, "crc32 42800000 9 50000000 && itest.l *50000000 == 2639f4cb"); /* big-endian */
    fails(&d, "itest.l *50000000 == cbf43926");
    okay(&d, "crc32 -v 42800000 9 *50000000");
    drive_close(&d);
}

static void a_build_without_verification_refuses_v_only(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "crcv=0");
    fails(&d, "crc32 -v 0x42800000 0 00000000");
    okay(&d, "crc32 0x42800000 4 0x50000000");
    drive_close(&d);
}

static void what_was_written_is_read_back_and_checked(void **state)
{
    (void)state;
    struct drive d;
    fill_data();
    unsigned long crc = crc32(0, data, sizeof data);
    drive_fastboot(&d, "fault=do:flip,off:2000000");
    assert_string_equal(drive_download(&d, data, sizeof data), "OKAY");
    assert_string_equal(drive_fb(&d, "flash:all"), "OKAY");
    okay(&d, "mmc dev ${emmc_dev} 0 && mmc read 0x42800000 0 0x1800");
    okayf(
        &d, 0,
        "mmc dev ${emmc_dev} 0 && mmc read 0x42800000 0x0 0x1800 && crc32 -v 0x42800000 %zx %08lx",
        sizeof data, crc);
    assert_string_equal(drive_download(&d, data, sizeof data), "OKAY");
    assert_string_equal(drive_fb(&d, "flash:all"), "OKAY");
    okayf(
        &d, 1,
        "mmc dev ${emmc_dev} 0 && mmc read 0x42800000 0x0 0x1800 && crc32 -v 0x42800000 %zx %08lx",
        sizeof data, crc);
    /* with ; the failed read is forgotten and the old buffer is good */
    okayf(&d, 1, "mmc read 0x42800000 0x20000 0x1800; crc32 -v 0x42800000 %zx %08lx", sizeof data,
          crc);
    okayf(&d, 0, "mmc read 0x42800000 0x20000 0x1800 && crc32 -v 0x42800000 %zx %08lx", sizeof data,
          crc);
    drive_close(&d);
}

static void hash_stores_and_compares(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "");
    assert_string_equal(drive_download(&d, "abc", 3), "OKAY");
    okay(&d, "hash sha256 42800000 3 h && test ${h} = "
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    okay(&d, "hash sha256 42800000 0 h && test ${h} = "
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    okay(&d, "hash sha256 42800000 3 *50000000 && itest.b *50000000 == ba");
    fails(&d, "hash -v sha256 42800000 3 00");
    fails(&d, "hash md9 42800000 3 h");
    okay(&d, "mw.b 50000000 61 8000 && hash sha256 50000000 8000 h && test ${h} = "
             "b217b65e6f205f41b3fb8ef90cf7c44da93f630ca03965273485bbb21a5cccf5");
    okay(&d, "cp.b 50000000 60000000 100 && cmp.b 50000000 60000000 100");
    okay(&d, "mw.b 60000010 0");
    fails(&d, "cmp.b 50000000 60000000 100");
    okay(&d, "itest 10 > f && itest.b ff -eq 1ff && itest 1 != 2");
    fails(&d, "itest 1 == 2");
    drive_close(&d);
}

/* ---- gzwrite ---- */

/* Pack `len` bytes of data[] as one gzip member at packed[at]. Its length. */
static size_t gzip(size_t at, size_t len, int level)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = data;
    z.avail_in = (uInt)len;
    z.next_out = packed + at;
    z.avail_out = (uInt)(sizeof packed - at);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t got = z.total_out;
    deflateEnd(&z);
    return got;
}

static int on_medium(struct drive *d, uint64_t off, size_t len)
{
    uint8_t *back = malloc(len);
    assert_int_equal(drive_read(d, 0, off, back, len), 0);
    int same = memcmp(back, data, len) == 0;
    free(back);
    return same;
}

#define GZWRITE "gzwrite mmc ${emmc_dev} 42800000 ${filesize} "

static void gzwrite_inflates_to_an_offset(void **state)
{
    (void)state;
    static const char *const buffers[] = {"200", "100000", "1000000"};
    struct drive d;
    fill_data();
    drive_fastboot(&d, "");
    for (int level = 0; level <= 9; level += 9) {
        size_t len = gzip(0, sizeof data - 100, level);
        for (size_t i = 0; i < 3; i++) {
            assert_string_equal(drive_download(&d, packed, len), "OKAY");
            okayf(&d, 1, GZWRITE "%s %zx", buffers[i], (i + 1) << 22);
            assert_true(on_medium(&d, (i + 1) << 22, sizeof data - 100));
        }
    }
    uint8_t tail[100];
    assert_int_equal(drive_read(&d, 0, (1 << 22) + sizeof data - 100, tail, sizeof tail), 0);
    for (size_t i = 0; i < sizeof tail; i++)
        assert_int_equal(tail[i], 0); /* padded to the sector */
    drive_close(&d);
}

static void a_loader_without_gzwrite_does_not_know_the_word(void **state)
{
    (void)state;
    struct drive d;
    size_t len = gzip(0, 0, 9);
    drive_fastboot(&d, "gzwrite=0");
    assert_string_equal(drive_download(&d, packed, len), "OKAY");
    fails(&d, "gzwrite mmc ${emmc_dev} 42800000 ${filesize}");
    fails(&d, "gunzip mmc"); /* as any other */
    drive_close(&d);
}

static void gzwrite_refuses_what_u_boot_refuses(void **state)
{
    (void)state;
    struct drive d;
    fill_data();
    drive_fastboot(&d, "");
    size_t len = gzip(0, 0, 9);
    assert_int_equal(len, 20);
    assert_string_equal(drive_download(&d, packed, len), "OKAY");
    okay(&d, "gzwrite mmc ${emmc_dev} 42800000 ${filesize}"); /* the probe */
    assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), 0);
    len = gzip(0, 100000, 9);
    assert_string_equal(drive_download(&d, packed, len), "OKAY");
    fails(&d, GZWRITE "100000 1");       /* offset in the middle of a sector */
    fails(&d, GZWRITE "0 0");            /* no buffer */
    fails(&d, GZWRITE "201 0");          /* buffer no multiple of 512 */
    fails(&d, GZWRITE "100000 0 5");     /* size that the trailer does not have */
    fails(&d, GZWRITE "100000 4000000"); /* beyond the device */
    fails(&d, "gzwrite usb 2 42800000 ${filesize}");
    fails(&d, "gzwrite mmc 2:1 42800000 ${filesize}");
    fails(&d, "gzwrite mmc 1 42800000 ${filesize}");
    fails(&d, "gzwrite mmc 2");
    assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), 0);
    okay(&d, "gzwrite mmc 2.1 42800000 ${filesize}");
    assert_int_equal(vb_medium_touched(d.vb, 1, 0, 4 << 20), 100352);
    packed[0] = packed[1] = 0; /* the magic is not looked at */
    assert_string_equal(drive_download(&d, packed, len), "OKAY");
    okay(&d, GZWRITE "100000 0");
    packed[2] = 7; /* the method is */
    assert_string_equal(drive_download(&d, packed, len), "OKAY");
    fails(&d, GZWRITE "100000 0");
    drive_close(&d);
}

static void gzwrite_has_written_what_it_could_when_it_fails(void **state)
{
    (void)state;
    fill_data();
    for (int kind = 0; kind < 4; kind++) {
        struct drive d;
        drive_fastboot(&d, "emmc=8G"); /* any size a cut trailer may name fits */
        size_t len = gzip(0, sizeof data, 1);
        if (kind == 0)
            packed[len - 8] ^= 1; /* crc */
        else if (kind == 1)
            packed[len++] = 0; /* a byte behind the member */
        else if (kind == 2)
            len += gzip(len, 1000, 9); /* a second member */
        else
            len -= len / 4; /* truncated */
        assert_string_equal(drive_download(&d, packed, len), "OKAY");
        fails(&d, GZWRITE "10000 0");
        assert_true(vb_medium_touched(d.vb, 0, 0, 64 << 20) > 0);
        drive_close(&d);
    }
}

static void gzwrite_is_silent_about_an_emmc_that_refuses_and_shifts_what_follows(void **state)
{
    (void)state;
    struct drive d;
    fill_data();
    drive_fastboot(&d, "fault=do:writefail,sector:128,times:1");
    size_t len = gzip(0, 3 * 65536, 9);
    assert_string_equal(drive_download(&d, packed, len), "OKAY");
    okay(&d, GZWRITE "10000 0");
    assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), 2 * 65536);
    assert_true(on_medium(&d, 0, 65536));
    uint8_t sector[512];
    assert_int_equal(drive_read(&d, 0, 65536, sector, sizeof sector), 0);
    assert_memory_equal(sector, data + 2 * 65536, sizeof sector);
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32_verifies_exactly_eight_digits),
        cmocka_unit_test(a_build_without_verification_refuses_v_only),
        cmocka_unit_test(what_was_written_is_read_back_and_checked),
        cmocka_unit_test(hash_stores_and_compares),
        cmocka_unit_test(gzwrite_inflates_to_an_offset),
        cmocka_unit_test(a_loader_without_gzwrite_does_not_know_the_word),
        cmocka_unit_test(gzwrite_refuses_what_u_boot_refuses),
        cmocka_unit_test(gzwrite_has_written_what_it_could_when_it_fails),
        cmocka_unit_test(gzwrite_is_silent_about_an_emmc_that_refuses_and_shifts_what_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
