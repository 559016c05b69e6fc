/*
 * Processes of a stream: bash as the board starts it, on a terminal or on sockets.
 */
#define _GNU_SOURCE /* posix_openpt and its kin, SOCK_CLOEXEC, pidfd */
#include "ad_model.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Systemd's default. */
#define PATH_OF_UNITS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

extern char **environ;

struct ends {
    int ours[2];   /* in and out, stderr */
    int theirs[3]; /* 0, 1, 2 */
};

static void close_all(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int is_again = 0;
        for (size_t k = 0; k < i; k++)
            is_again |= fds[k] == fds[i];
        if (fds[i] >= 0 && !is_again)
            close(fds[i]);
    }
}

static int open_terminal(struct ends *e)
{
    char name[64];
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    e->ours[0] = fd;
    if (grantpt(fd) || unlockpt(fd) || ptsname_r(fd, name, sizeof name))
        return -1;
    /* Opened here, so that the terminal has a reader from the start. */
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    e->theirs[0] = e->theirs[1] = e->theirs[2] = slave;
    return slave < 0 ? -1 : 0;
}

static int open_sockets(struct ends *e, int is_apart)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return -1;
    e->ours[0] = pair[0];
    e->theirs[0] = e->theirs[1] = e->theirs[2] = pair[1];
    if (!is_apart)
        return 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return -1;
    e->ours[1] = pair[0];
    e->theirs[2] = pair[1];
    return 0;
}

/* By default the folder the daemon was started in. */
static void enter_folder(const struct ad *ad)
{
    if (ad->cfg.cwd[0] && chdir(ad->cfg.cwd))
        _exit(126);
}

/* HOME is unset on the board. bash reads .bashrc over a socket only while SHLVL is below 2:
 * that is how it is kept from doing so. */
static void set_environment(const struct ad *ad, const char *term)
{
    unsetenv("HOME");
    unsetenv("BASH_ENV");
    unsetenv("PWD");
    unsetenv("OLDPWD");
    unsetenv("LD_PRELOAD");
    setenv("PATH", PATH_OF_UNITS, 1);
    setenv("TERM", term ? term : "dumb", 1);
    if (ad->cfg.noise == 2)
        unsetenv("SHLVL");
    else
        setenv("SHLVL", "1", 1);
}

static void become(const struct ad *ad, const struct ends *e, const struct ad_command *command)
{
    static char name[] = "bash", dash_c[] = "-c";
    char *text = strdup(command->text ? command->text : "");
    char *interactive[] = {name, NULL};
    char *single[] = {name, dash_c, text, NULL};
    sigset_t none;

    setsid();
    if (command->channel == AD_PTY)
        ioctl(e->theirs[0], TIOCSCTTY, 0);
    for (int i = 0; i < 3; i++)
        dup2(e->theirs[i], i);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    umask(0);
    enter_folder(ad);
    set_environment(ad, command->term);
    execv("/bin/bash", text && *text ? single : interactive);
    fprintf(stderr, "/bin/bash: %s\n", strerror(errno));
    _exit(127);
}

static void set_nonblocking(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int ad_spawn(struct ad_stream *s, const struct ad_command *command)
{
    struct ends e = {{-1, -1}, {-1, -1, -1}};
    int bad = command->channel == AD_PTY ? open_terminal(&e)
                                         : open_sockets(&e, command->channel == AD_SOCKETS);
    fflush(NULL);
    pid_t pid = bad ? -1 : fork();
    if (pid == 0)
        become(s->link->ad, &e, command);
    close_all(e.theirs, 3);
    if (pid < 0) {
        close_all(e.ours, 2);
        return -1;
    }
    s->in = s->out = e.ours[0];
    s->err = e.ours[1];
    set_nonblocking(s->in);
    set_nonblocking(s->err);
    s->pid = pid;
    s->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (s->pid_fd >= 0)
        fcntl(s->pid_fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

/* ---- the end of a process ---- */

void ad_reap(struct ad_stream *s)
{
    if (s->pid <= 0 || s->exited || waitpid(s->pid, &s->status, WNOHANG) != s->pid)
        return;
    s->exited = 1;
    close(s->pid_fd);
    s->pid_fd = -1;
}

void ad_orphan_add(struct ad *ad, pid_t pid, int fd)
{
    if (ad->orphan_count == AD_ORPHANS) {
        close(fd);
        return;
    }
    ad->orphans[ad->orphan_count++] = (struct ad_orphan){pid, fd};
}

void ad_orphans_reap(struct ad *ad)
{
    size_t kept = 0;
    for (size_t i = 0; i < ad->orphan_count; i++) {
        if (waitpid(ad->orphans[i].pid, NULL, WNOHANG) != 0)
            close(ad->orphans[i].fd);
        else
            ad->orphans[kept++] = ad->orphans[i];
    }
    ad->orphan_count = kept;
}
