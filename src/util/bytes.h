/*
 * Numbers in byte buffers. Callers check the length first.
 */
#ifndef X8_UTIL_BYTES_H
#define X8_UTIL_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes. */
struct x8_span {
    const uint8_t *data;
    size_t len;
};

static inline uint16_t x8_get_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t x8_get_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t x8_get_le64(const uint8_t *p)
{
    return x8_get_le32(p) | (uint64_t)x8_get_le32(p + 4) << 32;
}

static inline uint16_t x8_get_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t x8_get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static inline void x8_put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void x8_put_le32(uint8_t *p, uint32_t v)
{
    x8_put_le16(p, (uint16_t)v);
    x8_put_le16(p + 2, (uint16_t)(v >> 16));
}

static inline void x8_put_le64(uint8_t *p, uint64_t v)
{
    x8_put_le32(p, (uint32_t)v);
    x8_put_le32(p + 4, (uint32_t)(v >> 32));
}

static inline void x8_put_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void x8_put_be32(uint8_t *p, uint32_t v)
{
    x8_put_be16(p, (uint16_t)(v >> 16));
    x8_put_be16(p + 2, (uint16_t)v);
}

/* 1 when [off, off + need) lies inside `len` bytes; never overflows. */
static inline int x8_fits(uint64_t off, uint64_t need, uint64_t len)
{
    return off <= len && need <= len - off;
}

#endif
