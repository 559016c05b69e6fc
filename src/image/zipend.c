/*
 * The end of a zip archive. Its members come first and can be read without it, so that a copy that
 * was cut off in the directory behind them looks complete to whoever reads from the start.
 *
 * Source: PKWARE's APPNOTE.TXT 6.3, "end of central directory record" and "zip64 end of central
 * directory locator".
 */
#include "image/archive.h"

#include <string.h>

enum { RECORD = 22, LOCATOR = 20 };

/* In archives of more than 4 GiB, or 65535 members, the numbers stand in a record of their own, to
 * which a locator before this one points. */
static int has_locator(struct x8_span tail, size_t at, uint64_t size)
{
    uint64_t here = size - (tail.len - at), record;

    if (at < LOCATOR || memcmp(tail.data + at - LOCATOR, "PK\6\7", 4) != 0)
        return 0;
    record = x8_get_le64(tail.data + at - LOCATOR + 8);
    return record < here - LOCATOR;
}

static int is_record(struct x8_span tail, size_t at, uint64_t size)
{
    const uint8_t *p = tail.data + at;
    uint64_t here = size - (tail.len - at);
    uint32_t len, start;

    if (memcmp(p, "PK\5\6", 4) != 0 || x8_get_le16(p + 20) > tail.len - at - RECORD)
        return 0;
    len = x8_get_le32(p + 12);
    start = x8_get_le32(p + 16);
    if (len == UINT32_MAX || start == UINT32_MAX || x8_get_le16(p + 10) == UINT16_MAX)
        return has_locator(tail, at, size);
    return (uint64_t)start + len <= here;
}

int zip_has_end(struct x8_span tail, uint64_t size)
{
    for (size_t at = tail.len >= RECORD ? tail.len - RECORD + 1 : 0; at > 0; at--)
        if (is_record(tail, at - 1, size))
            return 1;
    return 0;
}
