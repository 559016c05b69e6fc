/*
 * Exit codes of aklite-offline. Numbers and fragments: aktualizr-lite, src/offline/client.cc and
 * apps/aklite-offline at 8045ff19 (A) and 305682ab (B); include/aktualizr-lite/cli/cli.h and
 * src/cli/cli.cc at 6cda15b (C).
 */
#include "update/aklite_parts.h"

#define FRESH                                                                                      \
    "get a fresh bundle of the same version (fioctl targets offline-update --tuf-only renews one)"
#define AGAIN   "x8ctl update finish"
#define RESEND  "x8ctl update apply BUNDLE    sends what is missing and tries again"
#define APPLOG  "x8ctl exec --root -- docker ps -a    and docker logs NAME of an app that is not up"
#define LASTLOG "x8ctl logs --root -b -1    shows the start that failed, where the board keeps it"
#define STATUS  "x8ctl update status    shows what runs"

static const char deployed[] = "the new system is deployed and starts with the next restart";
static const char went_back[] = "the update was taken back, the system from before runs";
static const char did_not_boot[] =
    "the new system did not come up, so the boot loader went back to the one from before";
static const char unknown_apps[] =
    "the update was taken back or failed half-way, and which apps run is not certain";

#define A   AKLITE_A
#define B   AKLITE_B
#define C   AKLITE_C
#define AB  AKLITE_AB
#define ABC AKLITE_ABC
#define IN  AKLITE_INSTALL
#define RUN AKLITE_RUN
#define NIL                                                                                        \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

const struct aklite_row aklite_rows[] = {
    /* install, all generations */
    {ABC, IN, 0, NIL, X8_MEANS_DONE, X8_OK, 0, "the board has this target already", ""},
    {ABC, IN, 100, NIL, X8_MEANS_REBOOT, X8_OK, 0, deployed, AGAIN},
    {AB, IN, 101, NIL, X8_MEANS_RUN, X8_OK, 0, "the system is the same, the apps changed", AGAIN},
    {ABC, IN, 90, NIL, X8_MEANS_BOOTFW, X8_OK, 0,
     "an earlier update of the boot firmware waits for a restart",
     "x8ctl reboot, then apply the bundle again"},
    {AB, IN, 1, NIL, X8_MEANS_FAILED, X8_E_REFUSED, 1, "the board did not install the update", ""},
    /* install, generation C */
    {C, IN, 10, NIL, X8_MEANS_RUN, X8_OK, 0, "the system is the same, the apps changed", AGAIN},
    {C, IN, 75, NIL, X8_MEANS_DONE, X8_OK, 0, "the board has this target already", ""},
    {C, IN, 30, NIL, X8_MEANS_PENDING, X8_E_WRONG_STATE, 0,
     "an earlier installation waits for its restart", AGAIN},
    {C, IN, 1, NIL, X8_MEANS_FAILED, X8_E_REFUSED, 1, "the board did not install the update", ""},
    {C, IN, 4, NIL, X8_MEANS_FAILED, X8_E_BAD_DIGEST, 1,
     "the board did not take the bundle's metadata", FRESH},
    {C, IN, 6, NIL, X8_MEANS_FAILED, X8_E_MISFIT, 0,
     "the bundle has no target of the board's hardware id and tag",
     "x8ctl update check --to BUNDLE    compares both"},
    {C, IN, 8, NIL, X8_MEANS_FAILED, X8_E_BAD_IMAGE, 0,
     "the commit or an app that the target needs is not in the bundle", RESEND},
    {C, IN, 11, NIL, X8_MEANS_FAILED, X8_E_BAD_DIGEST, 0,
     "a signature, a key or a version of the bundle's metadata is not what the board trusts",
     "x8ctl update show BUNDLE    shows who signed it"},
    {C, IN, 12, NIL, X8_MEANS_FAILED, X8_E_BAD_DIGEST, 0,
     "the bundle's metadata has expired by the board's clock", FRESH},
    {C, IN, 13, NIL, X8_MEANS_FAILED, X8_E_BAD_IMAGE, 0,
     "the bundle's metadata cannot be read on the board", RESEND},
    {C, IN, 14, NIL, X8_MEANS_FAILED, X8_E_BAD_IMAGE, 0,
     "a metadata file is missing in the bundle's tuf/", "x8ctl update show BUNDLE"},
    {C,
     IN,
     15,
     {"ignature", NULL},
     X8_MEANS_FAILED,
     X8_E_BAD_DIGEST,
     0,
     "the board does not trust the bundle's own list of targets",
     "x8ctl update show BUNDLE    shows who signed it"},
    {C, IN, 15, NIL, X8_MEANS_FAILED, X8_E_MISFIT, 0,
     "the bundle's own list of targets is not for this board: its signature, type or tag",
     "x8ctl update check --to BUNDLE    compares both"},
    {C, IN, 20, NIL, X8_MEANS_FAILED, X8_E_MISFIT, 0, "the bundle has no such target",
     "x8ctl update show BUNDLE    lists its targets"},
    {C, IN, 21, NIL, X8_MEANS_FAILED, X8_E_MISFIT, 0, "the board knows no target to go back to",
     STATUS},
    {C, IN, 50, NIL, X8_MEANS_FAILED, X8_E_REFUSED, 1,
     "the board could not take the system out of the bundle", RESEND},
    {C, IN, 60, NIL, X8_MEANS_FAILED, X8_E_BOARD_SPACE, 0, "the board has no room for the update",
     "make room: x8ctl exec --root -- docker system df    shows what can go"},
    {C, IN, 70, NIL, X8_MEANS_FAILED, X8_E_BAD_IMAGE, 0,
     "the compose file of an app in the bundle is not valid", "x8ctl update show BUNDLE"},
    {C, IN, 80, NIL, X8_MEANS_FAILED, X8_E_BAD_IMAGE, 1,
     "the board could not take an app or the system out of the bundle", RESEND},
    {C, IN, 102, NIL, X8_MEANS_FAILED, X8_E_NEED_YES, 0,
     "the bundle is older than what the board runs",
     "x8ctl update apply BUNDLE --allow-downgrade    if that is what you want"},
    {C, IN, 99, NIL, X8_MEANS_ROLLED_BACK, X8_E_ROLLED_BACK, 0, went_back, STATUS},
    {C, IN, 110, NIL, X8_MEANS_ROLLED_BACK, X8_E_ROLLED_BACK, 0,
     "the new system could not be deployed, and the state from before was restored", STATUS},
    {C, IN, 120, NIL, X8_MEANS_UNDEFINED, X8_E_UNKNOWN_STATE, 0, unknown_apps, STATUS},
    {C, IN, 130, NIL, X8_MEANS_UNDEFINED, X8_E_UNKNOWN_STATE, 0,
     "the new system could not be deployed, and the state from before not be restored", STATUS},
    /* run, A: neither the code nor the last line tells, only earlier lines do */
    {AB,
     RUN,
     0,
     {"Expected to boot", "but found"},
     X8_MEANS_ROLLED_BACK,
     X8_E_ROLLED_BACK,
     0,
     did_not_boot,
     LASTLOG},
    {AB,
     RUN,
     0,
     {"Rollback to ", NULL},
     X8_MEANS_ROLLED_BACK,
     X8_E_ROLLED_BACK,
     0,
     went_back,
     APPLOG},
    {AB,
     RUN,
     0,
     {"rolled back", NULL},
     X8_MEANS_ROLLED_BACK,
     X8_E_ROLLED_BACK,
     0,
     went_back,
     APPLOG},
    {AB,
     RUN,
     0,
     {"No any pending installations", NULL},
     X8_MEANS_DONE,
     X8_OK,
     0,
     "nothing was pending",
     ""},
    {AB,
     RUN,
     0,
     {"No pending installation", NULL},
     X8_MEANS_DONE,
     X8_OK,
     0,
     "nothing was pending",
     ""},
    {ABC, RUN, 0, NIL, X8_MEANS_DONE, X8_OK, 0, "the board has confirmed its system", ""},
    {AB, RUN, 100, NIL, X8_MEANS_ROLLING, X8_E_ROLLED_BACK, 0,
     "the new apps did not start, so the system from before is deployed again", AGAIN},
    {AB, RUN, 1, NIL, X8_MEANS_FAILED, X8_E_REFUSED, 1, "the board did not confirm the update", ""},
    /* run, B */
    {B, RUN, 90, NIL, X8_MEANS_DONE_REBOOT, X8_OK, 0,
     "applied; one more restart confirms the boot firmware", "x8ctl reboot"},
    {B,
     RUN,
     99,
     {"Expected to boot", NULL},
     X8_MEANS_ROLLED_BACK,
     X8_E_ROLLED_BACK,
     0,
     did_not_boot,
     LASTLOG},
    {B, RUN, 99, NIL, X8_MEANS_ROLLED_BACK, X8_E_ROLLED_BACK, 0, went_back, APPLOG},
    {B, RUN, 110, NIL, X8_MEANS_UNDEFINED, X8_E_UNKNOWN_STATE, 0,
     "the boot loader went back to a system that the board has no record of; which apps run is "
     "not certain",
     APPLOG},
    {B, RUN, 120, NIL, X8_MEANS_UNDEFINED, X8_E_UNKNOWN_STATE, 0,
     "the new apps did not start, and the board could not go back", APPLOG},
    /* run, C */
    {C, RUN, 5, NIL, X8_MEANS_DONE_REBOOT, X8_OK, 0,
     "applied; one more restart confirms the boot firmware", "x8ctl reboot"},
    {C, RUN, 40, NIL, X8_MEANS_DONE, X8_OK, 0, "nothing was pending", ""},
    {C,
     RUN,
     99,
     {"Expected to boot", NULL},
     X8_MEANS_ROLLED_BACK,
     X8_E_ROLLED_BACK,
     0,
     did_not_boot,
     LASTLOG},
    {C, RUN, 99, NIL, X8_MEANS_ROLLED_BACK, X8_E_ROLLED_BACK, 0, went_back, APPLOG},
    {C, RUN, 110, NIL, X8_MEANS_ROLLED_BACK, X8_E_ROLLED_BACK, 0, went_back, APPLOG},
    {C,
     RUN,
     100,
     {"complete the rollback", NULL},
     X8_MEANS_ROLLING,
     X8_E_ROLLED_BACK,
     0,
     "the new apps did not start, so the system from before is deployed again",
     AGAIN},
    {C,
     RUN,
     100,
     {"Apps start has failed", NULL},
     X8_MEANS_ROLLING,
     X8_E_ROLLED_BACK,
     0,
     "the new apps did not start, so the system from before is deployed again",
     AGAIN},
    {C, RUN, 100, NIL, X8_MEANS_NOT_REBOOTED, X8_E_PENDING, 0,
     "the board was not restarted since the installation", AGAIN},
    {C, RUN, 120, NIL, X8_MEANS_UNDEFINED, X8_E_UNKNOWN_STATE, 0,
     "the new apps did not start, and the board could not go back", APPLOG},
    {C, RUN, 130, NIL, X8_MEANS_UNDEFINED, X8_E_UNKNOWN_STATE, 0, unknown_apps, APPLOG},
    {C, RUN, 1, NIL, X8_MEANS_FAILED, X8_E_REFUSED, 1, "the board did not confirm the update", ""},
};
const size_t aklite_row_count = X8_COUNT(aklite_rows);
