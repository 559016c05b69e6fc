/*
 * A host that does anything at any time must not hurt the board's model: random transfers, commands
 * put together from pieces, sparse headers with random numbers. The sanitizers are the judge.
 */
#include "drive.h"

static uint64_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(seed >> 33) % below;
}

static const char *const pieces[] = {
    "UCmd:",
    "ACmd:",
    "getvar:",
    "download:",
    "flash:",
    "erase:",
    "upload",
    "all",
    "bootloader",
    "mmc ",
    "read ",
    "write ",
    "erase ",
    "dev ",
    "partconf ",
    "2 ",
    "0 ",
    "1 ",
    "42800000 ",
    "40000000 ",
    "bfffffff ",
    "ffffffffffffffff ",
    "200 ",
    "crc32 ",
    "-v ",
    "00000000 ",
    "hash sha256 ",
    "gzwrite mmc ",
    "setenv ",
    "a ",
    "${a} ",
    "$",
    "${",
    "}",
    "'",
    "\"",
    "\\",
    ";",
    " && ",
    " || ",
    "if ",
    "then ",
    "else ",
    "elif ",
    "fi ",
    "true ",
    "false ",
    "run ",
    "itest ",
    "*42800000 ",
    "== ",
    "test ",
    "-n ",
    "= ",
    "md.b ",
    "mw.b ",
    "cp.q ",
    "cmp.w ",
    "mtest ",
    "fuse prog -y ",
    "fiovb init ",
    "partition-size:",
    "00000200",
    "00100000",
    "sit",
    "echo ",
    "env exists ",
    "printenv ",
    "stdout serial,fastboot ",
    "fastboot_buffer ",
    "script ",
    "\n",
};

static size_t command(uint8_t *out, size_t cap)
{
    size_t len = 0;
    for (uint32_t n = 1 + rnd(12); n; n--) {
        const char *piece = pieces[rnd(sizeof pieces / sizeof *pieces)];
        if (rnd(40) == 0)
            out[len++] = (uint8_t)rnd(256);
        if (len + strlen(piece) + 2 > cap)
            break;
        memcpy(out + len, piece, strlen(piece));
        len += strlen(piece);
    }
    return len;
}

static size_t sparse(uint8_t *out)
{
    static const uint16_t types[] = {0xcac1, 0xcac2, 0xcac3, 0xcac4, 0};
    memset(out, 0, 4096);
    x8_put_le32(out, 0xed26ff3a);
    x8_put_le16(out + 4, 1);
    x8_put_le16(out + 8, (uint16_t)(rnd(5) ? 28 : rnd(65536)));
    x8_put_le16(out + 10, (uint16_t)(rnd(5) ? 12 : rnd(65536)));
    x8_put_le32(out + 12, rnd(3) ? 512 : rnd(1u << 31));
    x8_put_le32(out + 16, rnd(100));
    x8_put_le32(out + 20, rnd(8));
    for (size_t at = 28; at < 1000;) {
        uint32_t blocks = rnd(4) ? rnd(3) : rnd(1u << 31);
        uint16_t type = types[rnd(5)];
        x8_put_le16(out + at, type);
        x8_put_le32(out + at + 4, blocks);
        x8_put_le32(out + at + 8, type == 0xcac1 ? 12 + blocks * 512 : 12 + 4 * rnd(2));
        at += 12 + rnd(40);
    }
    return 28 + rnd(4000);
}

static uint8_t buffer[8192];

static void one_transfer(struct drive *d)
{
    uint8_t setup[8];
    size_t len;
    switch (rnd(8)) {
    case 0:
        for (size_t i = 0; i < sizeof setup; i++)
            setup[i] = (uint8_t)(rnd(2) ? rnd(16) : rnd(256));
        (void)vb_control(d->vb, setup, buffer, rnd(sizeof buffer));
        break;
    case 1:
        buffer[0] = (uint8_t)rnd(4);
        buffer[1] = buffer[2] = (uint8_t)rnd(14);
        for (size_t i = 3; i < 17; i++)
            buffer[i] = (uint8_t)rnd(256);
        (void)drive_report(d, rnd(2) ? BY_EP0 : BY_OUT, buffer, rnd(3) ? 17 : 1025);
        break;
    case 2:
        (void)vb_in(d->vb, (uint8_t)(rnd(4) ? 0x81 : rnd(256)), buffer, rnd(sizeof buffer));
        break;
    case 3:
        len = sparse(buffer);
        if (strcmp(drive_download(d, buffer, len), "OKAY") == 0)
            (void)drive_fb(d, "flash:all");
        break;
    case 4:
        drive_sleep(d, rnd(400000));
        break;
    case 5:
        if (rnd(8) == 0)
            vb_reset(d->vb);
        break;
    default:
        len = command(buffer, sizeof buffer);
        (void)vb_out(d->vb, 2, buffer, len);
        (void)drive_in(d, buffer, 64);
    }
}

static void nothing_a_host_does_hurts_the_model(void **state)
{
    (void)state;
    static const char *const starts[] = {"start=rom", "start=spl usbhid=1", "start=fastboot",
                                         "start=fastboot loader=2024 speed=full", "start=linux"};
    unsigned commands = 0;
    for (uint32_t round = 0; round < 1000; round++) {
        struct drive d;
        struct vb_stats stats;
        char words[160];
        seed = round * 977 + 3;
        snprintf(words, sizeof words, "emmc=32M %s fault=do:writefail,sector:%u,times:3",
                 starts[round % 5], rnd(200));
        drive_open(&d, words);
        (void)drive_ucmd(&d, "setenv fastboot_dev mmc");
        for (int i = 0; i < 400 && drive_stage(&d) != VB_DEAD; i++)
            one_transfer(&d);
        vb_stats(d.vb, &stats);
        commands += stats.commands;
        drive_close(&d);
    }
    assert_true(commands > 10000); /* they did reach the loader */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_a_host_does_hurts_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
