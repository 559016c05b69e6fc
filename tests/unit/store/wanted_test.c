#include "testlib.h"

#include "store/fetch.h"

#include <stdio.h>
#include <string.h>

static const struct x8_op op = {.deadline = X8_NO_DEADLINE};
static const char text[] =
    "{\"format\":1,\"base\":\"https://h/i/\",\"latest\":\"latest.tgz\",\"images\":["
    "{\"image\":\"934\",\"release\":\"91.9\",\"file\":\"934.tgz\",\"size\":12,\"sha256\":"
    "\"2f2065c7b10ce33d8444a138353187c507727b5109ddca325506ecaea1efe221\"},"
    "{\"image\":\"939\"}]}";

static struct x8_catalogue catalogue;

static int open_it(void **state)
{
    struct x8_span span = {(const uint8_t *)text, sizeof(text) - 1};

    (void)state;
    return x8_catalogue_parse(span, "test", NULL, &catalogue, NULL);
}

static int close_it(void **state)
{
    (void)state;
    x8_catalogue_done(&catalogue);
    return 0;
}

static void is_934(const char *word)
{
    struct x8_wanted w;

    assert_int_equal(x8_wanted_find(&op, &catalogue, word, &w, NULL), 0);
    assert_string_equal(w.url, "https://h/i/934.tgz");
    assert_string_equal(w.name, "934");
    assert_int_equal(strlen(w.sha256), 64);
    assert_int_equal(w.size, 12);
    assert_ptr_equal(w.release, x8_catalogue_find(&catalogue, "934"));
    assert_false(w.moves);
}

static void a_release_has_a_number_a_version_and_an_address(void **state)
{
    (void)state;
    is_934("934");
    is_934("91.9");
    is_934("https://h/i/934.tgz");
}

static void the_name_of_a_release_at_another_place_is_a_mirror_of_it(void **state)
{
    struct x8_wanted w;

    (void)state;
    assert_int_equal(x8_wanted_find(&op, &catalogue, "http://mirror/934.tgz?x", &w, NULL), 0);
    assert_string_equal(w.url, "http://mirror/934.tgz?x");
    assert_string_equal(w.name, "934");
    assert_int_equal(strlen(w.sha256), 64);
    assert_int_equal(w.size, 12);
    assert_ptr_equal(w.release, x8_catalogue_find(&catalogue, "934"));
}

static void latest_is_a_name_that_moves_or_a_release(void **state)
{
    struct x8_catalogue other = catalogue;
    struct x8_wanted w;
    struct x8_error err = {0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            x8_wanted_find(&op, &catalogue, i ? "https://h/i/latest.tgz" : "latest", &w, &err), 0);
        assert_string_equal(w.url, "https://h/i/latest.tgz");
        assert_string_equal(w.sha256, "");
        assert_true(w.moves);
        assert_null(w.release);
    }
    snprintf(other.latest_image, sizeof other.latest_image, "934");
    assert_int_equal(x8_wanted_find(&op, &other, "latest", &w, &err), 0);
    assert_string_equal(w.name, "934");
    assert_false(w.moves);
    other.latest_image[0] = other.latest_url[0] = '\0';
    assert_int_equal(x8_wanted_find(&op, &other, "latest", &w, &err), -X8_E_NO_FILE);
    assert_non_null(strstr(err.why, "\"latest\""));
}

static void any_address_will_do(void **state)
{
    static const char *const names[][2] = {{"https://h/a/b.tar.gz", "b.tar.gz"},
                                           {"HTTP://h/b.zip?x=1", "b.zip"},
                                           {"https://me:hush@h/", "h"},
                                           {"http://h:81", "h:81"}};
    struct x8_wanted w;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        assert_int_equal(x8_wanted_find(&op, &catalogue, names[i][0], &w, NULL), 0);
        assert_string_equal(w.url, names[i][0]);
        assert_string_equal(w.name, names[i][1]);
        assert_null(w.release);
    }
}

static void refused(const char *word, int code, const char *why, const char *next)
{
    struct x8_wanted w;
    struct x8_error err = {0};

    assert_int_equal(x8_wanted_find(&op, &catalogue, word, &w, &err), -code);
    if (!strstr(err.why, why) || !strstr(err.next, next))
        fail_msg("%s: %s; %s", err.msg, err.why, err.next);
    assert_null(strstr(err.msg, "hush"));
}

static void what_cannot_be_had_is_told_with_what_can(void **state)
{
    char url[600];

    (void)state;
    refused("935", X8_E_NO_FILE, "near to it: 939, 934", "image list");
    refused("939", X8_E_NO_FILE, "has no address", "X8CTL_IMAGE_INDEX");
    refused("", X8_E_NO_FILE, "does not have it", "image list");
    refused("ftp://me:hush@h/x", X8_E_USAGE, "only http", "download it yourself");
    refused("file:///etc/passwd", X8_E_USAGE, "only http", "download it yourself");
    snprintf(url, sizeof url, "https://h/%0520d", 1);
    refused(url, X8_E_USAGE, "", "shorter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_has_a_number_a_version_and_an_address),
        cmocka_unit_test(the_name_of_a_release_at_another_place_is_a_mirror_of_it),
        cmocka_unit_test(latest_is_a_name_that_moves_or_a_release),
        cmocka_unit_test(any_address_will_do),
        cmocka_unit_test(what_cannot_be_had_is_told_with_what_can),
    };

    return cmocka_run_group_tests(tests, open_it, close_it);
}
