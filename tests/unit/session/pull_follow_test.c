/*
 * A large file in stretches, with the digest behind them.
 */
#include "kit_shell_bench.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Without a file service, from 16 MiB for each of four channels on. */
#define FOLLOWED "head -c 70000001 /dev/urandom >home/big"

static void a_digest_follows_a_larger_file(void **state)
{
    struct bench *b = *state;
    char line[160];
    assert_int_equal(sh(b, FOLLOWED "; chmod 640 home/big; touch -d @1500000000 home/big"), 0);
    ok(b, pull(b, "big", "big"));
    assert_int_equal(sh(b, "cmp home/big host/big && [ $(stat -c %a.%Y host/big) = "
                           "640.1500000000 ]"),
                     0);
    snprintf(line, sizeof line, "[ $(sha256sum <home/big | head -c 64) = %.64s ]", b->out.sha256);
    assert_int_equal(sh(b, line), 0);
    assert_null(strstr(b->shell.seen, "cat ./")); /* at the first try */
    no_trace(b);
}

static void a_board_without_openssl_digests_as_well(void **state)
{
    struct bench *b = *state;
    kit_shell_stub(&b->shell, "openssl", "echo 'Error: no such thing' >&2; echo '?'; exit 1");
    assert_int_equal(sh(b, FOLLOWED), 0);
    ok(b, pull(b, "big", "big"));
    assert_int_equal(sh(b, "cmp home/big host/big"), 0);
    assert_null(strstr(b->shell.seen, "cat ./"));
    no_trace(b);
}

static void a_larger_file_that_shrinks_meanwhile_comes_whole(void **state)
{
    struct bench *b = *state;
    kit_shell_stub(&b->shell, "dd",
                   "PATH=${PATH#*:}; case $* in *skip=0*) truncate -s 9000000 big;; esac\n"
                   "dd \"$@\"");
    assert_int_equal(sh(b, FOLLOWED), 0);
    ok(b, pull(b, "big", "big"));
    assert_int_equal(sh(b, "cmp home/big host/big && [ $(stat -c %s host/big) = 9000000 ]"), 0);
    no_trace(b);
}

static void a_larger_file_that_comes_damaged_is_fetched_again(void **state)
{
    struct bench *b = *state;
    kit_shell_stub(&b->shell, "dd",
                   "PATH=${PATH#*:}; case $* in *skip=0*) dd \"$@\" | tr '\\000' x;; "
                   "*) exec dd \"$@\";; esac");
    assert_int_equal(sh(b, FOLLOWED "; echo old >host/big"), 0);
    ok(b, pull(b, "big", "big"));
    assert_int_equal(sh(b, "cmp home/big host/big"), 0);
    assert_non_null(strstr(b->shell.seen, "cat ./"));
    no_trace(b);
    kit_shell_stub(&b->shell, "cat", "PATH=${PATH#*:}; cat \"$@\" | tr '\\000' x");
    assert_int_equal(sh(b, "echo old >host/big"), 0);
    assert_int_equal(pull(b, "big", "big"), -X8_E_VERIFY);
    assert_int_equal(sh(b, "[ $(cat host/big) = old ]"), 0);
    no_trace(b);
}

static void a_cut_link_leaves_the_file_that_was_there(void **state)
{
    struct bench *b = *state;
    static const int64_t cuts[] = {3000, 100000, 40000000, 69999000};
    assert_int_equal(sh(b, FOLLOWED "; echo old >host/big"), 0);
    for (size_t i = 0; i < X8_COUNT(cuts); i++) {
        b->shell.cut_after = cuts[i];
        b->shell.is_gone = 0;
        assert_int_equal(pull(b, "big", "big"), -X8_E_GONE);
        assert_int_equal(sh(b, "[ $(cat host/big) = old ]"), 0);
        no_trace(b);
    }
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
        t(a_digest_follows_a_larger_file),
        t(a_board_without_openssl_digests_as_well),
        t(a_larger_file_that_shrinks_meanwhile_comes_whole),
        t(a_larger_file_that_comes_damaged_is_fetched_again),
        t(a_cut_link_leaves_the_file_that_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
