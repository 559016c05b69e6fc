/*
 * The signed metadata of a bundle (TUF): which target there is, who signed it, until when. Pure
 * functions over bytes; no file and no board is touched here.
 *
 * Sources: the TUF specification 1.0 (roles, chain of roots, thresholds); fioctl's offline-update
 * for the additional bundle-targets.json; aktualizr-lite for what a board looks at.
 */
#ifndef X8_UPDATE_TUF_H
#define X8_UPDATE_TUF_H

#include "update/finding.h"
#include "util/bytes.h"

#include <stdint.h>

#define X8_TUF_FILE_MAX ((size_t)16 << 20) /* a factory's whole target list stays far below */
#define X8_TUF_ROOTS    64
#define X8_TUF_APPS     64

/* The files as they are. A span without data: not there. */
struct x8_tuf_files {
    struct x8_span timestamp, snapshot, targets, bundle_targets;
    struct {
        uint32_t number; /* N of N.root.json */
        struct x8_span text;
    } roots[X8_TUF_ROOTS]; /* by number */
    size_t root_count;
    struct x8_span trusted;   /* a root that is trusted already: the board's, or --trust-root */
    const char *trusted_from; /* how messages call it: "the board's root", a file name */
};

enum x8_tuf_role_id {
    X8_TUF_ROOT,
    X8_TUF_TIMESTAMP,
    X8_TUF_SNAPSHOT,
    X8_TUF_TARGETS,
    X8_TUF_BUNDLE
};
#define X8_TUF_ROLES 5
const char *x8_tuf_role_name(enum x8_tuf_role_id role); /* "root", ..., "bundle-targets" */

struct x8_tuf_role {
    int present;
    uint64_t version;
    char expires[32];   /* as written */
    int64_t expires_s;  /* seconds since 1970 UTC; 0: not readable (a finding tells) */
    unsigned good, bad; /* signatures by keys of the role; and by nobody or wrong */
    unsigned threshold;
};

struct x8_tuf_app {
    char name[64];
    char uri[300];   /* REGISTRY/FACTORY/APP@sha256:HEX, compared byte for byte */
    int is_required; /* the bundle has to hold it (custom.fetched-apps) */
};

struct x8_tuf_target {
    char name[128];
    char commit[65];  /* of the ostree: hashes.sha256 */
    char version[32]; /* custom.version, equal to IMAGE_VERSION of the image */
    char format[16];
    char hardware[64]; /* the one hardware id; "" when there is none or several */
    char tags[256];    /* comma separated */
    int in_bundle;     /* bundle-targets.json lists it (all are, where there is no such file) */
    struct x8_tuf_app apps[X8_TUF_APPS];
    size_t app_count;
    int fetched_apps; /* custom.fetched-apps: 0 absent (all apps required), 1 given */
};

struct x8_tuf {
    struct x8_tuf_role roles[X8_TUF_ROLES]; /* by enum x8_tuf_role_id; root: the newest */
    uint32_t root_first, root_last;         /* numbers of the chain that held; 0 without roots */
    int is_anchored;     /* the chain begins at the trusted root; else it only fits itself */
    char root_keys[512]; /* key ids of the newest root's own role, space separated, shortened */
    char type[8];        /* of the bundle: "ci", "prod", or "" */
    char tag[64];
    int64_t expires_s; /* the earliest of all roles; 0 when one is not readable */
    char expires_role[16];
    struct x8_tuf_target *targets; /* those of the bundle, highest version first */
    size_t count;
};
void x8_tuf_done(struct x8_tuf *tuf);
#define X8_AUTO_TUF X8_CLEANUP(x8_tuf_done) struct x8_tuf

/*
 * Read and verify everything that needs no board: form, chain of roots (from the trusted one where
 * it is given: N+1 is signed by the thresholds of N and of N+1), signatures and thresholds of every
 * role, versions, lengths and hashes from timestamp to snapshot to targets, the bundle's own list.
 * Each check leaves a finding ("layout", "roots", "signatures", "hashes", "bundle-targets",
 * "targets"). 0 also when findings are bad: x8_findings_judge. X8_E_BAD_IMAGE when so little is
 * readable that nothing can be said.
 */
int x8_tuf_read(const struct x8_tuf_files *files, struct x8_tuf *out, struct x8_findings *findings,
                struct x8_error *err);

/* Judge expiry by a clock (seconds since 1970), called `whose`: "this computer", "the board".
 * Finding "expiry": BAD X8_E_BAD_DIGEST with the role and its date, WARN below two days. */
void x8_tuf_judge_expiry(const struct x8_tuf *tuf, int64_t now_s, const char *whose,
                         struct x8_findings *findings);

/* "2026-12-01T00:00:00Z" to seconds since 1970; 0 when it is no such time. */
int64_t x8_tuf_time(const char *text);

#endif
