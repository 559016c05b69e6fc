/*
 * A set of files to flash, wherever it lies: the vendor's archive as downloaded, a folder (parts
 * packed or unpacked), a Yocto deploy folder, or the folder of a script. Looks like one tree of
 * names; nothing is unpacked to disk. Small members of archives are kept in memory when they were
 * asked for by role, large ones are streamed again when they are opened.
 *
 * Inside an archive, a nested tar archive is seen as a folder in the place where it would be
 * unpacked with "tar xf" beside itself: 934/mfgtool-files-portenta-x8.tar.gz holding
 * mfgtool-files-portenta-x8/full_image.uuu is 934/mfgtool-files-portenta-x8/full_image.uuu. The
 * same is done in a folder that holds a packed mfgtool-files-*.tar.gz.
 *
 * Names never escape: in archives absolute members, "..", device nodes and links out of the tree
 * are refused with X8_E_BAD_IMAGE. In a folder of the host the user's own links are followed, and
 * what is no regular file is not listed.
 *
 * Threads: a set is read-only after opening; readers may be opened from several threads.
 */
#ifndef X8_IMAGE_IMAGESET_H
#define X8_IMAGE_IMAGESET_H

#include "util/stream.h"

enum x8_role {
    X8_ROLE_OTHER,
    X8_ROLE_SCRIPT,  /* *.uuu */
    X8_ROLE_MFG_SPL, /* imx-boot-mfgtool*: IVT image for the ROM */
    X8_ROLE_MFG_FIT, /* u-boot-mfgtool.itb: FIT for the SPL */
    X8_ROLE_OS,      /* user area image: *.wic, *.wic.gz, ... */
    X8_ROLE_SPL,     /* imx-boot-<machine>: goes to boot0 */
    X8_ROLE_FIT,     /* u-boot-<machine>.itb: goes to boot0 */
    X8_ROLE_SIT,     /* sit-<machine>.bin */
    X8_ROLE_BMAP,    /* <image>.bmap */
    X8_ROLE_COUNT
};

struct x8_entry {
    const char *path; /* normalised, relative to the root of the set, '/' separated */
    enum x8_role
        role; /* from the name, confirmed by content where content tells (IVT, FIT, script magic) */
    uint64_t size; /* bytes as stored (packed); UINT64_MAX when the archive does not say */
};

struct x8_imageset;

/*
 * Open SOURCE: a folder, an archive (tar in any packing, zip), a .uuu script, or one image.
 * A script's folder becomes the set, and the folder above it, since vendor scripts say ../name; the
 * root is then the folder above. One image (*.wic, *.wic.gz, ...) is a set of it and its *.bmap.
 * An archive is walked once (its outer compression is decoded to the end, so a damaged or truncated
 * one is X8_E_BAD_IMAGE here). Progress goes to `op` as stage "check". Errors: X8_E_NO_FILE,
 * X8_E_BAD_IMAGE, X8_E_HOST_SPACE never (no disk is used).
 */
int x8_imageset_open(const struct x8_op *op, const char *source, struct x8_imageset **out,
                     struct x8_error *err);

/* One file that is not here under its own name: in a cache, or on a server. What is pointed to is
 * borrowed for the life of the set. */
struct x8_image_origin {
    const char *name; /* "934.tar.gz": for messages, and for what its ending tells */
    const char *path; /* where it lies on this computer, or NULL: */
    /* a new reader of all of it, from its start; also several at once, from any thread */
    int (*open)(void *ctx, struct x8_reader **out, struct x8_error *err);
    void *ctx;
    uint64_t size;      /* bytes, for progress; 0 unknown */
    const char *url;    /* where it comes from, as it may be shown; or NULL */
    const char *sha256; /* its digest, for reports; "" as long as it is not known; or NULL */
    /* 1: what is read through `open` is read as little as can be. Opening ends at the system image
     * when everything else that a flash needs came before it; what lies behind is not looked at
     * before the image is read, whose end still is that of the whole archive. */
    int is_brief;
};

/*
 * The same over such a file. One that is read through `open` must be an archive (X8_E_BAD_IMAGE). A
 * member's end is told only when the archive behind it was read to its proven end, so that a reader
 * that compares a digest at its own end is heard before the member's last byte counts.
 */
int x8_imageset_open_origin(const struct x8_op *op, const struct x8_image_origin *origin,
                            struct x8_imageset **out, struct x8_error *err);
/* As x8_imageset_open(), and an archive is digested as it is read: x8_imageset_sha256() says it. */
int x8_imageset_open_digest(const struct x8_op *op, const char *source, struct x8_imageset **out,
                            struct x8_error *err);
void x8_imageset_free(struct x8_imageset **set);

/* --- one pass: what can be learnt of an archive in the walk that opening it is --- */

/* A system image as it passes by. Borrowed for the call. */
struct x8_passing {
    const struct x8_imageset *so_far; /* for x8_imageset_passed() */
    const char *path;                 /* in the set */
    unsigned number;                  /* x8_entry_number() of its entry and of links to it */
    int is_packed;                    /* compressed, besides being in the archive */
};

struct x8_pass {
    void *ctx;
    /*
     * Its content, with compression undone. What is not read is passed over. NULL with *err filled:
     * it cannot be unpacked. A negative code ends the walk. A fault of the content alone need not:
     * where the archive itself is at fault the walk fails on its own.
     */
    int (*image)(void *ctx, const struct x8_passing *image, struct x8_reader *content,
                 struct x8_error *err);
    int no_digests; /* nobody asks for them */
};

/*
 * As x8_imageset_open (`origin` NULL) or x8_imageset_open_origin (`source` NULL). Everything is
 * opened once and read to its end in order, archives are digested with all that is in them, and
 * system images in them are shown to `pass` (needed until this returns) as they come. Members with
 * lists of checksums (sums.h) stay in memory.
 */
int x8_imageset_open_pass(const struct x8_op *op, const char *source,
                          const struct x8_image_origin *origin, const struct x8_pass *pass,
                          struct x8_imageset **out, struct x8_error *err);

/* What has passed so far and is in memory (small parts, lists of checksums), by its path in the
 * set; or NULL. Links are not known yet. */
const struct x8_entry *x8_imageset_passed(const struct x8_imageset *so_far, const char *path);

/* The file itself, after a pass over an archive (or x8_imageset_open_digest): SHA-256 in
 * hexadecimal, and bytes. "" and 0 for others. */
const char *x8_imageset_sha256(const struct x8_imageset *set);
uint64_t x8_imageset_stored_size(const struct x8_imageset *set);

/* SHA-256 of an entry as stored, taken in a pass; "" where none was taken. */
const char *x8_entry_sha256(const struct x8_entry *entry);

/* Which member of all archives it is, counted in a pass from 1; 0 for a file of this computer. */
unsigned x8_entry_number(const struct x8_entry *entry);

/* Archives in it that are seen as folders, and so are no entries; NULL past the end. */
const struct x8_entry *x8_imageset_box(const struct x8_imageset *set, size_t i);

/* What a folder has under the name of a list of checksums (sums.h) and is no regular file: a pipe,
 * a link to nothing. It is no entry and is never opened; only its path is known. NULL past the end.
 */
const struct x8_entry *x8_imageset_odd_list(const struct x8_imageset *set, size_t i);

/* What was opened, for messages. Borrowed. */
const char *x8_imageset_source(const struct x8_imageset *set);

/* 1 when opening ended at the system image (`is_brief`). */
int x8_imageset_is_brief(const struct x8_imageset *set);

/* 1 when members must be reached by reading an outer stream from its start (compressed archive). */
int x8_imageset_is_stream(const struct x8_imageset *set);

/* Entries in path order; NULL past the end. Borrowed. */
const struct x8_entry *x8_imageset_entry(const struct x8_imageset *set, size_t i);

/* The entry at a path relative to `dir` (itself relative to the root; "" for the root); NULL when
 * there is none. '\\' stands for '/'. In a set on disk also files that were too deep to be listed;
 * their entries live as long as the set. */
const struct x8_entry *x8_imageset_find(const struct x8_imageset *set, const char *dir,
                                        const char *path);

/* 1 when the entry lies in an archive: it says what the archive's maker wants, not what the user of
 * this computer wrote. */
int x8_entry_is_packed(const struct x8_entry *entry);

/*
 * Add a file of the host that lies outside of the tree, as local scripts may name it (an absolute
 * path, ">name", "../../name"). Nothing that comes out of an archive may get here. Its path is
 * `path` as given. Errors: X8_E_NO_FILE.
 */
int x8_imageset_add_file(struct x8_imageset *set, const char *path, const struct x8_entry **out,
                         struct x8_error *err);

/* The script when SOURCE was one; NULL otherwise. */
const struct x8_entry *x8_imageset_script(const struct x8_imageset *set);

/* The only entry with a role; several are X8_E_BAD_IMAGE that lists them (a usable choice by name
 * rules is made first: full_image.uuu of several scripts; .wic.gz before the same .wic, as it
 * proves that it is whole; Yocto's link before older builds; signed loaders only when there are no
 * others), none is X8_E_NO_FILE. */
int x8_imageset_by_role(const struct x8_imageset *set, enum x8_role role,
                        const struct x8_entry **out, struct x8_error *err);

/* The entry's bytes as stored. */
int x8_imageset_open_raw(const struct x8_imageset *set, const struct x8_entry *entry,
                         struct x8_reader **out, struct x8_error *err);

/*
 * The entry's bytes with compression undone, recognised by content (gzip with any number of
 * members, bzip2, xz, zstd, none; see inflate.h). The end of the stream is proven (CRC, length,
 * truncation) before read returns 0.
 */
int x8_imageset_open_content(const struct x8_imageset *set, const struct x8_entry *entry,
                             struct x8_reader **out, struct x8_error *err);

/* A small entry (boot loader, script, SIT, bmap), decompressed, at most `max` bytes. */
int x8_imageset_load(const struct x8_imageset *set, const struct x8_entry *entry, size_t max,
                     struct x8_buf *out, struct x8_error *err);

/*
 * Size after decompression when it can be known without decoding everything: plain files, gzip with
 * one member by its trailer
 * (`*exact` = 0: it is only right modulo 4 GiB and for one member), xz/zstd headers. UINT64_MAX
 * when unknown. Never an error.
 */
uint64_t x8_imageset_content_size(const struct x8_imageset *set, const struct x8_entry *entry,
                                  int *exact);

#endif
