/*
 * The parts of an image set, shared by imageset.c (what others see), setscan.c,
 * setwalk.c and settle.c (find and order the items), setread.c (opens them) and role.c
 * (knows what they are for). Only for these files.
 */
#ifndef X8_IMAGE_SETPARTS_H
#define X8_IMAGE_SETPARTS_H

#include "image/archive.h"
#include "image/imageset.h"
#include "util/digest.h"

#include <pthread.h>
#include <sys/types.h>

/* Longest label of an error: file, nested archive, member. */
#define LABEL_MAX 256

/* What is looked at to confirm a role. */
#define CONFIRM_LEN ((size_t)64 * 1024)

/* Memory for members that are kept, all together. */
#define KEEP_ALL ((size_t)160 << 20)

/* First and last bytes of a member, kept for x8_imageset_content_size. */
#define EDGE_LEN 64u

struct item {
    struct x8_entry pub; /* first: an entry is its item */
    char *path;
    char *disk;                           /* the host's file; NULL for a member */
    const struct x8_image_origin *origin; /* of a set's outer file; borrowed, or NULL */
    const struct item *box;               /* the archive a member lies in */
    unsigned ordinal;                     /* which member */
    uint64_t offset; /* of a member's data in the file of its box; UINT64_MAX when not plain */
    unsigned seq;    /* order of finding */
    int is_link;     /* reached through a link */
    char *target;    /* path a link of an archive points to, while that is not resolved */
    dev_t dev;       /* identity on disk; for members dev and ino are 0 */
    ino_t ino;
    uint8_t *kept; /* the member's bytes as stored, when `is_kept` */
    int is_kept;
    uint8_t head[EDGE_LEN], tail[EDGE_LEN];
    size_t head_len, tail_len;
    unsigned number;         /* of all that passed, from 1; 0 outside of a pass */
    char sha256[65];         /* as stored; "" when it was not taken */
    struct tally *tally;     /* of the outer file while it is read; borrowed, or NULL */
    enum x8_role named_role; /* what the name says; pub.role is OTHER when the content disagrees */
};

struct item_list {
    struct item **at;
    size_t count, cap;
};

struct x8_imageset {
    char *source;                         /* as given, for messages */
    char *path;                           /* where it lies; NULL when it is read through `origin` */
    const struct x8_image_origin *origin; /* or NULL */
    const struct x8_pass *pass;           /* while it is opened, when everything is looked at */
    int is_digested;                      /* its outer file is, as it is opened */
    unsigned passed;                      /* members so far */
    char *root;              /* folder of the tree; NULL when the source is an archive */
    char *script;            /* path of the script when the source is one */
    struct item *outer;      /* the archive when the source is one; not in `items` */
    int is_stream;           /* its members are reached from its start only */
    int is_brief;            /* the walk ended at the system image */
    struct item_list items;  /* by path */
    struct item_list hidden; /* archives that were opened in place: not listed, but read from */
    struct item_list odd;    /* of the host: called a list of checksums, and no file */
    struct item_list found;  /* on disk, by a path that was not listed; under `lock` */
    pthread_mutex_t lock;
    size_t kept_bytes;
};

/* --- imageset.c */
struct item *item_new(const char *path, struct x8_error *err);
void item_free(struct item *item);
/* Takes `item` over in every case. */
int item_list_add(struct item_list *list, struct item *item, struct x8_error *err);
struct item *item_list_find(const struct item_list *sorted, const char *path);
const char *item_label(const struct item *item, char out[LABEL_MAX]);

/* --- setpass.c: what is noted of bytes as they pass */
struct tally {
    struct item *item;
    struct x8_sha256 *sha; /* NULL outside of a pass */
    uint64_t size;
};
int tally_begin(struct tally *tally, const struct x8_imageset *set, struct item *item,
                struct x8_error *err);
void tally_add(struct tally *tally, const void *data, size_t len);
/* All of it has passed: size and digest go to the item. */
void tally_end(struct tally *tally);
void tally_done(struct tally *tally);
#define AUTO_TALLY X8_CLEANUP(tally_done) struct tally

/* --- role.c: pure */
enum x8_role role_of_name(const char *path);
int role_confirmed(enum x8_role role, struct x8_span head);
int role_is_small(enum x8_role role); /* kept in memory when it comes out of an archive */
const char *role_words(enum x8_role role);
int is_nested_archive(const char *path);
/* The path up to ".gz", ".bz2", ".xz", ".zst"; the whole length when there is none. */
size_t unpacked_name_len(const char *path);
/* Keep the usable ones of `count` candidates for a role; the new count. */
size_t role_choose(enum x8_role role, const struct item **candidates, size_t count);

/* --- setscan.c */
int scan_folder(struct x8_imageset *set, const struct x8_op *op, struct x8_error *err);
/* `set->root`, and `folder` in it: the files of both, nothing below them. */
int scan_script(struct x8_imageset *set, const char *folder, struct x8_error *err);
/* One file of the host, not added to any list. */
int scan_file(const char *disk, const char *path, struct item **out, struct x8_error *err);

/* --- setwalk.c */
/* Walk the archive `box` to its proven end; its members get paths below `prefix`. */
int walk_box(struct x8_imageset *set, const struct x8_op *op, struct item *box, const char *prefix,
             struct x8_error *err);
/* The same when it is open already. Takes `unpacked` over in every case. */
struct named;
int walk_opened(struct x8_imageset *set, struct item *box, const char *prefix,
                struct named *unpacked, enum x8_packing packing, struct x8_error *err);

/* --- settle.c: sort the items, resolve links, settle equal paths. */
int settle_items(struct x8_imageset *set, struct x8_error *err);

/* --- setread.c */

/*
 * A reader that puts a label in front of the errors of its own layer, and leaves those alone that
 * come from the labelled reader below it. `tell` is set when it fails, so that the layer above
 * knows. It takes `inner` over in every case.
 */
struct named {
    struct x8_reader reader;
    struct x8_reader *inner;
    int *tell;
    int below_failed;
    int failed;     /* it said so, with its label; the walk above it keeps these words */
    uint8_t *again; /* bytes that were looked at and come once more; owned, or NULL */
    size_t again_at, again_len;
    char label[LABEL_MAX];
};

/* The item's bytes as stored. `op` (may be NULL) gets progress and may stop the reading. */
int open_item(const struct item *item, const struct x8_op *op, struct named **out,
              struct x8_error *err);
/* Undo the packing of `inner` (taken over), label the errors. */
int open_unpacked(struct named *inner, const char *label, struct named **out,
                  enum x8_packing *out_packing, struct x8_error *err);
/* A member reader over a walk that stays with its owner, and notes what passes (NULL: nothing). */
int open_passing(struct archive_walk *walk, const char *label, struct tally *tally,
                 struct named **out, struct x8_error *err);
/* What was read of it comes again. */
int named_again(struct named *named, const uint8_t *data, size_t len, struct x8_error *err);

#endif
