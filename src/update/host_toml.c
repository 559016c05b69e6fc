/*
 * As much TOML as sota's configuration has: sections, keys, texts, numbers. What is not understood
 * is passed over, because a board's own reader has judged the file already. And two small helpers
 * for texts.
 */
#include "update/host_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void trim(const char **at, size_t *len)
{
    while (*len && strchr(" \t\r", **at) && **at) {
        (*at)++;
        (*len)--;
    }
    while (*len && (*at)[*len - 1] && strchr(" \t\r", (*at)[*len - 1]))
        (*len)--;
}

/* "[pacman]"; a table of tables or anything behind the bracket but a comment is no section of ours.
 */
static void take_section(struct host_toml *toml, const char *at, size_t len)
{
    const char *close = memchr(at, ']', len);

    toml->section[0] = '\0';
    if (!close)
        return;
    at++;
    len = (size_t)(close - at);
    trim(&at, &len);
    if (len < sizeof(toml->section))
        x8_clean(toml->section, sizeof(toml->section), at, len);
}

/* The value up to its closing quote, or up to a comment. */
static void take_value(const char *at, size_t len, char value[256])
{
    const char *end;

    trim(&at, &len);
    if (len && (*at == '"' || *at == '\'')) {
        end = memchr(at + 1, *at, len - 1);
        at++;
        len = end ? (size_t)(end - at) : len - 1;
    } else if (len) {
        end = memchr(at, '#', len);
        len = end ? (size_t)(end - at) : len;
        trim(&at, &len);
    }
    x8_clean(value, 256, len ? at : "", len);
}

int host_toml_line(struct host_toml *toml, const char *line, size_t len, char key[96],
                   char value[256])
{
    const char *equals;
    size_t key_len;
    char name[46];

    trim(&line, &len);
    if (len == 0 || *line == '#')
        return 0;
    if (*line == '[') {
        take_section(toml, line, len);
        return 0;
    }
    equals = memchr(line, '=', len);
    if (!equals)
        return 0;
    take_value(equals + 1, len - (size_t)(equals + 1 - line), value);
    key_len = (size_t)(equals - line);
    trim(&line, &key_len);
    if (key_len >= 2 && *line == '"' && line[key_len - 1] == '"') {
        line++;
        key_len -= 2;
    }
    if (key_len == 0 || key_len >= sizeof(name))
        return 0;
    x8_clean(name, sizeof(name), line, key_len);
    snprintf(key, 96, "%s%s%s", toml->section, toml->section[0] ? "." : "", name);
    return 1;
}

int host_listed(const char *list, const char *word)
{
    size_t len = strlen(word);

    while (*list) {
        size_t item = strcspn(list, ", ");

        if (item == len && len > 0 && memcmp(list, word, len) == 0)
            return 1;
        list += item;
        list += strspn(list, ", ");
    }
    return 0;
}

void host_time_text(int64_t seconds, char out[32])
{
    time_t when = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&when, &tm) || strftime(out, 32, "%Y-%m-%d %H:%M UTC", &tm) == 0)
        x8_copy(out, 32, "an impossible date");
}
