/* The sparse encoder: what reaches the medium is the image, whatever its shape and however it is
 * cut. */
#include "pieces.h"

static struct x8_sparse_config config_of(uint32_t block, size_t cap)
{
    return (struct x8_sparse_config){
        .block_size = block, .piece_cap = cap, .max_fill = UINT64_MAX, .image_limit = UINT64_MAX};
}

/* Push `image` in steps of `step` bytes. */
static int encode_steps(const struct x8_sparse_config *config, struct pieces *pieces,
                        const uint8_t *image, size_t len, size_t step, struct x8_error *err)
{
    struct x8_sparse_encoder *encoder = NULL;
    pieces_init(pieces, config->piece_cap);
    int rc = x8_sparse_encoder_new(config, &pieces->port, &encoder, err);
    if (rc < 0)
        return rc;
    struct x8_sink *sink = x8_sparse_encoder_sink(encoder);
    for (size_t at = 0; at < len && rc >= 0; at += step)
        rc = sink->ops->push(sink, image + at, len - at < step ? len - at : step, err);
    if (rc >= 0)
        rc = sink->ops->finish(sink, err);
    x8_sparse_encoder_free(&encoder);
    assert_null(encoder);
    return rc;
}

static void expect_same(const struct x8_sparse_config *config, const uint8_t *image, size_t len,
                        size_t step)
{
    struct pieces pieces;
    struct x8_error err = {0};
    assert_int_equal(encode_steps(config, &pieces, image, len, step, &err), 0);
    size_t padded = (len + config->block_size - 1) / config->block_size * config->block_size;
    uint8_t *medium = pieces_apply(&pieces, padded);
    assert_memory_equal(medium, image, len);
    for (size_t i = len; i < padded; i++)
        assert_int_equal(medium[i], 0);
    free(medium);
    pieces_done(&pieces);
}

static uint8_t *alloc_image(size_t len)
{
    uint8_t *image = calloc(1, len + 1);
    assert_non_null(image);
    return image;
}

static void random_shapes_arrive_whole(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {512, 1024, 1536, 4096, 65536, 1u << 20};
    size_t len = 3u << 20;
    uint8_t *image = alloc_image(len);
    uint32_t seed = 7;
    for (unsigned round = 0; round < 36; round++) {
        for (size_t at = 0; at < len;) {
            size_t n = noise(&seed) % (round % 2 ? 300000 : 20000) + 1;
            n = n > len - at ? len - at : n;
            unsigned kind = noise(&seed) % 4;
            uint32_t pattern = kind == 1 ? 0xA5A5A5A5u : 0x12345678u;
            if (kind == 0)
                memset(image + at, 0, n);
            else if (kind == 3)
                noise_fill(image + at, n, seed);
            for (size_t i = 0; i < n && (kind == 1 || kind == 2); i++)
                image[at + i] = (uint8_t)(pattern >> (8 * ((at + i) % 4)));
            at += n;
        }
        struct x8_sparse_config config =
            config_of(blocks[round % X8_COUNT(blocks)], (1u << 20) + 52 + noise(&seed) % 2000000);
        config.max_fill = round % 3 ? UINT64_MAX : 1u << 20;
        expect_same(&config, image, len - noise(&seed) % 5000, noise(&seed) % 400000 + 1);
    }
    free(image);
}

static void tiny_images_are_padded_with_zeros(void **state)
{
    (void)state;
    uint8_t image[5000];
    noise_fill(image, sizeof(image), 1);
    struct x8_sparse_config config = config_of(512, 8192);
    for (size_t len = 1; len < sizeof(image); len += 61)
        expect_same(&config, image, len, 7);
}

static void an_image_is_padded_up_to_a_block_of_a_mebibyte(void **state)
{
    (void)state;
    size_t len = 2500000;
    uint8_t *image = alloc_image(len);
    noise_fill(image, len, 3);
    struct x8_sparse_config config = config_of(1u << 20, (1u << 20) + 52);
    expect_same(&config, image, len, 100000);
    free(image);
}

static void a_run_of_64_kib_is_fill_and_a_shorter_one_is_raw(void **state)
{
    (void)state;
    static const struct {
        size_t run;
        size_t chunks;
        uint64_t filled;
    } rows[] = {{X8_SPARSE_MIN_FILL, 3, X8_SPARSE_MIN_FILL}, {X8_SPARSE_MIN_FILL - 4096, 1, 0}};
    size_t len = 256 * 1024;
    uint8_t *image = alloc_image(len);
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        noise_fill(image, len, 5);
        for (size_t k = 0; k < rows[i].run; k += 4)
            x8_put_le32(image + 65536 + k, 0xCAFE0042u);
        struct x8_sparse_config config = config_of(512, 1u << 20);
        struct pieces pieces;
        struct chunk_view chunks[8];
        assert_int_equal(encode_steps(&config, &pieces, image, len, 1000, NULL), 0);
        assert_int_equal(pieces.count, 1);
        assert_int_equal(piece_apply(&pieces.all[0], NULL, 0, chunks, 8), rows[i].chunks);
        assert_int_equal(pieces.all[0].filled, rows[i].filled);
        if (rows[i].chunks == 3) {
            assert_int_equal(chunks[1].type, X8_SPARSE_FILL);
            assert_int_equal(chunks[1].pattern, 0xCAFE0042u);
            assert_int_equal(chunks[1].offset, 65536);
        }
        pieces_done(&pieces);
    }
    free(image);
}

static void neighbouring_patterns_are_told_apart(void **state)
{
    (void)state;
    size_t len = 256 * 1024;
    uint8_t *image = alloc_image(len);
    memset(image + len / 2, 0xFF, len / 2);
    struct x8_sparse_config config = config_of(4096, 1u << 20);
    struct pieces pieces;
    struct chunk_view chunks[8];
    assert_int_equal(encode_steps(&config, &pieces, image, len, len, NULL), 0);
    assert_int_equal(piece_apply(&pieces.all[0], NULL, 0, chunks, 8), 2);
    assert_int_equal(chunks[0].pattern, 0);
    assert_int_equal(chunks[1].pattern, 0xFFFFFFFFu);
    assert_int_equal(pieces.all[0].len, 28 + 2 * 16);
    pieces_done(&pieces);
    free(image);
}

static void an_image_that_ends_with_a_full_piece_has_no_empty_piece_behind_it(void **state)
{
    (void)state;
    /* The first piece holds 28 + 12 + n * 512, the second 12 more. */
    size_t cap = 28 + 12 + 12 + 64 * 512, len = 128 * 512;
    uint8_t *image = alloc_image(len);
    noise_fill(image, len, 9);
    struct x8_sparse_config config = config_of(512, cap);
    struct pieces pieces;
    assert_int_equal(encode_steps(&config, &pieces, image, len, 512, NULL), 0);
    assert_int_equal(pieces.count, 2);
    assert_int_equal(pieces.all[0].end, 64 * 512);
    assert_int_equal(pieces.all[1].len, cap);
    assert_true(pieces.all[1].last);
    pieces_done(&pieces);
    expect_same(&config, image, len, 4096);
    free(image);
}

static void the_last_piece_waits_for_finish(void **state)
{
    (void)state;
    size_t len = 320000;
    uint8_t *image = alloc_image(len);
    noise_fill(image, len, 2);
    struct x8_sparse_config config = config_of(512, 100000);
    struct pieces pieces;
    struct x8_sparse_encoder *encoder = NULL;
    pieces_init(&pieces, config.piece_cap);
    assert_int_equal(x8_sparse_encoder_new(&config, &pieces.port, &encoder, NULL), 0);
    struct x8_sink *sink = x8_sparse_encoder_sink(encoder);
    assert_int_equal(sink->ops->push(sink, image, len, NULL), 0);
    assert_int_equal(pieces.count, 3);
    for (size_t i = 0; i < pieces.count; i++)
        assert_false(pieces.all[i].last);
    assert_int_equal(sink->ops->finish(sink, NULL), 0);
    assert_int_equal(pieces.count, 4);
    assert_true(pieces.all[3].last);
    x8_sparse_encoder_free(&encoder);
    pieces_done(&pieces);
    free(image);
}

static void a_long_fill_is_shared_out_by_max_fill(void **state)
{
    (void)state;
    size_t len = 10u << 20;
    uint8_t *image = alloc_image(len);
    struct x8_sparse_config config = config_of(512, 1u << 20);
    config.max_fill = (3u << 20) + 100;
    struct pieces pieces;
    assert_int_equal(encode_steps(&config, &pieces, image, len, 262144, NULL), 0);
    assert_int_equal(pieces.count, 4);
    for (size_t i = 0; i < pieces.count; i++)
        assert_true(pieces.all[i].filled <= 3u << 20);
    uint8_t *medium = pieces_apply(&pieces, len);
    assert_memory_equal(medium, image, len);
    free(medium);
    pieces_done(&pieces);
    free(image);
}

static void a_run_that_spans_pushes_is_one_fill(void **state)
{
    (void)state;
    size_t len = 8u << 20;
    uint8_t *image = alloc_image(len);
    struct x8_sparse_config config = config_of(512, 1u << 20);
    struct pieces pieces;
    assert_int_equal(encode_steps(&config, &pieces, image, len, 10007, NULL), 0);
    assert_int_equal(pieces.count, 1);
    assert_int_equal(pieces.all[0].len, 28 + 16);
    assert_int_equal(pieces.all[0].filled, len);
    pieces_done(&pieces);
    free(image);
}

static void skip_ranges_are_left_alone(void **state)
{
    (void)state;
    static const struct x8_range skip[] = {
        {0, 1024}, {5120, 5632}, {100 * 512, 900 * 512}, {1990 * 512, 2001 * 512}};
    size_t len = 2000 * 512 + 300;
    uint8_t *image = alloc_image(len);
    noise_fill(image, len, 11);
    memset(image + 300 * 512, 0, 1000 * 512);
    struct x8_sparse_config config = config_of(512, 40000);
    config.skip = skip;
    config.skip_count = X8_COUNT(skip);
    struct pieces pieces;
    assert_int_equal(encode_steps(&config, &pieces, image, len, 3333, NULL), 0);
    uint8_t *medium = pieces_apply(&pieces, 2001 * 512);
    size_t r = 0;
    for (size_t i = 0; i < 2001 * 512; i++) {
        while (r + 1 < X8_COUNT(skip) && i >= skip[r].end)
            r++;
        int left_alone = i >= skip[r].start && i < skip[r].end;
        assert_int_equal(medium[i], left_alone ? STALE : i < len ? image[i] : 0);
    }
    free(medium);
    pieces_done(&pieces);
    free(image);
}

static void an_empty_image_is_refused(void **state)
{
    (void)state;
    struct x8_sparse_config config = config_of(512, 65536);
    struct pieces pieces;
    struct x8_error err = {0};
    assert_int_equal(encode_steps(&config, &pieces, NULL, 0, 1, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(pieces.count, 0);
    assert_non_null(strstr(err.msg, "empty"));
}

static void an_image_that_does_not_fit_is_a_misfit(void **state)
{
    (void)state;
    size_t len = 200000;
    uint8_t *image = alloc_image(len);
    struct x8_sparse_config config = config_of(512, 65536);
    config.image_limit = len - 1;
    struct pieces pieces;
    struct x8_error err = {0};
    assert_int_equal(encode_steps(&config, &pieces, image, len, 4096, &err), -X8_E_MISFIT);
    assert_true(err.why[0] && err.next[0]);
    pieces_done(&pieces);
    /* The image itself would fit, its last block does not. */
    config.image_limit = len;
    assert_int_equal(encode_steps(&config, &pieces, image, len, 4096, &err), -X8_E_MISFIT);
    pieces_done(&pieces);
    config.image_limit = 200192;
    expect_same(&config, image, len, 4096);
    free(image);
}

static void a_port_that_fails_ends_the_encoding_with_its_words(void **state)
{
    (void)state;
    size_t len = 300000;
    uint8_t *image = alloc_image(len);
    noise_fill(image, len, 2);
    struct x8_sparse_config config = config_of(512, 100000);
    for (size_t at = 1; at <= 4; at++) {
        for (int put = 0; put < 2; put++) {
            struct pieces pieces;
            struct x8_error err = {0};
            struct x8_sparse_encoder *encoder = NULL;
            pieces_init(&pieces, config.piece_cap);
            *(put ? &pieces.fail_put_at : &pieces.fail_get_at) = at;
            assert_int_equal(x8_sparse_encoder_new(&config, &pieces.port, &encoder, &err), 0);
            struct x8_sink *sink = x8_sparse_encoder_sink(encoder);
            int rc = sink->ops->push(sink, image, len, &err);
            if (rc >= 0)
                rc = sink->ops->finish(sink, &err);
            assert_int_equal(rc, put ? -X8_E_REFUSED : -X8_E_GONE);
            x8_sparse_encoder_free(&encoder);
            pieces_done(&pieces);
        }
    }
    free(image);
}

static void a_transfer_too_small_for_a_block_is_a_misfit(void **state)
{
    (void)state;
    struct x8_sparse_encoder *encoder = NULL;
    struct pieces pieces;
    pieces_init(&pieces, 4096);
    struct x8_sparse_config config = config_of(4096, 4096);
    assert_int_equal(x8_sparse_encoder_new(&config, &pieces.port, &encoder, NULL), -X8_E_MISFIT);
    config = config_of(520, 1u << 20);
    assert_int_equal(x8_sparse_encoder_new(&config, &pieces.port, &encoder, NULL), -X8_E_INTERNAL);
    config = config_of(0, 1u << 20);
    assert_int_equal(x8_sparse_encoder_new(&config, &pieces.port, &encoder, NULL), -X8_E_INTERNAL);
    assert_null(encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_shapes_arrive_whole),
        cmocka_unit_test(tiny_images_are_padded_with_zeros),
        cmocka_unit_test(an_image_is_padded_up_to_a_block_of_a_mebibyte),
        cmocka_unit_test(a_run_of_64_kib_is_fill_and_a_shorter_one_is_raw),
        cmocka_unit_test(neighbouring_patterns_are_told_apart),
        cmocka_unit_test(an_image_that_ends_with_a_full_piece_has_no_empty_piece_behind_it),
        cmocka_unit_test(the_last_piece_waits_for_finish),
        cmocka_unit_test(a_long_fill_is_shared_out_by_max_fill),
        cmocka_unit_test(a_run_that_spans_pushes_is_one_fill),
        cmocka_unit_test(skip_ranges_are_left_alone),
        cmocka_unit_test(an_empty_image_is_refused),
        cmocka_unit_test(an_image_that_does_not_fit_is_a_misfit),
        cmocka_unit_test(a_port_that_fails_ends_the_encoding_with_its_words),
        cmocka_unit_test(a_transfer_too_small_for_a_block_is_a_misfit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
