/*
 * `flash:NAME` and `erase:NAME` (fb_fsl_dev.c): a sparse download goes through the sparse parser to
 * the user area, anything else is `mmc dev` and `mmc write` of the download buffer.
 */
#include "vb_model.h"

#include <string.h>

#define GPT_BYTES 0x4400u

static void no_such(struct vb *vb, const char *name)
{
    if (vb->cfg.loader == 2024) /* the text since 2023.04 */
        vb_fb_answer(vb, "FAIL", "partition %s does not exist", name);
    else
        vb_fb_answer(vb, "FAIL", "partition does not exist");
}

static void flash_plain(struct vb *vb, const struct vb_part *part)
{
    int is_gpt = !strncmp(part->name, "gpt", 3);
    uint32_t bytes = is_gpt ? GPT_BYTES : vb->fb.received;
    uint64_t sectors = (bytes + VB_SECTOR - 1) / VB_SECTOR;
    const uint8_t *from = vb_ram(vb, vb->fb.buffer, sectors * VB_SECTOR);
    vb->mmc_dev = vb->fb.dev;
    vb->hwpart = part->hwpart;
    vb_cost(vb, sectors * VB_SECTOR, vb->cfg.write);
    if (!from || vb_medium_write(vb, part->hwpart, part->start, sectors, from))
        vb_fb_answer(vb, "FAIL", "Write partition failed");
    else if (is_gpt && memcmp(from + VB_SECTOR, "EFI PART", 8) != 0)
        vb_fb_answer(vb, "FAIL", "write backup GPT image fail");
    else
        vb_fb_answer(vb, "OKAY", "%s", "");
}

static void flash_sparse(struct vb *vb, const struct vb_part *part)
{
    vb->hwpart = 0;
    const char *failed = vb_sparse_write(vb, part->start, part->sectors);
    if (vb->crashed) {
        vb_log(vb, "fastboot %.200s -> (crashed)", vb->fb.cmd);
        vb->dead = 1;
        return;
    }
    vb_fb_answer(vb, failed ? "FAIL" : "OKAY", "%s", failed ? failed : "");
}

void vb_fb_flash(struct vb *vb, const char *name)
{
    if (vb->fb.dev < 0) {
        vb_fb_answer(vb, "FAIL", "failed to flash device");
        return;
    }
    if (vb->fb.received == 0) {
        vb_fb_answer(vb, "FAIL", "no image downloaded");
        return;
    }
    const struct vb_part *part = vb_part_find(vb, name);
    if (!part)
        no_such(vb, name);
    else if (vb->fb.received > part->sectors * VB_SECTOR)
        vb_fb_answer(vb, "FAIL", "image too large for partition");
    else if (!vb_part_raw(part) && vb_sparse_seen(vb))
        flash_sparse(vb, part);
    else
        flash_plain(vb, part);
}

void vb_fb_erase(struct vb *vb, const char *name)
{
    if (vb->fb.dev < 0) {
        vb_fb_answer(vb, "FAIL", "failed to flash device");
        return;
    }
    const struct vb_part *part = vb_part_find(vb, name);
    if (!part || !part->erasable) {
        vb_fb_answer(vb, "FAIL", "partition does not exist or uneraseable");
        return;
    }
    vb->mmc_dev = vb->fb.dev;
    vb->hwpart = part->hwpart;
    if (part->index == 0) { /* only what the partition table names can be looked up: not `all` */
        vb_fb_answer(vb, "FAIL", "erasing of MMC card");
        return;
    }
    uint64_t group = vb->cfg.group / VB_SECTOR;
    uint64_t start = (part->start + group - 1) / group * group;
    uint64_t end = (part->start + part->sectors) / group * group;
    vb_cost(vb, part->sectors * VB_SECTOR / 16, vb->cfg.write);
    if (end > start && vb_medium_erase(vb, part->hwpart, start, end - start))
        vb_fb_answer(vb, "FAIL", "erasing of MMC card");
    else
        vb_fb_answer(vb, "OKAY", "%s", "");
}
