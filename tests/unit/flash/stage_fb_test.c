/*
 * Scripts of people over a virtual board in fastboot mode: what may end well without being proven
 * is said to be unproven, and what did nothing is no success.
 */
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMAGE_LEN (1u << 20)
#define SETUP                                                                                      \
    "uuu_version 1.2.39\nFB: ucmd setenv fastboot_dev mmc\n"                                       \
    "FB: ucmd setenv mmcdev ${emmc_dev}\nFB: ucmd setenv fastboot_buffer 0x42800000\n"

/* Run `lines` behind SETUP as `x8ctl uuu` does. */
static int run_lines(struct kit *kit, const char *words, const char *lines, enum x8_verify verify)
{
    struct x8_plan_options options = {0};
    char all[512], *text = malloc(sizeof SETUP + strlen(lines));
    int rc;

    assert_non_null(text);
    snprintf(text, sizeof SETUP + strlen(lines), "%s%s", SETUP, lines);
    kit_text(kit, "full_image.uuu", text);
    free(text);
    snprintf(all, sizeof all, "start=fastboot %s", words);
    kit_board(kit, all);
    rc = kit_plan(kit, &options);
    return rc < 0 ? rc : kit_run_plan(kit, verify);
}

static void done_behind_then_ends_the_script(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    assert_int_equal(
        run_lines(&kit, "", "FB: if a == a then done\nFB: ucmd false\n", X8_VERIFY_AUTO), 0);
    kit_done(&kit);
}

static void a_fuse_command_does_not_run_by_itself(void **state)
{
    static const struct {
        const char *lines;
        int allow_fuse, rc;
    } rows[] = {
        {"FB: ucmd fuse prog -y 6 0 1\n", 0, -X8_E_NEED_YES},
        {"FB: ucmd fuse prog -y 6 0 1\n", 1, 0},
        {"FB: if a == a then ucmd fuse prog -y 6 0 1\n", 0, -X8_E_NEED_YES},
        {"FB: if a == b then ucmd fuse prog -y 6 0 1\n", 0, 0}, /* not run */
        {"FB: < echo ucmd fuse prog -y 6 0 1\n", 0, -X8_E_NEED_YES},
        {"FB: < echo ucmd fuse prog -y 6 0 1\n", 1, 0},
        {"FB: < echo nonsense\n", 1, -X8_E_BAD_IMAGE},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_plan_options options = {.allow_host = 1, .allow_fuse = rows[i].allow_fuse};
        char text[300];
        struct kit kit;

        kit_init(&kit, IMAGE_LEN);
        snprintf(text, sizeof text, "%s%s", SETUP, rows[i].lines);
        kit_text(&kit, "full_image.uuu", text);
        kit_board(&kit, "start=fastboot");
        assert_int_equal(kit_plan(&kit, &options), 0);
        if (kit_run_plan(&kit, X8_VERIFY_AUTO) != rows[i].rc)
            fail_msg("row %zu: %d %s", i, kit.results[0].rc, kit.err.msg);
        if (rows[i].rc == -X8_E_NEED_YES)
            assert_non_null(strstr(kit.err.next, "--confirm fuse"));
        kit_done(&kit);
    }
}

static void what_getvar_was_told_is_in_the_result(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    assert_int_equal(run_lines(&kit, "",
                               "FB: getvar version\nFB: getvar secure\n"
                               "FB: getvar version\n",
                               X8_VERIFY_AUTO),
                     0);
    assert_int_equal(kit.results[0].var_count, 2);
    assert_string_equal(kit.results[0].vars[0].name, "version");
    assert_string_equal(kit.results[0].vars[0].value, "0.4");
    assert_string_equal(kit.results[0].vars[1].value, "no");
    kit_done(&kit);
}

static void a_check_of_nothing_is_no_success(void **state)
{
    static const char *const lines[] = {
        "FB: crc -f empty\n",
        "FB: write -f empty\n",
        "FB: crc -f sit-portenta-x8.bin -skip 1\n",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lines); i++) {
        struct kit kit;

        kit_init(&kit, IMAGE_LEN);
        kit_text(&kit, "empty", "");
        assert_true(run_lines(&kit, "", lines[i], X8_VERIFY_AUTO) < 0);
        assert_true(kit.err.next[0]);
        kit_done(&kit);
    }
}

static void a_write_line_is_said_to_be_unproven(void **state)
{
    static const char line[] = "FB: ucmd mmc dev 2\nFB: write -f sit-portenta-x8.bin\n";
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    if (run_lines(&kit, "", line, X8_VERIFY_AUTO) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_int_equal(kit.results[0].target_count, 1);
    assert_int_equal(kit.results[0].targets[0].written, 512);
    assert_int_equal(kit.results[0].proof, X8_PROOF_NONE);
    assert_true(kit.results[0].unproven[0]);
    kit_done(&kit);

    kit_init(&kit, IMAGE_LEN);
    assert_int_equal(run_lines(&kit, "", line, X8_VERIFY_FULL), -X8_E_VERIFY);
    kit_done(&kit);
}

/* The list of targets has an end; what does not fit into it counts all the same. */
static void more_flash_lines_than_are_listed_are_all_counted(void **state)
{
    X8_AUTO_BUF lines = {0};
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    for (size_t i = 0; i + 1 < X8_TARGETS_MAX; i++)
        assert_int_equal(x8_buf_addf(&lines, "FB: flash sit sit-portenta-x8.bin\n"), 0);
    assert_int_equal(
        x8_buf_addf(&lines, "FB: flash gpt gpt.img\nFB: flash sit sit-portenta-x8.bin\n"), 0);
    kit_file(&kit, "gpt.img", kit.image, 4096);
    if (run_lines(&kit, "", x8_buf_text(&lines), X8_VERIFY_AUTO) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_int_equal(kit.results[0].proof, X8_PROOF_PARTLY);
    kit_done(&kit);
}

static void an_answer_out_of_step_is_not_passed_over(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    assert_int_equal(run_lines(&kit, "fault=at:getvar,match:partition-size,do:garbage",
                               "FB: flash -raw2sparse all image.wic\n", X8_VERIFY_AUTO),
                     -X8_E_LINK);
    assert_int_equal(kit.results[0].touched, X8_TOUCHED_NOT);
    kit_done(&kit);
}

static void progress_stays_below_all_and_knows_its_end(void **state)
{
    static const struct {
        const char *words, *shell;
    } rows[] = {
        {"blksize=4096", "truncate -s -512 image.wic"},
        {"speed=full blksize=4096", "truncate -s -512 image.wic; gzip image.wic"},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct kit kit;

        kit_init(&kit, IMAGE_LEN);
        kit_pack(&kit, rows[i].shell);
        if (run_lines(&kit, rows[i].words, "FB: flash -raw2sparse all image.wic\n",
                      X8_VERIFY_FULL) != 0)
            fail_msg("%s / %s", kit.err.msg, kit.err.why);
        assert_false(kit.is_beyond_full);
        assert_true(kit.has_bar);
        kit_done(&kit);
    }
}

/* magic, one RAW block, one DONT_CARE of `gap` blocks, block size 4096 */
static void make_sparse(struct kit *kit, uint32_t gap, int with_raw)
{
    uint8_t *file = calloc(1, 28 + 12 + 4096 + 12), *at = file + 28;

    assert_non_null(file);
    x8_put_le32(file, 0xed26ff3a);
    x8_put_le16(file + 4, 1);
    x8_put_le16(file + 8, 28);
    x8_put_le16(file + 10, 12);
    x8_put_le32(file + 12, 4096);
    x8_put_le32(file + 16, gap + (with_raw ? 1 : 0));
    x8_put_le32(file + 20, with_raw ? 2 : 1);
    if (with_raw) {
        x8_put_le16(at, 0xcac1);
        x8_put_le32(at + 4, 1);
        x8_put_le32(at + 8, 12 + 4096);
        memset(at + 12, 0x5a, 4096);
        at += 12 + 4096;
    }
    x8_put_le16(at, 0xcac3);
    x8_put_le32(at + 4, gap);
    x8_put_le32(at + 8, 12);
    at += 12;
    kit_file(kit, "image.simg", file, (size_t)(at - file));
    free(file);
}

static void a_sparse_image_counts_what_it_makes(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    make_sparse(&kit, 1000, 1);
    if (run_lines(&kit, "", "FB: flash all image.simg\n", X8_VERIFY_FULL) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_false(kit.is_beyond_full);
    assert_int_equal(kit.results[0].targets[0].written, 4096);
    assert_int_equal(kit.plan.steps[kit.plan.step_count - 1].size, 1001u * 4096);
    kit_done(&kit);
}

static void a_sparse_image_larger_than_the_emmc_is_refused_before_it_is_touched(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    make_sparse(&kit, 20000, 1);
    assert_int_equal(run_lines(&kit, "",
                               "FB: ucmd mmc dev ${emmc_dev} 1; mmc erase 0 0x2000\n"
                               "FB: flash all image.simg\n",
                               X8_VERIFY_AUTO),
                     -X8_E_MISFIT);
    assert_int_equal(kit.results[0].touched, X8_TOUCHED_NOT);
    kit_done(&kit);
}

static void an_image_that_writes_nothing_is_no_success(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    make_sparse(&kit, 1000, 0);
    assert_int_equal(run_lines(&kit, "", "FB: flash all image.simg\n", X8_VERIFY_AUTO),
                     -X8_E_BAD_IMAGE);
    assert_true(kit.err.next[0]);
    kit_done(&kit);
}

/* The longest download that the dialogue shows. */
static unsigned long longest_download(const struct kit *kit)
{
    unsigned long longest = 0;

    for (const char *at = kit->log; at && (at = strstr(at, "> download:")); at++) {
        unsigned long len = strtoul(at + 11, NULL, 16);

        longest = len > longest ? len : longest;
    }
    return longest;
}

static void a_slow_link_gets_small_pieces(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, 4u << 20);
    kit_pack(&kit, "dd if=/dev/urandom of=image.wic bs=1M seek=1 count=3 conv=notrunc 2>/dev/null");
    if (run_lines(&kit, "speed=full", "FB: flash -raw2sparse all image.wic\n", X8_VERIFY_FULL) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_in_range(longest_download(&kit), 1u << 20, 2u << 20);
    kit_done(&kit);
}

static void a_script_may_ask_for_smaller_pieces(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, 6u << 20);
    if (run_lines(&kit, "", "FB: flash -raw2sparse -S 0x100000 all image.wic\n", X8_VERIFY_FULL) !=
        0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_in_range(longest_download(&kit), 1, 1u << 20);
    kit_done(&kit);
}

/* A block map whose blocks are smaller than the board's: what lies in a block of the board together
 * with used bytes is written, not left out. */
static void a_block_map_finer_than_the_boards_blocks_loses_nothing(void **state)
{
    static const char make_map[] =
        "printf '<bmap version=\"2.0\"><ImageSize>1048576</ImageSize><BlockSize>512</BlockSize>"
        "<BlocksCount>2048</BlocksCount><ChecksumType>sha256</ChecksumType>"
        "<BmapFileChecksum>%064d</BmapFileChecksum><BlockMap><Range>0-3</Range>"
        "<Range>1027-1535</Range></BlockMap></bmap>' 0 > image.bmap; "
        "s=$(sha256sum image.bmap | cut -c1-64); "
        "sed -i \"s/$(printf %064d 0)/$s/\" image.bmap";
    uint8_t got[512];
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_pack(&kit, make_map);
    if (run_lines(&kit, "blksize=4096", "FB: flash -raw2sparse -bmap image.bmap all image.wic\n",
                  X8_VERIFY_FULL) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    vb_bus_free(kit.bus);
    kit.bus = NULL;
    for (size_t sector = 1027; sector < 1536; sector++) {
        assert_int_equal(vb_medium_read(kit.boards[0], 0, sector * 512, got, sizeof got), 0);
        assert_memory_equal(got, kit.image + sector * 512, sizeof got);
    }
    assert_true(kit.results[0].targets[0].skipped > 0);
    kit_done(&kit);
}

static void an_upload_lands_beside_the_script(void **state)
{
    struct kit kit;
    char path[128];

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    if (run_lines(&kit, "", "FB: download -f sit-portenta-x8.bin\nFB: upload -f back.bin\n",
                  X8_VERIFY_AUTO) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    snprintf(path, sizeof path, "%s/back.bin", kit.dir);
    assert_int_equal(access(path, R_OK), 0);
    kit_done(&kit);
}

static void only_looks_behind_then(void **state)
{
    struct x8_plan_options options = {.is_flash = 1, .only = X8_ONLY_LOADER};
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_pack(&kit, "sed -i 's/FB: flash -raw2sparse all/FB: if a == a then flash -raw2sparse all/; "
                   "s/^FB: done/FB: flash gpt image.wic\\nFB: done/' full_image.uuu");
    kit_board(&kit, "");
    if (kit_plan(&kit, &options) != 0 || kit_run_plan(&kit, X8_VERIFY_AUTO) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_int_equal(vb_medium_touched(kit.boards[0], 0, 0, IMAGE_LEN), 0);
    assert_int_equal(kit.results[0].target_count, 5);
    kit_done(&kit);
}

static void a_script_that_flashes_behind_then_only_is_a_flash(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_pack(&kit, "sed -i '/flash [bs]/d; s/FB: flash -raw2sparse all/FB: if a == a then flash "
                   "-raw2sparse all/' full_image.uuu");
    kit_board(&kit, "");
    if (kit_run(&kit, X8_VERIFY_FULL) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    assert_int_equal(kit.results[0].target_count, 1);
    kit_done(&kit);
}

static void a_boot_rom_of_another_chip_is_given_nothing(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_pack(&kit, "sed -i 's/^SDP: boot/CFG: SDP: -chip MX8MQ -vid 0x1fc9 -pid 0x0134\\n&/' "
                   "full_image.uuu");
    kit_board(&kit, "");
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_MISFIT);
    assert_true(kit.err.next[0]);
    kit_done(&kit);
}

static void what_cannot_run_ends_before_the_board_is_touched(void **state)
{
    struct x8_plan_options options = {0};
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_text(&kit, "full_image.uuu", SETUP "FBK: ucp sit-portenta-x8.bin T:/tmp/sit\n");
    assert_true(kit_plan(&kit, &options) < 0);
    assert_true(kit.err.why[0] && kit.err.next[0]);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(done_behind_then_ends_the_script),
        cmocka_unit_test(a_fuse_command_does_not_run_by_itself),
        cmocka_unit_test(what_getvar_was_told_is_in_the_result),
        cmocka_unit_test(a_check_of_nothing_is_no_success),
        cmocka_unit_test(a_write_line_is_said_to_be_unproven),
        cmocka_unit_test(more_flash_lines_than_are_listed_are_all_counted),
        cmocka_unit_test(an_answer_out_of_step_is_not_passed_over),
        cmocka_unit_test(progress_stays_below_all_and_knows_its_end),
        cmocka_unit_test(a_sparse_image_counts_what_it_makes),
        cmocka_unit_test(a_sparse_image_larger_than_the_emmc_is_refused_before_it_is_touched),
        cmocka_unit_test(an_image_that_writes_nothing_is_no_success),
        cmocka_unit_test(a_slow_link_gets_small_pieces),
        cmocka_unit_test(a_script_may_ask_for_smaller_pieces),
        cmocka_unit_test(a_block_map_finer_than_the_boards_blocks_loses_nothing),
        cmocka_unit_test(an_upload_lands_beside_the_script),
        cmocka_unit_test(only_looks_behind_then),
        cmocka_unit_test(a_script_that_flashes_behind_then_only_is_a_flash),
        cmocka_unit_test(a_boot_rom_of_another_chip_is_given_nothing),
        cmocka_unit_test(what_cannot_run_ends_before_the_board_is_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
