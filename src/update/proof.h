/*
 * What really runs after an update: IMAGE_VERSION, the booted commit, the deployment named on the
 * kernel's command line, the recorded target, the boot loader's variables, the apps.
 */
#ifndef X8_UPDATE_PROOF_H
#define X8_UPDATE_PROOF_H

#include "update/host.h"

enum x8_proof {
    X8_PROOF_NEW,         /* the target runs and is confirmed */
    X8_PROOF_UNCONFIRMED, /* the target runs, the boot loader still counts boots */
    X8_PROOF_OLD,         /* the system from before runs */
    X8_PROOF_MIXED,       /* the facts contradict each other */
};

struct x8_expected {
    char version[32], commit[65], target[128]; /* the target */
    char old_version[32], old_commit[65];
    char apps[1024]; /* names that have to run, space separated; "" none */
};

struct x8_proven {
    enum x8_proof proof;
    char reason[300];    /* the fact that decided, in words */
    char apps_down[256]; /* apps of the target without a running container, space separated */
    int record_is_old;  /* UNCONFIRMED because only the board's record still names another target */
    int reboot_advised; /* boot firmware: one more restart */
};

/* Judge what a probe found. Pure. */
void x8_proof_judge(const struct x8_update_board *board, const struct x8_expected *expected,
                    struct x8_proven *out);

#endif
