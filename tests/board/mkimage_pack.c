/*
 * gzip through ISA-L, for its speed, and the ustar headers of tar.
 */
#include "mkimage.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct mk_gz {
    FILE *out;
    struct isal_zstream stream;
    unsigned level;
    uint8_t *level_buf;
    uint32_t level_size;
    uint8_t buf[256 << 10];
};

static void begin_member(struct mk_gz *gz)
{
    isal_deflate_init(&gz->stream);
    gz->stream.gzip_flag = IGZIP_GZIP;
    gz->stream.level = gz->level;
    gz->stream.level_buf = gz->level_buf;
    gz->stream.level_buf_size = gz->level_size;
}

struct mk_gz *mk_gz_open(const char *path, unsigned level)
{
    static const uint32_t sizes[] = {ISAL_DEF_LVL0_DEFAULT, ISAL_DEF_LVL1_DEFAULT,
                                     ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT};
    struct mk_gz *gz = calloc(1, sizeof *gz);

    if (!gz)
        mk_die("memory");
    gz->out = fopen(path, "wb");
    if (!gz->out)
        mk_die(path);
    gz->level = level > 3 ? 3 : level;
    gz->level_size = sizes[gz->level];
    gz->level_buf = malloc(gz->level_size + 1);
    if (!gz->level_buf)
        mk_die("memory");
    begin_member(gz);
    return gz;
}

static void deflate_all(struct mk_gz *gz)
{
    do {
        size_t n;

        gz->stream.next_out = gz->buf;
        gz->stream.avail_out = sizeof gz->buf;
        if (isal_deflate(&gz->stream) != COMP_OK)
            mk_die("igzip");
        n = sizeof gz->buf - gz->stream.avail_out;
        if (fwrite(gz->buf, 1, n, gz->out) != n)
            mk_die("write");
    } while (gz->stream.avail_out == 0);
}

void mk_gz_write(struct mk_gz *gz, const void *data, size_t len)
{
    /* The library takes a pointer that is not const and does not write to it. */
    gz->stream.next_in = (uint8_t *)(uintptr_t)data;
    gz->stream.avail_in = (uint32_t)len;
    deflate_all(gz);
}

static void end_member(struct mk_gz *gz)
{
    gz->stream.end_of_stream = 1;
    gz->stream.flush = FULL_FLUSH;
    mk_gz_write(gz, "", 0);
}

void mk_gz_member(struct mk_gz *gz)
{
    end_member(gz);
    begin_member(gz);
}

void mk_gz_close(struct mk_gz *gz)
{
    end_member(gz);
    if (fclose(gz->out))
        mk_die("close");
    free(gz->level_buf);
    free(gz);
}

static void number(uint8_t *out, size_t len, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%0*llo", (int)len - 1, (unsigned long long)value);
    memcpy(out, text, len - 1);
}

static void header(struct mk_gz *gz, const char *name, uint64_t size, int is_folder, int is_program)
{
    uint8_t block[512] = {0};
    unsigned sum = 0;
    char text[16];

    if (strlen(name) > 100)
        mk_die(name);
    memcpy(block, name, strlen(name));
    number(block + 100, 8, is_folder || is_program ? 0755 : 0644);
    number(block + 108, 8, 0);
    number(block + 116, 8, 0);
    number(block + 124, 12, size);
    number(block + 136, 12, 1754000000);
    block[156] = is_folder ? '5' : '0';
    memcpy(block + 257, "ustar\00000root", 12);
    memcpy(block + 297, "root", 4);
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < sizeof block; i++)
        sum += block[i];
    snprintf(text, sizeof text, "%06o", sum & 0777777);
    memcpy(block + 148, text, 7);
    mk_gz_write(gz, block, sizeof block);
}

static void contents(struct mk_gz *gz, FILE *in, uint64_t size)
{
    static const uint8_t zeros[512];
    static uint8_t buf[1 << 20];
    uint64_t left = size;

    while (left > 0) {
        size_t n = fread(buf, 1, left < sizeof buf ? (size_t)left : sizeof buf, in);

        if (n == 0)
            mk_die("read");
        mk_gz_write(gz, buf, n);
        left -= n;
    }
    mk_gz_write(gz, zeros, (512 - size % 512) % 512);
}

void mk_tar_add(struct mk_gz *gz, const char *name, const char *path)
{
    struct stat st;
    char folder[128];
    FILE *in;

    if (stat(path, &st))
        mk_die(path);
    if (S_ISDIR(st.st_mode)) {
        snprintf(folder, sizeof folder, "%s/", name);
        header(gz, folder, 0, 1, 0);
        return;
    }
    in = fopen(path, "rb");
    if (!in)
        mk_die(path);
    header(gz, name, (uint64_t)st.st_size, 0, (st.st_mode & 0111) != 0);
    contents(gz, in, (uint64_t)st.st_size);
    fclose(in);
}

void mk_tar_end(struct mk_gz *gz)
{
    static const uint8_t zeros[10240];

    mk_gz_write(gz, zeros, 1024);
    mk_gz_close(gz);
}
