/*
 * --skip-unused: what a FAT calls free is not sent, what a block map says comes before that, and an
 * image that changes between its two readings does not end in success.
 */
#include "kit.h"

#include "testlib.h"

#include "util/digest.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define IMAGE_LEN (3u << 20)
#define PART_AT   (1u << 20)
#define DATA_AT   (PART_AT + 8192u) /* behind 8 reserved sectors, 4 of FAT and 4 of root folder */
#define CLUSTER   4096u
#define CLUSTERS  510u

static const struct x8_plan_options skip = {.is_flash = 1, .skip_unused = 1};

static int is_used(uint32_t cluster)
{
    return cluster / 3 % 2 == 0;
}

/* A FAT12 of 2 MiB in place of the partition; its clusters keep what lies there. */
static void put_fat(struct kit *kit)
{
    uint8_t *boot = kit->image + PART_AT, *fat = boot + 4096;

    memset(boot, 0, 8192);
    memcpy(boot, "\xeb\x3c\x90MSDOS5.0", 11);
    x8_put_le16(boot + 11, 512);
    boot[13] = CLUSTER / 512;
    x8_put_le16(boot + 14, 8);
    boot[16] = 1;
    x8_put_le16(boot + 17, 64);
    x8_put_le16(boot + 19, 4096);
    boot[21] = 0xf8;
    x8_put_le16(boot + 22, 4);
    boot[510] = 0x55;
    boot[511] = 0xaa;
    for (uint32_t c = 0; c < CLUSTERS + 2; c++) {
        uint16_t entry = c < 2 || is_used(c) ? 0xfff : 0, shift = c % 2 ? 4 : 0;

        fat[c * 3 / 2] |= (uint8_t)(entry << shift);
        fat[c * 3 / 2 + 1] |= (uint8_t)(entry << shift >> 8);
    }
    kit_file(kit, "image.wic", kit->image, kit->image_len);
}

static uint32_t count_free(void)
{
    uint32_t n = 0;

    for (uint32_t c = 2; c < CLUSTERS + 2; c++)
        n += !is_used(c);
    return n;
}

static void begin(struct kit *kit)
{
    kit_init(kit, IMAGE_LEN);
    put_fat(kit);
}

struct look {
    struct kit *kit;
    uint32_t wrong, touched;
};

static void look_at(void *ctx)
{
    struct look *look = ctx;
    struct vb *vb = look->kit->boards[0];
    uint8_t got[CLUSTER];

    for (uint32_t c = 2; c < CLUSTERS + 2; c++) {
        uint64_t at = DATA_AT + (uint64_t)(c - 2) * CLUSTER;

        if (!is_used(c)) {
            look->touched += vb_medium_touched(vb, 0, at, CLUSTER) != 0;
            continue;
        }
        assert_int_equal(vb_medium_read(vb, 0, at, got, CLUSTER), 0);
        look->wrong += memcmp(got, look->kit->image + at, CLUSTER) != 0;
    }
}

static void check_medium(struct kit *kit)
{
    struct look look = {.kit = kit};

    vb_bus_locked(kit->bus, look_at, &look);
    assert_int_equal(look.wrong, 0);
    assert_int_equal(look.touched, 0);
}

static void what_a_file_system_does_not_use_stays_as_it_was(void **state)
{
    struct kit kit;
    const struct x8_flash_target *target;
    const struct x8_step *os;
    uint64_t left = (uint64_t)count_free() * CLUSTER;

    (void)state;
    begin(&kit);
    kit_board(&kit, "start=fastboot");
    assert_int_equal(kit_plan(&kit, &skip), 0);
    os = x8_plan_os(&kit.plan);
    assert_int_equal(os->skip_by, X8_SKIP_MAP);
    assert_int_equal(os->unused, left);
    assert_int_equal(os->used_part_count, 1);
    assert_string_equal(os->used_parts[0].kind, "fat12");
    assert_int_equal(kit_run_plan(&kit, X8_VERIFY_FULL), 0);
    target = &kit.results[0].targets[0];
    assert_int_equal(target->skipped, left);
    assert_int_equal(target->written, IMAGE_LEN - left);
    assert_int_equal(target->bytes, IMAGE_LEN);
    assert_true(target->is_verified);
    assert_true(kit_said(&kit, "left as they were"));
    assert_true(kit.has_bar && !kit.is_beyond_full);
    check_medium(&kit);
    kit_done(&kit);
}

static void
blocks_of_a_board_that_are_larger_than_clusters_are_sent_when_a_part_is_used(void **state)
{
    struct kit kit;
    struct x8_measure fine = {0}, coarse = {0};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};

    (void)state;
    begin(&kit);
    assert_int_equal(kit_plan(&kit, &skip), 0);
    assert_int_equal(x8_plan_measure(&op, &kit.plan, 512, &fine, &kit.err), 0);
    assert_int_equal(x8_plan_measure(&op, &kit.plan, 8192, &coarse, &kit.err), 0);
    assert_int_equal(fine.skipped_bytes, (uint64_t)count_free() * CLUSTER);
    assert_int_equal(coarse.skipped_bytes % 8192, 0);
    assert_true(coarse.skipped_bytes > 0 && coarse.skipped_bytes < fine.skipped_bytes);
    kit_done(&kit);
}

static void without_the_option_nothing_is_left_out(void **state)
{
    struct kit kit;

    (void)state;
    begin(&kit);
    kit_board(&kit, "start=fastboot");
    assert_int_equal(kit_run(&kit, X8_VERIFY_FULL), 0);
    assert_int_equal(x8_plan_os(&kit.plan)->skip_by, X8_SKIP_NOTHING);
    assert_int_equal(kit.results[0].targets[0].skipped, 0);
    assert_true(kit_is_written(&kit, 0));
    kit_done(&kit);
}

static void an_image_that_nobody_can_read_is_sent_whole(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN); /* its partition holds noise */
    kit_board(&kit, "start=fastboot");
    assert_int_equal(kit_plan(&kit, &skip), 0);
    assert_int_equal(x8_plan_os(&kit.plan)->unused, 0);
    assert_true(x8_plan_os(&kit.plan)->used_parts[0].note[0]);
    assert_int_equal(kit_run_plan(&kit, X8_VERIFY_FULL), 0);
    assert_true(kit_is_written(&kit, 0));
    kit_done(&kit);
}

#define NO_SUM "0000000000000000000000000000000000000000000000000000000000000000"

/* Blocks 0 to 511 of 768. */
static const char block_map[] =
    "<?xml version=\"1.0\" ?>\n<bmap version=\"2.0\">\n<ImageSize> 3145728 </ImageSize>\n"
    "<BlockSize> 4096 </BlockSize>\n<BlocksCount> 768 </BlocksCount>\n"
    "<MappedBlocksCount> 512 </MappedBlocksCount>\n<ChecksumType> sha256 </ChecksumType>\n"
    "<BmapFileChecksum> " NO_SUM " </BmapFileChecksum>\n"
    "<BlockMap>\n<Range> 0-511 </Range>\n</BlockMap>\n</bmap>\n";

/* Its own checksum is made with zeros in its place. */
static void put_block_map(struct kit *kit)
{
    char text[sizeof block_map], sum[65];
    struct x8_sha256 *sha = x8_sha256_new();
    uint8_t digest[X8_SHA256_LEN];

    memcpy(text, block_map, sizeof text);
    x8_sha256_add(sha, text, strlen(text));
    x8_sha256_take(sha, digest);
    x8_sha256_free(&sha);
    x8_hex(sum, digest, sizeof digest);
    memcpy(strstr(text, NO_SUM), sum, 64);
    kit_text(kit, "image.bmap", text);
}

static void a_block_map_beside_the_image_comes_first(void **state)
{
    struct kit kit;
    const struct x8_step *os;

    (void)state;
    begin(&kit);
    put_block_map(&kit);
    if (kit_plan(&kit, &skip) < 0)
        fail_msg("%s: %s", kit.err.msg, kit.err.why);
    os = x8_plan_os(&kit.plan);
    assert_int_equal(os->skip_by, X8_SKIP_BMAP);
    assert_int_equal(os->unused, 1u << 20);
    assert_int_equal(os->used_part_count, 0);
    kit_done(&kit);
}

static void an_image_that_changes_between_its_readings_is_no_success(void **state)
{
    struct kit kit;

    (void)state;
    begin(&kit);
    kit_board(&kit, "start=fastboot");
    assert_int_equal(kit_plan(&kit, &skip), 0);
    assert_false(is_used(3)); /* the map would leave out what is new */
    kit.image[DATA_AT + CLUSTER + 5] ^= 1;
    kit_file(&kit, "image.wic", kit.image, kit.image_len);
    assert_int_equal(kit_run_plan(&kit, X8_VERIFY_AUTO), -(int)X8_E_BAD_IMAGE);
    assert_non_null(strstr(kit.err.msg, "changed while it was read"));
    assert_true(kit.results[0].touched != X8_TOUCHED_ALL);
    kit_done(&kit);
}

/* bzip2 says no size: only the reading of all of it shows the end. */
static void an_image_cut_short_is_known_before_the_board_is_touched(void **state)
{
    struct kit kit;

    (void)state;
    begin(&kit);
    kit_pack(&kit, "head -c 2500000 image.wic | bzip2 -1 > image.wic.bz2 && rm image.wic");
    assert_int_equal(kit_plan(&kit, &skip), -(int)X8_E_BAD_IMAGE);
    assert_non_null(strstr(kit.err.msg, "is cut short"));
    kit_done(&kit);
}

static void a_damaged_image_is_known_before_the_board_is_touched(void **state)
{
    struct kit kit;

    (void)state;
    begin(&kit);
    kit_pack(&kit, "gzip image.wic && " TEST_FLIP " image.wic.gz 700000 255");
    assert_int_equal(kit_plan(&kit, &skip), -(int)X8_E_BAD_IMAGE);
    assert_non_null(strstr(kit.err.msg, "image.wic.gz"));
    kit_done(&kit);
}

static void the_reading_beforehand_stops_when_asked(void **state)
{
    struct kit kit;
    struct x8_plan_options options = skip;
    struct x8_op op = {.deadline = X8_NO_DEADLINE};

    (void)state;
    begin(&kit);
    op.cancel = &kit.cancel;
    options.source = kit.dir;
    x8_cancel_raise(&kit.cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    assert_int_equal(x8_plan_open(&op, &options, &kit.plan, &kit.err), -(int)X8_E_STOPPED);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_file_system_does_not_use_stays_as_it_was),
        cmocka_unit_test(
            blocks_of_a_board_that_are_larger_than_clusters_are_sent_when_a_part_is_used),
        cmocka_unit_test(without_the_option_nothing_is_left_out),
        cmocka_unit_test(an_image_that_nobody_can_read_is_sent_whole),
        cmocka_unit_test(a_block_map_beside_the_image_comes_first),
        cmocka_unit_test(an_image_that_changes_between_its_readings_is_no_success),
        cmocka_unit_test(an_image_cut_short_is_known_before_the_board_is_touched),
        cmocka_unit_test(a_damaged_image_is_known_before_the_board_is_touched),
        cmocka_unit_test(the_reading_beforehand_stops_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
