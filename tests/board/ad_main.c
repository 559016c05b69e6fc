/*
 * x8-adbd: boards with an adb daemon on this computer's loopback, for the time of a command. See
 * usage().
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "ad_main.h"
#include "adbd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct options {
    const char *words[MAX_BOARD_ARGS], *own[MAX_BOARDS];
    size_t word_count, own_count;
    const char *keep;
    char **argv;
};

static void usage(FILE *out)
{
    fputs(
        "usage: x8-adbd [word]... [--board \"words\"]... [--keep DIR] [--] COMMAND [ARG]...\n"
        "       x8-adbd --listen-fd N [word]...\n"
        "       x8-adbd --serve-fd N [word]...\n"
        "Run COMMAND with virtual boards whose adb daemon listens on loopback. Words describe the "
        "boards (ADBD.md):\n"
        "persona=new auth=ask fault=at:open,do:drop ...; those the daemon does not know go to "
        "root/make.\n"
        "  --board \"words\"  a board with these words beside the common ones; given n times: n "
        "boards\n"
        "  --keep DIR       keep the boards' folders as DIR/1 ...\n"
        "In ARGs {adb} {adb2} ... are the addresses, {root} {root2} ... the folders; so are "
        "X8_ADB X8_ADB2 ...,\n"
        "X8_ROOT X8_ROOT2 ... in the environment. The status is COMMAND's (128 + signal).\n"
        "The second and third form are the daemon itself, on a socket that was inherited.\n",
        out);
}

/* ---- options ---- */

static int parse(struct options *o, char **argv)
{
    for (; *argv; argv++) {
        if (strcmp(*argv, "--") == 0) {
            argv++;
            break;
        }
        if (strcmp(*argv, "--board") == 0 && argv[1] && o->own_count < MAX_BOARDS) {
            o->own[o->own_count++] = *++argv;
        } else if (strcmp(*argv, "--keep") == 0 && argv[1]) {
            o->keep = *++argv;
        } else if (argv[0][0] == '-') {
            fprintf(stderr, "x8-adbd: not understood: %s\n", *argv);
            return -1;
        } else if (!strchr(*argv, '=') || o->word_count == MAX_BOARD_ARGS) {
            break;
        } else {
            o->words[o->word_count++] = *argv;
        }
    }
    o->argv = argv;
    return *argv ? 0 : -1;
}

static int take_words(struct board *b, const struct options *o, size_t i)
{
    char word[1024];
    int more = 0;
    for (size_t k = 0; k < o->word_count; k++)
        if (board_word(b, o->words[k]))
            return -1;
    const char *own = i < o->own_count ? o->own[i] : "";
    while ((more = ad_next_word(&own, word, sizeof word)) > 0)
        if (board_word(b, word))
            return -1;
    return more;
}

/* ---- children ---- */

pid_t start_child(char *const argv[], int own_group)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        if (own_group)
            setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(127);
        execvp(argv[0], argv);
        fprintf(stderr, "x8-adbd: %s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    if (pid < 0)
        perror("x8-adbd: fork");
    else if (own_group)
        setpgid(pid, pid);
    return pid;
}

/* {adb2} in an argument. The result is never freed, but kept: it is for the command's whole life.
 */
static char *replace(char *text, const char *what, const char *by)
{
    static struct kept {
        struct kept *next;
        char text[];
    } * all;
    char *at = strstr(text, what);
    if (!at)
        return text;
    size_t room = strlen(text) + strlen(by) + 1;
    struct kept *out = malloc(sizeof *out + room);
    if (!out)
        abort();
    out->next = all;
    all = out;
    snprintf(out->text, room, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
    return replace(out->text, what, by);
}

static void tell(char **argv, const struct board *b, const char *name, const char *value)
{
    char label[32], variable[32];
    snprintf(label, sizeof label, "{%s%s}", name, b->label);
    snprintf(variable, sizeof variable, "X8_%s%s", strcmp(name, "adb") ? "ROOT" : "ADB", b->label);
    for (; *argv; argv++)
        *argv = replace(*argv, label, value);
    setenv(variable, value, 1);
}

/* ---- boards ---- */

static int make_boards(struct board *boards, size_t count, const struct options *o,
                       const char *folder)
{
    for (size_t i = 0; i < count; i++) {
        struct board *b = &boards[i];
        *b = (struct board){.number = i + 1, .down_ms = 1000, .listen_fd = -1, .ready_fd = -1};
        snprintf(b->dir, sizeof b->dir, "%s/%zu", folder, i + 1);
        if (i)
            snprintf(b->label, sizeof b->label, "%zu", i + 1);
        if (take_words(b, o, i))
            return -1;
    }
    for (size_t i = 0; i < count; i++) {
        char address[32];
        if (board_make(&boards[i]) || board_boot(&boards[i], 1))
            return -1;
        snprintf(address, sizeof address, "127.0.0.1:%d", boards[i].port);
        tell(o->argv, &boards[i], "adb", address);
        tell(o->argv, &boards[i], "root", boards[i].dir);
    }
    return 0;
}

static int64_t next_boot(const struct board *boards, size_t count)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (boards[i].back_at_us && boards[i].back_at_us < next)
            next = boards[i].back_at_us;
    return next;
}

static void boot_due(struct board *boards, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (boards[i].back_at_us && boards[i].back_at_us <= now_us())
            board_boot(&boards[i], 0);
}

/* 1 when the command has ended, with its status. */
static int collect(struct board *boards, size_t count, pid_t command, int *status)
{
    int raw, ended = 0;
    for (pid_t pid; (pid = waitpid(-1, &raw, WNOHANG)) > 0;) {
        for (size_t i = 0; i < count; i++)
            if (boards[i].boot == pid)
                board_ended(&boards[i], raw);
        if (pid == command) {
            *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
            ended = 1;
        }
    }
    return ended;
}

static int watch(struct board *boards, size_t count, pid_t command, int signals)
{
    struct signalfd_siginfo info;
    int status = 1;
    while (!collect(boards, count, command, &status)) {
        struct pollfd fd = {signals, POLLIN, 0};
        int64_t next = next_boot(boards, count), left = (next - now_us() + 999) / 1000;
        int timeout = next == INT64_MAX || left > 60000 ? 60000 : left < 0 ? 0 : (int)left;
        poll(&fd, 1, timeout);
        while (read(signals, &info, sizeof info) == sizeof info)
            if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP)
                kill(command, (int)info.ssi_signo);
        boot_due(boards, count);
    }
    return status;
}

/* SIGINT of a terminal comes to the command by itself. */
static int take_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static const char *make_folder(const struct options *o, char *out, size_t cap)
{
    const char *base = getenv("TMPDIR");
    if (o->keep) {
        mkdir(o->keep, 0777);
        return realpath(o->keep, out);
    }
    snprintf(out, cap, "%s/x8-adbd.XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(out);
}

static int run(const struct options *o)
{
    static struct board boards[MAX_BOARDS];
    static char folder[4096];
    size_t count = o->own_count ? o->own_count : 1;
    int status = STATUS_USAGE, signals = take_signals();
    if (!make_folder(o, folder, sizeof folder) || strlen(folder) > 400) {
        perror("x8-adbd: folder");
        return STATUS_USAGE;
    }
    if (make_boards(boards, count, o, folder) == 0) {
        pid_t command = start_child(o->argv, 0);
        if (command > 0)
            status = watch(boards, count, command, signals);
    }
    for (size_t i = 0; i < count; i++) {
        if (boards[i].is_forbidden)
            status = STATUS_SKIP;
        board_off(&boards[i]);
        if (!o->keep && boards[i].dir[0])
            board_remove(&boards[i]);
    }
    if (!o->keep)
        rmdir(folder);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    if (argc > 2 && (!strcmp(argv[1], "--serve-fd") || !strcmp(argv[1], "--listen-fd")))
        return serve_main(argv + 1);
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return 0;
    }
    if (parse(&options, argv + 1)) {
        usage(stderr);
        return STATUS_USAGE;
    }
    return run(&options);
}
