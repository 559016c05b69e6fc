/* Ranges that are known to be zeros: what is written there and what is left out, and where pieces
 * are cut for it. */
#include "pieces.h"

#define KIB ((size_t)1024)
#define MIN ((size_t)X8_SPARSE_MIN_FILL)

static struct x8_sparse_config config_of(size_t cap, const struct x8_range *zeros, size_t count)
{
    return (struct x8_sparse_config){.block_size = 512,
                                     .piece_cap = cap,
                                     .image_limit = UINT64_MAX,
                                     .zeros = zeros,
                                     .zero_count = count};
}

static void push_all(struct x8_sink *sink, const uint8_t *image, size_t len, size_t step)
{
    struct x8_error err = {0};
    for (size_t at = 0; at < len; at += step)
        assert_int_equal(sink->ops->push(sink, image + at, len - at < step ? len - at : step, &err),
                         0);
    assert_int_equal(sink->ops->finish(sink, &err), 0);
}

static void encode(const struct x8_sparse_config *config, struct pieces *pieces,
                   const uint8_t *image, size_t len, size_t step)
{
    struct x8_sparse_encoder *encoder = NULL;
    pieces_init(pieces, config->piece_cap);
    assert_int_equal(x8_sparse_encoder_new(config, &pieces->port, &encoder, NULL), 0);
    push_all(x8_sparse_encoder_sink(encoder), image, len, step);
    x8_sparse_encoder_free(&encoder);
}

static uint64_t holes_of(const struct pieces *pieces)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < pieces->count; i++)
        sum += pieces->all[i].holes;
    return sum;
}

/* Over a medium that is zeros in the ranges and stale elsewhere, the pieces make the image. */
static void expect_image(const struct x8_sparse_config *config, const struct pieces *pieces,
                         const uint8_t *image, size_t len)
{
    size_t padded = (len + 511) / 512 * 512;
    uint8_t *medium = medium_new(padded, config->zeros, config->zero_count);
    pieces_apply_to(pieces, medium, padded);
    assert_memory_equal(medium, image, len);
    for (size_t i = len; i < padded; i++)
        assert_int_equal(medium[i], 0);
    free(medium);
}

/* No piece lies on both sides of a border. */
static void expect_cut(const struct x8_sparse_config *config, const struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++) {
        const struct x8_piece *piece = &pieces->all[i];
        for (size_t k = 0; k < config->zero_count; k++) {
            const struct x8_range *range = &config->zeros[k];
            assert_false(piece->start < range->start && piece->end > range->start);
            assert_false(piece->start < range->end && piece->end > range->end);
        }
    }
}

static void mixed_image(uint8_t *image, size_t len, uint32_t *seed)
{
    for (size_t at = 0; at < len;) {
        size_t n = noise(seed) % 300000 + 1;
        n = n > len - at ? len - at : n;
        unsigned kind = noise(seed) % 4;
        if (kind == 3)
            noise_fill(image + at, n, *seed);
        else
            memset(image + at, kind == 2 ? 0xA5 : 0, n);
        at += n;
    }
}

static size_t random_ranges(struct x8_range *out, size_t max, size_t len, uint32_t *seed)
{
    uint64_t at = 0;
    size_t count = 0;
    while (count < max && at < len) {
        at += noise(seed) % 3 ? noise(seed) % 1000 * 512 : 0; /* some touch */
        uint64_t end = at + (1 + noise(seed) % 2000) * 512;
        out[count++] = (struct x8_range){at, end};
        at = end;
    }
    return count;
}

static void random_ranges_and_shapes_make_the_image(void **state)
{
    (void)state;
    size_t len = 3u << 20;
    uint8_t *image = malloc(len);
    struct x8_range zeros[8];
    uint32_t seed = 77;
    assert_non_null(image);
    for (unsigned round = 0; round < 40; round++) {
        mixed_image(image, len, &seed);
        size_t count = random_ranges(zeros, X8_COUNT(zeros), len, &seed);
        struct x8_sparse_config config = config_of(60000 + noise(&seed) % 2000000, zeros, count);
        config.max_fill = round % 3 ? 0 : 200 * KIB;
        size_t n = len - noise(&seed) % 5000;
        struct pieces pieces;
        encode(&config, &pieces, image, n, noise(&seed) % 400000 + 1);
        expect_image(&config, &pieces, image, n);
        expect_cut(&config, &pieces);
        pieces_done(&pieces);
    }
    free(image);
}

static void long_zeros_inside_are_holes_and_those_outside_are_fill(void **state)
{
    (void)state;
    static const struct x8_range zeros[] = {{256 * KIB, 512 * KIB}};
    size_t len = 1024 * KIB;
    uint8_t *image = calloc(1, len);
    struct pieces pieces;
    struct x8_sparse_config config = config_of(1u << 20, zeros, 1);
    assert_non_null(image);
    encode(&config, &pieces, image, len, 10007);
    assert_int_equal(pieces.count, 3);
    assert_int_equal(pieces.all[0].filled, 256 * KIB);
    assert_int_equal(pieces.all[0].holes, 0);
    assert_int_equal(pieces.all[1].holes, 256 * KIB);
    assert_int_equal(pieces.all[1].written, 0);
    assert_int_equal(pieces.all[1].skipped, 0);
    assert_int_equal(pieces.all[1].len, 28 + 12); /* the way there and the hole are one chunk */
    assert_int_equal(pieces.all[2].start, 512 * KIB);
    assert_int_equal(pieces.all[2].filled, 512 * KIB);
    expect_image(&config, &pieces, image, len);
    pieces_done(&pieces);
    free(image);
}

static void a_run_cut_by_a_border_is_measured_on_each_side(void **state)
{
    (void)state;
    /* 100 KiB of zeros: 36 KiB before the border, 64 KiB behind it, and the other way round. */
    static const struct {
        uint64_t from;
        uint64_t holes, filled;
    } rows[] = {{128 * KIB - 36 * KIB, MIN, 0},        /* short outside is RAW, long inside */
                {128 * KIB - MIN, 0, MIN},             /* long outside, short inside is RAW */
                {128 * KIB - 50 * KIB, 0, 0},          /* both short */
                {128 * KIB - 36 * KIB - 512, MIN, 0}}; /* no multiple of 4 KiB */
    static const struct x8_range zeros[] = {{128 * KIB, 256 * KIB}};
    size_t len = 384 * KIB;
    uint8_t *image = malloc(len);
    assert_non_null(image);
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct pieces pieces;
        struct x8_sparse_config config = config_of(1u << 20, zeros, 1);
        noise_fill(image, len, 3);
        memset(image + rows[i].from, 0, 100 * KIB + 512);
        if (rows[i].from % 4096 == 0)
            image[rows[i].from + 100 * KIB] = 1;
        encode(&config, &pieces, image, len, 4096);
        assert_int_equal(holes_of(&pieces), rows[i].holes);
        assert_int_equal(pieces.all[0].filled, rows[i].filled);
        expect_image(&config, &pieces, image, len);
        pieces_done(&pieces);
    }
    free(image);
}

static void other_patterns_are_no_holes(void **state)
{
    (void)state;
    static const struct x8_range zeros[] = {{0, UINT64_MAX / 512 * 512}};
    size_t len = 512 * KIB;
    uint8_t *image = malloc(len);
    struct pieces pieces;
    struct x8_sparse_config config = config_of(1u << 20, zeros, 1);
    assert_non_null(image);
    memset(image, 0xFF, len);
    encode(&config, &pieces, image, len, len);
    assert_int_equal(holes_of(&pieces), 0);
    assert_int_equal(pieces.all[0].filled, len);
    pieces_done(&pieces);
    free(image);
}

static void a_hole_is_not_bound_by_max_fill(void **state)
{
    (void)state;
    static const struct x8_range zeros[] = {{0, 1024 * KIB}};
    size_t len = 1536 * KIB;
    uint8_t *image = calloc(1, len);
    struct pieces pieces;
    struct x8_sparse_config config = config_of(1u << 20, zeros, 1);
    config.max_fill = 128 * KIB;
    assert_non_null(image);
    encode(&config, &pieces, image, len, 65536);
    assert_int_equal(pieces.count, 1 + 4);
    assert_int_equal(pieces.all[0].holes, 1024 * KIB);
    expect_image(&config, &pieces, image, len);
    pieces_done(&pieces);
    free(image);
}

static void an_image_of_only_holes_still_ends_with_a_last_piece(void **state)
{
    (void)state;
    static const struct x8_range zeros[] = {{0, 1u << 30}};
    size_t len = 700 * KIB + 3;
    uint8_t *image = calloc(1, len);
    struct pieces pieces;
    struct chunk_view chunks[2];
    struct x8_sparse_config config = config_of(1u << 20, zeros, 1);
    assert_non_null(image);
    encode(&config, &pieces, image, len, 100000);
    assert_int_equal(pieces.count, 1);
    assert_true(pieces.all[0].last);
    assert_int_equal(piece_apply(&pieces.all[0], NULL, 0, chunks, 2), 1);
    assert_int_equal(chunks[0].type, X8_SPARSE_DONT_CARE);
    assert_int_equal(pieces.all[0].written, 0);
    assert_int_equal(pieces.all[0].holes, (len + 511) / 512 * 512);
    pieces_done(&pieces);
    free(image);
}

static int same_piece(const struct x8_piece *a, const struct x8_piece *b)
{
    return a->start == b->start && a->end == b->end && a->written == b->written &&
           a->holes == b->holes && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* One range fewer: outside of it every piece is what it was, byte by byte. */
static void a_range_left_out_moves_no_piece_outside_of_it(void **state)
{
    (void)state;
    static const struct x8_range all[] = {
        {0, 700 * KIB}, {700 * KIB, 1501 * KIB}, {1501 * KIB, 8192 * KIB}};
    static const struct x8_range fewer[] = {{0, 700 * KIB}, {1501 * KIB, 8192 * KIB}};
    size_t len = 3u << 20;
    uint8_t *image = malloc(len);
    uint32_t seed = 5;
    assert_non_null(image);
    for (unsigned round = 0; round < 8; round++) {
        struct pieces a, b;
        struct x8_sparse_config with = config_of(100000, all, X8_COUNT(all));
        struct x8_sparse_config without = config_of(100000, fewer, X8_COUNT(fewer));
        size_t i = 0, same = 0;
        mixed_image(image, len, &seed);
        encode(&with, &a, image, len, 77777);
        encode(&without, &b, image, len, 30001);
        for (size_t k = 0; k < b.count; k++) {
            if (b.all[k].start >= 700 * KIB && b.all[k].end <= 1501 * KIB)
                continue;
            while (i < a.count && a.all[i].start < b.all[k].start)
                i++;
            assert_true(i < a.count && same_piece(&a.all[i], &b.all[k]));
            same++;
        }
        assert_true(same >= 2);
        pieces_done(&a);
        pieces_done(&b);
    }
    free(image);
}

static void the_pieces_do_not_depend_on_how_the_bytes_come(void **state)
{
    (void)state;
    static const struct x8_range skip[] = {{100 * KIB + 512, 300 * KIB + 1024}};
    static const struct x8_range zeros[] = {{512 * 7, 900 * KIB - 512}};
    static const size_t steps[] = {1u << 20, 512, 4096 + 512, 99991};
    size_t len = 1u << 20;
    uint8_t *image = malloc(len);
    uint32_t seed = 9;
    struct pieces first;
    struct x8_sparse_config config = config_of(100000, zeros, 1);
    config.skip = skip;
    config.skip_count = 1;
    assert_non_null(image);
    mixed_image(image, len, &seed);
    encode(&config, &first, image, len, len);
    for (size_t i = 0; i < X8_COUNT(steps); i++) {
        struct pieces again;
        encode(&config, &again, image, len, steps[i]);
        assert_int_equal(again.count, first.count);
        for (size_t k = 0; k < first.count; k++)
            assert_true(same_piece(&first.all[k], &again.all[k]));
        pieces_done(&again);
    }
    pieces_done(&first);
    free(image);
}

/* A sparse file: FILL with zeros, cut at the border; its own DONT_CARE is no hole. */
static void zeros_of_a_sparse_file_are_holes_too(void **state)
{
    (void)state;
    static const struct x8_range zeros[] = {{512 * KIB, 1024 * KIB}};
    size_t len = 1024 * KIB;
    uint8_t *image = calloc(1, len);
    static const struct x8_range skip[] = {{128 * KIB, 256 * KIB}, {960 * KIB, 1024 * KIB}};
    struct pieces file, pieces;
    struct x8_sparse_splitter *splitter = NULL;
    struct x8_sparse_config plain = config_of(1u << 20, NULL, 0);
    struct x8_sparse_config config = config_of(1u << 20, zeros, 1);
    plain.skip = skip;
    plain.skip_count = 2;
    assert_non_null(image);
    encode(&plain, &file, image, len, len);
    pieces_init(&pieces, config.piece_cap);
    assert_int_equal(x8_sparse_splitter_new(&config, &pieces.port, &splitter, NULL), 0);
    push_all(x8_sparse_splitter_sink(splitter), file.all[0].data, file.all[0].len, 1000);
    assert_int_equal(pieces.count, 2);
    assert_int_equal(pieces.all[0].filled, 384 * KIB);
    assert_int_equal(pieces.all[0].skipped, 128 * KIB);
    assert_int_equal(pieces.all[1].holes, 448 * KIB);
    assert_int_equal(pieces.all[1].skipped, 64 * KIB);
    free(pieces_apply(&pieces, len));
    x8_sparse_splitter_free(&splitter);
    pieces_done(&file);
    pieces_done(&pieces);
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_ranges_and_shapes_make_the_image),
        cmocka_unit_test(long_zeros_inside_are_holes_and_those_outside_are_fill),
        cmocka_unit_test(a_run_cut_by_a_border_is_measured_on_each_side),
        cmocka_unit_test(other_patterns_are_no_holes),
        cmocka_unit_test(a_hole_is_not_bound_by_max_fill),
        cmocka_unit_test(an_image_of_only_holes_still_ends_with_a_last_piece),
        cmocka_unit_test(a_range_left_out_moves_no_piece_outside_of_it),
        cmocka_unit_test(the_pieces_do_not_depend_on_how_the_bytes_come),
        cmocka_unit_test(zeros_of_a_sparse_file_are_holes_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
