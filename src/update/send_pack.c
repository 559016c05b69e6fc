/*
 * Things as a tar stream whose length is known before the first byte. Two kinds of entries are
 * enough, regular files and GNU's long names, both of which GNU's tar and busybox unpack. The
 * digests of what was read for the stream come behind it in the same stream, as a file.
 *
 * Source: the ustar format as POSIX has it; GNU tar's manual for the entry type 'L'.
 */
#include "update/send_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAR_BLOCK 512
#define TAR_NAME  100 /* longer ones need an entry of their own */
#define LINE_MORE 67  /* of a digest's line, beside the name: 64 digits, two blanks, line end */

struct pack {
    struct x8_sink *sink;
    uint8_t *block; /* XFER_BLOCK: small writes cost a packet each */
    size_t fill;
    uint8_t *read_block;
    struct x8_sha256 *sha;
    struct x8_buf sums;
};

static uint64_t padded(uint64_t size)
{
    return (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

static uint64_t entry_length(size_t rel_len, uint64_t size)
{
    uint64_t long_name = rel_len > TAR_NAME ? TAR_BLOCK + padded(rel_len + 1) : 0;
    return long_name + TAR_BLOCK + padded(size);
}

uint64_t send_cost(const struct send *send, uint32_t thing)
{
    char rel[SEND_REL];
    size_t len = send_rel(send, thing, rel);
    return entry_length(len, send_size(send, thing)) + len + LINE_MORE;
}

uint64_t send_pack_length(const struct send *send, const struct send_queued *items, size_t count)
{
    uint64_t all = 0, sums = 0;
    for (size_t i = 0; i < count; i++) {
        char rel[SEND_REL];
        size_t len = send_rel(send, items[i].thing, rel);
        all += entry_length(len, send_size(send, items[i].thing));
        sums += len + LINE_MORE;
    }
    return all + entry_length(sizeof(SEND_SUMS) - 1, sums) + 2 * TAR_BLOCK;
}

static int flush(struct pack *pack, struct x8_error *err)
{
    int rc = pack->fill ? pack->sink->ops->push(pack->sink, pack->block, pack->fill, err) : 0;
    pack->fill = 0;
    return rc;
}

static int put(void *ctx, const void *data, size_t len, struct x8_error *err)
{
    struct pack *pack = ctx;
    const uint8_t *from = data;
    while (len) {
        size_t room = XFER_BLOCK - pack->fill, n = len < room ? len : room;
        memcpy(pack->block + pack->fill, from, n);
        pack->fill += n;
        from += n;
        len -= n;
        int rc = pack->fill == XFER_BLOCK ? flush(pack, err) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int put_padding(struct pack *pack, uint64_t size, struct x8_error *err)
{
    static const uint8_t zeros[TAR_BLOCK];
    return put(pack, zeros, (size_t)(padded(size) - size), err);
}

/* Octal where it fits; else the binary form that both tars know for files of 8 GiB and more. */
static void put_size(uint8_t *field, uint64_t size)
{
    char digits[24];
    if (size < (uint64_t)1 << 33) {
        snprintf(digits, sizeof(digits), "%011llo", (unsigned long long)size);
        memcpy(field, digits, 12);
        return;
    }
    memset(field, 0, 4);
    field[0] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        field[11 - i] = (uint8_t)(size >> (8 * i));
}

static int put_header(struct pack *pack, char type, const char *name, uint64_t size,
                      struct x8_error *err)
{
    uint8_t h[TAR_BLOCK] = {0};
    unsigned sum = 0;
    char digits[16];
    size_t len = strlen(name);
    memcpy(h, name, len < TAR_NAME ? len : TAR_NAME);
    memcpy(h + 100, "0000600", 8); /* mode */
    memcpy(h + 108, "0000000", 8); /* user and group: whoever unpacks */
    memcpy(h + 116, "0000000", 8);
    put_size(h + 124, size);
    memcpy(h + 136, "00000000001", 12); /* a time that is in no board's future */
    memcpy(h + 148, "        ", 8);
    h[156] = (uint8_t)type;
    memcpy(h + 257, "ustar  ", 8); /* GNU's form, with which 'L' belongs */
    for (size_t i = 0; i < sizeof(h); i++)
        sum += h[i];
    snprintf(digits, sizeof(digits), "%06o", sum);
    memcpy(h + 148, digits, 7);
    return put(pack, h, sizeof(h), err);
}

static int put_entry(struct pack *pack, const char *name, uint64_t size, struct x8_error *err)
{
    size_t len = strlen(name);
    int rc = 0;
    if (len > TAR_NAME) {
        rc = put_header(pack, 'L', "././@LongLink", len + 1, err);
        if (rc == 0)
            rc = put(pack, name, len + 1, err);
        if (rc == 0)
            rc = put_padding(pack, len + 1, err);
    }
    return rc < 0 ? rc : put_header(pack, '0', name, size, err);
}

static int put_thing(struct pack *pack, const struct send *send, uint32_t thing,
                     struct x8_error *err)
{
    char rel[SEND_REL], hex[2 * X8_SHA256_LEN + 1];
    uint8_t digest[X8_SHA256_LEN];
    send_rel(send, thing, rel);
    int rc = put_entry(pack, rel, send_size(send, thing), err);
    if (rc == 0)
        rc = send_read(send, thing, pack->sha, pack->read_block, put, pack, digest, err);
    if (rc == 0)
        rc = put_padding(pack, send_size(send, thing), err);
    x8_hex(hex, digest, rc == 0 ? sizeof(digest) : 0);
    if (rc == 0 && x8_buf_addf(&pack->sums, "%s  %s\n", hex, rel) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    return rc;
}

static int put_all(struct pack *pack, const struct send *send, const struct send_queued *items,
                   size_t count, struct x8_error *err)
{
    static const uint8_t end[2 * TAR_BLOCK];
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = put_thing(pack, send, items[i].thing, err);
    if (rc == 0)
        rc = put_entry(pack, SEND_SUMS, pack->sums.len, err);
    if (rc == 0)
        rc = put(pack, pack->sums.data, pack->sums.len, err);
    if (rc == 0)
        rc = put_padding(pack, pack->sums.len, err);
    if (rc == 0)
        rc = put(pack, end, sizeof(end), err);
    return rc < 0 ? rc : flush(pack, err);
}

int send_pack(const struct send *send, const struct send_queued *items, size_t count,
              struct x8_sink *sink, struct x8_error *err)
{
    struct pack pack = {.sink = sink,
                        .block = malloc(XFER_BLOCK),
                        .read_block = malloc(XFER_BLOCK),
                        .sha = x8_sha256_new()};
    int rc = pack.block && pack.read_block && pack.sha
                 ? put_all(&pack, send, items, count, err)
                 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    free(pack.block);
    free(pack.read_block);
    x8_sha256_free(&pack.sha);
    x8_buf_done(&pack.sums);
    return rc;
}
