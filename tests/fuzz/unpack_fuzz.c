/*
 * Any bytes as the archive a board sends: whatever is in it, nothing but the names that were asked
 * for appears, as plain files below the one folder.
 */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */

#include "session/unpack.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"a", "d/b", "e", "l"};
static size_t base_len; /* of the folder's name */

/* Before it is removed, each name is looked at. */
static int check(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    const char *inner = path + base_len;
    (void)flag;
    (void)ftw;
    if (S_ISREG(st->st_mode) && strcmp(inner, "/in/a") != 0 && strcmp(inner, "/in/d/b") != 0 &&
        strcmp(inner, "/in/e") != 0)
        abort();
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
        abort();
    if (S_ISREG(st->st_mode) && st->st_mode & 07000)
        abort();
    return remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char base[] = "/tmp/x8unpack-XXXXXX", path[64];
    struct node nodes[4], *list[4];
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_reader *reader = NULL;
    struct x8_error err;
    memset(nodes, 0, sizeof(nodes));
    for (size_t i = 0; i < 4; i++) {
        nodes[i].rel = strdup(names[i]);
        nodes[i].kind = i == 3 ? NODE_LINK : NODE_FILE;
        nodes[i].mode = 07777;
        list[i] = &nodes[i];
    }
    if (!mkdtemp(base))
        abort();
    base_len = strlen(base);
    snprintf(path, sizeof(path), "%s/in", base);
    mkdir(path, 0700);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || mkdirat(fd, "d", 0700) != 0 ||
        x8_mem_reader((struct x8_span){data, size}, &reader, &err) != 0)
        abort();
    unpack_files(&op, reader, fd, list, 4, &err);
    x8_reader_close(&reader);
    close(fd);
    if (nftw(base, check, 8, FTW_DEPTH | FTW_PHYS) != 0)
        abort();
    for (size_t i = 0; i < 4; i++) {
        free(nodes[i].rel);
        free(nodes[i].link);
    }
    return 0;
}
