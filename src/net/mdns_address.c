#include "net/mdns_address.h"

#include "util/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* 1 for what a host can be reached at. */
static int is_usable4(const uint8_t *a)
{
    return a[0] != 0 && a[0] != 127 && a[0] < 224;
}

static int is_usable6(const uint8_t *a)
{
    static const uint8_t none[15];
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (memcmp(a, none, sizeof none) == 0 && a[15] <= 1)
        return 0;
    return a[0] != 0xff && memcmp(a, mapped, sizeof mapped) != 0;
}

static int is_link_local6(const uint8_t *a)
{
    return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

int x8_mdns_address_text(const struct x8_dns_record *record, const char *interface, char out[64])
{
    int is4 = record->type == X8_DNS_A;
    char figures[INET6_ADDRSTRLEN];
    int n;

    if (is4 ? !is_usable4(record->address) : !is_usable6(record->address))
        return 0;
    if (!inet_ntop(is4 ? AF_INET : AF_INET6, record->address, figures, sizeof figures))
        return 0;
    if (is4 || !is_link_local6(record->address))
        return x8_copy(out, 64, figures);
    n = snprintf(out, 64, "%s%%%s", figures, interface);
    return n > 0 && n < 64; /* half a zone is another zone */
}

/* Link-local addresses come last: those of IPv4 are often left over, and those of IPv6 need the
 * zone, which not every program takes. */
static int rank(const char *text)
{
    if (!strchr(text, ':'))
        return x8_starts(text, "169.254.") ? 1 : 0;
    return strchr(text, '%') ? 3 : 2;
}

static size_t find(const struct x8_mdns_host *host, const char *text)
{
    size_t i = 0;

    while (i < host->address_count && strcmp(host->addresses[i], text) != 0)
        i++;
    return i;
}

int x8_mdns_address_add(struct x8_mdns_host *host, const char *text)
{
    size_t at = 0, last;

    if (find(host, text) < host->address_count)
        return 0;
    while (at < host->address_count && rank(host->addresses[at]) <= rank(text))
        at++;
    if (at == X8_MDNS_ADDRESSES)
        return 0;
    if (host->address_count < X8_MDNS_ADDRESSES)
        host->address_count++;
    last = host->address_count - 1;
    memmove(host->addresses + at + 1, host->addresses + at,
            (last - at) * sizeof host->addresses[0]);
    x8_copy(host->addresses[at], sizeof host->addresses[at], text);
    return 1;
}

int x8_mdns_address_remove(struct x8_mdns_host *host, const char *text)
{
    size_t at = find(host, text);

    if (at == host->address_count)
        return 0;
    host->address_count--;
    memmove(host->addresses + at, host->addresses + at + 1,
            (host->address_count - at) * sizeof host->addresses[0]);
    return 1;
}
