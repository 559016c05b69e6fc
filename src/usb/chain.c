/*
 * The way from the computer to a port, hub by hub.
 */
#include "usb/usb.h"

#include "usb/sysfs.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

static void add_hub(const char *name, char *out, size_t cap)
{
    char speed[16], product[64];
    size_t used = strlen(out);

    if (x8_sysfs_text(name, "speed", speed, sizeof speed) < 0)
        x8_copy(speed, sizeof speed, "?");
    if (x8_sysfs_text(name, "product", product, sizeof product) < 0)
        product[0] = '\0';
    snprintf(out + used, cap - used, "%shub %s %sM%s%s%s", used ? " > " : "", name, speed,
             product[0] ? " \"" : "", product, product[0] ? "\"" : "");
}

void x8_usb_chain_text(const char *port, char *out, size_t cap)
{
    char name[X8_PORT_LEN], speed[16];
    size_t bus = strcspn(port, "-"), used;

    x8_copy(out, cap, "");
    if (port[bus] != '-' || bus == 0 || !x8_copy(name, sizeof name, port))
        return;
    for (size_t i = bus + 1; port[i]; i++) {
        if (port[i] != '.')
            continue;
        name[i] = '\0';
        add_hub(name, out, cap);
        name[i] = '.';
    }
    if (x8_sysfs_text(port, "speed", speed, sizeof speed) < 0)
        return;
    used = strlen(out);
    snprintf(out + used, cap - used, "%sboard %s %sM", used ? " > " : "", port, speed);
}
