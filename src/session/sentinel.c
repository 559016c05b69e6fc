#include "session/sentinel.h"

#include "util/digest.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define HEAD_LEN (1 + 2 + X8_NONCE_LEN)

enum found { NO_MARK, PART_OF_MARK, WHOLE_MARK };

int x8_nonce_make(char out[X8_NONCE_LEN + 1], struct x8_error *err)
{
    uint8_t bytes[X8_NONCE_LEN / 2];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return x8_fail_sys(err, X8_E_INTERNAL, errno, "the kernel gives no random bytes");
    x8_hex(out, bytes, sizeof bytes);
    return 0;
}

/* What follows the nonce: a letter, up to ten digits, a semicolon. */
static enum found tail_at(const uint8_t *data, size_t len, struct x8_mark *out)
{
    uint64_t value = 0;
    size_t i = 1;

    if (len == 0)
        return PART_OF_MARK;
    while (i < len && i <= 10 && data[i] >= '0' && data[i] <= '9')
        value = value * 10 + (data[i++] - '0');
    if (i == len)
        return i <= 11 ? PART_OF_MARK : NO_MARK;
    if (data[i] != ';' || value > UINT32_MAX)
        return NO_MARK;
    out->kind = (char)data[0];
    out->value = (uint32_t)value;
    out->len = HEAD_LEN + i + 1;
    return WHOLE_MARK;
}

static enum found mark_at(const char *head, const uint8_t *data, size_t len, struct x8_mark *out)
{
    size_t same = len < HEAD_LEN ? len : HEAD_LEN;

    if (memcmp(data, head, same) != 0)
        return NO_MARK;
    if (same < HEAD_LEN)
        return PART_OF_MARK;
    return tail_at(data + HEAD_LEN, len - HEAD_LEN, out);
}

int x8_mark_find(const char *nonce, const uint8_t *data, size_t len, struct x8_mark *out)
{
    char head[HEAD_LEN] = "\036X8";
    size_t at = 0;

    memcpy(head + 3, nonce, X8_NONCE_LEN);
    *out = (struct x8_mark){0};
    while (at < len) {
        const uint8_t *next = memchr(data + at, head[0], len - at);
        enum found found;

        if (!next)
            break;
        at = (size_t)(next - data);
        found = mark_at(head, next, len - at, out);
        out->at = at;
        if (found != NO_MARK)
            return found == WHOLE_MARK;
        at++;
    }
    out->at = len;
    return 0;
}
