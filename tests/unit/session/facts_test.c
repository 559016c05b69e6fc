/*
 * What a board says about itself: the parser, and the command on real shells and tools.
 */
#include "kit_shell.h"

#include "session/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static struct x8_facts facts;
static struct x8_error err;

static int parse(const char *text)
{
    return x8_facts_parse((struct x8_span){(const uint8_t *)text, strlen(text)}, &facts, &err);
}

static void every_line_finds_its_field(void **state)
{
    (void)state;
    assert_int_equal(
        parse(
            "os ID=lmp-xwayland\nos IMAGE_VERSION=861\nserial 0A13B209DAB6FAD9\nhostname portenta\n"
            "hw BOARD=portenta-x8\nhw CARRIER_NAME=max\nhw HAT_NAME=\nkernel 6.1.24-lmp-standard\n"
            "user fio\nboot_id 47d7e81e-2297-4a83-b69a-774279a1ee3e\nuptime 11520.55 4000.00\n"
            "clock 1795243346\ndf/ Filesystem 1024-blocks Used Available Capacity Mounted on\n"
            "df/ /dev/mmcblk2p2 13000 5000 8000 39% /\ndf/tmp tmpfs 1000 1 999 1% /tmp\n"
            "df/var /dev/mmcblk2p2 13000 5000 8000 39% /\nhas docker\nhas /ostree\n"
            "role host [device]\nactive active\nactive inactive\nactive active\nactive failed\n"
            "failed a.service loaded failed failed A\nfailed b.path loaded failed failed B\n"
            "ip 1: lo    inet 127.0.0.1/8 scope host lo\n"
            "ip 2: wlan0    inet 192.168.1.50/24 brd 192.168.1.255 scope global wlan0\n"
            "ip 2: wlan0    inet6 fe80::1/64 scope link\n"
            "ip 3: eth0    inet6 2001:db8::5/64 scope global\n"
            "m7 3f786850e387\nend .\n"),
        0);
    assert_int_equal(x8_os_image(&facts.os, NULL), 861);
    assert_string_equal(facts.serial, "0A13B209DAB6FAD9");
    assert_string_equal(facts.carrier, "max");
    assert_string_equal(facts.hat, "");
    assert_string_equal(facts.kernel, "6.1.24-lmp-standard");
    assert_int_equal(facts.uptime_s, 11520);
    assert_int_equal(facts.clock_s, 1795243346);
    assert_int_equal(facts.root_size, 13000 * 1024);
    assert_int_equal(facts.root_free, 8000 * 1024);
    assert_int_equal(facts.tmp_free, 999 * 1024);
    assert_true(facts.has_docker && facts.is_ostree && !facts.has_ostree);
    assert_string_equal(facts.usb_role, "device");
    assert_string_equal(facts.ssh, "inactive");
    assert_string_equal(facts.proxy, "failed");
    assert_string_equal(facts.units_failed, "a.service b.path");
    assert_string_equal(facts.addresses, "wlan0 192.168.1.50/24, eth0 2001:db8::5/64");
    assert_string_equal(facts.m7_version, "3f786850e387");
}

static void what_passwd_says_of_its_user_is_a_word(void **state)
{
    static const char *const rows[][2] = {
        {"fio P 04/18/2024 0 99999 7 -1", "set"},      {"fio NP 2024-04-18 0 99999 7 -1", "none"},
        {"fio P 1970-01-01 0 99999 7 -1", "expired"},  {"fio P 01/01/1970 0 99999 7 -1", "expired"},
        {"fio L 1970-01-01 0 99999 7 -1", ""},         {"fio", ""},
        {"Usage: passwd [-a ALG] [-d/l/u] [USER]", ""}};
    char text[120];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        snprintf(text, sizeof text, "passwd %s\nend .\n", rows[i][0]);
        assert_int_equal(parse(text), 0);
        assert_string_equal(facts.password, rows[i][1]);
    }
}

static void an_answer_that_is_cut_is_not_taken(void **state)
{
    (void)state;
    assert_int_equal(parse("os ID=x\nserial 1\n"), -X8_E_LINK);
    assert_int_equal(parse(""), -X8_E_LINK);
    assert_int_equal(parse("end .\n"), 0);
    assert_int_equal(facts.os.count, 0);
}

static void a_file_cannot_pass_for_another(void **state)
{
    (void)state;
    assert_int_equal(parse("hostname evil\nos serial 66\nos end .\nend .\n"), 0);
    assert_string_equal(facts.serial, "");
    assert_string_equal(facts.hostname, "evil");
}

static void carriers_have_the_names_people_know(void **state)
{
    (void)state;
    parse("hw CARRIER_NAME=rasptenta\nend .\n");
    assert_string_equal(facts.carrier, "hat");
    parse("hw IS_ON_CARRIER=no\nhw CARRIER_NAME=\nend .\n");
    assert_string_equal(facts.carrier, "none");
    parse("hw CARRIER_NAME=\nend .\n");
    assert_string_equal(facts.carrier, "");
}

static void the_default_name_has_no_leading_zeros(void **state)
{
    char name[64];
    (void)state;
    x8_facts_default_name("0A13B209DAB6FAD9", name, sizeof(name));
    assert_string_equal(name, "portenta-x8-a13b209dab6fad9");
    x8_facts_default_name("", name, sizeof(name));
    assert_string_equal(name, "portenta-x8-unknown");
}

/* On this computer's files the answers are its own; what an X8 has beside is missing. */
static void ask(int busybox, int no_tools)
{
    char *dir = test_dir_new(), *home = test_path(dir, "home");
    struct kit_shell shell;
    struct x8_op op = kit_shell_op();
    struct utsname name;
    mkdir(home, 0755);
    kit_shell_init(&shell, home);
    if (busybox)
        kit_shell_busybox(&shell);
    if (no_tools)
        shell.path = strdup("/nowhere");
    assert_int_equal(x8_facts_probe(&shell.base, &op, 20000, &facts, &err), 0);
    assert_true(facts.os.count > 0);
    assert_true(facts.uptime_s > 0);
    assert_int_equal(strlen(facts.boot_id), 36);
    uname(&name);
    assert_string_equal(facts.kernel, no_tools ? "" : name.release);
    assert_int_equal(facts.root_size > 0, !no_tools);
    assert_int_equal(facts.clock_s > 1700000000, !no_tools);
    assert_int_equal(x8_facts_probe_short(&shell.base, &op, 20000, &facts, &err), 0);
    assert_true(facts.os.count > 0);
    assert_string_equal(facts.kernel, "");
    kit_shell_done(&shell);
    test_dir_free(dir);
    free(home);
}

static void the_command_works_with_gnus_tools(void **state)
{
    (void)state;
    ask(0, 0);
}

static void the_command_works_with_busyboxs_tools(void **state)
{
    (void)state;
    ask(1, 0);
}

static void the_command_works_without_any_tool(void **state)
{
    (void)state;
    ask(0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_finds_its_field),
        cmocka_unit_test(what_passwd_says_of_its_user_is_a_word),
        cmocka_unit_test(an_answer_that_is_cut_is_not_taken),
        cmocka_unit_test(a_file_cannot_pass_for_another),
        cmocka_unit_test(carriers_have_the_names_people_know),
        cmocka_unit_test(the_default_name_has_no_leading_zeros),
        cmocka_unit_test(the_command_works_with_gnus_tools),
        cmocka_unit_test(the_command_works_with_busyboxs_tools),
        cmocka_unit_test(the_command_works_without_any_tool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
