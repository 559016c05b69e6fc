/*
 * Bad inputs end before a board is touched: each row spoils the folder in one way and says which
 * code must come of it.
 */
#include "kit.h"

#include "testlib.h"

#include "util/file.h"

#include <stdio.h>
#include <string.h>

#define IMAGE_LEN (3u << 20)

struct row {
    const char *name;
    const char *shell; /* run in the folder */
    enum x8_code code;
};

static const struct row rows[] = {
    {"truncated gzip", "gzip image.wic; truncate -s 100000 image.wic.gz", X8_E_BAD_IMAGE},
    {"gzip cut in its trailer", "gzip image.wic; truncate -s -3 image.wic.gz", X8_E_BAD_IMAGE},
    {"gzip of nothing", "rm image.wic; : | gzip > image.wic.gz", X8_E_BAD_IMAGE},
    {"empty gz file", "rm image.wic; : > image.wic.gz", X8_E_BAD_IMAGE},
    {"tiny gz", "rm image.wic; printf '\\037\\213\\010' > image.wic.gz", X8_E_BAD_IMAGE},
    {"empty image", ": > image.wic", X8_E_BAD_IMAGE},
    {"text as image", "yes 'no image' | head -c 1000000 > image.wic", X8_E_BAD_IMAGE},
    {"image cut short", "truncate -s 2000000 image.wic", X8_E_BAD_IMAGE},
    {"damaged gzip", "gzip image.wic; " TEST_FLIP " image.wic.gz 2", X8_E_BAD_IMAGE},
    {"missing image", "rm image.wic", X8_E_NO_FILE},
    {"missing loader", "rm imx-boot-mfgtool", X8_E_NO_FILE},
    {"missing sit", "rm sit-portenta-x8.bin", X8_E_NO_FILE},
    {"loader of another chip",
     "printf '\\000\\000\\221\\000' | dd of=imx-boot-mfgtool bs=1 seek=20 conv=notrunc 2>/dev/null",
     X8_E_BAD_IMAGE},
    {"fit as loader", "cp u-boot-mfgtool.itb imx-boot-mfgtool", X8_E_BAD_IMAGE},
    {"loader as fit", "cp imx-boot-mfgtool u-boot-mfgtool.itb", X8_E_BAD_IMAGE},
    {"boot part too large", "head -c 400000 /dev/zero >> imx-boot-portenta-x8", X8_E_MISFIT},
    {"empty boot part", ": > u-boot-portenta-x8.itb", X8_E_BAD_IMAGE},
    {"script runs host commands",
     "echo 'FB: sh touch /tmp/x' >> full_image.uuu; sed -i /done/d full_image.uuu", X8_E_REFUSED},
    {"script with an unknown verb", "sed -i 's/FB: flash sit/FB: flesh sit/' full_image.uuu",
     X8_E_BAD_IMAGE},
    {"script that writes nothing", "sed -i '/flash/d' full_image.uuu", X8_E_BAD_IMAGE},
    {"block map that is no map", "echo '<bmap' > image.bmap", X8_E_BAD_IMAGE},
};

static void a_bad_input_ends_before_the_board_is_touched(void **state)
{
    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct kit kit;
        int rc;

        kit_init(&kit, IMAGE_LEN);
        kit_pack(&kit, rows[i].shell);
        rc = kit_plan(&kit, NULL);
        if (rc != -(int)rows[i].code)
            fail_msg("%s: code %d, not %d: %s / %s", rows[i].name, -rc, (int)rows[i].code,
                     rc ? kit.err.msg : "", rc ? kit.err.why : "");
        if (!kit.err.msg[0])
            fail_msg("%s: no message", rows[i].name);
        kit_done(&kit);
    }
}

/* What is unusual but right. */
static const struct row good[] = {
    {"gzip", "gzip image.wic", X8_OK},
    {"gzip of several members",
     "head -c 1000000 image.wic | gzip > a; tail -c +1000001 image.wic | gzip >> a; rm image.wic; "
     "mv a image.wic.gz",
     X8_OK},
    {"xz", "xz -1 image.wic", X8_OK},
    {"zstd", "zstd -q --rm image.wic", X8_OK},
    {"bzip2", "bzip2 -1 image.wic", X8_OK},
    {"gz content under a plain name", "gzip image.wic; mv image.wic.gz image.wic", X8_OK},
    {"another image name", "mv image.wic lmp-factory-image-portenta-x8.wic", X8_OK},
    {"script with BOM, CRLF and a blank first line",
     "(printf '\\357\\273\\277\\r\\n'; sed 's/$/\\r/' full_image.uuu) > a; mv a full_image.uuu",
     X8_OK},
    {"no script at all", "rm full_image.uuu; mv image.wic x-portenta-x8.wic", X8_OK},
    {"windows paths",
     "mkdir s; sed 's,image.wic,..\\\\image.wic,; s, imx, ../imx,; s, u-boot, ../u-boot,; "
     "s,sit-,../sit-,' full_image.uuu > s/full_image.uuu; rm full_image.uuu",
     X8_OK},
};

static void an_unusual_input_is_written_all_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < X8_COUNT(good); i++) {
        struct kit kit;
        int rc;

        kit_init(&kit, IMAGE_LEN);
        kit_pack(&kit, good[i].shell);
        kit_board(&kit, "");
        rc = kit_run(&kit, X8_VERIFY_FULL);
        if (rc != 0)
            fail_msg("%s: code %d: %s / %s", good[i].name, -rc, kit.err.msg, kit.err.why);
        if (!kit_is_written(&kit, 0))
            fail_msg("%s: the eMMC differs", good[i].name);
        kit_done(&kit);
    }
}

static void damage_late_in_the_stream_is_never_success(void **state)
{
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    /* The size in the trailer stays right, so that nothing is seen before the stream is decoded. */
    kit_pack(&kit, "gzip image.wic; " TEST_FLIP " image.wic.gz -5000 255");
    kit_board(&kit, "");
    assert_int_equal(kit_run(&kit, X8_VERIFY_AUTO), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(kit.err.why, "the eMMC"));
    kit_done(&kit);
}

static void only_the_loader_leaves_the_user_area_alone(void **state)
{
    struct x8_plan_options options = {.is_flash = 1, .only = X8_ONLY_LOADER};
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_board(&kit, "");
    assert_int_equal(kit_plan(&kit, &options), 0);
    assert_int_equal(kit_run_plan(&kit, X8_VERIFY_AUTO), 0);
    assert_int_equal(kit.results[0].target_count, 5);
    assert_int_equal(vb_medium_touched(kit.boards[0], 0, 0, IMAGE_LEN), 0);
    kit_done(&kit);
}

static void only_the_os_leaves_the_boot_areas_alone(void **state)
{
    struct x8_plan_options options = {.is_flash = 1, .only = X8_ONLY_OS};
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    kit_board(&kit, "");
    assert_int_equal(kit_plan(&kit, &options), 0);
    assert_int_equal(kit_run_plan(&kit, X8_VERIFY_AUTO), 0);
    assert_int_equal(kit.results[0].target_count, 1);
    assert_int_equal(vb_medium_touched(kit.boards[0], 1, 0, 1u << 20), 0);
    kit_done(&kit);
}

static void measuring_decodes_everything_and_sends_nothing(void **state)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_measure measure;
    struct kit kit;

    (void)state;
    kit_init(&kit, IMAGE_LEN);
    assert_int_equal(kit_plan(&kit, NULL), 0);
    assert_int_equal(x8_plan_measure(&op, &kit.plan, 512, &measure, &kit.err), 0);
    assert_int_equal(measure.image_bytes, IMAGE_LEN);
    assert_true(measure.sent_bytes > 0 && measure.sent_bytes < IMAGE_LEN + (2u << 20));
    assert_true(measure.fill_bytes > 0);
    kit_done(&kit);
}

static unsigned risks_of(const char *name, const char *lines)
{
    struct x8_plan_options options = {.is_flash = 0};
    struct kit kit;
    char text[600];
    unsigned risks;

    kit_init(&kit, IMAGE_LEN);
    snprintf(text, sizeof text, "uuu_version 1.2.39\n%sFB: done\n", lines);
    kit_text(&kit, "full_image.uuu", text);
    kit_file(&kit, name, "\x27\x05\x19\x56\0\0fuse prog -y 6 0 1\n", 26);
    if (kit_plan(&kit, &options) != 0)
        fail_msg("%s / %s", kit.err.msg, kit.err.why);
    risks = x8_plan_risks(&kit.plan);
    assert_int_equal(x8_plan_risky(&kit.plan, X8_RISK_FUSE) != NULL, (risks & X8_RISK_FUSE) != 0);
    kit_done(&kit);
    return risks;
}

static void a_loader_script_that_is_downloaded_and_run_is_searched_too(void **state)
{
    (void)state;
    assert_true(risks_of("boot.scr", "FB: download -f boot.scr\nFB: ucmd source ${loadaddr}\n") &
                X8_RISK_FUSE);
    assert_true(risks_of("env.txt", "FB: if @CHIP@ != x then download -f env.txt\n"
                                    "FB: ucmd env import -t ${loadaddr}; run x\n") &
                X8_RISK_FUSE);
    /* A loader holds such words as well: it is no script. */
    assert_false(risks_of("u-boot", "FB: download -f u-boot\nFB: ucmd go ${loadaddr}\n") &
                 X8_RISK_FUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_input_ends_before_the_board_is_touched),
        cmocka_unit_test(an_unusual_input_is_written_all_the_same),
        cmocka_unit_test(damage_late_in_the_stream_is_never_success),
        cmocka_unit_test(a_loader_script_that_is_downloaded_and_run_is_searched_too),
        cmocka_unit_test(only_the_loader_leaves_the_user_area_alone),
        cmocka_unit_test(only_the_os_leaves_the_boot_areas_alone),
        cmocka_unit_test(measuring_decodes_everything_and_sends_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
