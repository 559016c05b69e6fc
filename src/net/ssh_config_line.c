/*
 * Words, patterns and %-tokens of ~/.ssh/config: nothing but text.
 */
#include "net/ssh_config_parts.h"

#include "util/text.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\0';
}

/* --- words --- */

/* One word from `in` to `out`, both moved behind it. Its quotes are taken off. 0, or -1. */
static int take_word(const char **in, char **out)
{
    char quote = '\0';

    for (; **in && (quote || !is_blank(**in)); ++*in) {
        if (**in == '\\' && (*in)[1] && strchr("\"'\\", (*in)[1]))
            *(*out)++ = *++*in;
        else if (quote ? **in == quote : **in == '"' || **in == '\'')
            quote = quote ? '\0' : **in;
        else
            *(*out)++ = **in;
    }
    *(*out)++ = '\0';
    return quote ? -1 : 0;
}

static const char *behind_blanks(const char *text)
{
    while (*text && is_blank(*text))
        text++;
    return text;
}

/* Behind the keyword: blanks, and one '='. */
static const char *take_keyword(const char *text, char **out)
{
    while (*text && !is_blank(*text) && *text != '=')
        *(*out)++ = *text++;
    *(*out)++ = '\0';
    text = behind_blanks(text);
    return *text == '=' ? behind_blanks(text + 1) : text;
}

int x8_ssh_line_split(const char *text, size_t len, struct x8_ssh_line *out)
{
    char plain[X8_SSH_LINE], *to = out->text;
    const char *at;

    if (len >= sizeof plain)
        return -1;
    for (size_t i = 0; i < len; i++)
        plain[i] = text[i] ? text[i] : ' ';
    while (len > 0 && is_blank(plain[len - 1]))
        len--;
    plain[len] = '\0';
    at = behind_blanks(plain);
    if (!*at || *at == '#')
        return 0;
    out->keyword = to;
    at = take_keyword(at, &to);
    x8_copy(out->rest, sizeof out->rest, at);
    for (out->count = 0; *at && *at != '#'; at = behind_blanks(at)) {
        if (out->count == X8_SSH_WORDS)
            return -1;
        out->words[out->count++] = to;
        if (take_word(&at, &to) != 0)
            return -1;
    }
    return 1;
}

/* --- patterns --- */

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int is_same(char a, char b, int ignores_case)
{
    return ignores_case ? small(a) == small(b) : a == b;
}

/* After a mismatch the last star takes one more: no other has to be tried again. */
int x8_ssh_pattern_fits(const char *pattern, const char *text, int ignores_case)
{
    const char *star = NULL, *from = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (*pattern && (*pattern == '?' || is_same(*pattern, *text, ignores_case))) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++from;
        } else {
            return 0;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

int x8_ssh_list_fits(const char *list, const char *text, int ignores_case)
{
    int fits = 0;

    while (*list) {
        char part[X8_SSH_LINE];
        size_t len = strcspn(list, ",");
        int is_not = *list == '!';

        snprintf(part, sizeof part, "%.*s", (int)len - is_not, list + is_not);
        if (x8_ssh_pattern_fits(part, text, ignores_case)) {
            if (is_not)
                return -1;
            fits = 1;
        }
        list += len + (list[len] == ',');
    }
    return fits;
}

/* --- tokens --- */

int x8_ssh_is_host(const char *text)
{
    static const char fine[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:%_-";

    return *text && *text != '-' && text[strspn(text, fine)] == '\0';
}

static const char *home_of(const struct x8_ssh_tokens *tokens, char *room, size_t cap)
{
    char *slash;

    x8_copy(room, cap, tokens->folder ? tokens->folder : "");
    slash = strrchr(room, '/');
    if (slash)
        *slash = '\0';
    return room;
}

static const char *local_user(char *room, size_t cap)
{
    struct passwd entry, *found = NULL;

    if (getpwuid_r(getuid(), &entry, room, cap, &found) != 0 || !found)
        return NULL;
    return found->pw_name;
}

/* What `%token` stands for, or NULL. */
static const char *meaning(char token, const struct x8_ssh_tokens *tokens, char *room, size_t cap)
{
    switch (token) {
    case '%':
        return "%";
    case 'h':
        return tokens->host;
    case 'n':
        return tokens->original;
    case 'r':
        return tokens->user;
    case 'p':
        snprintf(room, cap, "%u", (unsigned)tokens->port);
        return room;
    case 'i':
        snprintf(room, cap, "%lu", (unsigned long)getuid());
        return room;
    case 'd':
        return home_of(tokens, room, cap);
    case 'u':
        return local_user(room, cap);
    default:
        return NULL;
    }
}

/* What goes into a line for the shell comes from the network, too: the name that a board announces.
 */
static int is_plain(char token, const char *text)
{
    if (token == 'h' || token == 'n')
        return x8_ssh_is_host(text);
    return token != 'r' || (text[0] != '-' && !strpbrk(text, " \t\r\n'\"`$\\;&<>|(){}*?[]#!~"));
}

/* A command may hold a password: only names of files are quoted. */
static int cannot_expand(char token, const char *file, struct x8_error *err)
{
    char clean[160] = "a command or a name";

    if (file)
        x8_clean(clean, sizeof clean, file, strlen(file));
    x8_fail(err, X8_E_USAGE, "%%%c in %s of the ssh configuration cannot be replaced",
            token >= ' ' && token < 127 ? token : '?', clean);
    x8_error_why(err,
                 "%%h %%n %%p %%r %%d %%u %%i and %%%% are known here, and into a command goes "
                 "only what a shell takes for a plain word");
    x8_error_next(err, "write in the configuration what it stands for");
    return -(int)X8_E_USAGE;
}

static int too_long(struct x8_error *err)
{
    x8_fail(err, X8_E_USAGE, "a line of the ssh configuration is too long");
    x8_error_why(err, "with what its %%-tokens stand for it is longer than this program takes");
    x8_error_next(err, "put a long command into a script, and name that");
    return -(int)X8_E_USAGE;
}

int x8_ssh_config_expand(const char *text, const struct x8_ssh_tokens *tokens, int is_file,
                         char *out, size_t cap, struct x8_error *err)
{
    const char *whole = text, *value;
    char room[2048];
    size_t len = 0;

    out[0] = '\0';
    if (is_file && x8_starts(text, "~/")) {
        x8_copy(out, cap, home_of(tokens, room, sizeof room));
        len = strlen(out);
        text++;
    }
    for (; *text; text++) {
        const char one[] = {*text, '\0'};

        value = one;
        if (*text == '%') {
            value = text[1] ? meaning(*++text, tokens, room, sizeof room) : NULL;
            if (!value || (!is_file && !is_plain(*text, value)))
                return cannot_expand(*text, is_file ? whole : NULL, err);
        }
        if (strlen(value) >= cap - len)
            return too_long(err);
        memcpy(out + len, value, strlen(value) + 1);
        len += strlen(value);
    }
    return 0;
}
