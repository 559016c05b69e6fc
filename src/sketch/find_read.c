/*
 * The bytes of a file that may be a sketch: all of one version of it, or an error. What cannot be a
 * sketch by its size is not read beyond its beginning.
 */
#include "sketch/elf_parts.h"
#include "sketch/find_parts.h"

#include "util/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Debug data included a sketch has 3 to 5 MiB; the largest libraries do not make it ten. */
enum { SKETCH_MAX = 32 << 20, LOOK = 4096, PIECE = 1 << 16 };

int64_t find_mtime_ns(const struct stat *st)
{
#if defined(__APPLE__) /* its names under _POSIX_C_SOURCE */
    return (int64_t)st->st_mtime * 1000000000 + st->st_mtimensec;
#else
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
#endif
}

static int fail_read(const char *shown, struct x8_error *err)
{
    int rc = x8_fail_sys(err, X8_E_NO_FILE, errno, "%s: cannot be read", shown);

    x8_error_next(err, "copy the file to another disk, or build the sketch again: " ELF_BUILD);
    return rc;
}

static int changed(const char *shown, struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_NO_FILE, "%s changed while it was read", shown);

    x8_error_why(err, "a build or a copy is still writing it");
    x8_error_next(err, "wait until it has ended, then try again");
    return rc;
}

/* Append up to `most` bytes. */
static int read_up_to(int fd, size_t most, const char *shown, struct x8_buf *out,
                      struct x8_error *err)
{
    while (out->len < most) {
        size_t want = most - out->len < PIECE ? most - out->len : PIECE;
        ssize_t n;

        if (x8_buf_reserve(out, want) < 0)
            return x8_fail(err, X8_E_INTERNAL, "%s: out of memory", shown);
        n = read(fd, out->data + out->len, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_read(shown, err);
        if (n == 0)
            return 0;
        out->len += (size_t)n;
    }
    return 0;
}

/* Too large to be a sketch: its beginning may tell what it is. */
static int fail_size(const char *shown, struct x8_span look, uint64_t size, struct x8_error *err)
{
    struct elf_file file = {.bytes = look};
    char kind[200], text[24], most[24];
    int rc;

    x8_clean(file.name, sizeof file.name, shown, strlen(shown));
    x8_size_text(text, size);
    x8_size_text(most, SKETCH_MAX);
    if (!elf_is(look)) {
        x8_sketch_kind(look, shown, kind, sizeof kind);
        rc = x8_fail(err, X8_E_BAD_IMAGE, "%s is not a sketch for the X8's M4", file.name);
        x8_error_why(err,
                     "by its first bytes it is %s, and its %s are more than any sketch has; the "
                     "board takes the .elf file of a sketch",
                     kind, text);
        x8_error_next(err, ELF_BUILD);
        return rc;
    }
    rc = elf_head(&file, err);
    return rc < 0 ? rc
                  : elf_misfit(&file, err,
                               "it has %s; a sketch has a few MiB with all its debug data, and "
                               "x8ctl reads at most %s",
                               text, most);
}

static int is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           find_mtime_ns(a) == find_mtime_ns(b);
}

int find_read(const char *path, const char *shown, struct x8_buf *out, int64_t *mtime_ns,
              struct x8_error *err)
{
    X8_AUTO_FD fd = x8_file_open(path, 0, err);
    struct stat before, after, named;
    int rc;

    if (fd < 0)
        return fd;
    if (fstat(fd, &before) != 0)
        return fail_read(shown, err);
    if (before.st_size > SKETCH_MAX) {
        rc = read_up_to(fd, LOOK, shown, out, err);
        return rc < 0 ? rc : fail_size(shown, x8_buf_span(out), (uint64_t)before.st_size, err);
    }
    rc = read_up_to(fd, (size_t)before.st_size + 1, shown, out, err);
    if (rc < 0)
        return rc;
    /* The name too: a build puts a new file in place of the old one. */
    if (fstat(fd, &after) != 0 || stat(path, &named) != 0 || !is_same(&before, &after) ||
        !is_same(&after, &named) || out->len != (uint64_t)before.st_size)
        return changed(shown, err);
    *mtime_ns = find_mtime_ns(&before);
    return 0;
}
