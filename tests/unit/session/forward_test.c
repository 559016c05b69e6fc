/*
 * How forwarded ports are named.
 */
#include "testlib.h"

#include "session/forward.h"

#include <string.h>

static struct x8_forward f;
static struct x8_error err;

static void is(const char *text, const char *host, unsigned port, const char *remote)
{
    memset(&f, 0, sizeof f);
    if (x8_forward_parse(text, &f, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    assert_string_equal(f.host, host);
    assert_int_equal(f.local_port, port);
    assert_string_equal(f.remote, remote);
}

static void is_none(const char *text)
{
    memset(&err, 0, sizeof err);
    f.local_port = 7;
    if (x8_forward_parse(text, &f, &err) != -X8_E_USAGE)
        fail_msg("\"%s\" was taken", text);
    assert_int_equal(f.local_port, 7);
    assert_true(err.next[0]);
}

static void ports_are_pairs(void **state)
{
    (void)state;
    is("8080:80", "127.0.0.1", 8080, "tcp:80");
    is("0:80", "127.0.0.1", 0, "tcp:80");
    is("8080:tcp:80", "127.0.0.1", 8080, "tcp:80");
    is("8080:unix:/run/a:b.sock", "127.0.0.1", 8080, "unix:/run/a:b.sock");
}

static void an_address_may_stand_in_front(void **state)
{
    (void)state;
    is("0.0.0.0:8080:80", "0.0.0.0", 8080, "tcp:80");
    is("localhost:1:2", "localhost", 1, "tcp:2");
    is("[::1]:8080:80", "::1", 8080, "tcp:80");
}

static void other_forms_are_refused(void **state)
{
    static const char *const texts[] = {
        "",         "80",       ":",           "80:",       ":80",       "80:0",
        "80:65536", "65536:80", "-1:80",       "80:-1",     "80:80:80x", "a:b",
        "a:b:c",    "80:unix:", "80:unix:rel", "[::1:80:1", "[]:80:80",  "[::1]80:1",
        "80: 80",   "+80:80",   "80:80 ",      "0x50:80:1", "::1:80:80", "\033[2J:80"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        is_none(texts[i]);
    assert_null(strchr(err.msg, '\033'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_pairs),
        cmocka_unit_test(an_address_may_stand_in_front),
        cmocka_unit_test(other_forms_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
