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
    /* The board starts its server at the first knock, and makes its keys at the first start. */
    BANNER_MS = 20000,
    PROXY_MS = 90000, /* where a program in between may ask for a password first */
    EXEC_MS = 20000,
    SILENT_MS = 25000,
    WORDS_MAX = 65536,
    KEYS_MS = 20000,
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
    if (said[0])
        x8_error_why(err, "%s", said);
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

/* A condition of Match exec. */
static int run_condition(void *ctx, const char *command, struct x8_error *err)
{
    const struct running *running = ctx;
    struct x8_error own;
    int rc = x8_proc_run(running->op, command, x8_deadline_in(EXEC_MS), NULL, NULL, &own);

    if (rc == 0 || rc == -(int)X8_E_REFUSED)
        return rc == 0;
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
}

/* What must not come from a configuration, and where the server's key is looked up. */
static int settle_options(struct x8_ssh *ssh, const struct x8_ssh_way *way, struct x8_error *err)
{
    const char *name = way->key_alias ? way->key_alias : way->host;
    int strict = 1, quiet = SSH_LOG_NOLOG, rc = set_name(ssh, name, err);
    unsigned number = ssh->port;

    snprintf(ssh->key_name, sizeof ssh->key_name, number == 22 ? "%.250s" : "[%.250s]:%u", name,
             number);
    for (char *c = ssh->key_name; *c; c++)
        *c = (char)tolower((unsigned char)*c); /* as it is written to known_hosts */
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_PORT, &number, err);
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_USER, ssh->user, err);
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_STRICTHOSTKEYCHECK, &strict, err);
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_LOG_VERBOSITY, &quiet, err);
    if (rc == 0)
        rc = set_path(ssh, SSH_OPTIONS_KNOWNHOSTS,
                      way->known_hosts ? way->known_hosts : "/dev/null", err);
    if (rc == 0)
        rc = set(ssh, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null", err);
    return rc;
}

/* --- steps --- */

static int no_greeting(const struct x8_ssh *ssh, int64_t waited_ms, struct x8_error *err)
{
    x8_fail(err, X8_E_TIMEOUT, "the ssh server of %s does not greet", ssh->host);
    x8_error_why(err,
                 "the connection stands, but %s for %.3g s: the board is overloaded, or still "
                 "makes its first keys",
                 ssh->heard.in_bytes ? "no greeting came" : "nothing came",
                 (double)waited_ms / 1000);
    x8_error_next(err, "try again in a minute");
    return -X8_E_TIMEOUT;
}

static int no_agreement(const struct x8_ssh *ssh, struct x8_error *err)
{
    int greeted = ssh_get_serverbanner(ssh->session) != NULL;
    char said[200];

    x8_ssh_said(ssh, said, sizeof said);
    if (x8_starts(said, "Socket error") && ssh->proxy && !greeted)
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
    x8_error_why(err, "%s", said);
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

static int greet(struct x8_ssh *ssh, const struct x8_op *op, struct x8_error *err)
{
    int64_t start = x8_now_ms(), keys = 0;
    int64_t greeting = x8_deadline_in(ssh->proxy ? PROXY_MS : BANNER_MS);
    const char *banner;
    int rc;

    while ((rc = ssh_connect(ssh->session)) == SSH_AGAIN) {
        int greeted = ssh_get_serverbanner(ssh->session) != NULL;

        if (greeted && !keys)
            keys = x8_deadline_in(KEYS_MS);
        rc = greeted ? 0 : talks_on(ssh, err);
        if (rc == 0)
            rc = x8_ssh_await(ssh, op, greeted ? keys : greeting, err);
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

/* The bytes of the connection, and the greeting. */
static int reach(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                 const struct x8_ssh_config *config, struct x8_error *err)
{
    char to[256];
    int rc;

    choose(ssh, way, config, to, sizeof to);
    rc = settle_options(ssh, way, err);
    if (rc == 0)
        rc = x8_ssh_wants_proxy(config)
                 ? x8_ssh_proxy_start(ssh, op, way, config, to, ssh->port, err)
                 : x8_ssh_connect(ssh, op, way, to, sizeof to, ssh->port, err);
    if (rc == 0)
        rc = greet(ssh, op, err);
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
