/*
 * Tables of the computer: users, groups, processes, sockets.
 */
#include "doctor/host.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next line of a text, without its end; NULL at the end. */
static const char *next_line(const char **at, char *out, size_t cap)
{
    size_t len = strcspn(*at, "\n");

    if (!**at)
        return NULL;
    snprintf(out, cap, "%.*s", (int)(len < cap ? len : cap - 1), *at);
    *at += len + ((*at)[len] == '\n');
    return out;
}

/* The field between colons; "" when there are not so many. */
static void field(const char *line, int number, char *out, size_t cap)
{
    for (; number > 0 && *line; number--) {
        line += strcspn(line, ":");
        line += *line == ':';
    }
    snprintf(out, cap, "%.*s", (int)strcspn(line, ":"), line);
}

void x8_host_user(const struct x8_host *host, unsigned uid, char *out, size_t cap)
{
    X8_AUTO_BUF text = {0};
    char line[512], word[32];
    uint32_t number;

    snprintf(out, cap, "uid %u", uid);
    if (x8_host_read(host, "/etc/passwd", &text) < 0)
        return;
    for (const char *at = x8_buf_text(&text); next_line(&at, line, sizeof line);) {
        field(line, 2, word, sizeof word);
        if (x8_parse_u32(word, &number) == 0 && number == uid) {
            x8_clean(out, cap, line, strcspn(line, ":"));
            return;
        }
    }
}

static int is_member(const char *members, const char *user)
{
    size_t len = strlen(user);

    for (;;) {
        size_t n = strcspn(members, ",");

        if (n == len && memcmp(members, user, n) == 0)
            return 1;
        if (!members[n])
            return 0;
        members += n + 1;
    }
}

int x8_host_in_group(const struct x8_host *host, const char *user, const char *group)
{
    X8_AUTO_BUF text = {0};
    char line[4096], word[4096];

    if (x8_host_read(host, "/etc/group", &text) < 0)
        return 0;
    for (const char *at = x8_buf_text(&text); next_line(&at, line, sizeof line);) {
        field(line, 0, word, sizeof word);
        if (strcmp(word, group) != 0)
            continue;
        field(line, 3, word, sizeof word);
        return is_member(word, user);
    }
    return 0;
}

/* --- processes --- */

/* "python3 /usr/bin/snagrecover -s imx8": the script is what runs. */
static int is_interpreter(const char *name)
{
    return x8_starts(name, "python") || strcmp(name, "sh") == 0 || strcmp(name, "bash") == 0 ||
           strcmp(name, "node") == 0;
}

static void name_of(const struct x8_host *host, const char *folder, struct x8_process *out)
{
    X8_AUTO_BUF text = {0};
    char path[64];
    const char *word, *end;

    snprintf(path, sizeof path, "%s/cmdline", folder);
    x8_copy(out->name, sizeof out->name, out->comm);
    if (x8_host_read(host, path, &text) < 0 || text.len == 0)
        return; /* a thread of the kernel */
    word = x8_buf_text(&text);
    end = word + text.len;
    if (is_interpreter(x8_path_base(word)) && word + strlen(word) + 1 < end)
        word += strlen(word) + 1;
    word = x8_path_base(word);
    x8_clean(out->name, sizeof out->name, word, strcspn(word, " :"));
}

static int read_process(const struct x8_host *host, const char *pid, struct x8_process *out)
{
    X8_AUTO_BUF status = {0};
    char folder[40], path[64];
    const char *line;
    uint32_t number;

    memset(out, 0, sizeof *out);
    snprintf(folder, sizeof folder, "/proc/%.20s", pid);
    snprintf(path, sizeof path, "%s/comm", folder);
    if (x8_parse_u32(pid, &number) < 0 || x8_host_line(host, path, out->comm, sizeof out->comm) < 0)
        return -1;
    out->pid = number;
    name_of(host, folder, out);
    snprintf(path, sizeof path, "%s/status", folder);
    if (x8_host_read(host, path, &status) < 0)
        return -1;
    line = strstr(x8_buf_text(&status), "\nUid:");
    out->uid = line ? (unsigned)strtoul(line + 5, NULL, 10) : 0;
    return 0;
}

void x8_host_processes(const struct x8_host *host,
                       int (*each)(void *ctx, const struct x8_process *process), void *ctx)
{
    struct x8_process process;
    char **names;
    size_t count = x8_host_names(host, "/proc", &names);

    for (size_t i = 0; i < count; i++)
        if (names[i][strspn(names[i], "0123456789")] == '\0' &&
            read_process(host, names[i], &process) == 0 && each(ctx, &process))
            break;
    free(names);
}

/* --- sockets --- */

/*
 * "  0: 0100007F:13AD 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 ...":
 * the port in hexadecimal, 0A for one that listens, then queues, timer, retransmits, and the user.
 * Source: Linux, net/ipv4/tcp_ipv4.c, get_tcp4_sock.
 */
static int is_listener(const char *line, uint16_t port, unsigned *out_uid)
{
    unsigned number = 0, state = 0, uid = 0;

    if (sscanf(line, "%*s %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %u", &number, &state, &uid) != 3 ||
        state != 0x0a || number != port)
        return 0;
    if (out_uid)
        *out_uid = uid;
    return 1;
}

int x8_host_listens(const struct x8_host *host, uint16_t port, unsigned *out_uid)
{
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    char line[512];

    for (size_t i = 0; i < X8_COUNT(tables); i++) {
        X8_AUTO_BUF text = {0};

        if (x8_host_read(host, tables[i], &text) < 0)
            continue;
        for (const char *at = x8_buf_text(&text); next_line(&at, line, sizeof line);)
            if (is_listener(line, port, out_uid))
                return 1;
    }
    return 0;
}
