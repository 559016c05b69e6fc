/*
 * Finding out how root is had.
 */
#include "session/root.h"

#include <stdio.h>
#include <string.h>

#define PROBE_MS 20000 /* a refused sudo waits two or three seconds before it says so */

/* In the order of what costs least; sudo's own words are kept for the message. -k: what sudo
 * remembers of an earlier password may be forgotten before the command runs. */
static const char probe[] = "export LC_ALL=C;"
                            "if [ $EUID = 0 ];then echo root;"
                            "elif sudo -k -n true 2>/dev/null;then echo free;"
                            "elif sudo -k -S -p '' true </dev/null;then echo empty;"
                            "else echo asks;fi";

static const struct {
    const char *word;
    enum x8_root_way way;
} ways[] = {
    {"root\n", X8_ROOT_IS_ROOT},
    {"free\n", X8_ROOT_FREE},
    {"empty\n", X8_ROOT_EMPTY},
    {"asks\n", X8_ROOT_PASSWORD},
};

void x8_secret_wipe(struct x8_secret *secret)
{
    x8_wipe(secret, sizeof *secret);
}

static int needs_password(const char *said, struct x8_error *err)
{
    if (strstr(said, "command not found"))
        x8_error_why(err, "this image has no sudo");
    else if (strstr(said, "is not in the sudoers file") || strstr(said, "may not run sudo"))
        x8_error_why(err, "the board's user may not run sudo");
    else
        x8_error_why(err, "sudo on the board asks for the password of its user, and none was "
                          "given; images up to 861 came with the password \"fio\"");
    return -X8_E_AUTH;
}

/* The password, used once. */
static int try_secret(struct x8_session *session, const struct x8_op *op,
                      const struct x8_root *root, struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    int rc = x8_run_as(session, op, root, "true", PROBE_MS, &ran, err);

    if (rc == 0 && ran.status != 0)
        rc = x8_run_explain("sudo", ran.status, x8_buf_text(&ran.errors), err);
    return rc;
}

static int decide(struct x8_session *session, const struct x8_op *op,
                  const struct x8_secret *secret, const struct x8_ran *ran, struct x8_root *out,
                  struct x8_error *err)
{
    const char *said = x8_buf_text(&ran->errors);
    int rc;

    for (size_t i = 0; i < X8_COUNT(ways); i++)
        if (strcmp(x8_buf_text(&ran->out), ways[i].word) == 0)
            out->way = ways[i].way;
    if (out->way != X8_ROOT_PASSWORD && out->way != X8_ROOT_NONE)
        return 0;
    if (strstr(said, "expired"))
        return x8_run_explain("sudo", ran->status, said, err);
    if (!secret || !secret->given) {
        out->way = X8_ROOT_NONE;
        x8_fail(err, X8_E_AUTH, "root on the board needs a password");
        x8_error_next(err, "give the board user's password:  --password-file FILE");
        return needs_password(said, err);
    }
    out->way = X8_ROOT_PASSWORD;
    out->secret = *secret;
    rc = try_secret(session, op, out, err);
    if (rc != 0) {
        x8_secret_wipe(&out->secret);
        out->way = X8_ROOT_NONE;
    }
    return rc;
}

int x8_root_probe(struct x8_session *session, const struct x8_op *op,
                  const struct x8_secret *secret, struct x8_root *out, struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    struct x8_root found = {0};
    int rc = x8_run(session, op, probe, PROBE_MS, &ran, err);

    if (rc == 0)
        rc = decide(session, op, secret, &ran, &found, err);
    if (rc == 0)
        *out = found;
    x8_secret_wipe(&found.secret);
    return rc;
}

int x8_run_as(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
              const char *text, int timeout_ms, struct x8_ran *out, struct x8_error *err)
{
    struct x8_command command = {.text = text, .input = X8_INPUT_NONE, .ends_at_soft = 1};
    struct x8_channel *channel = NULL;
    int rc = x8_start_as(session, op, root, &command, &channel, err);

    return rc == 0 ? x8_run_channel(channel, op, NULL, 0, timeout_ms, out, err) : rc;
}

int x8_run_as_ok(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                 const char *what, const char *text, int timeout_ms, struct x8_buf *out,
                 struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    int rc = x8_run_as(session, op, root, text, timeout_ms, &ran, err);

    if (rc == 0)
        return x8_run_result(what, &ran, out, err);
    x8_error_prefix(err, "%s", what);
    return rc;
}
