/*
 * Names of services and what they lead to.
 */
#include "ad_model.h"

#include <stdio.h>
#include <string.h>

/* ---- streams that only speak, or not even that ---- */

static size_t swallow(struct ad_stream *s, const uint8_t *data, size_t len)
{
    (void)s;
    (void)data;
    return len;
}

static const struct ad_kind kind_text = {"text", swallow, NULL, NULL, NULL, NULL};

static int say(struct ad_stream *s, const char *text)
{
    s->kind = &kind_text;
    ad_stream_say(s, text);
    s->ended = 1;
    return 0;
}

static int open_root(struct ad_stream *s, const char *rest)
{
    (void)rest;
    return say(s, "adbd cannot run as root in production builds\n");
}

static int open_remount(struct ad_stream *s, const char *rest)
{
    (void)rest;
    return say(s, "remount of system failed: Success\nremount failed\n");
}

/* The board sets a property that nobody reads, and sleeps. */
static int open_reboot(struct ad_stream *s, const char *rest)
{
    (void)rest;
    s->kind = &kind_text;
    return 0;
}

/* Opened and closed again, without a word. */
static int open_useless(struct ad_stream *s, const char *rest)
{
    (void)rest;
    return say(s, "");
}

/* ---- those that end the daemon ---- */

static void leave(struct ad_stream *s)
{
    s->link->ad->exit_status = 1;
    ad_link_end(s->link, AD_DIED, "the daemon exits");
}

/* Its text and its CLSE are queued before it is released. */
static const struct ad_kind kind_last_words = {"last words", swallow, NULL, NULL, leave, NULL};

static int open_tcpip(struct ad_stream *s, const char *rest)
{
    uint64_t port;
    if (ad_number(rest, 1000, &port) || port == 0 || port > 65535)
        return say(s, "invalid port\n");
    ad_stream_say(s, "restarting in TCP mode port: ");
    say(s, rest);
    ad_stream_say(s, "\n");
    s->kind = &kind_last_words;
    return 0;
}

static int open_usb(struct ad_stream *s, const char *rest)
{
    (void)rest;
    say(s, "restarting in USB mode\n");
    s->kind = &kind_last_words;
    return 0;
}

/* ---- commands ---- */

static int open_exec(struct ad_stream *s, const char *rest)
{
    struct ad_command command = {rest, NULL, AD_SOCKET};
    if (s->link->ad->cfg.noise == 1)
        return ad_noise_open(s, rest);
    return ad_shell_open(s, &command);
}

static int open_shell(struct ad_stream *s, const char *rest)
{
    struct ad_command command = {rest, NULL, AD_PTY};
    return ad_shell_open(s, &command);
}

/* "shell,v2,TERM=xterm,raw:command", the newer daemon's. */
static int open_shell_options(struct ad_stream *s, const char *rest)
{
    const char *colon = strchr(rest, ':');
    char options[128], *next = options;
    struct ad_command command = {"", NULL, AD_PTY};
    int is_v2 = 0;
    if (!s->link->ad->cfg.is_new || !colon || (size_t)(colon - rest) >= sizeof options)
        return -1;
    memcpy(options, rest, (size_t)(colon - rest));
    options[colon - rest] = 0;
    command.text = colon + 1;
    for (char *word = options; word; word = next) {
        next = strchr(word, ',');
        if (next)
            *next++ = 0;
        if (strcmp(word, "v2") == 0)
            is_v2 = 1;
        else if (strcmp(word, "raw") == 0)
            command.channel = AD_SOCKET;
        else if (strcmp(word, "pty") == 0)
            command.channel = AD_PTY;
        else if (strncmp(word, "TERM=", 5) == 0)
            command.term = word + 5;
        else
            return -1;
    }
    if (is_v2 && command.channel == AD_SOCKET)
        command.channel = AD_SOCKETS;
    return is_v2 ? ad_shell2_open(s, &command) : ad_shell_open(s, &command);
}

static int open_sync(struct ad_stream *s, const char *rest)
{
    return *rest ? -1 : ad_sync_open(s);
}

/* A board that listens and dials the host is not modelled: said in the words of the protocol. */
static int open_reverse(struct ad_stream *s, const char *rest)
{
    static const char why[] = "reverse is not modelled";
    char text[64];
    (void)rest;
    snprintf(text, sizeof text, "FAIL%04zx%s", sizeof why - 1, why);
    return say(s, text);
}

static int open_socket(struct ad_stream *s, const char *rest)
{
    (void)rest;
    return ad_socket_open(s);
}

/* ---- the table ---- */

static const struct {
    const char *prefix;
    int (*open)(struct ad_stream *s, const char *rest);
} services[] = {
    {"shell:", open_shell},
    {"shell,", open_shell_options},
    {"exec:", open_exec},
    {"sync:", open_sync},
    {"tcp:", open_socket},
    {"local:", open_socket},
    {"localabstract:", open_socket},
    {"localreserved:", open_socket},
    {"localfilesystem:", open_socket},
    {"dev:", open_socket},
    {"reverse:", open_reverse},
    {"root:", open_root},
    {"remount:", open_remount},
    {"reboot:", open_reboot},
    {"tcpip:", open_tcpip},
    {"usb:", open_usb},
    {"jdwp", open_useless},
    {"framebuffer:", open_useless},
    {"backup:", open_useless},
    {"restore:", open_useless},
    {"disable-verity:", open_useless},
};

int ad_service_open(struct ad_stream *s)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        size_t len = strlen(services[i].prefix);
        if (strncmp(s->service, services[i].prefix, len) == 0)
            return services[i].open(s, s->service + len);
    }
    return -1;
}
