/*
 * Notes about forwards in the background, for those who want to see or end them. A lock tells
 * whether the process is there: its number alone could be another's by now.
 */
#include "forward_kept.h"

#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "forward-"
enum { PATH_LEN = 1024, NOTE_MAX = 65536, END_MS = 10000, LOOK_MS = 20 };

/* --- writing --- */

static void own_path(char *out, size_t cap)
{
    char name[40];

    snprintf(name, sizeof name, PREFIX "%ld", (long)getpid());
    x8_env_lock_path(name, out, cap);
}

struct x8_json *x8_forward_ports(const struct x8_forward *forwards, size_t count)
{
    struct x8_json *ports = x8_json_array();

    for (size_t i = 0; i < count; i++) {
        struct x8_json *port = x8_json_object();

        x8_json_str(port, "host", forwards[i].host);
        x8_json_u64(port, "port", forwards[i].local_port);
        x8_json_str(port, "remote", forwards[i].remote);
        x8_json_add(ports, NULL, port);
    }
    return ports;
}

static struct x8_json *note_of(const char *board, const struct x8_forward *forwards, size_t count)
{
    struct x8_json *note = x8_json_object();
    char now[32];

    x8_utc_text(now, 0);
    x8_json_u64(note, "pid", (uint64_t)getpid());
    x8_json_str(note, "board", board);
    x8_json_str(note, "since", now);
    x8_json_add(note, "ports", x8_forward_ports(forwards, count));
    return note;
}

void x8_forward_note(const char *board, const struct x8_forward *forwards, size_t count,
                     int *out_fd)
{
    struct x8_json *note = note_of(board, forwards, count);
    char path[PATH_LEN], *text = x8_json_text(note, 0);
    struct x8_error ignored;

    own_path(path, sizeof path);
    if (x8_lock_take(path, out_fd, &ignored) == 0 && *out_fd >= 0 &&
        (ftruncate(*out_fd, 0) != 0 ||
         pwrite(*out_fd, text, strlen(text), 0) != (ssize_t)strlen(text)))
        x8_fd_close(out_fd); /* a full disk: then nobody is told */
    free(text);
    x8_json_free(&note);
}

void x8_forward_note_end(int *fd)
{
    char path[PATH_LEN];

    own_path(path, sizeof path);
    if (*fd >= 0)
        unlink(path);
    x8_fd_close(fd);
}

/* --- reading --- */

/* Nobody else can have written it. */
static int is_ours(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == getuid() &&
           (info.st_mode & 077) == 0 && info.st_size <= NOTE_MAX;
}

/* 1 while somebody has it locked; what nobody has is left from a crash, and goes. */
static int is_held(int fd, const char *path)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK;
    unlink(path);
    return 0;
}

static struct x8_json *read_note(const char *path)
{
    X8_AUTO_FD fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct x8_json *note = NULL;
    char text[NOTE_MAX];
    ssize_t n;

    if (fd < 0 || !is_ours(fd) || !is_held(fd, path))
        return NULL;
    n = pread(fd, text, sizeof text, 0);
    if (n <= 0 || x8_json_parse(text, (size_t)n, &note, NULL) != 0)
        return NULL; /* it is being written */
    return note;
}

static int is_note(const struct dirent *entry)
{
    return strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0;
}

/* All that are there, as an array of their notes. */
static struct x8_json *read_all(void)
{
    struct x8_json *all = x8_json_array(), *note;
    struct dirent **entries = NULL;
    char folder[PATH_LEN], path[PATH_LEN + 300];
    int count;

    x8_env_lock_path("", folder, sizeof folder);
    count = scandir(folder, &entries, is_note, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s%s", folder, entries[i]->d_name);
        note = read_note(path);
        if (note)
            x8_json_add(all, NULL, note);
        free(entries[i]);
    }
    free(entries);
    return all;
}

static uint64_t number(const struct x8_json *in, const char *key)
{
    uint64_t value = 0;

    (void)x8_json_as_u64(x8_json_get(in, key), &value);
    return value;
}

static const char *text_of(const struct x8_json *in, const char *key)
{
    const char *text = x8_json_as_str(x8_json_get(in, key));

    return text ? text : "";
}

static int has_port(const struct x8_json *note, uint64_t port)
{
    const struct x8_json *ports = x8_json_get(note, "ports");

    for (const struct x8_json *p = x8_json_first(ports); p; p = x8_json_next(p))
        if (number(p, "port") == port)
            return 1;
    return 0;
}

/* --- showing --- */

static void add_rows(struct x8_table *table, const struct x8_json *note)
{
    const struct x8_json *ports = x8_json_get(note, "ports");

    for (const struct x8_json *p = x8_json_first(ports); p; p = x8_json_next(p)) {
        char pid[24], port[24];

        snprintf(pid, sizeof pid, "%llu", (unsigned long long)number(note, "pid"));
        snprintf(port, sizeof port, "%llu", (unsigned long long)number(p, "port"));
        x8_table_row(table, (const char *[]){text_of(p, "host"), port, text_of(p, "remote"),
                                             text_of(note, "board"), pid, text_of(note, "since")});
    }
}

/* Numbers as such, as --background has them. */
static void add_json(struct x8_json *rows, const struct x8_json *note)
{
    const struct x8_json *ports = x8_json_get(note, "ports");

    for (const struct x8_json *p = x8_json_first(ports); p; p = x8_json_next(p)) {
        struct x8_json *row = x8_json_object();

        x8_json_str(row, "host", text_of(p, "host"));
        x8_json_u64(row, "port", number(p, "port"));
        x8_json_str(row, "remote", text_of(p, "remote"));
        x8_json_str(row, "board", text_of(note, "board"));
        x8_json_u64(row, "pid", number(note, "pid"));
        x8_json_str(row, "since", text_of(note, "since"));
        x8_json_add(rows, NULL, row);
    }
}

static void print_json(const struct x8_json *notes)
{
    struct x8_json *document = x8_json_object(), *rows = x8_json_array();
    char *text;

    for (const struct x8_json *note = x8_json_first(notes); note; note = x8_json_next(note))
        add_json(rows, note);
    x8_json_add(document, "forwards", rows);
    text = x8_json_text(document, 1);
    printf("%s\n", text);
    free(text);
    x8_json_free(&document);
}

static void show(struct x8_ctx *ctx, const struct x8_json *notes, const char *none)
{
    static const char *const columns[] = {"HOST", "PORT", "REMOTE", "BOARD", "PID", "SINCE", NULL};
    struct x8_table *table = x8_table_new(columns);

    for (const struct x8_json *note = x8_json_first(notes); note; note = x8_json_next(note))
        add_rows(table, note);
    x8_ui_flush(ctx->ui);
    if (ctx->globals->json)
        print_json(notes);
    else if (x8_table_rows(table))
        x8_table_print(table, stdout, isatty(STDOUT_FILENO));
    if (!x8_table_rows(table))
        x8_ui_say(ctx->ui, "%s", none);
    x8_table_free(&table);
}

int x8_forward_list(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_json *notes;

    if (ctx->argc > 0) {
        x8_fail(err, X8_E_USAGE, "forward --list takes no operand, not '%.60s'", ctx->argv[0]);
        x8_error_why(err, "it shows all that is forwarded in the background");
        x8_error_next(err, "x8ctl forward --list");
        return -(int)X8_E_USAGE;
    }
    notes = read_all();
    show(ctx, notes, "nothing is forwarded in the background");
    x8_json_free(&notes);
    return 0;
}

static int is_any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static int takes(const struct x8_json *note, const struct x8_forward *wanted)
{
    const struct x8_json *ports = x8_json_get(note, "ports");

    for (const struct x8_json *p = x8_json_first(ports); p; p = x8_json_next(p)) {
        const char *host = text_of(p, "host");

        if (wanted->local_port && number(p, "port") == wanted->local_port &&
            (is_any(host) || is_any(wanted->host) || strcmp(host, wanted->host) == 0))
            return 1;
    }
    return 0;
}

int x8_forward_free(const struct x8_forward *forwards, size_t count, struct x8_error *err)
{
    struct x8_json *notes = read_all();
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct x8_json *note = x8_json_first(notes);
        unsigned port = forwards[i].local_port;

        while (note && !takes(note, &forwards[i]))
            note = x8_json_next(note);
        if (!note)
            continue;
        rc = x8_fail(err, X8_E_BUSY, "port %u of %s is taken", port, forwards[i].host);
        x8_error_why(err, "x8ctl itself forwards it in the background, to %s (process %llu)",
                     text_of(note, "board"), (unsigned long long)number(note, "pid"));
        x8_error_next(err, "x8ctl forward --stop %u    ends that; or choose another port", port);
    }
    x8_json_free(&notes);
    return rc;
}

/* --- ending --- */

static int is_meant(const struct x8_ctx *ctx, const struct x8_json *note)
{
    uint64_t port;

    for (int i = 0; i < ctx->argc; i++)
        if (x8_parse_u64(ctx->argv[i], &port) == 0 && has_port(note, port))
            return 1;
    return ctx->argc == 0;
}

/* Each of them is a port that is forwarded: else nothing is ended. */
static int check_ports(const struct x8_ctx *ctx, const struct x8_json *notes, struct x8_error *err)
{
    for (int i = 0; i < ctx->argc; i++) {
        const struct x8_json *note = x8_json_first(notes);
        uint64_t port = 0;

        (void)x8_parse_u64(ctx->argv[i], &port);
        while (note && !(port && has_port(note, port)))
            note = x8_json_next(note);
        if (note)
            continue;
        x8_fail(err, X8_E_USAGE, "no port '%.60s' of this computer is forwarded in the background",
                ctx->argv[i]);
        x8_error_why(err, "--stop takes ports of this computer, or nothing: then all of them end");
        x8_error_next(err, "x8ctl forward --list");
        return -(int)X8_E_USAGE;
    }
    return 0;
}

static int end_one(const struct x8_json *note, struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(END_MS);
    char name[40], path[PATH_LEN];
    uint64_t pid = number(note, "pid");
    struct x8_json *now;

    snprintf(name, sizeof name, PREFIX "%llu", (unsigned long long)pid);
    x8_env_lock_path(name, path, sizeof path);
    if (pid < 2 || pid > INT32_MAX || (kill((pid_t)pid, SIGTERM) != 0 && errno != ESRCH)) {
        x8_fail(err, X8_E_NO_PERMISSION, "process %llu cannot be ended", (unsigned long long)pid);
        x8_error_why(err, "its note names a process that is not this user's");
        x8_error_next(err, "rm '%s'    if x8ctl forward --list shows what is not there", path);
        return -(int)X8_E_NO_PERMISSION;
    }
    while ((now = read_note(path))) {
        x8_json_free(&now);
        if (x8_deadline_left(deadline, 1) == 0) {
            x8_fail(err, X8_E_TIMEOUT, "process %llu does not end", (unsigned long long)pid);
            x8_error_why(err, "it was asked to, and still holds its ports");
            x8_error_next(err, "kill -9 %llu", (unsigned long long)pid);
            return -(int)X8_E_TIMEOUT;
        }
        x8_cancel_sleep(NULL, x8_deadline_in(LOOK_MS), X8_CANCEL_SOFT, NULL);
    }
    return 0;
}

int x8_forward_stop(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_json *notes = read_all(), *ended = x8_json_array();
    int rc = check_ports(ctx, notes, err);

    for (const struct x8_json *n = x8_json_first(notes); n && rc == 0; n = x8_json_next(n)) {
        struct x8_json *copy;

        if (!is_meant(ctx, n))
            continue;
        rc = end_one(n, err);
        copy = x8_json_object();
        x8_json_merge(copy, n);
        if (rc == 0)
            x8_json_add(ended, NULL, copy);
        else
            x8_json_free(&copy);
    }
    if (rc == 0)
        show(ctx, ended, "nothing was forwarded in the background");
    x8_json_free(&ended);
    x8_json_free(&notes);
    return rc;
}
