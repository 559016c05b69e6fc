/*
 * Commands that change what the board is: reset, bootm, fuses, the variables in the RPMB, HAB.
 */
#include "vb_model.h"

#include <stdio.h>
#include <string.h>

/* The boot switches decide what comes after a reset. */
int vb_cmd_reset(struct vb *vb, int argc, char **argv)
{
    (void)argc, (void)argv;
    vb_power_cycle(vb);
    vb_go(vb, 2000, vb->cfg.after_reset, vb->cfg.gap_us);
    return 0;
}

/* Start the FIT at an address: the small Linux of the test tools comes up. */
int vb_cmd_bootm(struct vb *vb, int argc, char **argv)
{
    uint64_t addr = argc > 1 ? vb_hex(argv[1]) : VB_LOADADDR;
    uint64_t left = VB_RAM_BASE + (uint64_t)VB_RAM_SIZE - addr;
    char why[96];
    const uint8_t *mem = addr < VB_RAM_BASE ? NULL : vb_ram(vb, addr, 64);
    if (!mem)
        return vb_crash(vb, "bootm outside the memory");
    if (x8_get_be32(mem) != 0xd00dfeedu || vb_fit_find(mem, (size_t)left, why) != 0) {
        vb_fb_console(vb, "Wrong Image Format for bootm command\n");
        return 1;
    }
    vb_go(vb, 2000, VB_INITRAMFS, vb->cfg.gap_us);
    return 0;
}

/* fuse read|sense BANK WORD [COUNT], fuse prog|override [-y] BANK WORD VALUE... */
int vb_cmd_fuse(struct vb *vb, int argc, char **argv)
{
    if (argc < 4)
        return 1;
    if (!strcmp(argv[1], "read") || !strcmp(argv[1], "sense"))
        return 0;
    int sure = !strcmp(argv[2], "-y");
    if (!strcmp(argv[1], "override"))
        return argc < 5;
    if (strcmp(argv[1], "prog") || argc < 5 + sure)
        return 1;
    if (!sure) /* asks on the console, where nobody is */
        return 1;
    vb_log(vb, "fuse prog %s %s %s", argv[3], argv[4], argv[5]);
    return 0;
}

/* fiovb init DEV, read_pvalue NAME, write_pvalue NAME VALUE, delete_pvalue NAME. */
int vb_cmd_fiovb(struct vb *vb, int argc, char **argv)
{
    char name[80];
    if (argc < 3)
        return 1;
    if (!strcmp(argv[1], "init")) {
        vb->rpmb = argc == 3 && vb_hex(argv[2]) == VB_EMMC_DEV;
        return !vb->rpmb;
    }
    snprintf(name, sizeof name, "\1fiovb.%.60s", argv[2]);
    if (!vb->rpmb)
        return 1;
    if (!strcmp(argv[1], "write_pvalue"))
        return argc != 4 || vb_env_set(vb, name, argv[3]);
    if (!strcmp(argv[1], "read_pvalue"))
        return !vb_env_get(vb, name);
    if (strcmp(argv[1], "delete_pvalue") || !vb_env_get(vb, name))
        return 1;
    return vb_env_set(vb, name, NULL) != 0;
}

/* imx_is_closed tells in board_is_closed; fiohab_close burns the fuse. */
int vb_cmd_hab(struct vb *vb, int argc, char **argv)
{
    (void)argc;
    if (!strcmp(argv[0], "fiohab_close")) {
        vb_log(vb, "fiohab_close");
        vb->cfg.closed = 1;
        return 0;
    }
    (void)vb_env_set(vb, "board_is_closed", vb->cfg.closed ? "1" : NULL);
    return !vb->cfg.closed;
}
