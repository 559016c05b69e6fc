/*
 * Where things are kept, and which adb server is asked.
 */
#include "main.h"
#include "running.h"

#include "testlib.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const variables[] = {"X8CTL_HOME",        "XDG_CONFIG_HOME",
                                        "XDG_STATE_HOME",    "XDG_CACHE_HOME",
                                        "ADB_SERVER_SOCKET", "ANDROID_ADB_SERVER_PORT"};
static struct x8_globals globals;
static struct x8_reach reach;
static struct x8_error err;
static char path[512];

static int clean(void **state)
{
    (void)state;
    for (size_t i = 0; i < X8_COUNT(variables); i++)
        unsetenv(variables[i]);
    setenv("HOME", "/home/ana", 1);
    memset(&globals, 0, sizeof globals);
    memset(&reach, 0, sizeof reach);
    memset(&err, 0, sizeof err);
    return 0;
}

static const char *path_of(const char *kind)
{
    x8_env_path(kind, "thing", path, sizeof path);
    return path;
}

static void without_variables_things_are_below_home(void **state)
{
    (void)state;
    assert_string_equal(path_of("config"), "/home/ana/.config/x8ctl/thing");
    assert_string_equal(path_of("state"), "/home/ana/.local/state/x8ctl/thing");
    assert_string_equal(path_of("cache"), "/home/ana/.cache/x8ctl/thing");
}

static void the_xdg_folders_win_over_home_when_they_are_absolute(void **state)
{
    (void)state;
    setenv("XDG_CONFIG_HOME", "/cfg", 1);
    setenv("XDG_STATE_HOME", "relative", 1);
    assert_string_equal(path_of("config"), "/cfg/x8ctl/thing");
    assert_string_equal(path_of("state"), "/home/ana/.local/state/x8ctl/thing");
}

static void one_folder_of_x8ctl_wins_over_all(void **state)
{
    (void)state;
    setenv("XDG_CONFIG_HOME", "/cfg", 1);
    setenv("X8CTL_HOME", "/station", 1);
    assert_string_equal(path_of("config"), "/station/config/thing");
    assert_string_equal(path_of("state"), "/station/state/thing");
}

static void a_service_without_home_has_folders_too(void **state)
{
    (void)state;
    unsetenv("HOME");
    assert_int_equal(path_of("config")[0], '/');
    assert_non_null(strstr(path, "/.config/x8ctl/thing"));
}

static void the_server_is_where_adb_would_look_for_it(void **state)
{
    static const struct {
        const char *variable, *text;
        unsigned port;
    } rows[] = {{"ANDROID_ADB_SERVER_PORT", "5038", 5038},
                {"ADB_SERVER_SOCKET", "tcp:5039", 5039},
                {"ADB_SERVER_SOCKET", "tcp:localhost:5040", 5040},
                {"ADB_SERVER_SOCKET", "tcp:127.0.0.1:5041", 5041}};

    (void)state;
    assert_int_equal(x8_env_reach(&globals, &reach, &err), 0);
    assert_int_equal(reach.adb_port, 5037);
    assert_string_equal(reach.key_path, "/home/ana/.android/adbkey");
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        clean(NULL);
        setenv(rows[i].variable, rows[i].text, 1);
        assert_int_equal(x8_env_reach(&globals, &reach, &err), 0);
        assert_int_equal(reach.adb_port, rows[i].port);
    }
    setenv("ANDROID_ADB_SERVER_PORT", "6000", 1);
    assert_int_equal(x8_env_reach(&globals, &reach, &err), 0);
    assert_int_equal(reach.adb_port, 5041); /* the socket wins */
}

static void a_server_elsewhere_is_refused_and_named(void **state)
{
    static const char *const texts[] = {"tcp:10.0.0.1:5037", "unix:/x", "tcp:0", "tcp:70000",
                                        "abc"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++) {
        setenv("ADB_SERVER_SOCKET", texts[i], 1);
        assert_int_equal(x8_env_reach(&globals, &reach, &err), -X8_E_USAGE);
        assert_non_null(strstr(err.msg, "ADB_SERVER_SOCKET"));
        assert_true(err.why[0] && err.next[0]);
    }
}

static void a_way_without_a_server_does_not_care_about_its_variable(void **state)
{
    (void)state;
    setenv("ADB_SERVER_SOCKET", "nonsense", 1);
    globals.via = X8_VIA_USB;
    assert_int_equal(x8_env_reach(&globals, &reach, &err), 0);
    assert_int_equal(reach.adb_port, 0);
    assert_int_equal(reach.via, X8_VIA_USB);
}

static void folders_are_made_with_those_above_for_the_user_alone(void **state)
{
    char *dir = test_dir_new(), *deep = test_path(dir, "a/b/c"), *blocked;
    struct stat st;

    (void)state;
    assert_int_equal(x8_env_make_folder(deep, &err), 0);
    assert_int_equal(x8_env_make_folder(deep, &err), 0);
    assert_int_equal(stat(deep, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    free(test_file(dir, "file", "x", 1));
    blocked = test_path(dir, "file/below");
    assert_true(x8_env_make_folder(blocked, &err) < 0);
    assert_true(err.why[0] && err.next[0]);
    free(blocked);
    free(deep);
    test_dir_free(dir);
}

enum { DAEMON = 1 }; /* a user that every Linux has */

/* As a container has it whose home is a folder of its host. */
static void root_uses_a_home_whose_owner_is_nobody_here(void **state)
{
    char *dir = test_dir_new(), *home = test_path(dir, "home"), *deep;

    (void)state;
    if (geteuid() != 0 || mkdir(home, 0755) != 0 || chown(home, 3456789, 3456789) != 0)
        skip();
    deep = test_path(home, ".local/state/x8ctl");
    assert_int_equal(x8_env_make_folder(deep, &err), 0);
    free(deep);
    free(home);
    test_dir_free(dir);
}

/* Only root can be wrong here, and only root can make such a folder for the test. */
static void root_makes_nothing_in_the_home_of_another_user(void **state)
{
    char *dir = test_dir_new(), *home = test_path(dir, "home"), *deep;

    (void)state;
    if (geteuid() != 0 || mkdir(home, 0755) != 0 || chown(home, DAEMON, DAEMON) != 0)
        skip();
    deep = test_path(home, ".local/state/x8ctl");
    assert_int_equal(x8_env_make_folder(deep, &err), -X8_E_NO_PERMISSION);
    assert_non_null(strstr(err.msg, deep));
    assert_non_null(strstr(err.next, "sudo -H"));
    setenv("XDG_RUNTIME_DIR", home, 1);
    x8_env_lock_path("usb-1-2", path, sizeof path);
    assert_string_equal(path, "/tmp/x8ctl-0/usb-1-2");
    unsetenv("XDG_RUNTIME_DIR");
    assert_int_equal(rmdir(home), 0); /* it is empty */
    assert_int_equal(mkdir(home, 0755) + chown(home, DAEMON, DAEMON), 0);
    setenv("X8CTL_HOME", home, 1);
    assert_int_equal(x8_env_make_folder(deep, &err), 0);
    free(deep);
    free(home);
    test_dir_free(dir);
}

#define TEST(name) cmocka_unit_test_setup(name, clean)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_variables_things_are_below_home),
        TEST(the_xdg_folders_win_over_home_when_they_are_absolute),
        TEST(one_folder_of_x8ctl_wins_over_all),
        TEST(a_service_without_home_has_folders_too),
        TEST(the_server_is_where_adb_would_look_for_it),
        TEST(a_server_elsewhere_is_refused_and_named),
        TEST(a_way_without_a_server_does_not_care_about_its_variable),
        TEST(root_makes_nothing_in_the_home_of_another_user),
        TEST(root_uses_a_home_whose_owner_is_nobody_here),
        TEST(folders_are_made_with_those_above_for_the_user_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
