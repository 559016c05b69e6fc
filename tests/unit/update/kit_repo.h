/*
 * A repository that Debian's ostree made, for the tests of objects, graphs and bundles.
 */
#ifndef KIT_REPO_H
#define KIT_REPO_H

#include "testlib.h"

#include "util/attr.h"

struct kit_repo {
    char *dir;       /* scratch: tree/ (what was committed), repo/ */
    char *repo;      /* dir/repo */
    char commit[65]; /* of branch main; "" when there is no ostree: the test has to be skipped */
};

/* Folders in folders, an empty file, links, a file in many places, names that are not ASCII, and
 * branch `other` with objects of its own. */
void kit_repo_new(struct kit_repo *k);
void kit_repo_done(struct kit_repo *k);

/* A command in the scratch folder: its status is 0 (1) or not (0). */
int kit_repo_sh(const struct kit_repo *k, const char *fmt, ...) X8_PRINTF(2, 3);
/* What a command prints, for free(); a failure fails the test. */
char *kit_repo_out(const struct kit_repo *k, const char *command);

/* Path of the first object with this extension whose name sorts first, below dir; for free().
 * Objects of branch main only. */
char *kit_repo_object(const struct kit_repo *k, const char *extension);
/* Path below dir of the object of a file of branch main; for free(). */
char *kit_repo_file(const struct kit_repo *k, const char *name);

#endif
