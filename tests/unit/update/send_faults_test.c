/*
 * What goes wrong while a bundle is sent: cut links, damage on either side, answers that no board
 * gives, a stop.
 */
#include "kit_send.h"

#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_link_that_is_cut_anywhere_loses_a_batch_at_most(void **state)
{
    struct kit_send *k = kit(state);
    k->job.full = 1;
    for (int64_t at = 1; at < 5000000; at = at * 5 / 2 + 20000) {
        if (at > 2000000) /* with what the others brought, less than that may be left to send */
            assert_int_equal(sh(k, "rm -rf home/" X8_STAGE_FOLDER), 0);
        k->shell.cut_after = at;
        assert_int_equal(go(k), -X8_E_GONE);
        mend(k);
        is_half(k);
    }
    ok(k, go(k));
    is_whole(k, "bundle", 1);
}

static void a_link_that_is_cut_at_each_command_can_be_mended(void **state)
{
    struct kit_send *k = kit(state);
    unsigned at;
    int rc = -1;
    for (at = 1; at < 60 && rc != 0; at++) {
        k->shell.started = 0;
        k->shell.cut_at = at;
        rc = go(k);
        k->shell.cut_at = 0;
        mend(k);
        if (rc != 0)
            is_half(k);
    }
    assert_true(at > 8 && at < 60);
    is_whole(k, "bundle", 0);
    /* The last but one was cut in front of tuf/, when all objects were acknowledged. */
    assert_true(k->out.objects_staged > 20 && k->out.bytes_sent < 40000);
}

static void nothing_is_sent_when_there_is_no_room(void **state)
{
    struct kit_send *k = kit(state);
    kit_shell_stub(&k->shell, "df",
                   "echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'\n"
                   "echo '/dev/disk/by label/root 100000 97000 3000 97% /var with 5% blanks'");
    assert_int_equal(go(k), -X8_E_BOARD_SPACE);
    assert_true(k->out.free == 3000 * 1024 && k->out.need > k->out.free);
    assert_non_null(strstr(k->err.msg, "2.9"));
    assert_non_null(strstr(k->err.next, "du -xh"));
    assert_int_equal(sh(k, "[ -z \"$(ls -A home)\" ]"), 0);
}

static void a_board_that_does_not_know_its_room_is_tried(void **state)
{
    struct kit_send *k = kit(state);
    kit_shell_stub(&k->shell, "df", "exit 1");
    ok(k, go(k));
    is_whole(k, "bundle", 0);
    assert_string_equal(k->warning, "the board does not say how much room it has");
}

static void a_home_that_takes_no_folder_is_told_with_its_words(void **state)
{
    struct kit_send *k = kit(state);
    kit_shell_stub(&k->shell, "mkdir", "echo 'mkdir: x: Read-only file system' >&2; exit 1");
    assert_int_equal(go(k), -X8_E_REFUSED);
    assert_non_null(strstr(k->err.why, "Read-only file system"));
}

static void a_byte_that_changed_on_the_way_is_found(void **state)
{
    struct kit_send *k = kit(state);
    kit_shell_stub(&k->shell, "tar",
                   "/usr/bin/tar \"$@\" || exit; f=$(find . -name '*.filez' | sort | head -n 1)\n"
                   "[ -z \"$f\" ] || " TEST_FLIP " \"$f\" 20");
    assert_int_equal(go(k), -X8_E_VERIFY);
    assert_non_null(strstr(k->err.why, ".filez: FAILED"));
    is_half(k);
    assert_int_equal(sh(k, "[ -z \"$(find home -name '*.filez' -o -name '.x8ctl-*')\" ]"), 0);
}

static void a_list_of_digests_that_is_damaged_is_no_proof(void **state)
{
    struct kit_send *k = kit(state);
    kit_shell_stub(&k->shell, "tar", "/usr/bin/tar \"$@\" && sed -i 2s/^/x/ " SEND_SUMS);
    assert_int_equal(go(k), -X8_E_VERIFY);
    is_half(k);
}

static void a_tar_that_fails_says_why(void **state)
{
    struct kit_send *k = kit(state);
    kit_shell_stub(&k->shell, "tar",
                   "head -c 1000 >/dev/null\n"
                   "echo 'tar: x: Cannot write: No space left on device' >&2; exit 2");
    assert_int_equal(go(k), -X8_E_BOARD_SPACE);
    is_half(k);
    assert_int_equal(sh(k, "[ -z \"$(find home -type f)\" ]"), 0);
}

static void damage_in_what_was_staged_is_mended(void **state)
{
    struct kit_send *k = kit(state);
    ok(k, go(k));
    ok(k, go(k));
    uint64_t staged = k->out.objects_staged;
    assert_int_equal(
        sh(k, "cd home/" X8_STAGE_FOLDER "; f=$(find ostree_repo -name '*.filez' -size "
              "+100k | head -n 1); " TEST_FLIP " $f 5000 && f=$(find apps/blobs -type f | "
              "head -n 1) && " TEST_FLIP " $f 50 && rm $(find ostree_repo -name "
              "'*.dirtree' | head -n 1)"),
        0);
    ok(k, go(k));
    assert_int_equal(k->out.objects_staged, staged - 2);
    assert_true(k->out.bytes_sent > 900000);
    is_whole(k, "bundle", 0);
}

static void another_target_is_never_mixed_with_this_ones_metadata(void **state)
{
    struct kit_send *k = kit(state);
    kit_send_open(k, "other");
    ok(k, go(k));
    kit_send_open(k, "bundle");
    k->shell.started = 0;
    k->shell.cut_at = 6; /* behind the command that prepares the folder */
    assert_int_equal(go(k), -X8_E_GONE);
    assert_int_equal(sh(k,
                        "cd home/" X8_STAGE_FOLDER "; [ ! -e tuf ] && [ ! -e ostree_repo/config ] "
                        "&& [ ! -e apps/apps/web ]"),
                     0);
}

static void a_list_that_leads_out_is_refused(void **state)
{
    struct kit_send *k = kit(state);
    ok(k, go(k));
    kit_shell_stub(&k->shell, "stat",
                   "case $2 in %d*) exec /usr/bin/stat \"$@\";; esac\n"
                   "echo '81a4 5 ./apps/../../precious//'");
    assert_int_equal(sh(k, "echo x >home/precious"), 0);
    assert_int_equal(go(k), -X8_E_LINK);
    assert_int_equal(sh(k, "[ -e home/precious ] && [ -e home/" X8_STAGE_FOLDER "/tuf ]"), 0);
}

static void a_list_without_end_is_refused(void **state)
{
    struct kit_send *k = kit(state);
    ok(k, go(k));
    kit_shell_stub(&k->shell, "stat",
                   "case $2 in %d*) exec /usr/bin/stat \"$@\";; esac\n"
                   "head -c 100000 /dev/zero | tr '\\0' x");
    assert_int_equal(go(k), -X8_E_LINK);
}

static void a_file_of_the_bundle_that_changed_is_not_sent(void **state)
{
    struct kit_send *k = kit(state);
    assert_int_equal(sh(k, "echo >>$(find bundle/ostree_repo -name '*.filez' -size +100k | sort | "
                           "head -n 1)"),
                     0);
    k->job.full = 1;
    assert_int_equal(go(k), -X8_E_NO_FILE);
    assert_non_null(strstr(k->err.msg, "is not what it was when the bundle was checked"));
    is_half(k);
    assert_int_equal(sh(k, "[ -z \"$(find home -name '.x8ctl-*')\" ]"), 0);
}

static void metadata_of_the_same_size_and_other_bytes_is_not_sent(void **state)
{
    struct kit_send *k = kit(state);
    assert_int_equal(sh(k, TEST_FLIP " $(find bundle/ostree_repo -name '*.commit') 60"), 0);
    assert_int_equal(go(k), -X8_E_NO_FILE);
    is_half(k);
}

static void a_link_in_the_bundle_is_not_followed(void **state)
{
    struct kit_send *k = kit(state);
    assert_int_equal(
        sh(k, "f=$(find bundle/ostree_repo -name '*.commit'); mv $f c; ln -s $PWD/c $f"), 0);
    assert_int_equal(go(k), -X8_E_BAD_IMAGE);
    is_half(k);
}

/* The user stops when a batch is in place. */
static void *stopper(void *ctx)
{
    struct kit_send *k = ctx;
    struct x8_error ignored;
    char *mark = test_path(k->stage, "placed");
    int64_t limit = x8_deadline_in(200000);
    while (x8_path_kind(mark) == X8_PATH_NONE && x8_deadline_left(limit, 1) > 0)
        x8_cancel_sleep(NULL, x8_deadline_in(1), X8_CANCEL_HARD, &ignored);
    x8_cancel_raise(&k->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    free(mark);
    return NULL;
}

static void a_stop_keeps_what_was_acknowledged(void **state)
{
    struct kit_send *k = kit(state);
    pthread_t thread;
    k->job.full = 1;
    k->shell.base.parallel = 1;
    /* The third batch begins when one of the first two is in place, and never ends. */
    kit_shell_stub(&k->shell, "tar",
                   "[ ! -e ../../../placed ] || sleep 300\nexec /usr/bin/tar \"$@\"");
    kit_shell_stub(&k->shell, "mv", "/bin/mv \"$@\" && touch ../../../placed");
    pthread_create(&thread, NULL, stopper, k);
    int64_t begin = x8_now_ms();
    int rc = go(k);
    pthread_join(thread, NULL);
    assert_int_equal(rc, -X8_E_STOPPED);
    assert_true(x8_now_ms() - begin < 200000);
    is_half(k);
    assert_int_equal(sh(k, "[ -z \"$(find home -name '.x8ctl-*')\" ] && [ -n \"$(find home -name "
                           "'*.filez')\" ]"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        gnu(a_link_that_is_cut_anywhere_loses_a_batch_at_most),
        gnu(a_link_that_is_cut_at_each_command_can_be_mended),
        gnu(nothing_is_sent_when_there_is_no_room),
        gnu(a_board_that_does_not_know_its_room_is_tried),
        gnu(a_home_that_takes_no_folder_is_told_with_its_words),
        both(a_byte_that_changed_on_the_way_is_found),
        both(a_list_of_digests_that_is_damaged_is_no_proof),
        gnu(a_tar_that_fails_says_why),
        both(damage_in_what_was_staged_is_mended),
        gnu(another_target_is_never_mixed_with_this_ones_metadata),
        gnu(a_list_that_leads_out_is_refused),
        gnu(a_list_without_end_is_refused),
        gnu(a_file_of_the_bundle_that_changed_is_not_sent),
        gnu(metadata_of_the_same_size_and_other_bytes_is_not_sent),
        gnu(a_link_in_the_bundle_is_not_followed),
        gnu(a_stop_keeps_what_was_acknowledged),
    };
    return cmocka_run_group_tests(tests, kit_send_group, kit_send_group_end);
}
