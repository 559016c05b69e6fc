/*
 * Users and passwords in addresses, as nobody else is to see them.
 *
 * Source: RFC 3986, 3.2 (authority). A password with a '/', '?' or '#' in it makes an address that
 * means something else; whoever typed it meant a password all the same.
 */
#include "util/text.h"

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

void x8_hide_logins(char *text)
{
    char *at = text;

    while ((at = strstr(at, "://"))) {
        size_t login, stars;

        at += 3;
        login = x8_login_len(at, strcspn(at, " \t\r\n"));
        if (!login || (login == strlen(OURS) && strncmp(at, OURS, login) == 0))
            continue;
        stars = login > 4 ? 3 : login - 1;
        memset(at, '*', stars);
        memmove(at + stars, at + login - 1, strlen(at + login - 1) + 1);
    }
}
