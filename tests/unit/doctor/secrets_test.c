/*
 * What is secret in a text goes, by whatever name it is called; what only looks so stays.
 */
#include "testlib.h"

#include "doctor/secrets.h"
#include "util/json.h"

#include <string.h>

static void becomes(const char *text, const char *want)
{
    struct x8_span span = {(const uint8_t *)text, strlen(text)};
    X8_AUTO_BUF out = {0};

    assert_int_equal(x8_hide_secrets(span, &out), 0);
    test_same_text(x8_buf_text(&out), want);
}

static void stays(const char *text)
{
    becomes(text, text);
}

static void what_is_assigned_to_a_secret_name_goes(void **state)
{
    (void)state;
    becomes("password: hunter2 and more\nnext", "password: (hidden)\nnext");
    becomes("wpa_passphrase=\"my \\\"own\\\" secret\" x", "wpa_passphrase=\"(hidden)\" x");
    becomes("DB_PASSWORD='a b' psk=c,d;e f", "DB_PASSWORD='(hidden)' psk=(hidden) f");
    becomes("{\"a\":\"psk='b\",\"c\":\"d'\"}", "{\"a\":\"psk='(hidden)\",\"c\":\"d'\"}");
    becomes("{\"a\":\"'psk':12 b\"}", "{\"a\":\"'psk':(hidden)\"}");
    becomes("psk = two words", "psk = (hidden)");
    becomes("wep-key0: 12345", "wep-key0: (hidden)");
    becomes("802-11-wireless-security.psk:abc", "802-11-wireless-security.psk:(hidden)");
    becomes("Authorization: Bearer abc.def", "Authorization: (hidden)");
    becomes("--psk word -s fad9", "--psk (hidden) -s fad9");
    becomes("nmcli d wifi connect Net password w0rd ifname x",
            "nmcli d wifi connect Net password (hidden) ifname x");
    becomes("passphrase \"a b\" taken", "passphrase \"(hidden)\" taken");
    becomes("[12.3] password: a\"b\\nc", "[12.3] password: (hidden)");
}

static void credentials_of_a_url_go(void **state)
{
    (void)state;
    becomes("via http://user:secretpw@proxy:3128/x", "via http://user:(hidden)@proxy:3128/x");
    becomes("http://user:p@ss@proxy", "http://user:(hidden)@proxy");
    becomes("https://ghp_abc@example.com", "https://(hidden)@example.com");
    becomes("HTTP_PROXY=user:pw@proxy:80", "HTTP_PROXY=user:(hidden)@proxy:80");
    stays("ssh://fio@board.local:22 http://host:80/a@b?c=d@e mail me@example.com");
}

static void credentials_of_an_address_without_a_right_scheme_go(void **state)
{
    (void)state;
    becomes("run: x8ctl get user:hunter5@h/934.tar.gz",
            "run: x8ctl get user:(hidden)@h/934.tar.gz");
    becomes("x8ctl flash 'http:/user:pw@h/x'", "x8ctl flash 'http:/user:(hidden)@h/x'");
    becomes("http:///user:pw@h http:/token@h", "http:///user:(hidden)@h http:/(hidden)@h");
    becomes("http://me:sec/ret@h/x", "http://me:(hidden)@h/x");
    becomes("{\"a\":\"x\\nme:pw@h\\n\",\"b\":\"c@d\"}",
            "{\"a\":\"x\\nme:(hidden)@h\\n\",\"b\":\"c@d\"}");
    becomes("psk=c:d@e", "psk=(hidden)");
    stays("ubuntu:22.04@sha256:01 net:me@host usb:1-2 tcp:80 user@1000.service: C:\\x@y");
}

static void private_keys_go(void **state)
{
    (void)state;
    becomes("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\ndef\n-----END OPENSSH PRIVATE KEY-----\nx",
            "-----BEGIN OPENSSH PRIVATE KEY-----(hidden)-----END OPENSSH PRIVATE KEY-----\nx");
    becomes("-----BEGIN PRIVATE KEY-----\nabc", "-----BEGIN PRIVATE KEY-----(hidden)");
    stays("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n");
}

static void words_about_secrets_stay(void **state)
{
    (void)state;
    stays("the password is known to everybody");
    stays("--password-file pw.txt");
    stays("{\"id\": \"password\", \"result\": \"warn\", \"token\": null}");
    stays("password:");
    stays("{\"a passwd \": \"x\", \"b\": \"password: \", \"c\": \"psk=\"}");
    stays("key-mgmt=wpa-psk");
    stays("");
}

static void json_stays_json(void **state)
{
    static const char text[] = "{\"a\":\"psk=x\\\\y\\nnext password: b\",\"psk\":\"q\\\"r\","
                               "\"token\":12,\"log\":\"{\\\"psk\\\":\\\"s\\\\\\\"t\\\"} u\"}";
    struct x8_span span = {(const uint8_t *)text, sizeof text - 1};
    struct x8_json *json = NULL;
    X8_AUTO_BUF out = {0};

    (void)state;
    assert_int_equal(x8_hide_secrets(span, &out), 0);
    assert_int_equal(x8_json_parse(x8_buf_text(&out), out.len, &json, NULL), 0);
    assert_string_equal(x8_json_get_str(json, "a"), "psk=(hidden)\nnext password: (hidden)");
    assert_string_equal(x8_json_get_str(json, "psk"), "(hidden)");
    assert_string_equal(x8_json_get_str(json, "token"), "(hidden)");
    assert_string_equal(x8_json_get_str(json, "log"), "{\"psk\":\"(hidden)\"} u");
    x8_json_free(&json);
}

static void a_nul_ends_no_secret(void **state)
{
    static const char text[] = "psk=ab\0cd ef";
    struct x8_span span = {(const uint8_t *)text, sizeof text - 1};
    X8_AUTO_BUF out = {0};

    (void)state;
    assert_int_equal(x8_hide_secrets(span, &out), 0);
    test_same_text(x8_buf_text(&out), "psk=(hidden) ef");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_assigned_to_a_secret_name_goes),
        cmocka_unit_test(credentials_of_a_url_go),
        cmocka_unit_test(credentials_of_an_address_without_a_right_scheme_go),
        cmocka_unit_test(private_keys_go),
        cmocka_unit_test(words_about_secrets_stay),
        cmocka_unit_test(json_stays_json),
        cmocka_unit_test(a_nul_ends_no_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
