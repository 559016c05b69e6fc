/*
 * The parts of finding a sketch. find.c: the way from what was named to a checked sketch;
 * find_folder.c: which file of a folder; find_none.c: what a folder holds instead; find_list.c:
 * names in a folder; find_read.c: the bytes; find_stale.c: sources that are newer.
 */
#ifndef X8_SKETCH_FIND_PARTS_H
#define X8_SKETCH_FIND_PARTS_H

#include "sketch/find.h"
#include "util/file.h"

/* Below a sketch's folder: where the IDE and arduino-cli put what they export for this board. */
#define FIND_EXPORT "build/arduino.mbed_portenta.portenta_x8"

/* Sorted names of a folder. Free with find_names_done. */
struct find_names {
    char **items;
    size_t count;
};
void find_names_done(struct find_names *names);
#define FIND_AUTO_NAMES X8_CLEANUP(find_names_done) struct find_names

/*
 * Names in `dir` that end in `suffix` (ASCII case does not matter; "" for all) and are of `kind`
 * once links are followed. Hidden ones are left out: macOS puts a ._NAME beside files on disks that
 * are not its own. A folder that is not there has no names; one that cannot be read is
 * X8_E_NO_FILE.
 */
int find_list(const char *dir, const char *suffix, enum x8_path_kind kind, struct find_names *out,
              struct x8_error *err);
int find_has(const struct find_names *names, const char *name);
/* "a, b, c and 4 more", cleaned. */
void find_names_text(const struct find_names *names, char *out, size_t cap);

/* `path` for the command line of a shell, quoted only if it must be. -1 without memory. */
int find_quote(struct x8_buf *out, const char *path);

/* Set the next step: how to build the sketch in `dir` so that it is found there; for a folder that
 * is none of a sketch, how to build one. */
void find_next_build(const char *dir, struct x8_error *err);

/* Which .elf of the sketch folder `dir` to take, for free(). `main` is the .ino that was named, or
 * NULL. */
int find_in_folder(const char *dir, const char *main, char **out, struct x8_error *err);

/* Say why a folder has nothing to take. Always an error. `inos` are its .ino files. */
int find_none(const char *dir, const struct find_names *inos, struct x8_error *err);

/* When a file was changed, nanoseconds since 1970. */
struct stat;
int64_t find_mtime_ns(const struct stat *st);

/* Read a whole file that may be a sketch. `shown` is its name in messages. */
int find_read(const char *path, const char *shown, struct x8_buf *out, int64_t *mtime_ns,
              struct x8_error *err);

/* A source of the sketch that `elf` was built from, changed after `mtime_ns`; else "". */
void find_newer(const char *elf, int64_t mtime_ns, char *out, size_t cap);

#endif
