/*
 * The board as an update sees it: which generation of aklite-offline it has, what it runs, what
 * stands in the way. Asking changes nothing on the board: `current` and `check` of generation C
 * finalise or store things and are never used here.
 *
 * Sources: aktualizr-lite (apps/aklite-offline), meta-lmp, meta-partner-arduino.
 */
#ifndef X8_UPDATE_HOST_H
#define X8_UPDATE_HOST_H

#include "session/root.h"
#include "update/bundle.h"

enum x8_aklite {
    X8_AKLITE_NONE, /* no such program: images up to about 569 */
    X8_AKLITE_A,    /* images 674 to 91.7 */
    X8_AKLITE_B,    /* 91.8, 91.9 (934) */
    X8_AKLITE_C,    /* 95.x: has `check` */
};
const char *x8_aklite_name(enum x8_aklite generation); /* "none", "A", "B", "C" */

/* From what `aklite-offline --help` prints on both streams. Pure. NONE when it is nobody known. */
enum x8_aklite x8_aklite_of_usage(const char *text, size_t len);

struct x8_container {
    char name[80], image[160], project[64]; /* compose project: the app's name; "" for none */
    int is_running;
};

struct x8_update_board {
    enum x8_aklite aklite;
    int has_aklite;                 /* a program of this name is there, known or not */
    int sees_sota;                  /* /var/sota could be looked into: without root it cannot */
    char version[32];               /* IMAGE_VERSION, "399" of that image; "" unknown */
    char hardware[64];              /* from sota's configuration; "" when it could not be read */
    char tags[256];                 /* [pacman] tags; "" for any */
    char booted[65];                /* commit of the running deployment */
    char pending[65], rollback[65]; /* of other deployments, or "" */
    char cmdline[65];               /* commit that the kernel's command line leads to, or "" */
    char target[128];               /* TARGET_NAME of /var/sota/current-target */
    char boot_id[40];
    int64_t clock_s;
    uint64_t sysroot_free, sysroot_size, var_free; /* bytes */
    int is_registered;  /* sota.toml: aktualizr-lite's daemon finalises by itself */
    int has_reset_apps; /* [pacman] reset_apps is set */
    int has_docker, has_ostree, has_sql;
    char device_type[8];               /* "ci", "prod", or "" when unregistered */
    int daemon_active, daemon_enabled; /* aktualizr-lite.service */
    int ootb_pending; /* Arduino's marker: an update of the board's own page is under way */
    int early_start,
        early_recovery;  /* compose-apps-early-start[-recovery]: enabled (1) | active (2) */
    int has_reset_store; /* /var/sota/reset-apps: arms the unit that wipes /var/lib/docker */
    int boot_mounted;    /* /mnt/boot is mounted */
    int upgrade_available, bootcount, rollback_flag, bootupgrade_available; /* -1: unknown */
    struct x8_buf root_json; /* the newest TUF root that can be read on the board, or empty */
    char root_from[120];     /* its path */
    struct x8_container containers[64];
    size_t container_count;
};
void x8_update_board_done(struct x8_update_board *board);
#define X8_AUTO_UPDATE_BOARD X8_CLEANUP(x8_update_board_done) struct x8_update_board

/* Ask the board, with root (may be NULL: then what needs root stays unknown). X8_E_GONE,
 * X8_E_TIMEOUT, X8_E_LINK. */
int x8_update_board_probe(struct x8_session *session, const struct x8_op *op,
                          const struct x8_root *root, struct x8_update_board *out,
                          struct x8_error *err);

/* What the probe printed. Pure. */
int x8_update_board_parse(struct x8_span text, struct x8_update_board *out, struct x8_error *err);

struct x8_fit {
    int allow_downgrade;
    int keep_apps; /* the user knows what happens to other containers */
};
/*
 * Does the bundle fit the board: expiry by the board's clock, hardware id, tag, type, version
 * (older is X8_E_NEED_YES naming --allow-downgrade; equal is told), generation (none is
 * X8_E_WRONG_STATE naming legacy-399 and flash; several targets on A and B), a pending update, boot
 * firmware, registered without reset_apps, an update of the board's page, /mnt/boot, where a trust
 * anchor comes from. Findings "clock", "hardware", "tag", "type", "version", "generation",
 * "pending", "apps-engine", "boot", "trust".
 * Space is judged by send.h, containers by x8_update_apps. Pure.
 */
void x8_update_fit(const struct x8_bundle *bundle, const struct x8_update_board *board,
                   const struct x8_fit *how, struct x8_findings *findings);

/* Which running containers are of no app of the target, and whether the unit that empties
 * /var/lib/docker is armed or will be. Findings "containers", "docker-wipe" (WARN). Returns how
 * many containers are at stake. Pure. */
size_t x8_update_apps(const struct x8_bundle *bundle, const struct x8_update_board *board,
                      struct x8_findings *findings);

#endif
