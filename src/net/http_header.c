/*
 * Reading headers. Values come from a stranger: each one is read whole or not at all.
 */
#include "net/http_header.h"

#include "util/clock.h"
#include "util/text.h"

#include <string.h>

#define HOUR_MS ((int64_t)60 * 60 * 1000)

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int same_name(const char *line, const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = line[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c != (name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]))
            return 0;
    }
    return 1;
}

int x8_http_value(const char *line, size_t len, const char *name, const char **out_value)
{
    size_t at = strlen(name);

    if (len <= at || line[at] != ':' || !same_name(line, name, at))
        return -1;
    for (at++; at < len && is_blank(line[at]); at++)
        ;
    while (len > at && is_blank(line[len - 1]))
        len--;
    *out_value = line + at;
    return (int)(len - at);
}

/* Digits from *at on; 0, or -1 without any or beyond 2^63. */
static int number(const char **at, const char *end, uint64_t *out)
{
    const char *begin = *at;

    for (*out = 0; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        if (*out > (uint64_t)INT64_MAX / 10 - 1)
            return -1;
        *out = *out * 10 + (uint64_t)(**at - '0');
    }
    return *at > begin ? 0 : -1;
}

static int byte(const char **at, const char *end, char want)
{
    if (*at >= end || **at != want)
        return -1;
    (*at)++;
    return 0;
}

int x8_http_status(const char *line, size_t len, size_t *out_words)
{
    const char *at = line + 5, *end = line + len, *begin;
    uint64_t major, minor, status;

    if (len < 10 || memcmp(line, "HTTP/", 5) != 0 || number(&at, end, &major) < 0)
        return -1;
    if (byte(&at, end, '.') == 0 && number(&at, end, &minor) < 0)
        return -1;
    if (byte(&at, end, ' ') < 0)
        return -1;
    begin = at;
    if (number(&at, end, &status) < 0 || at - begin != 3 || status < 100)
        return -1;
    if (at < end && !is_blank(*at))
        return -1;
    while (at < end && is_blank(*at))
        at++;
    *out_words = (size_t)(at - line);
    return (int)status;
}

int x8_http_range(const char *value, size_t len, struct x8_http_range *out)
{
    const char *at = value + 6, *end = value + len;
    struct x8_http_range range = {.has_part = 1, .total = UINT64_MAX};

    if (len < 7 || !same_name(value, "bytes ", 6))
        return -1;
    if (*at == '*')
        range.has_part = byte(&at, end, '*') != 0;
    else if (number(&at, end, &range.first) < 0 || byte(&at, end, '-') < 0 ||
             number(&at, end, &range.last) < 0)
        return -1;
    if (byte(&at, end, '/') < 0)
        return -1;
    if (at < end && *at == '*')
        at++;
    else if (number(&at, end, &range.total) < 0)
        return -1;
    if (at != end)
        return -1;
    if (range.has_part ? range.first > range.last || range.last >= range.total
                       : range.total == UINT64_MAX)
        return -1;
    *out = range;
    return 0;
}

static int month_of(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++)
        if (memcmp(names + (size_t)i * 3, text, 3) == 0)
            return i + 1;
    return -1;
}

static int two(const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* Where a date has its separators and where its letters and digits. */
static int has_form(const char *text)
{
    static const char form[] = "aaa, 00 aaa 0000 00:00:00 GMT";

    for (size_t i = 0; form[i]; i++) {
        char c = text[i];
        int is_digit = c >= '0' && c <= '9';
        int is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (form[i] == '0' ? !is_digit : form[i] == 'a' ? !is_letter : c != form[i])
            return 0;
    }
    return 1;
}

int64_t x8_http_date(const char *value, size_t len)
{
    int year;

    if (len != 29 || !has_form(value))
        return -1;
    year = two(value + 12) * 100 + two(value + 14);
    return x8_utc_seconds(year, month_of(value + 8), two(value + 5), two(value + 17),
                          two(value + 20), two(value + 23));
}

int64_t x8_http_retry_after(const char *value, size_t len, int64_t now_s)
{
    const char *at = value, *end = value + len;
    uint64_t seconds;
    int64_t date;

    if (number(&at, end, &seconds) == 0 && at == end)
        return seconds > 3600 ? HOUR_MS : (int64_t)seconds * 1000;
    date = x8_http_date(value, len);
    if (date < 0)
        return -1;
    if (date <= now_s)
        return 0;
    return date - now_s > 3600 ? HOUR_MS : (date - now_s) * 1000;
}

static int copy(const char *value, size_t len, char *out, size_t cap)
{
    if (len >= cap)
        return 0;
    memcpy(out, value, len);
    out[len] = '\0';
    return 1;
}

/* "..." with printable characters inside; "W/..." is weak: equal files, perhaps not equal bytes. */
int x8_http_etag(const char *value, size_t len, char *out, size_t cap)
{
    if (len < 3 || value[0] != '"' || value[len - 1] != '"')
        return 0;
    for (size_t i = 1; i + 1 < len; i++)
        if (value[i] <= ' ' || value[i] > '~' || value[i] == '"')
            return 0;
    return copy(value, len, out, cap);
}

int x8_http_modified(const char *value, size_t len, char *out, size_t cap)
{
    return x8_http_date(value, len) >= 0 && copy(value, len, out, cap);
}

int x8_http_is_validator(const char *text)
{
    char scratch[256];

    return text && (x8_http_etag(text, strlen(text), scratch, sizeof scratch) ||
                    x8_http_modified(text, strlen(text), scratch, sizeof scratch));
}
