/*
 * getvar, with the names and quirks of fb_fsl_getvar.c: names are compared as prefixes, and the
 * answer to an unknown one carries FAIL twice.
 */
#include "vb_model.h"

#include <stdio.h>
#include <string.h>

#define TEXT 64

static int is(const char *name, const char *asked)
{
    return strncmp(name, asked, strlen(name)) == 0;
}

static void number(struct vb *vb, char out[TEXT], unsigned long long value)
{
    snprintf(out, TEXT, vb_fault_standing(vb, VB_DO_DEC) ? "%llu" : "0x%llx", value);
}

/* Both partition questions; -1 when the name is wrong. */
static int partition(struct vb *vb, const char *asked, char out[TEXT])
{
    const char *size = strstr(asked, "partition-size:"), *type = strstr(asked, "partition-type:");
    const struct vb_part *part = vb_part_find(vb, (size ? size : type) + 15);
    if (!part) {
        snprintf(out, TEXT, "Wrong partition name.");
        return -1;
    }
    if (size)
        number(vb, out, part->sectors * VB_SECTOR);
    else
        snprintf(out, TEXT, "%s", part->type);
    return 0;
}

static int block_size(struct vb *vb, const char *asked, char out[TEXT])
{
    uint64_t size = vb->fb.dev == VB_EMMC_DEV ? vb->cfg.blksize : 0;
    if (vb->cfg.blksize == 0) {
        snprintf(out, TEXT, "FAILunknown variable:%.40s", asked);
        return -1;
    }
    vb->hwpart = 0; /* U-Boot looks the device up and that selects the user area */
    number(vb, out, is("erase-block-size", asked) && size ? vb->cfg.group : size);
    return 0;
}

static const struct {
    const char *name, *value;
} fixed[] = {
    {"version-baseband", "N/A"},
    {"version-bootloader", NULL},
    {"bootloader-version", NULL},
    {"version", "0.4"},
    {"battery-voltage", "0mV"},
    {"battery-soc-ok", "yes"},
    {"variant", "NXP i.MX"},
    {"off-mode-charge", "1"},
    {"is-userspace", "no"},
    {"product", "NXP i.MX"},
    {"secure", "no"},
    {"unlocked", "no"},
    {"has-slot:", "no"},
    {"slot-successful:", "no"},
    {"slot-count", "no"},
    {"slot-suffixes", "no"},
    {"current-slot", "no"},
    {"slot-unbootable:", "no"},
    {"slot-retry-count:", "no"},
};

static int fixed_value(struct vb *vb, const char *asked, char out[TEXT])
{
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (!is(fixed[i].name, asked))
            continue;
        const char *version = vb->cfg.loader == 2024 ? "U-Boot 2024.04+fio" : "U-Boot 2022.04+fio";
        snprintf(out, TEXT, "%s", fixed[i].value ? fixed[i].value : version);
        return 1;
    }
    return 0;
}

static int single(struct vb *vb, const char *asked, char out[TEXT])
{
    if (strstr(asked, "partition-size:") || strstr(asked, "partition-type:"))
        return partition(vb, asked, out);
    if (is("downloadsize", asked) || is("max-download-size", asked)) {
        number(vb, out, vb->cfg.maxdl);
        return 0;
    }
    if (is("logical-block-size", asked) || is("erase-block-size", asked))
        return block_size(vb, asked, out);
    if (is("serialno", asked)) {
        snprintf(out, TEXT, "%s", vb->cfg.serial);
        return 0;
    }
    if (fixed_value(vb, asked, out))
        return 0;
    char name[32];
    snprintf(name, sizeof name, "fastboot.%.21s", asked);
    const char *value = vb_env_get(vb, name);
    if (value) {
        snprintf(out, TEXT, "%.60s", value);
        return 0;
    }
    snprintf(out, TEXT, "FAILunknown variable:%.40s", asked);
    return -1;
}

static void info(struct vb *vb, const char *name)
{
    char value[TEXT] = "", line[200];
    (void)single(vb, name, value);
    int n = snprintf(line, sizeof line, "INFO%.80s:%s", name, value);
    vb_reply_bytes(vb, line, n < 64 ? (size_t)n : 64);
}

static void all(struct vb *vb)
{
    static const char *const names[] = {
        "version",        "version-bootloader", "version-baseband", "product",
        "secure",         "max-download-size",  "erase-block-size", "logical-block-size",
        "unlocked",       "off-mode-charge",    "battery-voltage",  "variant",
        "battery-soc-ok", "is-userspace",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        info(vb, names[i]);
    static const char *const kinds[] = {"partition-type", "partition-size"};
    for (size_t k = 0; k < 2; k++) {
        for (int i = 0; i < vb->fb.part_count; i++) {
            char name[80];
            snprintf(name, sizeof name, "%s:%s", kinds[k], vb->parts[i].name);
            info(vb, name);
        }
    }
    vb_fb_answer(vb, "OKAY", "Done!");
}

void vb_fb_getvar(struct vb *vb, const char *name)
{
    if (is("all", name)) {
        all(vb);
        return;
    }
    char value[TEXT] = "";
    int failed = single(vb, name, value);
    vb_fb_answer(vb, failed ? "FAIL" : "OKAY", "%s", value);
}
