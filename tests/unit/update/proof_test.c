/*
 * What runs, whatever anybody said.
 */
#include "testlib.h"

#include "update/proof.h"

#include <stdio.h>
#include <string.h>

static struct x8_update_board board;
static struct x8_expected want;
static struct x8_proven proven;

static void set(char *out, const char *text)
{
    memcpy(out, text, strlen(text) + 1);
}

/* The target runs and is confirmed. */
static int after(void **state)
{
    (void)state;
    memset(&board, 0, sizeof(board));
    memset(&want, 0, sizeof(want));
    set(want.version, "861");
    set(want.old_version, "746");
    set(want.target, "portenta-x8-lmp-861");
    memset(want.commit, 'n', 64);
    memset(want.old_commit, 'o', 64);
    set(board.version, "861");
    set(board.target, "portenta-x8-lmp-861");
    memset(board.booted, 'n', 64);
    board.has_docker = 1;
    return 0;
}

static void is(enum x8_proof proof, const char *words)
{
    x8_proof_judge(&board, &want, &proven);
    if (proven.proof != proof || !strstr(proven.reason, words))
        fail_msg("%d: %s", (int)proven.proof, proven.reason);
}

static void the_target_runs_and_is_confirmed(void **state)
{
    (void)state;
    is(X8_PROOF_NEW, "861");
    assert_false(proven.reboot_advised);
    assert_string_equal(proven.apps_down, "");
    set(board.target, ""); /* what cannot be read is no contradiction */
    board.upgrade_available = board.bootcount = board.rollback_flag = -1;
    is(X8_PROOF_NEW, "confirmed");
}

static void a_loader_that_counts_has_not_confirmed(void **state)
{
    (void)state;
    board.upgrade_available = 1;
    board.bootcount = 2;
    is(X8_PROOF_UNCONFIRMED, "2 so far");
    board.upgrade_available = -1;
    is(X8_PROOF_UNCONFIRMED, "counted 2");
    board.upgrade_available = 0; /* then the counter means nothing */
    is(X8_PROOF_NEW, "861");
}

static void a_record_of_the_old_target_is_not_confirmed(void **state)
{
    (void)state;
    set(board.target, "portenta-x8-lmp-746");
    is(X8_PROOF_UNCONFIRMED, "portenta-x8-lmp-746");
}

static void a_loader_that_went_back_contradicts(void **state)
{
    (void)state;
    board.rollback_flag = 1;
    is(X8_PROOF_MIXED, "went back");
}

static void the_old_one_deployed_again_contradicts(void **state)
{
    (void)state;
    memset(board.pending, 'o', 64);
    is(X8_PROOF_MIXED, "next start");
}

static void the_old_system_is_told(void **state)
{
    (void)state;
    set(board.version, "746");
    memset(board.booted, 'o', 64);
    is(X8_PROOF_OLD, "746");
    memset(board.pending, 'n', 64);
    is(X8_PROOF_OLD, "waits for a restart");
}

static void facts_that_contradict_each_other_are_mixed(void **state)
{
    (void)state;
    set(board.version, "746");
    is(X8_PROOF_MIXED, "os-release says 746");
    set(board.version, "861");
    memset(board.booted, 'o', 64);
    is(X8_PROOF_MIXED, "os-release says 861");
    memset(board.booted, 'x', 64);
    is(X8_PROOF_MIXED, "neither");
    memset(board.booted, 'n', 64);
    memset(board.cmdline, 'o', 64);
    is(X8_PROOF_MIXED, "command line");
    memset(board.cmdline, 'n', 64);
    is(X8_PROOF_NEW, "861");
}

/* A target that changes containers alone is built on an earlier system, whose number it shows. */
static void a_later_target_of_an_earlier_build_is_its_commit(void **state)
{
    (void)state;
    set(board.version, "850");
    is(X8_PROOF_NEW, "861");
}

static void where_the_commit_is_unknown_the_version_decides(void **state)
{
    (void)state;
    board.booted[0] = '\0';
    is(X8_PROOF_NEW, "not readable");
    set(board.version, "746");
    is(X8_PROOF_OLD, "746");
    set(board.version, "");
    is(X8_PROOF_MIXED, "(unknown)");
    set(board.version, "861");
    set(want.old_version, "861"); /* another build of the same number */
    is(X8_PROOF_MIXED, "which build");
}

static void apps_alone_are_proved_by_the_record(void **state)
{
    (void)state;
    memset(want.old_commit, 'n', 64);
    set(board.version, "746");
    is(X8_PROOF_NEW, "861");
    set(board.target, "portenta-x8-lmp-746");
    is(X8_PROOF_OLD, "portenta-x8-lmp-746");
    memset(board.booted, 'x', 64);
    is(X8_PROOF_MIXED, "neither");
}

static void add(const char *project, int is_running)
{
    struct x8_container *c = &board.containers[board.container_count++];

    set(c->project, project);
    c->is_running = is_running;
}

static void apps_without_a_running_container_are_named(void **state)
{
    (void)state;
    set(want.apps, "shop  arduino-ootb db");
    add("arduino-ootb", 0);
    add("arduino-ootb", 1);
    add("shop", 0);
    add("dbx", 1);
    is(X8_PROOF_NEW, "861");
    assert_string_equal(proven.apps_down, "shop db");
    board.has_docker = 0; /* such a board leaves apps out */
    is(X8_PROOF_NEW, "861");
    assert_string_equal(proven.apps_down, "");
}

static void a_new_boot_firmware_wants_one_more_restart(void **state)
{
    (void)state;
    board.bootupgrade_available = 1;
    is(X8_PROOF_NEW, "861");
    assert_true(proven.reboot_advised);
}

#define T(test) cmocka_unit_test_setup(test, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_target_runs_and_is_confirmed),
        T(a_loader_that_counts_has_not_confirmed),
        T(a_record_of_the_old_target_is_not_confirmed),
        T(a_loader_that_went_back_contradicts),
        T(the_old_one_deployed_again_contradicts),
        T(the_old_system_is_told),
        T(facts_that_contradict_each_other_are_mixed),
        T(a_later_target_of_an_earlier_build_is_its_commit),
        T(where_the_commit_is_unknown_the_version_decides),
        T(apps_alone_are_proved_by_the_record),
        T(apps_without_a_running_container_are_named),
        T(a_new_boot_firmware_wants_one_more_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
