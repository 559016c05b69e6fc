/*
 * `mmc`: device 2 is the eMMC, device 1 an empty SD slot. Counts and sectors are hexadecimal,
 * device and partition numbers decimal, as in cmd/mmc.c.
 */
#include "vb_model.h"

#include <stdlib.h>
#include <string.h>

static int mmc_list(struct vb *vb, int argc, char **argv)
{
    (void)argc, (void)argv;
    vb_fb_console(vb, "FSL_SDHC: 1\nFSL_SDHC: 2 (eMMC)\n");
    return 0;
}

static int ready(struct vb *vb)
{
    return vb->mmc_dev == VB_EMMC_DEV;
}

static int mmc_dev(struct vb *vb, int argc, char **argv)
{
    long dev = argc > 1 ? strtol(argv[1], NULL, 10) : vb->mmc_dev;
    long part = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    if (argc > 3 || dev != VB_EMMC_DEV || part < 0 || part > 2)
        return 1;
    if (argc > 1) {
        vb->mmc_dev = (int)dev;
        vb->hwpart = (int)part;
    }
    vb_fb_console(vb, "switch to partitions #%ld, OK\nmmc2(part %ld) is current device\n", part,
                  part);
    return 0;
}

static int mmc_info(struct vb *vb, int argc, char **argv)
{
    (void)argc, (void)argv;
    if (!ready(vb))
        return 1;
    vb_fb_console(vb,
                  "Device: FSL_SDHC\nBus Width: 8-bit\nCapacity: %llu\nErase Group Size: %llu\n",
                  (unsigned long long)vb->cfg.emmc, (unsigned long long)vb->cfg.group);
    return 0;
}

static int in_device(const struct vb *vb, uint64_t sector, uint64_t count)
{
    return x8_fits(sector, count, vb->area[vb->hwpart].size / VB_SECTOR);
}

/* Where start or length are no multiples of the erase group, the loader of 2022 says so and goes
 * on: the device then erases every group that it was given a sector of. Loaders since 2023.04 trim
 * instead: exactly what was asked for. Source: U-Boot drivers/mmc/mmc_write.c. */
static void whole_groups(struct vb *vb, uint64_t *start, uint64_t *end)
{
    uint64_t group = vb->cfg.group / VB_SECTOR;
    if ((*start % group == 0 && (*end - *start) % group == 0) || vb->cfg.loader == 2024)
        return;
    *start -= *start % group;
    *end = (*end + group - 1) / group * group;
    vb_fb_console(vb, "Caution! Erase group 0x%llx: 0x%llx~0x%llx\n", (unsigned long long)group,
                  (unsigned long long)*start, (unsigned long long)*end - 1);
    vb_log(vb, "emmc erase widened to sector %llu count %llu", (unsigned long long)*start,
           (unsigned long long)(*end - *start));
}

/* What lies beyond the end of the device stops it. */
static int mmc_erase(struct vb *vb, int argc, char **argv)
{
    if (argc != 3 || !ready(vb))
        return 1;
    uint64_t start = vb_hex(argv[1]), count = vb_hex(argv[2]);
    uint64_t sectors = vb->area[vb->hwpart].size / VB_SECTOR;
    if (count == 0)
        return 0;
    if (start >= sectors)
        return 1;
    int fits = in_device(vb, start, count);
    uint64_t end = fits ? start + count : sectors;
    whole_groups(vb, &start, &end);
    end = end < sectors ? end : sectors;
    vb_cost(vb, (end - start) * VB_SECTOR / 16, vb->cfg.write);
    return vb_medium_erase(vb, vb->hwpart, start, end - start) || !fits;
}

static int mmc_transfer(struct vb *vb, int argc, char **argv)
{
    int is_read = !strcmp(argv[0], "read");
    if (argc != 4 || !ready(vb))
        return 1;
    uint64_t addr = vb_hex(argv[1]), sector = vb_hex(argv[2]), count = vb_hex(argv[3]);
    if (count == 0)
        return 0;
    if (!in_device(vb, sector, count))
        return 1;
    uint8_t *mem = vb_ram(vb, addr, count * VB_SECTOR);
    if (!mem)
        return vb_crash(vb,
                        is_read ? "mmc read outside the memory" : "mmc write outside the memory");
    vb_cost(vb, count * VB_SECTOR, is_read ? vb->cfg.read : vb->cfg.write);
    if (is_read)
        return vb_medium_load(vb, vb->hwpart, sector, count, mem) != 0;
    return vb_medium_write(vb, vb->hwpart, sector, count, mem) != 0;
}

/* mmc partconf DEV [ACK BOOT ACCESS]: EXT_CSD[179]. */
static int mmc_partconf(struct vb *vb, int argc, char **argv)
{
    if (argc < 2 || argc == 4 || argc > 5 || strtol(argv[1], NULL, 10) != VB_EMMC_DEV)
        return 1;
    if (argc < 5) {
        vb_fb_console(vb, "EXT_CSD[179], PARTITION_CONFIG: 0x%x\n", vb->stats.partconf);
        return argc == 3 && vb_env_setf(vb, argv[2], "%x", vb->stats.partconf >> 3 & 7);
    }
    long ack = strtol(argv[2], NULL, 10), boot = strtol(argv[3], NULL, 10),
         access = strtol(argv[4], NULL, 10);
    if (ack < 0 || ack > 1 || boot < 0 || boot > 7 || access < 0 || access > 7)
        return 1;
    vb->stats.partconf = (uint8_t)(ack << 6 | boot << 3 | access);
    return 0;
}

static int mmc_accepted(struct vb *vb, int argc, char **argv)
{
    (void)argc, (void)argv;
    return !ready(vb);
}

int vb_cmd_mmc(struct vb *vb, int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(struct vb *vb, int argc, char **argv);
    } table[] = {
        {"list", mmc_list},
        {"dev", mmc_dev},
        {"info", mmc_info},
        {"erase", mmc_erase},
        {"read", mmc_transfer},
        {"write", mmc_transfer},
        {"partconf", mmc_partconf},
        {"bootbus", mmc_accepted},
        {"rescan", mmc_accepted},
        {"part", mmc_accepted},
        {"rst-function", mmc_accepted},
    };
    if (argc < 2)
        return 1;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, argv[1]) == 0)
            return table[i].run(vb, argc - 1, argv + 1);
    return 1;
}
