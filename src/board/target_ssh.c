/*
 * The way to a board over ssh.
 */
#include "board/target_parts.h"

#include "session/over_ssh.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* A board is known by the name that it announces: its address is another one tomorrow. */
static void name_key(const struct x8_target *target, char *out, size_t cap)
{
    out[0] = '\0';
    if (target->net_name[0])
        snprintf(out, cap, "%s.local", target->net_name);
}

static int open_with(const struct x8_op *op, const struct x8_ssh_way *base,
                     const struct x8_target *target, struct x8_session **out, struct x8_error *err)
{
    struct x8_ssh_way way = *base;
    struct x8_ssh *ssh = NULL;
    char alias[sizeof target->net_name + 8], place[sizeof target->net_host + 16], via[96];
    int rc;

    name_key(target, alias, sizeof alias);
    way.host = target->net_host;
    way.port = target->net_port;
    way.key_alias = alias[0] ? alias : NULL;
    rc = x8_ssh_open(op, &way, &ssh, err);
    if (rc < 0)
        return rc;
    x8_target_place_on_net(target, place, sizeof place);
    snprintf(via, sizeof via, "ssh %.80s", place);
    return x8_session_over_ssh(ssh, target->label, via, out, err);
}

int x8_target_open_ssh(const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_target *target, struct x8_session **out,
                       struct x8_error *err)
{
    return open_with(op, &reach->net.way, target, out, err);
}

/* --- without questions --- */

static int note_key(void *ctx, const char *host, const char *type, const char *fingerprint)
{
    (void)host;
    (void)type;
    (void)fingerprint;
    *(const char **)ctx = "its ssh key is not known on this computer yet";
    return 0;
}

static int note_password(void *ctx, const char *what, int try_number, char *out, size_t cap,
                         struct x8_error *err)
{
    (void)what;
    (void)try_number;
    (void)out;
    (void)cap;
    *(const char **)ctx = "its ssh asks for a password";
    return x8_fail(err, X8_E_AUTH, "a password is needed");
}

int x8_target_probe_ssh(const struct x8_op *op, const struct x8_reach *reach,
                        const struct x8_target *target, struct x8_session **out,
                        const char **out_asked, struct x8_error *err)
{
    struct x8_ssh_way way = reach->net.way;

    *out_asked = NULL;
    way.asker = (struct x8_ssh_asker){
        .accept_key = note_key, .password = note_password, .ctx = (void *)out_asked};
    return open_with(op, &way, target, out, err);
}
