/*
 * The catalogue from a file, from a server, and from its copy.
 */
#include "kit_fetch.h"

#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char first[] = "{\"format\":1,\"images\":[{\"image\":\"934\",\"file\":\"934.tgz\"}]}";
static const char second[] = "{\"format\":1,\"images\":[{\"image\":\"950\",\"file\":\"950.tgz\"},"
                             "{\"image\":\"951\"}]}";

/* Opens it: the number of its newest image, "" when it fails. */
static const char *newest(struct kit *k, int how)
{
    static char image[24];
    struct x8_catalogue catalogue = {0};

    memset(&k->err, 0, sizeof k->err);
    k->told[0] = image[0] = '\0';
    kit_meet(k);
    if (x8_catalogue_open(&k->op, k->cache, k->url, &k->http, how, &catalogue, &k->err) == 0)
        snprintf(image, sizeof image, "%s", catalogue.items[0].image);
    x8_catalogue_done(&catalogue);
    kit_meet(k);
    return image;
}

static void begin(struct kit *k)
{
    kit_begin(k, first, strlen(first));
}

static void the_built_in_one_needs_nobody(void **state)
{
    X8_AUTO_CATALOGUE catalogue = {0};
    struct kit k;

    (void)state;
    begin(&k);
    assert_int_equal(x8_catalogue_open(&k.op, k.cache, NULL, &k.http, 1, &catalogue, &k.err), 0);
    assert_string_equal(catalogue.from, "built in");
    x8_catalogue_done(&catalogue);
    assert_int_equal(x8_catalogue_open(&k.op, k.cache, "", &k.http, 0, &catalogue, &k.err), 0);
    assert_int_equal(k.web.count, 0);
    kit_end(&k);
}

static void one_in_a_file_is_read(void **state)
{
    X8_AUTO_CATALOGUE catalogue = {0};
    static const char text[] = "{\"format\":1,\"base\":\"https://h/i\",\"images\":["
                               "{\"image\":\"1\",\"file\":\"a\"}]}";
    struct kit k;

    (void)state;
    begin(&k);
    char *path = test_file(k.dir, "index.json", text, strlen(text));
    assert_int_equal(x8_catalogue_open(&k.op, k.cache, path, &k.http, 1, &catalogue, &k.err), 0);
    assert_string_equal(catalogue.items[0].url, "https://h/i/a");
    assert_string_equal(catalogue.from, path);
    x8_catalogue_done(&catalogue);
    unlink(path);
    assert_int_equal(x8_catalogue_open(&k.op, k.cache, path, &k.http, 1, &catalogue, &k.err),
                     -X8_E_NO_FILE);
    assert_non_null(strstr(k.err.msg, "image catalogue: "));
    free(path);
    kit_end(&k);
}

static void one_from_a_server_is_sent_when_it_changed(void **state)
{
    struct kit k;

    (void)state;
    begin(&k);
    assert_string_equal(newest(&k, 0), "934");
    assert_string_equal(newest(&k, 0), "934");
    assert_int_equal(k.web.count, 2);
    assert_int_equal(k.bodies, 1);
    k.file.data = (const uint8_t *)second;
    k.file.len = strlen(second);
    k.file.etag = "\"v2\"";
    assert_string_equal(newest(&k, 0), "951");
    assert_string_equal(newest(&k, 0), "951");
    assert_int_equal(k.bodies, 2);
    k.file.etag = NULL; /* of a server that says nothing it comes each time */
    assert_string_equal(newest(&k, 0), "951");
    assert_string_equal(newest(&k, 0), "951");
    assert_int_equal(k.bodies, 4);
    kit_end(&k);
}

static void who_only_looks_leaves_no_copy(void **state)
{
    struct kit k;

    (void)state;
    begin(&k);
    assert_string_equal(newest(&k, X8_CATALOGUE_LOOK), "934");
    assert_int_equal(kit_count(&k, "index-"), 0);
    assert_string_equal(newest(&k, 0), "934");
    k.file.data = (const uint8_t *)second;
    k.file.len = strlen(second);
    k.file.etag = "\"v2\"";
    assert_string_equal(newest(&k, X8_CATALOGUE_LOOK), "951");
    assert_string_equal(newest(&k, X8_CATALOGUE_LOOK | X8_CATALOGUE_OFFLINE), "934");
    kit_end(&k);
}

static void names_are_below_its_address(void **state)
{
    X8_AUTO_CATALOGUE catalogue = {0};
    char want[220];
    struct kit k;

    (void)state;
    begin(&k);
    kit_meet(&k);
    assert_int_equal(x8_catalogue_open(&k.op, k.cache, k.url, &k.http, 0, &catalogue, &k.err), 0);
    snprintf(want, sizeof want, "http://127.0.0.1:%u/images/934.tgz", k.web.port);
    assert_string_equal(catalogue.items[0].url, want);
    kit_end(&k);
}

static void its_copy_serves_where_the_server_does_not(void **state)
{
    struct kit k;

    (void)state;
    begin(&k);
    assert_string_equal(newest(&k, 1), "");
    assert_int_equal(k.err.code, X8_E_NETWORK);
    assert_non_null(strstr(k.err.why, "--offline"));
    assert_int_equal(k.web.count, 0);
    assert_string_equal(newest(&k, 0), "934");
    assert_string_equal(newest(&k, 1), "934");
    assert_non_null(strstr(k.told, "warn -: offline: the copy of the image catalogue is used, "
                                   "less than a day old"));
    assert_int_equal(k.web.count, 1);
    k.file.status = 503;
    assert_string_equal(newest(&k, 0), "934");
    assert_non_null(strstr(k.told, "503"));
    assert_int_equal(k.web.count, 2); /* asked once: the copy will do */
    kit_end(&k);
}

static void what_is_no_catalogue_replaces_no_copy(void **state)
{
    static const char page[] = "<html>log in to this network</html>";
    struct kit k;

    (void)state;
    begin(&k);
    assert_string_equal(newest(&k, 0), "934");
    k.file.data = (const uint8_t *)page;
    k.file.len = strlen(page);
    k.file.etag = "\"v3\"";
    assert_string_equal(newest(&k, 0), "");
    assert_int_equal(k.err.code, X8_E_BAD_IMAGE);
    assert_string_equal(newest(&k, 1), "934");
    kit_end(&k);
}

static void one_that_is_too_large_is_refused(void **state)
{
    size_t len = X8_CATALOGUE_MAX + 1;
    uint8_t *data = kit_noise(len, 3);
    struct kit k;

    (void)state;
    kit_begin(&k, data, len);
    assert_string_equal(newest(&k, 0), "");
    assert_int_equal(k.err.code, X8_E_BAD_IMAGE);
    assert_non_null(strstr(k.err.msg, "larger than a catalogue"));
    kit_end(&k);
    free(data);
}

static void a_cache_that_cannot_be_written_is_no_hindrance(void **state)
{
    struct kit k;

    (void)state;
    begin(&k);
    free(test_file(k.dir, "a", "x", 1)); /* where the cache's folder would be */
    assert_string_equal(newest(&k, 0), "934");
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_one_needs_nobody),
        cmocka_unit_test(one_in_a_file_is_read),
        cmocka_unit_test(one_from_a_server_is_sent_when_it_changed),
        cmocka_unit_test(who_only_looks_leaves_no_copy),
        cmocka_unit_test(names_are_below_its_address),
        cmocka_unit_test(its_copy_serves_where_the_server_does_not),
        cmocka_unit_test(what_is_no_catalogue_replaces_no_copy),
        cmocka_unit_test(one_that_is_too_large_is_refused),
        cmocka_unit_test(a_cache_that_cannot_be_written_is_no_hindrance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
