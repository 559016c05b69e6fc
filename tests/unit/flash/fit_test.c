/*
 * FIT images: whole, cut, and lying about themselves.
 */
#include "flash/ivt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * A small FIT by hand: header, structure at 56 with /images/uboot and one external part, strings
 * behind. Offsets in the structure are noted where tests damage them.
 */
enum { TREE = 56, STRUCT_LEN = 84, STRINGS = TREE + STRUCT_LEN, STRINGS_LEN = 22, TOTAL = 168 };
enum { EXTERNAL_SIZE = 64, FILE_LEN = TOTAL + 16 + EXTERNAL_SIZE };
enum { SIZE_NAME = TREE + 40, SIZE_VALUE = TREE + 44, OFFSET_VALUE = TREE + 60 };

static uint8_t file[FILE_LEN];
static struct x8_error err;

static size_t put_words(size_t at, size_t count, const uint32_t *words)
{
    for (size_t i = 0; i < count; i++)
        x8_put_be32(file + at + 4 * i, words[i]);
    return at + 4 * count;
}

static int fresh(void **state)
{
    static const uint32_t header[] = {0xd00dfeed, TOTAL, TREE, STRINGS,     40,
                                      17,         16,    0,    STRINGS_LEN, STRUCT_LEN};
    static const uint32_t props[] = {3, 4, 0, EXTERNAL_SIZE, 3, 4, 10, 16};
    static const uint32_t tail[] = {2, 2, 2, 9, 4};
    size_t at = TREE;

    (void)state;
    memset(file, 0, sizeof file);
    memset(&err, 0, sizeof err);
    put_words(0, 10, header);
    at = put_words(at, 2, (const uint32_t[]){1, 0}); /* root, empty name */
    at = put_words(at, 1, (const uint32_t[]){1});
    memcpy(file + at, "images", 7);
    at = put_words(at + 8, 1, (const uint32_t[]){1});
    memcpy(file + at, "uboot", 6);
    at = put_words(at + 8, 8, props);
    at = put_words(at, 5, tail);
    assert_int_equal(at, TREE + STRUCT_LEN);
    memcpy(file + STRINGS, "data-size\0data-offset", STRINGS_LEN);
    return 0;
}

static int check_in(size_t len, uint64_t offset, uint64_t *size)
{
    uint8_t *copy = malloc(len ? len : 1);
    int rc;

    assert_non_null(copy);
    memcpy(copy, file, len);
    rc = x8_fit_check((struct x8_span){copy, len}, offset, size, &err);
    free(copy);
    return rc;
}

static void a_whole_fit_counts_its_external_parts(void **state)
{
    uint64_t size = 0;

    (void)state;
    assert_int_equal(check_in(FILE_LEN, 0, &size), 0);
    assert_int_equal(size, FILE_LEN);
    assert_int_equal(check_in(FILE_LEN, 0, NULL), 0);
}

static void a_fit_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < FILE_LEN; len++) {
        assert_int_equal(check_in(len, 0, NULL), -X8_E_BAD_IMAGE);
        assert_true(err.why[0] != '\0' && err.next[0] != '\0');
    }
}

static void parts_that_lie_outside_are_refused(void **state)
{
    (void)state;
    x8_put_be32(file + SIZE_VALUE, EXTERNAL_SIZE + 1);
    assert_int_equal(check_in(FILE_LEN, 0, NULL), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.why, "cut short"));
    x8_put_be32(file + SIZE_VALUE, 0xffffffff);
    x8_put_be32(file + OFFSET_VALUE, 0xffffffff);
    assert_int_equal(check_in(FILE_LEN, 0, NULL), -X8_E_BAD_IMAGE);
}

static void positions_count_from_the_start_of_the_tree(void **state)
{
    uint64_t size = 0;

    (void)state;
    /* "data-position" instead of "data-offset": 2 bytes longer, into the padding behind. */
    memcpy(file + STRINGS + 10, "data-position", 14);
    x8_put_be32(file + 32, STRINGS_LEN + 2);
    x8_put_be32(file + OFFSET_VALUE, 176);
    assert_int_equal(check_in(FILE_LEN, 0, &size), 0);
    assert_int_equal(size, 176 + EXTERNAL_SIZE);
}

static void numbers_of_the_header_that_lie_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
    } lies[] = {
        {0, 0xd00dfeee},
        {4, 39},
        {4, FILE_LEN + 1},
        {4, 0xffffffff},
        {8, 0},
        {8, 0xfffffffc},
        {8, TOTAL},
        {12, 0xffffffff},
        {12, TOTAL - 21},
        {20, 16},
        {32, 0xffffffff},
        {36, 0xffffffff},
        {36, 8},
        {36, 0},
        {TREE, 2},
        {TREE, 7},
        {TREE + 36, 0xfffffffc}, /* length of the first property */
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lies); i++) {
        fresh(NULL);
        x8_put_be32(file + lies[i].at, lies[i].value);
        assert_int_equal(check_in(FILE_LEN, 0, NULL), -X8_E_BAD_IMAGE);
    }
    fresh(NULL);
    /* A name outside the strings is a property nobody needs. */
    x8_put_be32(file + SIZE_NAME, 0xffffffff);
    assert_int_equal(check_in(FILE_LEN, 0, NULL), 0);
}

static void the_spl_finds_a_fit_at_multiples_of_four_only(void **state)
{
    uint8_t big[256] = {0};
    uint64_t at = 0;

    (void)state;
    x8_put_be32(big + 101, 0xd00dfeed);
    assert_int_equal(x8_fit_find((struct x8_span){big, sizeof big}, 0, &at, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.why, "multiples of 4"));
    x8_put_be32(big + 252, 0xd00dfeed);
    assert_int_equal(x8_fit_find((struct x8_span){big, sizeof big}, 0, &at, &err), 0);
    assert_int_equal(at, 252);
    /* Counted from the start of what is sent. */
    assert_int_equal(x8_fit_find((struct x8_span){big, sizeof big}, 1, &at, &err), 0);
    assert_int_equal(at, 101);
    assert_int_equal(x8_fit_find((struct x8_span){big, 255}, 0, &at, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_fit_find((struct x8_span){big, 255}, 1000, &at, &err), -X8_E_BAD_IMAGE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(a_whole_fit_counts_its_external_parts),
        T(a_fit_cut_anywhere_is_refused),
        T(parts_that_lie_outside_are_refused),
        T(positions_count_from_the_start_of_the_tree),
        T(numbers_of_the_header_that_lie_are_refused),
        T(the_spl_finds_a_fit_at_multiples_of_four_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
