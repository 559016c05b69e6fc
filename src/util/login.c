/*
 * Users and passwords in addresses, as nobody else is to see them.
 *
 * Source: RFC 3986, 3.2 (authority). A password with a '/', '?' or '#' in it makes an address that
 * means something else; whoever typed it meant a password all the same.
 */
#include "util/text.h"

#include "util/attr.h"

#include <ctype.h>
#include <string.h>

/* What a next step says where a login belongs. */
#define OURS "USER:PASSWORD@"

static size_t last_at(const char *text, size_t len)
{
    while (len && text[len - 1] != '@')
        len--;
    return len;
}

/* "host:PORT" whose port is none. */
static int has_wrong_port(const char *text, size_t len)
{
    size_t colon = len;

    while (colon && text[colon - 1] != ':' && text[colon - 1] != ']')
        colon--;
    if (!colon || text[colon - 1] == ']')
        return 0;
    for (size_t i = colon; i < len; i++)
        if (!isdigit((unsigned char)text[i]))
            return 1;
    return colon == len;
}

size_t x8_login_len(const char *text, size_t len)
{
    size_t host = 0, login;

    while (host < len && !strchr("/?#\\", text[host]))
        host++;
    login = last_at(text, host);
    return login || !has_wrong_port(text, host) ? login : last_at(text, len);
}

/* --- without a scheme, or with one that is mistyped --- */

static size_t find(const char *text, size_t len, const char *set)
{
    size_t at = 0;

    while (at < len && (!text[at] || !strchr(set, text[at])))
        at++;
    return at;
}

static int begins(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i < n; i++)
        if (i >= len || tolower((unsigned char)text[i]) != word[i])
            return 0;
    return 1;
}

/* "--to=me:secret@host", "('me:secret@host'", "http//me:secret@host": where the user begins. */
static size_t skip_front(const char *word, size_t len)
{
    size_t start = find(word, len, ":");

    while (start && !strchr("'`(<{[=,/\\", word[start - 1]))
        start--;
    return start;
}

/* "net:HOST" is how a board is meant: its colon is not that of a password. */
static size_t skip_way(const char *word, size_t len)
{
    static const char *const ways[] = {"net:", "adb:", "ssh:", "usb:", "tcp:"};

    for (size_t i = 0; i < X8_COUNT(ways); i++)
        if (begins(word, len, ways[i]))
            return strlen(ways[i]);
    return 0;
}

/* "user:password@", neither "user@" nor "unix:/run/x@", nor an image by its digest. */
static int is_login(const char *text, size_t login, size_t len)
{
    size_t colon = find(text, login, ":");

    if (colon + 2 >= login || strchr("/\\", text[colon + 1]))
        return 0;
    for (size_t i = colon + 1; i + 6 < login; i++)
        if (begins(text + i, login - i, "unix:/"))
            return 0;
    return !begins(text + login, len - login, "sha256:") &&
           !begins(text + login, len - login, "sha512:");
}

size_t x8_login_find(const char *word, size_t len, size_t *from)
{
    size_t start = skip_front(word, len), colon, login;
    int is_web = 0;

    start += skip_way(word + start, len - start);
    colon = start + find(word + start, len - start, ":");
    if (colon + 1 < len && strchr("/\\", word[colon + 1])) { /* a scheme, or a path */
        is_web =
            begins(word + start, len - start, "http") || begins(word + start, len - start, "ftp");
        for (start = colon + 1; start < len && strchr("/\\", word[start]);)
            start++;
    }
    login = x8_login_len(word + start, len - start);
    if (login < 2 || (login == strlen(OURS) && strncmp(word + start, OURS, login) == 0))
        return 0;
    *from = start;
    return is_web || is_login(word + start, login, len - start) ? login : 0;
}

/* --- in a text --- */

/* Stars for a login at `text`; what is behind it then. */
static char *put_stars(char *text, size_t login)
{
    size_t stars = login > 4 ? 3 : login - 1;

    memset(text, '*', stars);
    memmove(text + stars, text + login - 1, strlen(text + login - 1) + 1);
    return text + stars + 1;
}

static void hide_with_scheme(char *text)
{
    char *at = text;

    while ((at = strstr(at, "://"))) {
        size_t login;

        at += 3;
        login = x8_login_len(at, strcspn(at, " \t\r\n"));
        if (login && !(login == strlen(OURS) && strncmp(at, OURS, login) == 0))
            (void)put_stars(at, login);
    }
}

void x8_hide_logins(char *text)
{
    static const char between[] = " \t\r\n\"";
    char *at = text;

    hide_with_scheme(text);
    while (*(at += strspn(at, between))) {
        size_t len = strcspn(at, between), from, login = x8_login_find(at, len, &from);

        at = login ? put_stars(at + from, login) : at + len;
    }
}
