/*
 * Finding a release in a catalogue: by what a person calls it, by an address, by what a file is.
 */
#include "store/catalogue.h"

#include "net/http_header.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

const struct x8_release *x8_catalogue_find(const struct x8_catalogue *catalogue, const char *word)
{
    for (size_t i = 0; i < catalogue->count; i++)
        if (strcmp(catalogue->items[i].image, word) == 0)
            return &catalogue->items[i];
    for (size_t i = 0; i < catalogue->count; i++)
        if (catalogue->items[i].release[0] && strcmp(catalogue->items[i].release, word) == 0)
            return &catalogue->items[i];
    return NULL;
}

static size_t alike(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

void x8_catalogue_near(const struct x8_catalogue *catalogue, const char *word, char *out,
                       size_t cap)
{
    size_t best = 0, at = 0, shown = 0;

    out[0] = '\0';
    for (size_t i = 0; i < catalogue->count; i++)
        best = alike(catalogue->items[i].image, word) > best
                   ? alike(catalogue->items[i].image, word)
                   : best;
    for (size_t i = 0; i < catalogue->count && shown < 6; i++) {
        const char *image = catalogue->items[i].image;
        if (alike(image, word) < best || at + strlen(image) + 3 > cap)
            continue;
        at += (size_t)snprintf(out + at, cap - at, "%s%s", at ? ", " : "", image);
        shown++;
    }
}

static int small(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Two addresses that mean the same: scheme and host in any case. */
static int same_address(const char *a, const char *b)
{
    const char *host = strstr(a, "://");
    size_t head = host ? (size_t)(host - a) + 3 : 0, i = 0;

    if (!host)
        return 0;
    head += strcspn(a + head, "/?#");
    while (i < head && small(a[i]) == small(b[i])) /* ends where b does */
        i++;
    return i == head && strcmp(a + head, b + head) == 0;
}

/* The last part of an address, without what is asked behind '?': its length and *out. */
static size_t last_part(const char *url, const char **out)
{
    const char *host = strstr(url, "://");
    size_t len, from;

    *out = "";
    if (!host)
        return 0;
    len = strcspn(host + 3, "?#");
    for (from = len; from && host[3 + from - 1] != '/';)
        from--;
    if (!from)
        return 0;
    *out = host + 3 + from;
    return len - from;
}

const struct x8_release *x8_catalogue_at(const struct x8_catalogue *catalogue, const char *url)
{
    const char *name, *other;
    size_t len = last_part(url, &name);

    for (size_t i = 0; i < catalogue->count; i++)
        if (same_address(catalogue->items[i].url, url))
            return &catalogue->items[i];
    for (size_t i = 0; len && i < catalogue->count; i++)
        if (last_part(catalogue->items[i].url, &other) == len && memcmp(name, other, len) == 0)
            return &catalogue->items[i];
    return NULL;
}

const struct x8_release *x8_catalogue_called(const struct x8_catalogue *catalogue, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *other;
    size_t len = strcspn(name, ".");
    char word[sizeof(catalogue->items->image)];
    const struct x8_release *release = NULL;

    if (len && len < sizeof(word)) {
        snprintf(word, sizeof(word), "%.*s", (int)len, name);
        release = x8_catalogue_find(catalogue, word);
    }
    for (size_t i = 0; i < catalogue->count && !release && *name; i++)
        if (last_part(catalogue->items[i].url, &other) == strlen(name) &&
            memcmp(name, other, strlen(name)) == 0)
            release = &catalogue->items[i];
    return release;
}

const struct x8_release *x8_catalogue_is(const struct x8_catalogue *catalogue, const char *sha256)
{
    for (size_t i = 0; sha256[0] && i < catalogue->count; i++)
        if (x8_casecmp(catalogue->items[i].sha256, sha256) == 0)
            return &catalogue->items[i];
    return NULL;
}

const struct x8_release *x8_catalogue_sized(const struct x8_catalogue *catalogue, uint64_t size)
{
    for (size_t i = 0; i < catalogue->count; i++)
        if (catalogue->items[i].size == size && catalogue->items[i].sha256[0])
            return &catalogue->items[i];
    return NULL;
}
