/*
 * Linux names the sockets that listen in /proc/net, and the processes that have them open by links
 * in /proc/PID/fd. Source: Linux Documentation/networking/proc_net_tcp.rst.
 */
#include "net/holder.h"

#include "util/text.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELD_LOCAL = 1, FIELD_STATE = 3, FIELD_INODE = 9, FIELDS = 10, STATE_LISTEN = 0x0a };

/* Cut `text` at blanks; as many as there are, at most FIELDS. */
static int split(char *text, char *fields[FIELDS])
{
    int n = 0;

    while (n < FIELDS) {
        text += strspn(text, " \t");
        if (!*text)
            break;
        fields[n++] = text;
        text += strcspn(text, " \t\n");
        if (*text)
            *text++ = '\0';
    }
    return n;
}

static uint64_t number(const char *digits, int base)
{
    char *end;
    unsigned long long value = isxdigit((unsigned char)*digits) ? strtoull(digits, &end, base) : 0;

    return value;
}

uint64_t x8_listener_inode(const char *line, uint16_t port)
{
    char text[256], *fields[FIELDS];
    const char *colon;

    if (!x8_copy(text, sizeof text, line) || split(text, fields) < FIELDS)
        return 0;
    colon = strrchr(fields[FIELD_LOCAL], ':');
    if (!colon || number(colon + 1, 16) != port || number(fields[FIELD_STATE], 16) != STATE_LISTEN)
        return 0;
    return number(fields[FIELD_INODE], 10);
}

static uint64_t inode_in(const char *path, uint16_t port)
{
    FILE *table = fopen(path, "re");
    char line[256];
    uint64_t inode = 0;

    if (!table)
        return 0;
    while (inode == 0 && fgets(line, sizeof line, table))
        inode = x8_listener_inode(line, port);
    fclose(table);
    return inode;
}

/* Has the process a link to `socket` ("socket:[123]")? */
static int has_open(const char *pid, const char *socket)
{
    char path[64], target[64];
    const struct dirent *entry;
    int found = 0;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%.16s/fd", pid);
    dir = opendir(path);
    if (!dir)
        return 0;
    while (!found && (entry = readdir(dir)) != NULL) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

        if (n > 0) {
            target[n] = '\0';
            found = strcmp(target, socket) == 0;
        }
    }
    closedir(dir);
    return found;
}

static void describe(const char *pid, char out[X8_HOLDER_LEN])
{
    char path[64], name[32] = "process";
    FILE *comm;

    snprintf(path, sizeof path, "/proc/%.16s/comm", pid);
    comm = fopen(path, "re");
    if (comm) {
        char line[32];

        if (fgets(line, sizeof line, comm))
            x8_clean(name, sizeof name, line, strcspn(line, "\n"));
        fclose(comm);
    }
    snprintf(out, X8_HOLDER_LEN, "%s (%.16s)", name, pid);
}

int x8_port_holder(uint16_t port, char out[X8_HOLDER_LEN])
{
    uint64_t inode = inode_in("/proc/net/tcp", port);
    const struct dirent *entry;
    char socket[48];
    int found = 0;
    DIR *proc;

    if (inode == 0)
        inode = inode_in("/proc/net/tcp6", port);
    proc = inode ? opendir("/proc") : NULL;
    if (!proc)
        return 0;
    snprintf(socket, sizeof socket, "socket:[%llu]", (unsigned long long)inode);
    while (!found && (entry = readdir(proc)) != NULL) {
        if (isdigit((unsigned char)entry->d_name[0]) && has_open(entry->d_name, socket)) {
            describe(entry->d_name, out);
            found = 1;
        }
    }
    closedir(proc);
    return found;
}
