/*
 * Starting this program again, and letting go.
 */
#include "background.h"

#include "util/buf.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptor on which the first process waits for a byte. */
#define READY_NAME "X8CTL_READY_FD"
#define WORDS_MAX  ((size_t)4 << 20) /* more fits on no command line */

int x8_background_is_child(void)
{
    return x8_env_for_script(NULL, READY_NAME) != NULL;
}

/* Pointers to the NUL-terminated words of `text`, ended by NULL. For free(). */
static char **words_of(struct x8_buf *text)
{
    size_t count = 0, at = 0;
    char **words;

    for (size_t i = 0; i < text->len; i++)
        count += text->data[i] == '\0';
    words = calloc(count + 1, sizeof *words);
    for (size_t i = 0; words && i < count; i++) {
        words[i] = (char *)text->data + at;
        at += strlen(words[i]) + 1;
    }
    return words;
}

/* The environment with the variable in it. For free(), the words are borrowed. */
static char **environment(char *ready)
{
    char **all = x8_env_all(), **out;
    size_t count = 0;

    while (all[count])
        count++;
    out = calloc(count + 2, sizeof *out);
    if (!out)
        return NULL;
    memcpy(out, all, count * sizeof *out);
    out[count] = ready;
    return out;
}

static int spawn_again(int ready_fd, pid_t *out_pid, struct x8_error *err)
{
    char ready[40];
    X8_AUTO_BUF line = {0};
    char **argv = NULL, **env = NULL;
    int rc = x8_file_load("/proc/self/cmdline", WORDS_MAX, &line, err);

    if (rc < 0)
        return rc;
    snprintf(ready, sizeof ready, READY_NAME "=%d", ready_fd);
    argv = words_of(&line);
    env = environment(ready);
    rc = argv && env && argv[0] ? posix_spawn(out_pid, "/proc/self/exe", NULL, NULL, argv, env)
                                : ENOMEM;
    free(argv);
    free(env);
    return rc == 0
               ? 0
               : x8_fail_sys(err, X8_E_INTERNAL, rc, "the background process cannot be started");
}

struct child {
    struct x8_waker waker;
    struct x8_cancel *cancel;
    pid_t pid;
};

/* Ctrl-C reaches both of us by the terminal; what was sent to this process alone is handed on. */
static void hand_on(void *ctx, enum x8_cancel_level level)
{
    const struct child *child = ctx;

    (void)level;
    if (atomic_load(&child->cancel->code) == X8_E_TERMINATED)
        kill(child->pid, SIGTERM);
}

/* 0 when it serves, else its exit status. */
static int await_child(struct child *child, int fd, struct x8_error *err)
{
    char byte;
    ssize_t n;
    int status = 0;

    x8_cancel_watch(child->cancel, &child->waker);
    do
        n = read(fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
            ;
    x8_cancel_unwatch(child->cancel, &child->waker);
    if (n == 1)
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        return WEXITSTATUS(status);
    x8_fail(err, X8_E_INTERNAL, "the background process ended before it served");
    return -(int)X8_E_INTERNAL;
}

int x8_background_start(struct x8_ctx *ctx, struct x8_error *err)
{
    struct child child = {.cancel = ctx->cancel, .waker = {.wake = hand_on}};
    int ends[2], rc;

    child.waker.ctx = &child;
    if (pipe(ends) != 0 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) != 0)
        return x8_fail_open_files(err, errno, "no pipe can be made");
    rc = spawn_again(ends[1], &child.pid, err);
    close(ends[1]);
    if (rc == 0)
        rc = await_child(&child, ends[0], err);
    close(ends[0]);
    return rc;
}

/* Where the streams lead to afterwards. One process lets go once. */
static int null_fd = -1;

static int no_descriptor(int errnum, struct x8_error *err)
{
    static const char what[] = "it cannot go on in the background: /dev/null cannot be opened";

    if (errnum == EMFILE || errnum == ENFILE)
        return x8_fail_open_files(err, errnum, what);
    return x8_fail_sys(err, X8_E_NO_PERMISSION, errnum, "%s", what);
}

/* The second is for what is written down about the process. */
int x8_background_prepare(struct x8_error *err)
{
    int spare;

    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    spare = null_fd < 0 ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
    if (spare < 0) {
        int errnum = errno;

        x8_fd_close(&null_fd);
        return no_descriptor(errnum, err);
    }
    close(spare);
    return 0;
}

static int let_go(void)
{
    int rc = null_fd < 0 ? -1 : 0;

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && rc == 0; fd++)
        rc = dup2(null_fd, fd) < 0 ? -1 : 0;
    if (null_fd > STDERR_FILENO)
        x8_fd_close(&null_fd);
    return rc;
}

/* Started by /proc/self/exe it is called "exe" in lists of processes. */
static void take_name(void)
{
    X8_AUTO_FD fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);

    if (fd >= 0 && write(fd, "x8ctl", 5) < 0)
        errno = 0; /* another kind of /proc: it keeps the other name */
}

int x8_background_detach(struct x8_ctx *ctx, struct x8_error *err)
{
    const char *text = x8_env_for_script(NULL, READY_NAME);
    uint32_t fd = 0;

    x8_ui_flush(ctx->ui);
    if (x8_stdout_flush(ctx) < 0 || !text || x8_parse_u32(text, &fd) < 0 || fd <= STDERR_FILENO ||
        fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
        return x8_fail(err, X8_E_INTERNAL, "nobody waits for the background process");
    /* It fails for the leader of a group, which has no terminal to lose. */
    (void)setsid();
    take_name();
    if (let_go() < 0)
        return x8_fail_sys(err, X8_E_INTERNAL, errno, "the terminal cannot be let go");
    if (write((int)fd, "", 1) != 1)
        return x8_fail_sys(err, X8_E_INTERNAL, errno, "nobody waits for the background process");
    close((int)fd);
    return 0;
}
