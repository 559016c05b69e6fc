/*
 * Push against real bash and real tools, GNU's and busybox's.
 */
#include "kit_shell_bench.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Push host/SOURCE to TARGET of the board. */
static int push(struct bench *b, const char *source, const char *target)
{
    char *path = test_path(b->host, source);
    b->sources[0] = path;
    b->job.target = target;
    memset(&b->err, 0, sizeof(b->err));
    int rc = x8_push(&b->shell.base, &b->op, &b->job, &b->out, &b->err);
    free(path);
    return rc;
}

static void a_file_gets_the_name_it_is_given(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "printf 'some text' >host/a; chmod 640 host/a; touch -d @1700000000 host/a"), 0);
    ok(b, push(b, "a", "b"));
    assert_int_equal(sh(b, "cmp host/a home/b && [ $(stat -c %a.%Y home/b) = 640.1700000000 ]"), 0);
    assert_string_equal(b->out.sha256,
                        "b94f6f125c79e3a5ffaa826f584c10d52ada669e6762051b826b55776d05aed2");
    assert_int_equal(b->out.files, 1);
    assert_int_equal(b->out.changed, 1);
    assert_int_equal(b->out.sent_bytes, 9);
    no_trace(b);
}

static void a_file_goes_into_a_folder_that_is_there(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo 1 >host/a; mkdir home/d"), 0);
    ok(b, push(b, "a", "d"));
    assert_int_equal(sh(b, "cmp host/a home/d/a"), 0);
    assert_int_equal(sh(b, "echo 2 >host/a"), 0);
    ok(b, push(b, "a", "d/"));
    assert_int_equal(sh(b, "cmp host/a home/d/a && [ $(ls -A home/d | wc -l) = 1 ]"), 0);
}

static void a_folder_named_with_a_slash_is_made(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo 1 >host/a"), 0);
    ok(b, push(b, "a", "x/y//z/"));
    assert_int_equal(sh(b, "cmp host/a home/x/y/z/a"), 0);
    no_trace(b);
}

static void a_missing_folder_is_not_made_unasked(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo 1 >host/a"), 0);
    assert_int_equal(push(b, "a", "x/y"), -X8_E_REFUSED);
    assert_string_equal(b->err.msg, "x/y: the folder around it is not on the board");
    assert_int_equal(sh(b, "[ -z \"$(ls -A home)\" ]"), 0);
}

static void names_of_all_kinds_arrive_as_they_are(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir -p host/t/'a dir'/$'new\\nline'/-x/$'\\xff\\xfe' host/t/empty host/t/.hidden "
              "&& cd host/t &&"
              "echo 1 >\"it's \\\"quoted\\\"\" && echo 2 >$'new\\nline' && echo 3 >$'b\\\\ack' && "
              "echo 4 >-rf &&"
              "echo 5 >$'\\xc3\\x28\\xff' && echo 6 >$'tab\\there\\r' && : >zero && echo 7 >'$HOME "
              "`id` *' &&"
              "echo 8 >$(printf 'n%.0s' {1..255}) && echo 9 >'a "
              "dir'/$'new\\nline'/-x/$'\\xff\\xfe'/' ' &&"
              "d=$(printf 'long-folder-name-%.0s/' {1..60}) && mkdir -p $d && echo 10 >$d/deep &&"
              "ln -s /etc/passwd abs && ln -s ../../x up && ln -s $'odd\\n\\xfe' odd && ln -s zero "
              "'link to zero'"),
        0);
    ok(b, push(b, "t", "t2"));
    assert_int_equal(sh(b, "diff -r --no-dereference host/t home/t2"), 0);
    assert_int_equal(sh(b, "[ \"$(cd host/t; find . -type l -printf '%p %l\\n' | sort)\" = "
                           "\"$(cd home/t2; find . -type l -printf '%p %l\\n' | sort)\" ]"),
                     0);
    assert_int_equal(sh(b, "[ \"$(cd host/t; find . -type f -printf '%p %Ts\\n' | sort)\" = "
                           "\"$(cd home/t2; find . -type f -printf '%p %Ts\\n' | sort)\" ]"),
                     0);
    no_trace(b);
    /* Once more into what is there: other ways are taken. */
    assert_int_equal(
        sh(b,
           "cd host/t && find . -type f -exec sh -c 'for f; do echo more >>\"$f\"; done' _ {} +"),
        0);
    ok(b, push(b, "t/.", "t2"));
    assert_int_equal(sh(b, "diff -r --no-dereference host/t home/t2"), 0);
    assert_int_equal(b->out.changed, 11);
    no_trace(b);
}

static void permission_bits_are_kept_all_of_them(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir -p host/t/ro host/t/none host/t/wide && cd host/t && for m in 000 400 600 755 "
              "4755 2711 1777 666;"
              "do echo $m >f$m; chmod $m f$m; done; echo x >ro/f; chmod 444 ro/f; chmod 777 wide;"
              "chmod 555 ro; chmod 1770 none; chmod 750 ."),
        0);
    ok(b, push(b, "t", "t2"));
    assert_int_equal(sh(b, "[ \"$(cd host/t; find . -printf '%p %m\\n' | sort)\" = "
                           "\"$(cd home/t2; find . -printf '%p %m\\n' | sort)\" ]"),
                     0);
    no_trace(b);
}

static void pushing_again_sends_only_what_changed(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir -p host/app/d && cd host/app && for i in {1..20}; do echo $i "
                           ">d/$i; done; echo x >y"),
                     0);
    ok(b, push(b, "app", "app"));
    assert_int_equal(b->out.changed, 21);
    ok(b, push(b, "app", "app"));
    assert_int_equal(b->out.changed, 0);
    assert_int_equal(b->out.files, 21);
    assert_int_equal(sh(b, "! [ -e home/app/app ]"), 0);
    assert_int_equal(
        sh(b,
           "cd host/app && echo new >d/7 && mkdir n && echo n >n/n && chmod 600 y && chmod 700 d"),
        0);
    ok(b, push(b, "app", "app"));
    assert_int_equal(b->out.changed, 2);
    assert_int_equal(sh(b, "diff -r host/app home/app && [ $(stat -c %a home/app/y) = 600 ] && "
                           "[ $(stat -c %a home/app/d) = 700 ]"),
                     0);
    ok(b, push(b, "app", "app/")); /* a slash: always into it */
    assert_int_equal(sh(b, "diff -r host/app home/app/app"), 0);
    no_trace(b);
}

static void checksums_find_what_size_and_time_hide(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir host/t && cd host/t && echo aa >a && echo bb >b && touch -d @1000 a b"), 0);
    ok(b, push(b, "t", "t"));
    assert_int_equal(sh(b, "echo AA >host/t/a && touch -d @1000 host/t/a; touch -d @2000 host/t/b"),
                     0);
    b->job.checksum = 1;
    ok(b, push(b, "t", "t"));
    assert_int_equal(b->out.changed, 1);
    assert_int_equal(sh(b, "diff -r host/t home/t"), 0);
}

static void delete_removes_what_the_source_lacks_and_nothing_else(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b,
           "mkdir -p host/t/keep home/t/keep home/t/$'go\\n'/deep home/other && echo 1 >host/t/a &&"
           "echo 2 >home/t/b && echo 3 >home/t/keep/c && echo 4 >home/other/d &&"
           "echo 5 >home/t/$'go\\n'/deep/e && ln -s ../other home/t/link"),
        0);
    b->job.prune = 1;
    ok(b, push(b, "t", "t"));
    assert_int_equal(b->out.removed, 6);
    assert_int_equal(sh(b, "diff -r host/t home/t && [ -e home/other/d ] && [ -d home/t/keep ]"),
                     0);
    no_trace(b);
}

static void a_dry_run_counts_and_changes_nothing(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir -p host/t home/t && echo 1 >host/t/a && echo 2 >home/t/b"), 0);
    b->job.prune = b->job.dry_run = 1;
    ok(b, push(b, "t", "t"));
    assert_int_equal(b->out.changed, 1);
    assert_int_equal(b->out.removed, 1);
    assert_int_equal(sh(b, "[ \"$(ls -A home/t)\" = b ]"), 0);
}

static void several_sources_go_into_a_folder(void **state)
{
    struct bench *b = *state;
    char *one = test_path(b->host, "one"), *two = test_path(b->host, "two/");
    assert_int_equal(sh(b, "echo 1 >host/one; mkdir host/two; echo 2 >host/two/f"), 0);
    b->sources[0] = one;
    b->sources[1] = two;
    b->job.source_count = 2;
    b->job.target = "new/";
    ok(b, x8_push(&b->shell.base, &b->op, &b->job, &b->out, &b->err));
    assert_int_equal(sh(b, "diff -r host home/new"), 0);
    b->job.target = "not-there";
    assert_int_equal(x8_push(&b->shell.base, &b->op, &b->job, &b->out, &b->err), -X8_E_REFUSED);
    b->sources[1] = one;
    b->job.target = "new";
    assert_int_equal(x8_push(&b->shell.base, &b->op, &b->job, &b->out, &b->err), -X8_E_USAGE);
    free(one);
    free(two);
}

static void a_link_that_is_named_is_followed_and_a_target_link_stays(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo 1 >host/real; ln -s real host/link; mkdir home/d; echo 0 "
                           ">home/d/f; ln -s d/f home/f;"
                           "ln -s d home/dl"),
                     0);
    ok(b, push(b, "link", "f"));
    assert_int_equal(sh(b, "[ -L home/f ] && cmp host/real home/d/f"), 0);
    ok(b, push(b, "link", "dl"));
    assert_int_equal(sh(b, "[ -L home/dl ] && cmp host/real home/d/link && ! [ -L home/d/link ]"),
                     0);
}

static void a_link_among_the_files_of_the_board_is_replaced_not_followed(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir host/t home/t home/secret; echo 1 >host/t/a; echo 2 >host/t/b;"
              "echo 0 >home/secret/a; ln -s ../secret/a home/t/a; ln -s ../secret home/t/b"),
        0);
    ok(b, push(b, "t", "t"));
    assert_int_equal(sh(b,
                        "diff -r --no-dereference host/t home/t && [ $(cat home/secret/a) = 0 ] &&"
                        "[ $(ls home/secret) = a ]"),
                     0);
}

static void a_folder_and_a_file_of_one_name_are_refused_before_anything(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir -p host/t/x home/t/y; echo 1 >host/t/a; echo 2 >host/t/y; echo 3 >home/t/x"),
        0);
    assert_int_equal(push(b, "t", "t"), -X8_E_REFUSED);
    assert_int_equal(sh(b, "! [ -e home/t/a ] && [ -f home/t/x ]"), 0);
    assert_int_equal(push(b, "t", "t/x"), -X8_E_REFUSED);
    assert_int_equal(push(b, "t/a", "t/x/z"), -X8_E_REFUSED);
    assert_int_equal(push(b, "none", "t"), -X8_E_NO_FILE);
    no_trace(b);
}

static void sockets_and_pipes_are_left_out_with_a_warning(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir host/t; echo 1 >host/t/a; mkfifo host/t/pipe"), 0);
    ok(b, push(b, "t", "t"));
    assert_int_equal(sh(b, "[ \"$(ls home/t)\" = a ]"), 0);
    assert_non_null(strstr(b->warning, "pipe: left out"));
}

static void a_large_file_travels_in_ranges(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir host/t && head -c 20000001 /dev/urandom >host/t/big && echo s >host/t/small &&"
              "chmod 751 host/t/big && touch -d @1600000000 host/t/big"),
        0);
    ok(b, push(b, "t", "t"));
    assert_int_equal(
        sh(b, "cmp host/t/big home/t/big && [ $(stat -c %a.%Y home/t/big) = 751.1600000000 ]"), 0);
    ok(b, push(b, "t/big", "t/\xff big"));
    assert_int_equal(sh(b, "cmp host/t/big home/t/$'\\xff big'"), 0);
    assert_int_equal(strlen(b->out.sha256), 64);
    no_trace(b);
}

static void a_board_that_reads_back_something_else_is_found_out(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir host/t && head -c 9000000 /dev/urandom >host/t/big && echo s "
                           ">host/t/small; echo old >home/f"),
                     0);
    kit_shell_stub(&b->shell, "tar",
                   "PATH=${PATH#*:}; tar \"$@\" || exit; f=$(find . -type f ! -name big)\n"
                   "if [ -n \"$f\" ]; then " TEST_FLIP " $f 0; fi");
    assert_int_equal(push(b, "t/small", "f"), -X8_E_VERIFY);
    assert_int_equal(push(b, "t", "t"), -X8_E_VERIFY);
    assert_int_equal(sh(b, "[ $(cat home/f) = old ] && ! [ -e home/t ]"), 0);
    no_trace(b);
    kit_shell_stub(&b->shell, "cat", "PATH=${PATH#*:}; tr a b");
    assert_int_equal(push(b, "t/big", "f"), -X8_E_VERIFY);
    assert_int_equal(sh(b, "[ $(cat home/f) = old ]"), 0);
    no_trace(b);
}

static void no_room_is_said_before_anything_is_sent(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo 1 >host/a"), 0);
    kit_shell_stub(&b->shell, "df", "echo fs; echo '/dev/x 100 99 1 99% /'");
    assert_int_equal(push(b, "a", "a"), -X8_E_BOARD_SPACE);
    assert_non_null(strstr(b->err.msg, "4.0 KiB needed, 1.0 KiB free"));
    assert_int_equal(sh(b, "! [ -e home/a ]"), 0);
}

static void a_board_that_is_full_in_the_middle_keeps_the_old_file(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir host/t home/t; head -c 3000000 /dev/zero >host/t/a; echo 1 "
                           ">host/t/b; echo old >home/t/a"),
                     0);
    kit_shell_stub(&b->shell, "tar",
                   "head -c 100000 >half; echo 'tar: a: Cannot write: No space left on device' >&2;"
                   "exit 2");
    assert_int_equal(push(b, "t", "t"), -X8_E_BOARD_SPACE);
    assert_non_null(strstr(b->err.why, "No space left on device"));
    assert_int_equal(sh(b, "[ $(cat home/t/a) = old ] && [ $(ls -A home/t) = a ]"), 0);
    no_trace(b);
}

static void a_folder_that_cannot_be_written_to_is_named(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo 1 >host/a; mkdir home/usr"), 0);
    kit_shell_stub(
        &b->shell, "mkdir",
        "echo \"mkdir: cannot create directory '$1': Read-only file system\" >&2; exit 1");
    assert_int_equal(push(b, "a", "usr"), -X8_E_REFUSED);
    assert_non_null(strstr(b->err.msg, "usr: nothing can be made in "));
    assert_string_equal(b->err.why, "Read-only file system");
    assert_null(strstr(b->err.msg, ".x8ctl-"));
    assert_non_null(strstr(b->err.next, "/var"));
    kit_shell_stub(&b->shell, "mkdir",
                   "echo \"mkdir: cannot create directory '$1': Permission denied\" >&2; exit 1");
    assert_int_equal(push(b, "a", "usr"), -X8_E_REFUSED);
    assert_non_null(strstr(b->err.next, "--root"));
}

static void a_command_that_dies_leaves_the_old_file(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b,
           "mkdir -p host/t home/t && cd host/t && for i in {1..30}; do head -c 100000 "
           "/dev/urandom >$i; done;"
           "for i in {1..5}; do echo old >../../home/t/$i; done; cp -r ../../home/t ../../before"),
        0);
    for (unsigned at = 1;; at++) {
        b->shell.started = 0;
        b->shell.kill_at = at;
        int rc = push(b, "t", "t");
        if (rc == 0) {
            assert_true(b->shell.started >= at || at > 6);
            if (b->shell.started < at)
                break;
        }
        if (sh(b, "diff -r before home/t >/dev/null") != 0)
            assert_int_equal(rc == 0 ? 0 : sh(b, "diff -r host/t home/t"), 0);
        no_trace(b);
        sh(b, "rm -rf home/t && cp -r before home/t");
    }
    assert_int_equal(sh(b, "diff -r host/t home/t"), 0);
}

static void a_cut_link_leaves_whole_files_and_no_temporary_folder(void **state)
{
    struct bench *b = *state;
    static const int64_t cuts[] = {0,      1,       300,     2000,    5000,
                                   100000, 1000000, 2900000, 3072000, 3110000};
    assert_int_equal(
        sh(b,
           "mkdir -p host/t home/t && cd host/t && for i in {1..30}; do head -c 100000 "
           "/dev/urandom >$i; done;"
           "for i in {1..5}; do echo old >../../home/t/$i; done; cp -r ../../home/t ../../before"),
        0);
    for (size_t i = 0; i < X8_COUNT(cuts); i++) {
        b->shell.cut_after = cuts[i];
        b->shell.is_gone = 0;
        b->warning[0] = '\0';
        int rc = push(b, "t", "t");
        /* Its guard on the board removes it once the hang-up has reached it. */
        if (sh(b, "for n in {1..600}; do [ -z \"$(find home -name '.x8ctl-*')\" ] && exit 0; "
                  "sleep 0.1; done; exit 1") != 0)
            fail_msg("cut after %lld: %s", (long long)cuts[i], b->warning);
        if (rc != 0) {
            assert_int_equal(rc, -X8_E_GONE);
            if (sh(b, "diff -r before home/t >/dev/null") != 0)
                fail_msg("cut after %lld: %s %s", (long long)cuts[i], b->err.msg, b->warning);
        }
        sh(b, "rm -rf home/t && cp -r before home/t");
    }
}

static void a_stop_leaves_the_old_files(void **state)
{
    struct bench *b = *state;
    struct x8_cancel cancel;
    x8_cancel_init(&cancel);
    assert_int_equal(sh(b, "echo 1 >host/a; echo old >home/a"), 0);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    b->op.cancel = &cancel;
    assert_int_equal(push(b, "a", "a"), -X8_E_STOPPED);
    assert_int_equal(sh(b, "[ $(cat home/a) = old ]"), 0);
    no_trace(b);
    x8_cancel_done(&cancel);
}

/* In front of a command of the board: the owner of the target folder puts a folder of his own in
 * the place of the temporary one, with `what` in it. */
#define EXCHANGE(what)                                                                             \
    "PATH=${PATH#*:}; cd ~; s=$(echo .x8ctl-*); [ -e was ] || "                                    \
    "{ mv $s was && cp -r was $s && cd $s && " what "; } >&2; cd $OLDPWD || exit 1;"

static void what_was_proven_cannot_be_exchanged_before_it_is_in_place(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo good >host/a; echo old >home/a"), 0);
    /* After the digests. */
    kit_shell_stub(&b->shell, "sha256sum",
                   "PATH=${PATH#*:} sha256sum \"$@\"; [ $# = 0 ] || [ -e ~/was ] && exit;" EXCHANGE(
                       "echo evil >t/a"));
    assert_int_equal(push(b, "a", "a"), -X8_E_REFUSED);
    assert_non_null(strstr(b->err.why, "temporary folder"));
    assert_int_equal(sh(b, "[ $(cat home/a) = old ] && [ -e home/was ] && rm -rf home/was"), 0);
    no_trace(b);
}

/* Else chmod would go through a link that the folder's owner puts there. */
static void with_roots_rights_bits_come_with_a_new_file(void **state)
{
    struct bench *b = *state;
    static const struct x8_root root = {.way = X8_ROOT_IS_ROOT};
    const char *same = "[ $(stat -c %i home/t/a) = $(stat -c %i home/first) ]";
    assert_int_equal(sh(b, "mkdir host/t && echo 1 >host/t/a && touch -d @1700000000 host/t/a"), 0);
    ok(b, push(b, "t", "t"));
    assert_int_equal(sh(b, "chmod 755 host/t/a; ln home/t/a home/first"), 0);
    ok(b, push(b, "t", "t"));
    assert_int_equal(sh(b, same), 0);
    assert_int_equal(sh(b, "chmod 700 host/t/a"), 0);
    b->job.root = &root;
    ok(b, push(b, "t", "t"));
    assert_int_equal(sh(b, same), 1);
    assert_int_equal(sh(b, "[ $(stat -c %a home/t/a) = 700 ] && cmp host/t/a home/t/a"), 0);
}

static void the_folder_that_was_made_is_the_one_that_is_used(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "echo good >host/a; mkdir home/victim; chmod 755 home/victim"), 0);
    kit_shell_stub(&b->shell, "mkdir",
                   "PATH=${PATH#*:}; mkdir \"$@\" || exit 1; cd ~; [ -e was ] && exit;"
                   "s=$(echo .x8ctl-*); mv $s was; ln -s victim $s");
    assert_int_equal(push(b, "a", "b"), -X8_E_REFUSED);
    assert_int_equal(sh(b, "cd home && rm -rf was && [ $(stat -c %a victim) = 755 ] && "
                           "[ -z \"$(ls -A victim)\" ] && [ \"$(ls -A)\" = victim ]"),
                     0);
    no_trace(b);
}

static void a_stream_is_proven_and_put_into_place_as_one(void **state)
{
    struct bench *b = *state;
    struct x8_reader *input = NULL;
    struct x8_span good = {(const uint8_t *)"good", 4};
    b->job.target = "b";
    kit_shell_stub(&b->shell, "chmod",
                   "PATH=${PATH#*:} chmod \"$@\"; [ $1 = 0640 ] || exit 0;" EXCHANGE(
                       "echo evil | tee f t/b; cd - >/dev/null; echo evil >$s/f"));
    assert_int_equal(x8_mem_reader(good, &input, NULL), 0);
    ok(b, x8_push_stream(&b->shell.base, &b->op, &b->job, input, 0640, &b->out, &b->err));
    x8_reader_close(&input);
    assert_int_equal(sh(b, "[ $(cat home/b) = good ] && [ -e home/was ] && rm -rf home/was"), 0);
    sh(b, "rm -rf home/.x8ctl-*");
}

/* 3,000 make several archives, and names of this length lists as long as those of 20,000 short
 * ones, which are tried with X8_LONG=1. */
static void thousands_of_files_arrive(void **state)
{
    struct bench *b = *state;
    unsigned folders = getenv("X8_LONG") ? 100 : 15;
    assert_int_equal(
        kit_host("mkdir '%s/t' && cd '%s/t' && for d in {1..%u}; do "
                 "mkdir \"d $d\"; for f in {1..200}; do echo \"$d $f\" >\"d $d/f$f \"" LONG_NAME
                 "; done; done",
                 b->host, b->host, folders),
        0);
    ok(b, push(b, "t", "t"));
    assert_int_equal(b->out.files, folders * 200);
    assert_int_equal(b->out.folders, folders + 1);
    assert_int_equal(sh(b, "diff -r host/t home/t"), 0);
    assert_int_equal(sh(b, "cd host/t && for d in *; do echo new >\"$d/f7 \"" LONG_NAME "; done"),
                     0);
    ok(b, push(b, "t", "t"));
    assert_int_equal(b->out.changed, folders);
    assert_int_equal(sh(b, "diff -r host/t home/t"), 0);
    no_trace(b);
}

static void a_stream_becomes_a_file(void **state)
{
    struct bench *b = *state;
    static uint8_t data[9 << 20];
    static const size_t lens[] = {0, 5, sizeof(data)};
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
    b->job.target = "s'x";
    for (size_t i = 0; i < X8_COUNT(lens); i++) {
        struct x8_reader *input = NULL;
        assert_int_equal(x8_mem_reader((struct x8_span){data, lens[i]}, &input, NULL), 0);
        ok(b, x8_push_stream(&b->shell.base, &b->op, &b->job, input, 0640, &b->out, &b->err));
        x8_reader_close(&input);
        char *path = test_path(b->home, "s'x");
        size_t len = 0;
        char *got = test_read(path, &len);
        assert_int_equal(len, lens[i]);
        assert_memory_equal(got, data, len);
        free(got);
        free(path);
        assert_int_equal(b->out.bytes, lens[i]);
    }
    assert_int_equal(sh(b, "[ $(stat -c %a \"home/s'x\") = 640 ]"), 0);
    no_trace(b);
}

#define t(name)                                                                                    \
    cmocka_unit_test_setup_teardown(name, kit_bench_setup, kit_bench_teardown),                    \
    {                                                                                              \
#name ", busybox", name, kit_bench_setup_busybox, kit_bench_teardown, NULL                 \
    }

int main(void)
{
    /* As at a user's terminal: names must not depend on it. */
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        t(a_file_gets_the_name_it_is_given),
        t(a_file_goes_into_a_folder_that_is_there),
        t(a_folder_named_with_a_slash_is_made),
        t(a_missing_folder_is_not_made_unasked),
        t(names_of_all_kinds_arrive_as_they_are),
        t(permission_bits_are_kept_all_of_them),
        t(pushing_again_sends_only_what_changed),
        t(checksums_find_what_size_and_time_hide),
        t(delete_removes_what_the_source_lacks_and_nothing_else),
        t(a_dry_run_counts_and_changes_nothing),
        t(several_sources_go_into_a_folder),
        t(a_link_that_is_named_is_followed_and_a_target_link_stays),
        t(a_link_among_the_files_of_the_board_is_replaced_not_followed),
        t(a_folder_and_a_file_of_one_name_are_refused_before_anything),
        t(sockets_and_pipes_are_left_out_with_a_warning),
        t(a_large_file_travels_in_ranges),
        t(a_board_that_reads_back_something_else_is_found_out),
        t(no_room_is_said_before_anything_is_sent),
        t(a_board_that_is_full_in_the_middle_keeps_the_old_file),
        t(a_folder_that_cannot_be_written_to_is_named),
        t(a_command_that_dies_leaves_the_old_file),
        t(a_cut_link_leaves_whole_files_and_no_temporary_folder),
        t(a_stop_leaves_the_old_files),
        t(what_was_proven_cannot_be_exchanged_before_it_is_in_place),
        t(with_roots_rights_bits_come_with_a_new_file),
        t(the_folder_that_was_made_is_the_one_that_is_used),
        t(a_stream_is_proven_and_put_into_place_as_one),
        t(thousands_of_files_arrive),
        t(a_stream_becomes_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
