/*
 * Where x8ctl image map puts a block map: beside the image, where x8ctl flash finds it.
 */
#include "image_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Where the image lies: in a folder, beside a script (whose set begins a folder above), or, for one
 * in an archive, where that is. */
static char *place_of(const char *source, const struct x8_imageset *set,
                      const struct x8_entry *entry)
{
    char *folder, *above, *place, *plain;

    if (x8_path_kind(source) == X8_PATH_DIR)
        return x8_path_join(source, entry->path);
    if (!x8_imageset_script(set))
        return x8_path_join("", source);
    folder = x8_path_dir(source);
    above = folder ? x8_path_join(folder, "..") : NULL;
    place = above ? x8_path_join(above, entry->path) : NULL;
    plain = place ? x8_path_normal(place) : NULL;
    free(folder);
    free(above);
    free(place);
    return plain;
}

int x8_image_beside(const char *source, const struct x8_imageset *set, const struct x8_entry *entry,
                    char out[X8_IMAGE_PATH], struct x8_error *err)
{
    static const char *const packed[] = {".gz", ".bz2", ".xz", ".zst"};
    char *place = place_of(source, set, entry), *dir = place ? x8_path_dir(place) : NULL;
    const char *name = x8_path_base(entry->path);
    size_t len = strlen(name);
    int is_here = dir && strcmp(dir, ".") == 0, n = -1;

    for (size_t i = 0; i < X8_COUNT(packed); i++)
        if (x8_ends(name, packed[i]))
            len = strlen(name) - strlen(packed[i]);
    if (dir)
        n = snprintf(out, X8_IMAGE_PATH, "%s%s%.*s.bmap", is_here ? "" : dir, is_here ? "" : "/",
                     (int)len, name);
    free(place);
    free(dir);
    return n < 0 || n >= X8_IMAGE_PATH ? x8_fail(err, X8_E_USAGE, "the path %s is too long", source)
                                       : 0;
}

static int is_same_file(const char *a, const struct stat *b)
{
    struct stat st;

    return a && stat(a, &st) == 0 && st.st_dev == b->st_dev && st.st_ino == b->st_ino;
}

/* By any name: a link to the image is the image too. */
static int is_source(const char *path, const char *source, const struct x8_imageset *set)
{
    const struct x8_entry *entry;
    struct stat st;
    int is_it;

    if (stat(path, &st) != 0)
        return 0;
    is_it = is_same_file(source, &st);
    for (size_t i = 0; !is_it && (entry = x8_imageset_entry(set, i)); i++) {
        char *place = x8_entry_is_packed(entry) ? NULL : place_of(source, set, entry);

        is_it =
            entry->role != X8_ROLE_BMAP && entry->role != X8_ROLE_OTHER && is_same_file(place, &st);
        free(place);
    }
    return is_it;
}

/* What may become the map: nothing so far, or with --force a plain file. */
static int may_replace(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return 1;
    return S_ISREG(st.st_mode) && x8_image_opt.force;
}

int x8_image_check_output(const char *path, const char *source, const struct x8_imageset *set,
                          struct x8_error *err)
{
    char *dir = x8_path_dir(path);
    int has_dir = dir && x8_path_kind(dir) == X8_PATH_DIR;
    struct stat st;

    free(dir);
    if (is_source(path, source, set)) {
        x8_fail(err, X8_E_USAGE, "%s is of the image itself", path);
        x8_error_why(err, "the block map would take its place");
        x8_error_next(err, "give another file: -o FILE.bmap");
        return -(int)X8_E_USAGE;
    }
    if (has_dir && may_replace(path))
        return 0;
    if (!has_dir) {
        x8_fail(err, X8_E_USAGE, "there is no folder for %s", path);
        x8_error_next(err, "make it first, or give a file in another one: -o FILE.bmap");
    } else if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        x8_fail(err, X8_E_USAGE, "%s is there already", path);
        x8_error_why(err, "a block map that came with an image may know more than this one");
        x8_error_next(err, "--force replaces it; -o FILE.bmap writes another");
    } else {
        x8_fail(err, X8_E_USAGE, "%s is there already, and is no plain file", path);
        x8_error_next(err, "give a file: -o FILE.bmap");
    }
    return -(int)X8_E_USAGE;
}
