/*
 * Folder, boards, run.
 */
#include "kit.h"

#include "vb_make.h"

#include "util/clock.h"
#include "util/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PART_CAP (512u << 10)

/* The vendor's script without its pause, which only costs time here, and with all files in one
 * folder. */
static const char script[] =
    "uuu_version 1.2.39\n\nSDP: boot -f imx-boot-mfgtool\n\nSDPV: write -f u-boot-mfgtool.itb\n"
    "SDPV: jump\n\nFB: ucmd setenv fastboot_dev mmc\nFB: ucmd setenv mmcdev ${emmc_dev}\n"
    "FB: ucmd mmc dev ${emmc_dev} 1; mmc erase 0 0x2000\nFB: flash -raw2sparse all image.wic\n"
    "FB: flash bootloader imx-boot-portenta-x8\nFB: flash bootloader2 u-boot-portenta-x8.itb\n"
    "FB: flash bootloader_s imx-boot-portenta-x8\n"
    "FB: flash bootloader2_s u-boot-portenta-x8.itb\nFB: flash sit sit-portenta-x8.bin\n"
    "FB: ucmd if env exists emmc_ack; then ; else setenv emmc_ack 0; fi;\n"
    "FB: ucmd mmc partconf ${emmc_dev} ${emmc_ack} 1 0\nFB: done\n";

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A disk image: MBR with one partition, then stretches of noise, zeros and a repeated word. */
static void fill_image(uint8_t *image, size_t len)
{
    uint32_t seed = 7;
    size_t at;

    memset(image, 0, len);
    image[446 + 4] = 0x0c;
    x8_put_le32(image + 446 + 8, 2048);
    x8_put_le32(image + 446 + 12, (uint32_t)(len / 512 - 2048));
    image[510] = 0x55;
    image[511] = 0xaa;
    /* Noise at a known place, for tests that need RAW there. */
    for (at = 512u << 10; at < 768u << 10; at++)
        image[at] = (uint8_t)next_random(&seed);
    while (at < len) {
        size_t run = 4096u * (1 + next_random(&seed) % 64), kind = next_random(&seed) % 3;

        for (size_t end = at + run; at < end && at < len; at++)
            if (kind)
                image[at] =
                    kind == 1 ? (uint8_t)next_random(&seed) : (uint8_t)("\x11\x22\x33\x44"[at % 4]);
    }
}

void kit_file(struct kit *kit, const char *name, const void *data, size_t len)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", kit->dir, name);
    if (!data) {
        unlink(path);
        return;
    }
    assert_int_equal(x8_file_replace(path, data, len, 0644, &kit->err), 0);
}

void kit_text(struct kit *kit, const char *name, const char *text)
{
    kit_file(kit, name, text, strlen(text));
}

void kit_pack(struct kit *kit, const char *command)
{
    char line[4096];
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    pid_t pid;
    int status = -1;

    assert_true(snprintf(line, sizeof line, "cd %s && %s", kit->dir, command) < (int)sizeof line);
    pid = fork();
    if (pid == 0) {
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_int_equal(status, 0);
}

void kit_init(struct kit *kit, size_t image_len)
{
    uint8_t *part = malloc(PART_CAP);
    size_t len;

    memset(kit, 0, sizeof *kit);
    snprintf(kit->dir, sizeof kit->dir, "/tmp/x8-flash-XXXXXX");
    assert_non_null(mkdtemp(kit->dir));
    pthread_mutex_init(&kit->log_lock, NULL);
    x8_cancel_init(&kit->cancel);
    kit->image = malloc(image_len);
    kit->image_len = image_len;
    assert_non_null(part);
    assert_non_null(kit->image);
    fill_image(kit->image, image_len);
    kit_file(kit, "image.wic", kit->image, image_len);
    len = vb_make_spl(part, PART_CAP, 150000, 1);
    kit_file(kit, "imx-boot-mfgtool", part, len);
    len = vb_make_spl(part, PART_CAP, 160000, 2);
    kit_file(kit, "imx-boot-portenta-x8", part, len);
    len = vb_make_fit(part, PART_CAP, 200000, 3);
    kit_file(kit, "u-boot-mfgtool.itb", part, len);
    len = vb_make_fit(part, PART_CAP, 250000, 4);
    kit_file(kit, "u-boot-portenta-x8.itb", part, len);
    len = vb_make_sit(part, PART_CAP);
    kit_file(kit, "sit-portenta-x8.bin", part, len);
    kit_text(kit, "full_image.uuu", script);
    free(part);
}

void kit_done(struct kit *kit)
{
    char line[128];

    x8_plan_done(&kit->plan);
    vb_bus_free(kit->bus);
    for (size_t i = 0; i < kit->board_count; i++)
        vb_free(kit->boards[i]);
    snprintf(line, sizeof line, "rm -rf ../%s", kit->dir + strlen("/tmp/"));
    kit_pack(kit, line);
    x8_cancel_done(&kit->cancel);
    pthread_mutex_destroy(&kit->log_lock);
    free(kit->image);
    free(kit->log);
}

struct vb *kit_board(struct kit *kit, const char *words)
{
    char all[1024], why[256] = "";

    snprintf(all, sizeof all, "start=rom emmc=64M gap=20 port=1-%zu %s", kit->board_count + 1,
             words);
    kit->boards[kit->board_count] = vb_new(all, why);
    if (!kit->boards[kit->board_count])
        fail_msg("%s: %s", all, why);
    return kit->boards[kit->board_count++];
}

int kit_plan(struct kit *kit, const struct x8_plan_options *options)
{
    struct x8_plan_options usual = options ? *options : (struct x8_plan_options){.is_flash = 1};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};

    if (!usual.source && !usual.command_line)
        usual.source = kit->dir;
    return x8_plan_open(&op, &usual, &kit->plan, &kit->err);
}

static void on_event(void *ctx, const struct x8_event *event)
{
    struct kit *kit = ctx;
    const char *text = event->text ? event->text : "";
    size_t len = strlen(text) + 1;

    if (kit->stop_at && strstr(text, kit->stop_at))
        x8_cancel_raise(&kit->cancel, kit->stop_level, X8_E_STOPPED);
    pthread_mutex_lock(&kit->log_lock);
    if (event->kind == X8_EV_PROGRESS && event->total) {
        kit->is_beyond_full |= event->done > event->total;
        kit->has_bar |= strcmp(event->stage ? event->stage : "", "write") == 0;
    }
    kit->log = realloc(kit->log, kit->log_len + len + 1);
    memcpy(kit->log + kit->log_len, text, len - 1);
    kit->log_len += len;
    kit->log[kit->log_len - 1] = '\n';
    kit->log[kit->log_len] = '\0';
    pthread_mutex_unlock(&kit->log_lock);
}

int kit_said(struct kit *kit, const char *part)
{
    return kit->log && strstr(kit->log, part) != NULL;
}

int kit_run_plan(struct kit *kit, enum x8_verify verify)
{
    struct x8_fleet_board members[KIT_BOARDS] = {0};
    struct x8_fleet fleet = {.plan = &kit->plan,
                             .op = {.deadline = X8_NO_DEADLINE,
                                    .cancel = &kit->cancel,
                                    .emit = on_event,
                                    .emit_ctx = kit},
                             .how = kit->how,
                             .arrive_ms = kit->stage_ms ? kit->stage_ms : 60000,
                             .stage_ms = kit->stage_ms ? kit->stage_ms : 60000};

    fleet.how.verify = verify;
    if (!kit->bus)
        kit->bus = vb_bus_new(kit->boards, kit->board_count);
    fleet.bus = vb_bus_of(kit->bus);
    for (size_t i = 0; i < kit->board_count; i++) {
        snprintf(members[i].port, sizeof members[i].port, "1-%zu", i + 1);
        snprintf(members[i].label, sizeof members[i].label, "1-%zu", i + 1);
        members[i].past = kit->past;
    }
    if (kit->journal) {
        struct x8_journal_head head = {.port = "1-1", .source = "image"};
        int rc = kit->past ? x8_journal_continue(kit->journal, &members[0].journal, &kit->err)
                           : x8_journal_begin(kit->journal, &head, &members[0].journal, &kit->err);

        assert_int_equal(rc, 0);
    }
    return x8_fleet_run(&fleet, members, kit->board_count, kit->results, &kit->err);
}

int kit_run(struct kit *kit, enum x8_verify verify)
{
    int rc = kit_plan(kit, NULL);

    return rc < 0 ? rc : kit_run_plan(kit, verify);
}

struct compare {
    struct kit *kit;
    size_t board;
    int equal;
};

static int holds(struct compare *c, int hwpart, uint64_t off, const void *want, size_t len)
{
    uint8_t *got = malloc(len);
    int equal = got && vb_medium_read(c->kit->boards[c->board], hwpart, off, got, len) == 0 &&
                memcmp(got, want, len) == 0;

    free(got);
    return equal;
}

static int holds_file(struct compare *c, uint64_t off, const char *name)
{
    struct x8_buf bytes = {0};
    char path[256];
    int equal;

    snprintf(path, sizeof path, "%s/%s", c->kit->dir, name);
    equal = x8_file_load(path, PART_CAP, &bytes, &c->kit->err) == 0 &&
            holds(c, 1, off, bytes.data, bytes.len);
    x8_buf_done(&bytes);
    return equal;
}

static void compare(void *ctx)
{
    struct compare *c = ctx;

    c->equal = holds(c, 0, 0, c->kit->image, c->kit->image_len) &&
               holds_file(c, 0x8400, "imx-boot-portenta-x8") &&
               holds_file(c, 0x60000, "u-boot-portenta-x8.itb") &&
               holds_file(c, 0x208400, "imx-boot-portenta-x8") &&
               holds_file(c, 0x260000, "u-boot-portenta-x8.itb") &&
               holds_file(c, 0x8200, "sit-portenta-x8.bin");
}

int kit_is_written(struct kit *kit, size_t board)
{
    struct compare c = {kit, board, 0};

    vb_bus_locked(kit->bus, compare, &c);
    return c.equal;
}
