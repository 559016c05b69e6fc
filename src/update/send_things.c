/*
 * What belongs to a bundle, and its bytes on this computer. Every name is walked from the bundle's
 * folder without following a link, so that what was checked and what is sent are the same places.
 */
#include "update/send_parts.h"

#include "update/graph_below.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 16

static int internal(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* Names go through the board's sha256sum as lines: those that it would write in another way, and
 * those that lead out, are none of a bundle. */
static int is_good_name(const char *rel)
{
    for (const char *at = rel; *at; at++)
        if ((unsigned char)*at < ' ' || *at == '\\' || *at == 127)
            return 0;
    for (const char *part = rel; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t len = strcspn(part, "/");
        if (len == 0 || (len == 1 && part[0] == '.') || (len == 2 && memcmp(part, "..", 2) == 0))
            return 0;
    }
    return strlen(rel) < SEND_REL;
}

static int add_file(struct send *send, const char *rel, uint64_t size, enum send_phase phase,
                    struct x8_error *err)
{
    char shown[200];
    x8_clean(shown, sizeof(shown), rel, strlen(rel));
    if (!is_good_name(rel))
        return x8_fail(err, X8_E_BAD_IMAGE, "%s: a name that no bundle has", shown);
    if (send->file_count == send->file_cap) {
        size_t cap = send->file_cap ? send->file_cap * 2 : 64;
        struct send_file *files = realloc(send->files, cap * sizeof(*files));
        if (!files)
            return internal(err);
        send->files = files;
        send->file_cap = cap;
    }
    char *copy = strdup(rel);
    if (!copy)
        return internal(err);
    send->files[send->file_count++] = (struct send_file){copy, size, phase};
    return 0;
}

struct apps {
    struct send *send;
    struct x8_error *err;
};

static int add_app_file(void *ctx, const char *rel, uint64_t size)
{
    struct apps *apps = ctx;
    if (strncmp(rel, "apps/", 5) != 0)
        return x8_fail(apps->err, X8_E_INTERNAL, "%.200s: not of apps/", rel);
    return add_file(apps->send, rel, size, SEND_APPS, apps->err);
}

/* A ref that names another commit leads to nothing on the board: only its objects travel. */
static int names_a_commit(const struct send *send, const char *rel, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    uint8_t sum[X8_SHA256_LEN];
    int rc = below_load(send->dir_fd, rel, 2 * X8_SHA256_LEN + 1, &text, err);
    if (rc < 0)
        return below_broke(rc) ? rc : 0;
    if (text.len < 2 * X8_SHA256_LEN)
        return 0;
    text.data[2 * X8_SHA256_LEN] = '\0';
    return x8_unhex(sum, sizeof(sum), x8_buf_text(&text)) == 0 &&
           x8_graph_find(send->graph, sum, X8_OBJECT_COMMIT) != NULL;
}

static int add_folder(struct send *send, const char *folder, enum send_phase phase, int depth,
                      struct x8_error *err);

static int add_entry(struct send *send, const char *rel, const struct stat *st,
                     enum send_phase phase, int depth, struct x8_error *err)
{
    if (S_ISDIR(st->st_mode) && phase == SEND_REFS && depth < DEPTH_MAX)
        return add_folder(send, rel, phase, depth + 1, err);
    if (!S_ISREG(st->st_mode))
        return 0;
    int rc = phase == SEND_REFS ? names_a_commit(send, rel, err) : 1;
    return rc > 0 ? add_file(send, rel, (uint64_t)st->st_size, phase, err) : rc;
}

static int add_folder(struct send *send, const char *folder, enum send_phase phase, int depth,
                      struct x8_error *err)
{
    int fd = below_open(send->dir_fd, folder, 1, err), rc = 0;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            rc = x8_fail_sys(err, X8_E_NO_FILE, errno, "%.300s: cannot be read", folder);
        else
            rc = phase == SEND_REFS && fd == -X8_E_NO_FILE ? 0 : fd;
        x8_fd_close(&fd);
        return rc;
    }
    for (struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;) {
        X8_AUTO_BUF rel = {0};
        struct stat st;
        if (entry->d_name[0] == '.')
            continue;
        if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            rc = x8_fail_sys(err, X8_E_NO_FILE, errno, "%.200s/%.100s: cannot be read", folder,
                             entry->d_name);
        else if (x8_buf_addf(&rel, "%s/%s", folder, entry->d_name) < 0)
            rc = internal(err);
        else
            rc = add_entry(send, x8_buf_text(&rel), &st, phase, depth, err);
    }
    closedir(dir);
    return rc;
}

static int add_config(struct send *send, struct x8_error *err)
{
    static const char rel[] = "ostree_repo/config";
    struct stat st;
    X8_AUTO_FD fd = below_open(send->dir_fd, rel, 0, err);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) != 0)
        return x8_fail_sys(err, X8_E_NO_FILE, errno, "%s: cannot be read", rel);
    return add_file(send, rel, (uint64_t)st.st_size, SEND_CONFIG, err);
}

static int by_rel(const void *a, const void *b)
{
    return strcmp(((const struct send_file *)a)->rel, ((const struct send_file *)b)->rel);
}

int send_name_things(struct send *send, struct x8_error *err)
{
    const struct x8_bundle *bundle = send->job->bundle;
    struct apps apps = {send, err};
    send->dir_fd = open(bundle->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (send->dir_fd < 0)
        return x8_fail_sys(err, X8_E_NO_FILE, errno, "%.300s: cannot be opened", bundle->dir);
    int rc = x8_bundle_app_files(bundle, add_app_file, &apps, err);
    if (rc == 0)
        rc = add_folder(send, "ostree_repo/refs/heads", SEND_REFS, 0, err);
    if (rc == 0)
        rc = add_config(send, err);
    if (rc == 0)
        rc = add_folder(send, "tuf", SEND_TUF, 0, err);
    if (rc < 0)
        return rc;
    qsort(send->files, send->file_count, sizeof(*send->files), by_rel);
    send->things = send->graph->count + send->file_count;
    send->flags = calloc(send->things + 1, 1);
    return !send->flags || send->things > UINT32_MAX ? internal(err) : 0;
}

void send_forget_things(struct send *send)
{
    for (size_t i = 0; i < send->file_count; i++)
        free(send->files[i].rel);
    free(send->files);
    free(send->flags);
    free(send->queue);
    x8_buf_done(&send->extras);
    x8_fd_close(&send->dir_fd);
}

size_t send_rel(const struct send *send, uint32_t thing, char out[SEND_REL])
{
    const size_t prefix = sizeof(SEND_OBJECTS) - 1;
    if (thing >= send->graph->count) {
        x8_copy(out, SEND_REL, send->files[thing - send->graph->count].rel);
        return strlen(out);
    }
    const struct x8_object *object = &send->graph->objects[thing];
    memcpy(out, SEND_OBJECTS, prefix);
    x8_object_path(object->sum, (enum x8_object_type)object->type, 0, out + prefix);
    return strlen(out);
}

uint64_t send_size(const struct send *send, uint32_t thing)
{
    size_t objects = send->graph->count;
    return thing < objects ? send->graph->objects[thing].stored : send->files[thing - objects].size;
}

static int compare_name(const void *key, const void *file)
{
    return strcmp(key, ((const struct send_file *)file)->rel);
}

int64_t send_find(const struct send *send, const char *rel, size_t len)
{
    const size_t prefix = sizeof(SEND_OBJECTS) - 1;
    char name[SEND_REL];
    uint8_t sum[X8_SHA256_LEN];
    enum x8_object_type type;
    if (len >= sizeof(name))
        return -1;
    memcpy(name, rel, len);
    name[len] = '\0';
    if (len > prefix && memcmp(rel, SEND_OBJECTS, prefix) == 0) {
        char same[X8_OBJECT_PATH];
        if (x8_object_parse_path(rel + prefix, len - prefix, sum, &type) < 0)
            return -1;
        x8_object_path(sum, type, 0, same);
        const struct x8_object *object =
            strcmp(same, name + prefix) == 0 ? x8_graph_find(send->graph, sum, type) : NULL;
        return object ? object - send->graph->objects : -1;
    }
    const struct send_file *file = send->file_count ? bsearch(name, send->files, send->file_count,
                                                              sizeof(*send->files), compare_name)
                                                    : NULL;
    return file ? (int64_t)send->graph->count + (file - send->files) : -1;
}

int send_knows_digest(const struct send *send, uint32_t thing, uint8_t out[X8_SHA256_LEN])
{
    static const char blobs[] = "apps/blobs/sha256/";
    if (thing < send->graph->count) {
        const struct x8_object *object = &send->graph->objects[thing];
        memcpy(out, object->sum, X8_SHA256_LEN);
        return object->type != X8_OBJECT_FILE;
    }
    const char *rel = send->files[thing - send->graph->count].rel;
    return strncmp(rel, blobs, sizeof(blobs) - 1) == 0 &&
           x8_unhex(out, X8_SHA256_LEN, rel + sizeof(blobs) - 1) == 0;
}

int send_changed(const struct send *send, uint32_t thing, struct x8_error *err)
{
    char rel[SEND_REL];
    send_rel(send, thing, rel);
    x8_fail(err, X8_E_NO_FILE, "%.300s: is not what it was when the bundle was checked", rel);
    x8_error_why(err, "the file was changed or exchanged since then");
    x8_error_next(err, "wait until nothing writes to the bundle, then try again");
    return -X8_E_NO_FILE;
}

int send_open(const struct send *send, uint32_t thing, struct x8_error *err)
{
    char rel[SEND_REL];
    struct stat st;
    send_rel(send, thing, rel);
    int fd = below_open(send->dir_fd, rel, 0, err);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        (uint64_t)st.st_size != send_size(send, thing)) {
        x8_fd_close(&fd);
        return send_changed(send, thing, err);
    }
    return fd;
}
