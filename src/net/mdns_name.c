/*
 * Host names of boards, as the board's first start makes them from its serial number: lower case,
 * leading zeros left out, "unknown" when it found none. Development images put "dev-" in front;
 * avahi puts "-2" and so on behind when the name is taken.
 */
#include "net/mdns.h"
#include "net/mdns_hosts.h"
#include "util/text.h"

#include <ctype.h>
#include <string.h>

enum { SERIAL_LEN = 16 };

static const char *after(const char *name, const char *prefix)
{
    while (*prefix && tolower((unsigned char)*name) == *prefix) {
        name++;
        prefix++;
    }
    return *prefix ? NULL : name;
}

/* What stands in the place of the serial number, and how long it is; NULL for no board's name. */
static const char *serial_part(const char *name, size_t *out_len)
{
    const char *rest = after(name, "dev-"), *end;

    rest = after(rest ? rest : name, "portenta-x8-");
    if (!rest)
        return NULL;
    end = after(rest, "unknown");
    if (!end)
        end = rest + strspn(rest, "0123456789abcdefABCDEF");
    *out_len = (size_t)(end - rest);
    if (end[0] == '-' && isdigit((unsigned char)end[1]))
        end += 1 + strspn(end + 1, "0123456789");
    return *end || *out_len == 0 || *out_len > SERIAL_LEN ? NULL : rest;
}

int x8_mdns_is_board(const char *name)
{
    size_t len;

    return serial_part(name, &len) != NULL;
}

int x8_mdns_serial(const char *name, char out[20])
{
    size_t len;
    const char *part = serial_part(name, &len);

    if (!part || !isxdigit((unsigned char)part[0]))
        return 0;
    memset(out, '0', SERIAL_LEN);
    for (size_t i = 0; i < len; i++)
        out[SERIAL_LEN - len + i] = (char)toupper((unsigned char)part[i]);
    out[SERIAL_LEN] = '\0';
    return 1;
}
