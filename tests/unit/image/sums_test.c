/*
 * Lists of checksums as tools write them, and as they must not be understood.
 */
#include "testlib.h"

#include "image/sums.h"

#include <stdio.h>
#include <string.h>

#define A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define B "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"

/* "path=xx path=xx": what was understood, with the first two digits. */
struct heard {
    char text[600];
    int refuse;
};

static int hear(void *ctx, const char *path, const char sha256[65], struct x8_error *err)
{
    struct heard *heard = ctx;
    size_t len = strlen(heard->text);
    if (heard->refuse)
        return x8_fail(err, X8_E_BAD_IMAGE, "no more");
    assert_int_equal(strlen(sha256), 64);
    snprintf(heard->text + len, sizeof(heard->text) - len, "%s%s=%.2s", len ? " " : "", path,
             sha256);
    return 0;
}

static int read_as(const char *own, const char *text, struct heard *heard)
{
    *heard = (struct heard){0};
    return x8_sums_read((struct x8_span){(const uint8_t *)text, strlen(text)}, own, hear, heard,
                        NULL);
}

static void lines_of_the_usual_tools_are_understood(void **state)
{
    struct heard heard;
    (void)state;
    assert_int_equal(read_as("SHA256SUMS", A "  a\n" B " *./b c\r\n", &heard), 2);
    assert_string_equal(heard.text, "a=ca b c=3e");
    assert_int_equal(read_as("x/SHA256SUMS", "SHA256 (a) = " A "\nSHA2-256(y/b)= " B, &heard), 2);
    assert_string_equal(heard.text, "x/a=ca x/y/b=3e");
    assert_int_equal(read_as("x/sums.sha256", "SHA256 (a (1)) = " A "\n", &heard), 1);
    assert_string_equal(heard.text, "x/a (1)=ca");
}

static struct x8_sums_rest rest_of(const char *text)
{
    return x8_sums_rest((struct x8_span){(const uint8_t *)text, strlen(text)});
}

static void a_digest_with_other_than_64_digits_is_no_comment(void **state)
{
    (void)state;
    assert_int_equal(rest_of(A "  a\n# a comment\nHash: SHA256\n\nabc def\n").cut, 0);
    assert_int_equal(rest_of("ca978112ca1bbdca  a\n" A "0  b\nSHA256 (c) = ca97\n").cut, 3);
    assert_int_equal(rest_of("0cc175b9c0f1b6a831c399e269772661  a\nMD5 (a) = 0cc175\n").others, 2);
    assert_int_equal(rest_of("0cc175b9c0f1b6a831c399e269772661  a\n").cut, 0);
}

static void a_list_is_of_one_file_or_of_many(void **state)
{
    (void)state;
    assert_true(x8_sums_is_of("x/a.wic.sha256", "a.wic"));
    assert_false(x8_sums_is_of("a.wic.sha256", "a.wi"));
    assert_false(x8_sums_is_of("SHA256SUMS", ""));
    assert_true(x8_sums_is_of_many("x/SHA256SUMS"));
    assert_false(x8_sums_is_of_many("a.wic.sha256"));
}

static void capital_digits_are_digits(void **state)
{
    struct heard heard;
    (void)state;
    assert_int_equal(read_as("SHA256SUMS",
                             "CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB  a",
                             &heard),
                     1);
    assert_string_equal(heard.text, "a=ca");
}

static void a_digest_alone_is_of_the_file_beside(void **state)
{
    struct heard heard;
    (void)state;
    assert_int_equal(read_as("x/a.wic.gz.sha256", A "\n", &heard), 1);
    assert_string_equal(heard.text, "x/a.wic.gz=ca");
    assert_int_equal(read_as("x/SHA256SUMS", A "\n", &heard), 0);
}

static void paths_are_those_beside_the_list(void **state)
{
    struct heard heard;
    (void)state;
    assert_int_equal(read_as("x/y/SHA256SUMS", A "  ../a\n" B "  /home/b/deploy/b.wic\n", &heard),
                     2);
    assert_string_equal(heard.text, "x/a=ca x/y/b.wic=3e");
}

static void what_is_no_sha256_is_passed_over(void **state)
{
    struct heard heard;
    (void)state;
    assert_int_equal(read_as("SHA256SUMS",
                             "# comment\n\nd41d8cd98f00b204e9800998ecf8427e  md5\n" A "00  long\n" A
                             "x\n" A "\t\n"
                             "SHA512 (a) = " A "\nSHA256 () = " A "\nSHA256 (a = " A "\nSHA256 (a) "
                             "= " A "0\nzz" A "  a\n",
                             &heard),
                     0);
    assert_string_equal(heard.text, "");
    assert_int_equal(x8_sums_read((struct x8_span){0}, "SHA256SUMS", hear, &heard, NULL), 0);
}

static void a_refusal_ends_the_reading(void **state)
{
    struct heard heard = {.refuse = 1};
    struct x8_error err;
    const char text[] = A "  a\n" A "  b\n";
    (void)state;
    assert_int_equal(x8_sums_read((struct x8_span){(const uint8_t *)text, strlen(text)},
                                  "SHA256SUMS", hear, &heard, &err),
                     -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg, "no more");
}

static void lists_are_known_by_their_names(void **state)
{
    static const char *const lists[] = {"SHA256SUMS", "x/sha256sum.txt", "a.wic.gz.sha256",
                                        "all.sha256sum", "checksums.txt"};
    static const char *const others[] = {"SHA256SUMS.asc", "MD5SUMS",      ".sha256",
                                         "a.sha512",       "sha256sums/a", "a.wic.gz"};
    (void)state;
    for (size_t i = 0; i < X8_COUNT(lists); i++)
        assert_true(x8_sums_is_name(lists[i]));
    for (size_t i = 0; i < X8_COUNT(others); i++)
        assert_false(x8_sums_is_name(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_the_usual_tools_are_understood),
        cmocka_unit_test(a_digest_with_other_than_64_digits_is_no_comment),
        cmocka_unit_test(a_list_is_of_one_file_or_of_many),
        cmocka_unit_test(capital_digits_are_digits),
        cmocka_unit_test(a_digest_alone_is_of_the_file_beside),
        cmocka_unit_test(paths_are_those_beside_the_list),
        cmocka_unit_test(what_is_no_sha256_is_passed_over),
        cmocka_unit_test(a_refusal_ends_the_reading),
        cmocka_unit_test(lists_are_known_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
