/* Users and passwords in addresses: found, however they are written, and nothing else is taken for
 * one. */
#include "testlib.h"

#include "util/error.h"
#include "util/op.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

static void hidden(const char *text, const char *want)
{
    char own[300];

    snprintf(own, sizeof own, "%s", text);
    x8_hide_logins(own);
    assert_string_equal(own, want);
}

static void a_password_is_hidden_wherever_its_address_stands(void **state)
{
    (void)state;
    hidden("cannot get http://me:secret@host/x (why)", "cannot get http://***@host/x (why)");
    hidden("ftp://me:secret@host", "ftp://***@host");
    hidden("'https://token@host:8080/a?b', http://a:b@c",
           "'https://***@host:8080/a?b', http://***@c");
    hidden("http://a@b", "http://*@b");
    hidden("http://@b", "http://@b");
    hidden("http://me:one@two@host/x", "http://***@host/x");
    hidden("http://me:secret@[::1]:80/x", "http://***@[::1]:80/x");
}

static void one_with_a_slash_in_it_is_hidden_too(void **state)
{
    (void)state;
    hidden("http://me:sec/ret@host/x", "http://***@host/x");
    hidden("http://me:a?secret@host/x", "http://***@host/x");
    hidden("http://me:#secret@host/x y@z", "http://***@host/x y@z");
    hidden("http://me:/secret@host", "http://***@host");
}

static void an_address_needs_no_scheme_and_no_right_one(void **state)
{
    (void)state;
    hidden("no file 'me:secret@host/x.tar'", "no file '***@host/x.tar'");
    hidden("me:secret@host", "***@host");
    hidden("me:12345@host:80/x a:b@c", "***@host:80/x ***@c");
    hidden("me@corp.com:secret@host", "***@host");
    hidden("me:sec/ret@host/x", "***@host/x");
    hidden("http:/me:secret@host/x", "http:/***@host/x");
    hidden("http:///me:secret@host/x", "http:///***@host/x");
    hidden("http:me:secret@host/x", "***@host/x");
    hidden("http//me:secret@host/x", "http//***@host/x");
    hidden("htp:\\\\me:secret@host/x", "htp:\\\\***@host/x");
    hidden("https:/token@host/x", "https:/***@host/x");
    hidden("--index=me:secret@host", "--index=***@host");
    hidden("net:me:secret@host", "net:***@host");
    hidden("{\"a\":\"me:secret@host\"}", "{\"a\":\"***@host\"}");
    hidden("a:b@c", "***@c");
}

static void what_is_no_login_stays(void **state)
{
    static const char *const texts[] = {
        "",
        "plain text with me@host",
        "http://host/path@2/x",
        "http://host:8080/@scope/name",
        "http://[::1]/@scope",
        "http://[::1]:8080/@scope",
        "ubuntu:22.04@sha256:0123",
        "host:5000/app:v1@sha256:0123",
        "usb:1-2 net:host net:me@host net:[::1]:22 tcp:80 8080:80 adb:host:5555",
        "C:\\x@y.tar /tmp/a@b:c unix:/run/x@y 8080:unix:/run/x@y host:/tmp/x@y",
        "me@host:22 me@host: no such x@y",
        "{\"a\":\"x@y\"}",
        "failed: user@1000.service: x",
        "http://host:8080/a@b?c=d@e",
        "set https_proxy=http://USER:PASSWORD@host:8080",
        "proxy USER:PASSWORD@host:8080",
        "://",
        ":@ :@h a:@h @ : :",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        hidden(texts[i], texts[i]);
}

static void remember(void *ctx, const struct x8_event *event)
{
    snprintf(ctx, 100, "%s", event->text);
}

static void no_error_and_no_fact_has_one(void **state)
{
    struct x8_error err = {0};
    char told[100] = "";
    struct x8_op op = {.emit = remember, .emit_ctx = told};

    (void)state;
    x8_fail(&err, X8_E_USAGE, "no such file: %s", "http://me:secret@host/x");
    x8_error_why(&err, "%s", "http://me:secret@host/x");
    x8_error_next(&err, "%s", "http://me:secret@host/x");
    x8_error_prefix(&err, "%s", "http://me:secret@host/x");
    x8_emit(&op, X8_EV_NOTICE, "%s", "http://me:secret@host/x");
    assert_string_equal(err.msg, "http://***@host/x: no such file: http://***@host/x");
    assert_string_equal(err.why, "http://***@host/x");
    assert_string_equal(err.next, "http://***@host/x");
    assert_string_equal(told, "http://***@host/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_is_hidden_wherever_its_address_stands),
        cmocka_unit_test(one_with_a_slash_in_it_is_hidden_too),
        cmocka_unit_test(an_address_needs_no_scheme_and_no_right_one),
        cmocka_unit_test(what_is_no_login_stays),
        cmocka_unit_test(no_error_and_no_fact_has_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
