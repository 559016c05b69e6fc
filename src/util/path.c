/*
 * Paths as text. Only x8_path_kind and x8_path_is_ours ask the disk.
 */
#include "util/file.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum x8_path_kind x8_path_kind(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return X8_PATH_NONE;
    if (S_ISREG(st.st_mode))
        return X8_PATH_FILE;
    return S_ISDIR(st.st_mode) ? X8_PATH_DIR : X8_PATH_OTHER;
}

static int is_user(uid_t uid)
{
    struct passwd entry, *found = NULL;
    char room[4096];
    int rc = getpwuid_r(uid, &entry, room, sizeof room, &found);

    return found != NULL || rc == ERANGE; /* one with so much to say is there */
}

int x8_path_is_ours(const char *path)
{
    char *part = geteuid() == 0 ? strdup(path) : NULL;
    struct stat st = {.st_uid = 0};

    while (part && stat(part, &st) != 0) {
        char *cut = strrchr(part, '/');

        st.st_uid = 0;
        if (errno != ENOENT || cut == part)
            break; /* it is seen when it is made */
        if (!cut) {
            if (stat(".", &st) != 0)
                st.st_uid = 0;
            break;
        }
        *cut = '\0';
    }
    free(part);
    return st.st_uid == 0 || !is_user(st.st_uid);
}

char *x8_path_join(const char *dir, const char *name)
{
    size_t dir_len = strlen(dir), name_len = strlen(name);
    int slash = dir_len > 0 && dir[dir_len - 1] != '/';
    char *out;

    if (name[0] == '/' || dir_len == 0)
        return strdup(name);
    out = malloc(dir_len + name_len + 2);
    if (!out)
        return NULL;
    memcpy(out, dir, dir_len);
    if (slash)
        out[dir_len++] = '/';
    memcpy(out + dir_len, name, name_len + 1);
    return out;
}

static size_t without_slashes(const char *path, size_t len)
{
    while (len > 1 && path[len - 1] == '/')
        len--;
    return len;
}

char *x8_path_dir(const char *path)
{
    size_t len = without_slashes(path, strlen(path));

    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len == 0)
        return strdup(".");
    return strndup(path, without_slashes(path, len));
}

const char *x8_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Drop the last name of the `len` bytes in `out`; what is left ends before its slash. */
static size_t step_up(const char *out, size_t len)
{
    while (len > 0 && out[len - 1] != '/')
        len--;
    return len > 0 ? len - 1 : 0;
}

static int ends_with_up(const char *out, size_t len)
{
    return len >= 2 && memcmp(out + len - 2, "..", 2) == 0 && (len == 2 || out[len - 3] == '/');
}

/* Add one name to the `len` bytes in `out`; `root` is 1 behind a leading slash. New length. */
static size_t add_name(char *out, size_t len, int root, const char *name, size_t name_len)
{
    if (name_len == 0 || (name_len == 1 && name[0] == '.'))
        return len;
    if (name_len == 2 && memcmp(name, "..", 2) == 0) {
        if (len > 0 && !ends_with_up(out, len))
            return step_up(out, len);
        if (root)
            return len; /* above the root is the root */
    }
    if (len > 0)
        out[len++] = '/';
    memcpy(out + len, name, name_len);
    return len + name_len;
}

char *x8_path_normal(const char *path)
{
    int root = path[0] == '/';
    char *out = malloc(strlen(path) + 2), *body;
    size_t len = 0;

    if (!out)
        return NULL;
    body = out + root;
    while (*path) {
        size_t n = strcspn(path, "/");

        len = add_name(body, len, root, path, n);
        path += n + (path[n] == '/');
    }
    if (root)
        out[0] = '/';
    else if (len == 0)
        body[len++] = '.';
    body[len] = '\0';
    return out;
}
