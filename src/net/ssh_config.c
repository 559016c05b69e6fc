/*
 * The files of the ssh configuration, and which of their lines are for a host.
 */
#include "net/ssh_config.h"

#include "net/ssh_config_parts.h"
#include "util/file.h"
#include "util/text.h"

#include <glob.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, FILES_MAX = 64, DEPTH_MAX = 16 };

int x8_ssh_line_wrong(const struct x8_ssh_reading *reading, struct x8_error *err, const char *fmt,
                      ...)
{
    char text[240];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    x8_fail(err, X8_E_USAGE, "%.100s line %u: %s", reading->file, reading->line, text);
    x8_error_why(err, "the ssh configuration is followed as the program ssh does, or not at all");
    x8_error_next(err, "change that line, or let it stand below a Host line that is not for %.60s",
                  reading->whom->host);
    return -(int)X8_E_USAGE;
}

static int read_file(struct x8_ssh_reading *reading, const char *path, int depth,
                     struct x8_error *err);

static int include_all(struct x8_ssh_reading *reading, const char *pattern, int depth,
                       struct x8_error *err)
{
    struct x8_ssh_tokens tokens = {.folder = reading->whom->folder};
    char path[4096], inside[4096];
    glob_t found = {0};
    int rc = 0;

    if (depth == DEPTH_MAX)
        return x8_ssh_line_wrong(reading, err, "Include leads too deep: a file may include itself");
    if (!reading->folder)
        return x8_ssh_line_wrong(reading, err, "no Include here");
    rc = x8_ssh_config_expand(pattern, &tokens, 1, path, sizeof path, err);
    if (rc < 0)
        return rc;
    snprintf(inside, sizeof inside, "%.2000s/%.2000s", reading->folder, path);
    if (glob(path[0] == '/' ? path : inside, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc && rc == 0; i++)
            rc = read_file(reading, found.gl_pathv[i], depth + 1, err);
    globfree(&found);
    return rc;
}

/* What a Host or Match line in the file says ends with it. */
static int include(struct x8_ssh_reading *reading, const struct x8_ssh_line *line, int depth,
                   struct x8_error *err)
{
    const char *file = reading->file;
    unsigned number = reading->line;
    int rc = 0;

    for (size_t i = 0; i < line->count && rc == 0; i++) {
        rc = include_all(reading, line->words[i], depth, err);
        reading->file = file;
        reading->line = number;
        reading->is_active = 1;
    }
    return rc;
}

static int take_line(struct x8_ssh_reading *reading, const struct x8_ssh_line *line, int depth,
                     struct x8_error *err)
{
    int rc = x8_ssh_check_line(reading, line, err);

    if (rc != 0)
        return rc < 0 ? rc : 0;
    if (x8_casecmp(line->keyword, "Host") == 0) {
        x8_ssh_read_host(reading, line);
        return 0;
    }
    if (x8_casecmp(line->keyword, "Match") == 0)
        return x8_ssh_read_match(reading, line, err);
    if (!reading->is_active)
        return 0;
    if (x8_casecmp(line->keyword, "Include") == 0)
        return include(reading, line, depth, err);
    return x8_ssh_take_keyword(reading, line, err);
}

static int read_text(struct x8_ssh_reading *reading, const char *text, size_t len, int depth,
                     struct x8_error *err)
{
    struct x8_ssh_line *line = malloc(sizeof *line);
    int rc = 0;

    if (!line)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    reading->is_active = 1;
    reading->line = 0;
    while (len > 0 && rc == 0) {
        const char *end = memchr(text, '\n', len);
        size_t n = end ? (size_t)(end - text) : len;
        int got = x8_ssh_line_split(text, n, line);

        reading->line++;
        if (got < 0)
            rc = x8_ssh_line_wrong(reading, err, "a quote without its end, or too long a line");
        else if (got > 0)
            rc = take_line(reading, line, depth, err);
        n += end != NULL;
        text += n;
        len -= n;
    }
    free(line);
    return rc;
}

/* Commands stand in it: nobody else may write them. Source: OpenSSH's readconf.c refuses such a
 * file; the computer's own, and what that includes, it takes as it is. */
static int is_ours(const char *path, struct x8_error *err)
{
    struct stat info;
    int is_owned;

    if (stat(path, &info) != 0)
        return 0;
    is_owned = info.st_uid == getuid() || info.st_uid == 0;
    if (is_owned && !(info.st_mode & (S_IWGRP | S_IWOTH)))
        return 0;
    x8_fail(err, X8_E_USAGE, is_owned ? "others may write to %.250s" : "%.250s is not your file",
            path);
    x8_error_why(err, "commands stand in an ssh configuration: it is yours or root's, and writable "
                      "for nobody else, or ssh does not take it");
    if (is_owned)
        x8_error_next(err, "chmod go-w '%.250s'", path);
    else
        x8_error_next(err, "sudo chown %lu '%.250s'", (unsigned long)getuid(), path);
    return -(int)X8_E_USAGE;
}

static int read_file(struct x8_ssh_reading *reading, const char *path, int depth,
                     struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc;

    if (++reading->files > FILES_MAX)
        return x8_ssh_line_wrong(reading, err, "more than %d files", FILES_MAX);
    rc = reading->is_system ? 0 : is_ours(path, err);
    if (rc == 0)
        rc = x8_file_load(path, FILE_MAX, &text, err);
    if (rc < 0)
        return rc;
    reading->file = path;
    return read_text(reading, (const char *)text.data, text.len, depth, err);
}

static void note_local_user(struct x8_ssh_reading *reading)
{
    struct passwd entry, *found = NULL;
    char room[2048];

    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found)
        x8_copy(reading->local_user, sizeof reading->local_user, found->pw_name);
}

static int read_system(struct x8_ssh_reading *reading, struct x8_error *err)
{
    const char *path = reading->whom->system;
    char *folder = x8_path_dir(path);
    int rc;

    if (!folder)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    reading->folder = folder;
    reading->is_system = 1;
    rc = read_file(reading, path, 0, err);
    reading->is_system = 0;
    reading->folder = NULL;
    free(folder);
    return rc;
}

static int is_there(const char *path)
{
    return path && x8_path_kind(path) != X8_PATH_NONE;
}

/* Match final wants all of it read a second time, with the names that are known then. */
static int read_all(const struct x8_ssh_config_for *whom, const char *path, const char *text,
                    size_t len, struct x8_ssh_config *out, struct x8_error *err)
{
    struct x8_ssh_reading reading = {.whom = whom, .out = out, .file = path ? path : "config"};
    int rc;

    memset(out, 0, sizeof *out);
    note_local_user(&reading);
    do {
        reading.is_final = reading.wants_final;
        reading.files = 0;
        reading.folder = whom->folder;
        rc = 0;
        if (!path)
            rc = read_text(&reading, text, len, 0, err);
        else if (is_there(path))
            rc = read_file(&reading, path, 0, err);
        if (rc == 0 && is_there(whom->system))
            rc = read_system(&reading, err);
    } while (rc == 0 && reading.wants_final && !reading.is_final);
    return rc;
}

int x8_ssh_config_read(const struct x8_ssh_config_for *whom, const char *path,
                       struct x8_ssh_config *out, struct x8_error *err)
{
    return read_all(whom, path, NULL, 0, out, err);
}

int x8_ssh_config_parse(const struct x8_ssh_config_for *whom, const char *text, size_t len,
                        struct x8_ssh_config *out, struct x8_error *err)
{
    return read_all(whom, NULL, text, len, out, err);
}
