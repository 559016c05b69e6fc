/* Sparse files from elsewhere: checked to the last number, cut into pieces, and read back. */
#include "pieces.h"

#include "util/digest.h"

/* A sparse file by hand. */
struct file {
    uint8_t data[200000];
    size_t len;
    uint32_t blocks, chunks, block;
};

static void file_begin(struct file *file, uint32_t block)
{
    memset(file, 0, sizeof(*file));
    file->block = block;
    file->len = 28;
}

static void file_chunk(struct file *file, unsigned type, uint32_t blocks, const void *payload,
                       uint32_t len)
{
    uint8_t *at = file->data + file->len;
    x8_put_le16(at, (uint16_t)type);
    x8_put_le32(at + 4, blocks);
    x8_put_le32(at + 8, 12 + len);
    if (len)
        memcpy(at + 12, payload, len);
    file->len += 12 + len;
    file->blocks += blocks;
    file->chunks++;
}

static void file_end(struct file *file, uint32_t checksum)
{
    static const uint8_t magic[12] = {0x3a, 0xff, 0x26, 0xed, 1, 0, 0, 0, 28, 0, 12, 0};
    memcpy(file->data, magic, 12);
    x8_put_le32(file->data + 12, file->block);
    x8_put_le32(file->data + 16, file->blocks);
    x8_put_le32(file->data + 20, file->chunks);
    x8_put_le32(file->data + 24, checksum);
}

/* RAW, FILL, checksum so far, DONT_CARE, RAW, checksum; and the image it stands for. */
static void sample(struct file *file, uint8_t image[10 * 4096])
{
    uint8_t crc[4];
    memset(image, 0, 10 * 4096);
    noise_fill(image, 2 * 4096, 1);
    for (size_t i = 2 * 4096; i < 5 * 4096; i += 4)
        x8_put_le32(image + i, 0xDEADBEEFu);
    noise_fill(image + 8 * 4096, 2 * 4096, 2);
    file_begin(file, 4096);
    file_chunk(file, X8_SPARSE_RAW, 2, image, 2 * 4096);
    file_chunk(file, X8_SPARSE_FILL, 3, image + 2 * 4096, 4);
    x8_put_le32(crc, x8_crc32(0, image, 5 * 4096));
    file_chunk(file, X8_SPARSE_CRC32, 0, crc, 4);
    file_chunk(file, X8_SPARSE_DONT_CARE, 3, NULL, 0);
    file_chunk(file, X8_SPARSE_RAW, 2, image + 8 * 4096, 2 * 4096);
    x8_put_le32(crc, x8_crc32(0, image, 10 * 4096));
    file_chunk(file, X8_SPARSE_CRC32, 0, crc, 4);
    file_end(file, x8_crc32(0, image, 10 * 4096));
}

static int split(const uint8_t *data, size_t len, const struct x8_sparse_config *config,
                 size_t step, struct pieces *pieces, struct x8_error *err)
{
    struct x8_sparse_splitter *splitter = NULL;
    pieces_init(pieces, config->piece_cap);
    int rc = x8_sparse_splitter_new(config, &pieces->port, &splitter, err);
    assert_int_equal(rc, 0);
    struct x8_sink *sink = x8_sparse_splitter_sink(splitter);
    for (size_t at = 0; at < len && rc >= 0; at += step)
        rc = sink->ops->push(sink, data + at, len - at < step ? len - at : step, err);
    if (rc >= 0)
        rc = sink->ops->finish(sink, err);
    x8_sparse_splitter_free(&splitter);
    return rc;
}

static int keep_bytes(void *ctx, uint64_t offset, const void *data, size_t len,
                      struct x8_error *err)
{
    (void)err;
    memcpy((uint8_t *)ctx + offset, data, len);
    return 0;
}

static const struct x8_sparse_config plain_config = {
    .block_size = 512, .piece_cap = 1u << 20, .max_fill = UINT64_MAX, .image_limit = UINT64_MAX};

static void a_sparse_file_arrives_whole_in_pieces_of_any_size(void **state)
{
    (void)state;
    static struct file file;
    static uint8_t image[10 * 4096];
    sample(&file, image);
    memset(image + 5 * 4096, STALE, 3 * 4096);
    static const size_t caps[] = {564, 1000, 4096, 5000, 1u << 20}, steps[] = {1, 7, 4096, 100000};
    for (size_t c = 0; c < X8_COUNT(caps); c++) {
        for (size_t s = 0; s < X8_COUNT(steps); s++) {
            struct x8_sparse_config config = plain_config;
            struct pieces pieces;
            struct x8_error err = {0};
            config.piece_cap = caps[c];
            config.max_fill = c % 2 ? 4096 : 0;
            assert_int_equal(split(file.data, file.len, &config, steps[s], &pieces, &err), 0);
            uint8_t *medium = pieces_apply(&pieces, sizeof(image));
            assert_memory_equal(medium, image, sizeof(image));
            free(medium);
            pieces_done(&pieces);
        }
    }
}

static void a_replay_says_what_is_written(void **state)
{
    (void)state;
    static struct file file;
    static uint8_t image[10 * 4096], got[10 * 4096];
    sample(&file, image);
    memset(image + 5 * 4096, STALE, 3 * 4096);
    memset(got, STALE, sizeof(got));
    struct x8_span span = {file.data, file.len};
    assert_int_equal(x8_sparse_replay(span, keep_bytes, got, NULL), 0);
    assert_memory_equal(got, image, sizeof(image));
    /* And of pieces: each replays into its own place. */
    struct x8_sparse_config config = plain_config;
    struct pieces pieces;
    config.piece_cap = 5000;
    assert_int_equal(split(file.data, file.len, &config, 4096, &pieces, NULL), 0);
    memset(got, STALE, sizeof(got));
    for (size_t i = 0; i < pieces.count; i++) {
        span = (struct x8_span){pieces.all[i].data, pieces.all[i].len};
        assert_int_equal(x8_sparse_replay(span, keep_bytes, got, NULL), 0);
    }
    assert_memory_equal(got, image, sizeof(image));
    pieces_done(&pieces);
}

static int refuse_bytes(void *ctx, uint64_t offset, const void *data, size_t len,
                        struct x8_error *err)
{
    (void)data;
    (void)len;
    return offset == *(uint64_t *)ctx ? x8_fail(err, X8_E_VERIFY, "differs") : 0;
}

static void a_replay_stops_when_it_is_told_to(void **state)
{
    (void)state;
    static struct file file;
    static uint8_t image[10 * 4096];
    uint64_t at = 8 * 4096;
    sample(&file, image);
    struct x8_span span = {file.data, file.len};
    assert_int_equal(x8_sparse_replay(span, refuse_bytes, &at, NULL), -X8_E_VERIFY);
}

static void a_file_cut_anywhere_is_an_error(void **state)
{
    (void)state;
    static struct file file;
    static uint8_t image[10 * 4096], sink[10 * 4096];
    sample(&file, image);
    for (size_t len = 0; len < file.len; len += len % 4096 < 100 ? 1 : 61) {
        struct x8_error err = {0};
        struct x8_span span = {file.data, len};
        assert_int_equal(x8_sparse_replay(span, keep_bytes, sink, &err), -X8_E_BAD_IMAGE);
        assert_non_null(strstr(err.msg, "truncated"));
        struct pieces pieces;
        assert_int_equal(split(file.data, len, &plain_config, 4096, &pieces, NULL),
                         -X8_E_BAD_IMAGE);
        for (size_t i = 0; i < pieces.count; i++)
            assert_false(pieces.all[i].last);
        pieces_done(&pieces);
    }
}

static void a_flipped_bit_is_an_error(void **state)
{
    (void)state;
    static struct file file;
    static uint8_t image[10 * 4096], sink[10 * 4096];
    sample(&file, image);
    for (size_t i = 0; i < file.len; i += i < 200 ? 1 : 37) {
        for (unsigned bit = 0; bit < 8; bit++) {
            int unused = i == 6 || i == 7; /* minor version */
            size_t chunk = 28;             /* the reserved half-word of each chunk */
            for (uint32_t k = 0; k < file.chunks; k++) {
                unused |= i == chunk + 2 || i == chunk + 3;
                chunk += x8_get_le32(file.data + chunk + 8);
            }
            file.data[i] ^= (uint8_t)(1u << bit);
            struct x8_span span = {file.data, file.len};
            int rc = x8_sparse_replay(span, keep_bytes, sink, NULL);
            file.data[i] ^= (uint8_t)(1u << bit);
            assert_int_equal(rc, unused ? 0 : -X8_E_BAD_IMAGE);
        }
    }
}

/* Rows of what loaders accept, misread or only find when all is written. */
static void what_a_loader_would_misread_is_refused(void **state)
{
    (void)state;
    static struct file file;
    static uint8_t data[8192], sink[65536];
    for (unsigned row = 0; row < 14; row++) {
        int rc = -X8_E_BAD_IMAGE;
        file_begin(&file, 512);
        file_chunk(&file, X8_SPARSE_RAW, 2, data, 1024);
        if (row == 0) { /* empty chunks are fine */
            file_chunk(&file, X8_SPARSE_RAW, 0, NULL, 0);
            file_chunk(&file, X8_SPARSE_FILL, 0, data, 4);
            file_chunk(&file, X8_SPARSE_DONT_CARE, 0, NULL, 0);
            rc = 0;
        }
        if (row == 1) /* DONT_CARE with a payload */
            file_chunk(&file, X8_SPARSE_DONT_CARE, 1, data, 4);
        if (row == 2) /* checksum without one */
            file_chunk(&file, X8_SPARSE_CRC32, 0, NULL, 0);
        if (row == 3) /* FILL of 8 bytes */
            file_chunk(&file, X8_SPARSE_FILL, 1, data, 8);
        if (row == 4) /* RAW of another size */
            file_chunk(&file, X8_SPARSE_RAW, 1, data, 511);
        if (row == 5)
            file_chunk(&file, 0xCAC5, 0, NULL, 0);
        if (row == 6)
            file.blocks++;
        if (row == 7)
            file.blocks--;
        if (row == 8)
            file.chunks++;
        if (row == 9) {
            file_chunk(&file, X8_SPARSE_DONT_CARE, 1, NULL, 0);
            file.chunks--;
        }
        if (row == 10)
            file.len++;
        if (row == 11)
            file.block = 0;
        if (row == 12)
            file_begin(&file, 512); /* no chunks at all */
        file_end(&file, row == 13 ? 1 : 0);
        struct x8_span span = {file.data, file.len};
        int got = x8_sparse_replay(span, keep_bytes, sink, NULL);
        if (got != rc)
            print_error("row %u: %d\n", row, got);
        assert_int_equal(got, rc);
    }
}

static void longer_headers_are_passed_over(void **state)
{
    (void)state;
    uint8_t file[32 + 2 * 16 + 512] = {0};
    uint8_t got[1024] = {0};
    x8_put_le32(file, X8_SPARSE_MAGIC);
    x8_put_le32(file + 4, 1);
    x8_put_le16(file + 8, 32);
    x8_put_le16(file + 10, 16);
    x8_put_le32(file + 12, 512);
    x8_put_le32(file + 16, 2);
    x8_put_le32(file + 20, 2);
    x8_put_le16(file + 32, X8_SPARSE_RAW);
    x8_put_le32(file + 36, 1);
    x8_put_le32(file + 40, 16 + 512);
    memset(file + 48, 0x77, 512);
    x8_put_le16(file + 560, X8_SPARSE_DONT_CARE);
    x8_put_le32(file + 564, 1);
    x8_put_le32(file + 568, 16);
    struct x8_span span = {file, sizeof(file)};
    assert_int_equal(x8_sparse_replay(span, keep_bytes, got, NULL), 0);
    assert_int_equal(got[0], 0x77);
    assert_int_equal(got[511], 0x77);
    /* What the pieces say is in the short form, whatever came in. */
    struct pieces pieces;
    assert_int_equal(split(file, sizeof(file), &plain_config, 5, &pieces, NULL), 0);
    free(pieces_apply(&pieces, 1024));
    pieces_done(&pieces);
}

static void a_file_that_does_not_fit_is_refused_before_anything_leaves(void **state)
{
    (void)state;
    static struct file file;
    static uint8_t image[10 * 4096];
    sample(&file, image);
    struct x8_sparse_config config = plain_config;
    struct pieces pieces;
    struct x8_error err = {0};
    config.image_limit = sizeof(image) - 512;
    assert_int_equal(split(file.data, file.len, &config, 4096, &pieces, &err), -X8_E_MISFIT);
    assert_int_equal(pieces.gets, 0);
    config = plain_config;
    config.block_size = 8192;
    assert_int_equal(split(file.data, file.len, &config, 4096, &pieces, &err), -X8_E_MISFIT);
    assert_int_equal(pieces.gets, 0);
}

static void a_fill_of_terabytes_costs_nothing_to_check(void **state)
{
    (void)state;
    static struct file file;
    uint8_t pattern[4] = {1, 2, 3, 4};
    file_begin(&file, 1u << 20);
    file_chunk(&file, X8_SPARSE_FILL, 2000000, pattern, 4);
    file_end(&file, 0);
    struct x8_sparse_config config = plain_config;
    struct pieces pieces;
    config.block_size = 4096;
    assert_int_equal(split(file.data, file.len, &config, 4096, &pieces, NULL), 0);
    assert_int_equal(pieces.count, 1);
    assert_true(pieces.all[0].filled == (uint64_t)2000000 << 20);
    pieces_done(&pieces);
}

static void only_the_magic_and_version_make_a_sparse_file(void **state)
{
    (void)state;
    uint8_t head[6] = {0x3a, 0xff, 0x26, 0xed, 1, 0};
    assert_true(x8_sparse_is((struct x8_span){head, 6}));
    assert_false(x8_sparse_is((struct x8_span){head, 5}));
    head[4] = 2;
    assert_false(x8_sparse_is((struct x8_span){head, 6}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sparse_file_arrives_whole_in_pieces_of_any_size),
        cmocka_unit_test(a_replay_says_what_is_written),
        cmocka_unit_test(a_replay_stops_when_it_is_told_to),
        cmocka_unit_test(a_file_cut_anywhere_is_an_error),
        cmocka_unit_test(a_flipped_bit_is_an_error),
        cmocka_unit_test(what_a_loader_would_misread_is_refused),
        cmocka_unit_test(longer_headers_are_passed_over),
        cmocka_unit_test(a_file_that_does_not_fit_is_refused_before_anything_leaves),
        cmocka_unit_test(a_fill_of_terabytes_costs_nothing_to_check),
        cmocka_unit_test(only_the_magic_and_version_make_a_sparse_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
