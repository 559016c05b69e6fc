/*
 * The eMMC: user area, boot0 and boot1 as sparse files, with one bit for each sector that was ever
 * written or erased. A sector without that bit reads as noise, so that a block which the host
 * forgot cannot pass for a zero block that was written.
 */
#define _GNU_SOURCE /* fallocate: erasing gigabytes must cost nothing on the host */
#include "vb_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const area_name[3] = {"user", "boot0", "boot1"};

static int open_unnamed(void)
{
    const char *tmp = getenv("TMPDIR");
    char path[256];
    snprintf(path, sizeof path, "%s/vboard-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    int fd = mkstemp(path);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static int open_area(const struct vb *vb, int hwpart, char why[256])
{
    if (!*vb->cfg.dir)
        return open_unnamed();
    if (mkdir(vb->cfg.dir, 0777) && errno != EEXIST) {
        snprintf(why, 256, "cannot create %.180s", vb->cfg.dir);
        return -1;
    }
    char path[640];
    snprintf(path, sizeof path, "%s/%s.img", vb->cfg.dir, area_name[hwpart]);
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC | (vb->cfg.keep ? 0 : O_TRUNC), 0666);
}

/* ---- the map of touched sectors ---- */

static void mark(struct vb_area *area, uint64_t first, uint64_t count)
{
    uint64_t end = first + count;
    while (first < end && first % 64) {
        area->touched[first / 64] |= 1ull << (first % 64);
        first++;
    }
    uint64_t words = (end - first) / 64;
    if (first < end && words)
        memset(&area->touched[first / 64], 0xff, words * 8);
    for (first += words * 64; first < end; first++)
        area->touched[first / 64] |= 1ull << (first % 64);
}

static int is_touched(const struct vb_area *area, uint64_t sector)
{
    return (int)(area->touched[sector / 64] >> (sector % 64) & 1);
}

/* Sectors from `first` on (at most `count`) that are in the same state as the first of them. */
static uint64_t run_length(const struct vb_area *area, uint64_t first, uint64_t count)
{
    int state = is_touched(area, first);
    uint64_t whole = state ? UINT64_MAX : 0, at = first, end = first + count;
    while (at < end) {
        if (at % 64 == 0 && end - at >= 64 && area->touched[at / 64] == whole)
            at += 64;
        else if (is_touched(area, at) == state)
            at++;
        else
            break;
    }
    return at - first;
}

/* "user.map": lines "first-sector count" of what was written or erased, for readers of the image.
 */
static void map_save(const struct vb *vb, int hwpart)
{
    char path[640];
    snprintf(path, sizeof path, "%s/%s.map", vb->cfg.dir, area_name[hwpart]);
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    const struct vb_area *area = &vb->area[hwpart];
    uint64_t sectors = area->size / VB_SECTOR;
    for (uint64_t at = 0, len; at < sectors; at += len) {
        len = run_length(area, at, sectors - at);
        if (is_touched(area, at))
            fprintf(file, "%llu %llu\n", (unsigned long long)at, (unsigned long long)len);
    }
    fclose(file);
}

static void map_load(struct vb *vb, int hwpart)
{
    char path[640];
    snprintf(path, sizeof path, "%s/%s.map", vb->cfg.dir, area_name[hwpart]);
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    unsigned long long first, count;
    uint64_t sectors = vb->area[hwpart].size / VB_SECTOR;
    while (fscanf(file, "%llu %llu", &first, &count) == 2)
        if (x8_fits(first, count, sectors))
            mark(&vb->area[hwpart], first, count);
    fclose(file);
}

int vb_medium_open(struct vb *vb, char why[256])
{
    for (int i = 0; i < 3; i++) {
        struct vb_area *area = &vb->area[i];
        area->size = i == 0 ? vb->cfg.emmc : VB_BOOT_BYTES;
        area->touched = calloc(area->size / VB_SECTOR / 64 + 1, 8);
        area->fd = open_area(vb, i, why);
        if (area->fd < 0 || !area->touched || ftruncate(area->fd, (off_t)area->size)) {
            if (!*why)
                snprintf(why, 256, "cannot make the image of %s: %s", area_name[i],
                         strerror(errno));
            return -1;
        }
        if (vb->cfg.keep && *vb->cfg.dir)
            map_load(vb, i);
    }
    return 0;
}

void vb_medium_close(struct vb *vb)
{
    for (int i = 0; i < 3; i++) {
        struct vb_area *area = &vb->area[i];
        if (area->fd >= 0 && area->touched && *vb->cfg.dir)
            map_save(vb, i);
        if (area->fd >= 0)
            close(area->fd);
        free(area->touched);
        area->fd = -1;
        area->touched = NULL;
    }
}

/* ---- noise ---- */

static uint64_t noise_word(uint64_t key)
{
    key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9ull;
    key = (key ^ key >> 27) * 0x94d049bb133111ebull;
    return key ^ key >> 31;
}

static void noise(const struct vb *vb, int hwpart, uint64_t sector, uint64_t count, uint8_t *out)
{
    uint64_t base = vb->cfg.noise * 0x9e3779b97f4a7c15ull + ((uint64_t)hwpart << 56);
    uint64_t first = sector * (VB_SECTOR / 8), words = count * (VB_SECTOR / 8);
    for (uint64_t i = 0; i < words; i++) {
        uint64_t word = noise_word(base + first + i);
        memcpy(out + i * 8, &word, 8);
    }
}

/* ---- access ---- */

static int in_range(const struct vb *vb, int hwpart, uint64_t sector, uint64_t count)
{
    return hwpart >= 0 && hwpart < 3 && x8_fits(sector, count, vb->area[hwpart].size / VB_SECTOR);
}

static int put(int fd, uint64_t off, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    while (len) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)off);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

static int get(int fd, uint64_t off, void *out, size_t len)
{
    uint8_t *bytes = out;
    while (len) {
        ssize_t n = pread(fd, bytes, len, (off_t)off);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

/* Account for what was written, and let a bit of it rot when a fault says so. */
static void written(struct vb *vb, int hwpart, uint64_t sector, uint64_t count)
{
    struct vb_area *area = &vb->area[hwpart];
    mark(area, sector, count);
    vb->stats.emmc_written += count * VB_SECTOR;
    uint64_t at;
    unsigned from = 0;
    while ((at = vb_fault_flip(vb, &from, hwpart, sector * VB_SECTOR, count * VB_SECTOR)) !=
           UINT64_MAX) {
        uint8_t byte;
        if (get(area->fd, at, &byte, 1) == 0) {
            byte ^= 1;
            (void)put(area->fd, at, &byte, 1);
        }
    }
}

static int refused(struct vb *vb, int hwpart, uint64_t sector, uint64_t count)
{
    return !in_range(vb, hwpart, sector, count) ||
           vb_fault_medium(vb, VB_DO_WRITEFAIL, hwpart, sector, count);
}

int vb_medium_write(struct vb *vb, int hwpart, uint64_t sector, uint64_t count, const void *data)
{
    if (count == 0)
        return 0;
    if (refused(vb, hwpart, sector, count) ||
        put(vb->area[hwpart].fd, sector * VB_SECTOR, data, count * VB_SECTOR))
        return -1;
    written(vb, hwpart, sector, count);
    return 0;
}

static int zero(int fd, uint64_t off, uint64_t len)
{
#ifdef FALLOC_FL_PUNCH_HOLE
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)off, (off_t)len) == 0)
        return 0;
#endif
    static const uint8_t zeros[65536];
    while (len) {
        size_t n = len < sizeof zeros ? (size_t)len : sizeof zeros;
        if (put(fd, off, zeros, n))
            return -1;
        off += n;
        len -= n;
    }
    return 0;
}

static int repeat(int fd, uint64_t off, uint64_t len, uint32_t pattern)
{
    size_t size = len < (1u << 19) ? (size_t)len : 1u << 19;
    uint8_t *block = malloc(size);
    if (!block)
        return -1;
    for (size_t i = 0; i < size; i += 4)
        x8_put_le32(block + i, pattern);
    int bad = 0;
    while (len && !bad) {
        size_t n = len < size ? (size_t)len : size;
        bad = put(fd, off, block, n);
        off += n;
        len -= n;
    }
    free(block);
    return bad;
}

int vb_medium_fill(struct vb *vb, int hwpart, uint64_t sector, uint64_t count, uint32_t pattern)
{
    if (count == 0)
        return 0;
    if (refused(vb, hwpart, sector, count))
        return -1;
    int fd = vb->area[hwpart].fd;
    uint64_t off = sector * VB_SECTOR, len = count * VB_SECTOR;
    if (pattern ? repeat(fd, off, len, pattern) : zero(fd, off, len))
        return -1;
    written(vb, hwpart, sector, count);
    return 0;
}

int vb_medium_erase(struct vb *vb, int hwpart, uint64_t sector, uint64_t count)
{
    uint64_t before = vb->stats.emmc_written;
    int bad = vb_medium_fill(vb, hwpart, sector, count, vb->cfg.erased_ff ? 0xffffffffu : 0);
    vb->stats.emmc_written = before;
    return bad;
}

int vb_medium_load(struct vb *vb, int hwpart, uint64_t sector, uint64_t count, void *out)
{
    if (count == 0)
        return 0;
    if (!in_range(vb, hwpart, sector, count) ||
        vb_fault_medium(vb, VB_DO_READFAIL, hwpart, sector, count))
        return -1;
    const struct vb_area *area = &vb->area[hwpart];
    uint8_t *bytes = out;
    while (count) {
        uint64_t len = run_length(area, sector, count);
        if (!is_touched(area, sector))
            noise(vb, hwpart, sector, len, bytes);
        else if (get(area->fd, sector * VB_SECTOR, bytes, len * VB_SECTOR))
            return -1;
        bytes += len * VB_SECTOR;
        sector += len;
        count -= len;
    }
    return 0;
}

int vb_medium_settle(struct vb *vb, int hwpart)
{
    struct vb_area *area = &vb->area[hwpart];
    uint64_t sectors = area->size / VB_SECTOR;
    uint8_t sector[VB_SECTOR];
    for (uint64_t at = 0; at < sectors; at++) {
        if (is_touched(area, at))
            continue;
        noise(vb, hwpart, at, 1, sector);
        if (put(area->fd, at * VB_SECTOR, sector, sizeof sector))
            return -1;
    }
    mark(area, 0, sectors);
    return 0;
}

int vb_medium_is_zero(struct vb *vb, int hwpart)
{
    static const uint8_t zeros[4096];
    uint8_t block[sizeof zeros];
    for (uint64_t at = 0; at < vb->area[hwpart].size; at += sizeof block)
        if (vb_medium_read(vb, hwpart, at, block, sizeof block) ||
            memcmp(block, zeros, sizeof block))
            return 0;
    return 1;
}

/* ---- for the tests ---- */

uint64_t vb_medium_size(const struct vb *vb, int hwpart)
{
    return hwpart >= 0 && hwpart < 3 ? vb->area[hwpart].size : 0;
}

int vb_medium_read(struct vb *vb, int hwpart, uint64_t off, void *out, size_t len)
{
    if (hwpart < 0 || hwpart > 2 || !x8_fits(off, len, vb->area[hwpart].size))
        return -1;
    const struct vb_area *area = &vb->area[hwpart];
    uint8_t *bytes = out, sector[VB_SECTOR];
    while (len) {
        uint64_t at = off / VB_SECTOR,
                 run = run_length(area, at, (off + len - 1) / VB_SECTOR - at + 1);
        uint64_t end = (at + run) * VB_SECTOR;
        size_t n = len < end - off ? len : (size_t)(end - off);
        if (is_touched(area, at)) {
            if (get(area->fd, off, bytes, n))
                return -1;
        } else {
            size_t skip = off % VB_SECTOR;
            n = n < VB_SECTOR - skip ? n : VB_SECTOR - skip;
            noise(vb, hwpart, at, 1, sector);
            memcpy(bytes, sector + skip, n);
        }
        bytes += n;
        off += n;
        len -= n;
    }
    return 0;
}

uint64_t vb_medium_touched(struct vb *vb, int hwpart, uint64_t off, uint64_t len)
{
    if (hwpart < 0 || hwpart > 2 || len == 0 || !x8_fits(off, len, vb->area[hwpart].size))
        return 0;
    const struct vb_area *area = &vb->area[hwpart];
    uint64_t total = 0, end = off + len;
    while (off < end) {
        uint64_t at = off / VB_SECTOR;
        uint64_t next = (at + run_length(area, at, (end - 1) / VB_SECTOR - at + 1)) * VB_SECTOR;
        if (next > end)
            next = end;
        if (is_touched(area, at))
            total += next - off;
        off = next;
    }
    return total;
}
