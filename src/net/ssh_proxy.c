/*
 * The way through something else: ProxyCommand, or ProxyJump, which is done by the program ssh as
 * OpenSSH does it itself. The program's standard streams are one end of a pair of sockets, and the
 * connection is made over the other; what it complains about is kept for messages.
 */
#include "net/ssh_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    END_MS = 1000,    /* for the program to see that nobody is there any more */
    ASKED_MS = 90000, /* to the greeting, where ssh may ask a person for a password first */
    SOON_MS = 300,
    LOOK_MS = 10, /* there is no portable way to poll() for the end of a process */
    WORDS = 16,
};

int x8_ssh_wants_proxy(const struct x8_ssh_config *config)
{
    const char *way = config->proxy_command[0] ? config->proxy_command : config->proxy_jump;

    return way[0] && x8_casecmp(way, "none") != 0;
}

/* --- what to run --- */

struct command {
    const char *words[WORDS];
    size_t count;
    char line[2048], target[300], through[600], before[600];
};

static void add(struct command *command, const char *word)
{
    if (command->count + 1 < WORDS)
        command->words[command->count++] = word;
}

/* ssh reads the file of who runs it by itself, and the system's; told one, it reads that alone. */
static int is_usual(const char *config)
{
    struct passwd entry, *found = NULL;
    char room[2048], path[1024];

    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) != 0 || !found)
        return 0;
    snprintf(path, sizeof path, "%.900s/.ssh/config", found->pw_dir);
    return strcmp(path, config) == 0;
}

/* "a,b,c": through a to b, from there to c, and from c to the board. The last one is whom ssh is
 * asked to connect to. */
static int jump(const struct x8_ssh_way *way, const char *hops, const char *to, uint16_t port,
                struct command *out, struct x8_error *err)
{
    static const char fine[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:%_-@[],/";
    const char *last = strrchr(hops, ',');

    if (hops[0] == '-' || hops[strspn(hops, fine)] || !x8_ssh_is_host(to)) {
        x8_fail(err, X8_E_USAGE, "'ProxyJump %.100s' cannot be followed to %.100s", hops, to);
        x8_error_why(err, "the names would reach the program ssh, and are no plain names of hosts");
        x8_error_next(err, "write them as USER@HOST:PORT with commas between");
        return -(int)X8_E_USAGE;
    }
    snprintf(out->before, sizeof out->before, "%.*s", last ? (int)(last - hops) : 0, hops);
    last = last ? last + 1 : hops;
    snprintf(out->through, sizeof out->through, "%s%s", x8_starts(last, "ssh://") ? "" : "ssh://",
             last);
    snprintf(out->target, sizeof out->target, "[%.250s]:%u", to, (unsigned)port);
    add(out, "ssh");
    if (way->config && !is_usual(way->config)) {
        add(out, "-F");
        add(out, way->config);
    }
    if (way->asks_nobody) {
        add(out, "-o");
        add(out, "BatchMode=yes");
    }
    if (out->before[0]) {
        add(out, "-J");
        add(out, out->before);
    }
    add(out, "-W");
    add(out, out->target);
    add(out, out->through);
    return 0;
}

static int own_command(const struct x8_ssh *ssh, const struct x8_ssh_way *way, const char *text,
                       const char *to, uint16_t port, struct command *out, struct x8_error *err)
{
    struct x8_ssh_tokens tokens = {to, way->host, ssh->user, way->key_folder, port};
    int rc;

    x8_copy(out->line, sizeof out->line, "exec ");
    rc = x8_ssh_config_expand(text, &tokens, 0, out->line + 5, sizeof out->line - 5, err);
    if (rc < 0)
        return rc;
    add(out, "/bin/sh");
    add(out, "-c");
    add(out, out->line);
    return 0;
}

/* --- running it --- */

/* Ctrl-C is for us: what is under way is brought to its safe point over the connection. In our
 * group all the same, as it may ask for a password at the terminal. */
static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t blocked, plain;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigfillset(&plain);
    sigdelset(&plain, SIGKILL);
    sigdelset(&plain, SIGSTOP);
    posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(attr, &blocked);
    return posix_spawnattr_setsigdefault(attr, &plain);
}

/* 0 or an errno. */
static int spawn(struct x8_ssh *ssh, struct command *command, int streams, int complaints)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    char *argv[WORDS + 1] = {NULL};
    int rc = 0;

    for (size_t i = 0; i < command->count; i++)
        if (!(argv[i] = strdup(command->words[i])))
            rc = ENOMEM;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&files, streams, STDIN_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&files, streams, STDOUT_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&files, complaints, STDERR_FILENO);
    rc = rc ? rc : set_signals(&attr);
    rc = rc ? rc : posix_spawnp(&ssh->proxy, argv[0], &files, &attr, argv, environ);
    if (rc)
        ssh->proxy = 0;
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    for (size_t i = 0; i < command->count; i++)
        free(argv[i]);
    return rc;
}

/* A program that complains without end must not stand still over it: what nobody reads is lost. */
static int make_ends(int streams[2], int complaints[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, streams) != 0 || pipe(complaints) != 0)
        return errno;
    for (int i = 0; i < 2; i++) {
        fcntl(streams[i], F_SETFD, FD_CLOEXEC);
        fcntl(complaints[i], F_SETFD, FD_CLOEXEC);
        fcntl(complaints[i], F_SETFL, O_NONBLOCK);
    }
    return fcntl(streams[0], F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

static int cannot_run(const char *program, int errnum, struct x8_error *err)
{
    x8_fail_sys(err, X8_E_NO_FILE, errnum, "cannot run %s, which leads to the board", program);
    if (strcmp(program, "ssh") == 0) {
        x8_error_why(err, "the ssh configuration has ProxyJump for it, which the program ssh does, "
                          "and that is not to be found");
        x8_error_next(err, "install OpenSSH's client (openssh-client), or write a ProxyCommand");
    }
    return -(int)X8_E_NO_FILE;
}

static int start(struct x8_ssh *ssh, struct command *command, struct x8_error *err)
{
    int streams[2] = {-1, -1}, complaints[2] = {-1, -1};
    int errnum = make_ends(streams, complaints);

    errnum = errnum ? errnum : spawn(ssh, command, streams[1], complaints[1]);
    x8_fd_close(&streams[1]);
    x8_fd_close(&complaints[1]);
    ssh->fd = streams[0];
    ssh->proxy_words = complaints[0];
    return errnum ? cannot_run(command->words[0], errnum, err) : 0;
}

/* What is told is kept: a command may hold a password, the hosts of a jump do not. */
static void tell(const struct x8_ssh *ssh, const struct x8_op *op,
                 const struct x8_ssh_config *config)
{
    if (config->proxy_jump[0])
        x8_emit(op, X8_EV_DETAIL, "ssh: through ProxyJump %s (%s)", config->proxy_jump,
                config->proxy_at);
    else
        x8_emit(op, X8_EV_DETAIL, "ssh: through %s", ssh->proxy_at);
}

int x8_ssh_proxy_start(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                       const struct x8_ssh_config *config, const char *to, uint16_t port,
                       struct x8_error *err)
{
    struct command *command = calloc(1, sizeof *command);
    int rc;

    if (!command)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    snprintf(ssh->proxy_at, sizeof ssh->proxy_at, "the %s of %s",
             config->proxy_jump[0] ? "ProxyJump" : "ProxyCommand", config->proxy_at);
    ssh->proxy_ms = config->proxy_jump[0] && !way->asks_nobody ? ASKED_MS : 0;
    rc = config->proxy_jump[0]
             ? jump(way, config->proxy_jump, to, port, command, err)
             : own_command(ssh, way, config->proxy_command, to, port, command, err);
    if (rc == 0)
        tell(ssh, op, config);
    if (rc == 0)
        rc = start(ssh, command, err);
    free(command);
    return rc < 0 ? rc : x8_ssh_use_socket(ssh, err);
}

/* --- its end --- */

static int has_ended(struct x8_ssh *ssh, int ms)
{
    int64_t deadline = x8_deadline_in(ms);

    do {
        if (waitpid(ssh->proxy, NULL, WNOHANG) != 0)
            return 1;
        x8_cancel_sleep(NULL, x8_deadline_in(LOOK_MS), X8_CANCEL_HARD, NULL);
    } while (x8_deadline_left(deadline, 1) > 0);
    return 0;
}

int x8_ssh_proxy_ended(struct x8_ssh *ssh)
{
    return ssh->proxy > 0 && has_ended(ssh, SOON_MS);
}

void x8_ssh_proxy_stop(struct x8_ssh *ssh)
{
    x8_fd_close(&ssh->proxy_words);
    if (ssh->proxy <= 0)
        return;
    if (!has_ended(ssh, END_MS)) {
        kill(ssh->proxy, SIGTERM);
        if (!has_ended(ssh, END_MS)) {
            kill(ssh->proxy, SIGKILL);
            waitpid(ssh->proxy, NULL, 0);
        }
    }
    ssh->proxy = 0;
}

/* The last line of what it said; it is the one that tells most. */
static void last_words(const struct x8_ssh *ssh, char *out, size_t cap)
{
    char text[4096];
    ssize_t n = ssh->proxy_words >= 0 ? read(ssh->proxy_words, text, sizeof text - 1) : 0;
    char *line;

    text[n > 0 ? n : 0] = '\0';
    while (n > 0 && strchr("\r\n \t", text[n - 1]))
        text[--n] = '\0';
    line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    x8_clean(out, cap, line, strlen(line));
}

int x8_ssh_proxy_failed(const struct x8_ssh *ssh, struct x8_error *err)
{
    char words[300];

    last_words(ssh, words, sizeof words);
    x8_fail(err, X8_E_NO_BOARD, "the way to %s that the ssh configuration has leads nowhere",
            ssh->host);
    x8_error_why(err, "%s ended before the connection stood: %s", ssh->proxy_at,
                 words[0] ? words : "it said nothing");
    x8_error_next(err, "see whether that way is there:  ssh -v %s", ssh->host);
    return -(int)X8_E_NO_BOARD;
}

int x8_ssh_proxy_is_mute(const struct x8_ssh *ssh, int64_t waited_ms, struct x8_error *err)
{
    char words[300];

    last_words(ssh, words, sizeof words);
    x8_fail(err, X8_E_TIMEOUT, "the way to %s that the ssh configuration has is mute", ssh->host);
    x8_error_why(err, "%s runs, but brought no greeting for %.3g s%s%s", ssh->proxy_at,
                 (double)waited_ms / 1000, words[0] ? "; its last words: " : "", words);
    x8_error_next(err, "see whether that way is there:  ssh -v %s", ssh->host);
    return -(int)X8_E_TIMEOUT;
}
