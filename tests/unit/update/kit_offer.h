/*
 * A whole bundle: ostree's repository, signed metadata, two apps that share blobs.
 */
#ifndef KIT_OFFER_H
#define KIT_OFFER_H

#include "kit_repo.h"
#include "kit_tuf.h"

#include "update/bundle.h"

#define KIT_WEB                                                                                    \
    "hub.foundries.io/arduino/web@sha256:"                                                         \
    "1111111111111111111111111111111111111111111111111111111111111111"
#define KIT_DB                                                                                     \
    "hub.foundries.io/arduino/db@sha256:"                                                          \
    "2222222222222222222222222222222222222222222222222222222222222222"

struct kit_offer {
    struct kit_repo repo; /* its dir holds bundle/ (used up by tests), pristine/, work/ */
    struct kit_bundle meta;
    struct x8_op op;
    struct x8_cancel cancel;
    int stop_at_progress;
    struct x8_bundle bundle;
    struct x8_findings found;
    struct x8_error err;
};
void kit_offer_new(struct kit_offer *k);
void kit_offer_done(struct kit_offer *k);

/* For each test: skips it without ostree, puts the bundle in order again. */
void kit_offer_fresh(struct kit_offer *k);
/* Closes what is open. */
void kit_offer_close(struct kit_offer *k);

/* One target more, and what its apps are: members of docker_compose_apps, or "". `commit` NULL:
 * that of branch main. Appends to `out`. */
void kit_offer_target(struct x8_buf *out, const struct kit_offer *k, const char *name,
                      const char *version, const char *commit, const char *apps);
/* Write tuf/ with these targets ({...}) and names in the bundle's list (["..."]). */
void kit_offer_meta(struct kit_offer *k, const char *targets, const char *names);
/* The usual one: target 934 with both apps. */
void kit_offer_usual(struct kit_offer *k, const char *apps);

/* Open dir/PATH with a choice of target (NULL: none). */
int kit_offer_open(struct kit_offer *k, const char *path, const char *target);
/* Open bundle/ and check it; both have to go well as such. */
void kit_offer_check(struct kit_offer *k, int deep);

/* The finding with this id and kind whose text holds `words`, else the test fails. */
const struct x8_finding *kit_offer_finds(const struct kit_offer *k, const char *id,
                                         enum x8_finding_kind kind, const char *words);
void kit_offer_nothing_bad(const struct kit_offer *k);

#endif
