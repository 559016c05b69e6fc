/*
 * This computer: what no file answers.
 */
#include "doctor/host.h"

#include "adb/server.h"
#include "net/mdns.h"
#include "util/clock.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { ADB_MS = 700 };

static int space(const struct x8_host *host, const char *path, uint64_t *size, uint64_t *left)
{
    struct statvfs fs;

    (void)host;
    if (statvfs(path, &fs) != 0)
        return -1;
    *size = (uint64_t)fs.f_blocks * fs.f_frsize;
    *left = (uint64_t)fs.f_bavail * fs.f_frsize;
    return 0;
}

static int64_t clock_now(const struct x8_host *host)
{
    (void)host;
    return (int64_t)time(NULL);
}

static int may_use(const struct x8_host *host, const char *path)
{
    (void)host;
    if (access(path, F_OK) != 0 && errno != EACCES)
        return -1;
    return access(path, R_OK | W_OK) == 0;
}

static int adb_version(const struct x8_host *host, const struct x8_op *op, uint16_t port,
                       unsigned *out, struct x8_error *err)
{
    struct x8_op limited = *op;

    (void)host;
    limited.deadline = x8_deadline_min(op->deadline, x8_deadline_in(ADB_MS));
    return x8_adb_server_version(&limited, port, out, err);
}

static void nobody(void *ctx, const struct x8_mdns_host *found)
{
    (void)ctx;
    (void)found;
}

static int search(const struct x8_host *host, const struct x8_op *op, int ms, struct x8_error *err)
{
    (void)host;
    return x8_mdns_find(op, ms, 0, nobody, NULL, err);
}

static const struct x8_host_ops real = {space, clock_now, may_use, adb_version, search};

void x8_host_real(struct x8_host *host)
{
    host->ops = &real;
    host->root = "";
}
