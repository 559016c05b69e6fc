/*
 * Which deflate for pieces that travel compressed: MB/s of CPU time and ratio, every library and
 * level over the same bytes, cut into pieces of 16 MiB with one gzip member each.
 *
 *     deflate_bench FILE...
 *
 * What the board does with a piece is not measured here; the last row is what the project itself
 * makes of the pieces (image/member.h), with their zeros as FILL.
 */
#include "image/member.h"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#ifdef WITH_LIBDEFLATE
#include <libdeflate.h>
#endif

#define PIECE ((size_t)16 << 20)

static uint8_t *content, *out;
static size_t content_len;

/* Append a file; what cannot be read is left out. */
static void read_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        uint8_t *grown = realloc(content, content_len + (size_t)st.st_size + 1);
        if (!grown)
            abort();
        content = grown;
        size_t end = content_len + (size_t)st.st_size;
        ssize_t n;
        while ((n = read(fd, content + content_len, end - content_len)) > 0)
            content_len += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
}

static size_t by_isal(int level, const uint8_t *data, size_t len)
{
    static const uint32_t sizes[] = {0, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT,
                                     ISAL_DEF_LVL3_DEFAULT};
    static uint8_t buffer[ISAL_DEF_LVL3_DEFAULT];
    struct isal_zstream z;
    isal_deflate_init(&z);
    z.level = (uint32_t)level;
    z.level_buf = buffer;
    z.level_buf_size = sizes[level];
    z.gzip_flag = IGZIP_GZIP;
    z.end_of_stream = 1;
    z.next_in = (uint8_t *)(uintptr_t)data;
    z.avail_in = (uint32_t)len;
    z.next_out = out;
    z.avail_out = (uint32_t)(2 * PIECE);
    return isal_deflate(&z) == COMP_OK && z.avail_in == 0 ? z.total_out : 0;
}

static size_t by_zlib(int level, const uint8_t *data, size_t len)
{
    z_stream z = {0};
    if (deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    z.next_in = (z_const Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)len;
    z.next_out = out;
    z.avail_out = (uInt)(2 * PIECE);
    int rc = deflate(&z, Z_FINISH);
    size_t size = z.total_out;
    deflateEnd(&z);
    return rc == Z_STREAM_END ? size : 0;
}

#ifdef WITH_LIBDEFLATE
static size_t by_libdeflate(int level, const uint8_t *data, size_t len)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    size_t size = compressor ? libdeflate_gzip_compress(compressor, data, len, out, 2 * PIECE) : 0;
    libdeflate_free_compressor(compressor);
    return size;
}
#endif

/* ---- the project's own way ---- */

static struct x8_deflater *deflater;
static struct x8_members members;

static int get(void *ctx, uint8_t **out_data, void **out_owner, struct x8_error *err)
{
    (void)err;
    *out_data = ctx;
    *out_owner = NULL;
    return 0;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double spent;
static size_t made;

static int put(void *ctx, const struct x8_piece *piece, struct x8_error *err)
{
    (void)ctx;
    double start = cpu_seconds();
    int rc = x8_members_make(deflater, piece, piece->len, &members, err);
    spent += cpu_seconds() - start;
    made += rc > 0 ? members.len : piece->len;
    return rc < 0 ? rc : 0;
}

static void own_way(void)
{
    const struct x8_sparse_config config = {
        .block_size = 512, .piece_cap = PIECE, .max_fill = 128u << 20, .image_limit = UINT64_MAX};
    const struct x8_piece_port port = {get, put, malloc(PIECE)};
    struct x8_sparse_encoder *encoder = NULL;
    if (!port.ctx || x8_deflater_new(&deflater, NULL) < 0 ||
        x8_sparse_encoder_new(&config, &port, &encoder, NULL) < 0)
        abort();
    struct x8_sink *sink = x8_sparse_encoder_sink(encoder);
    if (sink->ops->push(sink, content, content_len, NULL) < 0 || sink->ops->finish(sink, NULL) < 0)
        abort();
    printf("%-16s %8.0f MB/s  %5.1f %%\n", "members", (double)content_len / 1e6 / spent,
           100.0 * (double)made / (double)content_len);
    x8_sparse_encoder_free(&encoder);
    x8_members_done(&members);
    x8_deflater_free(&deflater);
    free(port.ctx);
}

static const struct {
    const char *name;
    int level;
    size_t (*run)(int level, const uint8_t *data, size_t len);
} rows[] = {
    {"ISA-L 0", 0, by_isal},
    {"ISA-L 1", 1, by_isal},
    {"ISA-L 2", 2, by_isal},
    {"ISA-L 3", 3, by_isal},
#ifdef WITH_LIBDEFLATE
    {"libdeflate 1", 1, by_libdeflate},
    {"libdeflate 2", 2, by_libdeflate},
    {"libdeflate 3", 3, by_libdeflate},
#endif
    {"zlib 1", 1, by_zlib},
};

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        read_file(argv[i]);
    out = malloc(2 * PIECE);
    if (!out || !content_len) {
        fprintf(stderr, "usage: deflate_bench FILE...\n");
        return 2;
    }
    memset(out, 1, 2 * PIECE);
    printf("%.1f MB\n", (double)content_len / 1e6);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        size_t total = 0;
        double start = cpu_seconds();
        for (size_t at = 0; at < content_len; at += PIECE)
            total += rows[i].run(rows[i].level, content + at,
                                 content_len - at < PIECE ? content_len - at : PIECE);
        printf("%-16s %8.0f MB/s  %5.1f %%\n", rows[i].name,
               (double)content_len / 1e6 / (cpu_seconds() - start),
               100.0 * (double)total / (double)content_len);
        fflush(stdout);
    }
    own_way();
    free(content);
    free(out);
    return 0;
}
