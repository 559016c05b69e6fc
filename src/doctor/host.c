/*
 * Files of the computer, below a root.
 */
#include "doctor/host.h"

#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { READ_MAX = 8 << 20, PATH_LEN = 1024 };

const char *x8_host_env(const struct x8_host *host, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; host->env && host->env[i]; i++)
        if (strncmp(host->env[i], name, len) == 0 && host->env[i][len] == '=')
            return host->env[i][len + 1] ? host->env[i] + len + 1 : NULL;
    return NULL;
}

int x8_host_path(const struct x8_host *host, const char *path, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s%s", host->root, path);

    return n < 0 || (size_t)n >= cap ? -1 : 0;
}

int x8_host_read(const struct x8_host *host, const char *path, struct x8_buf *out)
{
    char whole[PATH_LEN];

    if (x8_host_path(host, path, whole, sizeof whole) < 0)
        return -1;
    return x8_file_load(whole, READ_MAX, out, NULL) < 0 ? -1 : 0;
}

int x8_host_line(const struct x8_host *host, const char *path, char *out, size_t cap)
{
    X8_AUTO_BUF text = {0};
    size_t len;

    out[0] = '\0';
    if (x8_host_read(host, path, &text) < 0)
        return -1;
    len = strcspn(x8_buf_text(&text), "\n");
    while (len > 0 && strchr(" \t\r", x8_buf_text(&text)[len - 1]))
        len--;
    x8_clean(out, cap, x8_buf_text(&text), len);
    return 0;
}

int x8_host_has(const struct x8_host *host, const char *path, const char *text)
{
    X8_AUTO_BUF whole = {0};

    return x8_host_read(host, path, &whole) == 0 && strstr(x8_buf_text(&whole), text) != NULL;
}

static int look(const struct x8_host *host, const char *path, struct stat *out)
{
    char whole[PATH_LEN];

    return x8_host_path(host, path, whole, sizeof whole) < 0 ? -1 : stat(whole, out);
}

int x8_host_exists(const struct x8_host *host, const char *path)
{
    struct stat st;

    return look(host, path, &st) == 0;
}

int x8_host_mtime(const struct x8_host *host, const char *path, int64_t *out)
{
    struct stat st;

    if (look(host, path, &st) != 0)
        return -1;
    *out = (int64_t)st.st_mtime;
    return 0;
}

uint64_t x8_host_size(const struct x8_host *host, const char *path)
{
    struct stat st;

    return look(host, path, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names behind each other become an array in front of their texts: one block. */
static size_t as_array(const struct x8_buf *names, size_t count, char ***out)
{
    char **array = malloc((count + 1) * sizeof *array + names->len), *text;

    if (!array)
        return 0;
    text = (char *)(array + count + 1);
    memcpy(text, names->data, names->len);
    for (size_t i = 0; i < count; i++) {
        array[i] = text;
        text += strlen(text) + 1;
    }
    array[count] = NULL;
    qsort(array, count, sizeof *array, by_name);
    *out = array;
    return count;
}

size_t x8_host_names(const struct x8_host *host, const char *path, char ***out)
{
    X8_AUTO_BUF names = {0};
    char whole[PATH_LEN];
    struct dirent *entry;
    size_t count = 0;
    DIR *dir;

    *out = NULL;
    if (x8_host_path(host, path, whole, sizeof whole) < 0 || !(dir = opendir(whole)))
        return 0;
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' &&
            x8_buf_add(&names, entry->d_name, strlen(entry->d_name) + 1) == 0)
            count++;
    closedir(dir);
    return count ? as_array(&names, count, out) : 0;
}
