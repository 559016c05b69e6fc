/*
 * What became of the boards, after the program ended: a line of JSON each, and the comparison of
 * their media with files.
 */
#include "umock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *stage_name(enum vb_stage stage)
{
    static const char *const names[] = {
        [VB_OFF] = "off",           [VB_ROM] = "rom",     [VB_SPL] = "spl",
        [VB_FASTBOOT] = "fastboot", [VB_LINUX] = "linux", [VB_DEAD] = "dead"};

    return (size_t)stage < sizeof(names) / sizeof(names[0]) ? names[stage] : "?";
}

static void report_board(FILE *out, const struct um_board *board)
{
    struct vb_descriptors d;
    struct vb_stats s;

    vb_descriptors(board->vb, &d);
    vb_stats(board->vb, &s);
    fprintf(out, "{\"port\":\"%s\",\"stage\":\"%s\",\"present\":%d", d.port, stage_name(d.stage),
            d.present);
    fprintf(out, ",\"wire_out\":%" PRIu64 ",\"wire_in\":%" PRIu64 ",\"emmc_written\":%" PRIu64,
            s.wire_out, s.wire_in, s.emmc_written);
    fprintf(out, ",\"link_busy_us\":%" PRId64 ",\"first_data_us\":%" PRId64, s.link_busy_us,
            s.first_data_us);
    fprintf(out, ",\"last_data_us\":%" PRId64 ",\"commands\":%u,\"attaches\":%u,\"partconf\":%u}\n",
            s.last_data_us, s.commands, s.attaches, s.partconf);
}

int um_report(struct um_world *world, const char *path)
{
    FILE *out = fopen(path, "we");

    if (!out) {
        perror(path);
        return -1;
    }
    for (size_t i = 0; i < world->count; i++)
        report_board(out, &world->boards[i]);
    if (fclose(out)) {
        perror(path);
        return -1;
    }
    return 0;
}

/* "boot0@0x8400=FILE" */
struct target {
    const char *name, *path;
    int hwpart;
    uint64_t off;
};

static int parse_target(char *text, struct target *out)
{
    static const char *const names[] = {"user", "boot0", "boot1"};
    char *equals = strchr(text, '='), *at, *end;

    if (!equals)
        return -1;
    *equals = '\0';
    out->path = equals + 1;
    out->name = text;
    out->off = 0;
    at = strchr(text, '@');
    if (at) {
        *at = '\0';
        errno = 0;
        out->off = strtoull(at + 1, &end, 0);
        if (errno || *end || end == at + 1)
            return -1;
    }
    for (out->hwpart = 0; out->hwpart < 3; out->hwpart++)
        if (strcmp(text, names[out->hwpart]) == 0)
            return 0;
    return -1;
}

/* A chunk of the file against the medium. 0, or 1 with the words said. */
static int compare_chunk(struct um_board *board, const struct target *t, uint64_t pos,
                         const uint8_t *want, uint8_t *have, size_t len)
{
    uint64_t at = t->off + pos;

    if (vb_medium_read(board->vb, t->hwpart, at, have, len)) {
        fprintf(stderr, "x8-board: board %s: %s: %s is longer than the medium\n", board->seen.port,
                t->name, t->path);
        return 1;
    }
    if (memcmp(want, have, len) == 0)
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (want[i] == have[i])
            continue;
        fprintf(stderr,
                "x8-board: board %s: %s differs from %s first at 0x%" PRIx64
                ": medium %02x, file %02x (%s)\n",
                board->seen.port, t->name, t->path, at + i, have[i], want[i],
                vb_medium_touched(board->vb, t->hwpart, at + i, 1) ? "written" : "never written");
        return 1;
    }
    return 1;
}

static int compare_file(struct um_board *board, const struct target *t, FILE *file)
{
    enum { CHUNK = 1 << 20 };
    uint8_t *buf = malloc(2 * (size_t)CHUNK);
    uint64_t pos = 0;
    int differs = 0;
    size_t n;

    if (!buf)
        abort();
    while (!differs && (n = fread(buf, 1, CHUNK, file)) > 0) {
        differs = compare_chunk(board, t, pos, buf, buf + CHUNK, n);
        pos += n;
    }
    free(buf);
    if (ferror(file) || pos == 0) {
        fprintf(stderr, "x8-board: %s: empty or unreadable\n", t->path);
        return -1;
    }
    if (!differs)
        fprintf(stderr, "x8-board: board %s: %s equals %s (%" PRIu64 " bytes at 0x%" PRIx64 ")\n",
                board->seen.port, t->name, t->path, pos, t->off);
    return differs;
}

static int compare_target(struct um_world *world, const struct target *t)
{
    int worst = 0;

    for (size_t i = 0; i < world->count; i++) {
        FILE *file = fopen(t->path, "re");
        int result;

        if (!file) {
            perror(t->path);
            return -1;
        }
        result = compare_file(&world->boards[i], t, file);
        fclose(file);
        if (result < 0)
            return result;
        worst |= result;
    }
    return worst;
}

int um_compare(struct um_world *world, const char *spec)
{
    char text[4096];
    int worst = 0;
    char *next = text;

    if (strlen(spec) >= sizeof(text))
        return -1;
    memcpy(text, spec, strlen(spec) + 1);
    while (next) {
        char *item = next;
        struct target target;
        int result;

        next = strchr(item, ',');
        if (next)
            *next++ = '\0';
        if (parse_target(item, &target)) {
            fprintf(stderr, "x8-board: not understood in --compare: %s\n", item);
            return -1;
        }
        result = compare_target(world, &target);
        if (result < 0)
            return result;
        worst |= result;
    }
    return worst;
}
