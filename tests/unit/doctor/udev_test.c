/*
 * The rules' text and their installation into a folder.
 */
#include "doctor/udev.h"

#include "usb/usb.h"
#include "util/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char dir[64], path[128];
    struct x8_op op;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    snprintf(f->dir, sizeof f->dir, "/tmp/x8ctl-udev-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/%s", f->dir, X8_USB_RULES_NAME);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char other[128];

    chmod(f->dir, 0700);
    unlink(f->path);
    snprintf(other, sizeof other, "%s/99-x8ctl.rules", f->dir);
    unlink(other);
    snprintf(other, sizeof other, "%s/70-uuu.rules", f->dir);
    unlink(other);
    rmdir(f->dir);
    free(f);
    return 0;
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(x8_file_replace(path, text, strlen(text), 0644, NULL), 0);
}

static void the_rules_cover_every_state_and_keep_modemmanager_off(void **state)
{
    static const char *const ids[][2] = {{"1fc9", "0134"}, {"1fc9", "0151"}, {"0525", "b4a4"},
                                         {"1fc9", "0152"}, {"0525", "a4a5"}, {"066f", "9bff"},
                                         {"2341", "0061"}};
    X8_AUTO_BUF text = {0};

    (void)state;
    assert_int_equal(x8_udev_text("plugdev", &text), 0);
    for (size_t i = 0; i < X8_COUNT(ids); i++) {
        char want[160];

        snprintf(want, sizeof want,
                 "ATTR{idVendor}==\"%s\", ATTR{idProduct}==\"%s\", MODE=\"0660\", "
                 "GROUP=\"plugdev\", TAG+=\"uaccess\"\n",
                 ids[i][0], ids[i][1]);
        assert_non_null(strstr(x8_buf_text(&text), want));
    }
    assert_non_null(strstr(x8_buf_text(&text), "ID_MM_DEVICE_IGNORE"));
}

static void without_the_group_no_rule_names_one(void **state)
{
    X8_AUTO_BUF text = {0};

    (void)state;
    assert_int_equal(x8_udev_text(NULL, &text), 0);
    assert_null(strstr(x8_buf_text(&text), "GROUP"));
    assert_null(strstr(x8_buf_text(&text), "MODE"));
    assert_non_null(strstr(x8_buf_text(&text), "uaccess"));
}

static void installing_twice_writes_once_and_checks_as_current(void **state)
{
    struct fixture *f = *state;
    struct x8_udev_report report;
    struct stat st;

    assert_int_equal(x8_udev_install(&f->op, f->dir, NULL), 1);
    assert_int_equal(x8_udev_install(&f->op, f->dir, NULL), 0);
    assert_int_equal(x8_udev_check(f->dir, &report, NULL), 0);
    assert_true(report.is_present && report.is_current && report.is_effective);
    assert_string_equal(report.path, f->path);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
}

static void missing_rules_differ_and_name_the_command(void **state)
{
    struct fixture *f = *state;
    struct x8_udev_report report;
    struct x8_error err;

    assert_int_equal(x8_udev_check(f->dir, &report, &err), -X8_E_DIFFERS);
    assert_int_equal(report.is_present, 0);
    assert_non_null(strstr(err.next, "udev install"));
}

static void old_rules_differ_and_are_replaced(void **state)
{
    struct fixture *f = *state;
    struct x8_udev_report report;
    struct x8_error err;

    write_file(f->dir, X8_USB_RULES_NAME, "# of an older version\n");
    assert_int_equal(x8_udev_check(f->dir, &report, &err), -X8_E_DIFFERS);
    assert_true(report.is_present && !report.is_current);
    assert_int_equal(x8_udev_install(&f->op, f->dir, NULL), 1);
    assert_int_equal(x8_udev_check(f->dir, &report, NULL), 0);
}

static void rules_numbered_above_73_are_called_ineffective(void **state)
{
    struct fixture *f = *state;
    struct x8_udev_report report;
    struct x8_error err;
    X8_AUTO_BUF text = {0};

    assert_int_equal(x8_udev_text(x8_udev_group(), &text), 0);
    write_file(f->dir, "99-x8ctl.rules", x8_buf_text(&text));
    assert_int_equal(x8_udev_check(f->dir, &report, &err), -X8_E_DIFFERS);
    assert_true(report.is_present && !report.is_effective);
    assert_non_null(strstr(err.msg, "99-x8ctl.rules"));
}

static void another_tools_rules_for_the_same_ids_are_named(void **state)
{
    struct fixture *f = *state;
    struct x8_udev_report report;
    struct x8_error err;

    write_file(f->dir, "70-uuu.rules",
               "SUBSYSTEM==\"usb\", ATTRS{idVendor}==\"1fc9\", ATTRS{idProduct}==\"0134\"\n");
    x8_udev_check(f->dir, &report, &err);
    assert_int_equal(report.other_count, 1);
    assert_non_null(strstr(report.others[0], "70-uuu.rules"));
    assert_non_null(strstr(err.why, "70-uuu.rules"));
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;
    char missing[128];

    snprintf(missing, sizeof missing, "%s/none", f->dir);
    assert_int_equal(x8_udev_install(&f->op, missing, &err), -X8_E_NO_FILE);
    assert_non_null(strstr(err.msg, missing));
}

static void a_folder_without_permission_is_code_13(void **state)
{
    struct fixture *f = *state;
    struct x8_error err;

    if (geteuid() == 0)
        skip(); /* root may write anywhere */
    assert_int_equal(chmod(f->dir, 0500), 0);
    assert_int_equal(x8_udev_install(&f->op, f->dir, &err), -X8_E_NO_PERMISSION);
    assert_true(err.next[0] != '\0');
}

static void removing_is_told_from_nothing_to_remove(void **state)
{
    struct fixture *f = *state;
    struct x8_udev_report report;
    struct x8_error err;

    assert_int_equal(x8_udev_install(&f->op, f->dir, NULL), 1);
    assert_int_equal(x8_udev_remove(&f->op, f->dir, NULL), 1);
    assert_int_equal(x8_udev_remove(&f->op, f->dir, NULL), 0);
    assert_int_equal(x8_udev_check(f->dir, &report, &err), -X8_E_DIFFERS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_rules_cover_every_state_and_keep_modemmanager_off),
        TEST(without_the_group_no_rule_names_one),
        TEST(installing_twice_writes_once_and_checks_as_current),
        TEST(missing_rules_differ_and_name_the_command),
        TEST(old_rules_differ_and_are_replaced),
        TEST(rules_numbered_above_73_are_called_ineffective),
        TEST(another_tools_rules_for_the_same_ids_are_named),
        TEST(a_folder_that_is_not_there_is_named),
        TEST(a_folder_without_permission_is_code_13),
        TEST(removing_is_told_from_nothing_to_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
