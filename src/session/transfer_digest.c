/*
 * The answer of sha256sum to a list of names that is known: what it prints about a name can be
 * foretold but for the digest, so the text is matched, not parsed for names.
 */
#include "session/transfer_tree.h"

#include <string.h>

/* What one name looks like in the answer: plain, or escaped as GNU does for names with a
 * backslash, a line feed or (since coreutils 9) a carriage return. 1 and *at behind the line. */
static int match_name(const char **at, const char *end, const char *name, int escaped)
{
    const char *p = *at;
    for (; *name; name++) {
        char second = *name == '\\' ? '\\' : *name == '\n' ? 'n' : *name == '\r' ? 'r' : '\0';
        if (escaped && second && end - p >= 2 && p[0] == '\\' && p[1] == second)
            p += 2;
        else if (p < end && *p == *name && !(escaped && *p == '\\'))
            p++;
        else
            return 0;
    }
    if (p == end || *p != '\n')
        return 0;
    *at = p + 1;
    return 1;
}

/* One line when it speaks of `rel`. */
static int match_line(const char **at, const char *end, const char *rel,
                      uint8_t digest[X8_SHA256_LEN])
{
    const char *p = *at;
    char hex[2 * X8_SHA256_LEN + 1];
    int escaped = p < end && *p == '\\';
    p += escaped;
    if (end - p < 2 * X8_SHA256_LEN + 5)
        return 0;
    memcpy(hex, p, 2 * X8_SHA256_LEN);
    hex[2 * X8_SHA256_LEN] = '\0';
    p += 2 * X8_SHA256_LEN;
    /* Text mode has a second blank, binary mode a star. */
    if (*p != ' ' || (p[1] != ' ' && p[1] != '*') || memcmp(p + 2, "./", 2) != 0)
        return 0;
    p += 4;
    if (!match_name(&p, end, rel, escaped) || x8_unhex(digest, X8_SHA256_LEN, hex) < 0)
        return 0;
    *at = p;
    return 1;
}

int digests_parse(struct x8_span text, struct node *const *nodes, size_t count,
                  uint8_t (*out)[X8_SHA256_LEN], uint8_t *has, struct x8_error *err)
{
    const char *at = (const char *)text.data, *end = at + text.len;
    memset(has, 0, count);
    for (size_t i = 0; i < count && text.len && at < end; i++)
        has[i] = (uint8_t)match_line(&at, end, nodes[i]->rel, out[i]);
    if (text.len == 0 || at == end)
        return 0;
    return x8_fail(err, X8_E_LINK, "the board's list of digests is not readable");
}
