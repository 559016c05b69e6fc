/*
 * What the SOURCE of `flash` means: something on this computer, or a release or an address, out of
 * the cache or (--no-cache) from its server as it is needed.
 */
#ifndef X8_CMD_FLASH_SOURCE_H
#define X8_CMD_FLASH_SOURCE_H

#include "store_env.h"

#include "flash/plan.h"

struct x8_flash_source {
    struct x8_store_setup setup;
    struct x8_wanted wanted; /* of a release or an address */
    struct x8_fetch job;
    struct x8_cached cached;
    struct x8_image_origin origin;
    char name[200], url[512];
    struct x8_fetch_again *again; /* --no-cache */
    char sha256[65];              /* "" until it is known */
    const char *word;             /* as the user said it */
    const char *shown;            /* the same for messages: of an address its last part */
    int is_remote;
    /* A file of this computer: the release whose size it has, which has a known digest; or NULL. */
    const struct x8_release *twin;
    int is_called;          /* it has its name, too */
    struct x8_op op, quiet; /* of the run, and the same without progress */
};

/*
 * A file or folder as it is. A release or an address: downloaded into the cache unless it is there,
 * or with `no_cache` only looked up. What it turned out to be is told. *out must stay where it is
 * until it is done, as a plan over it reads through it.
 */
int x8_flash_source_open(struct x8_ctx *ctx, const char *word, int no_cache,
                         struct x8_flash_source *out, struct x8_error *err);
void x8_flash_source_done(struct x8_flash_source *source);
#define X8_AUTO_FLASH_SOURCE X8_CLEANUP(x8_flash_source_done) struct x8_flash_source

/*
 * The plan over it stands: how often the server will be asked is told. Where the plan takes only
 * the beginning of an archive, the rest is read here, so that nothing is used of what has another
 * digest. X8_E_BAD_DIGEST for a file of this computer with name and size of a release and not its
 * digest; of the size alone is warned.
 */
int x8_flash_source_settle(struct x8_flash_source *source, const struct x8_plan *plan,
                           struct x8_error *err);

/*
 * A board was written with all of it, so that every checksum in it is known to be right: what comes
 * from a server for the first time is noted by its digest now. A note that cannot be written is
 * told.
 */
void x8_flash_source_accept(struct x8_flash_source *source);

/* Say in the options where the plan's files come from. */
void x8_flash_source_use(struct x8_flash_source *source, struct x8_plan_options *options);

#endif
