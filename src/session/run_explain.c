/*
 * What programs on the board say when they fail, turned into a cause and a next step.
 */
#include "session/run.h"
#include "util/text.h"

#include <string.h>

/* Looked for in stderr from the first row to the last. The strings are those of strerror, sudo,
 * systemd and the docker client. */
static const struct saying {
    const char *text;
    enum x8_code code;
    const char *next;
} sayings[] = {
    {"No space left on device", X8_E_BOARD_SPACE, "see what is full:  x8ctl exec -- df -h"},
    {"Disk quota exceeded", X8_E_BOARD_SPACE, "see what is full:  x8ctl exec -- df -h"},
    {"Read-only file system", X8_E_REFUSED,
     "the system image cannot be changed: use /etc, /var or the home folder"},
    {"Account or password is expired", X8_E_AUTH, "set a new password:  x8ctl setup"},
    {"incorrect password attempt", X8_E_AUTH, "give the right one with --password-file FILE"},
    {"Sorry, try again", X8_E_AUTH, "give the right one with --password-file FILE"},
    {"a password is required", X8_E_AUTH, "give it with --password-file FILE"},
    {"no password was provided", X8_E_AUTH, "give it with --password-file FILE"},
    {"is not in the sudoers file", X8_E_AUTH, "use a user of the board who may run sudo"},
    {"Docker daemon socket", X8_E_REFUSED, "do it as root: add --root"},
    {"Interactive authentication required", X8_E_REFUSED, "do it as root: add --root"},
    {"Not authorized", X8_E_REFUSED, "do it as root: add --root"},
    {"Access denied", X8_E_REFUSED, "do it as root: add --root"},
    {"Permission denied", X8_E_REFUSED, "do it as root (--root), or use a folder of the user"},
    {"Operation not permitted", X8_E_REFUSED, "do it as root: add --root"},
    {"File name too long", X8_E_REFUSED, "choose shorter names: 255 bytes at most"},
    {"Exec format error", X8_E_REFUSED,
     "the program is for another processor: the board needs arm64"},
    {"command not found", X8_E_REFUSED, "this image does not have the program"},
};

/* The line of `text` that holds `at`, cleaned. */
static void line_at(char *out, size_t cap, const char *text, const char *at)
{
    const char *begin = at;

    while (begin > text && begin[-1] != '\n')
        begin--;
    x8_clean(out, cap, begin, strcspn(begin, "\r\n"));
}

/* The last line that says anything, or "". */
static void last_line(char *out, size_t cap, const char *text)
{
    size_t len = strlen(text);

    while (len > 0 && strchr("\r\n \t", text[len - 1]))
        len--;
    out[0] = '\0';
    if (len > 0)
        line_at(out, cap, text, text + len - 1);
}

static int fail_silent(int status, struct x8_error *err)
{
    if (status > 128 && status < 128 + 65)
        x8_error_why(err, "it was killed by signal %d", status - 128);
    else if (status == 127)
        x8_error_why(err, "this image does not have the program");
    else
        x8_error_why(err, "the board gives no reason");
    return -X8_E_REFUSED;
}

int x8_run_explain(const char *what, int status, const char *errors, struct x8_error *err)
{
    char line[400];

    for (size_t i = 0; i < X8_COUNT(sayings); i++) {
        const struct saying *row = &sayings[i];
        const char *at = strstr(errors, row->text);

        if (!at)
            continue;
        x8_fail(err, row->code, "%s: the board refused (status %d)", what, status);
        line_at(line, sizeof line, errors, at);
        x8_error_why(err, "%s", line);
        x8_error_next(err, "%s", row->next);
        return -(int)row->code;
    }
    x8_fail(err, X8_E_REFUSED, "%s: the board refused (status %d)", what, status);
    last_line(line, sizeof line, errors);
    if (!line[0])
        return fail_silent(status, err);
    x8_error_why(err, "%s", line);
    return -X8_E_REFUSED;
}
