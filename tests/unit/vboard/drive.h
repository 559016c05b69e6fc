/*
 * A host in a few lines, for tests that drive the virtual board by hand: time is a number that the
 * test moves, a transfer that gets NAK waits until something happens.
 */
#ifndef VB_DRIVE_H
#define VB_DRIVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "vb_make.h"
#include "vboard.h"

#define PATIENCE_US 60000000 /* longer than any delay of a test */

struct drive {
    struct vb *vb;
    int64_t now;
    char reply[80];
};

static inline void drive_open(struct drive *d, const char *words)
{
    char why[256];
    d->now = 1;
    d->vb = vb_new(words, why);
    if (!d->vb)
        fail_msg("vb_new(%s): %s", words, why);
    vb_tick(d->vb, d->now);
}

static inline void drive_close(struct drive *d)
{
    vb_free(d->vb);
    d->vb = NULL;
}

/* Let time pass to the next event. 0 when there is none. */
static inline int drive_step(struct drive *d)
{
    int64_t next = vb_next_us(d->vb);
    if (next == INT64_MAX || next > d->now + PATIENCE_US)
        return 0;
    d->now = next > d->now ? next : d->now + 1;
    vb_tick(d->vb, d->now);
    return 1;
}

static inline void drive_sleep(struct drive *d, int64_t us)
{
    d->now += us;
    vb_tick(d->vb, d->now);
}

static inline enum vb_stage drive_stage(struct drive *d)
{
    struct vb_descriptors desc;
    vb_descriptors(d->vb, &desc);
    return desc.stage;
}

/* Wait for a stage; fails the test when nothing more happens. */
static inline void drive_wait(struct drive *d, enum vb_stage stage)
{
    while (drive_stage(d) != stage)
        if (!drive_step(d))
            fail_msg("stage %d never came", (int)stage);
}

static inline enum vb_status drive_out(struct drive *d, uint8_t ep, const void *data, size_t len)
{
    struct vb_result r;
    do {
        r = vb_out(d->vb, ep, data, len);
        if (r.status == VB_OK && r.ready_us > d->now)
            drive_sleep(d, r.ready_us - d->now);
    } while (r.status == VB_NAK && drive_step(d));
    return r.status;
}

/* Bytes, or a negative enum vb_status. NAK when nothing ever comes. */
static inline int drive_in(struct drive *d, void *out, size_t cap)
{
    struct vb_result r;
    do
        r = vb_in(d->vb, 0x81, out, cap);
    while (r.status == VB_NAK && drive_step(d));
    return r.status == VB_OK ? (int)r.actual : -(int)r.status;
}

/* ---- SDP ---- */

enum drive_path { BY_EP0, BY_OUT };

static inline enum vb_status drive_report(struct drive *d, enum drive_path path, const void *data,
                                          size_t len)
{
    if (path == BY_OUT)
        return drive_out(d, 0x02, data, len);
    uint8_t setup[8] = {0x21, 0x09, ((const uint8_t *)data)[0], 2, 0, 0, 0, 0}, copy[2048];
    x8_put_le16(setup + 6, (uint16_t)len);
    memcpy(copy, data, len);
    return vb_control(d->vb, setup, copy, len).status;
}

static inline enum vb_status drive_sdp(struct drive *d, enum drive_path path, uint16_t cmd,
                                       uint32_t addr, uint8_t format, uint32_t count, uint32_t data)
{
    uint8_t report[17] = {1};
    x8_put_be16(report + 1, cmd);
    x8_put_be32(report + 3, addr);
    report[7] = format;
    x8_put_be32(report + 8, count);
    x8_put_be32(report + 12, data);
    return drive_report(d, path, report, sizeof report);
}

static inline enum vb_status drive_data(struct drive *d, enum drive_path path, const uint8_t *data,
                                        size_t len)
{
    for (size_t at = 0; at < len; at += 1024) {
        uint8_t report[1025] = {2};
        memcpy(report + 1, data + at, len - at < 1024 ? len - at : 1024);
        enum vb_status status = drive_report(d, path, report, sizeof report);
        if (status != VB_OK)
            return status;
    }
    return VB_OK;
}

/* The word of the next report, which must have this id; 0 when nothing comes. */
static inline uint32_t drive_word(struct drive *d, uint8_t id)
{
    uint8_t report[65];
    int n = drive_in(d, report, sizeof report);
    if (n < 5)
        return 0;
    assert_int_equal(report[0], id);
    assert_int_equal(n, id == 3 ? 5 : 65);
    return x8_get_le32(report + 1);
}

static inline uint32_t drive_ack(struct drive *d)
{
    return drive_word(d, 3) ? drive_word(d, 4) : 0;
}

static inline uint32_t drive_file(struct drive *d, enum drive_path path, uint32_t addr,
                                  const uint8_t *data, size_t len)
{
    if (drive_sdp(d, path, 0x0404, addr, 0, (uint32_t)len, 0) != VB_OK ||
        drive_data(d, path, data, len) != VB_OK)
        return 0;
    return drive_ack(d);
}

static inline void drive_ask_report_descriptor(struct drive *d)
{
    uint8_t setup[8] = {0x81, 0x06, 0, 0x22, 0, 0, 76, 0}, report[76];
    struct vb_result r = vb_control(d->vb, setup, report, sizeof report);
    assert_int_equal(r.status, VB_OK);
    assert_int_equal(r.actual, 76);
}

/* ---- fastboot ---- */

/* Send a command and read to its end. The last packet stands in d->reply; "" when nothing comes. */
static inline const char *drive_fb(struct drive *d, const char *command)
{
    d->reply[0] = 0;
    if (drive_out(d, 0x02, command, strlen(command)) != VB_OK)
        return d->reply;
    int n;
    do {
        n = drive_in(d, d->reply, 64);
        d->reply[n > 0 ? n : 0] = 0;
    } while (n > 0 && strncmp(d->reply, "INFO", 4) == 0);
    return d->reply;
}

static inline const char *drive_ucmd(struct drive *d, const char *text)
{
    char command[4200];
    snprintf(command, sizeof command, "UCmd:%s", text);
    return drive_fb(d, command);
}

static inline const char *drive_download(struct drive *d, const void *data, size_t len)
{
    char command[32];
    snprintf(command, sizeof command, "download:%08zx", len);
    drive_fb(d, command);
    if (strncmp(d->reply, "DATA", 4) != 0)
        return d->reply;
    const uint8_t *bytes = data;
    for (size_t at = 0, n; at < len; at += n) {
        n = len - at < 1u << 20 ? len - at : 1u << 20;
        if (drive_out(d, 0x02, bytes + at, n) != VB_OK) {
            d->reply[0] = 0;
            return d->reply;
        }
    }
    int n = drive_in(d, d->reply, 64);
    d->reply[n > 0 ? n : 0] = 0;
    return d->reply;
}

/* A board in fastboot as scripts leave it before they flash. */
static inline void drive_fastboot(struct drive *d, const char *more)
{
    char words[512];
    snprintf(words, sizeof words, "start=fastboot emmc=64M %s", more);
    drive_open(d, words);
    assert_string_equal(drive_ucmd(d, "setenv fastboot_dev mmc"), "OKAY");
    assert_string_equal(drive_ucmd(d, "setenv mmcdev ${emmc_dev}"), "OKAY");
    assert_string_equal(drive_ucmd(d, "mmc dev ${emmc_dev}"), "OKAY");
}

static inline int drive_read(struct drive *d, int hwpart, uint64_t off, void *out, size_t len)
{
    return vb_medium_read(d->vb, hwpart, off, out, len);
}

#endif
