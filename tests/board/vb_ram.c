/*
 * The memories of the board. DDR is one lazily committed mapping, so that a download of a gigabyte,
 * `mmc read` and `crc32` all see the same bytes, as they do on the board: a short download leaves
 * behind it what an earlier one put there. The on-chip memory takes the ROM's downloads.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE, madvise: not in POSIX 2008 */
#include "vb_model.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* On-chip RAM of the i.MX 8M Mini: TCM (where the SPL lives) and OCRAM. Source: reference manual's
 * memory map. */
#define TCM_BASE   0x007e0000u
#define OCRAM_BASE 0x00900000u
#define SRAM_EACH  0x40000u

uint8_t *vb_ram(struct vb *vb, uint64_t addr, uint64_t len)
{
    if (addr < VB_RAM_BASE || !x8_fits(addr - VB_RAM_BASE, len, VB_RAM_SIZE))
        return NULL;
    if (!vb->ram) {
        void *map = mmap(NULL, VB_RAM_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (map == MAP_FAILED)
            return NULL;
        vb->ram = map;
    }
    return vb->ram + (addr - VB_RAM_BASE);
}

uint8_t *vb_sram(struct vb *vb, uint64_t addr, uint64_t len)
{
    if (!vb->sram && !(vb->sram = calloc(2, SRAM_EACH)))
        return NULL;
    if (addr >= TCM_BASE && x8_fits(addr - TCM_BASE, len, SRAM_EACH))
        return vb->sram + (addr - TCM_BASE);
    if (addr >= OCRAM_BASE && x8_fits(addr - OCRAM_BASE, len, SRAM_EACH))
        return vb->sram + SRAM_EACH + (addr - OCRAM_BASE);
    return NULL;
}

void vb_ram_clear(struct vb *vb)
{
    if (vb->ram)
        madvise(vb->ram, VB_RAM_SIZE, MADV_DONTNEED);
    if (vb->sram)
        memset(vb->sram, 0, 2 * SRAM_EACH);
}

void vb_ram_free(struct vb *vb)
{
    if (vb->ram)
        munmap(vb->ram, VB_RAM_SIZE);
    free(vb->sram);
    vb->ram = vb->sram = NULL;
}
