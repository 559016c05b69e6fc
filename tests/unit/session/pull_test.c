/*
 * Pull from real bash and real tools, GNU's and busybox's.
 */
#include "kit_shell_bench.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A board that says another digest than its file has, of whatever bytes: each first digit becomes
 * another one. */
#define FALSE_DIGESTS "PATH=${PATH#*:}; sha256sum \"$@\" | sed 's/^0/1/; t; s/^./0/'"

/* Pull SOURCE of the board to host/TARGET. */
static int pull(struct bench *b, const char *source, const char *target)
{
    char *path = test_path(b->host, target);
    b->sources[0] = source;
    b->job.target = path;
    memset(&b->err, 0, sizeof(b->err));
    int rc = x8_pull(&b->shell.base, &b->op, &b->job, &b->out, &b->err);
    free(path);
    return rc;
}

static void a_file_comes_with_its_mode_and_time(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "printf 'some text' >home/a; chmod 4640 home/a; touch -d @1700000000 home/a"), 0);
    ok(b, pull(b, "a", "b"));
    assert_int_equal(sh(b, "cmp host/b home/a && [ $(stat -c %a.%Y host/b) = 640.1700000000 ]"), 0);
    assert_string_equal(b->out.sha256,
                        "b94f6f125c79e3a5ffaa826f584c10d52ada669e6762051b826b55776d05aed2");
    ok(b, pull(b, "a", ""));
    assert_int_equal(sh(b, "cmp host/a home/a"), 0);
    ok(b, pull(b, "a", "x/y/"));
    assert_int_equal(sh(b, "cmp host/x/y/a home/a"), 0);
    assert_int_equal(pull(b, "a", "n/m"), -X8_E_NO_FILE);
    assert_int_equal(pull(b, "nothing", "n"), -X8_E_NO_FILE);
    no_trace(b);
}

static void names_of_all_kinds_come_as_they_are(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir -p home/t/'a dir'/$'new\\nline'/-x/$'\\xff\\xfe' home/t/empty home/t/.hidden "
              "&& cd home/t &&"
              "echo 1 >\"it's \\\"quoted\\\"\" && echo 2 >$'new\\nline' && echo 3 >$'b\\\\ack' && "
              "echo 4 >-rf &&"
              "echo 5 >$'\\xc3\\x28\\xff' && echo 6 >$'tab\\there\\r' && : >zero && echo 7 >'$HOME "
              "`id` *' &&"
              "echo 8 >$(printf 'n%.0s' {1..255}) && echo 9 >'a "
              "dir'/$'new\\nline'/-x/$'\\xff\\xfe'/' ' &&"
              "d=$(printf 'long-folder-name-%.0s/' {1..60}) && mkdir -p $d && echo 10 >$d/deep &&"
              "ln -s /etc/passwd abs && ln -s ../../x up && ln -s $'odd\\n\\xfe' odd && ln -s zero "
              "'link to zero' &&"
              "ln zero twin && chmod 600 zero && mkdir locked && echo 11 >locked/f && chmod 500 "
              "locked"),
        0);
    ok(b, pull(b, "t", "t2"));
    assert_int_equal(sh(b, "diff -r --no-dereference host/t2 home/t"), 0);
    assert_int_equal(sh(b, "[ \"$(cd host/t2; find . -printf '%p %l %m\\n' | sort)\" = "
                           "\"$(cd home/t; find . -printf '%p %l %m\\n' | sort)\" ]"),
                     0);
    assert_int_equal(sh(b, "[ \"$(cd host/t2; find . -type f -printf '%p %Ts\\n' | sort)\" = "
                           "\"$(cd home/t; find . -type f -printf '%p %Ts\\n' | sort)\" ]"),
                     0);
    no_trace(b);
}

static void pulling_again_fetches_only_what_changed(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b,
           "mkdir -p home/t/d && cd home/t && for i in {1..20}; do echo $i >d/$i; done; echo x >y"),
        0);
    ok(b, pull(b, "t", "t"));
    assert_int_equal(b->out.changed, 21);
    ok(b, pull(b, "t", "t"));
    assert_int_equal(b->out.changed, 0);
    assert_int_equal(sh(b, "cd home/t && echo newer >d/7 && mkdir n && echo n >n/n && chmod 600 y; "
                           "touch -d @5 d/8; echo mine >../../host/t/mine"),
                     0);
    ok(b, pull(b, "t", "t"));
    assert_int_equal(b->out.changed, 3);
    assert_int_equal(sh(b, "[ -e host/t/mine ] && rm host/t/mine && diff -r host/t home/t && [ "
                           "$(stat -c %a host/t/y) = 600 ]"),
                     0);
    b->job.checksum = 1;
    assert_int_equal(sh(b, "echo Newer >home/t/d/7; touch -r host/t/d/7 home/t/d/7"), 0);
    ok(b, pull(b, "t/.", "t"));
    assert_int_equal(b->out.changed, 1);
    assert_int_equal(sh(b, "diff -r host/t home/t"), 0);
    no_trace(b);
}

static void a_dry_run_fetches_nothing(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir home/t; echo 1 >home/t/a"), 0);
    b->job.dry_run = 1;
    ok(b, pull(b, "t", "t"));
    assert_int_equal(b->out.changed, 1);
    assert_int_equal(sh(b, "! [ -e host/t ]"), 0);
}

static void a_large_file_comes_in_ranges(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir home/t && head -c 20000001 /dev/urandom >home/t/big && echo s >home/t/small;"
              "chmod 751 home/t/big; touch -d @1600000000 home/t/big; ln -s t/big home/link"),
        0);
    ok(b, pull(b, "t", "t"));
    assert_int_equal(
        sh(b, "diff -r host/t home/t && [ $(stat -c %a.%Y host/t/big) = 751.1600000000 ]"), 0);
    ok(b, pull(b, "link", ""));
    assert_int_equal(sh(b, "cmp host/link home/t/big && [ \"$(sha256sum <host/link)\" ]"), 0);
    assert_int_equal(strlen(b->out.sha256), 64);
    no_trace(b);
}

static void a_file_service_brings_a_large_file(void **state)
{
    struct bench *b = *state;
    kit_shell_service(&b->shell, 0);
    assert_int_equal(sh(b, "mkdir home/t && head -c 20000001 /dev/urandom >home/t/big; touch -d @5 "
                           "home/t/big; chmod 640 home/t/big; echo s >home/t/small"),
                     0);
    ok(b, pull(b, "t", "t"));
    assert_int_equal(b->shell.got, 1);
    assert_int_equal(sh(b, "diff -r host/t home/t && [ $(stat -c %a.%Y host/t/big) = 640.5 ]"), 0);
    assert_int_equal(b->out.sent_bytes, 20000003);
    kit_shell_stub(&b->shell, "openssl", "exit 1");
    kit_shell_stub(&b->shell, "sha256sum", FALSE_DIGESTS);
    assert_int_equal(pull(b, "t/big", "u"), -X8_E_VERIFY);
    assert_int_equal(sh(b, "! [ -e host/u ]"), 0);
    no_trace(b);
}

static void a_slow_file_service_gets_help_from_the_other_end(void **state)
{
    struct bench *b = *state;
    kit_shell_service(&b->shell, 5);
    assert_int_equal(sh(b, "head -c 100000001 /dev/urandom >home/big"), 0);
    ok(b, pull(b, "big", "big"));
    assert_int_equal(sh(b, "cmp home/big host/big"), 0);
    assert_non_null(strstr(b->shell.seen, "dd bs=65536 skip=1408 "));
    no_trace(b);
}

static void a_file_that_shrinks_meanwhile_comes_whole(void **state)
{
    struct bench *b = *state;
    kit_shell_service(&b->shell, 1);
    kit_shell_stub(&b->shell, "openssl", "exit 1");
    kit_shell_stub(&b->shell, "sha256sum",
                   "PATH=${PATH#*:}; [ -e short ] || { truncate -s 9000000 big; : >short; }\n"
                   "sha256sum \"$@\"");
    assert_int_equal(sh(b, "head -c 30000000 /dev/urandom >home/big"), 0);
    ok(b, pull(b, "big", "big"));
    assert_int_equal(sh(b, "cmp home/big host/big"), 0);
    no_trace(b);
}

static void files_of_the_kernel_come_as_they_read(void **state)
{
    struct bench *b = *state;
    ok(b, pull(b, "/proc/version", "v"));
    assert_int_equal(sh(b, "cmp host/v /proc/version"), 0);
    ok(b, pull(b, "/proc/sys/fs/inotify/", "limits")); /* 0 bytes each, says stat */
    assert_int_equal(sh(b, "diff -r host/limits /proc/sys/fs/inotify"), 0);
}

static void a_file_that_changes_all_the_time_is_not_taken(void **state)
{
    struct bench *b = *state;
    assert_int_equal(pull(b, "/proc/sys/kernel/random/uuid", "v"), -X8_E_VERIFY);
    assert_int_equal(sh(b, "! [ -e host/v ]"), 0);
    no_trace(b);
}

static void a_file_that_changed_meanwhile_is_fetched_again(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir home/t && for i in 1 2 3; do echo $i >home/t/$i; done"), 0);
    kit_shell_stub(&b->shell, "tar", "PATH=${PATH#*:}; tar \"$@\"; echo more >>2; rm -f 3; exit 1");
    assert_int_equal(pull(b, "t", "t"), -X8_E_NO_FILE); /* 3 is gone */
    assert_int_equal(sh(b, "! [ -e host/t ]"), 0);
    ok(b, pull(b, "t", "t"));
    assert_int_equal(sh(b, "diff -r host/t home/t"), 0);
    no_trace(b);
}

static void a_board_that_sends_something_else_is_found_out(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir home/t && echo 1 >home/t/a; echo old >host/f"), 0);
    kit_shell_stub(&b->shell, "cat", "PATH=${PATH#*:}; cat \"$@\" | tr 1 2");
    assert_int_equal(pull(b, "t/a", "f"), -X8_E_VERIFY);
    assert_int_equal(sh(b, "[ $(cat host/f) = old ]"), 0);
    no_trace(b);
}

static void a_file_that_never_ends_is_not_taken(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir home/t && echo 1 >home/t/a"), 0);
    kit_shell_stub(&b->shell, "tar", "head -c 10240 /dev/zero"); /* it came without the file */
    kit_shell_stub(&b->shell, "cat", "exec head -c 2000000000 /dev/zero");
    assert_int_equal(pull(b, "t", "t"), -X8_E_LINK);
    assert_non_null(strstr(b->err.msg, "a: "));
    assert_non_null(strstr(b->err.why, "2 bytes"));
    assert_string_not_equal(b->err.next, "");
    assert_int_equal(sh(b, "! [ -e host/t ]"), 0);
    no_trace(b);
}

static void an_archive_with_other_names_is_refused(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir home/t && echo 1 >home/t/a; echo 1 >home/t/b; echo evil >home/evil"), 0);
    kit_shell_stub(&b->shell, "tar", "PATH=${PATH#*:}; tar cPf - ../evil");
    assert_int_equal(pull(b, "t", "t"), -X8_E_LINK);
    assert_int_equal(sh(b, "[ -z \"$(find host -name evil)\" ] && ! [ -e host/t ]"), 0);
    no_trace(b);
}

static void a_list_that_leads_elsewhere_is_refused(void **state)
{
    struct bench *b = *state;
    assert_int_equal(sh(b, "mkdir home/t && echo 1 >home/t/a"), 0);
    kit_shell_stub(&b->shell, "stat", "echo '81a4 1 1 1 ./../../x//'");
    assert_int_equal(pull(b, "t", "t"), -X8_E_LINK);
    kit_shell_stub(&b->shell, "stat", "printf 'a1ff 1 1 1 ./l//\\n81a4 1 1 1 ./l/f//\\n'");
    assert_int_not_equal(pull(b, "t", "t"), 0);
    assert_int_equal(sh(b, "! [ -e host/t ]"), 0);
    no_trace(b);
}

static void what_may_not_be_read_is_said(void **state)
{
    struct bench *b = *state;
    if (geteuid() == 0)
        kit_shell_stub(&b->shell, "find", "echo \"find: './x': Permission denied\" >&2; exit 1");
    assert_int_equal(sh(b, "mkdir -p home/t/x && chmod 000 home/t/x"), 0);
    assert_int_equal(pull(b, "t", "t"), -X8_E_REFUSED);
    assert_non_null(strstr(b->err.next, "x8ctl pull --root t "));
    no_trace(b);
}

static void a_file_and_a_folder_of_one_name_are_refused(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        sh(b, "mkdir -p home/t/x host/t; echo 1 >home/f; echo 2 >host/t/x; mkdir host/f"), 0);
    assert_int_equal(pull(b, "t", "t"), -X8_E_USAGE);
    assert_int_equal(pull(b, "t", "t/x"), -X8_E_USAGE);
    assert_int_equal(sh(b, "mkdir host/f/f"), 0);
    assert_int_equal(pull(b, "f", "f"), -X8_E_USAGE);
    no_trace(b);
}

static void a_cut_link_leaves_what_was_there(void **state)
{
    struct bench *b = *state;
    static const int64_t cuts[] = {0, 1, 500, 5000, 100000, 2000000, 3000000, 3080000, 3083000};
    assert_int_equal(
        sh(b,
           "mkdir -p host/t home/t && cd home/t && for i in {1..30}; do head -c 100000 "
           "/dev/urandom >$i; done;"
           "for i in {1..5}; do echo old >../../host/t/$i; done; cp -r ../../host/t ../../before"),
        0);
    for (size_t i = 0; i < X8_COUNT(cuts); i++) {
        b->shell.cut_after = cuts[i];
        b->shell.is_gone = 0;
        int rc = pull(b, "t", "t");
        if (rc != 0) {
            assert_int_equal(rc, -X8_E_GONE);
            assert_int_equal(sh(b, "diff -r before host/t"), 0);
        }
        no_trace(b);
        sh(b, "rm -rf host/t && cp -r before host/t");
    }
}

/* 3,000 make several archives, and names of this length lists as long as those of 20,000 short
 * ones, which are tried with X8_LONG=1. */
static void thousands_of_files_come(void **state)
{
    struct bench *b = *state;
    unsigned folders = getenv("X8_LONG") ? 100 : 15;
    assert_int_equal(
        kit_host("mkdir '%s/t' && cd '%s/t' && for d in {1..%u}; do "
                 "mkdir \"d $d\"; for f in {1..200}; do echo \"$d $f\" >\"d $d/f$f \"" LONG_NAME
                 "; done; done",
                 b->home, b->home, folders),
        0);
    ok(b, pull(b, "t", "t"));
    assert_int_equal(b->out.files, folders * 200);
    assert_int_equal(b->out.folders, folders + 1);
    assert_int_equal(sh(b, "diff -r host/t home/t"), 0);
    no_trace(b);
}

struct keeper {
    struct x8_sink sink;
    struct x8_buf got;
    int finished;
};

static int keep(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    (void)err;
    return x8_buf_add(&X8_CONTAINER(sink, struct keeper, sink)->got, data, len);
}

static int finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)err;
    X8_CONTAINER(sink, struct keeper, sink)->finished = 1;
    return 0;
}

static void a_stream_is_finished_only_when_it_is_proven(void **state)
{
    static const struct x8_sink_ops ops = {keep, finish};
    struct bench *b = *state;
    struct keeper keeper = {.sink.ops = &ops};
    assert_int_equal(sh(b, "echo -n text >home/a"), 0);
    b->sources[0] = "a";
    b->job.target = "-";
    ok(b, x8_pull_stream(&b->shell.base, &b->op, &b->job, &keeper.sink, &b->out, &b->err));
    assert_string_equal(x8_buf_text(&keeper.got), "text");
    assert_true(keeper.finished);
    assert_int_equal(b->out.bytes, 4);
    keeper.finished = 0;
    kit_shell_stub(&b->shell, "cat", "PATH=${PATH#*:}; cat \"$@\" | tr t T");
    assert_int_equal(
        x8_pull_stream(&b->shell.base, &b->op, &b->job, &keeper.sink, &b->out, &b->err),
        -X8_E_VERIFY);
    assert_false(keeper.finished);
    x8_buf_done(&keeper.got);
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
        t(a_file_comes_with_its_mode_and_time),
        t(names_of_all_kinds_come_as_they_are),
        t(pulling_again_fetches_only_what_changed),
        t(a_dry_run_fetches_nothing),
        t(a_large_file_comes_in_ranges),
        t(a_file_service_brings_a_large_file),
        t(a_slow_file_service_gets_help_from_the_other_end),
        t(a_file_that_shrinks_meanwhile_comes_whole),
        t(files_of_the_kernel_come_as_they_read),
        t(a_file_that_changes_all_the_time_is_not_taken),
        t(a_file_that_changed_meanwhile_is_fetched_again),
        t(a_board_that_sends_something_else_is_found_out),
        t(a_file_that_never_ends_is_not_taken),
        t(an_archive_with_other_names_is_refused),
        t(a_list_that_leads_elsewhere_is_refused),
        t(what_may_not_be_read_is_said),
        t(a_file_and_a_folder_of_one_name_are_refused),
        t(a_cut_link_leaves_what_was_there),
        t(thousands_of_files_come),
        t(a_stream_is_finished_only_when_it_is_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
