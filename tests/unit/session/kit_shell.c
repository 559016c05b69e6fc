/*
 * Commands of a local bash as channels.
 */
#define _DEFAULT_SOURCE  /* environ-free spawning with setpgid and chdir needs fork; MSG_NOSIGNAL  \
                          */
#define _GNU_SOURCE      /* pipe2, close_range */

#include "kit_shell.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct kit_channel {
    struct x8_channel base;
    struct kit_shell *shell;
    struct kit_channel *next;
    pid_t pid;    /* 0: a dialled port */
    int in;       /* to the command; -1: closed */
    int out[2];   /* from it: stdout, stderr */
    int wake[2];  /* written to by shut */
    int64_t left; /* of a counted input; -1: not counted */
    int status;
};

static int gone(struct x8_error *err)
{
    return x8_fail(err, X8_E_GONE, "the board is gone");
}

/* The link breaks: every command gets SIGHUP, as from a terminal that is hung up. */
static void break_link(struct kit_shell *shell)
{
    shell->is_gone = 1;
    for (struct kit_channel *c = shell->open; c; c = c->next) {
        if (c->pid > 0)
            kill(-c->pid, SIGHUP);
        (void)!write(c->wake[1], "g", 1);
    }
}

/* Count bytes on the link; how many of `len` still go through. */
static size_t pass(struct kit_shell *shell, size_t len)
{
    pthread_mutex_lock(&shell->lock);
    if (shell->is_gone)
        len = 0;
    else if (shell->cut_after >= 0) {
        if ((int64_t)len > shell->cut_after)
            len = (size_t)shell->cut_after;
        shell->cut_after -= (int64_t)len;
        if (shell->cut_after == 0)
            break_link(shell);
    }
    pthread_mutex_unlock(&shell->lock);
    return len;
}

static int is_broken(struct kit_shell *shell)
{
    pthread_mutex_lock(&shell->lock);
    int broken = shell->is_gone;
    pthread_mutex_unlock(&shell->lock);
    return broken;
}

static struct kit_channel *channel_of(struct x8_channel *channel)
{
    return X8_CONTAINER(channel, struct kit_channel, base);
}

/* Wait for `fds` or for a shut. 1, 0 at the timeout, -1 shut. */
static int wait_for(struct kit_channel *c, struct pollfd *fds, unsigned count, int timeout_ms)
{
    fds[count] = (struct pollfd){.fd = c->wake[0], .events = POLLIN};
    int n = poll(fds, count + 1, timeout_ms);
    if (fds[count].revents)
        return -1;
    return n > 0;
}

static int interrupted(struct kit_channel *c, int waited, struct x8_error *err)
{
    if (is_broken(c->shell))
        return gone(err);
    if (waited < 0)
        return x8_fail(err, X8_E_STOPPED, "shut");
    return x8_fail(err, X8_E_TIMEOUT, "no answer in time");
}

static void collect_status(struct kit_channel *c)
{
    int status;
    if (c->pid <= 0 || c->status != X8_STATUS_UNKNOWN)
        return;
    if (waitpid(c->pid, &status, 0) != c->pid)
        return;
    c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    c->pid = -c->pid;
}

static ssize_t kit_read(struct x8_channel *channel, const struct x8_op *op,
                        enum x8_output *out_which, void *out, size_t cap, int timeout_ms,
                        struct x8_error *err)
{
    struct kit_channel *c = channel_of(channel);
    (void)op;
    while (c->out[0] >= 0 || c->out[1] >= 0) {
        struct pollfd fds[3] = {{.fd = c->out[0], .events = POLLIN},
                                {.fd = c->out[1], .events = POLLIN}};
        int ready = wait_for(c, fds, 2, timeout_ms);
        if (ready <= 0)
            return interrupted(c, ready, err);
        for (int i = 0; i < 2; i++) {
            if (!fds[i].revents)
                continue;
            ssize_t n = read(c->out[i], out, cap);
            if (n > 0 && (n = (ssize_t)pass(c->shell, (size_t)n)) == 0)
                return gone(err);
            *out_which = i ? X8_STDERR : X8_STDOUT;
            if (n > 0)
                return n;
            if (n < 0)
                return x8_fail_sys(err, X8_E_GONE, errno, "reset");
            close(c->out[i]);
            c->out[i] = -1;
        }
    }
    collect_status(c);
    return is_broken(c->shell) ? gone(err) : 0;
}

static int kit_write(struct x8_channel *channel, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err)
{
    struct kit_channel *c = channel_of(channel);
    const char *at = data;
    (void)op;
    if (c->left >= 0 && (int64_t)len > c->left)
        return x8_fail(err, X8_E_INTERNAL, "more input than was announced");
    while (len) {
        struct pollfd fds[2] = {{.fd = c->in, .events = POLLOUT}};
        int ready = wait_for(c, fds, 1, timeout_ms);
        if (ready <= 0)
            return interrupted(c, ready, err);
        size_t part = pass(c->shell, len < 65536 ? len : 65536);
        if (part == 0)
            return gone(err);
        ssize_t n = send(c->in, at, part, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n < 0)
            return x8_fail(err, X8_E_GONE, "the command reads no more");
        at += n;
        len -= (size_t)n;
        c->left -= c->left >= 0 ? n : 0;
    }
    if (c->left == 0)
        shutdown(c->in, SHUT_WR);
    return 0;
}

static int kit_end_input(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    (void)op;
    (void)err;
    shutdown(channel_of(channel)->in, SHUT_WR);
    return 0;
}

static int kit_resize(struct x8_channel *channel, const struct x8_op *op, unsigned rows,
                      unsigned cols, struct x8_error *err)
{
    (void)channel;
    (void)op;
    (void)rows;
    (void)cols;
    (void)err;
    return 0;
}

static int kit_status(const struct x8_channel *channel)
{
    return ((const struct kit_channel *)(const void *)channel)->status;
}

static void kit_shut(struct x8_channel *channel)
{
    (void)!write(channel_of(channel)->wake[1], "s", 1);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void kit_close(struct x8_channel *channel)
{
    struct kit_channel *c = channel_of(channel);
    struct kit_shell *shell = c->shell;
    pthread_mutex_lock(&shell->lock);
    for (struct kit_channel **p = &shell->open; *p; p = &(*p)->next)
        if (*p == c) {
            *p = c->next;
            break;
        }
    pthread_mutex_unlock(&shell->lock);
    if (c->pid > 0)
        kill(-c->pid, SIGHUP);
    close_fd(&c->in);
    close_fd(&c->out[0]);
    close_fd(&c->out[1]);
    collect_status(c);
    close_fd(&c->wake[0]);
    close_fd(&c->wake[1]);
    free(c);
}

static const struct x8_channel_ops channel_ops = {
    .read = kit_read,
    .write = kit_write,
    .end_input = kit_end_input,
    .resize = kit_resize,
    .status = kit_status,
    .shut = kit_shut,
    .close = kit_close,
};

static struct kit_channel *new_channel(struct kit_shell *shell)
{
    struct kit_channel *c = calloc(1, sizeof(*c));
    if (!c || pipe2(c->wake, O_CLOEXEC | O_NONBLOCK) != 0)
        abort();
    c->base.ops = &channel_ops;
    c->shell = shell;
    c->in = c->out[0] = c->out[1] = -1;
    c->left = -1;
    c->status = X8_STATUS_UNKNOWN;
    return c;
}

static void add_channel(struct kit_shell *shell, struct kit_channel *c)
{
    c->next = shell->open;
    shell->open = c;
}

/* In the child; only calls that a forked child of a process with threads may make. */
static void run_child(const int *fds, char *const *argv, char *const *env, const char *home)
{
    setpgid(0, 0);
    dup2(fds[0], 0);
    dup2(fds[1], 1);
    dup2(fds[2], 2);
    umask(0);
    if (chdir(home) == 0)
        execve("/bin/bash", argv, env);
    _exit(127);
}

/* A text longer than one argument may be goes through a file. */
static char *text_of(struct kit_shell *shell, const char *text, char *file)
{
    if (strlen(text) < 100000)
        return strdup(text);
    snprintf(file, 64, "/tmp/x8kit-XXXXXX");
    int fd = mkstemp(file);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        abort();
    close(fd);
    (void)shell;
    char source[128];
    snprintf(source, sizeof(source), ". %s", file);
    return strdup(source);
}

static void spawn(struct kit_shell *shell, struct kit_channel *c, const struct x8_command *command)
{
    char file[64] = "", path[4096], home[4096];
    char *text = text_of(shell, command->text, file);
    char bash[] = "bash", dash_c[] = "-c";
    char *argv[] = {bash, dash_c, text, NULL};
    char *env[] = {path, home, NULL};
    int in[2], out[2], errors[2];
    snprintf(path, sizeof(path), "PATH=%s", shell->path ? shell->path : USUAL_PATH);
    snprintf(home, sizeof(home), "HOME=%s", shell->home);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
        pipe2(errors, O_CLOEXEC) != 0)
        abort();
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int has_input = command->input == X8_INPUT_OPEN ||
                    (command->input == X8_INPUT_COUNT && command->input_len > 0);
    int fds[] = {has_input ? in[1] : null, out[1], command->merge_errors ? out[1] : errors[1]};
    c->pid = fork();
    if (c->pid == 0)
        run_child(fds, argv, env, shell->home);
    setpgid(c->pid, c->pid);
    close(null);
    close(in[1]);
    close(out[1]);
    close(errors[1]);
    c->in = in[0];
    c->out[0] = out[0];
    c->out[1] = errors[0];
    if (command->input == X8_INPUT_COUNT)
        c->left = (int64_t)command->input_len;
    free(text);
}

static int kit_start(struct x8_session *session, const struct x8_op *op,
                     const struct x8_command *command, struct x8_channel **out,
                     struct x8_error *err)
{
    struct kit_shell *shell = X8_CONTAINER(session, struct kit_shell, base);
    int rc = x8_cancel_check(op->cancel, X8_CANCEL_HARD, err);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&shell->lock);
    if (++shell->started == shell->cut_at)
        break_link(shell);
    if (shell->is_gone) {
        pthread_mutex_unlock(&shell->lock);
        return gone(err);
    }
    size_t len = strlen(shell->seen);
    snprintf(shell->seen + len, sizeof(shell->seen) - len, "%.2000s\n", command->text);
    struct kit_channel *c = new_channel(shell);
    spawn(shell, c, command);
    add_channel(shell, c);
    if (shell->started == shell->kill_at)
        kill(-c->pid, SIGKILL);
    pthread_mutex_unlock(&shell->lock);
    *out = &c->base;
    return 0;
}

static int kit_dial(struct x8_session *session, const struct x8_op *op, const char *remote,
                    struct x8_channel **out, struct x8_error *err)
{
    struct kit_shell *shell = X8_CONTAINER(session, struct kit_shell, base);
    struct sockaddr_in address = {.sin_family = AF_INET};
    (void)op;
    if (shell->is_gone)
        return gone(err);
    if (shell->refuses || strncmp(remote, "tcp:", 4) != 0)
        return x8_fail(err, X8_E_REFUSED, "%s: nothing listens there", remote);
    address.sin_port = htons((uint16_t)strtoul(remote + 4, NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return x8_fail(err, X8_E_REFUSED, "%s: nothing listens there", remote);
    }
    pthread_mutex_lock(&shell->lock);
    struct kit_channel *c = new_channel(shell);
    c->in = fd;
    c->out[0] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    add_channel(shell, c);
    pthread_mutex_unlock(&shell->lock);
    *out = &c->base;
    return 0;
}

static int kit_wait_gone(struct x8_session *session, const struct x8_op *op, int64_t deadline,
                         struct x8_error *err)
{
    struct kit_shell *shell = X8_CONTAINER(session, struct kit_shell, base);
    while (!is_broken(shell)) {
        int rc = x8_cancel_sleep(op->cancel, x8_deadline_min(deadline, x8_deadline_in(10)),
                                 X8_CANCEL_SOFT, err);
        if (rc < 0)
            return rc;
        if (x8_deadline_left(deadline, 1) == 0)
            return 0;
    }
    return 1;
}

static int kit_get(struct x8_session *session, const struct x8_op *op, const char *path,
                   struct x8_sink *sink, struct x8_error *err)
{
    struct kit_shell *shell = X8_CONTAINER(session, struct kit_shell, base);
    static _Thread_local uint8_t block[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
    shell->got++;
    if (fd < 0)
        return x8_fail_sys(err, X8_E_NO_FILE, errno, "%s", path);
    while (rc == 0) {
        ssize_t n = read(fd, block, sizeof(block));
        if (n <= 0)
            break;
        if (pass(shell, (size_t)n) < (size_t)n)
            rc = gone(err);
        if (rc == 0 && shell->get_pause_ms)
            rc = x8_cancel_sleep(op->cancel, x8_deadline_in(shell->get_pause_ms), X8_CANCEL_HARD,
                                 err);
        if (rc == 0)
            rc = sink->ops->push(sink, block, (size_t)n, err);
    }
    close(fd);
    return rc < 0 ? rc : sink->ops->finish(sink, err);
}

static void kit_close_session(struct x8_session *session)
{
    (void)session;
}

void kit_shell_init(struct kit_shell *shell, char *home)
{
    static const struct x8_session_ops ops = {.start = kit_start,
                                              .dial = kit_dial,
                                              .wait_gone = kit_wait_gone,
                                              .close = kit_close_session};
    memset(shell, 0, sizeof(*shell));
    shell->base.ops = &ops;
    shell->base.parallel = 4;
    snprintf(shell->base.label, sizeof(shell->base.label), "kit");
    shell->home = home;
    shell->cut_after = -1;
    pthread_mutex_init(&shell->lock, NULL);
}

void kit_shell_done(struct kit_shell *shell)
{
    free(shell->path);
    pthread_mutex_destroy(&shell->lock);
}

void kit_shell_service(struct kit_shell *shell, int pause_ms)
{
    static struct x8_session_ops ops;
    ops = *shell->base.ops;
    ops.get = kit_get;
    shell->base.ops = &ops;
    shell->get_pause_ms = pause_ms;
}

static void put_in_front(struct kit_shell *shell, const char *folder)
{
    char path[4096];
    if (shell->path && strncmp(shell->path, folder, strlen(folder)) == 0)
        return;
    snprintf(path, sizeof(path), "%s:%s", folder, shell->path ? shell->path : USUAL_PATH);
    free(shell->path);
    shell->path = strdup(path);
}

void kit_shell_stub(struct kit_shell *shell, const char *name, const char *script)
{
    char *folder = test_path(shell->home, "../stubs");
    char *file = test_path(folder, name);
    mkdir(folder, 0755);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (fd < 0 || dprintf(fd, "#!/bin/bash\n%s\n", script) < 0)
        abort();
    close(fd);
    put_in_front(shell, folder);
    free(file);
    free(folder);
}

void kit_shell_busybox(struct kit_shell *shell)
{
    static const char *const tools[] = {
        "tar",   "xargs", "find",    "stat",     "sha256sum", "mv",   "rm",   "mkdir",
        "chmod", "dd",    "cat",     "touch",    "df",        "tail", "head", "date",
        "uname", "id",    "timeout", "readlink", "rmdir",     "ln"};
    char *folder = test_path(shell->home, "../busybox");
    mkdir(folder, 0755);
    for (size_t i = 0; i < X8_COUNT(tools); i++) {
        char *link = test_path(folder, tools[i]);
        if (symlink("/bin/busybox", link) != 0 && errno != EEXIST)
            abort();
        free(link);
    }
    put_in_front(shell, folder);
    free(folder);
}

struct x8_op kit_shell_op(void)
{
    return (struct x8_op){.board = "kit", .deadline = X8_NO_DEADLINE};
}

int kit_host(const char *fmt, ...)
{
    char command[8192];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof(command), fmt, ap);
    va_end(ap);
    char bash[] = "bash", dash_c[] = "-c";
    char *argv[] = {bash, dash_c, command, NULL};
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execv("/bin/bash", argv);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
