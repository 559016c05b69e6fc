/*
 * Running a command of the host. The loop waits for output, for the stop token and for the end of
 * the command at once; it ends with the command even when something the command left behind keeps
 * the pipe open.
 */
#include "util/proc.h"

#include "util/buf.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* POSIX leaves the declaration to the program. The child gets the environment as it is. */
extern char **environ;

/* There is no portable way to poll() for the end of a process, so it is asked this often. */
#define LOOK_MS      50
#define LOOK_LAST_MS 5 /* once the output has ended, the process ends right behind it */

struct run {
    pid_t pid;
    int output, output_end; /* read end; write end, closed after the start */
    int wake[2];            /* the stop token writes, poll() sees it */
    x8_proc_line_fn *on_line;
    void *ctx;
    char line[4096]; /* being collected; longer lines are passed on in parts */
    size_t len;
    int after_cr;
    char last[256]; /* last line that was not empty */
};

static void give_line(struct run *run)
{
    char clean[sizeof run->line];

    x8_clean(clean, sizeof clean, run->line, run->len);
    run->len = 0;
    if (clean[0])
        x8_copy(run->last, sizeof run->last, clean);
    if (run->on_line)
        run->on_line(run->ctx, clean);
}

/* A carriage return ends a line too: progress displays use it alone. */
static void take_byte(struct run *run, char c)
{
    int second_of_crlf = c == '\n' && run->after_cr;

    run->after_cr = c == '\r';
    if (second_of_crlf)
        return;
    if (c == '\n' || c == '\r') {
        give_line(run);
        return;
    }
    if (run->len == sizeof run->line - 1)
        give_line(run);
    run->line[run->len++] = c;
}

/* Read once. 0 when nothing is there now; the end of the output closes it. */
static int take_output(struct run *run)
{
    char chunk[4096];
    ssize_t n = read(run->output, chunk, sizeof chunk);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return errno == EINTR;
    if (n <= 0) {
        x8_fd_close(&run->output);
        return 0;
    }
    for (ssize_t i = 0; i < n; i++)
        take_byte(run, chunk[i]);
    return 1;
}

static int open_pipe(int ends[2], int nonblock_write)
{
    if (pipe(ends) != 0)
        return errno;
    for (int i = 0; i < 2; i++)
        if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0)
            return errno;
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
        return errno;
    return nonblock_write && fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0 ? errno : 0;
}

/* Own group so that it can be killed as a whole; signals as a fresh program expects them, since
 * this process blocks some and ignores SIGPIPE. */
static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none, plain;
    int rc;

    sigemptyset(&none);
    sigfillset(&plain);
    sigdelset(&plain, SIGKILL);
    sigdelset(&plain, SIGSTOP);
    rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSIGDEF);
    rc = rc ? rc : posix_spawnattr_setpgroup(attr, 0);
    rc = rc ? rc : posix_spawnattr_setsigmask(attr, &none);
    return rc ? rc : posix_spawnattr_setsigdefault(attr, &plain);
}

static int set_files(posix_spawn_file_actions_t *files, int output)
{
    int rc = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    rc = rc ? rc : posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO);
    return rc ? rc : posix_spawn_file_actions_adddup2(files, output, STDERR_FILENO);
}

/* 0 or an errno. */
static int spawn(struct run *run, const char *command)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    char sh[] = "sh", dash_c[] = "-c", *copy = strdup(command);
    char *argv[] = {sh, dash_c, copy, NULL};
    int rc;

    if (!copy)
        return ENOMEM;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    rc = set_files(&files, run->output_end);
    rc = rc ? rc : set_attributes(&attr);
    rc = rc ? rc : posix_spawn(&run->pid, "/bin/sh", &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    free(copy);
    return rc;
}

static int start(struct run *run, const char *command)
{
    int ends[2] = {-1, -1};
    int rc = open_pipe(ends, 0);

    run->output = ends[0];
    run->output_end = ends[1];
    rc = rc ? rc : open_pipe(run->wake, 1);
    rc = rc ? rc : spawn(run, command);
    x8_fd_close(&run->output_end);
    return rc;
}

static void on_stop(void *ctx, enum x8_cancel_level level)
{
    const struct run *run = ctx;

    if (level >= X8_CANCEL_HARD) {
        ssize_t n = write(run->wake[1], "", 1);

        (void)n; /* a full pipe wakes as well */
    }
}

/* Looks without reaping: as long as the process is not reaped its group cannot be another's. */
static int has_ended(const struct run *run)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == run->pid;
}

/* Until the command has ended: 0, or why it must be killed. */
static int watch(const struct x8_op *op, struct run *run, int64_t deadline, const char *name,
                 struct x8_error *err)
{
    while (!has_ended(run)) {
        struct pollfd fds[] = {{.fd = run->output, .events = POLLIN},
                               {.fd = run->wake[0], .events = POLLIN}};
        int rc = x8_cancel_check(op ? op->cancel : NULL, X8_CANCEL_HARD, err);

        if (rc < 0)
            return rc;
        if (deadline != X8_NO_DEADLINE && x8_now_ms() >= deadline)
            return x8_fail(err, X8_E_TIMEOUT, "command '%s' did not end in time", name);
        poll(fds, 2, x8_deadline_left(deadline, run->output >= 0 ? LOOK_MS : LOOK_LAST_MS));
        if (run->output >= 0 && fds[0].revents)
            take_output(run);
    }
    return 0;
}

/* What the command wrote before it ended; bounded, as a process it left behind may go on. */
static void drain(struct run *run)
{
    for (int chunks = 0; chunks < 64 && run->output >= 0 && take_output(run); chunks++)
        ;
    if (run->len)
        give_line(run);
}

static int judge(const struct run *run, int status, const char *name, struct x8_error *err)
{
    int rc;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status))
        rc = x8_fail(err, X8_E_REFUSED, "command '%s' was ended by signal %d", name,
                     WTERMSIG(status));
    else
        rc = x8_fail(err, X8_E_REFUSED, "command '%s' ended with status %d", name,
                     WEXITSTATUS(status));
    x8_error_why(err, "%s", run->last[0] ? run->last : "it said nothing");
    return rc;
}

static int run_to_end(const struct x8_op *op, struct run *run, int64_t deadline, const char *name,
                      struct x8_error *err)
{
    struct x8_waker waker = {.wake = on_stop, .ctx = run};
    int rc, status = 0;

    x8_cancel_watch(op ? op->cancel : NULL, &waker);
    rc = watch(op, run, deadline, name, err);
    x8_cancel_unwatch(op ? op->cancel : NULL, &waker);
    if (rc < 0) {
        kill(-run->pid, SIGKILL);
        if (rc == -X8_E_TIMEOUT && run->last[0])
            x8_error_why(err, "its last words: %s", run->last);
    }
    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
        ;
    drain(run);
    return rc < 0 ? rc : judge(run, status, name, err);
}

int x8_proc_run(const struct x8_op *op, const char *command, int64_t deadline,
                x8_proc_line_fn *on_line, void *ctx, struct x8_error *err)
{
    struct run run = {.output = -1, .output_end = -1, .wake = {-1, -1}, .on_line = on_line};
    char name[120];
    int rc;

    run.ctx = ctx;
    x8_clean(name, sizeof name, command, strlen(command));
    rc = start(&run, command);
    if (rc != 0)
        rc = x8_fail_sys(err, X8_E_INTERNAL, rc, "command '%s' cannot be started", name);
    else
        rc = run_to_end(op, &run, deadline, name, err);
    x8_fd_close(&run.output);
    x8_fd_close(&run.wake[0]);
    x8_fd_close(&run.wake[1]);
    return rc;
}
