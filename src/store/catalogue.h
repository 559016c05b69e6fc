/*
 * The list of released images: which there are, where, with which digest and which known
 * difficulties. One is part of the program; a company's own replaces it (X8CTL_IMAGE_INDEX: a file
 * or a URL). Its form, JSON:
 *
 *   { "format": 1, "base": "https://mirror.example/portentax8image/",
 *     "latest": "image-latest.tar.gz" or {"image": "934"},
 *     "images": [ { "image": "934", "release": "91.9", "date": "2025-08", "lmp": "91",
 *                   "file": "934.tar.gz" (or an absolute URL), "size": 1097240589,
 *                   "sha256": "2f20...", "parts": {"NAME": "sha256 of the part", ...},
 *                   "notes": "..." } ] }
 *
 * Only "format", "images" and each one's "image" must be there. Unknown keys are left alone, as a
 * mirror may know more; known ones of another kind, or that are there twice, are refused.
 */
#ifndef X8_STORE_CATALOGUE_H
#define X8_STORE_CATALOGUE_H

#include "util/buf.h"
#include "util/error.h"

#include <stdint.h>

#define X8_CATALOGUE_MAX   ((size_t)4 << 20)
#define X8_RELEASE_PARTS   24
#define X8_CATALOGUE_ITEMS 2000

struct x8_release_part {
    char name[96];
    char sha256[65];
};
struct x8_release {
    char image[24];   /* "934": IMAGE_VERSION */
    char release[24]; /* Arduino's: "91.9", or "" */
    char date[16];    /* "2025-08-01", "2025-08", or as written */
    char lmp[12];
    char url[512];   /* "" when nobody knows where it is */
    uint64_t size;   /* bytes, 0 unknown */
    char sha256[65]; /* of the archive; "" unknown */
    struct x8_release_part parts[X8_RELEASE_PARTS];
    size_t part_count;
    char notes[200];
};
struct x8_catalogue {
    struct x8_release *items; /* newest first */
    size_t count;
    char latest_url[512];  /* a name that moves, or "" */
    char latest_image[24]; /* or the number that counts as latest */
    char from[512];        /* "built in", a path, a URL */
};
void x8_catalogue_done(struct x8_catalogue *catalogue);
#define X8_AUTO_CATALOGUE X8_CLEANUP(x8_catalogue_done) struct x8_catalogue

/* X8_E_BAD_IMAGE with what is wrong and where. `base_url`: where the text came from, for relative
 * file names without "base" (or NULL). Pure. */
int x8_catalogue_parse(struct x8_span text, const char *from, const char *base_url,
                       struct x8_catalogue *out, struct x8_error *err);

/* The one in the program: the same JSON, through the same parser. */
int x8_catalogue_builtin(struct x8_catalogue *out, struct x8_error *err);

/* The release of a number ("934") or of Arduino's version ("91.9"); NULL when there is none. */
const struct x8_release *x8_catalogue_find(const struct x8_catalogue *catalogue, const char *word);

/*
 * The release that an address stands for: the one at this address, or the one whose file has the
 * same name there (a mirror); NULL for none. Then it has to be that release.
 */
const struct x8_release *x8_catalogue_at(const struct x8_catalogue *catalogue, const char *url);

/* The release that a file's name stands for: "934" of "path/934.tar.gz", or the name that its file
 * has in the catalogue; NULL for none. */
const struct x8_release *x8_catalogue_called(const struct x8_catalogue *catalogue,
                                             const char *path);

/* The release whose archive has this digest; NULL when none has. */
const struct x8_release *x8_catalogue_is(const struct x8_catalogue *catalogue, const char *sha256);

/* A release of exactly this size whose digest is known; NULL for none. */
const struct x8_release *x8_catalogue_sized(const struct x8_catalogue *catalogue, uint64_t size);

/* Numbers that look like `word`, for a message ("934, 939"); "" for none. */
void x8_catalogue_near(const struct x8_catalogue *catalogue, const char *word, char *out,
                       size_t cap);

#endif
