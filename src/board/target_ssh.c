/*
 * The way to a board over ssh.
 */
#include "board/target_parts.h"

#include "net/ssh_known.h"
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

void x8_target_key_name(const struct x8_target *target, char *out, size_t cap)
{
    char alias[sizeof target->net_name + 8];

    name_key(target, alias, sizeof alias);
    x8_ssh_known_name(alias[0] ? alias : target->net_host, target->net_port, out, cap);
}

static int open_with(const struct x8_op *op, const struct x8_ssh_way *base,
                     const struct x8_target *target, struct x8_session **out, struct x8_error *err)
{
    struct x8_ssh_way way = *base;
    const char *addresses[X8_MDNS_ADDRESSES];
    struct x8_ssh *ssh = NULL;
    char alias[sizeof target->net_name + 8], place[sizeof target->net_host + 16], via[96];
    int rc;

    name_key(target, alias, sizeof alias);
    for (size_t i = 0; i < target->net_address_count; i++)
        addresses[i] = target->net_addresses[i];
    way.host = target->net_host;
    way.addresses = addresses;
    way.address_count = target->net_address_count;
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
    way.asks_nobody = 1;
    way.asker = (struct x8_ssh_asker){
        .accept_key = note_key, .password = note_password, .ctx = (void *)out_asked};
    return open_with(op, &way, target, out, err);
}

/* --- the key alone --- */

struct seen_key {
    struct x8_host_key *out;
    int is_seen;
    const char *wanted; /* accept this one, or NULL: none */
};

static int see_key(void *ctx, const char *host, const char *type, const char *fingerprint)
{
    struct seen_key *seen = ctx;

    (void)host;
    seen->is_seen = 1;
    x8_copy(seen->out->type, sizeof seen->out->type, type);
    x8_copy(seen->out->print, sizeof seen->out->print, fingerprint);
    return seen->wanted && strcmp(seen->wanted, fingerprint) == 0;
}

int x8_target_host_key(const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_target *target, struct x8_host_key *out,
                       struct x8_error *err)
{
    struct seen_key seen = {.out = out};
    struct x8_ssh_way way = reach->net.way;
    struct x8_session *session = NULL;
    int rc;

    memset(out, 0, sizeof *out);
    way.known_hosts = "/dev/null"; /* there no key is known */
    way.asker = (struct x8_ssh_asker){.accept_key = see_key, .ctx = &seen};
    rc = open_with(op, &way, target, &session, err);
    x8_session_close(&session);
    return seen.is_seen ? 0 : rc;
}

int x8_target_keep_key(const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_target *target, const struct x8_host_key *key,
                       struct x8_error *err)
{
    struct x8_host_key now = {.type = ""};
    struct seen_key seen = {.out = &now, .wanted = key->print};
    struct x8_ssh_way way = reach->net.way;
    struct x8_session *session = NULL;
    int rc;

    way.asker = (struct x8_ssh_asker){.accept_key = see_key, .ctx = &seen};
    rc = open_with(op, &way, target, &session, err);
    x8_session_close(&session);
    /* The login comes after the key, and is no matter here. */
    return rc == -(int)X8_E_AUTH && strcmp(now.print, key->print) == 0 ? 0 : rc;
}
