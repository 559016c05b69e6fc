/*
 * The verbs of x8ctl image, one file each (image_list.c, image_get.c, ...). image.c reads the line,
 * image_source.c finds what SOURCE means, image_look.c reads it (image_scan.c the system image in
 * it, image_sums.c its lists of checksums, image_beside.c those beside it), image_release.c says
 * which release it is, image_text.c is how lines read.
 */
#ifndef X8_CMD_IMAGE_PARTS_H
#define X8_CMD_IMAGE_PARTS_H

#include "store_env.h"

#include "image/imageset.h"
#include "image/usedmap.h"
#include "util/digest.h"

/* --- image.c */
struct x8_image_options {
    int all, force, repin, pins;
    const char *output, *older;
    uint64_t keep; /* UINT64_MAX: not given */
};
extern struct x8_image_options x8_image_opt;

/* What a stop is answered with where nothing is downloaded. */
extern const char x8_image_stopping[];

int x8_image_run_list(struct x8_ctx *ctx, struct x8_error *err);
int x8_image_run_get(struct x8_ctx *ctx, const char *word, struct x8_error *err);
int x8_image_run_show(struct x8_ctx *ctx, const char *source, struct x8_error *err);
int x8_image_run_verify(struct x8_ctx *ctx, const char *source, struct x8_error *err);
int x8_image_run_map(struct x8_ctx *ctx, const char *source, struct x8_error *err);
int x8_image_run_prune(struct x8_ctx *ctx, struct x8_error *err);

/* --- image_source.c */
/* x8_fetch(), which a stop ends with a part that stays; for whoever stops it. */
int x8_image_fetch(const struct x8_op *op, const struct x8_fetch *job, struct x8_cached *out,
                   struct x8_error *err);
struct x8_image_source {
    struct x8_store_setup setup;
    const struct x8_catalogue *catalogue;
    struct x8_wanted wanted; /* of a release or an address */
    int is_remote;           /* it came out of the cache */
    struct x8_cached cached;
    const char *path; /* what to open */
    const char *word; /* as the user said it: an address may hold a password */
    const char *name; /* what messages call it */
};
/* What the catalogue is needed for. */
enum x8_image_need {
    X8_IMAGE_BYTES,    /* nothing but the image */
    X8_IMAGE_FACTS,    /* the catalogue if it can be had: else a warning, and an empty one */
    X8_IMAGE_CERTAINTY /* the catalogue */
};
/* A file or folder as it is; a release or an address out of the cache, into which it is downloaded
 * first. */
int x8_image_source_open(struct x8_ctx *ctx, const char *word, enum x8_image_need need,
                         struct x8_image_source *out, struct x8_error *err);
void x8_image_source_done(struct x8_image_source *source);
#define X8_AUTO_IMAGE_SOURCE X8_CLEANUP(x8_image_source_done) struct x8_image_source

/* --- image_scan.c */
/* What a system image says as it is read. */
struct x8_image_scan {
    unsigned number; /* of the member that it is; 0: a file */
    struct x8_usedmap *map;
    uint64_t size;               /* unpacked */
    int is_sparse;               /* Android's form: not looked into */
    char unpacked[65];           /* "" when it is not packed */
    const struct x8_entry *bmap; /* the block map it was compared with, or NULL */
    size_t bmap_ranges;
    struct x8_error fault; /* of the image alone; code 0: none */
};
void x8_image_scan_done(struct x8_image_scan *scan);
/* Read all of `content`. A block map of `set` is compared on the way, when there is one. Progress
 * as `stage` of `total`, or none for NULL. */
struct x8_image_reading {
    const struct x8_imageset *set;
    const struct x8_entry *bmap; /* or NULL */
    const char *stage;
    uint64_t total;
    int is_packed;
};
int x8_image_scan_read(const struct x8_op *op, const struct x8_image_reading *how,
                       struct x8_reader *content, struct x8_image_scan *out, struct x8_error *err);
/* The ranges of a block map alone. */
int x8_image_scan_bmap(const struct x8_op *op, const struct x8_image_reading *how,
                       struct x8_reader *content, size_t *out_ranges, struct x8_error *err);
/* The block map beside an image, by the names that flash looks for; NULL when there is none. */
typedef const struct x8_entry *x8_image_find_fn(const struct x8_imageset *set, const char *path);
const struct x8_entry *x8_image_bmap_of(const struct x8_imageset *set, const char *path,
                                        x8_image_find_fn *find);

/* --- image_sums.c */
/* Lists of checksums in the image, compared with what is there. */
struct x8_image_sums {
    size_t lists, good, wrong, absent;      /* files: as listed, not as listed, not there */
    char list[200];                         /* the first one, or the one that is wrong */
    char path[200], have[65], want[65];     /* the first file that is wrong */
    char absent_path[200];                  /* the first that is listed and not there */
    size_t unread;                          /* what is called a list and cannot be read as one */
    char unread_list[200], unread_why[300]; /* the first of them */
};
/* One file of a list. */
void x8_image_count_sum(struct x8_image_sums *sums, const char *list, const char *path,
                        const char *have, const char *want);
/* A list of which lines were understood, and one of which nothing or not all was. */
void x8_image_sums_add_list(struct x8_image_sums *sums, const char *list);
void x8_image_sums_unread(struct x8_image_sums *sums, const char *list, const char *why);
/* 1 and why, when a text of which `count` lines were understood is no good list. One with digests
 * of another kind is nothing to us, and no bad one. */
struct x8_sums_rest;
int x8_image_sums_fault(int count, const struct x8_sums_rest *rest, char *why, size_t cap);
/* 0, or what the lists say against the source `name`. */
int x8_image_judge_sums(const struct x8_image_sums *sums, const char *name, struct x8_error *err);

/* --- image_look.c */
enum x8_image_verdict { X8_IMAGE_UNKNOWN, X8_IMAGE_GOOD, X8_IMAGE_WRONG };
struct x8_image_part {
    const struct x8_entry *entry;
    int is_box;        /* no role: an archive whose parts stand beside it */
    char sha256[65];   /* as stored; "" when it was not read */
    char unpacked[65]; /* of the system image, when it is packed; or "" */
    enum x8_image_verdict verdict, unpacked_verdict;
};
enum { X8_IMAGE_SCANS = 8 }; /* a release has one system image */
struct x8_image_look {
    struct x8_imageset *set;
    struct x8_image_origin pipe; /* where the source is one */
    int pipe_is_read;
    const struct x8_cancel *stop;               /* of the wait for who writes it; borrowed */
    struct x8_image_scan scans[X8_IMAGE_SCANS]; /* of an archive, as they came */
    size_t scan_count;
    struct x8_image_part *parts; /* those with a role */
    size_t part_count, other_count;
    struct x8_image_part *os;  /* the one that would be flashed, or NULL */
    struct x8_error no_os;     /* why not */
    struct x8_image_scan scan; /* of that one */
    struct x8_image_sums sums;
    int is_archive;
    uint64_t size;                 /* of the file */
    char sha256[65];               /* of the file, "" for a folder */
    char machine[64];              /* from the names, or "" */
    enum x8_image_verdict verdict; /* of the file's digest */
    const struct x8_release *release;
    const char *release_by; /* how that is known: "by its digest" */
};
/* Read all of it, an archive in one pass. A file of the cache that is not what it was is put aside
 * (X8_E_BAD_DIGEST). */
int x8_image_look(const struct x8_op *op, const struct x8_image_source *source,
                  struct x8_image_look *out, struct x8_error *err);
void x8_image_look_done(struct x8_image_look *look);
#define X8_AUTO_IMAGE_LOOK X8_CLEANUP(x8_image_look_done) struct x8_image_look
/* An image of no bytes is X8_E_BAD_IMAGE, a folder without any part X8_E_NO_FILE: there is nothing
 * to show. */
int x8_image_check_empty(const struct x8_image_look *look, struct x8_error *err);
/* SHA-256 of an entry as stored: from the pass, or read now. */
int x8_image_entry_digest(const struct x8_op *op, const struct x8_image_look *look,
                          const struct x8_entry *entry, char out[65], struct x8_error *err);
/* image_sums.c: compare all lists in it. */
int x8_image_compare_sums(const struct x8_op *op, struct x8_image_look *look, struct x8_error *err);
/* image_beside.c: the lists that lie beside the file `path`. */
void x8_image_compare_beside(const struct x8_op *op, const char *path, struct x8_image_look *look);
/* What came of it as a line of show or verify; nothing without lists. And as JSON, or null. */
void x8_image_put_sums(struct x8_buf *out, int is_person, const struct x8_image_sums *sums);
void x8_image_json_sums(struct x8_json *json, const struct x8_image_sums *sums);

/* --- image_stream.c */
/* A reader that digests what passes. Takes `inner` over in every case; `sha` is borrowed. */
int x8_image_tap(struct x8_reader *inner, struct x8_sha256 *sha, struct x8_reader **out,
                 struct x8_error *err);
/* Where a system image ends: its digest, and what else looks at it. */
struct x8_image_basin {
    struct x8_sink sink;
    struct x8_sink *next[2]; /* each may be NULL */
    struct x8_sha256 *sha;   /* may be NULL */
    uint64_t size;
    uint8_t head[4]; /* its first bytes */
};
void x8_image_basin_init(struct x8_image_basin *basin);
/* Everything of `reader` into `sink`; progress as `stage` of `total` (UINT64_MAX: unknown). */
int x8_image_pour(const struct x8_op *op, const char *stage, struct x8_reader *reader,
                  uint64_t total, struct x8_sink *sink, struct x8_error *err);
/* SHA-256 of a whole file, progress as stage "digest". */
int x8_image_digest(const struct x8_op *op, const char *path, char out[65], struct x8_error *err);
void x8_image_hex(struct x8_sha256 *sha, char out[65]);

/* --- image_release.c */
/* Which release of the catalogue it is, or says it is, and what of it has the known digests. */
void x8_image_judge(const struct x8_image_source *source, struct x8_image_look *look);

/* --- image_place.c */
enum { X8_IMAGE_PATH = 2048 };
/* The image's name without its packing and with .bmap, in the folder of the image or of the archive
 * that it is in. */
int x8_image_beside(const char *source, const struct x8_imageset *set, const struct x8_entry *entry,
                    char out[X8_IMAGE_PATH], struct x8_error *err);
/* A file that can be made, is nothing of the image, and is not there unless with --force: asked
 * before the image is read, as that takes a while. */
int x8_image_check_output(const char *path, const char *source, const struct x8_imageset *set,
                          struct x8_error *err);

/* --- image_text.c */
/* One line: aligned for a person, else label, tab, text. */
void x8_image_line(struct x8_buf *out, int is_person, const char *label, const char *fmt, ...)
    X8_PRINTF(4, 5);
const char *x8_image_part_name(const struct x8_image_part *part); /* "os", "spl", "archive" ... */
const char *x8_image_verdict_name(enum x8_image_verdict verdict);
void x8_image_print_json(struct x8_ctx *ctx, struct x8_json **json); /* and free it */
/* What the cache said, and that it was the cache; returns rc. */
int x8_image_cache_failed(int rc, struct x8_error *err);
/* "12 % of them": n of total. */
unsigned x8_image_percent(uint64_t n, uint64_t total);

#endif
