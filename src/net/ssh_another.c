/*
 * Another connection like the first: what was said and answered then is said and answered again.
 */
#include "net/ssh_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* -1 without memory. */
static int keep(const char *text, const char **out)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = text ? malloc(size) : NULL;

    if (text && !copy)
        return -1;
    if (copy)
        memcpy(copy, text, size);
    *out = copy;
    return 0;
}

int x8_ssh_remember(struct x8_ssh *ssh, const struct x8_ssh_way *way)
{
    struct x8_ssh_way *kept = &ssh->memory.way;

    kept->port = way->port;
    kept->silent_ms = way->silent_ms;
    return keep(way->host, &kept->host) | keep(way->user, &kept->user) |
           keep(way->config, &kept->config) | keep(way->system_config, &kept->system_config) |
           keep(way->key_alias, &kept->key_alias) | keep(way->agent, &kept->agent) |
           keep(way->key_folder, &kept->key_folder);
}

static void drop(const char *text)
{
    free((void *)(uintptr_t)text);
}

void x8_ssh_forget(struct x8_ssh *ssh)
{
    struct x8_ssh_way *kept = &ssh->memory.way;

    drop(kept->host);
    drop(kept->user);
    drop(kept->config);
    drop(kept->system_config);
    drop(kept->key_alias);
    drop(kept->agent);
    drop(kept->key_folder);
    x8_wipe(&ssh->memory, sizeof ssh->memory);
}

int x8_ssh_ask(struct x8_ssh *ssh, const struct x8_ssh_way *way, const char *what, int number,
               char *out, struct x8_error *err)
{
    int rc;

    out[0] = '\0';
    rc = way->asker.password(way->asker.ctx, what, number, out, X8_SSH_SECRET_LEN, err);
    if (rc == 0) {
        x8_copy(ssh->memory.secret_of, sizeof ssh->memory.secret_of, what);
        x8_copy(ssh->memory.secret, sizeof ssh->memory.secret, out);
    }
    return rc;
}

/* --- the second time --- */

/* known_hosts is not asked again: it is the same key, or it is refused. */
static int same_key(void *ctx, const char *host, const char *type, const char *fingerprint)
{
    const struct x8_ssh_memory *memory = ctx;

    (void)host;
    (void)type;
    return strcmp(fingerprint, memory->print) == 0;
}

static int same_secret(void *ctx, const char *what, int number, char *out, size_t cap,
                       struct x8_error *err)
{
    const struct x8_ssh_memory *memory = ctx;

    if (number > 1 || strcmp(what, memory->secret_of) != 0)
        return x8_fail(err, X8_E_AUTH, "the board wants another password than before for %s", what);
    x8_copy(out, cap, memory->secret);
    return 0;
}

static int is_before(int64_t deadline)
{
    return deadline == X8_NO_DEADLINE || x8_deadline_left(deadline, 1) > 0;
}

/* It did answer, a while ago: which of its connections is the first to miss a word is chance. */
static int fell_silent(const struct x8_ssh *ssh, struct x8_error *err)
{
    x8_fail(err, X8_E_GONE, "%s no longer answers over ssh", ssh->host);
    x8_error_why(err,
                 "another connection to it was not answered for %.3g s: the board lost its power "
                 "or its network, or is overloaded",
                 (double)ssh->silent_ms / 1000);
    x8_error_next(err, "see whether it is there:  x8ctl list");
    return -X8_E_GONE;
}

int x8_ssh_open_another(struct x8_ssh *ssh, const struct x8_op *op, struct x8_ssh **out,
                        struct x8_error *err)
{
    struct x8_ssh_way way = ssh->memory.way;
    struct x8_op own = *op;
    int rc = x8_ssh_look(ssh, err);

    if (rc < 0)
        return rc; /* where one ended, another would be waited for in vain */
    /* Nor is a server that falls silent meanwhile waited for longer than on a connection. */
    own.deadline = x8_deadline_min(own.deadline, x8_deadline_in(ssh->silent_ms));
    ssh->memory.addresses[0] = ssh->memory.address;
    way.addresses = ssh->memory.addresses;
    way.address_count = 1;
    way.asks_nobody = 1;
    way.asker = (struct x8_ssh_asker){same_key, same_secret, &ssh->memory};
    rc = x8_ssh_open(&own, &way, out, err);
    return rc == -X8_E_TIMEOUT && is_before(op->deadline) ? fell_silent(ssh, err) : rc;
}
