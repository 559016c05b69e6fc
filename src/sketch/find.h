/*
 * From what the user named to a checked sketch in memory.
 */
#ifndef X8_SKETCH_FIND_H
#define X8_SKETCH_FIND_H

#include "sketch/elf.h"
#include "util/buf.h"

/* A checked sketch. Free with x8_sketch_done. */
struct x8_sketch {
    char *path;       /* the file that was read */
    const char *name; /* its last part; points into `path` */
    struct x8_buf file;
    char sha256[65];
    struct x8_sketch_elf elf;
    char newer[256]; /* a source that was changed after the file was built, or "" */
};
void x8_sketch_done(struct x8_sketch *sketch);
#define X8_AUTO_SKETCH X8_CLEANUP(x8_sketch_done) struct x8_sketch

/*
 * Load `path`: an ELF file, or a sketch folder (or its .ino), in which the exported binary for this
 * board is looked for: build/arduino.mbed_portenta.portenta_x8/NAME.ino.elf, where the IDE's
 * "Export Compiled Binary" and arduino-cli --export-binaries put it; a folder that holds exactly
 * one .elf itself (--output-dir) is taken as well. An export whose NAME.ino is no longer in the
 * folder is what was left of a renamed sketch, and not taken.
 *
 * Errors, besides those of x8_sketch_elf_check: X8_E_MISFIT for a folder that was built for other
 * boards only, with their names, and for a file of more than 32 MiB; X8_E_NO_FILE for one that was
 * not built, with the command to build it, for what cannot be read or is no regular file (a pipe is
 * never waited for), and for a file that changes or is replaced while it is read; X8_E_USAGE when
 * the choice is the user's: several .elf files, or a folder of sketches. *out is written on success
 * only.
 */
int x8_sketch_load(const char *path, const struct x8_sketch_rules *rules, struct x8_sketch *out,
                   struct x8_error *err);

#endif
