/*
 * What will be done, before anything is done. A plan is built from a source (script and files),
 * checked (every file found, opened and recognised; nothing damaged as far as its beginning tells),
 * measured on request (the whole image decoded and counted), and then run on one or several boards.
 * Once checked it is read-only and shared by all boards' threads.
 */
#ifndef X8_FLASH_PLAN_H
#define X8_FLASH_PLAN_H

#include "flash/input.h"
#include "flash/layout.h"
#include "image/bmap.h"
#include "image/parttable.h"
#include "image/usedmap.h"

enum x8_only { X8_ONLY_ALL, X8_ONLY_LOADER, X8_ONLY_OS };
enum x8_verify { X8_VERIFY_AUTO, X8_VERIFY_FULL, X8_VERIFY_NONE };

struct x8_plan_options {
    const char *source;                   /* archive, folder or script; NULL with `command_line` */
    const struct x8_image_origin *origin; /* the archive of `source` comes from there; or NULL */
    int wants_digest;   /* of `source`, when it is an archive here: x8_imageset_sha256(plan->set) */
    const char *script; /* name inside the set, or host path; NULL: full_image.uuu, or one made from
                           the parts */
    const char *command_line; /* a single command instead of a script ("FB: ucmd mmc list") */
    enum x8_only only;
    int skip_unused; /* leave blocks alone that the block map, else the image's own file systems, do
                        not use */
    int allow_host;  /* sh, shell and < may run */
    int allow_fuse;  /* commands of X8_RISK_FUSE may run; may be set until the plan runs */
    int is_flash; /* `x8ctl flash`: the board is an X8, an OS image must look like one, a run must
                     write */
    const char *(*getenv)(void *ctx, const char *name); /* for `@` lines; may be NULL */
    void *getenv_ctx;
};

/* Who said which blocks stay as they are on the board. */
enum x8_skip_by { X8_SKIP_NOTHING, X8_SKIP_BMAP, X8_SKIP_MAP };

/* One command with its file at hand. */
struct x8_step {
    const struct x8_command *command;
    struct x8_file_input input;
    struct x8_buf
        bytes; /* the file, loaded (loaders, boot areas, downloads); empty for streamed images */
    const struct x8_place *place; /* flash: where it goes, NULL when the name is not known */
    unsigned risks;               /* of the command, and of the script that it downloads */
    int is_skipped;               /* --only leaves it out */
    int is_streamed;              /* flash: goes through the sparse encoder or splitter */
    int is_sparse;                /* the file is a sparse image already */
    uint64_t size; /* bytes after decompression, of a sparse file those of the image it makes;
                      UINT64_MAX when unknown */
    int size_exact;
    struct x8_bmap bmap; /* has ranges when a block map applies */
    int has_bmap;
    struct x8_range *gaps; /* to leave alone; NULL for none */
    size_t gap_count;
    uint64_t unused; /* bytes of the gaps, all together */
    enum x8_skip_by skip_by;
    uint32_t map_crc;                /* X8_SKIP_MAP: of the image the map was made from */
    struct x8_used_part *used_parts; /* of X8_SKIP_MAP: what was found where */
    size_t used_part_count;
    struct x8_step *then; /* `if`: the command behind then */
};

/* What decoding the whole image tells (--dry-run). */
struct x8_measure {
    uint64_t image_bytes, sent_bytes, fill_bytes, skipped_bytes;
    unsigned pieces;
};

struct x8_plan {
    struct x8_plan_options options; /* strings borrowed from the caller */
    struct x8_imageset *set;
    struct x8_buf script_text;
    char *script_dir;  /* of the script, relative to the set's root */
    char *script_name; /* for messages */
    char *host_dir; /* where uploads go: the script's folder, "." when it has none on this host */
    struct x8_script script;
    struct x8_chips chips;
    struct x8_step *steps; /* one for each command of the script, same order */
    size_t step_count;
    int script_is_packed; /* it came in an archive: files of this computer are no business of it */
    int is_made;          /* the script was made from the parts, as the source has none */
};

/*
 * Build and check. Notices go to `op` (substituted names, script notes that matter). Errors name
 * the script line.
 */
int x8_plan_open(const struct x8_op *op, const struct x8_plan_options *options, struct x8_plan *out,
                 struct x8_error *err);
void x8_plan_done(struct x8_plan *plan);

/* Decode everything that would be streamed and count it, at the given block size. Progress as stage
 * "measure". */
int x8_plan_measure(const struct x8_op *op, const struct x8_plan *plan, uint32_t block_size,
                    struct x8_measure *out, struct x8_error *err);

/* The step of the i-th command of a protocol's group; NULL past its end. */
const struct x8_step *x8_plan_step(const struct x8_plan *plan, enum x8_proto proto, size_t i);
/* 1 when the script has commands for the protocol. */
int x8_plan_has(const struct x8_plan *plan, enum x8_proto proto);
/* The step that streams the OS image, or NULL. */
const struct x8_step *x8_plan_os(const struct x8_plan *plan);
/* Bytes that the plan flashes, as far as known (streamed images by their size). */
uint64_t x8_plan_bytes(const struct x8_plan *plan);
/* 1 when some command flashes or erases. */
int x8_plan_writes(const struct x8_plan *plan);
/* The risks of all steps that are not skipped. */
unsigned x8_plan_risks(const struct x8_plan *plan);
/* The first step that is not skipped and has one of these risks, or NULL. */
const struct x8_step *x8_plan_risky(const struct x8_plan *plan, unsigned risks);

/* Open the source, find or make its script, parse it (plan_script.c). */
int x8_plan_open_script(const struct x8_op *op, struct x8_plan *plan, struct x8_error *err);
/* A single step with its checks; used by plan.c for each command (plan_check.c). */
int x8_plan_check_step(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                       struct x8_error *err);
/* The same for the image that a step streams (plan_image.c); the input is found already. */
int x8_plan_check_image(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                        struct x8_error *err);
/* --skip-unused without a block map: read the image once as stage "map", and take what its file
 * systems do not use as gaps (plan_unused.c). */
int x8_plan_map_unused(const struct x8_op *op, const struct x8_plan *plan, struct x8_step *step,
                       struct x8_error *err);
void x8_step_done(struct x8_step *step);

#endif
