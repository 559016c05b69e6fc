/*
 * Headers and addresses.
 */
#include "testlib.h"

#include "net/http_header.h"
#include "util/attr.h"

#include <string.h>

static void values_are_found_by_name_and_trimmed(void **state)
{
    static const char line[] = "content-RANGE: \t bytes 0-1/2 \r\n";
    const char *value;

    (void)state;
    assert_int_equal(x8_http_value(line, sizeof line - 1, "Content-Range", &value), 11);
    assert_memory_equal(value, "bytes 0-1/2", 11);
    assert_int_equal(x8_http_value(line, sizeof line - 1, "Content-Rang", &value), -1);
    assert_int_equal(x8_http_value("ETag", 4, "ETag", &value), -1);
    assert_int_equal(x8_http_value("ETag:", 5, "ETag", &value), 0);
    assert_int_equal(x8_http_value("ETag:  \r\n", 9, "ETag", &value), 0);
    assert_int_equal(x8_http_value("", 0, "ETag", &value), -1);
    assert_int_equal(x8_http_value("E{ag: x", 7, "E[ag", &value), -1); /* no letters */
}

static void a_status_line_is_one_or_none(void **state)
{
    static const char *const bad[] = {
        "HTTP/1.1",        "HTTP/x.y 200 OK", "HTTP/1.1 20",   "HTTP/1.1 2000",  "HTTP/1.1 099 x",
        "http/1.1 200 OK", "HTTP/1. 200",     "HTTP/1.1  200", "HTTP/1.1 200OK", "",
        "HTTP/1.1 -20",    "ICY 200 OK    "};
    size_t words;

    (void)state;
    assert_int_equal(x8_http_status("HTTP/1.1 200 OK", 15, &words), 200);
    assert_int_equal(words, 13);
    assert_int_equal(x8_http_status("HTTP/2 404", 10, &words), 404);
    assert_int_equal(words, 10);
    assert_int_equal(x8_http_status("HTTP/1.0 503 ", 13, &words), 503);
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        if (x8_http_status(bad[i], strlen(bad[i]), &words) >= 0)
            fail_msg("%s was taken", bad[i]);
}

static void parts_make_sense_or_are_none(void **state)
{
    static const char *const bad[] = {"",
                                      "bytes",
                                      "bytes ",
                                      "bytes 0-1",
                                      "bytes 0-1/",
                                      "bytes 2-1/5",
                                      "bytes 0-5/5",
                                      "bytes -1/5",
                                      "bytes 0-/5",
                                      "bytes */*",
                                      "bytes */",
                                      "bytes 0-1/5 ",
                                      "bytes 0-1/*5",
                                      "bytes=0-1/5",
                                      "lines 0-1/5",
                                      "bytes 0-99999999999999999999/*",
                                      "bytes 0-1/-5"};
    struct x8_http_range r;

    (void)state;
    assert_int_equal(x8_http_range("bytes 3-4/5", 11, &r), 0);
    assert_true(r.has_part && r.first == 3 && r.last == 4 && r.total == 5);
    assert_int_equal(x8_http_range("Bytes 0-0/1", 11, &r), 0);
    assert_int_equal(x8_http_range("bytes 3-4/*", 11, &r), 0);
    assert_true(r.total == UINT64_MAX);
    assert_int_equal(x8_http_range("bytes */5", 9, &r), 0);
    assert_true(!r.has_part && r.total == 5);
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        if (x8_http_range(bad[i], strlen(bad[i]), &r) == 0)
            fail_msg("%s was taken", bad[i]);
}

static int64_t after(const char *value)
{
    return x8_http_retry_after(value, strlen(value), 784111777);
}

static void waiting_is_seconds_or_a_date(void **state)
{
    (void)state;
    assert_int_equal(after("0"), 0);
    assert_int_equal(after("120"), 120000);
    assert_int_equal(after("3601"), 3600000);
    assert_int_equal(after("Sun, 06 Nov 1994 08:49:47 GMT"), 10000);
    assert_int_equal(after("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
    assert_int_equal(after("Sun, 06 Nov 1984 08:49:37 GMT"), 0);
    assert_int_equal(after("Sun, 06 Nov 2094 08:49:37 GMT"), 3600000);
    assert_int_equal(after(""), -1);
    assert_int_equal(after("-1"), -1);
    assert_int_equal(after("1.5"), -1);
    assert_int_equal(after("soon"), -1);
    assert_int_equal(after("99999999999999999999"), -1);
}

static void dates_have_one_form(void **state)
{
    static const char *const bad[] = {
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 UTC",  "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Xxx 1994 08:49:37 GMT",  "Sun, 06 ovD 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",  "Sun, 06 Nov 1994 08:49:37 GM"};

    (void)state;
    assert_int_equal(x8_http_date("Sun, 06 Nov 1994 08:49:37 GMT", 29), 784111777);
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        if (x8_http_date(bad[i], strlen(bad[i])) >= 0)
            fail_msg("%s was taken", bad[i]);
}

static void only_strong_validators_go_on(void **state)
{
    char out[12];

    (void)state;
    assert_true(x8_http_etag("\"abc\"", 5, out, sizeof out));
    assert_string_equal(out, "\"abc\"");
    assert_false(x8_http_etag("W/\"abc\"", 7, out, sizeof out));
    assert_false(x8_http_etag("abc", 3, out, sizeof out));
    assert_false(x8_http_etag("\"\"", 2, out, sizeof out));
    assert_false(x8_http_etag("\"a\"b\"", 5, out, sizeof out));
    assert_false(x8_http_etag("\"a b\"", 5, out, sizeof out));
    assert_false(x8_http_etag("\"a\rb\"", 5, out, sizeof out));
    assert_false(x8_http_etag("\"longer than the room\"", 22, out, sizeof out));
    assert_false(x8_http_modified("Sun, 06 Nov 1994 08:49:37 GMT", 29, out, sizeof out));
    assert_true(x8_http_is_validator("\"abc\""));
    assert_true(x8_http_is_validator("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_false(x8_http_is_validator("Sun, 06 Nov 1994 08:49:37 GMT\r\nX: y"));
    assert_false(x8_http_is_validator(NULL));
}

static void check_url(const char *url, enum x8_http_scheme scheme, const char *host,
                      const char *shown)
{
    char out[200];

    assert_int_equal(x8_http_scheme(url), scheme);
    x8_http_host(url, out, sizeof out);
    test_same_text(out, host);
    x8_http_shown(url, out, sizeof out);
    test_same_text(out, shown);
}

static void addresses_are_taken_apart(void **state)
{
    char tiny[8];

    (void)state;
    check_url("https://a.b/c/d.gz", X8_HTTP_TLS, "a.b", "https://a.b/c/d.gz");
    check_url("HTTP://a.b:80/", X8_HTTP_PLAIN, "a.b:80", "HTTP://a.b:80/");
    check_url("http://u:p@a.b", X8_HTTP_PLAIN, "a.b", "http://***@a.b");
    check_url("http://u:p@ss@a.b/x@y", X8_HTTP_PLAIN, "a.b", "http://***@a.b/x@y");
    check_url("u:p@proxy:3128", X8_HTTP_OTHER, "proxy:3128", "***@proxy:3128");
    check_url("https://a/b?key=1#top", X8_HTTP_TLS, "a", "https://a/b?...");
    check_url("https://a?u@h", X8_HTTP_TLS, "a", "https://a?...");
    check_url("https://a/#top", X8_HTTP_TLS, "a", "https://a/");
    check_url("https://a/\033[1m\n", X8_HTTP_TLS, "a", "https://a/?[1m?");
    check_url("http:/a", X8_HTTP_OTHER, "http:", "http:/a");
    check_url("", X8_HTTP_OTHER, "", "");
    x8_http_shown("https://user:password@host/path?x", tiny, sizeof tiny);
    assert_string_equal(tiny, "https:/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_by_name_and_trimmed),
        cmocka_unit_test(a_status_line_is_one_or_none),
        cmocka_unit_test(parts_make_sense_or_are_none),
        cmocka_unit_test(waiting_is_seconds_or_a_date),
        cmocka_unit_test(dates_have_one_form),
        cmocka_unit_test(only_strong_validators_go_on),
        cmocka_unit_test(addresses_are_taken_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
