/*
 * The names that `flash:` understands on an i.MX 8M Mini with the Portenta X8's configuration, and
 * how U-Boot comes to its table (fb_fsl_partitions.c): SPL at 0x8400 of boot0, FIT at sector 0x300,
 * the second set 0x1000 sectors later, the secondary image table at 0x8200, then what the MBR of
 * the user area names.
 */
#include "vb_model.h"

#include <stdio.h>
#include <string.h>

static void add(struct vb *vb, struct vb_part part)
{
    if (vb->fb.part_count < VB_PARTS)
        vb->parts[vb->fb.part_count++] = part;
}

static void add_mbr(struct vb *vb)
{
    uint8_t mbr[VB_SECTOR];
    if (vb_medium_load(vb, 0, 0, 1, mbr) || mbr[510] != 0x55 || mbr[511] != 0xaa)
        return;
    for (int i = 0; i < 4; i++) {
        const uint8_t *e = mbr + 446 + 16 * i;
        uint64_t start = x8_get_le32(e + 8), sectors = x8_get_le32(e + 12);
        if (e[4] == 0 || sectors == 0)
            break;
        struct vb_part part = {.start = start,
                               .sectors = sectors,
                               .hwpart = 0,
                               .erasable = 1,
                               .index = i + 1,
                               .type = "raw"};
        /* U-Boot's own name for a partition of MMC 2 */
        snprintf(part.name, sizeof part.name, "mmcsdc%d", i + 1);
        add(vb, part);
    }
}

void vb_parts_load(struct vb *vb)
{
    uint64_t user = vb->cfg.emmc / VB_SECTOR;
    vb->fb.part_count = 0;
    if (vb->fb.dev != VB_EMMC_DEV)
        return;
    add(vb, (struct vb_part){"gpt", 0, 0x800, 0, 0, 0, "raw"});
    add(vb, (struct vb_part){"all", 0, user, 0, 1, 0, "device"});
    add(vb, (struct vb_part){"bootloader", 0x42, 0x2be, 1, 0, 0, "raw"});
    add(vb, (struct vb_part){"bootloader_s", 0x1042, 0x2be, 1, 0, 0, "raw"});
    add(vb, (struct vb_part){"sit", 0x41, 1, 1, 0, 0, "raw"});
    add(vb, (struct vb_part){"bootloader2", 0x300, 0xd00, 1, 0, 0, "raw"});
    add(vb, (struct vb_part){"bootloader2_s", 0x1300, 0xd00, 1, 0, 0, "raw"});
    add_mbr(vb);
    vb->hwpart = 0;
}

const struct vb_part *vb_part_find(struct vb *vb, const char *name)
{
    for (int i = 0; i < vb->fb.part_count; i++)
        if (strcmp(vb->parts[i].name, name) == 0)
            return &vb->parts[i];
    return NULL;
}

/* Never looked at as a sparse image. */
int vb_part_raw(const struct vb_part *part)
{
    return !strncmp(part->name, "boot", 4) || !strncmp(part->name, "misc", 4);
}

/* U-Boot looks at its environment again after every UCmd that went well. */
void vb_fb_setup(struct vb *vb)
{
    const char *buffer = vb_env_get(vb, "fastboot_buffer");
    vb->fb.buffer = buffer ? (uint32_t)vb_hex(buffer) : VB_FB_BUFFER;
    const char *type = vb_env_get(vb, "fastboot_dev");
    int dev = -1;
    if (type && !strncmp(type, "mmc", 3)) {
        const char *number = vb_env_get(vb, "target_ubootdev");
        if (!number)
            number = vb_env_get(vb, "mmcdev");
        dev = number ? (int)(vb_hex(number) & 0xff) : VB_EMMC_DEV;
    }
    if (dev == vb->fb.dev)
        return;
    vb->fb.dev = dev;
    vb_parts_load(vb);
}
