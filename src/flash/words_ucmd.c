/*
 * Texts for the loader's shell (and for Linux behind FBK) in plain words: the commands that vendor
 * scripts use are known, everything else is quoted.
 */
#include "flash/words.h"

#include "flash/words_uboot.h"
#include "util/attr.h"
#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE 240

/* What a loader variable is for; NULL value in a row means any. */
struct variable {
    const char *name, *value, *words;
};

static const struct variable variables[] = {
    {"fastboot_dev", "mmc", "tells the loader that it will write to an eMMC or SD card"},
    {"fastboot_dev", "sata", "tells the loader that it will write to a SATA disk"},
    {"mmcdev", "${emmc_dev}", "chooses the eMMC as the place to write to"},
    {"mmcdev", "${sd_dev}", "chooses the SD card as the place to write to"},
    {"stdout", NULL, "makes the loader send its console output here too"},
    {"fastboot_buffer", NULL, "sets where in memory received files are put"},
    {"loadaddr", NULL, "sets the memory address that programs are loaded to"},
    {"bootargs", NULL, "sets the start parameters of Linux"},
    {"earlycon", NULL, "sets on which serial line Linux prints its first messages"},
};

/* Commands that need no values in their sentence: words of the command, then the sentence. */
struct phrase {
    const char *first, *second, *words;
};

static const struct phrase phrases[] = {
    {"mmc", "list", "lists the eMMC and SD slots (on the board's serial console)"},
    {"mmc", "info", "shows data of the selected card (on the board's serial console)"},
    {"mmc", "rescan", "looks for the card again"},
    {"mmc", "part", "shows the partition table (on the board's serial console)"},
    {"mmc", "read", "reads blocks of the selected card into memory"},
    {"mmc", "write", "writes blocks from memory to the selected card"},
    {"mmc", "hwpartition", "sets up the areas of the eMMC, which can be done only once"},
    {"mmc", "rst-function", "sets the reset behaviour of the eMMC, which can be done only once"},
    {"mmc", "bkops-enable", "makes the eMMC clean up by itself, which can be set only once"},
    {"mmc", "rpmb", "uses the protected area of the eMMC (RPMB)"},
    {"mmc", "bootbus", "sets how the eMMC is read at start"},
    {"fuse", "prog", "burns fuses of the chip, which can never be undone"},
    {"fuse", "override", "overrides fuses of the chip until the next reset"},
    {"fuse", "read", "reads fuses of the chip"},
    {"fiovb", NULL, "uses the secure boot variables in the protected area of the eMMC (RPMB)"},
    {"fiohab_close", NULL, "locks the chip to signed software, which can never be undone"},
    {"imx_is_closed", NULL, "asks whether the chip is locked to signed software"},
    {"bdinfo", NULL, "shows data of the board (on the board's serial console)"},
    {"base", NULL, "shows the address offset (on the board's serial console)"},
    {"mtest", NULL, "tests the main memory (result on the board's serial console)"},
    {"bootm", NULL, "starts the Linux that was sent before"},
    {"booti", NULL, "starts the Linux that was sent before"},
    {"bootz", NULL, "starts the Linux that was sent before"},
    {"reset", NULL, "restarts the board"},
    {"saveenv", NULL, "stores the loader's settings for good"},
    {"printenv", NULL, "shows the loader's settings (on the board's serial console)"},
    {"crc32", NULL, "computes a check sum of memory"},
    {"gzwrite", NULL, "unpacks data from memory straight onto the selected card"},
    {"true", NULL, "does nothing and succeeds"},
    {"false", NULL, "does nothing and fails"},
    {"version", NULL, "shows the loader's version (on the board's serial console)"},
};

static void quote(const struct x8_uboot_cmd *cmd, char out[SENTENCE])
{
    char text[180];

    if (!x8_copy(text, sizeof text - 3, cmd->text))
        memcpy(text + strlen(text), "...", 4);
    snprintf(out, SENTENCE, "runs '%s' in the loader", text);
}

static const char *device_words(const char *device)
{
    if (strcmp(device, "${emmc_dev}") == 0 || strcmp(device, "$emmc_dev") == 0)
        return "the eMMC";
    if (strcmp(device, "${sd_dev}") == 0)
        return "the SD card";
    /* The X8's loader numbers: 1 is the SD slot, 2 the eMMC. */
    if (strcmp(device, "2") == 0)
        return "card 2 (the eMMC)";
    return strcmp(device, "1") == 0 ? "card 1 (the SD slot)" : "a card";
}

static int setenv_words(const struct x8_uboot_cmd *cmd, char out[SENTENCE])
{
    if (!x8_uboot_is(cmd, 0, "setenv") || cmd->argc < 2)
        return 0;
    for (size_t i = 0; i < X8_COUNT(variables); i++)
        if (strcmp(variables[i].name, cmd->argv[1]) == 0 && cmd->argc > 2 &&
            (!variables[i].value || strcmp(variables[i].value, cmd->argv[2]) == 0)) {
            x8_copy(out, SENTENCE, variables[i].words);
            return 1;
        }
    if (cmd->argc == 2)
        snprintf(out, SENTENCE, "forgets the loader's setting %s", cmd->argv[1]);
    else
        snprintf(out, SENTENCE, "sets the loader's setting %s to '%s%s'", cmd->argv[1],
                 cmd->argv[2], cmd->argc > 3 ? " ..." : "");
    return 1;
}

static int mmc_dev_words(const struct x8_uboot_cmd *cmd, char out[SENTENCE])
{
    int part = x8_uboot_hwpart(cmd);

    if (part < 0 || cmd->argc < 3)
        return 0;
    if (cmd->argc > 3)
        snprintf(out, SENTENCE, "selects %s of %s", x8_uboot_hwpart_name(part),
                 device_words(cmd->argv[2]));
    else
        snprintf(out, SENTENCE, "selects %s", device_words(cmd->argv[2]));
    return 1;
}

static int mmc_erase_words(const struct x8_uboot_cmd *cmd, char out[SENTENCE])
{
    uint64_t start, count;
    char size[24];

    if (!x8_uboot_is(cmd, 0, "mmc") || !x8_uboot_is(cmd, 1, "erase"))
        return 0;
    if (cmd->argc < 4 || x8_uboot_hex(cmd->argv[2], &start) != 0 ||
        x8_uboot_hex(cmd->argv[3], &count) != 0 || count > UINT64_MAX / X8_EMMC_BLOCK) {
        x8_copy(out, SENTENCE, "erases part of it");
        return 1;
    }
    x8_size_text(size, count * X8_EMMC_BLOCK);
    if (start == 0)
        snprintf(out, SENTENCE, "erases its first %s", size);
    else
        snprintf(out, SENTENCE, "erases %s of it from block %" PRIu64 " on", size, start);
    return 1;
}

static int partconf_words(const struct x8_uboot_cmd *cmd, char out[SENTENCE])
{
    const char *from = cmd->argc > 4 ? cmd->argv[4] : "";

    if (!x8_uboot_is(cmd, 0, "mmc") || !x8_uboot_is(cmd, 1, "partconf") || cmd->argc < 3)
        return 0;
    if (cmd->argc == 3)
        snprintf(out, SENTENCE, "shows where %s starts from", device_words(cmd->argv[2]));
    else if (strcmp(from, "1") == 0 || strcmp(from, "2") == 0)
        snprintf(out, SENTENCE, "tells %s to start the board from %s", device_words(cmd->argv[2]),
                 x8_uboot_hwpart_name(from[0] - '0'));
    else if (strcmp(from, "7") == 0)
        snprintf(out, SENTENCE, "tells %s to start the board from the user area",
                 device_words(cmd->argv[2]));
    else
        snprintf(out, SENTENCE, "sets where %s starts from", device_words(cmd->argv[2]));
    return 1;
}

static int memory_words(const struct x8_uboot_cmd *cmd, char out[SENTENCE])
{
    if (cmd->argc < 2 || !x8_starts(cmd->argv[0], "md"))
        return 0;
    if (cmd->argv[0][2] && cmd->argv[0][2] != '.')
        return 0;
    snprintf(out, SENTENCE, "shows memory at %s (on the board's serial console)", cmd->argv[1]);
    return 1;
}

static int run_words(const struct x8_uboot_cmd *cmd, char out[SENTENCE])
{
    if (x8_uboot_is(cmd, 0, "run") && cmd->argc > 1)
        snprintf(out, SENTENCE, "runs the loader's stored commands '%s'", cmd->argv[1]);
    else if (x8_uboot_is(cmd, 0, "echo"))
        x8_copy(out, SENTENCE, "prints a text (on the board's serial console)");
    else
        return 0;
    return 1;
}

static int phrase_words(const struct x8_uboot_cmd *cmd, char out[SENTENCE])
{
    for (size_t i = 0; i < X8_COUNT(phrases); i++)
        if (x8_uboot_is(cmd, 0, phrases[i].first) &&
            (!phrases[i].second || x8_uboot_is(cmd, 1, phrases[i].second))) {
            x8_copy(out, SENTENCE, phrases[i].words);
            return 1;
        }
    return 0;
}

static void one_command(const struct x8_uboot_cmd *cmd, char out[SENTENCE])
{
    static int (*const readers[])(const struct x8_uboot_cmd *, char[SENTENCE]) = {
        setenv_words, mmc_dev_words, mmc_erase_words, partconf_words,
        memory_words, run_words,     phrase_words,
    };

    for (size_t i = 0; i < X8_COUNT(readers); i++)
        if (readers[i](cmd, out))
            return;
    quote(cmd, out);
}

/* "if env exists NAME; then ; else setenv NAME VALUE; fi;" keeps a setting, or gives it a start. */
static int default_words(const char *text, char out[512])
{
    struct x8_uboot_cmd test, other;

    if (!x8_uboot_next(&text, &test) || !x8_uboot_is(&test, 0, "if") ||
        !x8_uboot_is(&test, 1, "env") || !x8_uboot_is(&test, 2, "exists") || test.argc != 4)
        return 0;
    if (!x8_uboot_next(&text, &other) || !x8_uboot_is(&other, 0, "then") || other.argc != 1)
        return 0;
    if (!x8_uboot_next(&text, &other) || !x8_uboot_is(&other, 0, "else") ||
        !x8_uboot_is(&other, 1, "setenv") || other.argc != 4 ||
        strcmp(other.argv[2], test.argv[3]) != 0)
        return 0;
    snprintf(out, 512, "sets the loader's setting %s to '%s' unless it has a value already",
             test.argv[3], other.argv[3]);
    return 1;
}

static int is_program(const char *text)
{
    struct x8_uboot_cmd cmd;

    while (x8_uboot_next(&text, &cmd))
        if (x8_uboot_is(&cmd, 0, "if") || x8_uboot_is(&cmd, 0, "for") ||
            x8_uboot_is(&cmd, 0, "while") || x8_uboot_is(&cmd, 0, "until"))
            return 1;
    return 0;
}

static void program_words(const char *text, char out[512])
{
    char shown[300];

    if (!x8_clean(shown, sizeof shown - 3, text, strlen(text)))
        memcpy(shown + strlen(shown), "...", 4);
    snprintf(out, 512, "runs a small program in the loader%s: %s",
             strstr(text, "fiovb")          ? " (about secure boot variables)"
             : strstr(text, "fiohab_close") ? " (LOCKS the chip to signed software for good)"
                                            : "",
             shown);
}

/* Sentences joined by ", then", as far as they fit. */
static void sequence(const char *text, char out[512])
{
    struct x8_uboot_cmd cmd;
    size_t used = 0;

    while (x8_uboot_next(&text, &cmd)) {
        char one[SENTENCE];
        int n;

        one_command(&cmd, one);
        if (used && x8_uboot_is(&cmd, 0, "true")) /* "... || true" */
            n = snprintf(out + used, 512 - used, " (what comes of it does not matter)");
        else
            n = snprintf(out + used, 512 - used, "%s%s", used ? ", then " : "", one);
        if (n < 0 || (size_t)n >= 512 - used) {
            x8_copy(out + (used < 505 ? used : 505), 7, " ...");
            return;
        }
        used += (size_t)n;
    }
    if (used == 0)
        x8_copy(out, 512, "sends an empty command to the loader");
}

static void linux_words(const struct x8_command *c, char out[512])
{
    char shown[300];

    if (!x8_clean(shown, sizeof shown - 3, c->rest, strlen(c->rest)))
        memcpy(shown + strlen(shown), "...", 4);
    snprintf(out, 512, "%s in the Linux on the board: %s",
             c->verb == X8_VERB_ACMD ? "starts" : "runs", shown);
}

void x8_words_ucmd(const struct x8_command *c, char out[512])
{
    if (c->proto == X8_PROTO_FBK)
        linux_words(c, out);
    else if (!default_words(c->rest, out)) {
        if (is_program(c->rest))
            program_words(c->rest, out);
        else
            sequence(c->rest, out);
    }
}
