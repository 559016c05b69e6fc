/*
 * Commands in plain words.
 */
#include "flash/script.h"

#include "util/attr.h"
#include "vendor_scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void words_of(const char *line, char out[512])
{
    struct x8_script_options options = {.is_command_line = 1};
    struct x8_script script;
    struct x8_error err;

    if (x8_script_parse((struct x8_span){(const uint8_t *)line, strlen(line)}, &options, &script,
                        &err) != 0)
        fail_msg("%s: %s", line, err.msg);
    x8_command_words(&script.commands[0], out);
    x8_script_done(&script);
}

static void lines_of_vendor_scripts_have_their_sentence(void **state)
{
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"SDP: boot -f imx-boot-mfgtool",
         "loads imx-boot-mfgtool into the chip's own memory and starts it: the first loader (SPL), "
         "which sets up the main memory"},
        {"SDPV: delay 1000", "waits 1 s"},
        {"SDPV: delay 1500", "waits 1500 ms"},
        {"SDPV: write -f u-boot-mfgtool.itb",
         "sends u-boot-mfgtool.itb to the first loader, into the main memory"},
        {"SDPV: jump", "starts what was just loaded: the second loader (U-Boot)"},
        {"FB: ucmd setenv fastboot_dev mmc",
         "tells the loader that it will write to an eMMC or SD card"},
        {"FB: ucmd setenv mmcdev ${emmc_dev}", "chooses the eMMC as the place to write to"},
        {"FB: ucmd mmc dev ${emmc_dev} 1; mmc erase 0 0x2000",
         "selects boot area 0 (boot0) of the eMMC, then erases its first 4.0 MiB"},
        {"FB: flash -raw2sparse all ../a.wic.gz/*",
         "writes ../a.wic.gz to the whole user area of the eMMC, replacing system and data"},
        {"FB: flash bootloader_s ../imx-boot",
         "writes ../imx-boot to boot area 0 as the spare first loader (SPL)"},
        {"FB: flash odd x", "writes x to the partition 'odd'"},
        {"FB: ucmd if env exists emmc_ack; then ; else setenv emmc_ack 0; fi;",
         "sets the loader's setting emmc_ack to '0' unless it has a value already"},
        {"FB: ucmd mmc partconf ${emmc_dev} ${emmc_ack} 1 0",
         "tells the eMMC to start the board from boot area 0 (boot0)"},
        {"FB: done", "ends here: the board is finished"},
        {"FB: ucmd mmc list", "lists the eMMC and SD slots (on the board's serial console)"},
        {"FB: ucmd mmc dev 2", "selects card 2 (the eMMC)"},
        {"FB: acmd bootm ${loadaddr}", "starts the Linux that was sent before"},
        {"FB: ucmd md.b 0x1000 0x04", "shows memory at 0x1000 (on the board's serial console)"},
        {"FB: ucmd imx_is_closed || true",
         "asks whether the chip is locked to signed software (what comes of it does not matter)"},
        {"FB: ucmd fuse prog -y 6 0 1", "burns fuses of the chip, which can never be undone"},
        {"FB: ucmd something odd", "runs 'something odd' in the loader"},
        {"FB: ucmd setenv a b c", "sets the loader's setting a to 'b ...'"},
        {"FB: ucmd setenv a", "forgets the loader's setting a"},
        {"FB: if @CHIP@ != MX8MM then error wrong chip",
         "if @CHIP@ is not MX8MM: stops with the error: wrong chip"},
        {"FB: download -f a.tar/b", "sends b in a.tar into the board's memory; nothing is stored"},
        {"SDP: sh make image", "runs on this computer: make image"},
        {"CFG: FB: -vid 0x1fc9 -pid 0x152", "takes USB devices with id 1fc9:0152 for FB:"},
        {"FBK: ucp a t:/b", "copies a to /b in the Linux on the board"},
        {"FBK: ucmd ls", "runs in the Linux on the board: ls"},
        {"SDP: wrmem -addr 16 -format 8 -value 3", "writes 0x3 (8 bits) to address 0x10"},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        char words[512];

        words_of(rows[i].line, words);
        if (strcmp(words, rows[i].words) != 0)
            fail_msg("%s:\n  %s\n  %s", rows[i].line, words, rows[i].words);
    }
}

static void every_command_of_every_protocol_has_words(void **state)
{
    static const char *const lines[] = {
        "SDP: dcd -f a",
        "SDP: jump -f a",
        "SDP: status",
        "SDP: blog",
        "SDP: rdmem -addr 1",
        "SDP: write -f a",
        "SDPS: boot -f a",
        "SDPV: write -f a -skipspl",
        "SDPU: write -f a -offset 5",
        "SDPU: jump -addr 5",
        "FB: getvar x",
        "FB: upload -f x",
        "FB: erase x",
        "FB: reboot",
        "FB: continue",
        "FB: boot",
        "FB: oem x",
        "FB: flashing x",
        "FB: set_active x",
        "FB: create-logical-partition x 1",
        "FB: delete-logical-partition x",
        "FB: resize-logical-partition x 1",
        "FB: update-super x y",
        "FB: crc -f x",
        "FB: write -f x",
        "FBK: sync",
        "FBK: acmd x",
        "FBK: ucp t:/a b",
        "FB: < x",
        "FB: error",
        "FB: ucmd ;;",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lines); i++) {
        char words[512];

        words_of(lines[i], words);
        if (strlen(words) < 12)
            fail_msg("%s: '%s'", lines[i], words);
    }
}

static void long_and_hostile_texts_are_cut_and_cleaned(void **state)
{
    char line[4000], words[512];
    size_t used = (size_t)snprintf(line, sizeof line, "FB: ucmd \033[2J");

    (void)state;
    for (int i = 0; i < 300; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, "run \xc3\xa4 x;");
    words_of(line, words);
    assert_null(strchr(words, '\033'));
    assert_true(strlen(words) < 512);
    assert_string_equal(words + strlen(words) - 4, " ...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_vendor_scripts_have_their_sentence),
        cmocka_unit_test(every_command_of_every_protocol_has_words),
        cmocka_unit_test(long_and_hostile_texts_are_cut_and_cleaned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
