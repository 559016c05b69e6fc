#include "testlib.h"

#include "store/catalogue.h"

#include <stdio.h>
#include <string.h>

static int parse(const char *text, struct x8_catalogue *out, struct x8_error *err)
{
    struct x8_span span = {(const uint8_t *)text, strlen(text)};
    memset(err, 0, sizeof(*err));
    return x8_catalogue_parse(span, "a file", "https://host/a/index.json", out, err);
}

static void the_one_in_the_program_is_in_order(void **state)
{
    X8_AUTO_CATALOGUE c = {0};
    struct x8_error err = {0};
    (void)state;
    if (x8_catalogue_builtin(&c, &err) < 0)
        fail_msg("%s %s", err.msg, err.why);
    assert_true(c.count >= 12);
    assert_string_equal(c.items[0].image, "934");
    assert_string_equal(c.latest_url,
                        "https://downloads.arduino.cc/portentax8image/image-latest.tar.gz");
    const struct x8_release *r = x8_catalogue_find(&c, "91.9");
    assert_ptr_equal(r, &c.items[0]);
    assert_string_equal(r->url, "https://downloads.arduino.cc/portentax8image/934.tar.gz");
    assert_int_equal(r->size, 1097240589);
    assert_int_equal(r->part_count, 6);
    assert_null(x8_catalogue_find(&c, "935"));
    assert_string_equal(x8_catalogue_find(&c, "881")->url, ""); /* nobody knows where it is */
}

static void names_become_addresses_below_the_base(void **state)
{
    X8_AUTO_CATALOGUE c = {0};
    struct x8_error err;
    (void)state;
    assert_int_equal(
        parse("{\"format\":1,\"images\":[{\"image\":\"5\",\"file\":\"5.tar\"},{\"image\":"
              "\"12\",\"file\":\"https://other/12.tar\"}],\"latest\":{\"image\":\"5\"},"
              "\"more\":1}",
              &c, &err),
        0);
    assert_string_equal(c.items[0].image, "12"); /* by number, not by text */
    assert_string_equal(c.items[0].url, "https://other/12.tar");
    assert_string_equal(c.items[1].url, "https://host/a/5.tar");
    assert_string_equal(c.latest_image, "5");
}

static void what_is_of_another_form_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "JSON"},
        {"[]", "format"},
        {"{\"format\":2,\"images\":[]}", "another one"},
        {"{\"format\":1}", "images"},
        {"{\"format\":1,\"base\":\"file:///etc/\",\"images\":[]}", "base"},
        {"{\"format\":1,\"images\":[{}]}", "no \"image\""},
        {"{\"format\":1,\"images\":[{\"image\":7}]}", "\"image\" is a number and must be text"},
        {"{\"format\":1,\"images\":[7]}", "no object"},
        {"{\"format\":\"1\",\"images\":[]}", "\"format\" is text and must be the number 1"},
        {"{\"format\":1.5,\"images\":[]}", "another one"},
        {"{\"format\":null,\"images\":[]}", "\"format\" is null"},
        {"{\"format\":1,\"base\":[],\"images\":[]}", "\"base\" is a list and must be text"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"lmp\":91}]}",
         "image 7: \"lmp\" is a number and must be text"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"size\":\"12\"}]}",
         "\"size\" is text and must be a number"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"date\":\"a date of far too many words\"}]}",
         "\"date\" has more than 15"},
        {"{\"format\":1,\"format\":1,\"images\":[]}", "\"format\" is there twice"},
        {"{\"format\":1,\"images\":[],\"images\":[]}", "\"images\" is there twice"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"size\":1,\"size\":2}]}",
         "image 7: \"size\" is there twice"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"image\":\"8\"}]}", "twice"},
        {"{\"format\":1,\"images\":[],\"latest\":{\"image\":7}}", "must be text"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"file\":\"../7\"}]}", "image 7"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"file\":\"file:///etc/x\"}]}", "image 7"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"sha256\":\"12\"}]}", "SHA-256"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"size\":-1}]}", "number of bytes"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"size\":1.5}]}", "number of bytes"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"parts\":{\"a\":\"b\"}}]}", "part"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\"},{\"image\":\"7\"}]}", "twice"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"release\":\"1.0\"},"
         "{\"image\":\"8\",\"release\":\"1.0\"}]}",
         "\"release\" is there twice"},
        {"{\"format\":1,\"images\":[{\"image\":\"7\",\"size\":0}]}", "number of bytes"},
        {"{\"format\":1,\"images\":[],\"latest\":{\"image\":\"7\"}}", "latest"},
    };
    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        X8_AUTO_CATALOGUE c = {0};
        struct x8_error err;
        int rc = parse(rows[i].text, &c, &err);
        if (rc != -X8_E_BAD_IMAGE || (i && !strstr(err.why, rows[i].why)) || !err.next[0])
            fail_msg("%s: %d %s | %s", rows[i].text, rc, err.msg, err.why);
        assert_null(c.items);
    }
}

static void schemes_and_hosts_are_written_in_any_case(void **state)
{
    X8_AUTO_CATALOGUE c = {0};
    struct x8_error err;
    (void)state;
    assert_int_equal(parse("{\"format\":1,\"base\":\"HTTPS://Host/\",\"images\":["
                           "{\"image\":\"5\",\"file\":\"5.tar\"},"
                           "{\"image\":\"4\",\"file\":\"HTTP://Other/4.tar\"}]}",
                           &c, &err),
                     0);
    assert_string_equal(c.items[0].url, "HTTPS://Host/5.tar");
    assert_string_equal(c.items[1].url, "HTTP://Other/4.tar");
    assert_ptr_equal(x8_catalogue_at(&c, "https://host/5.tar"), &c.items[0]);
    assert_null(x8_catalogue_at(&c, "https://host/5.TAR"));
}

static void an_address_stands_for_the_release_of_that_name(void **state)
{
    X8_AUTO_CATALOGUE c = {0};
    struct x8_error err = {0};
    const struct x8_release *newest;
    (void)state;
    assert_int_equal(x8_catalogue_builtin(&c, &err), 0);
    newest = x8_catalogue_find(&c, "934");
    assert_ptr_equal(x8_catalogue_at(&c, newest->url), newest);
    assert_ptr_equal(x8_catalogue_at(&c, "http://mirror/x/934.tar.gz?key=1#a"), newest);
    assert_null(x8_catalogue_at(&c, "http://mirror/934.tar.gz/"));
    assert_null(x8_catalogue_at(&c, "http://mirror/x/1934.tar.gz"));
    assert_null(x8_catalogue_at(&c, "http://934.tar.gz"));
    assert_null(x8_catalogue_at(&c, ""));
    assert_ptr_equal(x8_catalogue_is(&c, newest->sha256), newest);
    assert_null(x8_catalogue_is(&c, ""));
    assert_ptr_equal(x8_catalogue_called(&c, "some.where/934.tar.gz"), newest);
    assert_ptr_equal(x8_catalogue_called(&c, "934"), newest);
    assert_null(x8_catalogue_called(&c, "some/1934.tar.gz"));
    assert_null(x8_catalogue_called(&c, "934.tar.gz/"));
    assert_null(x8_catalogue_called(&c, ".tar.gz"));
    assert_null(x8_catalogue_called(&c, ""));
    snprintf(c.items[0].url, sizeof(c.items[0].url), "https://host/a/Own_934.zip?key=1");
    assert_ptr_equal(x8_catalogue_called(&c, "/x/Own_934.zip"), newest);
    assert_null(x8_catalogue_called(&c, "Own_934.zi"));
    assert_ptr_equal(x8_catalogue_sized(&c, newest->size), newest);
    assert_null(x8_catalogue_sized(&c, 854998055)); /* whose digest nobody knows */
    assert_null(x8_catalogue_sized(&c, 0));
}

static void a_file_without_base_cannot_have_plain_names(void **state)
{
    static const char *const texts[] = {
        "{\"format\":1,\"images\":[{\"image\":\"7\",\"file\":\"7.tar.gz\"}]}",
        "{\"format\":1,\"images\":[],\"latest\":\"l.tar.gz\"}"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++) {
        X8_AUTO_CATALOGUE c = {0};
        struct x8_error err = {0};
        struct x8_span text = {(const uint8_t *)texts[i], strlen(texts[i])};

        assert_int_equal(x8_catalogue_parse(text, "a.json", NULL, &c, &err), -X8_E_BAD_IMAGE);
        assert_non_null(strstr(err.why, "\"base\" is missing"));
    }
}

static void what_is_near_is_named(void **state)
{
    X8_AUTO_CATALOGUE c = {0};
    struct x8_error err = {0};
    char near[100], small[8];
    (void)state;
    assert_int_equal(x8_catalogue_builtin(&c, &err), 0);
    x8_catalogue_near(&c, "845", near, sizeof(near));
    assert_string_equal(near, "846, 844");
    x8_catalogue_near(&c, "", small, sizeof(small));
    assert_string_equal(small, "934");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_in_the_program_is_in_order),
        cmocka_unit_test(names_become_addresses_below_the_base),
        cmocka_unit_test(what_is_of_another_form_is_refused_with_its_place),
        cmocka_unit_test(schemes_and_hosts_are_written_in_any_case),
        cmocka_unit_test(an_address_stands_for_the_release_of_that_name),
        cmocka_unit_test(a_file_without_base_cannot_have_plain_names),
        cmocka_unit_test(what_is_near_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
