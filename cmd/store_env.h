/*
 * Images from the network as the user's options and variables want them: where the cache is, which
 * catalogue counts, which proxies lead outside. For all commands that take a release or an address.
 */
#ifndef X8_CMD_STORE_ENV_H
#define X8_CMD_STORE_ENV_H

#include "cmd.h"

#include "store/fetch.h"

/* Filled by the options of X8_STORE_OPTS. */
struct x8_store_options {
    const char *index, *ca_file;
    int offline;
};
extern struct x8_store_options x8_store_opt;

/* Their rows, for a command's table of options. */
/* clang-format off */
#define X8_STORE_OPTS                                                                              \
    {"index", 0, X8_OPT_STRING, &x8_store_opt.index, "FILE|URL", NULL,                             \
     "the catalogue of releases, in place of the built-in one (X8CTL_IMAGE_INDEX)", "file"},       \
    {"offline", 0, X8_OPT_FLAG, &x8_store_opt.offline, NULL, NULL,                                 \
     "never use the network: what is in the cache is enough, or it fails", NULL},                  \
    {"ca-file", 0, X8_OPT_STRING, &x8_store_opt.ca_file, "FILE", NULL,                             \
     "certificates (PEM) of those who may vouch for servers, as a company's own", "file"}
/* clang-format on */

struct x8_store_setup {
    char folder[1024]; /* of the cache; made when something is stored */
    const char *index; /* the option, else the variable, else NULL: built in */
    int offline;
    int is_dry;                 /* --dry-run: nothing is written into the cache by looking */
    int is_no_image;            /* by the caller: what it fetches is nothing of the catalogue's */
    struct x8_http_config http; /* borrows from options and environment */
    struct x8_catalogue catalogue; /* x8_store_catalogue() opens it */
    int has_catalogue;
};
void x8_store_done(struct x8_store_setup *setup);
#define X8_AUTO_STORE X8_CLEANUP(x8_store_done) struct x8_store_setup

/* From the options and the environment; nothing is opened, nobody is asked. X8_E_USAGE for an
 * option or variable that cannot be meant. */
int x8_store_setup(const struct x8_ctx *ctx, struct x8_store_setup *out, struct x8_error *err);

/* The catalogue, opened once. Borrowed from the setup. */
int x8_store_catalogue(const struct x8_op *op, struct x8_store_setup *setup,
                       const struct x8_catalogue **out, struct x8_error *err);

/*
 * 1 when a SOURCE of the user's means something from the network: an address ("https://..."), or
 * what is no file or folder of this computer and is written like a release ("latest", "934",
 * "91.9"): without '/' and without the ending of a file of images.
 */
int x8_store_is_remote(const char *source);

/* What the word means, and how to fetch it: *job borrows from *wanted and the setup, both of which
 * must stay where they are. Addresses are compared with the catalogue where it can be had. An image
 * that comes over http is warned of. */
int x8_store_job(const struct x8_op *op, struct x8_store_setup *setup, const char *word,
                 struct x8_wanted *wanted, struct x8_fetch *job, struct x8_error *err);

/* The last part of an address as it may be shown, "image" where it has none. */
void x8_store_name(const char *url, char *out, size_t cap);

#endif
