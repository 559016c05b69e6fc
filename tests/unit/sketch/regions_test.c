/*
 * The user's list of places for sketches.
 */
#include "testlib.h"

#include "sketch/regions.h"
#include "util/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct x8_sketch_regions regions;
static struct x8_error error;

static int parse(const char *text)
{
    struct x8_span span = {(const uint8_t *)text, strlen(text)};

    memset(&error, 0, sizeof error);
    x8_sketch_regions_usual(&regions);
    return x8_sketch_regions_parse(span, &regions, &error);
}

/* Refused with `what` in message or cause, and with a next step; nothing was taken. */
static void refused(const char *text, const char *what)
{
    char all[sizeof error.msg + sizeof error.why + 4];

    assert_int_equal(parse(text), -X8_E_BAD_IMAGE);
    snprintf(all, sizeof all, "%s: %s", error.msg, error.why);
    if (!strstr(all, what))
        fail_msg("\"%s\" has no \"%s\"", all, what);
    assert_int_equal(regions.count, 1);
}

static void regions_stand_behind_the_flash_bank(void **state)
{
    (void)state;
    assert_int_equal(
        parse("{\"regions\": [{\"start\": \"0x90000000\", \"length\": \"0x1000000\"},\n"
              "{\"length\": \"4096\", \"start\": \"268435456\"}]}"),
        0);
    assert_int_equal(regions.count, 3);
    assert_int_equal(regions.items[0].start, X8_SKETCH_FLASH);
    assert_int_equal(regions.items[0].len, X8_SKETCH_FLASH_LEN);
    assert_true(regions.items[1].start == 0x90000000u);
    assert_int_equal(regions.items[1].len, 0x1000000);
    assert_int_equal(regions.items[2].start, 0x10000000);
    assert_int_equal(regions.items[2].len, 4096);
    assert_int_equal(x8_sketch_regions_rules(&regions).count, 3);
}

static void a_list_may_be_empty(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"regions\": []}"), 0);
    assert_int_equal(regions.count, 1);
}

static void what_is_not_understood_is_refused(void **state)
{
    (void)state;
    refused("", "");
    refused("{\"regions\": [", "");
    refused("[]", "no JSON object");
    refused("{}", "no member \"regions\"");
    refused("{\"regions\": {}}", "no list");
    refused("{\"regions\": [], \"region\": []}", "\"region\" that means nothing");
    refused("{\"regions\": [], \"regions\": []}", "twice");
    refused("{\"regions\": [7]}", "region 1");
    refused("{\"regions\": [{\"start\": \"0\", \"length\": \"1\"}, {\"start\": \"0\"}]}",
            "region 2 has no member \"length\"");
    refused("{\"regions\": [{\"start\": \"0\", \"length\": \"1\", \"name\": \"x\"}]}", "\"name\"");
}

static void numbers_are_texts_of_32_bits(void **state)
{
    (void)state;
    refused("{\"regions\": [{\"start\": 16, \"length\": \"1\"}]}", "\"start\" is no number");
    refused("{\"regions\": [{\"start\": \"0x\", \"length\": \"1\"}]}", "\"start\" is no number");
    refused("{\"regions\": [{\"start\": \"-1\", \"length\": \"1\"}]}", "\"start\" is no number");
    refused("{\"regions\": [{\"start\": \"0\", \"length\": \"0x100000000\"}]}",
            "\"length\" is no number");
    refused("{\"regions\": [{\"start\": \"0\", \"length\": \"1k\"}]}", "\"length\" is no number");
}

static void a_region_has_bytes_and_ends_within_the_addresses(void **state)
{
    (void)state;
    refused("{\"regions\": [{\"start\": \"0x90000000\", \"length\": \"0\"}]}", "length is 0");
    refused("{\"regions\": [{\"start\": \"0xffffff00\", \"length\": \"0x101\"}]}",
            "behind the last address");
    assert_int_equal(parse("{\"regions\": [{\"start\": \"0xffffff00\", \"length\": \"0x100\"}]}"),
                     0);
}

static void the_flash_of_the_m7_is_nobodys(void **state)
{
    (void)state;
    refused("{\"regions\": [{\"start\": \"0x08000000\", \"length\": \"1\"}]}", "firmware");
    refused("{\"regions\": [{\"start\": \"0x080fffff\", \"length\": \"1\"}]}", "firmware");
    refused("{\"regions\": [{\"start\": \"0\", \"length\": \"0xffffffff\"}]}", "firmware");
    assert_int_equal(parse("{\"regions\": [{\"start\": \"0x07ffffff\", \"length\": \"1\"}]}"), 0);
    assert_int_equal(parse("{\"regions\": [{\"start\": \"0x08100000\", \"length\": \"1\"}]}"), 0);
}

static void a_list_has_an_end(void **state)
{
    static const char one[] = "{\"start\": \"0x10\", \"length\": \"1\"}";
    X8_AUTO_BUF text = {0};

    (void)state;
    assert_int_equal(x8_buf_addf(&text, "{\"regions\": [%s", one), 0);
    for (int i = 1; i < X8_SKETCH_REGIONS_MAX; i++)
        assert_int_equal(x8_buf_addf(&text, ",%s", one), 0);
    size_t all = text.len;
    assert_int_equal(x8_buf_addf(&text, "]}"), 0);
    assert_int_equal(parse(x8_buf_text(&text)), 0);
    assert_int_equal(regions.count, X8_SKETCH_REGIONS_MAX + 1);
    text.len = all;
    assert_int_equal(x8_buf_addf(&text, ",%s]}", one), 0);
    refused(x8_buf_text(&text), "at most 16");
}

static void without_a_file_it_is_the_flash_bank(void **state)
{
    char path[] = "regions-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"regions\": 1}", 14), 14);
    close(fd);
    assert_int_equal(x8_sketch_regions_load(path, &regions, &error), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(error.msg, path));
    unlink(path);
    regions.count = 0;
    assert_int_equal(x8_sketch_regions_load(path, &regions, &error), 0);
    assert_int_equal(regions.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_stand_behind_the_flash_bank),
        cmocka_unit_test(a_list_may_be_empty),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(numbers_are_texts_of_32_bits),
        cmocka_unit_test(a_region_has_bytes_and_ends_within_the_addresses),
        cmocka_unit_test(the_flash_of_the_m7_is_nobodys),
        cmocka_unit_test(a_list_has_an_end),
        cmocka_unit_test(without_a_file_it_is_the_flash_bank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
