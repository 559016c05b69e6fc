/*
 * Logs of the last runs. Of two runs at once neither minds the other: each has a name of its own,
 * and that a file is gone which was to be removed is no error.
 */
#include "main_log.h"
#include "main.h"
#include "running.h"

#include "doctor/secrets.h"
#include "net/http_header.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- which runs --- */

/* One of the words of a list with blanks between them. */
static int has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(list, word); len && at; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return 1;
    return 0;
}

int x8_run_log_is_wanted(const struct x8_line *line, const struct x8_globals *globals)
{
    const char *logged = line->cmd ? line->cmd->logged : NULL;

    if (!logged || globals->log || globals->dry_run || globals->help || globals->version)
        return 0;
    return !logged[0] || (line->argc && has_word(logged, line->argv[0]));
}

/* A word whose end would not be seen gets marks; of an address what may be a key is left out. */
static size_t put_word(char *out, size_t cap, const char *word)
{
    char shown[sizeof((struct x8_run_log *)0)->words];
    int is_plain, n;

    if (strstr(word, "://"))
        x8_http_shown(word, shown, sizeof shown);
    else
        x8_copy(shown, sizeof shown, word);
    x8_hide_logins(shown);
    word = shown;
    is_plain = word[0] && !word[strcspn(word, " \t\n\"'$&;|<>()*?[]\\`~#!")];
    n = snprintf(out, cap, is_plain ? " %s" : " '%s'", word);
    return n < 0 ? 0 : (size_t)n;
}

void x8_run_log_words(struct x8_run_log *log, int argc, char *const *argv)
{
    char text[sizeof log->words - 4] = "x8ctl";
    size_t len = strlen(text);

    for (int i = 1; i < argc && len < sizeof text; i++)
        len += put_word(text + len, sizeof text - len, argv[i]);
    x8_clean(log->words, sizeof log->words, text, strlen(text));
    if (len >= sizeof text)
        strncat(log->words, "...", 4);
}

/* --- the folder and the file --- */

static int64_t number_of_digits(const char *text)
{
    return (int64_t)strspn(text, "0123456789");
}

int x8_run_log_is_name(const char *name)
{
    size_t len = strlen(name), digits = 0;

    if (len >= sizeof((struct x8_run_log *)0)->name || number_of_digits(name) != 8 ||
        name[8] != 'T' || number_of_digits(name + 9) != 6 || !x8_starts(name + 15, "Z-") ||
        !x8_ends(name, ".log"))
        return 0;
    for (len -= strlen(".log");
         digits < len && name[len - 1 - digits] >= '0' && name[len - 1 - digits] <= '9';)
        digits++;
    /* "flash-12": both must be there. */
    return digits > 0 && len - digits > 18 && name[len - digits - 1] == '-' &&
           strspn(name + 17, "abcdefghijklmnopqrstuvwxyz0123456789-") == len - 17;
}

static int none(struct x8_run_log *log, const char *why)
{
    x8_copy(log->why, sizeof log->why, why);
    return -1;
}

static int open_folder(struct x8_run_log *log, const char *path)
{
    struct x8_error err;

    /* A service whose home is "/" has none. */
    if (x8_starts(path, "//") || !x8_path_is_ours(path))
        return none(log, "its folder would be none of this user's");
    if (x8_env_make_folder(path, &err) < 0)
        return none(log, err.msg);
    log->folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return log->folder < 0 ? none(log, strerror(errno)) : 0;
}

static int open_file(struct x8_run_log *log, const char *path)
{
    time_t now = time(NULL);
    char stamp[20];
    struct tm tm;

    if (!gmtime_r(&now, &tm) || !strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm))
        return none(log, "the clock shows no time");
    snprintf(log->name, sizeof log->name, "%s-%s-%ld.log", stamp, log->command, (long)getpid());
    for (char *c = log->name; *c; c++)
        if (*c == ' ')
            *c = '-';
    snprintf(log->path, sizeof log->path, "%s/%s", path, log->name);
    log->fd = openat(log->folder, log->name,
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0600);
    if (log->fd > 0)
        return 0;
    log->fd = 0;
    return none(log, strerror(errno));
}

/* "TIME flash - WORDS" in the form of the lines between the first and the last. */
static void write_line(const struct x8_run_log *log, const char *words)
{
    X8_AUTO_BUF line = {0};
    char t[32];

    x8_utc_text(t, 1);
    if (x8_buf_addf(&line, "%s %s - %s\n", t, log->command, words) == 0)
        (void)!write(log->fd, line.data, line.len); /* a disk that is full is told by nobody */
}

/* Addresses may have a password in them; what is run on a board may be anything. */
static void write_head(const struct x8_run_log *log)
{
    X8_AUTO_BUF words = {0}, head = {0};
    struct x8_span given = {(const uint8_t *)log->words, strlen(log->words)};
    int rc = log->is_remote ? x8_buf_addf(&words, "x8ctl %s (its words are left out)", log->command)
                            : x8_hide_secrets(given, &words);

    if (rc == 0 && x8_buf_addf(&head, "run x8ctl %s, process %ld: %s", x8_version_text(),
                               (long)getpid(), x8_buf_text(&words)) == 0)
        write_line(log, x8_buf_text(&head));
}

void x8_run_log_begin(struct x8_run_log *log, const struct x8_cmd *cmd, const char *command,
                      const char *folder, unsigned keep)
{
    log->fd = 0;
    log->folder = -1;
    log->keep = keep;
    log->is_remote = (cmd->needs & X8_STATUS_IS_REMOTE) != 0;
    /* The dialogue with the device, but for what is run there: that stands in it. */
    log->depth = log->is_remote ? 1 : 2;
    log->began_ms = x8_now_ms();
    x8_copy(log->command, sizeof log->command,
            x8_starts(command, "x8ctl ") ? command + 6 : command);
    if (open_folder(log, folder) == 0 && open_file(log, folder) == 0)
        write_head(log);
    else
        x8_fd_close(&log->folder);
}

void x8_run_log_end(struct x8_run_log *log, int status, int has_failed)
{
    char words[64], took[24];

    if (!log->fd)
        return;
    x8_time_text(took, x8_now_ms() - log->began_ms);
    snprintf(words, sizeof words, "exit %d after %s", status, took);
    write_line(log, words);
    x8_fd_close(&log->fd);
    log->fd = 0;
    if (log->is_remote && !has_failed)
        unlinkat(log->folder, log->name, 0);
    else
        x8_run_log_prune(log->folder, log->name, log->keep);
    x8_fd_close(&log->folder);
}

/* --- what goes --- */

struct kept {
    char name[sizeof((struct x8_run_log *)0)->name];
    struct timespec mtime;
};

struct newest {
    struct kept logs[X8_RUN_LOGS_MAX]; /* the newest first */
    unsigned count, keep;
    size_t all;
};

/* By the time in its name; many may be of one second, and then by what was written last. */
static int is_older(const struct kept *a, const struct kept *b)
{
    int stamp = strncmp(a->name, b->name, strlen("20260102T030405Z"));

    if (stamp)
        return stamp < 0;
    if (a->mtime.tv_sec != b->mtime.tv_sec)
        return a->mtime.tv_sec < b->mtime.tv_sec;
    if (a->mtime.tv_nsec != b->mtime.tv_nsec)
        return a->mtime.tv_nsec < b->mtime.tv_nsec;
    return strcmp(a->name, b->name) < 0;
}

static int read_log(int folder, const char *name, struct kept *out)
{
    struct stat st;

    if (!x8_run_log_is_name(name) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return 0;
    x8_copy(out->name, sizeof out->name, name);
    out->mtime = st.st_mtim;
    return 1;
}

/* Call `fn` for each log but the own one. */
static void each_log(DIR *dir, const char *own,
                     void (*fn)(int, struct newest *, const struct kept *), struct newest *list)
{
    struct dirent *entry;
    struct kept log;

    rewinddir(dir);
    while ((entry = readdir(dir)) != NULL)
        if ((!own || strcmp(entry->d_name, own) != 0) && read_log(dirfd(dir), entry->d_name, &log))
            fn(dirfd(dir), list, &log);
}

static void look(int folder, struct newest *list, const struct kept *log)
{
    unsigned at = list->count;

    (void)folder;
    list->all++;
    while (at > 0 && is_older(&list->logs[at - 1], log))
        at--;
    if (at == list->keep)
        return;
    if (list->count < list->keep)
        list->count++;
    memmove(list->logs + at + 1, list->logs + at, (list->count - 1 - at) * sizeof list->logs[0]);
    list->logs[at] = *log;
}

static void drop(int folder, struct newest *list, const struct kept *log)
{
    if (!list->count || is_older(log, &list->logs[list->count - 1]))
        unlinkat(folder, log->name, 0);
}

void x8_run_log_prune(int folder, const char *own, unsigned keep)
{
    struct newest list = {.keep = keep > X8_RUN_LOGS_MAX ? X8_RUN_LOGS_MAX : keep};
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);

    if (own && list.keep)
        list.keep--;
    if (dir)
        each_log(dir, own, look, &list);
    if (dir && list.all > list.keep)
        each_log(dir, own, drop, &list);
    if (dir)
        closedir(dir);
    else
        x8_fd_close(&copy);
}
