/*
 * Opening a connection: settings, TCP, greeting and keys, the server's key, login. One thread does
 * all of it, with limits for each step.
 */
#include "net/ssh_parts.h"

#include "util/proc.h"
#include "util/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EXEC_MS = 10000,
    SILENT_MS = 25000,
};

/*
 * Ciphers, the fastest first. OpenSSL and OpenSSH run AES-GCM in hardware; dropbear as the boards
 * have it offers no GCM, and ChaCha20 is what it runs fastest without hardware.
 */
#define CIPHERS                                                                                    \
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,"                 \
    "aes128-ctr,aes192-ctr,aes256-ctr"

/* --- waiting --- */

static void write_pipe(void *ctx, enum x8_cancel_level level)
{
    if (level >= X8_CANCEL_HARD)
        (void)!write(*(const int *)ctx, "", 1);
}

static int wait_socket(struct x8_ssh *ssh, int64_t deadline)
{
    struct pollfd pfds[2] = {{.fd = ssh->fd, .events = POLLIN},
                             {.fd = ssh->wakes[0], .events = POLLIN}};
    int rc;

    if (ssh_get_poll_flags(ssh->session) & SSH_WRITE_PENDING)
        pfds[0].events |= POLLOUT;
    do {
        int ms = deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(deadline, INT_MAX);

        rc = poll(pfds, 2, ms);
    } while ((rc < 0 && errno == EINTR) || (rc == 0 && x8_deadline_left(deadline, 1) > 0));
    return rc;
}

int x8_ssh_await(struct x8_ssh *ssh, const struct x8_op *op, int64_t deadline, struct x8_error *err)
{
    struct x8_waker waker = {.wake = write_pipe, .ctx = &ssh->wakes[1]};
    int rc, stopped;

    deadline = x8_deadline_min(deadline, op->deadline);
    x8_cancel_watch(op->cancel, &waker);
    rc = wait_socket(ssh, deadline);
    x8_cancel_unwatch(op->cancel, &waker);
    stopped = x8_cancel_check(op->cancel, X8_CANCEL_HARD, err);
    if (stopped < 0)
        return stopped;
    return rc == 0 ? x8_fail(err, X8_E_TIMEOUT, "%s did not answer over ssh in time", ssh->host)
                   : 0;
}

/* --- settings --- */

static int set(struct x8_ssh *ssh, enum ssh_options_e option, const void *value,
               struct x8_error *err)
{
    char said[200];

    if (ssh_options_set(ssh->session, option, value) == 0)
        return 0;
    x8_ssh_said(ssh, said, sizeof said);
    x8_fail(err, X8_E_USAGE, "ssh to %s: a setting is not possible", ssh->host);
    x8_error_why(err, "%s",
                 said[0] ? said : "nothing of what the ssh configuration lists is known here");
    x8_error_next(err, "see the lines for it in the ssh configuration:  ssh -G %.200s", ssh->host);
    return -X8_E_USAGE;
}

/* libssh reads "name:port" and "user@name" into a name; an IPv6 address wants brackets. */
static int set_name(struct x8_ssh *ssh, const char *name, struct x8_error *err)
{
    char text[300];

    if (strchr(name, '@') || strpbrk(name, " \t\r\n,*?!"))
        return x8_fail(err, X8_E_USAGE, "'%.100s' is no name of a host", name);
    snprintf(text, sizeof text, strchr(name, ':') ? "[%s]" : "%s", name);
    if (ssh_options_set(ssh->session, SSH_OPTIONS_HOST, text) != 0)
        return x8_fail(err, X8_E_USAGE, "'%.100s' is no name of a host", name);
    return 0;
}

/* libssh expands "%d" and the like in names of files. */
static int set_path(struct x8_ssh *ssh, enum ssh_options_e option, const char *path,
                    struct x8_error *err)
{
    char text[PATH_MAX];
    size_t n = 0;

    for (; *path && n < sizeof text - 2; path++) {
        if (*path == '%')
            text[n++] = '%';
        text[n++] = *path;
    }
    text[n] = '\0';
    return set(ssh, option, text, err);
}

/* --- the configuration --- */

struct running {
    const struct x8_op *op;
};

/* The command may hold a password: it is not told. */
static int no_condition(enum x8_code code, struct x8_error *err)
{
    if (code == X8_E_TIMEOUT)
        x8_fail(err, code, "the command of Match exec did not end within %d s", EXEC_MS / 1000);
    else
        x8_fail(err, code, "the command of Match exec cannot be run");
    x8_error_why(err, "ssh runs it as well before each connection, and what it says decides which "
                      "lines hold");
    x8_error_next(err, "run it by hand to see what it waits for, or change that line");
    return -(int)code;
}

/* A condition of Match exec. */
static int run_condition(void *ctx, const char *command, struct x8_error *err)
{
    const struct running *running = ctx;
    struct x8_error own = {0};
    int rc = x8_proc_run(running->op, command, x8_deadline_in(EXEC_MS), NULL, NULL, &own);

    if (rc == 0 || rc == -(int)X8_E_REFUSED)
        return rc == 0;
    if (rc != -(int)X8_E_STOPPED && rc != -(int)X8_E_TERMINATED)
        return no_condition(x8_code_of(rc), err);
    if (err)
        *err = own;
    return rc;
}

static int set_algorithms(struct x8_ssh *ssh, const struct x8_ssh_config *config,
                          struct x8_error *err)
{
    static const struct {
        enum x8_ssh_algorithms which;
        enum ssh_options_e option;
    } rows[] = {{X8_SSH_CIPHERS, SSH_OPTIONS_CIPHERS_C_S},
                {X8_SSH_CIPHERS, SSH_OPTIONS_CIPHERS_S_C},
                {X8_SSH_MACS, SSH_OPTIONS_HMAC_C_S},
                {X8_SSH_MACS, SSH_OPTIONS_HMAC_S_C},
                {X8_SSH_KEX, SSH_OPTIONS_KEY_EXCHANGE},
                {X8_SSH_HOST_KEYS, SSH_OPTIONS_HOSTKEYS},
                {X8_SSH_USER_KEYS, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES},
                {X8_SSH_COMPRESSION, SSH_OPTIONS_COMPRESSION}};
    int rc = 0;

    for (size_t i = 0; i < X8_COUNT(rows) && rc == 0; i++)
        if (config->algorithms[rows[i].which][0])
            rc = set(ssh, rows[i].option, config->algorithms[rows[i].which], err);
    return rc;
}

/* Source: OpenSSH's ssh_config(5). */
static int read_config(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                       struct x8_ssh_config *out, struct x8_error *err)
{
    struct running running = {op};
    struct x8_ssh_config_for whom = {.host = way->host,
                                     .user = way->user,
                                     .folder = way->key_folder,
                                     .system = way->system_config,
                                     .run = run_condition,
                                     .ctx = &running};
    int rc = way->config ? x8_ssh_config_read(&whom, way->config, out, err) : 0;

    if (rc == 0 && out->unused[0])
        x8_emit(op, X8_EV_DETAIL, "ssh: not used of the configuration: %s", out->unused);
    return rc < 0 ? rc : set_algorithms(ssh, out, err);
}

/* Where to and as whom: what was said, else the configuration's, else the usual. */
static void choose(struct x8_ssh *ssh, const struct x8_ssh_way *way,
                   const struct x8_ssh_config *config, char *to, size_t cap)
{
    x8_copy(to, cap, config->hostname[0] ? config->hostname : way->host);
    x8_copy(ssh->user, sizeof ssh->user,
            way->user         ? way->user
            : config->user[0] ? config->user
                              : "fio");
    ssh->port = way->port ? way->port : config->port ? config->port : 22;
    ssh->family = config->family;
}

/* The file of keys: the configuration's, else the usual one. */
static int choose_known_hosts(struct x8_ssh *ssh, const struct x8_ssh_way *way,
                              const struct x8_ssh_config *config, const char *to,
                              struct x8_error *err)
{
    struct x8_ssh_tokens tokens = {to, way->host, ssh->user, way->key_folder, ssh->port};

    /* Who asks for the key alone looks nowhere. */
    ssh->looks_up = way->known_hosts && strcmp(way->known_hosts, "/dev/null") != 0;
    if (!ssh->looks_up || x8_casecmp(config->known_hosts, "none") == 0)
        return 0;
    if (config->known_hosts[0])
        return x8_ssh_config_expand(config->known_hosts, &tokens, 1, ssh->known_hosts,
                                    sizeof ssh->known_hosts, err);
    if (!x8_copy(ssh->known_hosts, sizeof ssh->known_hosts, way->known_hosts))
        return x8_fail(err, X8_E_USAGE, "the name of known_hosts is too long");
    return 0;
}

/* How ssh calls the server there: as the configuration says, which is without a port, or where it
 * connects to; a board that announced itself has its own name. */
static int name_key(struct x8_ssh *ssh, const struct x8_ssh_way *way,
                    const struct x8_ssh_config *config, const char *to, struct x8_error *err)
{
    const char *name = config->key_alias[0] ? config->key_alias
                       : way->key_alias     ? way->key_alias
                                            : to;
    unsigned number = config->key_alias[0] ? 22 : ssh->port;
    int rc = set_name(ssh, name, err);

    ssh->key_is_configured = config->key_alias[0] || config->known_hosts[0] ||
                             (name == to && strcmp(to, way->host) != 0);
    snprintf(ssh->key_name, sizeof ssh->key_name, number == 22 ? "%.250s" : "[%.250s]:%u", name,
             number);
    for (char *c = ssh->key_name; *c; c++)
        *c = (char)tolower((unsigned char)*c); /* as it is written to known_hosts */
    return rc < 0 ? rc : set(ssh, SSH_OPTIONS_PORT, &number, err);
}

/* What must not come from a configuration, and where the server's key is looked up. */
static int settle_options(struct x8_ssh *ssh, const struct x8_ssh_way *way,
                          const struct x8_ssh_config *config, const char *to, struct x8_error *err)
{
    int strict = 1, quiet = SSH_LOG_NOLOG, rc = choose_known_hosts(ssh, way, config, to, err);

    if (rc == 0)
        rc = name_key(ssh, way, config, to, err);
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_USER, ssh->user, err);
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_STRICTHOSTKEYCHECK, &strict, err);
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_LOG_VERBOSITY, &quiet, err);
    if (rc == 0)
        rc = set_path(ssh, SSH_OPTIONS_KNOWNHOSTS,
                      ssh->known_hosts[0] ? ssh->known_hosts : "/dev/null", err);
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null", err);
    return rc;
}

/* --- steps --- */

/* The bytes of the connection, and the greeting. */
static int reach(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                 const struct x8_ssh_config *config, struct x8_error *err)
{
    char to[256];
    int rc;

    choose(ssh, way, config, to, sizeof to);
    rc = settle_options(ssh, way, config, to, err);
    if (rc == 0)
        rc = x8_ssh_wants_proxy(config)
                 ? x8_ssh_proxy_start(ssh, op, way, config, to, ssh->port, err)
                 : x8_ssh_connect(ssh, op, way, to, sizeof to, ssh->port, err);
    if (rc == 0)
        rc = x8_ssh_greet(ssh, op, err);
    if (rc == 0)
        x8_emit(op, X8_EV_DETAIL, "ssh: %s at %s, port %u", ssh->server, to, (unsigned)ssh->port);
    return rc;
}

static int open_steps(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                      struct x8_ssh_config *config, struct x8_error *err)
{
    int rc = set(ssh, SSH_OPTIONS_PROCESS_CONFIG, &(int){0}, err);

    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_CIPHERS_C_S, CIPHERS, err);
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_CIPHERS_S_C, CIPHERS, err);
    if (rc == 0)
        rc = set_name(ssh, way->host, err);
    if (rc == 0)
        rc = read_config(ssh, op, way, config, err);
    if (rc == 0)
        rc = reach(ssh, op, way, config, err);
    if (rc == 0)
        rc = x8_ssh_check_key(ssh, way, config, err);
    if (rc != 0)
        return rc;
    x8_emit(op, X8_EV_DETAIL, "ssh: the server's key is the known one: %s", ssh->memory.print);
    rc = x8_ssh_login(ssh, op, way, config, err);
    if (rc == 0)
        x8_emit(op, X8_EV_DETAIL, "ssh: logged in as %s", ssh->user);
    return rc;
}

static struct x8_ssh *ssh_new_for(const struct x8_ssh_way *way)
{
    struct x8_ssh *ssh = calloc(1, sizeof *ssh);

    if (!ssh)
        return NULL;
    ssh->fd = ssh->wakes[0] = ssh->wakes[1] = ssh->proxy_words = -1;
    ssh->silent_ms = way->silent_ms ? way->silent_ms : SILENT_MS;
    pthread_mutex_init(&ssh->lock, NULL);
    x8_cond_init(&ssh->gone);
    x8_clean(ssh->host, sizeof ssh->host, way->host, strlen(way->host));
    ssh->session = ssh_new();
    if (ssh->session)
        ssh_set_blocking(ssh->session, 0);
    if (ssh->session)
        ssh_set_counters(ssh->session, &ssh->heard, NULL);
    if (!ssh->session || pipe(ssh->wakes) != 0 || x8_ssh_remember(ssh, way) != 0) {
        x8_ssh_close(&ssh);
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(ssh->wakes[i], F_SETFD, FD_CLOEXEC);
        fcntl(ssh->wakes[i], F_SETFL, O_NONBLOCK);
    }
    return ssh;
}

int x8_ssh_open(const struct x8_op *op, const struct x8_ssh_way *way, struct x8_ssh **out,
                struct x8_error *err)
{
    struct x8_ssh_config *config = calloc(1, sizeof *config);
    struct x8_ssh *ssh = config ? ssh_new_for(way) : NULL;
    int rc;

    if (!ssh) {
        free(config);
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    }
    rc = open_steps(ssh, op, way, config, err);
    free(config);
    if (rc == 0)
        rc = x8_ssh_engine_start(ssh, err);
    if (rc != 0) {
        x8_ssh_close(&ssh);
        return rc;
    }
    *out = ssh;
    return 0;
}
