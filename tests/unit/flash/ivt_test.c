/*
 * Reading boot images: what is found, and every pointer that may lie.
 */
#include "flash/ivt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "images.h"

static uint8_t file[0x4000];
static struct image_words words;
static struct x8_ivt ivt;
static struct x8_error err;

static int fresh(void **state)
{
    (void)state;
    memset(file, 0xa5, sizeof file);
    memset(&err, 0, sizeof err);
    words = mm_words(sizeof file);
    put_ivt(file, &words);
    return 0;
}

static int find_in(size_t len, struct x8_ivt_search search)
{
    /* An exact heap copy lets the address sanitizer see a read past the end. */
    uint8_t *copy = malloc(len ? len : 1);
    int rc;

    assert_non_null(copy);
    memcpy(copy, file, len);
    rc = x8_ivt_find((struct x8_span){copy, len}, &search, &ivt, &err);
    free(copy);
    return rc;
}

static int find(void)
{
    return find_in(sizeof file, (struct x8_ivt_search){0});
}

static void the_vendors_image_is_understood(void **state)
{
    /* The first bytes of an SPL of 190000 bytes as the vendor's packer writes them. */
    static const uint8_t head[64] = {
        0xd1, 0x00, 0x20, 0x41, 0x00, 0x10, 0x7e, 0x00, 0,    0,    0,    0,    0, 0, 0, 0,
        0xe0, 0x0f, 0x7e, 0x00, 0xc0, 0x0f, 0x7e, 0x00, 0xc0, 0xf7, 0x80, 0x00, 0, 0, 0, 0,
        0xc0, 0x0b, 0x7e, 0x00, 0x60, 0x0c, 0x03, 0x00, 0,    0,    0,    0,    0, 0, 0, 0};
    static uint8_t image[0x30860];
    struct x8_ivt_search search = {0};
    char why[128];

    (void)state;
    memcpy(image, head, sizeof head);
    assert_int_equal(x8_ivt_find((struct x8_span){image, sizeof image}, &search, &ivt, &err), 0);
    assert_int_equal(ivt.offset, 0);
    assert_int_equal(ivt.self, 0x7e0fc0);
    assert_int_equal(ivt.entry, 0x7e1000);
    assert_int_equal(ivt.load.len, 0x30860);
    assert_ptr_equal(ivt.load.data, image);
    assert_int_equal(ivt.dcd_bytes.len, 0);
    assert_int_equal(x8_ivt_suits_8mm(&ivt, why), 1);
}

static void an_image_inside_a_disk_image_is_found(void **state)
{
    (void)state;
    memset(file, 0, 0x40);
    put_ivt(file + 0x400, &words);
    assert_int_equal(find(), 0);
    assert_int_equal(ivt.offset, 0x400);
    assert_int_equal(ivt.load.len, sizeof file - 0x400);
}

static void only_multiples_of_four_count(void **state)
{
    (void)state;
    memset(file, 0, 0x40);
    put_ivt(file + 0x402, &words);
    assert_int_equal(find(), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "no IVT header"));
    assert_true(err.next[0] != '\0');
}

static void the_search_stays_inside_its_limits(void **state)
{
    (void)state;
    memset(file, 0, 0x40);
    put_ivt(file + 0x400, &words);
    assert_int_equal(find_in(sizeof file, (struct x8_ivt_search){.limit = 0x400}), -X8_E_BAD_IMAGE);
    assert_int_equal(find_in(sizeof file, (struct x8_ivt_search){.limit = 0x401}), 0);
    assert_int_equal(find_in(sizeof file, (struct x8_ivt_search){.from = 0x400}), 0);
    assert_int_equal(find_in(sizeof file, (struct x8_ivt_search){.from = 0x404}), -X8_E_BAD_IMAGE);
    assert_int_equal(find_in(sizeof file, (struct x8_ivt_search){.from = UINT64_MAX - 3}),
                     -X8_E_BAD_IMAGE);
}

static void the_second_image_can_be_asked_for(void **state)
{
    (void)state;
    put_ivt(file + 0x1000, &words);
    assert_int_equal(find_in(sizeof file, (struct x8_ivt_search){.index = 1}), 0);
    assert_int_equal(ivt.offset, 0x1000);
    assert_int_equal(find_in(sizeof file, (struct x8_ivt_search){.index = 2}), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "2 boot images"));
}

static void hdmi_firmware_is_passed_over_and_remembered(void **state)
{
    char why[128];

    (void)state;
    words.plugin = 2;
    put_ivt(file, &words);
    words.plugin = 0;
    put_ivt(file + 0x1000, &words);
    assert_int_equal(find(), 0);
    assert_int_equal(ivt.offset, 0x1000);
    assert_int_equal(x8_ivt_suits_8mm(&ivt, why), 0);
    assert_non_null(strstr(why, "8MQ"));
}

static void a_plugin_is_an_image_like_others(void **state)
{
    (void)state;
    words.plugin = 1;
    put_ivt(file, &words);
    assert_int_equal(find(), 0);
    assert_int_equal(ivt.plugin, 1);
}

static void no_more_is_loaded_than_the_file_has(void **state)
{
    (void)state;
    words.size = 0x40000000;
    put_ivt(file, &words);
    assert_int_equal(find(), 0);
    assert_int_equal(ivt.load.len, sizeof file);
    words.size = 0x400 + 0x100;
    put_ivt(file, &words);
    assert_int_equal(find(), 0);
    assert_int_equal(ivt.load.len, 0x100);
}

static void boot_data_outside_the_file_is_refused(void **state)
{
    static const uint32_t lies[] = {MM_SELF - 4, MM_SELF + 0x4000, MM_SELF + 0x4000 - 11,
                                    0xffffffff, 4};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lies); i++) {
        words.boot_data = lies[i];
        put_ivt(file, &words);
        assert_int_equal(find(), -X8_E_BAD_IMAGE);
        assert_non_null(strstr(err.msg, "boot data"));
    }
    words.boot_data = MM_SELF + 0x4000 - 12;
    put_ivt(file, &words);
    memcpy(file + sizeof file - 12, file + 32, 12);
    assert_int_equal(find(), 0);
}

static void sizes_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    words.start = MM_SELF + 4;
    words.size = 0xffffffff;
    put_ivt(file, &words);
    assert_int_equal(find(), -X8_E_BAD_IMAGE);
    words = mm_words(sizeof file);
    words.size = 0x400;
    put_ivt(file, &words);
    assert_int_equal(find(), -X8_E_BAD_IMAGE);
    words.size = 0;
    put_ivt(file, &words);
    assert_int_equal(find(), -X8_E_BAD_IMAGE);
}

static void an_ivt_without_boot_data_has_nothing_to_load(void **state)
{
    char why[128];

    (void)state;
    words.boot_data = 0;
    put_ivt(file, &words);
    assert_int_equal(find(), 0);
    assert_int_equal(ivt.load.len, 0);
    assert_int_equal(x8_ivt_suits_8mm(&ivt, why), 0);
}

static void a_dcd_is_found_by_its_pointer(void **state)
{
    static const uint8_t dcd[] = {0xd2, 0x00, 0x08, 0x41, 1, 2, 3, 4};

    (void)state;
    words.dcd = MM_SELF + 0x100;
    put_ivt(file, &words);
    memcpy(file + 0x100, dcd, sizeof dcd);
    assert_int_equal(find(), 0);
    assert_int_equal(ivt.dcd_bytes.len, 8);
}

static void a_dcd_that_is_none_is_refused(void **state)
{
    (void)state;
    words.dcd = MM_SELF + 0x100;
    put_ivt(file, &words);
    assert_int_equal(find(), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.why, "a5 a5 a5"));
    memcpy(file + 0x100, "\xd2\x00\x03\x41", 4);
    assert_int_equal(find(), -X8_E_BAD_IMAGE);
}

static void a_dcd_outside_the_file_is_refused(void **state)
{
    (void)state;
    words.dcd = MM_SELF + sizeof file - 4;
    put_ivt(file, &words);
    memcpy(file + sizeof file - 4, "\xd2\x00\x05\x41", 4);
    assert_int_equal(find(), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "end of the DCD"));
    words.dcd = MM_SELF - 1;
    put_ivt(file, &words);
    assert_int_equal(find(), -X8_E_BAD_IMAGE);
}

static void a_file_cut_anywhere_is_never_read_past_its_end(void **state)
{
    (void)state;
    words.dcd = MM_SELF + 0x40;
    put_ivt(file, &words);
    memcpy(file + 0x40, "\xd2\x00\x10\x41", 4);
    for (size_t len = 0; len < 0x50; len++)
        assert_int_equal(find_in(len, (struct x8_ivt_search){0}), -X8_E_BAD_IMAGE);
    assert_int_equal(find_in(0x50, (struct x8_ivt_search){0}), 0);
}

static void loaders_for_other_chips_are_named(void **state)
{
    static const struct {
        uint8_t version;
        uint32_t self;
        const char *names;
    } rows[] = {
        {0x41, 0x00911fc0, "Nano"},        {0x41, 0x0091ffc0, "Plus"},
        {0x40, 0x877ff400, "i.MX 6 or 7"}, {0x40, 0x00907400, "i.MX 6 or 7"},
        {0x41, 0x40200000, "on-chip"},
    };
    char why[128];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        words = (struct image_words){.version = rows[i].version,
                                     .entry = rows[i].self + 0x40,
                                     .boot_data = rows[i].self + 0x20,
                                     .self = rows[i].self,
                                     .start = rows[i].self,
                                     .size = 0x2000};
        put_ivt(file, &words);
        assert_int_equal(find(), 0);
        assert_int_equal(x8_ivt_suits_8mm(&ivt, why), 0);
        assert_non_null(strstr(why, rows[i].names));
    }
}

static void a_loader_must_fit_the_chips_memory_and_hold_its_entry(void **state)
{
    static uint8_t big[0x50000];
    struct x8_ivt_search search = {0};
    char why[128];

    (void)state;
    words = mm_words(sizeof big);
    put_ivt(big, &words);
    assert_int_equal(x8_ivt_find((struct x8_span){big, sizeof big}, &search, &ivt, &err), 0);
    assert_int_equal(x8_ivt_suits_8mm(&ivt, why), 0);
    assert_non_null(strstr(why, "do not fit"));
    words = mm_words(sizeof file);
    words.entry = MM_SELF + sizeof file;
    put_ivt(file, &words);
    assert_int_equal(find(), 0);
    assert_int_equal(x8_ivt_suits_8mm(&ivt, why), 0);
    assert_non_null(strstr(why, "entry"));
    assert_int_equal(x8_ivt_suits_8mm(&ivt, NULL), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(the_vendors_image_is_understood),
        T(an_image_inside_a_disk_image_is_found),
        T(only_multiples_of_four_count),
        T(the_search_stays_inside_its_limits),
        T(the_second_image_can_be_asked_for),
        T(hdmi_firmware_is_passed_over_and_remembered),
        T(a_plugin_is_an_image_like_others),
        T(no_more_is_loaded_than_the_file_has),
        T(boot_data_outside_the_file_is_refused),
        T(sizes_that_make_no_sense_are_refused),
        T(an_ivt_without_boot_data_has_nothing_to_load),
        T(a_dcd_is_found_by_its_pointer),
        T(a_dcd_that_is_none_is_refused),
        T(a_dcd_outside_the_file_is_refused),
        T(a_file_cut_anywhere_is_never_read_past_its_end),
        T(loaders_for_other_chips_are_named),
        T(a_loader_must_fit_the_chips_memory_and_hold_its_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
