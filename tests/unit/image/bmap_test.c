/* Block maps: the map must agree with itself, and the image with the map. */
#include "pieces.h"

#include "image/bmap.h"
#include "util/buf.h"
#include "util/file.h"

#define IMAGE_LEN (5 * 4096 - 1000)

/* The image of the map in the fuzz corpus: blocks 0, 1 and 4 of 5 are mapped. */
static void make_image(uint8_t *out)
{
    for (size_t i = 0; i < IMAGE_LEN; i++)
        out[i] = (uint8_t)(i / 4096 * 7 + i % 4096);
}

static void load_map(struct x8_buf *out)
{
    assert_int_equal(
        x8_file_load(TEST_SOURCE_DIR "/fuzz/corpus/bmap/good.bmap", 1u << 20, out, NULL), 0);
}

/* Replace the first `from`, and set the file's own checksum right again unless told otherwise. */
static void edit(struct x8_buf *map, const char *from, const char *to, int keep_sum)
{
    struct x8_buf out = {0};
    char *at = strstr((char *)map->data, from);
    assert_non_null(at);
    size_t before = (size_t)(at - (char *)map->data);
    assert_int_equal(x8_buf_add(&out, map->data, before), 0);
    assert_int_equal(x8_buf_add(&out, to, strlen(to)), 0);
    const char *rest = at + strlen(from);
    assert_int_equal(x8_buf_add(&out, rest, strlen(rest)), 0);
    x8_buf_done(map);
    *map = out;
    char *sum = strstr((char *)map->data, "<BmapFileChecksum> ");
    if (keep_sum || !sum)
        return;
    uint8_t digest[X8_SHA256_LEN];
    char hex[65];
    struct x8_sha256 *sha = x8_sha256_new();
    assert_non_null(sha);
    memset(sum + 19, '0', 64);
    x8_sha256_add(sha, map->data, map->len);
    x8_sha256_take(sha, digest);
    x8_sha256_free(&sha);
    x8_hex(hex, digest, sizeof(digest));
    memcpy(sum + 19, hex, 64);
}

static void a_map_is_read(void **state)
{
    (void)state;
    X8_AUTO_BUF map = {0};
    struct x8_bmap bmap;
    struct x8_error err = {0};
    load_map(&map);
    assert_int_equal(x8_bmap_parse(x8_buf_span(&map), &bmap, &err), 0);
    assert_int_equal(bmap.image_size, IMAGE_LEN);
    assert_int_equal(bmap.block_size, 4096);
    assert_int_equal(bmap.count, 2);
    assert_int_equal(bmap.ranges[0].start, 0);
    assert_int_equal(bmap.ranges[0].end, 8192);
    assert_int_equal(bmap.ranges[1].start, 16384);
    assert_int_equal(bmap.ranges[1].end, 20480);
    assert_true(bmap.ranges[0].has_sha256 && bmap.ranges[1].has_sha256);
    struct x8_range *gaps = NULL;
    assert_int_equal(x8_bmap_gaps(&bmap, &gaps, NULL), 1);
    assert_int_equal(gaps[0].start, 8192);
    assert_int_equal(gaps[0].end, 16384);
    free(gaps);
    x8_bmap_done(&bmap);
    assert_null(bmap.ranges);
}

static void a_map_that_disagrees_with_itself_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int keep_sum, rc;
        const char *said;
    } rows[] = {
        {"Image size in bytes", "image size in bytes", 0, 0, ""},
        {"Image size in bytes", "image size in bytes", 1, -X8_E_BAD_DIGEST, "own checksum"},
        {"version=\"2.0\"", "version=\"1.4\"", 0, 0, ""},
        {"version=\"2.0\"", "version=\"1.3\"", 0, -X8_E_BAD_IMAGE, "SHA-1"},
        {"version=\"2.0\"", "version=\"3.0\"", 0, -X8_E_BAD_IMAGE, "unknown version"},
        {"version=\"2.0\"", "", 0, -X8_E_BAD_IMAGE, "unknown version"},
        {"<bmap version", "<!DOCTYPE bmap [<!ENTITY a \"b\">]><bmap version", 0, -X8_E_BAD_IMAGE,
         "document type"},
        {"> sha256 <", "> sha1 <", 0, -X8_E_BAD_IMAGE, "not SHA-256"},
        {"> 0-1 <", "> 1-0 <", 0, -X8_E_BAD_IMAGE, "backwards"},
        {"> 4 <", "> 1 <", 0, -X8_E_BAD_IMAGE, "overlaps"},
        {"> 4 <", "> 5 <", 0, -X8_E_BAD_IMAGE, "outside"},
        {"> 4 <", "> 18446744073709551615 <", 0, -X8_E_BAD_IMAGE, "outside"},
        {"> 4 <", "> 18446744073709551616 <", 0, -X8_E_BAD_IMAGE, "not a number"},
        {"> 4 <", "> 0x4 <", 0, -X8_E_BAD_IMAGE, "not a number"},
        {"> 4 <", "> 3-4- <", 0, -X8_E_BAD_IMAGE, "not a number"},
        {"> 4 <", "> <", 0, -X8_E_BAD_IMAGE, "not a number"},
        {"> 4 <", "> 3-4 <", 0, -X8_E_BAD_IMAGE, "as many blocks"},
        {"> 4 <", "> <b>4</b> <", 0, -X8_E_BAD_IMAGE, "inside a value"},
        {"chksum=\"", "chksum=\"0", 0, -X8_E_BAD_IMAGE, "no SHA-256"},
        {"<BlocksCount> 5", "<BlocksCount> 6", 0, -X8_E_BAD_IMAGE, "number of blocks"},
        {"<BlockSize> 4096", "<BlockSize> 4095", 0, -X8_E_BAD_IMAGE, "multiple of 512"},
        {"<BlockSize> 4096", "<BlockSize> 0", 0, -X8_E_BAD_IMAGE, "multiple of 512"},
        {"<ImageSize> 19480", "<ImageSize> 0", 0, -X8_E_BAD_IMAGE, "number of blocks"},
        {"<ImageSize> 19480 </ImageSize>", "", 0, -X8_E_BAD_IMAGE, "missing"},
        {"<ImageSize>", "<ImageSize> 1 </ImageSize><ImageSize>", 0, -X8_E_BAD_IMAGE, "twice"},
        {"<ChecksumType> sha256 </ChecksumType>", "", 0, -X8_E_BAD_IMAGE, "missing"},
        {"<BlockMap>", "<BlockMap", 0, -X8_E_BAD_IMAGE, "line "},
        {"</bmap>", "", 0, -X8_E_BAD_IMAGE, "line "},
        {"<bmap ", "<html ", 0, -X8_E_BAD_IMAGE, "not a block map"},
    };
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        X8_AUTO_BUF map = {0};
        struct x8_bmap bmap = {0};
        struct x8_error err = {0};
        load_map(&map);
        edit(&map, rows[i].from, rows[i].to, rows[i].keep_sum);
        int rc = x8_bmap_parse(x8_buf_span(&map), &bmap, &err);
        if (rc != rows[i].rc || !strstr(err.msg, rows[i].said))
            print_error("row %zu: %d %s\n", i, rc, err.msg);
        assert_int_equal(rc, rows[i].rc);
        assert_non_null(strstr(err.msg, rows[i].said));
        x8_bmap_done(&bmap);
    }
}

static void a_map_cut_anywhere_is_refused(void **state)
{
    (void)state;
    X8_AUTO_BUF map = {0};
    struct x8_bmap bmap = {0};
    load_map(&map);
    size_t end = map.len - 1; /* the last line feed is part of the checksum, and nothing else */
    for (size_t len = 0; len < end; len++)
        assert_int_equal(x8_bmap_parse((struct x8_span){map.data, len}, &bmap, NULL),
                         -X8_E_BAD_IMAGE);
    assert_int_equal(x8_bmap_parse((struct x8_span){map.data, end}, &bmap, NULL), -X8_E_BAD_DIGEST);
}

/* --- the image as it passes */

struct keep {
    struct x8_sink sink;
    struct x8_buf got;
    int finished;
};

static int keep_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct keep *keep = X8_CONTAINER(sink, struct keep, sink);
    (void)err;
    assert_int_equal(x8_buf_add(&keep->got, data, len), 0);
    return 0;
}

static int keep_finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)err;
    X8_CONTAINER(sink, struct keep, sink)->finished++;
    return 0;
}

static int pass(const uint8_t *image, size_t len, size_t step, struct keep *keep,
                struct x8_error *err)
{
    static const struct x8_sink_ops ops = {keep_push, keep_finish};
    X8_AUTO_BUF map = {0};
    struct x8_bmap bmap;
    struct x8_sink *check = NULL;
    load_map(&map);
    assert_int_equal(x8_bmap_parse(x8_buf_span(&map), &bmap, NULL), 0);
    *keep = (struct keep){.sink = {&ops}};
    assert_int_equal(x8_bmap_check_new(&bmap, &keep->sink, &check, NULL), 0);
    int rc = 0;
    for (size_t at = 0; at < len && rc >= 0; at += step)
        rc = check->ops->push(check, image + at, len - at < step ? len - at : step, err);
    if (rc >= 0)
        rc = check->ops->finish(check, err);
    x8_bmap_check_free(&check);
    assert_null(check);
    x8_bmap_done(&bmap);
    return rc;
}

static void an_image_that_is_the_maps_passes_through(void **state)
{
    (void)state;
    uint8_t image[IMAGE_LEN];
    static const size_t steps[] = {1, 4096, 5000, IMAGE_LEN};
    make_image(image);
    for (size_t i = 0; i < X8_COUNT(steps); i++) {
        struct keep keep;
        assert_int_equal(pass(image, IMAGE_LEN, steps[i], &keep, NULL), 0);
        assert_int_equal(keep.finished, 1);
        assert_int_equal(keep.got.len, IMAGE_LEN);
        assert_memory_equal(keep.got.data, image, IMAGE_LEN);
        x8_buf_done(&keep.got);
    }
    /* What is not mapped is not looked at. */
    struct keep keep;
    image[9000] ^= 1;
    assert_int_equal(pass(image, IMAGE_LEN, 4096, &keep, NULL), 0);
    x8_buf_done(&keep.got);
}

static void another_image_is_found_out(void **state)
{
    (void)state;
    uint8_t image[IMAGE_LEN + 1] = {0};
    static const struct {
        size_t flip, len;
        const char *said;
    } rows[] = {{0, IMAGE_LEN, "bytes 0 to 8191"},
                {8191, IMAGE_LEN, "bytes 0 to 8191"},
                {IMAGE_LEN - 1, IMAGE_LEN, "bytes 16384 to 20479"},
                {9000, IMAGE_LEN - 1, "the map is for 19480 bytes"},
                {9000, 100, "the map is for 19480 bytes"},
                {9000, IMAGE_LEN + 1, "the map is for 19480 bytes"}};
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct keep keep;
        struct x8_error err = {0};
        make_image(image);
        image[rows[i].flip] ^= 0x10;
        assert_int_equal(pass(image, rows[i].len, 1000, &keep, &err), -X8_E_BAD_DIGEST);
        assert_non_null(strstr(err.why, rows[i].said));
        assert_int_equal(keep.finished, 0);
        x8_buf_done(&keep.got);
    }
}

static void gaps_go_to_the_end_of_the_last_block(void **state)
{
    (void)state;
    struct x8_bmap_range ranges[] = {{.start = 4096, .end = 8192}, {.start = 8192, .end = 12288}};
    struct x8_bmap bmap = {20000, 4096, ranges, 2};
    struct x8_range *gaps = NULL;
    assert_int_equal(x8_bmap_gaps(&bmap, &gaps, NULL), 2);
    assert_int_equal(gaps[0].start, 0);
    assert_int_equal(gaps[0].end, 4096);
    assert_int_equal(gaps[1].start, 12288);
    assert_int_equal(gaps[1].end, 20480);
    free(gaps);
    bmap.count = 0;
    assert_int_equal(x8_bmap_gaps(&bmap, &gaps, NULL), 1);
    assert_int_equal(gaps[0].end, 20480);
    free(gaps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_is_read),
        cmocka_unit_test(a_map_that_disagrees_with_itself_is_refused),
        cmocka_unit_test(a_map_cut_anywhere_is_refused),
        cmocka_unit_test(an_image_that_is_the_maps_passes_through),
        cmocka_unit_test(another_image_is_found_out),
        cmocka_unit_test(gaps_go_to_the_end_of_the_last_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
