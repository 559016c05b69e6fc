/*
 * The board's name, and keys for its ssh.
 */
#include "session/account.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 63, RUN_MS = 30000 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"
#define BASE64  LETTERS DIGITS "+/="

/* --- host name --- */

int x8_host_name_check(const char *name, struct x8_error *err)
{
    size_t len = strlen(name);
    const char *why = NULL;
    char clean[80];

    if (len == 0 || len > NAME_MAX_LEN)
        why = "it has to have 1 to 63 characters";
    else if (strspn(name, LETTERS DIGITS "-") != len)
        why = "letters, digits and hyphens are allowed, nothing else: no dots, no spaces";
    else if (name[0] == '-' || name[len - 1] == '-')
        why = "it may not begin or end with a hyphen";
    else if (strspn(name, DIGITS) == len)
        why = "digits alone would read as an address";
    else if (x8_casecmp(name, "localhost") == 0) /* Source: RFC 6761, 6.3 */
        why = "every computer calls itself by that name";
    if (!why)
        return 0;
    x8_clean(clean, sizeof clean, name, len);
    x8_fail(err, X8_E_USAGE, "'%s' cannot be the name of a board on the network", clean);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "x8ctl setup --name bench-1");
    return -(int)X8_E_USAGE;
}

int x8_host_name_get(struct x8_session *session, const struct x8_op *op, char *out, size_t cap,
                     struct x8_error *err)
{
    X8_AUTO_BUF said = {0};
    int rc = x8_run_ok(session, op, "reading the host name",
                       "cat /etc/hostname 2>/dev/null || hostname", RUN_MS, &said, err);
    const char *text = x8_buf_text(&said);

    if (rc == 0)
        x8_clean(out, cap, text, strcspn(text, "\r\n"));
    return rc;
}

/* avahi reads the name when it starts. */
static int write_name(struct x8_session *session, const struct x8_op *op,
                      const struct x8_root *root, const char *name, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_buf_addf(&text, "hostnamectl set-hostname ");

    if (rc == 0)
        rc = x8_quote(&text, name);
    if (rc == 0)
        rc = x8_buf_addf(&text,
                         " && { systemctl try-restart avahi-daemon.service 2>/dev/null; :; }");
    if (rc < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return x8_run_as_ok(session, op, root, "setting the host name", x8_buf_text(&text), RUN_MS,
                        NULL, err);
}

int x8_host_name_set(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                     const char *name, struct x8_error *err)
{
    char now[80];
    int rc = x8_host_name_check(name, err);

    if (rc == 0)
        rc = x8_host_name_get(session, op, now, sizeof now, err);
    if (rc < 0 || strcmp(now, name) == 0)
        return rc;
    rc = write_name(session, op, root, name, err);
    if (rc == 0)
        rc = x8_host_name_get(session, op, now, sizeof now, err);
    if (rc < 0)
        return rc;
    if (strcmp(now, name) == 0)
        return 1;
    x8_fail(err, X8_E_VERIFY, "the board has not taken the host name %s", name);
    x8_error_why(err, "it is called %s", now);
    x8_error_next(err, "x8ctl shell --root -c 'hostnamectl set-hostname %s'    shows more", name);
    return -(int)X8_E_VERIFY;
}

/* --- ssh key --- */

static int bad_key(const char *why, const char *next, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "this is no public key for ssh");
    x8_error_why(err, "%s", why);
    x8_error_next(err, "%s", next);
    return -(int)X8_E_BAD_IMAGE;
}

/* "TYPE BASE64[ COMMENT]". Options in front of a type ("command=...") are a matter for people. */
static int is_key_line(const char *line, size_t len)
{
    static const char *const types[] = {"ssh-ed25519 ",
                                        "ssh-rsa ",
                                        "ecdsa-sha2-nistp256 ",
                                        "ecdsa-sha2-nistp384 ",
                                        "ecdsa-sha2-nistp521 ",
                                        "sk-ssh-ed25519@openssh.com ",
                                        "sk-ecdsa-sha2-nistp256@openssh.com "};

    for (size_t i = 0; i < X8_COUNT(types); i++) {
        size_t type = strlen(types[i]), body = 0;

        if (len <= type || memcmp(line, types[i], type) != 0)
            continue;
        while (type + body < len && line[type + body] != ' ')
            body++;
        for (size_t k = 0; k < body; k++)
            if (!strchr(BASE64, line[type + k]) || !line[type + k])
                return 0;
        return body >= 16;
    }
    return 0;
}

static int holds(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= len; i++)
        if (memcmp(text + i, word, n) == 0)
            return 1;
    return 0;
}

int x8_ssh_key_parse(const char *text, size_t len, char *out, size_t cap, struct x8_error *err)
{
    const char *found = NULL;
    size_t found_len = 0;

    if (holds(text, len, "PRIVATE KEY"))
        return bad_key("it is a private key: that one stays where it is, and no board gets it",
                       "give the file beside it whose name ends in .pub", err);
    for (size_t at = 0; at < len;) {
        size_t n = 0;

        while (at + n < len && text[at + n] != '\n')
            n++;
        if (n > 0 && text[at] != '#' && !(n == 1 && text[at] == '\r')) {
            if (found)
                return bad_key("it holds more than one line with a key", "give one key at a time",
                               err);
            found = text + at;
            found_len = n;
        }
        at += n + 1;
    }
    while (found_len && strchr("\r \t", found[found_len - 1]))
        found_len--;
    if (!found || !is_key_line(found, found_len))
        return bad_key("it does not read \"ssh-ed25519 AAAA... comment\" or the like",
                       "ssh-keygen -t ed25519    makes one; give it the file that ends in .pub",
                       err);
    if (found_len >= cap)
        return bad_key("it is longer than any key", "give it the file that ends in .pub", err);
    x8_clean(out, cap, found, found_len);
    return 0;
}

/* The key is the second word; whoever made it may have commented it otherwise. */
#define LOOK                                                                                       \
    "IFS= read -r k; set -f; set -- $k; f=.ssh/authorized_keys; cd || exit\n"                      \
    "if [ -r $f ] && grep -qF -- \" $2\" $f; then echo there; "

/* dropbear wants the home folder, the folder and the file closed to others. */
#define ADD                                                                                        \
    "else umask 077; mkdir -p .ssh && "                                                            \
    "{ [ ! -s $f ] || [ -z \"$(tail -c 1 $f)\" ] || echo >>$f; } && printf '%s\\n' \"$k\" >>$f "   \
    "&& "                                                                                          \
    "echo added; fi || exit; chmod go-w . && chmod 0700 .ssh && chmod 0600 $f"

static int with_key(struct x8_session *session, const struct x8_op *op, const char *line,
                    const char *text, const char *word, struct x8_error *err)
{
    X8_AUTO_BUF input = {0};
    X8_AUTO_BUF said = {0};
    X8_AUTO_RAN ran = {0};
    int rc;

    if (x8_buf_addf(&input, "%s\n", line) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = x8_run_input(session, op, text, input.data, input.len, RUN_MS, &ran, err);
    if (rc == 0)
        rc = x8_run_result("the board's authorized_keys", &ran, &said, err);
    return rc < 0 ? rc : x8_starts(x8_buf_text(&said), word);
}

int x8_ssh_key_is_there(struct x8_session *session, const struct x8_op *op, const char *line,
                        struct x8_error *err)
{
    return with_key(session, op, line, LOOK "fi", "there", err);
}

int x8_ssh_key_add(struct x8_session *session, const struct x8_op *op, const char *line,
                   struct x8_error *err)
{
    return with_key(session, op, line, LOOK ADD, "added", err);
}
