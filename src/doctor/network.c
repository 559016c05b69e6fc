/*
 * Multicast DNS, by which boards are found, and the proxies that downloads go through.
 */
#include "doctor/parts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Source: Linux, include/uapi/linux/if.h. */
enum { IS_UP = 0x1, IS_LOOPBACK = 0x8, IS_POINT_TO_POINT = 0x10, CAN_MULTICAST = 0x1000 };

/* Interfaces that are up: those that reach neighbours by multicast, and those that do not. */
struct interfaces {
    size_t good, up;
    char other[128]; /* "tun0, wwan0" */
};

static void count_interfaces(const struct x8_host *host, struct interfaces *out)
{
    char path[128], text[32], **names;
    size_t count = x8_host_names(host, "/sys/class/net", &names);

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(out->other);
        unsigned long flags;

        snprintf(path, sizeof path, "/sys/class/net/%.60s/flags", names[i]);
        if (x8_host_line(host, path, text, sizeof text) < 0)
            continue;
        flags = strtoul(text, NULL, 16);
        if (!(flags & IS_UP) || flags & IS_LOOPBACK)
            continue;
        out->up++;
        if (flags & CAN_MULTICAST && !(flags & IS_POINT_TO_POINT))
            out->good++;
        else
            snprintf(out->other + used, sizeof out->other - used, "%s%.30s", used ? ", " : "",
                     names[i]);
    }
    free(names);
}

static void explain_silence(struct x8_look *look)
{
    struct interfaces found;
    struct x8_check *check;

    count_interfaces(look->host, &found);
    if (found.up == 0)
        check = x8_check_add(look->out, X8_CHECK_WARN, "mdns", "network search",
                             "no network interface is up: boards on the network cannot be found");
    else if (found.good == 0)
        check = x8_check_add(look->out, X8_CHECK_WARN, "mdns", "network search",
                             "boards cannot be found by name: %s cannot do multicast", found.other);
    else
        check = x8_check_add(look->out, X8_CHECK_WARN, "mdns", "network search",
                             "multicast DNS cannot be sent: %s",
                             look->waited.net_error.why[0] ? look->waited.net_error.why
                                                           : look->waited.net_error.msg);
    x8_check_next(check, found.up == 0 ? "connect the network, if a board is there"
                                       : "x8ctl list -s net:ADDRESS; or let UDP port 5353 through "
                                         "the firewall");
}

void x8_check_network(struct x8_look *look)
{
    int answered = look->waited.net;

    if (look->host->search_ms <= 0)
        x8_check_add(look->out, X8_CHECK_SKIPPED, "mdns", "network search", "is switched off");
    else if (answered < 0 && look->container[0])
        x8_check_add(look->out, X8_CHECK_SKIPPED, "mdns", "network search",
                     "this container has no network of its own to search");
    else if (answered < 0)
        explain_silence(look);
    else if (answered == 0)
        x8_check_add(look->out, X8_CHECK_OK, "mdns", "network search", "works, no board answered");
    else
        x8_check_add(look->out, X8_CHECK_OK, "mdns", "network search", "works, %d board%s answered",
                     answered, answered == 1 ? "" : "s");
}

/* --- proxies --- */

static int is_here(const char *host, size_t len)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

    for (size_t i = 0; i < X8_COUNT(names); i++)
        if (strlen(names[i]) == len && strncmp(host, names[i], len) == 0)
            return 1;
    return 0;
}

struct proxy {
    const char *host;
    size_t host_len;
    uint32_t port; /* 0: not given */
};

/* [SCHEME://][USER[:PASSWORD]@]HOST[:PORT][/]; what is wrong with it, or NULL. Source: libcurl,
 * CURLOPT_PROXY. */
static const char *parse_proxy(const char *text, struct proxy *out)
{
    static const char *const schemes[] = {"http://",    "https://",  "socks4://",
                                          "socks4a://", "socks5://", "socks5h://"};
    const char *scheme = strstr(text, "://"), *at, *end;
    char port[8];
    int is_known = !scheme;

    for (size_t i = 0; scheme && i < X8_COUNT(schemes); i++)
        is_known |= strlen(schemes[i]) == (size_t)(scheme - text) + 3 &&
                    strncmp(text, schemes[i], (size_t)(scheme - text) + 3) == 0;
    if (!is_known)
        return "it begins with no kind of proxy that is known";
    out->host = scheme ? scheme + 3 : text;
    out->host += strspn(out->host, " ");
    end = out->host + strcspn(out->host, "/");
    for (at = out->host; at < end; at++)
        if (*at == '@')
            out->host = at + 1;
    for (at = out->host; at < end; at++)
        if (*at == ' ' || *at == '\t' || *at == '"' || *at == '\'')
            return "there is a blank or a quote in it";
    out->host_len = out->host[0] == '[' ? strcspn(out->host, "]") + 1 : strcspn(out->host, ":/");
    if (out->host_len == 0 || out->host + out->host_len > end)
        return "it names no computer";
    out->port = 0;
    if (out->host[out->host_len] == ':') {
        snprintf(port, sizeof port, "%.*s", (int)(end - out->host - (ptrdiff_t)out->host_len - 1),
                 out->host + out->host_len + 1);
        if (x8_parse_u32(port, &out->port) < 0 || out->port == 0 || out->port > 65535)
            return "its port is no number from 1 to 65535";
    }
    return NULL;
}

/* A password may be in the value, so it is not shown. 1 when something is wrong. */
static int check_variable(struct x8_look *look, const char *name, const char *text)
{
    struct proxy proxy;
    const char *wrong = parse_proxy(text, &proxy);
    struct x8_check *check;

    if (wrong) {
        check = x8_check_add(look->out, X8_CHECK_FAIL, "proxy", "proxy",
                             "variable %s is no proxy: %s", name, wrong);
        x8_check_next(check, "%s=http://HOST:PORT, or unset %s", name, name);
        return 1;
    }
    if (!is_here(proxy.host, proxy.host_len) || look->container[0] ||
        x8_host_listens(look->host, (uint16_t)(proxy.port ? proxy.port : 1080), NULL))
        return 0;
    check = x8_check_add(look->out, X8_CHECK_FAIL, "proxy", "proxy",
                         "variable %s leads to port %u of this computer, where nothing listens",
                         name, proxy.port ? proxy.port : 1080u);
    x8_check_next(check, "start the proxy, or unset %s", name);
    return 1;
}

/* An index on this computer is not reached through a proxy elsewhere. */
static int check_loopback(struct x8_look *look, int has_proxy)
{
    const char *index = x8_host_env(look->host, "X8CTL_IMAGE_INDEX");
    const char *except = x8_host_env(look->host, "no_proxy");
    const char *host = index ? strstr(index, "://") : NULL;
    struct x8_check *check;

    if (!except)
        except = x8_host_env(look->host, "NO_PROXY");
    if (!has_proxy || !host || !is_here(host + 3, strcspn(host + 3, ":/")))
        return 0;
    if (except && (strstr(except, "localhost") || strstr(except, "127.") || strchr(except, '*')))
        return 0;
    check = x8_check_add(look->out, X8_CHECK_WARN, "proxy", "proxy",
                         "X8CTL_IMAGE_INDEX is on this computer, and the proxy would be asked for "
                         "it");
    x8_check_next(check, "no_proxy=localhost,127.0.0.1");
    return 1;
}

void x8_check_proxy(struct x8_look *look)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};
    int has_proxy = 0, found = 0;

    for (size_t i = 0; i < X8_COUNT(names); i++) {
        const char *text = x8_host_env(look->host, names[i]);

        has_proxy |= text != NULL;
        if (text)
            found |= check_variable(look, names[i], text);
    }
    found |= check_loopback(look, has_proxy);
    if (!found)
        x8_check_add(look->out, X8_CHECK_OK, "proxy", "proxy",
                     has_proxy ? "is set" : "none is set");
}
