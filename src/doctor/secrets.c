/*
 * Secrets in a text, by their form: what is assigned to a name like "password", what stands in a
 * URL between "://" and "@", private keys. Too much is hidden rather than too little.
 */
#include "doctor/secrets.h"

#include "util/json.h"
#include "util/text.h"

#include <string.h>

static const char hidden[] = "(hidden)";

struct pass {
    const char *text;
    size_t at, len;
    int is_document;       /* all of it is JSON */
    int is_json, is_nmcli; /* the line */
    struct x8_buf *out;
    int failed;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int is_one_of(char c, const char *set)
{
    return c && strchr(set, c) != NULL;
}

static int is_blank(char c)
{
    return is_one_of(c, " \t");
}

static int is_name(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

/* The text from here has this word, in any case. */
static int has_here(const struct pass *pass, size_t at, const char *word)
{
    size_t len = strlen(word);

    if (len > pass->len - at)
        return 0;
    for (size_t i = 0; i < len; i++)
        if (lower(pass->text[at + i]) != word[i])
            return 0;
    return 1;
}

static void copy(struct pass *pass, size_t to)
{
    if (to > pass->at)
        pass->failed |= x8_buf_add(pass->out, pass->text + pass->at, to - pass->at) < 0;
    pass->at = to;
}

static void hide(struct pass *pass, size_t from, size_t to, const char *words)
{
    if (to <= from)
        return;
    copy(pass, from);
    pass->failed |= x8_buf_add(pass->out, words, strlen(words)) < 0;
    pass->at = to;
}

/* Lines of JSON: one object each, or pieces of a document. "[12.3]" in front of a message is none.
 */
static int begins_json(const struct pass *pass, size_t at)
{
    if (pass->is_document)
        return 1;
    if (at < pass->len && pass->text[at] == '[')
        return at + 1 == pass->len || is_one_of(pass->text[at + 1], "\n{[\"");
    return at < pass->len && is_one_of(pass->text[at], "{\"}]");
}

/* A new line: in one of JSON a value ends where its text ends, and "\n" is two characters. */
static void look_at_line(struct pass *pass)
{
    size_t i = pass->at;

    while (i < pass->len && is_blank(pass->text[i]))
        i++;
    pass->is_json = begins_json(pass, i);
    pass->is_nmcli = 0;
    for (; i < pass->len && pass->text[i] != '\n' && !pass->is_nmcli; i++)
        pass->is_nmcli = has_here(pass, i, "nmcli");
}

/* --- names and their values --- */

static int ends_with(const struct pass *pass, size_t from, size_t to, const char *word)
{
    size_t len = strlen(word);

    return to - from >= len && has_here(pass, to - len, word);
}

static int is_secret_name(const struct pass *pass, size_t from, size_t to)
{
    static const char *const words[] = {"password",   "passwd",      "passphrase",    "psk",
                                        "token",      "secret",      "authorization", "cookie",
                                        "api_key",    "api-key",     "apikey",        "wep_key",
                                        "wep-key",    "private_key", "access_key",    "pass_key",
                                        "credential", "credentials", "passcode"};

    while (to > from && pass->text[to - 1] >= '0' && pass->text[to - 1] <= '9')
        to--; /* wep-key0 */
    for (size_t i = 0; i < X8_COUNT(words); i++)
        if (ends_with(pass, from, to, words[i]))
            return 1;
    return 0;
}

/* Behind an opening quote: to the one that ends it, or to the end of the line. `is_escaped`: quotes
 * have a backslash, as they stand in a text of JSON, which may end first. */
static size_t quoted_end(const struct pass *pass, size_t at, char quote, int is_escaped)
{
    const char *text = pass->text;

    for (; at < pass->len && text[at] != '\n' && text[at] != quote; at++) {
        int is_pair = text[at] == '\\' && at + 1 < pass->len && text[at + 1] != '\n';

        if (is_pair && is_escaped && text[at + 1] == quote)
            return at;
        if (is_pair && is_escaped && text[at + 1] == '\\' && at + 3 < pass->len &&
            text[at + 2] == '\\')
            at += 2;
        if (pass->is_json && text[at] == '"')
            return at;
        at += (size_t)is_pair;
    }
    return at < pass->len ? at : pass->len;
}

/* Without quotes: the word, or the rest of the line. */
static size_t plain_end(const struct pass *pass, size_t at, int is_word)
{
    for (; at < pass->len && !is_one_of(pass->text[at], "\r\n"); at++) {
        if (is_word && is_blank(pass->text[at]))
            break;
        if (!pass->is_json)
            continue;
        if (pass->text[at] == '"')
            break;
        if (pass->text[at] == '\\' && at + 1 < pass->len) {
            if (is_one_of(pass->text[at + 1], "nrt"))
                break;
            at++;
        }
    }
    return at < pass->len ? at : pass->len;
}

/* A value that is no text: {"token": 12}. */
static void hide_bare(struct pass *pass, size_t at)
{
    size_t end = at;

    while (end < pass->len && (is_name(pass->text[end]) || pass->text[end] == '+'))
        end++;
    if (!has_here(pass, at, "true") && !has_here(pass, at, "false") && !has_here(pass, at, "null"))
        hide(pass, at, end, "\"(hidden)\"");
}

static void hide_value(struct pass *pass, size_t at, int is_word)
{
    size_t mark = at + (at + 1 < pass->len && pass->text[at] == '\\');

    if (is_one_of(pass->text[mark], "\"'"))
        hide(pass, mark + 1, quoted_end(pass, mark + 1, pass->text[mark], mark > at), hidden);
    else
        hide(pass, at, plain_end(pass, at, is_word), hidden);
}

/* Behind a name: the quote that ends it, and what separates it from its value. */
struct joint {
    size_t value;
    char quote, separator; /* 0: none */
    int is_key;            /* a name of JSON */
};

static struct joint joint_at(const struct pass *pass, size_t from, size_t at)
{
    const char *blanks = pass->is_json ? " \t\r\n:=" : " \t:=", *text = pass->text;
    struct joint joint = {0};
    size_t to = at, mark = at + (at + 1 < pass->len && text[at] == '\\');

    if (mark < pass->len && is_one_of(text[mark], "\"'")) {
        joint.quote = text[mark];
        joint.is_key = pass->is_json && mark == at && text[at] == '"';
        at = mark + 1;
    }
    for (; at < pass->len && is_one_of(text[at], blanks); at++)
        if (!is_blank(text[at]) && is_one_of(text[at], ":="))
            joint.separator = text[at];
    joint.value = at;
    /* nmcli device wifi connect NAME password WORD; --psk WORD; passphrase "..." */
    if (at < pass->len && !joint.separator && !joint.quote && is_blank(text[to]) &&
        (pass->is_nmcli || is_one_of(text[at], "\"'\\") || has_here(pass, from, "--")) &&
        text[at] != '-')
        joint.separator = ' ';
    return joint;
}

/* A name is from..to: 1 when what is behind it was hidden. */
static int hide_assigned(struct pass *pass, size_t from, size_t to)
{
    size_t before = pass->at;
    struct joint joint;
    int is_word;

    if (!is_secret_name(pass, from, to))
        return 0;
    joint = joint_at(pass, from, to);
    if (!joint.separator || joint.value == pass->len)
        return 0;
    if (pass->is_json && !joint.is_key && pass->text[joint.value] == '"')
        return 0; /* the text ends, and has no value */
    is_word = joint.separator == ' ' ||
              (joint.separator == '=' && !is_blank(pass->text[joint.value - 1]));
    if (joint.is_key && pass->text[joint.value] != '"')
        hide_bare(pass, joint.value);
    else
        hide_value(pass, joint.value, is_word);
    return pass->at > before;
}

/* --- URLs --- */

/* At "://": user:password@ behind it; without a user's name it may be a token. */
static int hide_in_url(struct pass *pass, size_t from)
{
    size_t end = from, at_sign = 0, colon = 0;

    for (; end < pass->len && (unsigned char)pass->text[end] > ' '; end++) {
        if (is_one_of(pass->text[end], "/?#\"'<>\\"))
            break;
        if (pass->text[end] == '@')
            at_sign = end;
        else if (pass->text[end] == ':' && !colon)
            colon = end;
    }
    if (!at_sign)
        return 0;
    if (colon && colon < at_sign)
        hide(pass, colon + 1, at_sign, hidden);
    else if (from >= 7 && (has_here(pass, from - 7, "http://") ||
                           (from >= 8 && has_here(pass, from - 8, "https://"))))
        hide(pass, from, at_sign, hidden);
    else
        return 0;
    return 1;
}

/* http_proxy=user:password@host:3128 */
static int hide_in_proxy(struct pass *pass, size_t from, size_t to)
{
    if (!ends_with(pass, from, to, "proxy"))
        return 0;
    while (to < pass->len && is_one_of(pass->text[to], " :=\"'\\"))
        to++;
    return hide_in_url(pass, to);
}

static int begins_word(const struct pass *pass)
{
    char before = pass->at ? pass->text[pass->at - 1] : ' ';

    return (unsigned char)before <= ' ' || before == '"' || (pass->is_json && before == '\\');
}

/* user:password@ without a scheme, or behind one that is mistyped. */
static int hide_login(struct pass *pass)
{
    const char *text = pass->text + pass->at, *colon;
    size_t len = 0, from = 0, login;

    if (!begins_word(pass))
        return 0;
    while (pass->at + len < pass->len && (unsigned char)text[len] > ' ' && text[len] != '"' &&
           !(pass->is_json && text[len] == '\\'))
        len++;
    login = x8_login_find(text, len, &from);
    if (!login)
        return 0;
    colon = memchr(text + from, ':', login);
    len = pass->at + from;
    hide(pass, colon ? (size_t)(colon - pass->text) + 1 : len, len + login - 1, hidden);
    return 1;
}

/* -----BEGIN OPENSSH PRIVATE KEY----- and what follows, to its end or that of the text. */
static int hide_key(struct pass *pass)
{
    size_t end = pass->at + 11;

    if (!has_here(pass, pass->at, "-----begin "))
        return 0;
    while (end < pass->len && (is_name(pass->text[end]) || pass->text[end] == ' '))
        end++;
    if (end < pass->at + 20 || !ends_with(pass, pass->at, end, "private key-----"))
        return 0;
    copy(pass, end);
    while (end < pass->len && !has_here(pass, end, "-----end ") &&
           !(pass->is_json && pass->text[end] == '"'))
        end += pass->is_json && pass->text[end] == '\\' && end + 1 < pass->len ? 2 : 1;
    hide(pass, pass->at, end, hidden);
    return 1;
}

static void step(struct pass *pass)
{
    size_t end = pass->at;

    if (pass->at == 0 || pass->text[pass->at - 1] == '\n')
        look_at_line(pass);
    if (hide_key(pass))
        return;
    if (has_here(pass, pass->at, "://")) {
        copy(pass, pass->at + 3);
        (void)hide_in_url(pass, pass->at);
        return;
    }
    while (end < pass->len && is_name(pass->text[end]))
        end++;
    if (end == pass->at)
        end++;
    else if (hide_assigned(pass, pass->at, end) || hide_in_proxy(pass, pass->at, end))
        return;
    if (hide_login(pass))
        return;
    copy(pass, end);
}

int x8_hide_secrets(struct x8_span text, struct x8_buf *out)
{
    struct pass pass = {.text = (const char *)text.data, .len = text.len, .out = out};
    struct x8_json *json = NULL;

    pass.is_document = x8_json_parse(pass.text, text.len, &json, NULL) == 0;
    x8_json_free(&json);
    while (pass.at < pass.len && !pass.failed)
        step(&pass);
    return pass.failed ? -1 : 0;
}
