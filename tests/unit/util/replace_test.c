/*
 * Replacing a file: the new one or the old one, and nothing left over.
 */
#include "testlib.h"

#include "util/file.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char *dir;

static int setup(void **state)
{
    (void)state;
    dir = test_dir_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_dir_free(dir);
    return 0;
}

static int names_in(const char *folder)
{
    DIR *d = opendir(folder);
    int names = 0;

    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        names += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(d);
    return names;
}

static void check_contents(const char *path, const char *want)
{
    char *text = test_read(path, NULL);

    assert_string_equal(text, want);
    free(text);
}

static void a_file_is_made_with_its_mode_and_replaced(void **state)
{
    char *path = test_path(dir, "new");
    struct stat st;

    (void)state;
    assert_int_equal(x8_file_replace(path, "one", 3, 0640, NULL), 0);
    check_contents(path, "one");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(x8_file_replace(path, "", 0, 0600, NULL), 0);
    check_contents(path, "");
    assert_int_equal(names_in(dir), 1);
    free(path);
}

static void a_name_without_a_folder_is_in_this_one(void **state)
{
    char here[4096];

    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(x8_file_replace("bare", "x", 1, 0600, NULL), 0);
    check_contents("bare", "x");
    assert_int_equal(chdir(here), 0);
}

static void a_link_stays_a_link(void **state)
{
    char *real = test_file(dir, "real", "old", 3), *link = test_path(dir, "link");
    struct stat st;

    (void)state;
    assert_int_equal(symlink("real", link), 0);
    assert_int_equal(x8_file_replace(link, "new", 3, 0600, NULL), 0);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    check_contents(real, "new");
    free(real);
    free(link);
}

static void a_folder_or_a_device_is_not_replaced(void **state)
{
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_file_replace(dir, "x", 1, 0600, &err), -X8_E_NO_FILE);
    assert_int_equal(x8_file_replace("/dev/null", "x", 1, 0600, &err), -X8_E_NO_FILE);
    assert_int_equal(x8_path_kind("/dev/null"), X8_PATH_OTHER);
    assert_int_equal(x8_file_replace("/no/such/folder/x", "x", 1, 0600, &err), -X8_E_NO_FILE);
    assert_int_equal(x8_file_replace("", "x", 1, 0600, &err), -X8_E_NO_FILE);
}

static void a_folder_that_may_not_be_written_is_a_matter_of_permission(void **state)
{
    struct x8_error err;
    int rc;

    (void)state;
    /* procfs lets nobody create a file, root included. */
    rc = x8_file_replace("/proc/x8test", "x", 1, 0600, &err);
    assert_true(rc == -X8_E_NO_PERMISSION || rc == -X8_E_NO_FILE);
    if (geteuid() == 0)
        return;
    assert_int_equal(x8_file_replace("/x8test", "x", 1, 0600, &err), -X8_E_NO_PERMISSION);
    assert_true(err.why[0] && err.next[0]);
}

static void a_write_that_fails_leaves_the_old_file_and_no_other(void **state)
{
    char *folder = test_path(dir, "limited"), *path, *data = calloc(1, 65536);
    struct rlimit old, small = {.rlim_cur = 4096};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    struct x8_error err;
    int rc;

    (void)state;
    assert_int_equal(mkdir(folder, 0700), 0);
    path = test_file(folder, "f", "old", 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    sigaction(SIGXFSZ, &ignore, &before);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = x8_file_replace(path, data, 65536, 0600, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    sigaction(SIGXFSZ, &before, NULL);
    assert_int_equal(rc, -X8_E_HOST_SPACE);
    check_contents(path, "old");
    assert_int_equal(names_in(folder), 1);
    free(folder);
    free(path);
    free(data);
}

static void what_cannot_be_written_has_three_causes(void **state)
{
    static const struct {
        int errnum;
        enum x8_code code;
    } rows[] = {
        {ENOSPC, X8_E_HOST_SPACE},    {EDQUOT, X8_E_HOST_SPACE},   {EFBIG, X8_E_HOST_SPACE},
        {EACCES, X8_E_NO_PERMISSION}, {EPERM, X8_E_NO_PERMISSION}, {EROFS, X8_E_NO_PERMISSION},
        {EIO, X8_E_NO_FILE},          {0, X8_E_NO_FILE},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++)
        assert_int_equal(x8_write_code(rows[i].errnum, X8_E_NO_FILE), rows[i].code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_made_with_its_mode_and_replaced),
        cmocka_unit_test(a_name_without_a_folder_is_in_this_one),
        cmocka_unit_test(a_link_stays_a_link),
        cmocka_unit_test(a_folder_or_a_device_is_not_replaced),
        cmocka_unit_test(a_folder_that_may_not_be_written_is_a_matter_of_permission),
        cmocka_unit_test(what_cannot_be_written_has_three_causes),
        cmocka_unit_test(a_write_that_fails_leaves_the_old_file_and_no_other),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
