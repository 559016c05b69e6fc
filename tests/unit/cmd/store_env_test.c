/*
 * What options and variables say about downloads, and which words mean something to download.
 */
#include "opts.h"
#include "store_env.h"

#include "testlib.h"

#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {
    "X8CTL_IMAGE_INDEX", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",    "all_proxy",
    "ALL_PROXY",         "no_proxy",   "NO_PROXY",   "X8CTL_HOME",  "XDG_CACHE_HOME",
};
static const struct x8_globals globals;
static struct x8_ctx ctx = {.globals = &globals};
static struct x8_store_setup setup;
static struct x8_error err;

static int clean(void **state)
{
    (void)state;
    for (size_t i = 0; i < X8_COUNT(variables); i++)
        unsetenv(variables[i]);
    memset(&x8_store_opt, 0, sizeof x8_store_opt);
    memset(&err, 0, sizeof err);
    return 0;
}

static void nothing_is_set_where_nothing_is_said(void **state)
{
    (void)state;
    setenv("https_proxy", "", 1);
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), 0);
    assert_null(setup.index);
    assert_null(setup.http.http_proxy);
    assert_null(setup.http.https_proxy);
    assert_null(setup.http.no_proxy);
    assert_false(setup.offline);
    assert_memory_equal(setup.http.user_agent, "x8ctl/", 6);
}

static void the_cache_lies_where_the_user_keeps_things(void **state)
{
    (void)state;
    setenv("X8CTL_HOME", "/h", 1);
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), 0);
    assert_string_equal(setup.folder, "/h/cache/images");
    clean(NULL);
    setenv("XDG_CACHE_HOME", "/c", 1);
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), 0);
    assert_string_equal(setup.folder, "/c/x8ctl/images");
}

/* A web server's programs get HTTP_PROXY from whoever asks them. */
static void proxies_are_those_that_curl_reads(void **state)
{
    (void)state;
    setenv("HTTP_PROXY", "http://evil:1", 1);
    setenv("HTTPS_PROXY", "http://big:2", 1);
    setenv("NO_PROXY", "a,b", 1);
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), 0);
    assert_null(setup.http.http_proxy);
    assert_string_equal(setup.http.https_proxy, "http://big:2");
    assert_string_equal(setup.http.no_proxy, "a,b");
    setenv("https_proxy", "http://small:3", 1);
    setenv("all_proxy", "http://all:4", 1);
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), 0);
    assert_string_equal(setup.http.https_proxy, "http://small:3");
    assert_string_equal(setup.http.http_proxy, "http://all:4");
}

static void the_option_wins_over_the_variable(void **state)
{
    (void)state;
    setenv("X8CTL_IMAGE_INDEX", "https://a/index.json", 1);
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), 0);
    assert_string_equal(setup.index, "https://a/index.json");
    x8_store_opt.index = "mine.json";
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), 0);
    assert_string_equal(setup.index, "mine.json");
}

static void what_cannot_be_meant_is_refused(void **state)
{
    (void)state;
    x8_store_opt.index = "";
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), -X8_E_USAGE);
    x8_store_opt.index = NULL;
    x8_store_opt.ca_file = "";
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "--ca-file"));
    x8_store_opt.ca_file = NULL;
    setenv("X8CTL_IMAGE_INDEX", "ftp://a/index.json", 1);
    assert_int_equal(x8_store_setup(&ctx, &setup, &err), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "ftp://a/index.json"));
}

static void words_and_addresses_mean_the_network_and_files_do_not(void **state)
{
    static const char *const remote[] = {
        "latest", "934", "91.9", "my-build_3", "http://a/b.tar.gz", "https://a", "ftp://a/b"};
    static const char *const local[] = {"",
                                        ".",
                                        "..",
                                        "/",
                                        "./934",
                                        "934.tar.gz",
                                        "x.wic.xz",
                                        "a.uuu",
                                        "dir/latest",
                                        ".hidden",
                                        "a/b://c",
                                        "full.wic",
                                        "a-word-that-is-longer-than-any-number-of-an-image"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(remote); i++)
        assert_true(x8_store_is_remote(remote[i]));
    for (size_t i = 0; i < X8_COUNT(local); i++)
        assert_false(x8_store_is_remote(local[i]));
}

#define TEST(name) cmocka_unit_test_setup(name, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_set_where_nothing_is_said),
        TEST(the_cache_lies_where_the_user_keeps_things),
        TEST(proxies_are_those_that_curl_reads),
        TEST(the_option_wins_over_the_variable),
        TEST(what_cannot_be_meant_is_refused),
        TEST(words_and_addresses_mean_the_network_and_files_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
