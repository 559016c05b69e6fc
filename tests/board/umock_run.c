/*
 * The program under test: started with umockdev's library preloaded, watched to its end.
 */
#include "umock.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIBRARY     "libumockdev-preload.so.0"
#define MARK        "X8_BOARD_PRELOAD" /* the user's own LD_PRELOAD, across the re-execution */
#define KILL_AFTER  3                  /* seconds between SIGTERM and SIGKILL at the limit */
#define STATUS_TIME 124

extern char **environ;

/*
 * When this program is built with a sanitizer: umockdev's library comes before the sanitizer's,
 * which is fine; GLib's own objects live until the end, and its locks are unknown to the thread
 * sanitizer.
 */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "verify_asan_link_order=0:detect_leaks=0";
}

const char *__tsan_default_options(void)
{
    return "report_bugs=0:atexit_sleep_ms=0";
}

static void join_preload(const char *rest)
{
    char text[4096];

    snprintf(text, sizeof(text), LIBRARY "%s%s", rest[0] ? ":" : "", rest);
    setenv("LD_PRELOAD", text, 1);
}

int um_reexec(char **argv)
{
    const char *old = getenv("LD_PRELOAD");

    if (getenv(MARK)) {
        prctl(PR_SET_NAME, "x8-board", 0, 0, 0); /* not the name of the link it was started by */
        return 0;
    }
    setenv(MARK, old ? old : "", 1);
    join_preload(old ? old : "");
    execv("/proc/self/exe", argv);
    perror("x8-board: /proc/self/exe");
    return -1;
}

/*
 * The program's environment is this process's own (umockdev has set UMOCKDEV_DIR) without our mark.
 * A program built with the address sanitizer refuses to start behind a preloaded library unless
 * told that this is on purpose; the option reaches it also through a shell or another program in
 * between, which a preloaded libasan would not survive.
 */
static void prepare_environment(void)
{
    const char *options = getenv("ASAN_OPTIONS"), *home;
    char text[4096];

    join_preload(getenv(MARK) ? getenv(MARK) : "");
    /* These boards are a computer of their own: port 1-2 here is not port 1-2 of another run. */
    home = getenv("UMOCKDEV_DIR");
    if (home)
        setenv("XDG_RUNTIME_DIR", home, 1);
    unsetenv(MARK);
    snprintf(text, sizeof(text), "verify_asan_link_order=0%s%s", options && options[0] ? ":" : "",
             options ? options : "");
    setenv("ASAN_OPTIONS", text, 1);
}

void um_run_block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* A program of root opens every node, whatever its mode. Started without these rights it meets the
 * same refusal as a user; all else of root stays. The set is kept per thread and goes with
 * execve(). */
static void drop_override(void)
{
    if (geteuid() != 0)
        return;
    if (prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) ||
        prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0))
        perror("x8-board: access=denied will not be noticed: prctl");
}

static int start(const struct um_run *run, pid_t *child)
{
    posix_spawnattr_t attr;
    sigset_t none;
    int error;

    sigemptyset(&none);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attr, &none);
    prepare_environment();
    if (run->drop_override)
        drop_override();
    error = posix_spawnp(child, run->argv[0], NULL, &attr, run->argv, environ);
    posix_spawnattr_destroy(&attr);
    if (error)
        fprintf(stderr, "x8-board: %s: %s\n", run->argv[0], strerror(error));
    return error ? -1 : 0;
}

static void write_pid(const char *path, pid_t child)
{
    FILE *out = fopen(path, "we");

    if (!out) {
        perror(path);
        return;
    }
    fprintf(out, "%ld\n", (long)child);
    fclose(out);
}

static int64_t now_s(void)
{
    return um_now_us() / 1000000;
}

/* Wait for one signal, at most until `limit`. 0 when the time is over. */
static int next_signal(int64_t limit)
{
    sigset_t set;
    struct timespec wait = {.tv_sec = 3600};
    int sig;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (limit != INT64_MAX)
        wait.tv_sec = limit > now_s() ? (time_t)(limit - now_s()) : 0;
    sig = sigtimedwait(&set, NULL, &wait);
    return sig > 0 ? sig : 0;
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* SIGINT and SIGQUIT come from the terminal and reach the program by themselves: here they are
 * taken and forgotten. SIGTERM and SIGHUP were meant for the program. */
static int watch(pid_t child, int64_t limit)
{
    int over = 0, status;

    for (;;) {
        int sig = next_signal(limit);

        if (waitpid(child, &status, WNOHANG) == child)
            return over ? STATUS_TIME : status_of(status);
        if (sig == SIGTERM || sig == SIGHUP)
            kill(child, sig);
        if (sig == 0 && limit != INT64_MAX && now_s() >= limit) {
            fprintf(stderr, "x8-board: %s\n", over ? "still there, killed" : "time is over");
            kill(child, over ? SIGKILL : SIGTERM);
            over = 1;
            limit = now_s() + KILL_AFTER;
        }
    }
}

int um_run(const struct um_run *run)
{
    pid_t child;

    if (start(run, &child))
        return 127;
    if (run->pid_file)
        write_pid(run->pid_file, child);
    return watch(child, run->limit_s > 0 ? now_s() + run->limit_s : INT64_MAX);
}
