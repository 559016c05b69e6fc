/*
 * From the connection to a server that greeted and agreed on keys, with limits for each step.
 */
#include "net/ssh_parts.h"

#include "util/text.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

enum {
    /* The board starts its server at the first knock, and makes its keys at the first start. */
    BANNER_MS = 20000,
    SAY_MS = 1900, /* of silence, before and between words about it */
    WORDS_MAX = 65536,
    KEYS_MS = 20000,
};

static int no_greeting(const struct x8_ssh *ssh, int64_t waited_ms, struct x8_error *err)
{
    if (ssh->proxy)
        return x8_ssh_proxy_is_mute(ssh, waited_ms, err);
    x8_fail(err, X8_E_TIMEOUT, "the ssh server of %s does not greet", ssh->host);
    x8_error_why(err,
                 "the connection stands, but %s for %.3g s: the board is overloaded, or still "
                 "makes its first keys",
                 ssh->heard.in_bytes ? "no greeting came" : "nothing came",
                 (double)waited_ms / 1000);
    x8_error_next(err, "try again in a minute");
    return -X8_E_TIMEOUT;
}

static int no_agreement(struct x8_ssh *ssh, struct x8_error *err)
{
    int greeted = ssh_get_serverbanner(ssh->session) != NULL;
    char said[200];

    x8_ssh_said(ssh, said, sizeof said);
    if (ssh->proxy && ((x8_starts(said, "Socket error") && !greeted) || x8_ssh_proxy_ended(ssh)))
        return x8_ssh_proxy_failed(ssh, err);
    if (x8_starts(said, "Socket error")) {
        x8_fail(err, X8_E_GONE, "%s closed the ssh connection at once", ssh->host);
        x8_error_why(err, "its ssh server takes no more connections now, or its key cannot be made "
                          "(a full disk)");
        x8_error_next(err, "try again; if it stays, look at the board over USB:  x8ctl info");
        return -X8_E_GONE;
    }
    x8_fail(err, X8_E_LINK,
            greeted ? "no way of ssh is common to this computer and %s"
                    : "what answers on %s is no ssh server",
            ssh->host);
    x8_error_why(err, "%s", said[0] ? said : "it closed the connection without a word");
    x8_error_next(err, "see whether it is the right address and port:  x8ctl list");
    return -X8_E_LINK;
}

/* Some words may come before the greeting, as RFC 4253 (4.2) allows. */
static int talks_on(const struct x8_ssh *ssh, struct x8_error *err)
{
    if (ssh->heard.in_bytes <= WORDS_MAX)
        return 0;
    x8_fail(err, X8_E_LINK, "what answers on %s is no ssh server", ssh->host);
    x8_error_why(err, "it talks on and on, and does not greet");
    x8_error_next(err, "see whether it is the right address and port:  x8ctl list");
    return -X8_E_LINK;
}

/* As x8_ssh_await, and says what is being waited for. */
static int await_aloud(struct x8_ssh *ssh, const struct x8_op *op, int64_t start, int64_t deadline,
                       struct x8_error *err)
{
    struct x8_error own = {0};
    int64_t end = x8_deadline_min(deadline, op->deadline);
    int rc = x8_ssh_await(ssh, op, x8_deadline_min(end, x8_deadline_in(SAY_MS)), &own);

    if (rc == -X8_E_TIMEOUT && x8_deadline_left(end, 1) > 0) {
        x8_emit(op, X8_EV_WAIT, "%s does not %s for %d s; %d s are left",
                ssh->proxy ? ssh->proxy_at : ssh->host,
                ssh_get_serverbanner(ssh->session) ? "agree on keys" : "greet",
                (int)((x8_now_ms() - start) / 1000), x8_deadline_left(end, INT_MAX) / 1000);
        return 0;
    }
    if (rc < 0 && err)
        *err = own;
    return rc;
}

int x8_ssh_greet(struct x8_ssh *ssh, const struct x8_op *op, struct x8_error *err)
{
    int64_t start = x8_now_ms(), keys = 0;
    int64_t greeting = x8_deadline_in(ssh->proxy_ms ? ssh->proxy_ms : BANNER_MS);
    const char *banner;
    int rc;

    while ((rc = ssh_connect(ssh->session)) == SSH_AGAIN) {
        int greeted = ssh_get_serverbanner(ssh->session) != NULL;

        if (greeted && !keys)
            keys = x8_deadline_in(KEYS_MS);
        rc = greeted ? 0 : talks_on(ssh, err);
        if (rc == 0)
            rc = await_aloud(ssh, op, start, greeted ? keys : greeting, err);
        if (rc == -X8_E_TIMEOUT && !greeted)
            return no_greeting(ssh, x8_now_ms() - start, err);
        if (rc != 0)
            return rc;
    }
    if (rc != SSH_OK)
        return no_agreement(ssh, err);
    banner = ssh_get_serverbanner(ssh->session);
    x8_clean(ssh->server, sizeof ssh->server, banner, strlen(banner));
    /* libssh made the socket a blocking one; it writes only where poll() says that there is room.
     */
    fcntl(ssh->fd, F_SETFL, O_NONBLOCK);
    return 0;
}
