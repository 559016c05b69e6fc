/*
 * What the tests of sending share: a board's home with a repository that has version 1, and a
 * bundle of version 2 on this computer. Both are ostree's own work.
 */
#ifndef TEST_KIT_SEND_H
#define TEST_KIT_SEND_H

#include "kit_shell.h"

#include "update/send_parts.h"

struct kit_send {
    char *dir; /* bundle/, other/ (version 3, other apps), home/, ostree/repo */
    char *home, *repo, *stage, *bundle_dir;
    struct kit_shell shell;
    struct x8_op op;
    struct x8_cancel cancel;
    struct x8_bundle bundle;
    struct x8_root root;
    struct x8_send job;
    struct x8_sent out;
    struct x8_error err;
    char warning[512], stages[256];
};

/* For a group: what all tests start from is made once. */
int kit_send_group(void **state);
int kit_send_group_end(void **state);

/* For a test, with GNU's tools or busybox's on the board. */
int kit_send_setup(void **state);
int kit_send_setup_busybox(void **state);
int kit_send_teardown(void **state);

/* Use this bundle of the folder from now on. */
void kit_send_open(struct kit_send *k, const char *name);
int kit_send_go(struct kit_send *k);
/* The link is there again. */
void kit_send_mend(struct kit_send *k);
int kit_send_sh(struct kit_send *k, const char *fmt, ...) X8_PRINTF(2, 3);

/* Skips the test where there is no ostree. */
struct kit_send *kit_send_of(void **state);

/* Every file of the bundle is on the board, and nothing else; without `full` only those that the
 * board's repository lacks. */
void kit_send_whole(struct kit_send *k, const char *bundle, int full);
/* What is in place is right, and does not look like a bundle. */
void kit_send_half(struct kit_send *k);

#define kit      kit_send_of
#define is_whole kit_send_whole
#define is_half  kit_send_half
#define go       kit_send_go
#define sh       kit_send_sh
#define mend     kit_send_mend

#define ok(k, call)                                                                                \
    do {                                                                                           \
        int rc_ = (call);                                                                          \
        if (rc_ != 0)                                                                              \
            fail_msg("%d %s | %s | %s", rc_, (k)->err.msg, (k)->err.why, (k)->err.next);           \
    } while (0)

#define gnu(test) cmocka_unit_test_setup_teardown(test, kit_send_setup, kit_send_teardown)
#define both(test)                                                                                 \
    gnu(test), cmocka_unit_test_setup_teardown(test, kit_send_setup_busybox, kit_send_teardown)

#endif
