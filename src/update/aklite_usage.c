/*
 * Generations of aklite-offline by the text of its --help. The list of commands is what counts: all
 * on one line up to B, one a line with a description in C. Source: aktualizr-lite,
 * apps/aklite-offline/main.cpp at the commits in aklite.h.
 */
#include "update/host.h"

#include "util/text.h"

#include <string.h>

#define USAGE_MAX ((size_t)16 << 10)

const char *x8_aklite_name(enum x8_aklite generation)
{
    static const char *const names[] = {"none", "A", "B", "C"};

    return (size_t)generation < X8_COUNT(names) ? names[generation] : "none";
}

/* What a usage names. */
struct usage {
    int install, run, check;   /* commands */
    int apps_name, flags, own; /* "aklite-apps <cmd>", "[flags]", "aklite-offline <cmd>" */
};

static size_t word_len(const char *at, const char *end)
{
    const char *start = at;

    while (at < end && *at != ' ' && *at != '\t' && *at != '\r')
        at++;
    return (size_t)(at - start);
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

static int is(const char *at, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(at, word, len) == 0;
}

static void take_command(struct usage *usage, const char *at, size_t len)
{
    usage->install |= is(at, len, "install");
    usage->run |= is(at, len, "run");
    usage->check |= is(at, len, "check");
}

/* The first word of a line may be a command with a description behind it; further words are ones
 * only where each word of the line is one, as in "install run"; a title may stand before. */
static void take_commands(struct usage *usage, const char *line, const char *end)
{
    static const char *const known[] = {"install", "run", "check", "current"};
    static const char title[] = "ommands:";
    const char *at = skip_blanks(line, end);

    for (const char *p = line; p + sizeof(title) - 1 <= end; p++)
        if (memcmp(p, title, sizeof(title) - 1) == 0)
            at = skip_blanks(p + sizeof(title) - 1, end);

    size_t len = word_len(at, end);
    int all = 1;

    take_command(usage, at, len);
    for (const char *p = at; all && p < end; p = skip_blanks(p + len, end)) {
        int one = 0;
        len = word_len(p, end);
        for (size_t i = 0; i < X8_COUNT(known); i++)
            one |= is(p, len, known[i]);
        all = one || len == 0;
    }
    for (const char *p = at; all && p < end; p = skip_blanks(p + len, end)) {
        len = word_len(p, end);
        take_command(usage, p, len);
    }
}

static int has(const char *line, const char *end, const char *needle)
{
    size_t len = strlen(needle);

    for (; line + len <= end; line++)
        if (memcmp(line, needle, len) == 0)
            return 1;
    return 0;
}

static void take_line(struct usage *usage, const char *line, const char *end)
{
    usage->apps_name |= has(line, end, "aklite-apps <cmd>");
    usage->own |= has(line, end, "aklite-offline <cmd>");
    usage->flags |= has(line, end, "[flags]");
    take_commands(usage, line, end);
}

enum x8_aklite x8_aklite_of_usage(const char *text, size_t len)
{
    struct usage usage = {0};
    const char *end = text + (len < USAGE_MAX ? len : USAGE_MAX);

    if (len == 0)
        return X8_AKLITE_NONE;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = stop ? stop : end;

        take_line(&usage, text, line_end);
        text = stop ? stop + 1 : end;
    }
    if (!usage.install || !usage.run || !(usage.apps_name || usage.own))
        return X8_AKLITE_NONE;
    if (usage.check) /* factories' images between B and 95 behave as C where they have it */
        return X8_AKLITE_C;
    if (usage.flags)
        return X8_AKLITE_NONE;
    return usage.apps_name ? X8_AKLITE_A : X8_AKLITE_B;
}
