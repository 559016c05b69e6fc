/*
 * The commands of U-Boot's shell: their table, and those that need nothing but the environment.
 * A command returns 0 for success; what it prints goes to the console.
 */
#include "vb_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t vb_hex(const char *text)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;
    uint64_t value = 0;
    for (;; text++) {
        int c = *text, digit = c >= '0' && c <= '9'   ? c - '0'
                               : c >= 'a' && c <= 'f' ? c - 'a' + 10
                               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                      : -1;
        if (digit < 0)
            return value;
        value = value << 4 | (uint64_t)digit;
    }
}

/* An access outside the memory: on the board an exception, and nobody answers any more. */
int vb_crash(struct vb *vb, const char *what)
{
    vb_log(vb, "fastboot crash: %s", what);
    vb->crashed = 1;
    return 1;
}

/* ---- environment ---- */

static int cmd_setenv(struct vb *vb, int argc, char **argv)
{
    while (argc > 1 && argv[1][0] == '-' && argv[1][1]) /* -f */
        argc--, argv++;
    if (argc < 2)
        return 1;
    char value[4096] = "";
    size_t len = 0;
    for (int i = 2; i < argc; i++) {
        size_t n = strlen(argv[i]);
        if (len + n + 2 > sizeof value)
            return 1;
        if (i > 2)
            value[len++] = ' ';
        memcpy(value + len, argv[i], n + 1);
        len += n;
    }
    return vb_env_set(vb, argv[1], value) != 0;
}

static int cmd_printenv(struct vb *vb, int argc, char **argv)
{
    if (argc == 1) {
        for (size_t i = 0; i < vb->env_count; i++)
            if (vb->env[i].name[0] != '\1')
                vb_fb_console(vb, "%s=%s\n", vb->env[i].name, vb->env[i].value);
        return 0;
    }
    int missing = 0;
    for (int i = 1; i < argc; i++) {
        const char *value = vb_env_get(vb, argv[i]);
        if (value)
            vb_fb_console(vb, "%s=%s\n", argv[i], value);
        else
            vb_fb_console(vb, "## Error: \"%s\" not defined\n", argv[i]);
        missing |= !value;
    }
    return missing;
}

static int cmd_env(struct vb *vb, int argc, char **argv)
{
    if (argc < 2)
        return 1;
    if (!strcmp(argv[1], "exists"))
        return argc != 3 || !vb_env_get(vb, argv[2]);
    if (!strcmp(argv[1], "set"))
        return cmd_setenv(vb, argc - 1, argv + 1);
    if (!strcmp(argv[1], "print"))
        return cmd_printenv(vb, argc - 1, argv + 1);
    if (!strcmp(argv[1], "delete")) {
        for (int i = 2; i < argc; i++)
            (void)vb_env_set(vb, argv[i], NULL);
        return argc < 3;
    }
    return 1;
}

static int cmd_run(struct vb *vb, int argc, char **argv)
{
    int rc = argc < 2;
    for (int i = 1; i < argc && rc == 0; i++) {
        const char *text = vb_env_get(vb, argv[i]);
        char copy[4096];
        if (!text || strlen(text) >= sizeof copy)
            return 1;
        memcpy(copy, text, strlen(text) + 1); /* the script may change its own variable */
        rc = vb_shell_run(vb, copy);
    }
    return rc;
}

/* ---- small ones ---- */

static int cmd_echo(struct vb *vb, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        vb_fb_console(vb, "%s%s", argv[i], i + 1 < argc ? " " : "");
    vb_fb_console(vb, "\n");
    return 0;
}

static int cmd_true(struct vb *vb, int argc, char **argv)
{
    (void)vb, (void)argc, (void)argv;
    return 0;
}

static int cmd_false(struct vb *vb, int argc, char **argv)
{
    (void)vb, (void)argc, (void)argv;
    return 1;
}

/* `help` alone is fine, `help NAME` always says 1. Source: tried on U-Boot's sandbox. */
static int cmd_help(struct vb *vb, int argc, char **argv)
{
    (void)vb, (void)argv;
    return argc > 1;
}

static int cmd_sleep(struct vb *vb, int argc, char **argv)
{
    if (argc != 2)
        return 1;
    double seconds = strtod(argv[1], NULL);
    if (!(seconds >= 0 && seconds < 86400))
        return 1;
    vb->cost_us += seconds * 1e6;
    return 0;
}

static int cmd_print(struct vb *vb, int argc, char **argv)
{
    (void)argc;
    if (!strcmp(argv[0], "bdinfo"))
        vb_fb_console(vb, "DRAM bank = 0x0\n-> start = 0x%08x\n-> size = 0x%08x\n", VB_RAM_BASE,
                      VB_RAM_SIZE);
    else if (!strcmp(argv[0], "base"))
        vb_fb_console(vb, "Base Address: 0x00000000\n");
    else
        vb_fb_console(vb, "U-Boot %d.04+fio (Portenta X8)\n", vb->cfg.loader);
    return 0;
}

static const struct {
    const char *name;
    int max_args;
    int (*run)(struct vb *vb, int argc, char **argv);
} table[] = {
    {"setenv", 64, cmd_setenv},
    {"printenv", 64, cmd_printenv},
    {"env", 64, cmd_env},
    {"run", 64, cmd_run},
    {"echo", 64, cmd_echo},
    {"true", 64, cmd_true},
    {"false", 64, cmd_false},
    {"test", 64, vb_cmd_test},
    {"itest", 4, vb_cmd_itest},
    {"help", 64, cmd_help},
    {"?", 64, cmd_help},
    {"sleep", 2, cmd_sleep},
    {"version", 1, cmd_print},
    {"bdinfo", 2, cmd_print},
    {"base", 2, cmd_print},
    {"mmc", 29, vb_cmd_mmc},
    {"crc32", 5, vb_cmd_crc32},
    {"hash", 5, vb_cmd_hash},
    {"gzwrite", 8, vb_cmd_gzwrite},
    {"cmp", 4, vb_cmd_cmp},
    {"cp", 4, vb_cmd_cp},
    {"mw", 4, vb_cmd_mw},
    {"md", 3, vb_cmd_md},
    {"mtest", 5, vb_cmd_mtest},
    {"reset", 2, vb_cmd_reset},
    {"bootm", 64, vb_cmd_bootm},
    {"fuse", 64, vb_cmd_fuse},
    {"fiovb", 4, vb_cmd_fiovb},
    {"imx_is_closed", 1, vb_cmd_hab},
    {"fiohab_close", 1, vb_cmd_hab},
};

/* Run one command. What follows a dot in its name is the size of an access: crc32 knows none, md.b
 * does. */
int vb_cmd_run(struct vb *vb, int argc, char **argv)
{
    size_t len = strcspn(argv[0], ".");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strlen(table[i].name) != len || strncmp(table[i].name, argv[0], len) != 0)
            continue;
        if (table[i].run == vb_cmd_gzwrite && !vb->cfg.gzwrite)
            break;
        if (argc > table[i].max_args) /* usage */
            return 1;
        return table[i].run(vb, argc, argv);
    }
    vb_fb_console(vb, "Unknown command '%.40s' - try 'help'\n", argv[0]);
    return 1;
}
