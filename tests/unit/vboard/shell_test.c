/*
 * U-Boot's shell as the board has it: lists, if, variables, and the status of each command.
 */
#include "drive.h"

struct row {
    const char *text;
    int okay;
};

static void check(struct drive *d, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *reply = drive_ucmd(d, rows[i].text);
        if (strcmp(reply, rows[i].okay ? "OKAY" : "FAIL") != 0)
            fail_msg("%s -> '%s'", rows[i].text, reply);
    }
}
#define CHECK(d, rows) check(d, rows, sizeof(rows) / sizeof *(rows))

static void run(const char *words, const struct row *rows, size_t count)
{
    struct drive d;
    drive_fastboot(&d, words);
    check(&d, rows, count);
    drive_close(&d);
}
#define RUN(words, rows) run(words, rows, sizeof(rows) / sizeof *(rows))

static void lists_have_the_status_of_their_last_command(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", 1},
        {";", 1},
        {"true", 1},
        {"false", 0},
        {"true; false", 0},
        {"false; true", 1},
        {"true && true", 1},
        {"true && false", 0},
        {"false || true", 1},
        {"true && setenv a 1; test ${a} = 1", 1},
        {"false && setenv b 1; test -n \"${b}\"", 0},
        {"true || setenv c 1; test -n \"${c}\"", 0},
        {"true && true && setenv e 1; test ${e} = 1", 1},
        {"# a comment", 1},
        {"true # false", 1},
        {"setenv x '#'; test \"${x}\" = \"#\"", 1},
        {"false\ntrue", 1},
    };
    RUN("", rows);
}

static void after_a_failed_and_neither_branch_of_or_runs(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"false && setenv a 1 || setenv b 1", 0},
        {"test -n \"${a}\"", 0},
        {"test -n \"${b}\"", 0},
        {"true || setenv a 1 && setenv b 1", 1},
        {"test -n \"${a}\"", 0},
        {"test -n \"${b}\"", 0},
        {"false && setenv a 1 || setenv b 1; setenv c 1", 1},
        {"test ${c} = 1", 1},
    };
    RUN("", rows);
}

static void if_chooses_a_branch(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"if true; then setenv a then; else setenv a else; fi; test ${a} = then", 1},
        {"if false; then setenv a then; else setenv a else; fi; test ${a} = else", 1},
        {"if false; then setenv a 1; elif true; then setenv a 2; else setenv a 3; fi; test ${a} = "
         "2",
         1},
        {"if env exists emmc_ack; then ; else setenv emmc_ack 0; fi;", 1},
        {"test ${emmc_ack} = 0", 1},
        {"if env exists emmc_ack; then ; else setenv emmc_ack 5; fi;", 1},
        {"test ${emmc_ack} = 0", 1},
        {"if true; then if false; then setenv n 1; else setenv n 2; fi; fi; test ${n} = 2", 1},
        {"if true && false; then setenv a 9; fi; test ${a} = 2", 1},
        {"if true; then false; fi", 0},
        {"if false; then true; fi", 0}, /* the status of the condition */
        {"if false; then true; else true; fi", 1},
        {"if true; then true; fi && setenv q 1; test ${q} = 1", 1},
        {"if fiovb init ${emmc_dev} && test -n \"${board_is_closed}\"; then setenv fiovb_rpmb 1; "
         "else true; fi",
         1},
        {"env exists fiovb_rpmb", 0},
        {"imx_is_closed || true", 1},
    };
    RUN("", rows);
}

static void what_cannot_be_parsed_runs_nothing(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"setenv a 1; if true; then true", 0},
        {"setenv a 1; fi", 0},
        {"setenv a 1; if true; fi", 0},
        {"setenv a 1; if true then true; fi", 0},
        {"setenv a 1; echo \"open", 0},
        {"setenv a 1; echo 'open", 0},
        {"setenv a 1 &&", 0},
        {"setenv a 1 & true", 0},
        {"setenv a 1 | true", 0},
        {"setenv a 1; for x in 1; do true; done", 0},
        {"then", 0},
        {"env exists a", 0},
    };
    RUN("", rows);
}

static void variables_are_expanded_when_their_turn_comes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"setenv a one && setenv a two && test ${a} = two", 1},
        {"setenv a one; setenv b ${a}; setenv a three; test ${b} = one", 1},
        {"test $a = three", 1},
        {"setenv s 'x  y'; setenv t ${s}; test \"${t}\" = \"x y\"", 1},
        {"setenv t \"${s}\"; test \"${t}\" = \"x  y\"", 1},
        {"test '${a}' = three", 0},
        {"setenv script 'setenv r 1; test ${r} = 1'; run script", 1},
        {"setenv script 'false'; run script", 0},
        {"setenv loop 'run loop'; run loop", 0},
        {"run nothing", 0},
        {"setenv ${unset} x", 1}, /* becomes: setenv x */
        {"setenv", 0},
        {"setenv a; env exists a", 0},
        {"printenv emmc_dev", 1},
        {"printenv nothing_like_this", 0},
        {"printenv", 1},
        {"false; test $? = 1", 1},
        {"k=5; test ${k} = 5 && env exists k", 0},
        {"k=5; test ${k} = 5", 1},
        {"env exists bootcmd_mfg && env delete bootcmd_mfg && env exists bootcmd_mfg", 0},
        {"setenv a=b c", 0},
        {"echo a\\;b", 1},
        {"test a\\ b = 'a b'", 1},
    };
    RUN("", rows);
}

static void test_has_u_boots_meaning(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"test ${unset} = x", 1}, /* not understood is true */
        {"test -n \"${unset}\"", 0},
        {"test -z \"${unset}\"", 1},
        {"test -n x", 1},
        {"test -z x", 0},
        {"test x", 0},
        {"test", 0},
        {"test a = a", 1},
        {"test a != a", 0},
        {"test a < b", 1},
        {"test b > a", 1},
        {"test 0x10 -eq 16", 1},
        {"test 2 -lt 1", 0},
        {"test 1 -le 1 -a 2 -ge 3", 0},
        {"test 1 -ne 1 -o 3 -gt 2", 1},
        {"test ! a = a", 0},
        {"test ! a = b", 1},
        {"test a = b -o a = a -a b = b", 1},
    };
    RUN("", rows);
}

static void help_of_a_name_always_fails(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"help", 1},          {"help mmc", 0},  {"help nothing", 0}, {"?", 1},
        {"nosuchcommand", 0}, {"version", 1},   {"bdinfo", 1},       {"base", 1},
        {"echo hello", 1},    {"sleep x y", 0},
    };
    RUN("", rows);
}

static void mmc_commands_know_the_devices(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"mmc list", 1},
        {"mmc info", 1},
        {"mmc dev 2", 1},
        {"mmc dev 2 1", 1},
        {"mmc dev 2 2", 1},
        {"mmc dev 1", 0},
        {"mmc dev 2 3", 0},
        {"mmc dev 0x2", 0}, /* decimal: 0x2 is 0 */
        {"mmc", 0},
        {"mmc frobnicate", 0},
        {"mmc dev 2 0 && mmc read 0x42800000 0 0", 1},
        {"mmc read 0x42800000 0x1ffff 1", 1},
        {"mmc read 0x42800000 0x20000 1", 0},
        {"mmc read 0x42800000 0x1ffff 2", 0},
        {"mmc dev 2 1 && mmc read 0x42800000 0x1fff 1", 1},
        {"mmc read 0x42800000 0x2000 1", 0},
        {"mmc erase 0 0x2000", 1},
        {"mmc erase 0 4A7D80", 0}, /* more than boot0 has */
        {"mmc erase 2000 1", 0},
        {"mmc write 0x42800000 0x1fff 1", 1},
        {"mmc partconf 2 0 1 0", 1},
        {"mmc partconf 2", 1},
        {"mmc partconf 2 ${nothing} 1 0", 0},
        {"mmc partconf 1 0 1 0", 0},
    };
    RUN("", rows);
}

/* Which bytes `text` erases on a new board, and that it says OKAY. */
static void erases(const char *words, const char *text, uint64_t from, uint64_t to)
{
    struct drive d;
    uint8_t sector[512];
    const struct row rows[] = {{text, 1}};
    drive_fastboot(&d, words);
    CHECK(&d, rows);
    assert_int_equal(vb_medium_touched(d.vb, 0, 0, 64 << 20), to - from);
    assert_int_equal(vb_medium_touched(d.vb, 0, from, to - from), to - from);
    assert_int_equal(drive_read(&d, 0, to - 512, sector, 512), 0);
    assert_int_equal(sector[0] | sector[511], 0);
    drive_close(&d);
}

static void an_erase_takes_every_group_it_touches(void **state)
{
    (void)state;
    static const struct {
        const char *words, *text;
        uint64_t from, to; /* KiB */
    } rows[] = {
        {"", "mmc dev 2 0; mmc erase 0x401 1", 512, 1024},
        {"", "mmc dev 2 0; mmc erase 0x400 0x800", 512, 1536},
        {"", "mmc dev 2 0; mmc erase 0x3ff 2", 0, 1024},
        {"", "mmc dev 2 0; mmc erase 0x200 0x400", 0, 1024},
        {"group=4M", "mmc dev 2 0; mmc erase 0x2000 0x400", 4096, 8192},
        {"group=512", "mmc dev 2 0; mmc erase 0x402 2", 513, 514},
        {"loader=2024", "mmc dev 2 0; mmc erase 0x402 2", 513, 514}, /* has TRIM */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        erases(rows[i].words, rows[i].text, rows[i].from * 1024, rows[i].to * 1024);
}

static void the_loader_says_what_it_makes_of_odd_borders(void **state)
{
    (void)state;
    struct drive d;
    char packet[65] = "";
    drive_fastboot(&d, "");
    assert_string_equal(drive_ucmd(&d, "setenv stdout serial,fastboot"), "OKAY");
    assert_int_equal(drive_out(&d, 2, "UCmd:mmc erase 0x401 1", 22), VB_OK);
    assert_true(drive_in(&d, packet, 64) > 0);
    assert_string_equal(packet, "INFOCaution! Erase group 0x400: 0x400~0x7ff");
    assert_int_equal(drive_in(&d, packet, 64), 4);
    drive_close(&d);
}

static void an_access_outside_the_memory_stops_the_loader(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "mmc read 0x1000 0 1", "crc32 0x30000000 4", "crc32 0x42800000 ffffffff",
        "md.b 0x3f000000 4",   "mw 0 0 1",           "mmc read 0xbfffff00 0 1",
        "bootm 0x100",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct drive d;
        drive_fastboot(&d, "");
        assert_string_equal(drive_ucmd(&d, texts[i]), "");
        assert_int_equal(drive_stage(&d), VB_DEAD);
        assert_string_equal(drive_ucmd(&d, "true"), "");
        drive_close(&d);
    }
}

static void the_console_comes_as_info_when_stdout_names_fastboot(void **state)
{
    (void)state;
    struct drive d;
    char packet[65];
    drive_fastboot(&d, "");
    assert_string_equal(drive_ucmd(&d, "setenv stdout serial,fastboot"), "OKAY");
    assert_int_equal(drive_out(&d, 2, "UCmd:echo hello world", 21), VB_OK);
    assert_int_equal(drive_in(&d, packet, 64), 15);
    assert_memory_equal(packet, "INFOhello world", 15);
    assert_int_equal(drive_in(&d, packet, 64), 4);
    assert_memory_equal(packet, "OKAY", 4);
    assert_string_equal(drive_ucmd(&d, "md.b 0x40400000 0x100"), "OKAY");
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_have_the_status_of_their_last_command),
        cmocka_unit_test(after_a_failed_and_neither_branch_of_or_runs),
        cmocka_unit_test(if_chooses_a_branch),
        cmocka_unit_test(what_cannot_be_parsed_runs_nothing),
        cmocka_unit_test(variables_are_expanded_when_their_turn_comes),
        cmocka_unit_test(test_has_u_boots_meaning),
        cmocka_unit_test(help_of_a_name_always_fails),
        cmocka_unit_test(mmc_commands_know_the_devices),
        cmocka_unit_test(an_erase_takes_every_group_it_touches),
        cmocka_unit_test(the_loader_says_what_it_makes_of_odd_borders),
        cmocka_unit_test(an_access_outside_the_memory_stops_the_loader),
        cmocka_unit_test(the_console_comes_as_info_when_stdout_names_fastboot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
