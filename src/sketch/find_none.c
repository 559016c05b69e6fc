/*
 * A folder without a program for this board: what it holds instead decides what to do next.
 */
#include "sketch/find_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keep the names for which `is` says yes. */
static void filter(struct find_names *names, const char *dir,
                   int (*is)(const char *dir, const char *name))
{
    size_t kept = 0;

    for (size_t i = 0; i < names->count; i++) {
        if (is(dir, names->items[i]))
            names->items[kept++] = names->items[i];
        else
            free(names->items[i]);
    }
    names->count = kept;
}

static int holds_files(const char *dir, const char *name)
{
    char *path = x8_path_join(dir, name);
    FIND_AUTO_NAMES files = {0};
    int does = path && find_list(path, "", X8_PATH_FILE, &files, NULL) == 0 && files.count > 0;

    free(path);
    return does;
}

/* Folders below build/ are named after boards, with dots for the colons: esp32.esp32.esp32s3. */
static int is_of_a_board(const char *dir, const char *name)
{
    const char *dot = strchr(name, '.');

    return dot && strchr(dot + 1, '.') && holds_files(dir, name) &&
           strcmp(name, x8_path_base(FIND_EXPORT)) != 0;
}

static void as_board(char *name)
{
    char *dot = strchr(name, '.');

    for (int i = 0; i < 2 && dot; i++) {
        *dot = ':';
        dot = strchr(dot, '.');
    }
}

static int other_boards(const char *dir, struct find_names *out, struct x8_error *err)
{
    char *build = x8_path_join(dir, "build");
    int rc = build ? find_list(build, "", X8_PATH_DIR, out, err)
                   : x8_fail(err, X8_E_INTERNAL, "%s: out of memory", dir);

    if (rc == 0) {
        filter(out, build, is_of_a_board);
        for (size_t i = 0; i < out->count; i++)
            as_board(out->items[i]);
    }
    free(build);
    return rc;
}

/* A sketch folder holds a .ino of its own name. */
static int is_sketch_folder(const char *dir, const char *name)
{
    size_t len = strlen(dir) + 2 * strlen(name) + sizeof "//.ino";
    char *path = malloc(len);
    int is = 0;

    if (path) {
        snprintf(path, len, "%s/%s/%s.ino", dir, name, name);
        is = x8_path_kind(path) == X8_PATH_FILE;
    }
    free(path);
    return is;
}

static int fail_others(const char *dir, const struct find_names *boards, struct x8_error *err)
{
    char names[400];
    int rc = x8_fail(err, X8_E_MISFIT, "%s was not built for the X8's M4", dir);

    find_names_text(boards, names, sizeof names);
    x8_error_why(err, "there are only programs for %s", names);
    find_next_build(dir, err);
    return rc;
}

static int fail_bins(const char *dir, const struct find_names *bins, struct x8_error *err)
{
    char names[300];
    int rc = x8_fail(err, X8_E_NO_FILE, "%s has no .elf file for the X8's M4", dir);

    find_names_text(bins, names, sizeof names);
    x8_error_why(err, "there is only %s, as IDE 1.8 exports it: a .bin has no addresses", names);
    find_next_build(dir, err);
    return rc;
}

static int fail_unbuilt(const char *dir, struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_NO_FILE, "%s was not built for the X8's M4", dir);

    x8_error_why(err, "neither " FIND_EXPORT " nor the folder itself holds the .elf file of its "
                      "sketch; the IDE's Sketch, Export Compiled Binary makes one too");
    find_next_build(dir, err);
    return rc;
}

static int fail_collection(const char *dir, const struct find_names *sketches, struct x8_error *err)
{
    X8_AUTO_BUF quoted = {0};
    char *first = x8_path_join(dir, sketches->items[0]);
    char names[400];
    int rc = x8_fail(err, X8_E_USAGE, "%s is not a sketch, it holds sketches: which one?", dir);

    find_names_text(sketches, names, sizeof names);
    x8_error_why(err, "%s", names);
    if (first && find_quote(&quoted, first) == 0)
        x8_error_next(err, "x8ctl sketch upload %s%s", x8_buf_text(&quoted),
                      sketches->count > 1 ? "    or another of them" : "");
    free(first);
    return rc;
}

int find_none(const char *dir, const struct find_names *inos, struct x8_error *err)
{
    FIND_AUTO_NAMES boards = {0};
    FIND_AUTO_NAMES bins = {0};
    FIND_AUTO_NAMES sketches = {0};
    int rc = other_boards(dir, &boards, err);

    if (rc == 0)
        rc = find_list(dir, ".bin", X8_PATH_FILE, &bins, err);
    if (rc == 0)
        rc = find_list(dir, "", X8_PATH_DIR, &sketches, err);
    if (rc < 0)
        return rc;
    filter(&sketches, dir, is_sketch_folder);
    if (boards.count > 0)
        return fail_others(dir, &boards, err);
    if (bins.count > 0)
        return fail_bins(dir, &bins, err);
    if (inos->count > 0)
        return fail_unbuilt(dir, err);
    if (sketches.count > 0)
        return fail_collection(dir, &sketches, err);
    rc = x8_fail(err, X8_E_NO_FILE, "%s holds no sketch", dir);
    x8_error_why(err, "there is no .ino and no .elf file in it");
    x8_error_next(err, "name the folder of a sketch, or its .elf file");
    return rc;
}
