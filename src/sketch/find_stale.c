/*
 * Was a source changed after the file was built? Only where the sketch's folder is certain: the
 * file lies in it or where exports go, under the name of its .ino.
 */
#include "sketch/find_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 16, LOOKED_MAX = 5000 }; /* folders below src/; all that is looked at */

/* The folders on the way down: links may lead in circles. */
struct way {
    dev_t device;
    ino_t number;
    unsigned depth;
    const struct way *up;
};

struct newest {
    int64_t mtime_ns;
    char *out;
    size_t cap;
    unsigned looked; /* files and folders so far */
};

static int is_source(const char *name)
{
    static const char *const ends[] = {".ino", ".pde", ".cpp", ".c",   ".h",   ".hpp", ".hh",
                                       ".cc",  ".cxx", ".S",   ".tpp", ".ipp", ".inc"};

    for (size_t i = 0; i < X8_COUNT(ends); i++)
        if (x8_ends(name, ends[i]))
            return 1;
    return 0;
}

/* `below` is the path in the sketch's folder, "" or ending in a slash. */
static void look_at(const char *dir, const char *below, const char *name, struct newest *newest)
{
    char *path = x8_path_join(dir, name);
    X8_AUTO_BUF shown = {0};
    struct stat st;

    newest->looked++;
    if (path && stat(path, &st) == 0 && find_mtime_ns(&st) > newest->mtime_ns &&
        x8_buf_addf(&shown, "%s%s", below, name) == 0) {
        newest->mtime_ns = find_mtime_ns(&st);
        x8_clean(newest->out, newest->cap, shown.data, shown.len);
    }
    free(path);
}

static void look_in(const char *dir, const char *below, struct newest *newest)
{
    FIND_AUTO_NAMES files = {0};

    if (find_list(dir, "", X8_PATH_FILE, &files, NULL) < 0)
        return;
    for (size_t i = 0; i < files.count; i++)
        if (is_source(files.items[i]))
            look_at(dir, below, files.items[i], newest);
}

static int enter(const char *dir, const struct way *up, struct way *here)
{
    struct stat st;

    if (stat(dir, &st) != 0 || (up && up->depth == DEPTH_MAX))
        return 0;
    for (const struct way *it = up; it; it = it->up)
        if (it->device == st.st_dev && it->number == st.st_ino)
            return 0;
    *here = (struct way){st.st_dev, st.st_ino, up ? up->depth + 1 : 0, up};
    return 1;
}

/* What arduino-cli compiles: the folder's own sources, and src/ with all below it. */
static void look_below(const char *dir, const char *below, const struct way *up,
                       struct newest *newest)
{
    FIND_AUTO_NAMES folders = {0};
    struct way here;

    if (newest->looked++ > LOOKED_MAX || !enter(dir, up, &here))
        return;
    look_in(dir, below, newest);
    if (find_list(dir, "", X8_PATH_DIR, &folders, NULL) < 0)
        return;
    for (size_t i = 0; i < folders.count; i++) {
        char *path = x8_path_join(dir, folders.items[i]);
        X8_AUTO_BUF inner = {0};

        if (path && x8_buf_addf(&inner, "%s%s/", below, folders.items[i]) == 0)
            look_below(path, x8_buf_text(&inner), &here, newest);
        free(path);
    }
}

/* "S/build/arduino.mbed_portenta.portenta_x8" is an export of the sketch in S; anything else may
 * be the sketch's folder itself. */
static char *folder_of(const char *elf)
{
    char *dir = x8_path_dir(elf), *build, *root;
    size_t len, end = strlen(FIND_EXPORT);

    if (!dir)
        return NULL;
    len = strlen(dir);
    if (!x8_ends(dir, FIND_EXPORT) || (len > end && dir[len - end - 1] != '/'))
        return dir;
    build = x8_path_dir(dir);
    root = build ? x8_path_dir(build) : NULL;
    free(build);
    free(dir);
    return root;
}

void find_newer(const char *elf, int64_t mtime_ns, char *out, size_t cap)
{
    const char *base = x8_path_base(elf);
    char *folder, *ino = NULL, *src = NULL;
    struct newest newest = {.mtime_ns = mtime_ns, .out = out, .cap = cap};

    out[0] = '\0';
    if (!x8_ends(base, ".ino.elf"))
        return;
    folder = folder_of(elf);
    ino = folder ? x8_path_join(folder, base) : NULL;
    src = folder ? x8_path_join(folder, "src") : NULL;
    if (ino && src) {
        ino[strlen(ino) - strlen(".elf")] = '\0';
        if (x8_path_kind(ino) == X8_PATH_FILE) {
            look_in(folder, "", &newest);
            look_below(src, "src/", NULL, &newest);
        }
    }
    free(src);
    free(ino);
    free(folder);
}
