/*
 * The script parser: vendor scripts, the forms people write, and every refusal.
 */
#include "flash/script.h"

#include "util/text.h"
#include "vendor_scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V "uuu_version 1.2.39\n"

static const char *lookup(void *ctx, const char *name)
{
    (void)ctx;
    if (strcmp(name, "IMG") == 0)
        return "my image.wic\nsecond line";
    if (strcmp(name, "CMD") == 0)
        return "ucmd mmc list";
    if (strcmp(name, "EMPTY") == 0)
        return "";
    if (strcmp(name, "LONG") == 0) {
        static char text[5000];

        memset(text, 'x', sizeof text - 1);
        return text;
    }
    return NULL;
}

static int parse_bytes(const void *data, size_t len, int is_command_line, struct x8_script *out,
                       struct x8_error *err)
{
    struct x8_script_options options = {.getenv = lookup, .is_command_line = is_command_line};

    return x8_script_parse((struct x8_span){data, len}, &options, out, err);
}

static struct x8_script parsed(const char *text)
{
    struct x8_script script;
    struct x8_error err = {0};

    if (parse_bytes(text, strlen(text), 0, &script, &err) != 0)
        fail_msg("refused: %s (%s)", err.msg, err.why);
    return script;
}

/* A refusal must name its line, a cause and a next step. */
static struct x8_error refused(const char *text)
{
    struct x8_script script;
    struct x8_error err = {0};

    if (parse_bytes(text, strlen(text), 0, &script, &err) == 0)
        fail_msg("accepted: %s", text);
    assert_int_equal(err.code, X8_E_BAD_IMAGE);
    assert_true(err.why[0] && err.next[0]);
    return err;
}

static int has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static const struct x8_note *note_at(const struct x8_script *script, int line, const char *part)
{
    for (size_t i = 0; i < script->note_count; i++)
        if (script->notes[i].line == line && has(script->notes[i].text, part))
            return &script->notes[i];
    return NULL;
}

static void the_full_image_script_is_read_without_a_single_note(void **state)
{
    struct x8_script script = parsed(FULL_IMAGE);
    const struct x8_command *c;

    (void)state;
    assert_int_equal(script.count, 16);
    assert_int_equal(script.note_count, 0);
    assert_int_equal(script.version[1], 2);
    c = x8_script_group(&script, X8_PROTO_SDP, 0);
    assert_int_equal(c->verb, X8_VERB_BOOT);
    assert_int_equal(c->line, 3);
    assert_string_equal(c->file, "imx-boot-mfgtool");
    assert_null(x8_script_group(&script, X8_PROTO_SDP, 1));
    c = x8_script_group(&script, X8_PROTO_SDPV, 0);
    assert_int_equal(c->delay_ms, 1000);
    c = x8_script_group(&script, X8_PROTO_FB, 2);
    assert_string_equal(c->rest, "mmc dev ${emmc_dev} 1; mmc erase 0 0x2000");
    c = x8_script_group(&script, X8_PROTO_FB, 3);
    assert_int_equal(c->raw2sparse, 1);
    assert_string_equal(c->partition, "all");
    assert_string_equal(c->file, "../lmp-factory-image-portenta-x8.wic.gz/*");
    c = x8_script_group(&script, X8_PROTO_FB, 11);
    assert_int_equal(c->verb, X8_VERB_DONE);
    assert_null(x8_script_group(&script, X8_PROTO_FB, 12));
    x8_script_done(&script);
}

static void every_vendor_script_is_read(void **state)
{
    static const char *const scripts[] = {FULL_IMAGE, ERASE_EMMC,      PROBE_EMMC,
                                          TEST_RAM,   LINUX_INITRAMFS, V SECURE_LINES "FB: done\n"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(scripts); i++) {
        struct x8_script script = parsed(scripts[i]);

        assert_true(script.count > 3);
        assert_true(
            x8_script_is((struct x8_span){(const uint8_t *)scripts[i], strlen(scripts[i])}));
        x8_script_done(&script);
    }
}

/* Files put there byte for byte as shipped, when the tree has them. */
static void the_fixtures_of_the_vendor_are_read(void **state)
{
    static const char *const names[] = {"full_image",     "bootloader", "probe_emmc",
                                        "probe_sdcard",   "erase_emmc", "test_ram",
                                        "linux_initramfs"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        char path[512];
        static uint8_t text[65536];
        struct x8_script script;
        struct x8_error err;
        FILE *file;
        size_t len;

        snprintf(path, sizeof path, "%s/fixtures/vendor/%s.uuu", TEST_SOURCE_DIR, names[i]);
        file = fopen(path, "rb");
        if (!file)
            continue;
        len = fread(text, 1, sizeof text, file);
        fclose(file);
        if (parse_bytes(text, len, 0, &script, &err) != 0)
            fail_msg("%s: %s", path, err.msg);
        assert_true(script.count > 3);
        x8_script_done(&script);
    }
}

static void the_time_limit_in_brackets_is_kept(void **state)
{
    struct x8_script script =
        parsed(V "FB[-t 50000]: ucmd true\nfb [ -t 7 ] : download -f x\nFB[]: done\n");

    (void)state;
    assert_int_equal(script.commands[0].timeout_ms, 50000);
    assert_int_equal(script.commands[1].timeout_ms, 7);
    assert_int_equal(script.commands[1].verb, X8_VERB_DOWNLOAD);
    assert_int_equal(script.commands[2].timeout_ms, 0);
    x8_script_done(&script);
}

static void all_options_reach_their_fields(void **state)
{
    struct x8_script s = parsed(
        V "SDP: boot -f a -nojump -cleardcd -dcdaddr 0x910000 -scanlimited 0x800000 -barebox\n"
          "SDPS: boot -f a -offset 32 -skipfhdr -scanterm\n"
          "SDP: write -f a -ivt 1 -addr 0x40400000 -offset 0x57c00\n"
          "SDPV: write -f a -skipspl -scanterm -scanlimited 8\n"
          "SDP: jump -f a -ivt 2 -plugin\nSDPV: jump -addr 0x100\n"
          "SDP: rdmem -addr 0x30360800 -format 16\nSDP: wrmem -addr 1 -format 8 -value 0xff\n"
          "SDP: dcd -f d\nSDP: status\nSDPV: blog\n"
          "FB: upload -v var -f out\nFB: getvar max-download-size\n"
          "FB: crc -f x -format \"mmc read $loadaddr @off @size\" -blksz 4096 -each 0x100000 "
          "-seek 1 -skip 2 -nostop\nFB: write -f x\n"
          "FB: create-logical-partition sys 0x1000\nFB: update-super super wipe\nFB: reboot\n"
          "FBK: ucp local T:/tmp/x\nFBK: ucp t:/tmp/y back\nFBK: sync\nFB: done\n");
    const struct x8_command *c = s.commands;

    (void)state;
    assert_true(c[0].no_jump && c[0].clear_dcd && c[0].has_dcd_addr && c[0].barebox);
    assert_int_equal(c[0].dcd_addr, 0x910000);
    assert_int_equal(c[0].scan_limit, 0x800000);
    assert_true(c[1].skip_fhdr && c[1].scan_term && c[1].offset == 32);
    assert_true(c[2].has_ivt && c[2].ivt == 1 && c[2].has_addr && c[2].addr == 0x40400000);
    assert_true(c[3].skip_spl && c[3].scan_term && c[3].scan_limit == 8);
    assert_true(c[4].plugin && c[4].ivt == 2 && c[5].addr == 0x100);
    assert_true(c[6].bits == 16 && c[7].bits == 8 && c[7].value == 0xff);
    assert_string_equal(c[11].variable, "var");
    assert_string_equal(c[12].variable, "max-download-size");
    assert_string_equal(c[13].format, "mmc read $loadaddr @off @size");
    assert_true(c[13].blksz == 4096 && c[13].each == 0x100000 && c[13].no_stop);
    assert_true(c[14].blksz == 512 && c[14].each == 64u << 20);
    assert_true(c[15].value == 0x1000);
    assert_string_equal(c[16].variable, "wipe");
    assert_string_equal(c[18].variable, "/tmp/x");
    assert_int_equal(c[18].from_board, 0);
    assert_string_equal(c[19].file, "back");
    assert_int_equal(c[19].from_board, 1);
    x8_script_done(&s);
}

static void flash_options_may_stand_in_any_order(void **state)
{
    struct x8_script s = parsed(
        V "FB: ucmd setenv fastboot_dev mmc\n"
          "FB: flash -raw2sparse -bmap \"my map.bmap\" -scanterm -S 0x1000 -scanlimited 5 all x\n"
          "FB: flash all x.wic -S 0x100000 -raw2sparse\nFB: done\n");

    (void)state;
    assert_null(note_at(&s, 3, "order"));
    assert_string_equal(s.commands[1].bmap, "my map.bmap");
    assert_int_equal(s.commands[1].split, 0x1000);
    assert_true(s.commands[1].scan_term && s.commands[1].has_scan_limit);
    assert_non_null(note_at(&s, 4, "any order"));
    assert_int_equal(s.commands[2].split, 0x100000);
    assert_string_equal(s.commands[2].file, "x.wic");
    x8_script_done(&s);
}

static void loader_text_is_passed_on_untouched(void **state)
{
    struct x8_script s =
        parsed(V "FB: UCMD  setenv a \"b  c\" ; echo 'x'  \r\nFB: ucmd a\\\nFB: done\n");

    (void)state;
    assert_string_equal(s.commands[0].rest, " setenv a \"b  c\" ; echo 'x'  ");
    assert_string_equal(s.commands[1].rest, "a\\");
    x8_script_done(&s);
}

static void layout_that_stops_uuu_is_read_and_noted(void **state)
{
    struct x8_script s =
        parsed("\xef\xbb\xbf\r\n" V "   \n  # comment\n\tSDP: boot -f a\nSDP:\tdone\nx\n");

    (void)state;
    assert_int_equal(s.count, 2);
    assert_non_null(note_at(&s, 1, "byte order mark"));
    assert_non_null(note_at(&s, 1, "first line is empty"));
    assert_non_null(note_at(&s, 3, "only blanks"));
    assert_non_null(note_at(&s, 4, "comment that is indented"));
    assert_non_null(note_at(&s, 5, "indented"));
    assert_non_null(note_at(&s, 6, "tab"));
    assert_non_null(note_at(&s, 7, "one character"));
    x8_script_done(&s);
}

static void a_nul_byte_ends_a_line_and_is_noted(void **state)
{
    static const char text[] = V "SDP: boot -f a\0SDP: done\n";
    struct x8_script script;
    struct x8_error err;

    (void)state;
    assert_int_equal(parse_bytes(text, sizeof text - 1, 0, &script, &err), 0);
    assert_int_equal(script.count, 2);
    assert_non_null(note_at(&script, 2, "NUL"));
    x8_script_done(&script);
}

static void a_script_without_version_line_is_read_with_a_note(void **state)
{
    struct x8_script s = parsed("# comment\nSDP: boot -f a\nSDP: done\n");

    (void)state;
    assert_non_null(note_at(&s, 2, "no uuu_version"));
    assert_int_equal(s.version[0], 0);
    x8_script_done(&s);
}

static void a_newer_version_is_accepted_with_a_note(void **state)
{
    struct x8_script s = parsed("uuu_version 1.6.0\nSDP: done\n");
    struct x8_script old = parsed("uuu_version 1.5.243\nSDP: done\n");
    struct x8_script odd = parsed("uuu_version one\nSDP: done\n");

    (void)state;
    assert_non_null(note_at(&s, 1, "1.6.0"));
    assert_int_equal(old.note_count, 0);
    assert_non_null(note_at(&odd, 1, "no version"));
    x8_script_done(&s);
    x8_script_done(&old);
    x8_script_done(&odd);
}

static void fastboot_lines_run_as_fb_with_a_note(void **state)
{
    struct x8_script s = parsed(V "FASTBOOT: ucmd true\nFB: done\n");

    (void)state;
    assert_int_equal(s.commands[0].proto, X8_PROTO_FB);
    assert_non_null(note_at(&s, 2, "never runs them"));
    x8_script_done(&s);
}

static void commands_behind_done_are_not_handed_out(void **state)
{
    struct x8_script s = parsed(V "SDP: done\nSDP: boot -f a\nFB: done\n");

    (void)state;
    assert_int_equal(x8_script_group(&s, X8_PROTO_SDP, 0)->verb, X8_VERB_DONE);
    assert_null(x8_script_group(&s, X8_PROTO_SDP, 1));
    assert_null(x8_script_group(&s, X8_PROTO_SDP, 2));
    assert_non_null(note_at(&s, 3, "never runs: line 2"));
    x8_script_done(&s);
}

static void a_line_of_an_earlier_stage_is_noted(void **state)
{
    struct x8_script s = parsed(LINUX_INITRAMFS);

    (void)state;
    assert_non_null(note_at(&s, 14, "right after the jump of line 7"));
    assert_int_equal(x8_script_group(&s, X8_PROTO_SDPV, 3)->line, 14);
    x8_script_done(&s);
}

static void a_script_without_done_is_noted(void **state)
{
    struct x8_script s = parsed(V "SDP: boot -f a\n");
    struct x8_script inner = parsed(V "SDP: boot -f a\nSDP: if @CHIP@ == MX8MM then done\n");

    (void)state;
    assert_non_null(note_at(&s, 2, "done"));
    assert_int_equal(inner.note_count, 0);
    x8_script_done(&s);
    x8_script_done(&inner);
}

static void packed_images_without_slash_star_are_noted(void **state)
{
    struct x8_script s = parsed(V "SDP: boot -f a\nFB: ucmd setenv fastboot_dev mmc\n"
                                  "FB: flash -raw2sparse all a.wic.gz\n"
                                  "FB: flash -raw2sparse all a.wic.xz/*\nFB: done\n");

    (void)state;
    assert_non_null(note_at(&s, 4, "packed bytes"));
    assert_int_equal(note_at(&s, 4, "packed bytes")->level, X8_NOTE_WARN);
    assert_non_null(note_at(&s, 5, "uuu cannot"));
    x8_script_done(&s);
}

static void odd_paths_are_noted(void **state)
{
    struct x8_script s =
        parsed(V "SDP: boot -f /abs/a\nSDPV: write -f C:\\x\\b\nSDPV: write -f >c\n"
                 "SDPV: write -f ..\\d\nSDPV: done\n");

    (void)state;
    assert_non_null(note_at(&s, 2, "absolute"));
    assert_non_null(note_at(&s, 3, "Windows path"));
    assert_non_null(note_at(&s, 4, "where x8ctl is started"));
    assert_non_null(note_at(&s, 5, "read as '/'"));
    x8_script_done(&s);
}

static void erasing_more_than_a_boot_area_is_noted(void **state)
{
    struct x8_script s = parsed(ERASE_EMMC);
    struct x8_script user =
        parsed(V "SDP: done\nFB: ucmd mmc dev 2\nFB: ucmd mmc erase 0 0x1000\nFB: done\n");
    const struct x8_note *note;

    (void)state;
    note = note_at(&s, 11, "4881792 blocks");
    assert_non_null(note);
    assert_int_equal(note->level, X8_NOTE_WARN);
    assert_true(has(note->text, "boot0"));
    assert_non_null(note_at(&user, 4, "user area"));
    x8_script_done(&s);
    x8_script_done(&user);
}

static void a_flash_before_fastboot_dev_is_noted(void **state)
{
    struct x8_script s = parsed(V "SDP: done\nFB: flash all x\nFB: done\n");

    (void)state;
    assert_non_null(note_at(&s, 3, "fastboot_dev"));
    x8_script_done(&s);
}

static void a_long_delay_is_noted_and_an_endless_one_refused(void **state)
{
    struct x8_script s = parsed(V "SDP: delay 3600000\nSDP: done\n");

    (void)state;
    assert_non_null(note_at(&s, 2, "1:00:00"));
    x8_script_done(&s);
    assert_true(has(refused(V "SDP: delay 99999999999\n").msg, "too large"));
}

static void host_commands_and_fuses_are_unsafe(void **state)
{
    struct x8_script s =
        parsed(V "SDP: sh ls\nFB: < echo done\nFB: ucmd fuse prog -y 6 0 1\n"
                 "FB[-t 1000]: ucmd if fiohab_close; then true; fi\n"
                 "FB: if @X@ == 1 then shell rm x\nFB: ucmd setenv x 'fuse override 1 2 3'\n"
                 "FB: ucmd fus prog 1 1 1\nFB: crc -f x -format \"fuse prog 1 2 3\"\nFB: done\n");
    static const unsigned want[] = {X8_RISK_HOST, X8_RISK_HOST, X8_RISK_FUSE, X8_RISK_FUSE,
                                    X8_RISK_HOST, X8_RISK_FUSE, X8_RISK_FUSE, X8_RISK_FUSE};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(want); i++) {
        if (!(x8_command_risks(&s.commands[i]) & want[i]))
            fail_msg("no risk: %s", s.commands[i].text);
        assert_non_null(note_at(&s, (int)i + 2, ""));
        assert_int_equal(note_at(&s, (int)i + 2, "n")->level, X8_NOTE_UNSAFE);
    }
    x8_script_done(&s);
}

/* 1 when some command of the lines may burn a fuse; then there is a note as well. */
static int burns(const char *lines)
{
    char text[1024];
    struct x8_script s;
    int risky = 0, noted = 0;

    snprintf(text, sizeof text, V "%sFB: done\n", lines);
    s = parsed(text);
    for (size_t i = 0; i < s.count; i++)
        risky |= (x8_command_risks(&s.commands[i]) & X8_RISK_FUSE) != 0;
    for (size_t i = 0; i < s.note_count; i++)
        noted |= strstr(s.notes[i].text, "--confirm fuse") != NULL;
    assert_int_equal(risky, noted);
    x8_script_done(&s);
    return risky;
}

static void fuses_are_found_behind_lists_quotes_and_variables(void **state)
{
    static const char *const lines[] = {
        "FB: ucmd true; fuse prog -y 6 0 1\n",
        "FB: ucmd true&&fuse prog -y 6 0 1\n",
        "FB: ucmd f\"u\"se prog -y 6 0 1\n",
        "FB: ucmd f\\use pr'og' -y 6 0 1\n",
        "FB: ucmd setenv x 'fuse prog -y 6 0 1'\nFB: ucmd run x\n",
        "FB: ucmd setenv f fuse\nFB: ucmd ${f} prog -y 6 0 1\n",
        "FB: ucmd setenv f fuse; $f prog -y 6 0 1\n",
        "FB: ucmd seten f fuse; setenv g $f; setenv cmd '$g prog 1 1 1'\n",
        "FB: ucmd env set -f f fuse && setenv o prog; $f $o -y 6 0 1\n",
        "FB: ucmd if true; then setenv f fuse; else setenv f echo; fi; $f sense; $f prog 1\n",
        "FB: ucmd setenv a fu\nFB: ucmd setenv b se\nFB: ucmd ${a}${b} prog -y 6 0 1\n",
        "FB: ucmd setenv run_it 'setenv f fiohab'; ${f}_close\n",
        "FB: ucmd for f in true fuse; do $f prog -y 6 0 1; done\n",
        "FB: ucmd f=fuse; $f prog -y 6 0 1\n",
        "FB: ucmd $unknown prog -y 6 0 1\n",
        "FB: ucmd fuse $unknown 6 0 1\n",
        "FB: if @X@ == 1 then ucmd setenv c fuse; $c prog -y 6 0 1\n",
        "FB: crc -f x -format \"$c prog @off\"\nFB: ucmd setenv c fuse\n",
        "FB: acmd mw.l 0x30350004 1\n",
        "FB: ucmd cp.l 40000000 30350004 1\n",
        "SDP: wrmem -addr 0x30350004 -format 32 -value 1\n",
        "FB: ucmd mmc bkops-enable 2\n",
        "FB: ucmd mmc rpmb key 0x40000000\n",
        "FB: oem fuse at-perm-attr\n",
        "FBK: ucmd cat key > /sys/bus/nvmem/devices/imx-ocotp0/nvmem\n",
        "FBK: acmd mmc hwreset enable /dev/mmcblk2\n",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lines); i++)
        if (!burns(lines[i]))
            fail_msg("not found: %s", lines[i]);
}

static void what_only_looks_like_fuses_is_none(void **state)
{
    static const char *const lines[] = {
        "FB: ucmd fuse read 6 0\n",
        "FB: ucmd setenv f fuse; $f read 6 0\n",
        "FB: ucmd setenv refuse program\n",
        "FB: ucmd md.l 0x30350400 4\n",
        "FB: ucmd cp.l 30350400 40000000 4\n",
        "FB: ucmd mw.l 0x40000000 1\n",
        "FB: ucmd mmc rpmb read 40000000 0 1\n",
        "FB: ucmd fiovb init 2; fiovb write_pvalue x 1\n",
        "FB: ucmd mmc partconf ${emmc_dev} ${emmc_ack} 1 0\n",
        "FB: ucmd setenv x '$x $x $x'; echo $x\n",
        "SDP: wrmem -addr 0x40000000 -format 32 -value 1\n",
        "FBK: ucmd dd if=x of=/dev/mmcblk2\n",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lines); i++)
        if (burns(lines[i]))
            fail_msg("a false alarm: %s", lines[i]);
}

static void only_what_writes_is_an_erase_risk(void **state)
{
    struct x8_script s =
        parsed(V "FB: ucmd mmc erase 0 10\nFB: flash all x\nFB: ucmd mmc dev 2\n"
                 "FBK: ucmd dd if=a of=/dev/mmcblk0\nFBK: acmd /sbin/mkfs.ext4 /dev/x\n"
                 "FBK: ucmd echo add\nFB: ucmd fuse read 1 2\nFB: getvar x\nFB: done\n");
    static const unsigned want[] = {
        X8_RISK_ERASE, X8_RISK_ERASE, 0, X8_RISK_ERASE, X8_RISK_ERASE, 0, 0, 0};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(want); i++)
        assert_int_equal(x8_command_risks(&s.commands[i]), want[i]);
    x8_script_done(&s);
}

static void variables_of_the_environment_are_filled_in(void **state)
{
    struct x8_script s =
        parsed(V "FB: @ download -f \"@IMG@\"\nFB[-t 9]: @ @CMD@\n"
                 "FB: @ ucmd echo @ a@b @@ @EMPTY@.\nFB: ucmd echo @IMG@\nFB: done\n");

    (void)state;
    assert_string_equal(s.commands[0].file, "my image.wic");
    assert_int_equal(s.commands[1].verb, X8_VERB_UCMD);
    assert_string_equal(s.commands[1].rest, "mmc list");
    assert_int_equal(s.commands[1].timeout_ms, 9);
    assert_string_equal(s.commands[2].rest, "echo @ a@b @@ .");
    assert_string_equal(s.commands[3].rest, "echo @IMG@");
    x8_script_done(&s);
}

static void an_unset_variable_is_named(void **state)
{
    struct x8_error err = refused(V "FB: @ ucmd setenv a @NOT_SET@\n");

    (void)state;
    assert_true(has(err.msg, "line 2") && has(err.msg, "NOT_SET"));
    assert_true(has(refused(V "FB: @ ucmd @LONG@\n").msg, "longer than"));
    assert_true(has(refused(V "FB: @ @EMPTY@\n").msg, "no command behind @"));
}

static void an_if_keeps_both_sides_and_its_command(void **state)
{
    struct x8_script s =
        parsed(V "FB: if @CHIP@ == MX8MM then ucmd mmc list\n"
                 "FB: IF a b != @serialno@  then FB: flash all x\n"
                 "SDP: if @BCD@ == 0x0101 then if @PID@ != 1 then done\nFB: done\n");
    const struct x8_command *c = s.commands;

    (void)state;
    assert_int_equal(c[0].verb, X8_VERB_IF);
    assert_int_equal(c[0].if_equal, 1);
    assert_string_equal(c[0].if_left, "@CHIP@");
    assert_string_equal(c[0].if_right, "MX8MM");
    assert_string_equal(c[0].then->rest, "mmc list");
    assert_int_equal(c[1].if_equal, 0);
    assert_string_equal(c[1].if_left, "a b");
    assert_string_equal(c[1].then->partition, "all");
    assert_int_equal(c[1].then->line, 3);
    assert_int_equal(c[2].then->then->verb, X8_VERB_DONE);
    x8_script_done(&s);
}

static void a_broken_if_is_refused(void **state)
{
    (void)state;
    assert_true(has(refused(V "FB: if a = b then done\n").why, "=="));
    assert_true(has(refused(V "FB: if a == b done\n").why, "then is missing"));
    assert_true(has(refused(V "FB: if a == athen done\n").why, "then is missing"));
    assert_true(has(refused(V "FB: if a == b then \n").why, "no command behind then"));
    assert_true(has(refused(V "FB: if == b then done\n").why, "left side"));
    assert_true(has(refused(V "FB: if a == b then SDP: done\n").why, "same protocol"));
    assert_true(has(refused(V "FB: if a == b then falsh all x\n").why, "flash"));
}

static void nesting_without_end_is_refused(void **state)
{
    char text[600];
    size_t used = (size_t)snprintf(text, sizeof text, V "FB: ");

    (void)state;
    for (int i = 0; i < 12; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "if a == b then ");
    snprintf(text + used, sizeof text - used, "done\n");
    assert_true(has(refused(text).msg, "too deeply"));
    assert_true(has(refused(V "FB: @ @ @ @ @ @ @ @ @ @ done\n").msg, "too deeply"));
}

static void device_rows_are_read(void **state)
{
    struct x8_script s =
        parsed(V "CFG: FB: -vid 0x1234 -pid 0x5678 -bcdmin 1 -bcdmax 0x9998 -chip ABC\n"
                 "CFG:SDP: -pid 2 -vid 1 -bcdversion 0x500 -compatible MX8MQ\n"
                 "CFG: FB: -vid 0x1fc9 -pid 0x0134\nSDP: done\n");

    (void)state;
    assert_int_equal(s.commands[0].cfg.proto, X8_PROTO_FB);
    assert_int_equal(s.commands[0].cfg.vid, 0x1234);
    assert_int_equal(s.commands[0].cfg.bcd_max, 0x9998);
    assert_string_equal(s.commands[0].cfg.chip, "ABC");
    assert_int_equal(s.commands[1].cfg.bcd_min, 0x500);
    assert_int_equal(s.commands[1].cfg.bcd_max, 0x500);
    assert_string_equal(s.commands[1].cfg.compatible, "MX8MQ");
    assert_int_equal(s.commands[2].cfg.bcd_max, 0xffff);
    assert_non_null(note_at(&s, 4, "known device of SDP:"));
    x8_script_done(&s);
}

static void refusals_name_the_line_and_the_closest_word(void **state)
{
    static const struct {
        const char *text, *what, *hint;
    } rows[] = {
        {V "FB: flahs all x\n", "FB: has no command 'flahs'", "flash"},
        {V "SDP: flash all x\n", "SDP: has no command 'flash'", "FB:"},
        {V "FBB: done\n", "unknown protocol 'FBB:'", "FB"},
        {V "boot -f x\n", "names no protocol", "protocol"},
        {V "flash all x\n", "names no protocol", "FB: in front"},
        {V "SDP: boot -f x -nojmp\n", "unknown option -nojmp", "-nojump"},
        {V "SDP: write -f x -skipspl\n", "unknown option -skipspl", "SDPV:"},
        {V "SDP: done -x\n", "unknown option -x", "no options"},
        {V "SDP: boot\n", "-f is missing", "SDP: boot -f FILE"},
        {V "SDP: boot -f\n", "-f has no value", "SDP: boot -f FILE"},
        {V "SDP: boot -f \"\"\n", "is empty", "file"},
        {V "SDP: boot -f \"x\n", "quote", "quote"},
        {V "SDP: boot -f a b\n", "one word too many", "quotes"},
        {V "SDP: boot -f a # comment\n", "one word too many", "line of its own"},
        {V "FB: flash all\n", "the file name is missing", "PARTITION FILE"},
        {V "FB: flash\n", "the partition name is missing", "PARTITION FILE"},
        {V "FB: ucmd\n", "the text is missing", "ucmd TEXT"},
        {V "FB: ucmd   \n", "the text is missing", "ucmd TEXT"},
        {V "FB:\n", "no command behind FB:", "command"},
        {V "FB: delay\n", "the number is missing", "MILLISECONDS"},
        {V "FB: delay soon\n", "'soon' is no number", "0x"},
        {V "FB: delay 0x\n", "'0x' is no number", "0x"},
        {V "FB: delay -1\n", "-1", "delay"},
        {V "FB: delay 10s\n", "'10s' is no number", "number"},
        {V "SDP: write -f a -addr 0x100000000\n", "too large", "largest"},
        {V "SDP: rdmem -addr 1 -format 12\n", "12 is not possible", "8, 16 or 32"},
        {V "SDP: rdmem -addr z -format 8\n", "'z' is no number", "number"},
        {V "FB: crc -f a -blksz 0\n", "0 is not possible", "zero"},
        {V "FB[-t 10: done\n", "bracket", "FB[-t 10000]:"},
        {V "FB[-x 10]: done\n", "unknown option -x", "-t"},
        {V "FB[-t]: done\n", "'' is no number", "number"},
        {V "FB[-t 1 2]: done\n", "too much", "-t"},
        {V "CFG: X: -vid 1 -pid 2\n", "'X' is no protocol", "-vid"},
        {V "CFG: FB: -vid 1\n", "-pid is missing", "-pid N"},
        {V "CFG: FB: -vid 0x12345 -pid 1\n", "too large", "65535"},
        {V "CFG: FB: -vid 1 -pid 1 -chip ABCDEFGHIJKLMNOP\n", "too long", "15"},
        {V "CFG: FB: -vid 1 -pid 1 -bcdmin 2 -bcdmax 1\n", "-bcdmin", "match"},
        {V "FBK: ucp a b\n", "t:", "board"},
        {V "SDP: boot -f http://x/y\n", "is a download", "download it first"},
        {V "SDP: boot -f a.tar/../../x\n", "leads out of its archive", "archive"},
        {V "\n\n", "no commands", "right file"},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_error err = refused(rows[i].text);
        char all[1400];

        snprintf(all, sizeof all, "%s | %s | %s", err.msg, err.why, err.next);
        if (!has(all, rows[i].hint) || !has(err.msg, rows[i].what))
            fail_msg("%s -> %s", rows[i].text, all);
        if (i + 1 < X8_COUNT(rows) && !has(err.msg, "line 2: "))
            fail_msg("no line: %s", err.msg);
    }
}

static void text_of_the_script_cannot_move_a_cursor(void **state)
{
    struct x8_error err = refused(V "FB: \033[2Jflash x\xff\n");
    struct x8_script s = parsed(V "FB: ucmd a\033b\nFB: done\n");

    (void)state;
    assert_null(strchr(err.msg, '\033'));
    assert_null(strchr(s.commands[0].text, '\033'));
    x8_script_done(&s);
}

static void what_is_no_script_is_refused(void **state)
{
    struct x8_error err = refused("\x7f\x45LF not a script\n");

    (void)state;
    assert_true(has(err.msg, "no script"));
    assert_true(has(refused("").msg, "no commands"));
    assert_true(has(refused("\xff\xfeu").msg, "UTF-16"));
}

static void a_line_that_is_too_long_is_refused(void **state)
{
    char *text = malloc(6000);
    struct x8_error err;

    (void)state;
    snprintf(text, 6000, V "FB: ucmd %5000s\n", "x");
    err = refused(text);
    assert_true(has(err.msg, "line 2") && has(err.msg, "4095"));
    free(text);
}

static void limits_of_size_and_number_hold(void **state)
{
    size_t cap = (1u << 20) + 1, used;
    char *text = malloc(cap + 1);

    (void)state;
    memset(text, '\n', cap);
    memcpy(text, V, strlen(V));
    text[cap] = '\0';
    assert_true(has(refused(text).msg, "too large"));
    used = strlen(V);
    for (int i = 0; i < 10001; i++)
        used += (size_t)snprintf(text + used, cap - used, "FB: getvar x\n");
    assert_true(has(refused(text).msg, "more than 10000 commands"));
    free(text);
}

static void a_single_command_needs_no_script_around_it(void **state)
{
    struct x8_script s;
    struct x8_error err;

    (void)state;
    assert_int_equal(parse_bytes("FB: ucmd mmc list", 17, 1, &s, &err), 0);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.note_count, 0);
    x8_script_done(&s);
    assert_true(parse_bytes("FB: umcd mmc list", 17, 1, &s, &err) < 0);
    assert_int_equal(err.code, X8_E_USAGE);
    assert_null(strstr(err.msg, "line"));
    assert_non_null(strstr(err.why, "ucmd"));
}

static void a_single_command_without_a_verb_says_what_is_missing(void **state)
{
    static const char *const words[] = {
        "FB:", "FBK:", "SDP:", "SDPS:", "SDPU:", "SDPV:", "CFG:", "FB[-t 100]:"};
    struct x8_script s;
    struct x8_error err;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(words); i++) {
        assert_int_equal(parse_bytes(words[i], strlen(words[i]), 1, &s, &err), -X8_E_USAGE);
        assert_non_null(strstr(err.msg, "no command behind"));
        assert_non_null(strstr(err.next, "x8ctl uuu "));
    }
}

static void scripts_are_told_from_images(void **state)
{
    static const struct {
        const char *text;
        int is;
    } rows[] = {
        {V, 1},
        {"\xef\xbb\xbf\n\n" V, 1},
        {"# c\n\n  FB[-t 5] : x", 1},
        {"fastboot: done", 1},
        {"CFG: FB:", 1},
        {"ABC: done", 0},
        {"", 0},
        {"# only a comment", 0},
        {"uuu", 0},
        {":", 0},
        {"FB[: done", 0},
        {"FB done", 0},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_span span = {(const uint8_t *)rows[i].text, strlen(rows[i].text)};

        if (x8_script_is(span) != rows[i].is)
            fail_msg("%s", rows[i].text);
    }
}

static void every_verb_has_a_name(void **state)
{
    (void)state;
    for (int verb = X8_VERB_DONE; verb <= X8_VERB_UCP; verb++)
        assert_true(x8_verb_name((enum x8_verb)verb)[0]);
    assert_string_equal(x8_verb_name(X8_VERB_FB_BOOT), "boot");
    assert_string_equal(x8_verb_name(X8_VERB_NONE), "");
}

static void very_many_notes_are_bounded(void **state)
{
    size_t cap = 200000, used = 0;
    char *text = malloc(cap);
    struct x8_script s;

    (void)state;
    used += (size_t)snprintf(text, cap, V);
    for (int i = 0; i < 5000; i++)
        used += (size_t)snprintf(text + used, cap - used, "FB: sh true\n");
    s = parsed(text);
    assert_true(s.note_count <= 1000 && s.note_count > 100);
    x8_script_done(&s);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_full_image_script_is_read_without_a_single_note),
        cmocka_unit_test(every_vendor_script_is_read),
        cmocka_unit_test(the_fixtures_of_the_vendor_are_read),
        cmocka_unit_test(the_time_limit_in_brackets_is_kept),
        cmocka_unit_test(all_options_reach_their_fields),
        cmocka_unit_test(flash_options_may_stand_in_any_order),
        cmocka_unit_test(loader_text_is_passed_on_untouched),
        cmocka_unit_test(layout_that_stops_uuu_is_read_and_noted),
        cmocka_unit_test(a_nul_byte_ends_a_line_and_is_noted),
        cmocka_unit_test(a_script_without_version_line_is_read_with_a_note),
        cmocka_unit_test(a_newer_version_is_accepted_with_a_note),
        cmocka_unit_test(fastboot_lines_run_as_fb_with_a_note),
        cmocka_unit_test(commands_behind_done_are_not_handed_out),
        cmocka_unit_test(a_line_of_an_earlier_stage_is_noted),
        cmocka_unit_test(a_script_without_done_is_noted),
        cmocka_unit_test(packed_images_without_slash_star_are_noted),
        cmocka_unit_test(odd_paths_are_noted),
        cmocka_unit_test(erasing_more_than_a_boot_area_is_noted),
        cmocka_unit_test(a_flash_before_fastboot_dev_is_noted),
        cmocka_unit_test(a_long_delay_is_noted_and_an_endless_one_refused),
        cmocka_unit_test(host_commands_and_fuses_are_unsafe),
        cmocka_unit_test(fuses_are_found_behind_lists_quotes_and_variables),
        cmocka_unit_test(what_only_looks_like_fuses_is_none),
        cmocka_unit_test(only_what_writes_is_an_erase_risk),
        cmocka_unit_test(variables_of_the_environment_are_filled_in),
        cmocka_unit_test(an_unset_variable_is_named),
        cmocka_unit_test(an_if_keeps_both_sides_and_its_command),
        cmocka_unit_test(a_broken_if_is_refused),
        cmocka_unit_test(nesting_without_end_is_refused),
        cmocka_unit_test(device_rows_are_read),
        cmocka_unit_test(refusals_name_the_line_and_the_closest_word),
        cmocka_unit_test(text_of_the_script_cannot_move_a_cursor),
        cmocka_unit_test(what_is_no_script_is_refused),
        cmocka_unit_test(a_line_that_is_too_long_is_refused),
        cmocka_unit_test(limits_of_size_and_number_hold),
        cmocka_unit_test(a_single_command_needs_no_script_around_it),
        cmocka_unit_test(a_single_command_without_a_verb_says_what_is_missing),
        cmocka_unit_test(scripts_are_told_from_images),
        cmocka_unit_test(every_verb_has_a_name),
        cmocka_unit_test(very_many_notes_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
