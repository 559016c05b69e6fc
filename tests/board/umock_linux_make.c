/*
 * Making a board's Linux: its words sorted to the daemon and to the root, the folder, the programs.
 */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "umock_linux.h"

#include "adbd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARKS 4096 /* bytes, more than the daemon maps */

extern char **environ;

static char work[256];

const char *um_work_folder(void)
{
    const char *base = getenv("TMPDIR");

    if (work[0])
        return work;
    snprintf(work, sizeof(work), "%s/x8-board.XXXXXX", base && *base ? base : "/tmp");
    if (mkdtemp(work))
        return work;
    perror(work);
    work[0] = '\0';
    return NULL;
}

static int run(char *const argv[])
{
    const int none[] = {-1};
    pid_t pid = um_linux_spawn(argv, none);
    int status = 0;

    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

/* The root has folders that only its owner's other self may enter; a sandbox may be on its way out.
 */
void um_work_remove(void)
{
    static char sh[] = "/bin/sh", option[] = "-c",
                text[] = "rm -rf \"$1\" 2>/dev/null || { sleep 0.2; chmod -R u+rwx \"$1\"; rm -rf "
                         "\"$1\"; }";
    char *argv[] = {sh, option, text, sh, work, NULL};

    if (work[0] && run(argv))
        fprintf(stderr, "x8-board: %s could not be removed\n", work);
    work[0] = '\0';
}

const char *um_linux_script(const char *name, char *out, size_t cap)
{
    const char *folder = getenv("X8_BOARD_ROOT");

    snprintf(out, cap, "%s/%s", folder && *folder ? folder : X8_ROOT_SCRIPTS, name);
    return out;
}

/* Without what makes programs see the virtual bus: Linux has no business there. */
static char **clean_environment(void)
{
    size_t count = 0, kept = 0;
    char **out;

    while (environ[count])
        count++;
    out = calloc(count + 1, sizeof(*out));
    if (!out)
        abort();
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0 &&
            strncmp(environ[i], "UMOCKDEV_DIR=", 13) != 0)
            out[kept++] = environ[i];
    return out;
}

pid_t um_linux_spawn(char *const argv[], const int *keep)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    char **env = clean_environment();
    sigset_t none, pipe;
    pid_t pid = -1;
    int error;

    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &pipe);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, 2, 1); /* the program's output is nobody else's */
    for (; *keep >= 0; keep++)
        posix_spawn_file_actions_adddup2(&files, *keep, *keep); /* no longer closed by exec */
    error = posix_spawn(&pid, argv[0], &files, &attr, argv, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    free(env);
    if (!error)
        return pid;
    fprintf(stderr, "x8-board: %s: %s\n", argv[0], strerror(error));
    return -1;
}

/* ---- words ---- */

static int complain(const struct um_linux *l, const char *what, const char *detail)
{
    fprintf(stderr, "x8-board: Linux of board %zu: %s: %s\n", l->number, what, detail);
    return -1;
}

static int keep_word(char **words, size_t *count, const char *word)
{
    if (*count == UM_LINUX_WORDS)
        return -1;
    words[*count] = strdup(word);
    return words[(*count)++] ? 0 : -1;
}

/* A file of this computer: the sandbox sees its descriptor. */
static int keep_file(struct um_linux *l, const char *word, int flags)
{
    const char *path = strchr(word, '=') + 1;
    int fd = open(path, flags | O_CLOEXEC, 0666);
    char text[64];

    if (fd < 0 || l->file_count == UM_LINUX_WORDS)
        return complain(l, path, strerror(errno));
    l->files[l->file_count++] = fd;
    snprintf(text, sizeof(text), "%.*sfd:%d", (int)(path - word), word, fd);
    return keep_word(l->daemon_words, &l->daemon_count, text);
}

/* 1 the daemon's, 0 not, -1 wrong. The trial must not change what a signal does here. */
static int is_of_daemon(const char *word, char why[256])
{
    struct sigaction before;
    struct ad *trial;
    int taken;

    sigaction(SIGPIPE, NULL, &before);
    trial = ad_new();
    taken = ad_word(trial, word, why);
    ad_free(trial);
    sigaction(SIGPIPE, &before, NULL);
    return taken;
}

static int sort_word(struct um_linux *l, const char *word)
{
    char why[256] = "";
    int taken;

    if (strncmp(word, "serial=", 7) == 0)
        return complain(l, word, "the board's own word serial= is for all it shows");
    if (strncmp(word, "log=", 4) == 0)
        return keep_file(l, word, O_WRONLY | O_CREAT | O_APPEND);
    if (strncmp(word, "keys=", 5) == 0)
        return keep_file(l, word, O_RDONLY | O_CREAT);
    taken = is_of_daemon(word, why);
    if (taken < 0)
        return complain(l, "wrong word", why);
    return taken ? keep_word(l->daemon_words, &l->daemon_count, word)
                 : keep_word(l->root_words, &l->root_count, word);
}

/* What is ours goes first: a later word wins. USB has neither another client nor a time in which a
 * lost one is remembered; systemd starts a daemon that died again after two seconds. */
static int own_words(struct um_linux *l, const struct vb_linux *is)
{
    char word[600];
    int bad = 0;

    snprintf(word, sizeof(word), "serial=%s", is->serial);
    bad |= keep_word(l->root_words, &l->root_count, word);
    for (int i = 0; i < 2 && is->dir[0]; i++) {
        snprintf(word, sizeof(word), "boot%d=%s/boot%d.img", i, is->dir, i);
        bad |= keep_word(l->root_words, &l->root_count, word);
    }
    bad |= keep_word(l->daemon_words, &l->daemon_count, "reaccept=0");
    bad |= keep_word(l->daemon_words, &l->daemon_count, "restart=2000");
    return bad;
}

/* Faults are counted across boots: one that struck has struck. */
static int keep_marks(struct um_linux *l)
{
    char word[300];

    snprintf(word, sizeof(word), "marks=%s/marks%zu", um_work_folder(), l->number);
    if (keep_file(l, word, O_RDWR | O_CREAT))
        return -1;
    return ftruncate(l->files[l->file_count - 1], MARKS) ? complain(l, word, strerror(errno)) : 0;
}

static int sort_words(struct um_linux *l)
{
    struct vb_linux is;
    const char *text = is.daemon;
    char word[1024];
    int more = 0;

    vb_linux(l->board->vb, &is);
    if (own_words(l, &is) || keep_marks(l))
        return -1;
    while ((more = ad_next_word(&text, word, sizeof(word))) > 0)
        if (sort_word(l, word))
            return -1;
    return more ? complain(l, "words", "one of them is too long") : 0;
}

/* ---- the folder ---- */

static int find_program(struct um_linux *l)
{
    const char *given = getenv("X8_ADBD");
    ssize_t len;
    char *slash;

    if (given && *given && strlen(given) < sizeof(l->program)) {
        memcpy(l->program, given, strlen(given) + 1);
        return 0;
    }
    len = readlink("/proc/self/exe", l->program, sizeof(l->program) - 16);
    if (len <= 0)
        return complain(l, "/proc/self/exe", strerror(errno));
    l->program[len] = '\0';
    slash = strrchr(l->program, '/');
    memcpy(slash ? slash + 1 : l->program, "x8-adbd", sizeof("x8-adbd"));
    return access(l->program, X_OK) ? complain(l, l->program, strerror(errno)) : 0;
}

int um_linux_make(struct um_linux *l)
{
    char make[512], *argv[UM_LINUX_WORDS + 3];
    const char *folder = um_work_folder();
    size_t n = 0;

    if (!folder || find_program(l) || sort_words(l))
        return -1;
    snprintf(l->dir, sizeof(l->dir), "%s/root%zu", folder, l->number);
    argv[n++] = (char *)(uintptr_t)um_linux_script("make", make, sizeof(make));
    argv[n++] = l->dir;
    for (size_t i = 0; i < l->root_count; i++)
        argv[n++] = l->root_words[i];
    argv[n] = NULL;
    return run(argv) ? complain(l, l->dir, "its root could not be made") : 0;
}

void um_linux_free(struct um_linux *l)
{
    for (size_t i = 0; i < l->daemon_count; i++)
        free(l->daemon_words[i]);
    for (size_t i = 0; i < l->root_count; i++)
        free(l->root_words[i]);
    free(l);
}
