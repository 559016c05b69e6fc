/*
 * U-Boot's environment: names and values, with the defaults of the Portenta X8 that scripts use.
 */
#include "vb_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENV_BYTES 65536 /* a host that fuzzes must not eat the memory of the test */

static size_t find(const struct vb *vb, const char *name)
{
    size_t i = 0;
    while (i < vb->env_count && strcmp(vb->env[i].name, name))
        i++;
    return i;
}

const char *vb_env_get(const struct vb *vb, const char *name)
{
    size_t i = find(vb, name);
    return i < vb->env_count ? vb->env[i].value : NULL;
}

static void drop(struct vb *vb, size_t i)
{
    vb->env_bytes -= strlen(vb->env[i].name) + strlen(vb->env[i].value) + 2;
    free(vb->env[i].name);
    free(vb->env[i].value);
    vb->env[i] = vb->env[--vb->env_count];
}

static int grow(struct vb *vb)
{
    if (vb->env_count < vb->env_cap)
        return 0;
    size_t cap = vb->env_cap ? vb->env_cap * 2 : 32;
    struct vb_var *more = realloc(vb->env, cap * sizeof *more);
    if (!more)
        return -1;
    vb->env = more;
    vb->env_cap = cap;
    return 0;
}

int vb_env_set(struct vb *vb, const char *name, const char *value)
{
    if (!*name || strchr(name, '='))
        return -1;
    size_t i = find(vb, name);
    if (!value || !*value) {
        if (i < vb->env_count)
            drop(vb, i);
        return 0;
    }
    size_t need = strlen(name) + strlen(value) + 2;
    if (vb->env_bytes + need > ENV_BYTES || grow(vb))
        return -1;
    struct vb_var var = {strdup(name), strdup(value)};
    if (!var.name || !var.value) {
        free(var.name);
        free(var.value);
        return -1;
    }
    if (i < vb->env_count)
        drop(vb, i);
    vb->env[vb->env_count++] = var;
    vb->env_bytes += need;
    return 0;
}

int vb_env_setf(struct vb *vb, const char *name, const char *fmt, ...)
{
    char value[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    return vb_env_set(vb, name, value);
}

void vb_env_defaults(struct vb *vb)
{
    static const char *const defaults[][2] = {
        {"emmc_dev", "2"},
        {"sd_dev", "1"},
        {"mmcdev", "2"},
        {"loadaddr", "0x40400000"},
        {"console", "ttymxc2"},
        {"baudrate", "115200"},
        {"stdin", "serial"},
        {"stdout", "serial"},
        {"stderr", "serial"},
        {"soc_type", "imx8mm"},
        {"bootcmd", "reset"},
        {"bootcmd_mfg", "run mfgtool_args; echo run fastboot 0; fastboot 0"},
        {"initrd_addr", "0x43800000"},
        {"fdt_addr", "0x43000000"},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        (void)vb_env_set(vb, defaults[i][0], defaults[i][1]);
    (void)vb_env_set(vb, "serial#", vb->cfg.serial);
}

void vb_env_free(struct vb *vb)
{
    while (vb->env_count)
        drop(vb, 0);
    free(vb->env);
    vb->env = NULL;
    vb->env_cap = 0;
}
