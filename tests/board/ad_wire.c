/*
 * Bytes of the protocol: queues, packet headers, the sum.
 */
#include "ad_model.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

uint8_t *ad_buf_room(struct ad_buf *b, size_t need)
{
    if (b->off == b->len)
        b->off = b->len = 0;
    if (b->cap - b->len >= need)
        return b->data + b->len;
    if (b->off) {
        memmove(b->data, b->data + b->off, b->len - b->off);
        b->len -= b->off;
        b->off = 0;
    }
    if (b->cap - b->len < need) {
        size_t cap = b->cap ? b->cap : 4096;
        while (cap - b->len < need)
            cap *= 2;
        b->data = realloc(b->data, cap);
        if (!b->data)
            abort();
        b->cap = cap;
    }
    return b->data + b->len;
}

void ad_buf_add(struct ad_buf *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(ad_buf_room(b, len), data, len);
    b->len += len;
}

void ad_buf_drop(struct ad_buf *b, size_t len)
{
    b->off += len;
}

size_t ad_buf_get(struct ad_buf *b, void *out, size_t cap)
{
    size_t n = ad_buf_len(b) < cap ? ad_buf_len(b) : cap;
    if (n) {
        memcpy(out, b->data + b->off, n);
        b->off += n;
    }
    return n;
}

void ad_buf_free(struct ad_buf *b)
{
    free(b->data);
    *b = (struct ad_buf){0};
}

/* Eight bytes at a time in lanes of 16 bits: with 4096-byte packets the sum is most of the work. */
uint32_t ad_sum(const uint8_t *data, size_t len)
{
    const uint64_t lanes = 0x00ff00ff00ff00ffu;
    uint32_t sum = 0;
    while (len >= 8) {
        size_t words = len / 8 < 128 ? len / 8 : 128;
        uint64_t part = 0;
        for (size_t i = 0; i < words; i++) {
            uint64_t v;
            memcpy(&v, data + i * 8, 8);
            part += (v & lanes) + (v >> 8 & lanes);
        }
        for (int shift = 0; shift < 64; shift += 16)
            sum += (uint32_t)(part >> shift & 0xffff);
        data += words * 8;
        len -= words * 8;
    }
    while (len--)
        sum += *data++;
    return sum;
}

void ad_header_get(struct ad_packet *p, const uint8_t header[AD_HEADER])
{
    p->command = x8_get_le32(header);
    p->arg0 = x8_get_le32(header + 4);
    p->arg1 = x8_get_le32(header + 8);
    p->len = x8_get_le32(header + 12);
    p->sum = x8_get_le32(header + 16);
    p->magic = x8_get_le32(header + 20);
}

void ad_header_put(const struct ad_packet *p, uint8_t header[AD_HEADER])
{
    x8_put_le32(header, p->command);
    x8_put_le32(header + 4, p->arg0);
    x8_put_le32(header + 8, p->arg1);
    x8_put_le32(header + 12, p->len);
    x8_put_le32(header + 16, p->sum);
    x8_put_le32(header + 20, p->magic);
}

const char *ad_command_word(uint32_t command)
{
    switch (command) {
    case AD_CNXN:
        return "cnxn";
    case AD_OPEN:
        return "open";
    case AD_OKAY:
        return "okay";
    case AD_CLSE:
        return "clse";
    case AD_WRTE:
        return "wrte";
    case AD_AUTH:
        return "auth";
    default:
        return "?";
    }
}

int64_t ad_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
