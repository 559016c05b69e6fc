/*
 * Where members of an archive go in a fresh folder. Nothing of an archive is trusted: names are
 * taken apart first, only folders and plain files are made, each is new, and all of it together has
 * to fit with room to spare. Only for bundle_unpack.c.
 */
#ifndef X8_UPDATE_BUNDLE_PLACE_H
#define X8_UPDATE_BUNDLE_PLACE_H

#include "image/archive.h"
#include "update/bundle_parts.h"

#define PLACE_PATH 1024u
#define PLACE_COPY ((size_t)256 * 1024)

struct unpack {
    const char *archive;
    int folder;          /* where to */
    uint64_t room, unit; /* bytes that may still be used; what a file takes at least */
    char top[256];       /* folder of the archive that holds the parts; "" for none */
    int placed;          /* something was: `top` is known */
    char strange[160];   /* a member that is refused unless the whole is something else */
    uint8_t *data;       /* PLACE_COPY bytes */
};

/* How much may be used, and whether an archive of `packed` bytes fits at all: X8_E_HOST_SPACE. */
int place_find_room(struct unpack *unpack, uint64_t packed, struct x8_error *err);

/* The name without "./" and double slashes; "" for the archive's own root. X8_E_BAD_IMAGE for names
 * that are absolute, lead out, or are too long. */
int place_name(const struct unpack *unpack, const char *path, char out[PLACE_PATH],
               struct x8_error *err);

/* Where in a bundle the member goes, borrowed from `name`; NULL: nowhere. All parts have to lie in
 * the same folder of the archive. */
int place_of(struct unpack *unpack, const char *name, const char **out, struct x8_error *err);

/* Make the folders of `path`: all of it, or all but its last name. */
int place_folders(struct unpack *unpack, const char *path, int with_last, struct x8_error *err);

/* Write the walk's current member. */
int place_file(struct unpack *unpack, struct archive_walk *walk,
               const struct archive_member *member, const char *path, struct x8_error *err);

/* X8_E_BAD_IMAGE: the member and what is wrong with it. */
int place_refuse(const struct unpack *unpack, const char *path, const char *why,
                 struct x8_error *err);

#endif
