/*
 * Lists of checksums, line by line.
 */
#include "image/sums.h"
#include "util/digest.h"
#include "util/file.h"
#include "util/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_LEN      64u
#define NAME_MAX_LEN 1024u

static const char *const endings[] = {".sha256", ".sha256sum", ".sha256sums", ".sha256.txt"};

/* The name without the ending that makes it a list; the whole length when there is none. */
static size_t stem_len(const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < X8_COUNT(endings); i++) {
        size_t n = strlen(endings[i]);
        if (len > n && x8_casecmp(name + len - n, endings[i]) == 0)
            return len - n;
    }
    return len;
}

int x8_sums_is_of_many(const char *path)
{
    static const char *const names[] = {"sha256sum",      "sha256sums", "sha256sum.txt",
                                        "sha256sums.txt", "sha256.txt", "checksums.txt",
                                        "checksum.txt"};
    const char *name = x8_path_base(path);

    for (size_t i = 0; i < X8_COUNT(names); i++)
        if (x8_casecmp(name, names[i]) == 0)
            return 1;
    return 0;
}

int x8_sums_is_name(const char *path)
{
    const char *name = x8_path_base(path);

    return x8_sums_is_of_many(name) || stem_len(name) < strlen(name);
}

int x8_sums_is_of(const char *path, const char *name)
{
    const char *own = x8_path_base(path);
    size_t len = stem_len(own);

    return own[len] && strlen(name) == len && memcmp(own, name, len) == 0;
}

/* 64 digits that begin at `text`, made small. 1, or 0. */
static int take_hex(const char *text, size_t len, char out[HEX_LEN + 1])
{
    uint8_t digest[X8_SHA256_LEN];

    if (len < HEX_LEN || (len > HEX_LEN && isxdigit((unsigned char)text[HEX_LEN])))
        return 0;
    memcpy(out, text, HEX_LEN);
    out[HEX_LEN] = '\0';
    if (x8_unhex(digest, sizeof digest, out) != 0)
        return 0;
    x8_hex(out, digest, sizeof digest);
    return 1;
}

struct line {
    const char *name;
    size_t name_len;
    char sha256[HEX_LEN + 1];
};

/* "HEX  NAME", "HEX *NAME", "HEX". */
static int read_plain(const char *text, size_t len, struct line *out)
{
    size_t at = HEX_LEN;

    if (!take_hex(text, len, out->sha256))
        return 0;
    while (at < len && (text[at] == ' ' || text[at] == '\t'))
        at++;
    if (at < len && at > HEX_LEN && text[at] == '*')
        at++;
    else if (at < len && at == HEX_LEN)
        return 0;
    out->name = text + at;
    out->name_len = len - at;
    return 1;
}

/* "SHA256 (NAME) = HEX", "SHA2-256(NAME)= HEX". */
static int read_tagged(const char *text, size_t len, struct line *out)
{
    size_t open = 0, close = len;

    if (!(len > 6 && memcmp(text, "SHA256", 6) == 0) &&
        !(len > 8 && memcmp(text, "SHA2-256", 8) == 0))
        return 0;
    while (open < len && text[open] != '(')
        open++;
    while (close > open && text[close - 1] != ')')
        close--;
    if (close <= open + 1)
        return 0;
    out->name = text + open + 1;
    out->name_len = close - 1 - (open + 1);
    while (close < len && (text[close] == ' ' || text[close] == '='))
        close++;
    return out->name_len > 0 && take_hex(text + close, len - close, out->sha256);
}

/* --- what is no line of a list --- */

/* Digits of MD5, SHA-1, SHA-224, SHA-384 and SHA-512. */
static int is_other_len(size_t digits)
{
    return digits == 32 || digits == 40 || digits == 56 || digits == 96 || digits == 128;
}

static void count_rest(const char *text, size_t len, struct x8_sums_rest *rest)
{
    static const char *const tags[] = {"MD5", "SHA1", "SHA224", "SHA384", "SHA512", "BLAKE2"};
    const size_t least = 8; /* shorter ones are words */
    size_t digits = 0;

    while (digits < len && isxdigit((unsigned char)text[digits]))
        digits++;
    if (digits >= least && (digits == len || text[digits] == ' ' || text[digits] == '\t')) {
        if (is_other_len(digits))
            rest->others++;
        else
            rest->cut++;
        return;
    }
    if (len <= 6 || !memchr(text, '(', len))
        return;
    if (memcmp(text, "SHA256", 6) == 0 || memcmp(text, "SHA2-2", 6) == 0)
        rest->cut++;
    for (size_t i = 0; i < X8_COUNT(tags); i++)
        rest->others += strncmp(text, tags[i], strlen(tags[i])) == 0;
}

static size_t trimmed(const char *text, size_t len)
{
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    return len;
}

struct x8_sums_rest x8_sums_rest(struct x8_span text)
{
    const char *at = (const char *)text.data, *end = text.len ? at + text.len : at;
    struct x8_sums_rest rest = {0};

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = trimmed(at, (size_t)((stop ? stop : end) - at));
        struct line line = {0};

        if (len && !memchr(at, 0, len) && !read_plain(at, len, &line) &&
            !read_tagged(at, len, &line))
            count_rest(at, len, &rest);
        at = stop ? stop + 1 : end;
    }
    return rest;
}

/* --- reading one --- */

/* The name as a path beside the list. One of another computer's root is looked for there too. */
static char *path_of(const char *own_path, const struct line *line)
{
    char name[NAME_MAX_LEN + 1];
    const char *own = x8_path_base(own_path);
    size_t len = line->name_len ? line->name_len : stem_len(own);
    char *dir, *joined, *path;

    if (len > NAME_MAX_LEN || (!line->name_len && !own[len]))
        return NULL;
    memcpy(name, line->name_len ? line->name : own, len);
    name[len] = '\0';
    dir = x8_path_dir(own_path);
    joined = dir ? x8_path_join(dir, name[0] == '/' ? x8_path_base(name) : name) : NULL;
    path = joined ? x8_path_normal(joined) : NULL;
    free(dir);
    free(joined);
    return path;
}

static int read_line(const char *own_path, const char *text, size_t len, x8_sums_fn *each,
                     void *ctx, struct x8_error *err)
{
    struct line line = {0};
    char *path;
    int rc;

    len = trimmed(text, len);
    if (len == 0 || memchr(text, 0, len) ||
        (!read_plain(text, len, &line) && !read_tagged(text, len, &line)))
        return 0;
    path = path_of(own_path, &line);
    rc = path ? each(ctx, path, line.sha256, err) : 0;
    rc = rc < 0 ? rc : path != NULL;
    free(path);
    return rc;
}

int x8_sums_read(struct x8_span text, const char *own_path, x8_sums_fn *each, void *ctx,
                 struct x8_error *err)
{
    const char *at = (const char *)text.data, *end = text.len ? at + text.len : at;
    int count = 0;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        int rc = read_line(own_path, at, len, each, ctx, err);

        if (rc < 0)
            return rc;
        count += rc;
        at = stop ? stop + 1 : end;
    }
    return count;
}
