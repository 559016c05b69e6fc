/*
 * Speed of the byte path of an image, without a board: MB/s of CPU time.
 *
 *     image_bench              the sparse encoder on noise, zeros and a mixture
 *     image_bench FILE...      each file unpacked, and unpacked into the encoder
 */
#include "image/inflate.h"
#include "image/sparse.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PUSH_LEN  ((size_t)256 * 1024)
#define PIECE_CAP ((size_t)16 * 1024 * 1024)
#define TOTAL     ((uint64_t)4 << 30)

static uint64_t wire; /* bytes of all pieces */

static int get(void *ctx, uint8_t **out_data, void **out_owner, struct x8_error *err)
{
    (void)err;
    *out_data = ctx;
    *out_owner = NULL;
    return 0;
}

static int put(void *ctx, const struct x8_piece *piece, struct x8_error *err)
{
    (void)ctx;
    (void)err;
    wire += piece->len;
    return 0;
}

struct count {
    struct x8_sink sink;
};

static int count_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    (void)sink;
    (void)data;
    (void)err;
    wire += len;
    return 0;
}

static int count_finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)sink;
    (void)err;
    return 0;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void report(const char *what, uint64_t bytes, double seconds)
{
    printf("%-40s %8.0f MB/s  %6.2f s  %8.1f MB out\n", what, (double)bytes / 1e6 / seconds,
           seconds, (double)wire / 1e6);
    wire = 0;
}

static struct x8_sparse_encoder *encoder_new(uint8_t *piece)
{
    const struct x8_sparse_config config = {.block_size = 512,
                                            .piece_cap = PIECE_CAP,
                                            .max_fill = 256u << 20,
                                            .image_limit = UINT64_MAX};
    const struct x8_piece_port port = {get, put, piece};
    struct x8_sparse_encoder *encoder = NULL;
    if (x8_sparse_encoder_new(&config, &port, &encoder, NULL) < 0)
        abort();
    return encoder;
}

/* `noise_of_16`: how many of 16 stretches of 128 KiB hold noise. */
static void bench_encoder(uint8_t *piece, const char *what, unsigned noise_of_16)
{
    static uint8_t data[16 * 128 * 1024];
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof(data); i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = i / (128 * 1024) < noise_of_16 ? (uint8_t)(state >> 24) : 0;
    }
    struct x8_sparse_encoder *encoder = encoder_new(piece);
    struct x8_sink *sink = x8_sparse_encoder_sink(encoder);
    double start = cpu_seconds();
    for (uint64_t done = 0; done < TOTAL; done += PUSH_LEN)
        if (sink->ops->push(sink, data + done % sizeof(data), PUSH_LEN, NULL) < 0)
            abort();
    if (sink->ops->finish(sink, NULL) < 0)
        abort();
    report(what, TOTAL, cpu_seconds() - start);
    x8_sparse_encoder_free(&encoder);
}

static void bench_file(const char *path, struct x8_sink *sink, const char *what)
{
    struct x8_error err = {0};
    struct x8_reader *file = NULL, *reader = NULL;
    double start = cpu_seconds();
    int64_t moved = x8_file_reader(path, &file, NULL, &err);
    if (moved >= 0)
        moved = x8_inflate_reader(file, &reader, NULL, &err);
    if (moved >= 0)
        moved = x8_pump(NULL, reader, sink, &err);
    x8_reader_close(&reader);
    if (moved < 0)
        printf("%s: %s (%s)\n", path, err.msg, err.why);
    else
        report(what, (uint64_t)moved, cpu_seconds() - start);
}

int main(int argc, char **argv)
{
    static const struct x8_sink_ops count_ops = {count_push, count_finish};
    struct count count = {{&count_ops}};
    uint8_t *piece = malloc(PIECE_CAP);
    if (!piece)
        return 1;
    memset(piece, 1, PIECE_CAP);
    for (int i = 1; i < argc; i++) {
        struct x8_sparse_encoder *encoder = encoder_new(piece);
        printf("%s\n", argv[i]);
        bench_file(argv[i], &count.sink, "  unpack");
        bench_file(argv[i], x8_sparse_encoder_sink(encoder), "  unpack, encode");
        x8_sparse_encoder_free(&encoder);
    }
    if (argc == 1) {
        bench_encoder(piece, "encode noise", 16);
        bench_encoder(piece, "encode zeros", 0);
        bench_encoder(piece, "encode 9/16 noise, 7/16 zeros", 9);
    }
    free(piece);
    return 0;
}
