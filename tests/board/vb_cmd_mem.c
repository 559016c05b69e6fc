/*
 * Commands over the memory: crc32 and hash for verification, cmp, cp, mw, md, mtest.
 *
 * What lies outside the DDR stops the loader, as an exception does on the board; only the boot ROM
 * at the bottom may be looked at (test scripts do).
 */
#include "vb_model.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ROM_END 0x40000u

static uint32_t crc_of(const uint8_t *data, uint64_t len)
{
    uLong crc = crc32(0, NULL, 0);
    for (uint64_t at = 0, n; at < len; at += n) {
        n = len - at < 1u << 30 ? len - at : 1u << 30;
        crc = crc32(crc, data + at, (uInt)n);
    }
    return (uint32_t)crc;
}

static const uint8_t *span(struct vb *vb, const char *addr, const char *len, uint64_t *out_len)
{
    *out_len = vb_hex(len);
    const uint8_t *mem = vb_ram(vb, vb_hex(addr), *out_len);
    if (!mem)
        vb_crash(vb, "reading outside the memory");
    return mem;
}

/* Exactly 8 digits, else the name of a variable that holds them, else *ADDRESS. */
static int expected_crc(struct vb *vb, const char *text, uint32_t *out)
{
    if (*text == '*') {
        const uint8_t *mem = vb_ram(vb, vb_hex(text + 1), 4);
        if (!mem)
            return vb_crash(vb, "crc32 reads outside the memory");
        *out = x8_get_be32(mem);
        return 0;
    }
    if (strlen(text) != 8)
        text = vb_env_get(vb, text);
    if (!text || strlen(text) != 8)
        return 1;
    for (const char *p = text; *p; p++)
        if (!isxdigit((unsigned char)*p))
            return 1;
    *out = (uint32_t)vb_hex(text);
    return 0;
}

/* crc32 ADDR LEN [DEST], crc32 -v ADDR LEN CRC. */
int vb_cmd_crc32(struct vb *vb, int argc, char **argv)
{
    int verify = argc > 1 && !strcmp(argv[1], "-v");
    if (argc < 3 || (verify && argc != 5) || (!verify && argc > 4))
        return 1;
    if (verify && !vb->cfg.crcv) /* a build without CRC32_VERIFY takes four words at most */
        return 1;
    argv += verify;
    uint64_t len;
    const uint8_t *mem = span(vb, argv[1], argv[2], &len);
    if (!mem)
        return 1;
    vb_cost(vb, len, vb->cfg.sum ? vb->cfg.sum : vb->cfg.read);
    uint32_t crc = crc_of(mem, len), want = 0;
    vb_fb_console(vb, "crc32 for %s ... %s ==> %08x\n", argv[1], argv[2], crc);
    if (verify)
        return expected_crc(vb, argv[3], &want) || want != crc;
    if (argc == 4) {
        uint8_t *to = vb_ram(vb, vb_hex(argv[3] + (argv[3][0] == '*')), 4);
        if (!to)
            return vb_crash(vb, "crc32 writes outside the memory");
        x8_put_be32(to, crc);
    }
    return 0;
}

/* hash ALGO ADDR LEN [VAR | *ADDR]; the configuration has no -v. */
int vb_cmd_hash(struct vb *vb, int argc, char **argv)
{
    if (argc < 4 || (strcmp(argv[1], "sha256") && strcmp(argv[1], "crc32")))
        return 1;
    int is_sha = !strcmp(argv[1], "sha256");
    uint64_t len;
    const uint8_t *mem = span(vb, argv[2], argv[3], &len);
    if (!mem)
        return 1;
    vb_cost(vb, len, vb->cfg.sum ? vb->cfg.sum : vb->cfg.read);
    uint8_t digest[32];
    size_t size = is_sha ? 32 : 4;
    if (is_sha)
        vb_sha256(mem, (size_t)len, digest);
    else
        x8_put_be32(digest, crc_of(mem, len));
    char text[65] = "";
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    vb_fb_console(vb, "%s for %s ... ==> %s\n", argv[1], argv[2], text);
    if (argc < 5)
        return 0;
    if (argv[4][0] != '*')
        return vb_env_set(vb, argv[4], text) != 0;
    uint8_t *to = vb_ram(vb, vb_hex(argv[4] + 1), size);
    if (!to)
        return vb_crash(vb, "hash writes outside the memory");
    memcpy(to, digest, size);
    return 0;
}

/* Bytes of one access by the letter behind the dot; 4 without one. */
static uint64_t width(const char *name)
{
    const char *dot = strchr(name, '.');
    return !dot ? 4 : dot[1] == 'b' ? 1 : dot[1] == 'w' ? 2 : dot[1] == 'q' ? 8 : 4;
}

static uint64_t bytes_of(const char *name, const char *count)
{
    uint64_t n = vb_hex(count);
    return n > VB_RAM_SIZE ? UINT64_MAX : n * width(name);
}

int vb_cmd_cmp(struct vb *vb, int argc, char **argv)
{
    if (argc != 4)
        return 1;
    uint64_t len = bytes_of(argv[0], argv[3]);
    const uint8_t *a = vb_ram(vb, vb_hex(argv[1]), len), *b = vb_ram(vb, vb_hex(argv[2]), len);
    if (!a || !b)
        return vb_crash(vb, "cmp outside the memory");
    return memcmp(a, b, (size_t)len) != 0;
}

int vb_cmd_cp(struct vb *vb, int argc, char **argv)
{
    if (argc != 4)
        return 1;
    uint64_t len = bytes_of(argv[0], argv[3]);
    const uint8_t *from = vb_ram(vb, vb_hex(argv[1]), len);
    uint8_t *to = vb_ram(vb, vb_hex(argv[2]), len);
    if (!from || !to)
        return vb_crash(vb, "cp outside the memory");
    memmove(to, from, (size_t)len);
    return 0;
}

/* mw ADDR VALUE [COUNT] */
int vb_cmd_mw(struct vb *vb, int argc, char **argv)
{
    if (argc < 3)
        return 1;
    uint64_t size = width(argv[0]), value = vb_hex(argv[2]);
    uint64_t len = bytes_of(argv[0], argc > 3 ? argv[3] : "1");
    uint8_t *to = vb_ram(vb, vb_hex(argv[1]), len);
    if (!to)
        return vb_crash(vb, "mw outside the memory");
    for (uint64_t i = 0; i < len; i++)
        to[i] = (uint8_t)(value >> 8 * (i % size));
    return 0;
}

/* md ADDR [COUNT] */
int vb_cmd_md(struct vb *vb, int argc, char **argv)
{
    static const uint8_t rom[16];
    if (argc < 2)
        return 1;
    uint64_t addr = vb_hex(argv[1]), len = bytes_of(argv[0], argc > 2 ? argv[2] : "40");
    int in_rom = addr < ROM_END && x8_fits(addr, len, ROM_END);
    const uint8_t *mem = in_rom ? NULL : vb_ram(vb, addr, len);
    if (!in_rom && !mem)
        return vb_crash(vb, "md outside the memory");
    if (len > 4096)
        len = 4096; /* the serial line is not modelled */
    for (uint64_t at = 0; at < len; at += 16) {
        const uint8_t *line = in_rom ? rom : mem + at;
        char text[64] = "";
        for (uint64_t i = 0; i < 16 && at + i < len; i++)
            snprintf(text + 3 * i, 4, " %02x", line[i]);
        vb_fb_console(vb, "%08llx:%s\n", (unsigned long long)(addr + at), text);
    }
    return 0;
}

/* mtest START END [PATTERN [ITERATIONS]] */
int vb_cmd_mtest(struct vb *vb, int argc, char **argv)
{
    uint64_t start = argc > 1 ? vb_hex(argv[1]) : VB_RAM_BASE;
    uint64_t end = argc > 2 ? vb_hex(argv[2]) : start + 0x1000;
    if (end < start)
        return 1;
    if (!vb_ram(vb, start, end - start))
        return vb_crash(vb, "mtest outside the memory");
    vb_fb_console(vb, "Testing %08llx ... %08llx: Tested with 0 errors.\n",
                  (unsigned long long)start, (unsigned long long)end);
    return 0;
}
