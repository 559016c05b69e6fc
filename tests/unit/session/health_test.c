/*
 * The file of health checks: what it may hold, and that nothing in it is passed over.
 */
#include "testlib.h"

#include "session/health.h"

#include <string.h>

static struct x8_health *health;
static struct x8_error err;

static int parse(const char *text)
{
    memset(&err, 0, sizeof err);
    return x8_health_parse(text, strlen(text), &health, &err);
}

static void takes(const char *text, size_t checks)
{
    if (parse(text) != 0)
        fail_msg("%s: %s", text, err.msg);
    assert_int_equal(x8_health_count(health), checks);
    x8_health_free(&health);
}

static void refuses(const char *text, const char *says)
{
    assert_int_equal(parse(text), -X8_E_USAGE);
    assert_int_equal(err.code, X8_E_USAGE);
    if (!strstr(err.msg, says))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, err.msg, says);
    assert_null(health);
}

static void every_kind_of_check_is_read(void **state)
{
    (void)state;
    takes("{\"image\":\">=861\",\"units\":[\"docker.service\",\"dropbear.socket\"],"
          "\"commands\":[\"true\",{\"run\":\"exit 3\",\"status\":3,\"root\":true,"
          "\"timeout\":\"10s\"}],\"ports\":[80,5000],\"free\":{\"/var\":\"500M\",\"/\":1048576},"
          "\"temperature_below\":80}",
          10);
    takes("{\"image\":934}", 1);
    takes("{\"image\":\"934\"}", 1);
}

static void a_misspelt_check_is_refused(void **state)
{
    (void)state;
    refuses("{\"unit\":[\"docker\"]}", "no check \"unit\"");
    refuses("{\"commands\":[{\"run\":\"true\",\"tmeout\":\"1s\"}]}", "no check \"tmeout\"");
    refuses("{\"commands\":[{\"status\":0}]}", "\"run\"");
    refuses("{\"commands\":[{}]}", "\"run\"");
    refuses("{\"\\u001b[2J\":1}", "no check \"?[2J\"");
}

static void values_of_another_kind_are_refused(void **state)
{
    (void)state;
    refuses("{\"image\":\"=>861\"}", "image");
    refuses("{\"image\":1.5}", "image");
    refuses("{\"units\":\"docker\"}", "list of names");
    refuses("{\"units\":[\"\"]}", "list of names");
    refuses("{\"units\":[\"--all\"]}", "list of names");
    refuses("{\"ports\":[0]}", "1 to 65535");
    refuses("{\"ports\":[65536]}", "65535");
    refuses("{\"ports\":[\"80\"]}", "65535");
    refuses("{\"free\":{\"var\":\"1M\"}}", "path from /");
    refuses("{\"free\":{\"/var\":\"1T\"}}", "size");
    refuses("{\"free\":{\"/var\":\"99999999999999999G\"}}", "size");
    refuses("{\"free\":{\"/var\":\"\"}}", "size");
    refuses("{\"free\":[\"/var\"]}", "object");
    refuses("{\"temperature_below\":-3}", "degrees");
    refuses("{\"commands\":[{\"run\":\"true\",\"root\":1}]}", "true or false");
    refuses("{\"commands\":[{\"run\":\"true\",\"status\":256}]}", "255");
    refuses("{\"commands\":[{\"run\":\"true\",\"timeout\":\"none\"}]}", "time");
}

static void a_file_without_checks_is_refused(void **state)
{
    (void)state;
    refuses("{}", "at least one");
    refuses("{\"units\":[]}", "at least one");
    refuses("[]", "an object");
    refuses("", "JSON");
    refuses("{\"image\":861", "JSON");
}

static void only_commands_as_root_need_root(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"commands\":[\"true\"],\"ports\":[80]}"), 0);
    assert_false(x8_health_needs_root(health));
    x8_health_free(&health);
    assert_int_equal(parse("{\"commands\":[\"true\",{\"run\":\"id\",\"root\":true}]}"), 0);
    assert_true(x8_health_needs_root(health));
    x8_health_free(&health);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_check_is_read),
        cmocka_unit_test(a_misspelt_check_is_refused),
        cmocka_unit_test(values_of_another_kind_are_refused),
        cmocka_unit_test(a_file_without_checks_is_refused),
        cmocka_unit_test(only_commands_as_root_need_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
