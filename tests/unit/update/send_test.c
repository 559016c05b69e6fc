/*
 * Sending a bundle to a real bash with real tools, GNU's and busybox's, and what ostree makes of
 * it.
 */
#include "kit_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void the_board_can_pull_it(struct kit_send *k)
{
    assert_int_equal(sh(k, "c=$(cat bundle/ostree_repo/refs/heads/lmp)\n"
                           "ostree --repo=ostree/repo remote add --no-gpg-verify --if-not-exists "
                           "staged file://$PWD/home/" X8_STAGE_FOLDER "/ostree_repo && "
                           "ostree --repo=ostree/repo pull staged $c >/dev/null && "
                           "ostree --repo=ostree/repo fsck -q >/dev/null && "
                           "ostree --repo=ostree/repo ls $c /usr/bin/new >/dev/null"),
                     0);
}

static void a_delta_arrives_and_the_board_can_pull_it(void **state)
{
    struct kit_send *k = kit(state);
    ok(k, go(k));
    is_whole(k, "bundle", 0);
    assert_true(k->out.objects > 120 && k->out.objects_there > 90);
    assert_int_equal(k->out.objects_staged, 0);
    assert_true(k->out.bytes > 4000000 && k->out.bytes_sent < 1500000);
    assert_true(k->out.bytes_sent > 1200000); /* a file of 900 kB, blobs of 300 kB */
    assert_string_equal(k->stages, "send ");
    the_board_can_pull_it(k);
}

static void all_of_it_arrives_when_asked_for(void **state)
{
    struct kit_send *k = kit(state);
    k->job.full = 1;
    ok(k, go(k));
    is_whole(k, "bundle", 1);
    assert_true(k->out.objects_there > 90 && k->out.bytes_sent > 4000000);
    assert_int_equal(sh(k, "ostree --repo=home/" X8_STAGE_FOLDER "/ostree_repo fsck -q"), 0);
}

static void a_board_without_a_repository_gets_all(void **state)
{
    struct kit_send *k = kit(state);
    assert_int_equal(sh(k, "rm -rf ostree"), 0);
    ok(k, go(k));
    is_whole(k, "bundle", 1);
    assert_int_equal(k->out.objects_there, 0);
    assert_true(strstr(k->warning, "cannot be listed: more is sent") != NULL);
}

static void again_nothing_but_the_end_is_sent(void **state)
{
    struct kit_send *k = kit(state);
    ok(k, go(k));
    uint64_t first = k->out.objects_staged, sent = k->out.objects - k->out.objects_there;
    ok(k, go(k));
    is_whole(k, "bundle", 0);
    assert_true(first == 0 && k->out.objects_staged >= sent);
    assert_true(k->out.bytes_sent < 40000);
    assert_string_equal(k->stages, "verify send ");
}

static void what_another_bundle_left_is_gone(void **state)
{
    struct kit_send *k = kit(state);
    kit_send_open(k, "other");
    ok(k, go(k));
    is_whole(k, "other", 0);
    assert_int_equal(sh(k, "cd home/" X8_STAGE_FOLDER "; mkdir run; echo 0 >run/status; ln -s /etc "
                           "apps/etc; mkdir -p ostree_repo/tmp; echo x >'ostree_repo/a b\n c'"),
                     0);
    kit_send_open(k, "bundle");
    ok(k, go(k));
    is_whole(k, "bundle", 0);
    assert_true(k->out.objects_staged >
                0); /* version 3 shares with version 2 what version 1 lacks */
    assert_int_equal(sh(k,
                        "cd home/" X8_STAGE_FOLDER "; [ -e run/status ] && [ ! -e apps/apps/web ] "
                        "&& [ ! -L apps/etc ]"),
                     0);
    the_board_can_pull_it(k);
}

static void looking_changes_nothing(void **state)
{
    struct kit_send *k = kit(state);
    k->job.dry_run = 1;
    ok(k, go(k));
    assert_int_equal(sh(k, "[ -z \"$(ls -A home)\" ]"), 0);
    uint64_t guess = k->out.bytes_sent;
    k->job.dry_run = 0;
    ok(k, go(k));
    assert_true(guess > k->out.bytes_sent * 9 / 10 && guess < k->out.bytes_sent * 11 / 10);
}

static void a_missing_object_matters_where_the_board_lacks_it(void **state)
{
    struct kit_send *k = kit(state);
    struct x8_graph *graph = &k->bundle.graph;
    for (size_t i = 0; i < graph->count; i++)
        graph->objects[i].missing = graph->objects[i].stored > 2000000; /* "big", of version 1 */
    ok(k, go(k));
    k->job.full = 1;
    assert_int_equal(go(k), -X8_E_BAD_DIGEST);
    assert_non_null(strstr(k->err.msg, "not in the bundle"));
}

static void a_folder_of_roots_is_taken_back_and_given(void **state)
{
    struct kit_send *k = kit(state);
    if (kit_host("[ $(id -u) = 0 ]") != 0)
        skip();
    ok(k, go(k));
    assert_int_equal(sh(k, "ln -s /etc/hostname home/" X8_STAGE_FOLDER "/link; chown -R -h 1234 "
                           "home/" X8_STAGE_FOLDER),
                     0);
    assert_int_equal(go(k), -X8_E_REFUSED);
    assert_non_null(strstr(k->err.msg, "belongs to somebody else"));
    k->job.root = &k->root;
    ok(k, go(k));
    is_whole(k, "bundle", 0);
    assert_int_equal(sh(k, "chown -R -h 1234 home/" X8_STAGE_FOLDER), 0);
    ok(k, x8_stage_seal(&k->shell.base, &k->op, &k->root, k->stage, &k->err));
    assert_int_equal(sh(k,
                        "[ -z \"$(find home/" X8_STAGE_FOLDER " ! -uid 0)\" ] && [ $(stat -c %%u "
                        "/etc/hostname) = 0 ]"),
                     0);
    ok(k, x8_stage_remove(&k->shell.base, &k->op, &k->root, k->stage, &k->err));
    assert_int_equal(sh(k, "[ ! -e home/" X8_STAGE_FOLDER " ]"), 0);
    ok(k, x8_stage_remove(&k->shell.base, &k->op, &k->root, k->stage, &k->err));
}

static void only_the_folder_of_updates_is_given_or_removed(void **state)
{
    struct kit_send *k = kit(state);
    static const char *const wrong[] = {"/etc",
                                        "x8ctl-update",
                                        "/a/../x8ctl-update",
                                        "/x8ctl-update/",
                                        "/home/fio/my-x8ctl-update",
                                        "//x8ctl-update",
                                        ""};
    for (size_t i = 0; i < X8_COUNT(wrong); i++) {
        assert_int_equal(x8_stage_remove(&k->shell.base, &k->op, NULL, wrong[i], &k->err),
                         -X8_E_REFUSED);
        assert_int_equal(x8_stage_seal(&k->shell.base, &k->op, NULL, wrong[i], &k->err),
                         -X8_E_REFUSED);
    }
    assert_int_equal(k->shell.started, 0);
    assert_int_equal(sh(k, "mkdir -p real/d; ln -s ../real home/" X8_STAGE_FOLDER), 0);
    assert_int_equal(x8_stage_remove(&k->shell.base, &k->op, NULL, k->stage, &k->err),
                     -X8_E_REFUSED);
    assert_int_equal(x8_stage_seal(&k->shell.base, &k->op, NULL, k->stage, &k->err), -X8_E_REFUSED);
    assert_int_equal(go(k), -X8_E_REFUSED);
    assert_non_null(strstr(k->err.msg, "is a link on the board"));
    assert_int_equal(sh(k, "[ -d real/d ]"), 0);
}

static void what_is_in_the_way_in_the_folder_goes(void **state)
{
    struct kit_send *k = kit(state);
    assert_int_equal(sh(k,
                        "mkdir -p home/" X8_STAGE_FOLDER " real/objects; echo x >real/config; cd "
                        "home/" X8_STAGE_FOLDER "; ln -s ../../real ostree_repo; ln -s ../../real "
                        "tuf; echo x >apps; mkdir .x8ctl-0123456789abcdef"),
                     0);
    ok(k, go(k));
    is_whole(k, "bundle", 0);
    assert_int_equal(sh(k, "[ -e real/config ] && [ -d real/objects ]"), 0);
}

static void what_an_update_needs(void **state)
{
    (void)state;
    assert_int_equal(x8_update_need(0, 0, 0, 0), 0);
    assert_int_equal(x8_update_need(1000, 1000, 1000, 1000), 1000 + 1050 + 2200 + 30);
    assert_true(x8_update_need(UINT64_MAX, 1, 1, 1) == UINT64_MAX);
    assert_true(x8_update_need(1, UINT64_MAX, 1, UINT64_MAX) == UINT64_MAX);
    assert_true(x8_update_need(0, 0, UINT64_MAX - 5, 0) == UINT64_MAX);
}

static void answers_that_no_board_gives_are_refused(void **state)
{
    struct kit_send *k = kit(state);
    struct send send = {.job = &k->job, .graph = &k->bundle.graph, .dir_fd = -1};
    static const char *const probes[] = {"",
                                         "x8 1 2 3",
                                         "x8 9 0 0 1 1 1 1 1 1 end",
                                         "x8 1 0 0 1 1 1 1 1 -1 end",
                                         "x8 1 0 0 1 99999999999999999999 1 1 1 1 end",
                                         "x8 1 0 0 1 18446744073709551615 1 1 1 1 end",
                                         "x8 1 0 0 1 1 1 1 1 1 1 end",
                                         "x8  1 0 0 1 1 1 1 1 1 end"};
    for (size_t i = 0; i < X8_COUNT(probes); i++)
        assert_int_equal(send_take_probe(&send, probes[i], &k->err), -X8_E_LINK);
    ok(k, send_take_probe(&send, "noise\nx8 1 1000 1001 7 10 5 8 20 6 end\n", &k->err));
    assert_true(send.kind == STAGE_OURS && send.stage_room.free == 5120 && send.repo_room.dev == 8);
    assert_string_equal(send.owner, "1000:1001");
    ok(k, send_name_things(&send, &k->err));
    static const char *const records[] = {"",
                                          "81a4",
                                          "81a4 5",
                                          "81a4 5 ",
                                          "81a4 5 apps/x",
                                          "81a4 5 ./",
                                          "81a4 5 ./tuf/x",
                                          "81a4 5 ./apps/..",
                                          "81a4 5 ./apps/./x",
                                          "81a4 5 ./apps//x",
                                          "zz 5 ./apps/x",
                                          "81a4 -5 ./apps/x",
                                          "81a4 5x ./apps/x",
                                          "81a4 99999999999999999999999 ./apps/x",
                                          "123456781a4 5 ./apps/x",
                                          "81a4 5 ./ostree_repo",
                                          "81a4 5 /etc/passwd"};
    for (size_t i = 0; i < X8_COUNT(records); i++)
        assert_int_equal(send_take_staged(&send, records[i], strlen(records[i]), &k->err),
                         -X8_E_LINK);
    assert_int_equal(send_take_staged(&send, "81a4 5 ./apps/a\0b", 17, &k->err), -X8_E_LINK);
    ok(k, send_take_staged(&send, "81a4 5 ./apps/x y\nz", 19, &k->err));
    assert_memory_equal(send.extras.data, "./apps/x y\nz\0", send.extras.len);
    static const char *const proofs[] = {
        "", "\n", "2", "3\n", "x\n", "1\nfoo\n", "1\nfoo: FAILED\n", "1\n", "2\n: FAILED\n"};
    for (size_t i = 0; i < X8_COUNT(proofs); i++)
        assert_int_equal(send_take_proof(&send, proofs[i], 2, &k->err), -X8_E_LINK);
    char rel[SEND_REL], text[SEND_REL + 40];
    send_rel(&send, 0, rel);
    snprintf(text, sizeof(text), "1\n%s: FAILED open or read\n", rel);
    send.flags[0] = SEND_STAGED;
    ok(k, send_take_proof(&send, text, 2, &k->err));
    assert_int_equal(send.flags[0], 0);
    send_forget_things(&send);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        both(a_delta_arrives_and_the_board_can_pull_it),
        both(all_of_it_arrives_when_asked_for),
        gnu(a_board_without_a_repository_gets_all),
        both(again_nothing_but_the_end_is_sent),
        both(what_another_bundle_left_is_gone),
        gnu(looking_changes_nothing),
        gnu(a_missing_object_matters_where_the_board_lacks_it),
        both(a_folder_of_roots_is_taken_back_and_given),
        both(only_the_folder_of_updates_is_given_or_removed),
        both(what_is_in_the_way_in_the_folder_goes),
        cmocka_unit_test(what_an_update_needs),
        gnu(answers_that_no_board_gives_are_refused),
    };
    return cmocka_run_group_tests(tests, kit_send_group, kit_send_group_end);
}
