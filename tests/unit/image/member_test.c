/* Pieces as gzip members: what zlib and a board inflate from them is what the piece writes. */
#include "image/member.h"
#include "pieces.h"

#include "../vboard/drive.h"

#include <zlib.h>

#define BLOCK 512u
#define LEN   ((size_t)2 << 20)

struct bench {
    struct x8_deflater *deflater;
    struct x8_members members;
    uint8_t *image, *expected, *got;
    struct pieces pieces;
    uint32_t seed;
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));
    assert_non_null(b);
    b->image = malloc(LEN);
    b->expected = malloc(LEN);
    b->got = malloc(LEN);
    b->seed = 20;
    assert_true(b->image && b->expected && b->got);
    assert_int_equal(x8_deflater_new(&b->deflater, NULL), 0);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    x8_members_done(&b->members);
    assert_null(b->members.data);
    x8_deflater_free(&b->deflater);
    pieces_done(&b->pieces);
    free(b->image);
    free(b->expected);
    free(b->got);
    free(b);
    return 0;
}

/* Noise, text-like bytes, runs of two patterns, and ranges to leave alone. */
static void mixed_pieces(struct bench *b, size_t cap, struct x8_range *skip, size_t skip_count)
{
    for (size_t at = 0; at < LEN;) {
        size_t n = noise(&b->seed) % 200000 + 1;
        unsigned kind = noise(&b->seed) % 4;
        n = n < LEN - at ? n : LEN - at;
        for (size_t i = at; i < at + n; i++) {
            uint32_t random = noise(&b->seed) >> 9;
            const uint32_t kinds[] = {random, (uint8_t) "a board "[random & 7], 0,
                                      0xDEADBEEFu >> i % 4 * 8};
            b->image[i] = (uint8_t)kinds[kind];
        }
        at += n;
    }
    struct x8_sparse_config config = {.block_size = BLOCK,
                                      .piece_cap = cap,
                                      .image_limit = UINT64_MAX,
                                      .skip = skip,
                                      .skip_count = skip_count};
    struct x8_sparse_encoder *encoder = NULL;
    pieces_done(&b->pieces);
    pieces_init(&b->pieces, cap);
    assert_int_equal(x8_sparse_encoder_new(&config, &b->pieces.port, &encoder, NULL), 0);
    struct x8_sink *sink = x8_sparse_encoder_sink(encoder);
    assert_int_equal(sink->ops->push(sink, b->image, LEN, NULL), 0);
    assert_int_equal(sink->ops->finish(sink, NULL), 0);
    x8_sparse_encoder_free(&encoder);
}

static size_t random_gaps(struct bench *b, struct x8_range *out, size_t max)
{
    uint64_t at = 0;
    size_t count = 0;
    while (count < max && at < LEN) {
        at += (1 + noise(&b->seed) % 700) * BLOCK;
        out[count].start = at;
        at += (1 + noise(&b->seed) % 300) * BLOCK;
        out[count++].end = at;
    }
    return count;
}

/* Inflate one member with zlib: its bytes are all used, its length is what it says. */
static void inflate_member(const struct x8_members *members, const struct x8_member *member,
                           uint8_t *out)
{
    static const uint8_t plain[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    z_stream z = {.next_in = members->data + member->at,
                  .avail_in = (uInt)member->size,
                  .next_out = out,
                  .avail_out = (uInt)member->len};
    assert_memory_equal(members->data + member->at, plain, sizeof(plain));
    assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    assert_int_equal(z.avail_out, 0);
    inflateEnd(&z);
}

/* The members lie one behind the other and write what the piece writes. */
static void expect_piece(struct bench *b, const struct x8_piece *piece)
{
    const struct x8_members *m = &b->members;
    uint64_t written = 0, last_end = 0;
    size_t at = 0;
    memset(b->expected, STALE, LEN);
    memset(b->got, STALE, LEN);
    piece_apply(piece, b->expected, LEN, NULL, 0);
    for (size_t i = 0; i < m->count; i++) {
        const struct x8_member *member = &m->items[i];
        assert_int_equal(member->at, at);
        assert_int_equal(member->offset % BLOCK, 0);
        assert_int_equal(member->len % BLOCK, 0);
        assert_true(member->len > 0 && x8_fits(member->offset, member->len, LEN));
        assert_true(i == 0 || member->offset > last_end); /* a gap between */
        inflate_member(m, member, b->got + member->offset);
        at += member->size;
        written += member->len;
        last_end = member->offset + member->len;
    }
    assert_int_equal(at, m->len);
    assert_int_equal(written, piece->written);
    assert_memory_equal(b->got, b->expected, LEN);
}

static void members_write_what_the_piece_writes(void **state)
{
    struct bench *b = *state;
    struct x8_range skip[12];
    for (unsigned round = 0; round < 12; round++) {
        mixed_pieces(b, 30000 + noise(&b->seed) % 1500000, skip,
                     random_gaps(b, skip, X8_COUNT(skip)));
        for (size_t i = 0; i < b->pieces.count; i++) {
            assert_int_equal(
                x8_members_make(b->deflater, &b->pieces.all[i], SIZE_MAX, &b->members, NULL), 1);
            expect_piece(b, &b->pieces.all[i]);
        }
    }
}

static void what_does_not_fit_leaves_nothing_and_the_next_is_whole(void **state)
{
    struct bench *b = *state;
    struct x8_range skip[3];
    mixed_pieces(b, LEN, skip, random_gaps(b, skip, X8_COUNT(skip)));
    const struct x8_piece *piece = &b->pieces.all[0];
    assert_int_equal(x8_members_make(b->deflater, piece, SIZE_MAX, &b->members, NULL), 1);
    size_t whole = b->members.len, first = b->members.items[0].size;
    const size_t caps[] = {0,         1,         9,         10,        19,        first - 1, first,
                           first + 5, whole / 2, whole - 9, whole - 8, whole - 4, whole - 1};
    for (size_t i = 0; i < X8_COUNT(caps); i++) {
        assert_int_equal(x8_members_make(b->deflater, piece, caps[i], &b->members, NULL), 0);
        assert_int_equal(b->members.len, 0);
        assert_int_equal(b->members.count, 0);
        x8_members_done(&b->members);
        assert_int_equal(x8_members_make(b->deflater, piece, whole, &b->members, NULL), 1);
        assert_true(b->members.cap <= whole);
        assert_int_equal(b->members.len, whole);
        expect_piece(b, piece);
    }
}

static void a_piece_that_writes_nothing_has_no_members(void **state)
{
    struct bench *b = *state;
    struct x8_range skip[] = {{0, LEN}};
    mixed_pieces(b, 30000, skip, 1);
    assert_int_equal(b->pieces.count, 1);
    assert_int_equal(x8_members_make(b->deflater, &b->pieces.all[0], 0, &b->members, NULL), 1);
    assert_int_equal(b->members.count, 0);
    assert_int_equal(b->members.len, 0);
}

static void a_damaged_piece_is_an_error(void **state)
{
    struct bench *b = *state;
    struct x8_error err = {0};
    mixed_pieces(b, 100000, NULL, 0);
    struct x8_piece cut = b->pieces.all[0];
    cut.len -= 100;
    assert_int_equal(x8_members_make(b->deflater, &cut, SIZE_MAX, &b->members, &err),
                     -X8_E_BAD_IMAGE);
    assert_int_equal(b->members.len, 0);
    assert_int_equal(x8_members_make(b->deflater, &b->pieces.all[0], SIZE_MAX, &b->members, NULL),
                     1);
    expect_piece(b, &b->pieces.all[0]);
}

/* The length in a member's trailer counts modulo 2^32, and gzwrite goes by it. */
static void a_very_long_range_is_several_members(void **state)
{
    struct bench *b = *state;
    uint8_t data[28 + 16] = {0};
    uint64_t len = ((uint64_t)1 << 30) + 65536;
    struct x8_piece piece = {.data = data, .len = sizeof(data), .end = len};
    x8_put_le32(data, X8_SPARSE_MAGIC);
    x8_put_le16(data + 4, 1);
    x8_put_le16(data + 8, 28);
    x8_put_le16(data + 10, 12);
    x8_put_le32(data + 12, BLOCK);
    x8_put_le32(data + 16, (uint32_t)(len / BLOCK));
    x8_put_le32(data + 20, 1);
    x8_put_le16(data + 28, X8_SPARSE_FILL);
    x8_put_le32(data + 32, (uint32_t)(len / BLOCK));
    x8_put_le32(data + 36, 16);
    assert_int_equal(x8_members_make(b->deflater, &piece, SIZE_MAX, &b->members, NULL), 1);
    assert_int_equal(b->members.count, 2);
    const struct x8_member *items = b->members.items;
    assert_int_equal(items[0].len, (uint64_t)1 << 30);
    assert_int_equal(x8_get_le32(b->members.data + items[0].size - 4), 1u << 30);
    assert_int_equal(items[1].offset, (uint64_t)1 << 30);
    assert_int_equal(items[1].len, 65536);
    inflate_member(&b->members, &items[1], b->got);
}

static void board_takes(struct drive *d, const uint8_t *data, size_t len, uint64_t offset)
{
    char text[128];
    assert_string_equal(drive_download(d, data, len), "OKAY");
    snprintf(text, sizeof text, "gzwrite mmc ${emmc_dev} 42800000 ${filesize} 100000 %llx",
             (unsigned long long)offset);
    assert_string_equal(drive_ucmd(d, text), "OKAY");
}

static void a_board_takes_the_members(void **state)
{
    struct bench *b = *state;
    struct x8_range skip[6];
    struct drive d;
    uint8_t *before = malloc(LEN);
    assert_non_null(before);
    drive_fastboot(&d, "");
    mixed_pieces(b, 700000, skip, random_gaps(b, skip, X8_COUNT(skip)));
    assert_int_equal(drive_read(&d, 0, 0, before, LEN), 0);
    for (size_t i = 0; i < b->pieces.count; i++) {
        const struct x8_piece *piece = &b->pieces.all[i];
        assert_int_equal(x8_members_make(b->deflater, piece, SIZE_MAX, &b->members, NULL), 1);
        for (size_t k = 0; k < b->members.count; k++) {
            const struct x8_member *member = &b->members.items[k];
            board_takes(&d, b->members.data + member->at, member->size, member->offset);
        }
        piece_apply(piece, before, LEN, NULL, 0);
    }
    assert_int_equal(drive_read(&d, 0, 0, b->got, LEN), 0);
    assert_memory_equal(b->got, before, LEN);
    drive_close(&d);
    free(before);
}

static void the_empty_member_is_taken_and_writes_nothing(void **state)
{
    (void)state;
    struct x8_span empty = x8_member_empty();
    struct drive d;
    uint8_t out[1];
    z_stream z = {.next_out = out, .avail_out = 1};
    uint8_t copy[20];
    assert_int_equal(empty.len, 20);
    memcpy(copy, empty.data, sizeof(copy));
    z.next_in = copy;
    z.avail_in = sizeof(copy);
    assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, 0);
    assert_int_equal(z.avail_in, 0);
    inflateEnd(&z);
    drive_fastboot(&d, "");
    board_takes(&d, empty.data, empty.len, 0);
    assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), 0);
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_write_what_the_piece_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_leaves_nothing_and_the_next_is_whole,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_piece_that_writes_nothing_has_no_members, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_damaged_piece_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_very_long_range_is_several_members, setup, teardown),
        cmocka_unit_test_setup_teardown(a_board_takes_the_members, setup, teardown),
        cmocka_unit_test(the_empty_member_is_taken_and_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
