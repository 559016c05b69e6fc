/*
 * The password of the session's user: sudo tells how it stands, passwd changes it. Both ask on
 * stderr and read lines from stdin, where there is no terminal.
 */
#include "session/account.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

enum { ASK_MS = 20000, INPUT_MAX = 3 * (X8_SECRET_LEN + 1) };

int x8_account_look(struct x8_session *session, const struct x8_op *op, enum x8_account_state *out,
                    struct x8_error *err)
{
    struct x8_root root = {0};
    struct x8_error failed;
    int rc = x8_root_probe(session, op, NULL, &root, &failed);

    /* A password is needed: the usual case, and no error here. Without sudo there is nothing to
     * ask. */
    if (rc == -(int)X8_E_AUTH) {
        *out = X8_ACCOUNT_ASKS;
        return 0;
    }
    if (rc < 0) {
        *err = failed;
        return rc;
    }
    *out = root.way == X8_ROOT_EMPTY ? X8_ACCOUNT_EMPTY : X8_ACCOUNT_FREE;
    return 0;
}

/* Lines for stdin. */
struct lines {
    char text[INPUT_MAX];
    size_t len;
};

static void wipe_lines(struct lines *lines)
{
    x8_wipe(lines, sizeof *lines);
}

static int add_line(struct lines *lines, const struct x8_secret *secret, struct x8_error *err)
{
    size_t len = strnlen(secret->text, sizeof secret->text - 1);

    if (memchr(secret->text, '\n', len) || memchr(secret->text, '\r', len))
        return x8_fail(err, X8_E_USAGE, "the password has a line end in it");
    memcpy(lines->text + lines->len, secret->text, len);
    lines->len += len;
    lines->text[lines->len++] = '\n';
    return 0;
}

static int no_sudo(const char *said, struct x8_error *err)
{
    char line[200];

    x8_fail(err, X8_E_REFUSED, "the board's sudo did not answer as it should");
    x8_clean(line, sizeof line, said, strcspn(said, "\r\n"));
    x8_error_why(err, "%s", line[0] ? line : "it gives no reason");
    return -(int)X8_E_REFUSED;
}

int x8_account_try(struct x8_session *session, const struct x8_op *op,
                   const struct x8_secret *password, enum x8_account_answer *out,
                   struct x8_error *err)
{
    X8_CLEANUP(wipe_lines) struct lines lines = {.len = 0};
    X8_AUTO_RAN ran = {0};
    const char *said;
    int rc = add_line(&lines, password, err);

    if (rc == 0)
        rc = x8_run_input(session, op, "LC_ALL=C sudo -k -S -p '' true", lines.text, lines.len,
                          ASK_MS, &ran, err);
    if (rc < 0)
        return rc;
    said = x8_buf_text(&ran.errors);
    if (ran.status == 0)
        *out = X8_ACCOUNT_RIGHT;
    else if (strstr(said, "expired"))
        *out = X8_ACCOUNT_EXPIRED;
    else if (strstr(said, "try again") || strstr(said, "incorrect password") ||
             strstr(said, "no password was provided"))
        *out = X8_ACCOUNT_WRONG;
    else if (strstr(said, "sudoers") || strstr(said, "may not run"))
        *out = X8_ACCOUNT_RIGHT; /* sudo looks at the password first */
    else
        return no_sudo(said, err);
    return 0;
}

/* --- passwd --- */

static int is_question(const char *line, size_t len)
{
    static const char *const ends[] = {"assword:", "assword: ", "UNIX) password: "};

    for (size_t i = 0; i < X8_COUNT(ends); i++)
        if (len >= strlen(ends[i]) &&
            memcmp(line + len - strlen(ends[i]), ends[i], strlen(ends[i])) == 0)
            return 1;
    return 0;
}

/* What is left of a line when the questions in front of it, which end without a line end where
 * nobody types one, are taken away. */
static void after_questions(const char **line, size_t *len)
{
    for (size_t i = *len; i > 0; i--) {
        if (!is_question(*line, i))
            continue;
        while (i < *len && (*line)[i] == ' ')
            i++;
        *line += i;
        *len -= i;
        return;
    }
}

static int is_of_no_use(const char *line, size_t len)
{
    static const char *const words[] = {"Changing password", "passwd: ", "Password change has been",
                                        "No password has been", "Sorry, passwords"};

    for (size_t i = 0; i < X8_COUNT(words); i++)
        if (len >= strlen(words[i]) && memcmp(line, words[i], strlen(words[i])) == 0)
            return 1;
    return len == 0;
}

/* Why the new one is not good enough, as the board says it: the first line that is no question. */
static void reason_of(const char *said, char *out, size_t cap)
{
    x8_copy(out, cap, "it gives no reason");
    while (*said) {
        size_t whole = strcspn(said, "\r\n"), len = whole;
        const char *line = said;

        after_questions(&line, &len);
        if (!is_of_no_use(line, len)) {
            x8_clean(out, cap, line, len);
            return;
        }
        said += whole;
        said += strspn(said, "\r\n");
    }
}

static int explain(const struct x8_ran *ran, int has_old, struct x8_error *err)
{
    const char *said = x8_buf_text(&ran->out);
    char reason[300];

    if (ran->status == 127)
        return x8_run_explain("passwd", ran->status, said, err);
    reason_of(said, reason, sizeof reason);
    if (has_old && !strstr(said, "New password") && !strstr(said, "new password") &&
        !strstr(said, "new UNIX password")) {
        x8_fail(err, X8_E_AUTH, "the board did not accept the old password");
        x8_error_why(err, "passwd on the board asked for it and ended without asking for the new "
                          "one");
        x8_error_next(err, "run it again with the right one:  x8ctl setup --password-file FILE");
        return -(int)X8_E_AUTH;
    }
    x8_fail(err, X8_E_REFUSED, "the board did not accept the new password");
    x8_error_why(err, "%s", reason);
    x8_error_next(err, "choose another one, and run it again");
    return -(int)X8_E_REFUSED;
}

/* Root is not asked for the old one. */
static const char *passwd_of(enum x8_account_state state)
{
    return state == X8_ACCOUNT_FREE
               ? "export LC_ALL=C; { if [ $EUID = 0 ]; then passwd; else sudo -n passwd "
                 "\"$(id -un)\"; fi; } 2>&1"
               : "LC_ALL=C passwd 2>&1";
}

int x8_account_change(struct x8_session *session, const struct x8_op *op,
                      enum x8_account_state state, const struct x8_secret *old,
                      const struct x8_secret *new_one, struct x8_error *err)
{
    X8_CLEANUP(wipe_lines) struct lines lines = {.len = 0};
    X8_AUTO_RAN ran = {0};
    int rc = old ? add_line(&lines, old, err) : 0;

    if (rc == 0)
        rc = add_line(&lines, new_one, err);
    if (rc == 0)
        rc = add_line(&lines, new_one, err);
    if (rc == 0) /* one stream: the order of questions and words matters */
        rc = x8_run_input(session, op, passwd_of(state), lines.text, lines.len, ASK_MS, &ran, err);
    if (rc == -(int)X8_E_GONE)
        x8_error_prefix(err, "while the password was changed");
    if (rc < 0)
        return rc;
    return ran.status == 0 ? 0 : explain(&ran, old != NULL, err);
}
