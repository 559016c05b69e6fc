/*
 * Which file of a sketch folder is the program for this board.
 */
#include "sketch/elf_parts.h"
#include "sketch/find_parts.h"

#include "session/run.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

int find_quote(struct x8_buf *out, const char *path)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+@%:,=";

    if (path[0] == '-' && x8_buf_addf(out, "./") < 0)
        return -1;
    if (path[0] && path[strspn(path, plain)] == '\0')
        return x8_buf_addf(out, "%s", path);
    return x8_quote(out, path);
}

void find_next_build(const char *dir, struct x8_error *err)
{
    X8_AUTO_BUF quoted = {0};
    FIND_AUTO_NAMES inos = {0};

    if (!err || find_quote(&quoted, dir) < 0)
        return;
    if (find_list(dir, ".ino", X8_PATH_FILE, &inos, NULL) == 0 && inos.count > 0)
        x8_error_next(err, "arduino-cli compile -b " X8_SKETCH_FQBN " --export-binaries %s",
                      x8_buf_text(&quoted));
    else
        x8_error_next(err, ELF_BUILD);
}

/* blink.ino.elf belongs to blink.ino. */
static int is_built_from(const char *elf, const struct find_names *inos)
{
    size_t len = strlen(elf) - strlen(".elf");

    for (size_t i = 0; i < inos->count; i++)
        if (strlen(inos->items[i]) == len && strncmp(inos->items[i], elf, len) == 0)
            return 1;
    return 0;
}

static int several(const char *dir, const struct find_names *elves, struct x8_error *err)
{
    X8_AUTO_BUF quoted = {0};
    char *first = x8_path_join(dir, elves->items[0]);
    char names[400];
    int rc = x8_fail(err, X8_E_USAGE, "%s holds %zu .elf files: which one?", dir, elves->count);

    find_names_text(elves, names, sizeof names);
    x8_error_why(err, "%s", names);
    if (first && find_quote(&quoted, first) == 0)
        x8_error_next(err, "x8ctl sketch upload %s    or another of them", x8_buf_text(&quoted));
    free(first);
    return rc;
}

/*
 * The one to take of the .elf files in `dir`: *out is NULL when there is none. Where the folder has
 * sources, an exported file without its .ino is what was left of a sketch that was renamed
 * (`is_strict`); it is never taken for the new one.
 */
static int choose(const char *dir, const struct find_names *elves, const struct find_names *inos,
                  const char *main, int is_strict, const char **out, struct x8_error *err)
{
    size_t fitting = 0;

    *out = NULL;
    for (size_t i = 0; i < elves->count; i++) {
        const char *elf = elves->items[i];

        if (!is_built_from(elf, inos))
            continue;
        if (main && x8_starts(elf, main) && strlen(elf) == strlen(main) + strlen(".elf")) {
            *out = elf;
            return 0;
        }
        *out = elf;
        fitting++;
    }
    if (fitting == 1)
        return 0;
    *out = NULL;
    if (fitting == 0 && is_strict && inos->count > 0)
        return 0;
    if (elves->count == 1)
        *out = elves->items[0];
    return elves->count > 1 ? several(dir, elves, err) : 0;
}

static int take_from(const char *dir, const struct find_names *inos, const char *main,
                     int is_strict, char **out, struct x8_error *err)
{
    FIND_AUTO_NAMES elves = {0};
    const char *name = NULL;
    int rc = find_list(dir, ".elf", X8_PATH_FILE, &elves, err);

    if (rc == 0)
        rc = choose(dir, &elves, inos, main, is_strict, &name, err);
    if (rc < 0 || !name)
        return rc;
    *out = x8_path_join(dir, name);
    return *out ? 0 : x8_fail(err, X8_E_INTERNAL, "%s: out of memory", dir);
}

int find_in_folder(const char *dir, const char *main, char **out, struct x8_error *err)
{
    FIND_AUTO_NAMES inos = {0};
    char *exports = x8_path_join(dir, FIND_EXPORT);
    int rc = 0;

    *out = NULL;
    if (!exports)
        return x8_fail(err, X8_E_INTERNAL, "%s: out of memory", dir);
    rc = find_list(dir, ".ino", X8_PATH_FILE, &inos, err);
    if (rc == 0)
        rc = take_from(exports, &inos, main, 1, out, err);
    if (rc == 0 && !*out)
        rc = take_from(dir, &inos, main, 0, out, err);
    if (rc == 0 && !*out)
        rc = find_none(dir, &inos, err);
    free(exports);
    return rc;
}
