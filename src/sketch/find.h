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
 * one .elf itself (--output-dir) is taken as well. A folder that was built for other boards only is
 * X8_E_MISFIT with their names; one that was not built X8_E_NO_FILE with the command to build it.
 * A file that changes while it is read is X8_E_NO_FILE.
 */
int x8_sketch_load(const char *path, const struct x8_sketch_rules *rules, struct x8_sketch *out,
                   struct x8_error *err);

#endif
