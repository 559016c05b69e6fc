/*
 * The words a board is made from: "start=rom emmc=16G link=40M fault=...". Words are separated by
 * spaces; quotes ('...' or "...") keep spaces inside a value.
 */
#include "vb_model.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "512", "40M", "1.5G" is not a size: digits and one letter. `kilo` is 1024 for sizes, 1000 for
 * rates. */
int vb_size_parse(const char *text, unsigned kilo, uint64_t *out)
{
    static const char letters[] = "KMGT";
    if (!isdigit((unsigned char)*text))
        return -1;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    const char *letter = *end ? strchr(letters, toupper((unsigned char)*end)) : NULL;
    if (errno || (*end && (!letter || end[1])))
        return -1;
    for (const char *l = letters; letter && l <= letter; l++) {
        if (value > UINT64_MAX / kilo)
            return -1;
        value *= kilo;
    }
    *out = value;
    return 0;
}

static int fail(char why[256], const char *word, const char *text)
{
    snprintf(why, 256, "%.100s: %s", word, text);
    return -1;
}

/* ---- words with a fixed set of values ---- */

struct choice {
    const char *word, *value;
    size_t field;
    int number;
};
#define CHOICE(word, value, field, number)                                                         \
    {                                                                                              \
        word, value, offsetof(struct vb_config, field), number                                     \
    }

static const struct choice choices[] = {
    CHOICE("start", "off", start, VB_OFF),
    CHOICE("start", "rom", start, VB_ROM),
    CHOICE("start", "spl", start, VB_SPL),
    CHOICE("start", "fastboot", start, VB_FASTBOOT),
    CHOICE("start", "linux", start, VB_LINUX),
    CHOICE("ids", "new", old_ids, 0),
    CHOICE("ids", "old", old_ids, 1),
    CHOICE("speed", "high", full_speed, 0),
    CHOICE("speed", "full", full_speed, 1),
    CHOICE("endpoints", "in-first", out_first, 0),
    CHOICE("endpoints", "out-first", out_first, 1),
    CHOICE("loader", "2022", loader, 2022),
    CHOICE("loader", "2024", loader, 2024),
    CHOICE("closed", "0", closed, 0),
    CHOICE("closed", "1", closed, 1),
    CHOICE("usbhid", "0", usbhid, 0),
    CHOICE("usbhid", "1", usbhid, 1),
    CHOICE("access", "ok", denied, 0),
    CHOICE("access", "denied", denied, 1),
    CHOICE("infoecho", "0", infoecho, 0),
    CHOICE("infoecho", "1", infoecho, 1),
    CHOICE("crcv", "0", crcv, 0),
    CHOICE("crcv", "1", crcv, 1),
    CHOICE("gzwrite", "0", gzwrite, 0),
    CHOICE("gzwrite", "1", gzwrite, 1),
    CHOICE("erased", "00", erased_ff, 0),
    CHOICE("erased", "ff", erased_ff, 1),
    CHOICE("keep", "0", keep, 0),
    CHOICE("keep", "1", keep, 1),
    CHOICE("power", "bus", own_power, 0),
    CHOICE("power", "own", own_power, 1),
    CHOICE("panic", "stay", panic_to_rom, 0),
    CHOICE("panic", "rom", panic_to_rom, 1),
    CHOICE("reset", "rom", after_reset, VB_ROM),
    CHOICE("reset", "linux", after_reset, VB_LINUX),
    CHOICE("reset", "off", after_reset, VB_OFF),
    CHOICE("adb", "0", has_adb, 0),
    CHOICE("adb", "1", has_adb, 1),
    CHOICE("class", "ef", plain_class, 0),
    CHOICE("class", "00", plain_class, 1),
    CHOICE("adbif", "first", adb_first, 1),
    CHOICE("adbif", "last", adb_first, 0),
    CHOICE("blksize", "512", blksize, 512),
    CHOICE("blksize", "4096", blksize, 4096),
    CHOICE("blksize", "none", blksize, 0),
};

/* 1 taken, 0 not such a word, -1 wrong value. All fields above are int-sized. */
static int take_choice(struct vb_config *cfg, const char *word, const char *value)
{
    int known = 0;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (strcmp(choices[i].word, word))
            continue;
        known = 1;
        if (strcmp(choices[i].value, value) == 0) {
            memcpy((char *)cfg + choices[i].field, &choices[i].number, sizeof(int));
            return 1;
        }
    }
    return known ? -1 : 0;
}

/* ---- words with a number ---- */

static int take_number(struct vb_config *cfg, const char *word, const char *value)
{
    const struct {
        const char *word;
        unsigned kilo;
        uint64_t min, max, *out;
    } numbers[] = {
        {"emmc", 1024, 8u << 20, 256ull << 30, &cfg->emmc},
        {"group", 1024, VB_SECTOR, 64u << 20, &cfg->group},
        {"link", 1000, 0, 1ull << 40, &cfg->link},
        {"write", 1000, 0, 1ull << 40, &cfg->write},
        {"read", 1000, 0, 1ull << 40, &cfg->read},
        {"sum", 1000, 0, 1ull << 40, &cfg->sum},
        {"inflate", 1000, 0, 1ull << 40, &cfg->inflate},
        {"noise", 1000, 0, UINT64_MAX, &cfg->noise},
    };
    const struct {
        const char *word;
        int64_t *out;
    } times[] = {{"gap", &cfg->gap_us}, {"adbgap", &cfg->adb_gap_us}, {"down", &cfg->down_us}};
    uint64_t number;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(numbers[i].word, word))
            continue;
        if (vb_size_parse(value, numbers[i].kilo, &number) || number < numbers[i].min ||
            number > numbers[i].max)
            return -1;
        if (numbers[i].out == &cfg->group && number & (number - 1))
            return -1; /* U-Boot reckons with masks */
        *numbers[i].out = number;
        return 1;
    }
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        if (strcmp(times[i].word, word))
            continue;
        if (vb_size_parse(value, 1000, &number) || number > 0x40000000u)
            return -1;
        *times[i].out = (int64_t)number * 1000;
        return 1;
    }
    if (strcmp(word, "maxdl"))
        return 0;
    if (vb_size_parse(value, 1024, &number) || number > 0x40000000u)
        return -1;
    cfg->maxdl = (uint32_t)number;
    return 1;
}

static int take_text(struct vb_config *cfg, const char *word, const char *value)
{
    const struct {
        const char *word;
        char *out;
        size_t cap;
    } texts[] = {
        {"dir", cfg->dir, sizeof cfg->dir},
        {"log", cfg->log, sizeof cfg->log},
        {"port", cfg->port, sizeof cfg->port},
        {"serial", cfg->serial, sizeof cfg->serial},
        {"product", cfg->product, sizeof cfg->product},
        {"adbd", cfg->daemon, sizeof cfg->daemon},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(texts[i].word, word))
            continue;
        if (!*value || strlen(value) >= texts[i].cap)
            return -1;
        memcpy(texts[i].out, value, strlen(value) + 1);
        return 1;
    }
    return 0;
}

static int take_word(struct vb *vb, char *word, char why[256])
{
    char *value = strchr(word, '=');
    if (!value)
        return fail(why, word, "a word has the form name=value");
    *value++ = 0;
    if (strcmp(word, "fault") == 0)
        return vb_fault_parse(vb, value, why);
    int taken = take_choice(&vb->cfg, word, value);
    if (taken == 0)
        taken = take_number(&vb->cfg, word, value);
    if (taken == 0)
        taken = take_text(&vb->cfg, word, value);
    if (taken < 0)
        return fail(why, word, "this value is not possible");
    return taken ? 0 : fail(why, word, "no such word");
}

/* Cut the next word out of *text into `out`. 0 at the end, -1 when it is too long. */
static int next_word(const char **text, char *out, size_t cap)
{
    const char *p = *text;
    while (isspace((unsigned char)*p))
        p++;
    if (!*p)
        return 0;
    size_t len = 0;
    char quote = 0;
    for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
        if (quote ? *p == quote : (*p == '\'' || *p == '"')) {
            quote = quote ? 0 : *p;
            continue;
        }
        if (len + 1 >= cap)
            return -1;
        out[len++] = *p;
    }
    out[len] = 0;
    *text = p;
    return 1;
}

int vb_words_parse(struct vb *vb, const char *words, char why[256])
{
    vb->cfg = (struct vb_config){
        .start = VB_ROM,
        .emmc = 30777344ull * VB_SECTOR, /* what a "16 GB" eMMC holds */
        .gap_us = 100000,
        .maxdl = 0x40000000,
        .blksize = 512,
        .loader = 2022,
        .crcv = 1,
        .gzwrite = 1,
        .group = 512u << 10,
        .noise = 1,
        .after_reset = VB_DEAD, /* not said */
        .has_adb = 1,
        .adb_gap_us = 2000000, /* the unit that starts adbd waits so long before it binds */
        .down_us = 1000000,
        .product = "Portenta X8",
        .port = "1-2",
        .serial = "0e1a2c0d5b6f7788",
    };
    char word[1200];
    int more;
    while ((more = next_word(&words, word, sizeof word)) > 0)
        if (take_word(vb, word, why))
            return -1;
    if (more < 0)
        return fail(why, "words", "one of them is too long");
    if (vb->cfg.after_reset == VB_DEAD)
        vb->cfg.after_reset = *vb->cfg.daemon && vb->cfg.start == VB_LINUX ? VB_LINUX : VB_ROM;
    for (size_t i = 0; vb->cfg.serial[i]; i++) /* as the SoC's driver writes it */
        vb->cfg.linux_serial[i] = (char)toupper((unsigned char)vb->cfg.serial[i]);
    vb->cfg.emmc -= vb->cfg.emmc % VB_SECTOR;
    if (vb->cfg.full_speed && (vb->cfg.link == 0 || vb->cfg.link > 1000000))
        vb->cfg.link = 1000000; /* what 12 Mbit/s leave for bulk data */
    return 0;
}
