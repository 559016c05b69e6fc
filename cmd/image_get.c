/*
 * x8ctl image get: a release or an address into the cache, and out of it under its usual name.
 */
#include "image_parts.h"

#include "net/http_header.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PATH_LEN = 2048, TEMP_LEN = PATH_LEN + 48 };

/* The last part of the address: what the server says in "Content-Disposition" names nothing. */
static void usual_name(const char *url, char *out, size_t cap)
{
    char shown[X8_HTTP_URL];
    const char *name = shown;
    size_t len;

    x8_http_shown(url, shown, sizeof shown);
    len = strcspn(shown, "?");
    while (len && shown[len - 1] == '/')
        len--;
    shown[len] = '\0';
    if (strstr(shown, "://"))
        name = strrchr(strstr(shown, "://") + 3, '/');
    name = name && name[0] == '/' ? name + 1 : name;
    x8_copy(out, cap, name ? name : "");
    if (!out[0] || out[0] == '.' || strchr(out, ':') || strchr(out, '/'))
        x8_copy(out, cap, "image");
}

static int target_path(const char *output, const char *url, char out[PATH_LEN],
                       struct x8_error *err)
{
    char name[256], *folder; /* as much as file systems take */
    int rc = 0;

    usual_name(url, name, sizeof name);
    if (x8_path_kind(output) == X8_PATH_DIR) {
        snprintf(out, PATH_LEN, "%s%s%s", output, x8_ends(output, "/") ? "" : "/", name);
        return 0;
    }
    folder = x8_path_dir(output);
    if (!folder || x8_ends(output, "/") || x8_path_kind(folder) != X8_PATH_DIR) {
        rc = x8_fail(err, X8_E_USAGE, "there is no folder %s",
                     x8_ends(output, "/") || !folder ? output : folder);
        x8_error_next(err, "mkdir -p %s", x8_ends(output, "/") || !folder ? output : folder);
    }
    free(folder);
    snprintf(out, PATH_LEN, "%s", output);
    return rc;
}

/* Another name of the cached file: whoever writes to it writes to the cache. */
static int is_cached_file(const struct stat *st, const struct x8_cached *cached)
{
    struct stat own;

    return st->st_nlink > 1 && stat(cached->path, &own) == 0 && own.st_dev == st->st_dev &&
           own.st_ino == st->st_ino;
}

/* What lies there already: 1 the same, 0 nothing (or what --force gives up), or an error. */
static int look_there(struct x8_ctx *ctx, const char *path, const struct x8_cached *cached,
                      struct x8_error *err)
{
    struct stat st;
    char sha256[65];
    int rc;

    if (lstat(path, &st) != 0)
        return 0;
    if (S_ISREG(st.st_mode) && is_cached_file(&st, cached))
        return 0;
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size == cached->size) {
        rc = x8_image_digest(&ctx->op, path, sha256, err);
        if (rc < 0 || strcmp(sha256, cached->sha256) == 0)
            return rc < 0 ? rc : 1;
    }
    if (x8_image_opt.force && S_ISREG(st.st_mode))
        return 0;
    x8_fail(err, X8_E_USAGE, "%s is there already, and is %s", path,
            S_ISREG(st.st_mode) ? "something else" : "no plain file");
    x8_error_why(err, "nothing is overwritten that was not made by this command");
    if (S_ISREG(st.st_mode))
        x8_error_next(err, "x8ctl image get --force -o %s ...    replaces a file", path);
    else
        x8_error_next(err, "give another name with -o");
    return -(int)X8_E_USAGE;
}

static int write_failed(const char *path, int errnum, struct x8_error *err)
{
    int full = errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG;

    x8_fail_sys(err, full ? X8_E_HOST_SPACE : X8_E_NO_PERMISSION, errnum, "%s cannot be written",
                path);
    x8_error_next(err, full ? "make room there, or give another folder with -o; what was "
                              "downloaded stays in the cache"
                            : "give a folder with -o in which you may write");
    return -(int)(full ? X8_E_HOST_SPACE : X8_E_NO_PERMISSION);
}

struct file_sink {
    struct x8_sink sink;
    int fd;
    const char *path;
};

static int file_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct file_sink *file = X8_CONTAINER(sink, struct file_sink, sink);
    int errnum = x8_write_whole(file->fd, data, len);

    return errnum ? write_failed(file->path, errnum, err) : 0;
}

static int file_finish(struct x8_sink *sink, struct x8_error *err)
{
    struct file_sink *file = X8_CONTAINER(sink, struct file_sink, sink);

    return fsync(file->fd) < 0 ? write_failed(file->path, errno, err) : 0;
}

/* A new file beside `path`. One of its name may be left of a run that was killed, and in a
 * container every run has the same number. */
static int open_temp(const char *path, char temp[TEMP_LEN], struct x8_error *err)
{
    int fd = -1;

    for (int i = 0; fd < 0 && i < 100; i++) {
        snprintf(temp, TEMP_LEN, "%s.%ld-%d.part", path, (long)getpid(), i);
        fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd < 0 ? write_failed(temp, errno, err) : fd;
}

static int copy_to(struct x8_ctx *ctx, const struct x8_cached *cached, const char *temp, int fd,
                   struct x8_error *err)
{
    static const struct x8_sink_ops ops = {file_push, file_finish};
    X8_AUTO_READER reader = NULL;
    struct file_sink file = {{&ops}, fd, temp};
    int rc;

    rc = x8_file_reader(cached->path, &reader, NULL, err);
    return rc < 0 ? rc : x8_image_pour(&ctx->op, "copy", reader, cached->size, &file.sink, err);
}

/* Before the first byte, as for the download; writing tells the rest. */
static int check_space(const char *path, uint64_t need, struct x8_error *err)
{
    char *folder = x8_path_dir(path), want[24], have[24];
    struct statvfs fs;
    uint64_t room;
    int is_known = folder && statvfs(folder, &fs) == 0 && fs.f_blocks > 0;

    free(folder);
    if (!is_known || (room = (uint64_t)fs.f_bavail * fs.f_frsize) >= need)
        return 0;
    x8_size_text(want, need);
    x8_size_text(have, room);
    x8_fail(err, X8_E_HOST_SPACE, "no room for %s", path);
    x8_error_why(err, "%s are needed there, and %s are free", want, have);
    x8_error_next(err, "make room there, or give another folder with -o; what was downloaded "
                       "stays in the cache");
    return -(int)X8_E_HOST_SPACE;
}

/*
 * A copy: what the user does to the file, and who may read it, is no matter of the cache's. The
 * name appears by one rename, so that what stands there is always whole.
 */
static int put_out(struct x8_ctx *ctx, const struct x8_cached *cached, const char *path,
                   struct x8_error *err)
{
    X8_AUTO_FD fd = -1;
    char temp[TEMP_LEN];
    int rc = look_there(ctx, path, cached, err);

    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = check_space(path, cached->size, err);
    if (rc < 0)
        return rc;
    fd = open_temp(path, temp, err);
    if (fd < 0)
        return fd;
    rc = copy_to(ctx, cached, temp, fd, err);
    if (rc == 0 && rename(temp, path) != 0)
        rc = write_failed(path, errno, err);
    if (rc < 0)
        unlink(temp);
    return rc;
}

static void print(struct x8_ctx *ctx, const struct x8_wanted *wanted,
                  const struct x8_cached *cached, const char *path)
{
    struct x8_json *json;
    char url[X8_HTTP_URL];

    if (!ctx->globals->json) {
        puts(path);
        return;
    }
    /* What was asked for: the same file may have come under another name before. */
    x8_http_shown(wanted->url, url, sizeof url);
    json = x8_json_object();
    x8_json_str(json, "image", wanted->release ? wanted->release->image : NULL);
    x8_json_str(json, "name", wanted->name[0] ? wanted->name : NULL);
    x8_json_str(json, "url", url[0] ? url : NULL);
    x8_json_str(json, "path", path);
    x8_json_u64(json, "size", cached->size);
    x8_json_str(json, "sha256", cached->sha256);
    x8_json_bool(json, "known", cached->is_known);
    x8_image_print_json(ctx, &json);
}

static int fetch(struct x8_ctx *ctx, struct x8_store_setup *setup, const char *word,
                 struct x8_wanted *wanted, struct x8_cached *cached, struct x8_error *err)
{
    struct x8_fetch job;
    char url[X8_HTTP_URL];
    int rc = x8_store_job(&ctx->op, setup, word, wanted, &job, err);

    if (rc < 0)
        return rc;
    job.repin = x8_image_opt.repin;
    if (ctx->globals->dry_run) {
        x8_http_shown(wanted->url, url, sizeof url);
        x8_ui_say(ctx->ui, "would get %s", url);
        return 0;
    }
    rc = x8_image_fetch(&ctx->op, &job, cached, err);
    if (rc == 0)
        x8_cache_touch(setup->folder, cached);
    return rc;
}

int x8_image_run_get(struct x8_ctx *ctx, const char *word, struct x8_error *err)
{
    const char *output = x8_image_opt.output;
    X8_AUTO_STORE setup = {0};
    struct x8_wanted wanted = {0};
    struct x8_cached cached = {0};
    char path[PATH_LEN];
    int rc;

    if (output && strcmp(output, "-") == 0) {
        x8_fail(err, X8_E_USAGE, "image get cannot write to stdout");
        x8_error_why(err, "what arrives there cannot be taken back when it breaks off");
        x8_error_next(err, "-o FILE; without -o the path in the cache is printed");
        return -(int)X8_E_USAGE;
    }
    rc = x8_store_setup(ctx, &setup, err);
    /* A folder that is not there is told before the download, not behind it. */
    if (rc == 0 && output)
        rc = target_path(output, "", path, err);
    if (rc == 0)
        rc = fetch(ctx, &setup, word, &wanted, &cached, err);
    if (rc < 0 || ctx->globals->dry_run)
        return rc < 0 ? rc : 0;
    x8_copy(path, sizeof path, cached.path);
    if (output)
        rc = target_path(output, wanted.url, path, err);
    if (rc == 0 && output)
        rc = put_out(ctx, &cached, path, err);
    x8_ui_flush(ctx->ui);
    if (rc == 0)
        print(ctx, &wanted, &cached, path);
    return rc;
}
