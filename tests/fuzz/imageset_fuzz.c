/* Any bytes as a downloaded archive: refused, or entries whose names stay inside and can be read.
 */
#include "image/imageset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_MAX ((size_t)4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_entry(const struct x8_imageset *set, const struct x8_entry *entry)
{
    static uint8_t out[65536];
    struct x8_reader *reader = NULL;
    struct x8_error err;
    size_t total = 0;
    ssize_t n = 0;
    int exact;
    (void)x8_imageset_content_size(set, entry, &exact);
    if (x8_imageset_open_content(set, entry, &reader, &err) < 0)
        return;
    while (total < READ_MAX && (n = x8_read(reader, out, sizeof(out), &err)) > 0)
        total += (size_t)n;
    x8_reader_close(&reader);
}

static int see(void *ctx, const struct x8_passing *image, struct x8_reader *content,
               struct x8_error *err)
{
    static uint8_t out[65536];
    size_t total = 0;
    ssize_t n = content ? 1 : 0;
    unsigned *last = ctx;
    if (image->number <= *last)
        abort();
    *last = image->number;
    while (n > 0 && total < READ_MAX && (n = x8_read(content, out, sizeof(out), err)) > 0)
        total += (size_t)n;
    return 0;
}

/* What is refused without a pass is refused in one, and the other way round. */
static void pass(const char *path, int is_good)
{
    struct x8_imageset *set = NULL;
    const struct x8_entry *entry;
    struct x8_error err;
    unsigned last = 0;
    const struct x8_pass pass = {.ctx = &last, .image = see};
    int rc = x8_imageset_open_pass(NULL, path, NULL, &pass, &set, &err);
    if ((rc == 0) != is_good)
        abort();
    for (size_t i = 0; rc == 0 && (entry = x8_imageset_entry(set, i)) != NULL; i++)
        if (x8_entry_is_packed(entry) && strlen(x8_entry_sha256(entry)) != 64)
            abort();
    x8_imageset_free(&set);
}

static void look(const char *path)
{
    struct x8_imageset *set = NULL;
    const struct x8_entry *entry;
    struct x8_error err;
    int rc = x8_imageset_open(NULL, path, &set, &err);
    pass(path, rc == 0);
    if (rc < 0)
        return;
    for (size_t i = 0; (entry = x8_imageset_entry(set, i)) != NULL && i < 20; i++) {
        if (entry->path[0] == '/' || !strncmp(entry->path, "../", 3) || strstr(entry->path, "/../"))
            abort();
        if (x8_imageset_find(set, "", entry->path) != entry && !strchr(entry->path, '\\'))
            abort();
        read_entry(set, entry);
    }
    for (int role = X8_ROLE_OTHER; role < X8_ROLE_COUNT; role++)
        (void)x8_imageset_by_role(set, (enum x8_role)role, &entry, &err);
    x8_imageset_free(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/x8-fuzz-imageset-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        return 0;
    if (write(fd, data, size) == (ssize_t)size)
        look(path);
    close(fd);
    unlink(path);
    return 0;
}
