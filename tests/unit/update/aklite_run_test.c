/*
 * A run of aklite-offline that nothing on this side can end, on a real bash: started once, found
 * again, followed, and told apart from what an earlier boot or another program left.
 */
#define _DEFAULT_SOURCE /* kill */

#include "kit_shell.h"

#include "update/aklite_parts.h"
#include "util/text.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct board {
    char *dir, *home, *stage;
    struct kit_shell shell;
    struct x8_op op;
    struct x8_error err;
    pthread_mutex_t lock;
    char waits[4096], details[8192];
};

static const struct x8_root root = {.way = X8_ROOT_IS_ROOT};

static void listen(void *ctx, const struct x8_event *event)
{
    struct board *b = ctx;
    char *to = event->kind == X8_EV_WAIT ? b->waits : b->details;
    size_t cap = event->kind == X8_EV_WAIT ? sizeof(b->waits) : sizeof(b->details);

    if (event->kind != X8_EV_WAIT && event->kind != X8_EV_DETAIL)
        return;
    pthread_mutex_lock(&b->lock);
    size_t len = strlen(to);
    snprintf(to + len, cap - len, "%s\n", event->text);
    pthread_mutex_unlock(&b->lock);
}

static int make(void **state, int with_busybox)
{
    struct board *b = calloc(1, sizeof(*b));

    b->dir = test_dir_new();
    b->home = test_path(b->dir, "home");
    b->stage = test_path(b->home, "x8ctl-update's stage");
    mkdir(b->home, 0755);
    mkdir(b->stage, 0700);
    kit_shell_init(&b->shell, b->home);
    if (with_busybox)
        kit_shell_busybox(&b->shell);
    kit_shell_stub(&b->shell, "systemd-run", "exit 1");
    pthread_mutex_init(&b->lock, NULL);
    b->op = kit_shell_op();
    b->op.emit = listen;
    b->op.emit_ctx = b;
    *state = b;
    return 0;
}

static int gnu(void **state)
{
    return make(state, 0);
}

static int busybox(void **state)
{
    return make(state, 1);
}

static int done(void **state)
{
    struct board *b = *state;

    kit_shell_done(&b->shell);
    test_dir_free(b->dir);
    free(b->home);
    free(b->stage);
    pthread_mutex_destroy(&b->lock);
    free(b);
    return 0;
}

static void aklite(struct board *b, const char *script)
{
    kit_shell_stub(&b->shell, "aklite-offline", script);
}

static int start(struct board *b, enum x8_aklite_verb verb)
{
    return x8_aklite_start(&b->shell.base, &b->op, &root, X8_AKLITE_C, verb, b->stage, 0, &b->err);
}

static void starts(struct board *b, enum x8_aklite_verb verb)
{
    if (start(b, verb) != 0)
        fail_msg("%s: %s", b->err.msg, b->err.why);
}

static void look(struct board *b, struct x8_aklite_run *run)
{
    if (x8_aklite_look(&b->shell.base, &b->op, &root, b->stage, run, &b->err) != 0)
        fail_msg("%s: %s", b->err.msg, b->err.why);
}

static int await(struct board *b, struct x8_aklite_run *run, int64_t ms)
{
    return x8_aklite_wait(&b->shell.base, &b->op, &root, b->stage, ms, run, &b->err);
}

static char *in_run(struct board *b, const char *file)
{
    char name[100];

    snprintf(name, sizeof(name), "run/1/%s", file);
    return test_path(b->stage, name);
}

static pid_t pid_in(struct board *b, const char *file)
{
    char *path = in_run(b, file), *text;

    assert_int_equal(
        kit_host("for i in {1..1500}; do [ ! -s \"%s\" ] || exit 0; sleep 0.02; done; exit 1",
                 path),
        0);
    text = test_read(path, NULL);
    pid_t pid = (pid_t)strtol(text, NULL, 10);

    assert_true(pid > 1);
    free(text);
    free(path);
    return pid;
}

/* Let the stub go on that waits for the file. */
static void let_go(struct board *b)
{
    free(test_file(b->home, "go", "", 0));
}
#define UNTIL_GO "while [ -d \"$HOME\" ] && [ ! -e \"$HOME/go\" ]; do sleep 0.05; done\n"

static void a_status_and_both_streams_are_collected(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "echo \"args: $*\"; echo \"LANG=$LANG LC_ALL=$LC_ALL\"; [ -t 1 ] && echo tty\n"
              "printf 'no line end' >&2; exit 100");
    starts(b, X8_AKLITE_INSTALL);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_true(run.exists);
    assert_false(run.is_running);
    assert_int_equal(run.status, 100);
    assert_int_equal(run.verb, X8_AKLITE_INSTALL);
    assert_true(strlen(run.boot_id) == 36);
    char want[1000];
    snprintf(want, sizeof(want), "args: install --log-level 2 --src-dir %s\nLANG=C LC_ALL=C\n",
             b->stage);
    assert_string_equal(x8_buf_text(&run.log), want);
    assert_string_equal(x8_buf_text(&run.errors), "no line end");
}

static void only_generation_c_knows_force(void **state)
{
    struct board *b = *state;

    aklite(b, "echo \"$*\"");
    for (int g = X8_AKLITE_A; g <= X8_AKLITE_C; g++) {
        X8_AUTO_AKLITE_RUN run = {0};
        assert_int_equal(x8_aklite_start(&b->shell.base, &b->op, &root, (enum x8_aklite)g,
                                         X8_AKLITE_INSTALL, b->stage, 1, &b->err),
                         0);
        assert_int_equal(await(b, &run, 60000), 0);
        assert_int_equal(strstr(x8_buf_text(&run.log), "--force") != NULL, g == X8_AKLITE_C);
    }
}

static void run_takes_no_folder(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "echo \"$*\"; exit 40");
    starts(b, X8_AKLITE_RUN);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.verb, X8_AKLITE_RUN);
    assert_int_equal(run.status, 40);
    assert_string_equal(x8_buf_text(&run.log), "run --log-level 2\n");
}

static void nothing_was_started(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    look(b, &run);
    assert_false(run.exists);
    assert_false(run.is_running);
    assert_int_equal(run.status, X8_STATUS_UNKNOWN);
    assert_int_equal(await(b, &run, 1000), 0);
    assert_false(run.exists);
}

static void a_second_one_is_not_started(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "echo x >>\"$HOME/count\"\n" UNTIL_GO);
    starts(b, X8_AKLITE_INSTALL);
    assert_int_equal(start(b, X8_AKLITE_INSTALL), -X8_E_BUSY);
    assert_non_null(strstr(b->err.next, "finish"));
    assert_int_equal(start(b, X8_AKLITE_RUN), -X8_E_BUSY);
    look(b, &run);
    assert_true(run.is_running);
    let_go(b);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.status, 0);
    char *path = test_path(b->home, "count"), *count = test_read(path, NULL);
    assert_string_equal(count, "x\n");
    free(count);
    free(path);
}

struct starter {
    struct board *board;
    int rc;
};

static void *start_one(void *ctx)
{
    struct starter *s = ctx;
    struct x8_error err;
    struct x8_op op = kit_shell_op();

    s->rc = x8_aklite_start(&s->board->shell.base, &op, &root, X8_AKLITE_C, X8_AKLITE_INSTALL,
                            s->board->stage, 0, &err);
    return NULL;
}

static void of_many_starters_one_starts(void **state)
{
    struct board *b = *state;
    struct starter starters[4];
    pthread_t threads[4];
    int well = 0;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "echo x >>\"$HOME/count\"\n" UNTIL_GO);
    for (size_t i = 0; i < 4; i++) {
        starters[i] = (struct starter){b, 1};
        pthread_create(&threads[i], NULL, start_one, &starters[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(starters[i].rc == 0 || starters[i].rc == -X8_E_BUSY);
        well += starters[i].rc == 0;
    }
    assert_int_equal(well, 1);
    let_go(b);
    assert_int_equal(await(b, &run, 60000), 0);
    char *path = test_path(b->home, "count"), *count = test_read(path, NULL);
    assert_string_equal(count, "x\n");
    free(count);
    free(path);
}

static void a_cut_link_does_not_end_it(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "echo begun\n" UNTIL_GO "echo more; exit 10");
    starts(b, X8_AKLITE_INSTALL);
    b->shell.cut_after = 115; /* within what the waiting says */
    assert_int_equal(await(b, &run, 60000), -X8_E_GONE);
    assert_non_null(strstr(b->err.why, "goes on"));
    assert_non_null(strstr(b->err.next, "finish"));
    b->shell.is_gone = 0; /* the cable is back */
    b->shell.cut_after = -1;
    look(b, &run);
    assert_true(run.is_running);
    let_go(b);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.status, 10);
    assert_string_equal(x8_buf_text(&run.log), "begun\nmore\n");
}

static void a_job_that_is_killed_leaves_no_status(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, UNTIL_GO);
    starts(b, X8_AKLITE_INSTALL);
    look(b, &run);
    assert_true(run.is_running);
    assert_true(pid_in(b, "child") > 0); /* the job has begun it */
    kill(pid_in(b, "pid"), SIGKILL);
    /* aklite-offline itself goes on, so a second one must not be begun. */
    look(b, &run);
    assert_true(run.is_running);
    assert_int_equal(start(b, X8_AKLITE_INSTALL), -X8_E_BUSY);
    let_go(b);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_false(run.is_running);
    assert_int_equal(run.status, X8_STATUS_UNKNOWN);
    starts(b, X8_AKLITE_INSTALL);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.status, 0);
}

static void aklite_that_is_killed_has_a_signals_status(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "kill -9 $$");
    starts(b, X8_AKLITE_INSTALL);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.status, 137);
}

/* As the files of a run look after the board lost its power: all of them name another boot. */
static void in_another_boot(struct board *b)
{
    assert_int_equal(kit_host("cd '%s/home/x8ctl-update'\\''s stage/run' && sed -i -E "
                              "'s/[0-9a-f]{8}-[0-9a-f-]{27}/11111111-2222-3333-4444-555555555555/' "
                              "1.claim 1/pid 1/child 1/boot_id",
                              b->dir),
                     0);
}

static void after_a_restart_it_is_over(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "echo x >>\"$HOME/count\"\n" UNTIL_GO);
    starts(b, X8_AKLITE_INSTALL);
    assert_true(pid_in(b, "child") > 0); /* all its files are there */
    in_another_boot(b);
    look(b, &run);
    assert_true(run.exists);
    assert_false(run.is_running);
    assert_int_equal(run.status, X8_STATUS_UNKNOWN);
    assert_string_equal(run.boot_id, "11111111-2222-3333-4444-555555555555");
    starts(b, X8_AKLITE_RUN);
    look(b, &run);
    assert_true(run.is_running);
    assert_int_equal(run.verb, X8_AKLITE_RUN);
    let_go(b);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.status, 0);
}

static void a_status_outlives_the_restart(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "exit 100");
    starts(b, X8_AKLITE_INSTALL);
    assert_int_equal(await(b, &run, 60000), 0);
    in_another_boot(b);
    look(b, &run);
    assert_int_equal(run.status, 100);
    assert_false(run.is_running);
}

static void a_number_that_another_process_got_is_not_taken_for_it(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, UNTIL_GO);
    starts(b, X8_AKLITE_INSTALL);
    pid_t child = pid_in(b, "child"); /* first: a job that is killed begins none */
    kill(pid_in(b, "pid"), SIGKILL);
    kill(child, SIGKILL);
    /* The number is this test's from now on, its start time is not. */
    assert_int_equal(kit_host("cd '%s/home/x8ctl-update'\\''s stage/run/1' && "
                              "sed -i -E 's/^[0-9]+/%d/' pid child",
                              b->dir, (int)getpid()),
                     0);
    look(b, &run);
    assert_false(run.is_running);
}

static void it_tells_what_it_waits_for(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "echo one; printf '10%%\\r20%%\\r'; printf 'fetching\\n'\n" UNTIL_GO "echo last");
    starts(b, X8_AKLITE_INSTALL);
    assert_int_equal(await(b, &run, 6000), -X8_E_TIMEOUT);
    assert_non_null(strstr(b->err.why, "goes on"));
    assert_non_null(strstr(b->err.why, "fetching"));
    assert_non_null(strstr(b->waits, "aklite-offline install runs for 0:0"));
    assert_non_null(strstr(b->waits, "fetching"));
    assert_non_null(strstr(b->details, "aklite-offline: one\n"));
    assert_non_null(strstr(b->details, "aklite-offline: 20%\n"));
    let_go(b);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_true(x8_ends(x8_buf_text(&run.log), "\nlast\n"));
}

static void its_end_is_seen_at_once(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};
    int64_t begun = x8_now_ms();

    aklite(b, "exit 0");
    starts(b, X8_AKLITE_INSTALL);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_true(x8_now_ms() - begun < 40000); /* far from every limit */
}

static void *stop_soon(void *ctx)
{
    struct board *b = ctx;
    struct x8_error err;

    (void)x8_cancel_sleep(NULL, x8_deadline_in(500), X8_CANCEL_SOFT, &err);
    x8_cancel_raise(b->op.cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    return NULL;
}

static void a_stop_ends_the_waiting_only(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};
    struct x8_cancel cancel;
    pthread_t thread;

    aklite(b, UNTIL_GO "exit 7");
    starts(b, X8_AKLITE_INSTALL);
    x8_cancel_init(&cancel);
    b->op.cancel = &cancel;
    pthread_create(&thread, NULL, stop_soon, b);
    assert_int_equal(await(b, &run, 60000), -X8_E_STOPPED);
    pthread_join(thread, NULL);
    assert_non_null(strstr(b->err.next, "finish"));
    b->op.cancel = NULL;
    x8_cancel_done(&cancel);
    let_go(b);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.status, 7);
}

static void of_a_long_log_the_end_is_kept(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    aklite(b, "head -c 1000000 /dev/zero | tr '\\0' 'a'; echo; echo THE END");
    starts(b, X8_AKLITE_INSTALL);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.log.len, 262144);
    assert_true(x8_ends(x8_buf_text(&run.log), "a\nTHE END\n"));
}

static void systemd_gets_it_where_it_works(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    kit_shell_stub(&b->shell, "systemd-run",
                   "echo \"$*\" >\"$HOME/unit\"; while [ \"$1\" != -- ]; do shift; done; shift\n"
                   "\"$@\" &");
    aklite(b, "exit 5");
    starts(b, X8_AKLITE_RUN);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.status, 5);
    char *path = test_path(b->home, "unit"), *unit = test_read(path, NULL);
    assert_non_null(strstr(unit, "--unit=x8ctl-update"));
    assert_non_null(strstr(unit, "--collect"));
    free(unit);
    free(path);
}

static void a_systemd_that_begins_and_then_fails_begins_one(void **state)
{
    struct board *b = *state;
    X8_AUTO_AKLITE_RUN run = {0};

    kit_shell_stub(&b->shell, "systemd-run",
                   "while [ \"$1\" != -- ]; do shift; done; shift; \"$@\" & exit 1");
    aklite(b, "echo x >>\"$HOME/count\"; exit 5");
    starts(b, X8_AKLITE_RUN);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_int_equal(run.status, 5);
    char *path = test_path(b->home, "count"), *count = test_read(path, NULL);
    assert_string_equal(count, "x\n");
    free(count);
    free(path);
}

static void one_that_x8ctl_did_not_start_is_seen(void **state)
{
    struct board *b = *state;
    char *stubs = test_path(b->dir, "stubs");

    aklite(b, "");
    assert_int_equal(
        kit_host("cp --remove-destination /bin/sleep '%s/aklite-offline' && "
                 "{ '%s/aklite-offline' 300 >/dev/null 2>&1 & p=$!; echo $p >'%s/pid'; "
                 "until [ /proc/$p/exe -ef '%s/aklite-offline' ]; do sleep 0.01; "
                 "done; }",
                 stubs, stubs, b->dir, stubs),
        0);
    assert_int_equal(start(b, X8_AKLITE_INSTALL), -X8_E_BUSY);
    assert_non_null(strstr(b->err.why, "did not start"));
    kit_host("kill $(cat '%s/pid')", b->dir);
    free(stubs);
}

static void a_folder_that_is_a_link_is_refused(void **state)
{
    struct board *b = *state;

    aklite(b, "echo x >\"$HOME/count\"");
    assert_int_equal(kit_host("mkdir '%s/elsewhere' && ln -s '%s/elsewhere' "
                              "'%s/home/x8ctl-update'\\''s stage/run'",
                              b->dir, b->dir, b->dir),
                     0);
    assert_int_equal(start(b, X8_AKLITE_INSTALL), -X8_E_REFUSED);
    char *count = test_path(b->home, "count");
    assert_int_not_equal(access(count, F_OK), 0);
    free(count);
}

static void a_board_without_the_tool_says_so(void **state)
{
    struct board *b = *state;

    assert_int_equal(start(b, X8_AKLITE_INSTALL), -X8_E_WRONG_STATE);
}

static void a_tool_that_was_brought_along_gets_its_libraries(void **state)
{
    struct board *b = *state;
    char *tool = test_file(b->home, "tool", "#!/bin/bash\necho \"$LD_LIBRARY_PATH $*\"\n", 39);
    const struct x8_aklite_tool brought = {X8_AKLITE_A, tool, "/opt/a b/lib"};
    X8_AUTO_AKLITE_RUN run = {0};

    chmod(tool, 0755);
    assert_int_equal(x8_aklite_start_tool(&b->shell.base, &b->op, &root, &brought, X8_AKLITE_RUN,
                                          b->stage, 0, &b->err),
                     0);
    assert_int_equal(await(b, &run, 60000), 0);
    assert_string_equal(x8_buf_text(&run.log), "/opt/a b/lib run --log-level 2\n");
    free(tool);
}

static void the_daemon_is_stopped_when_it_runs(void **state)
{
    struct board *b = *state;
    char *log = test_path(b->home, "calls");

    kit_shell_stub(
        &b->shell, "systemctl",
        "echo \"$*\" >>\"$HOME/calls\"; case $1 in is-active) cat \"$HOME/state\";; esac");
    free(test_file(b->home, "state", "inactive\n", 9));
    assert_int_equal(x8_update_daemon(&b->shell.base, &b->op, &root, 0, &b->err), 0);
    free(test_file(b->home, "state", "active\n", 7));
    assert_int_equal(x8_update_daemon(&b->shell.base, &b->op, &root, 0, &b->err), 0);
    free(test_file(b->home, "state", "inactive\n", 9));
    assert_int_equal(x8_update_daemon(&b->shell.base, &b->op, &root, 1, &b->err), 0);
    char *calls = test_read(log, NULL);
    test_same_text(calls, "is-active aktualizr-lite.service\n"
                          "is-active aktualizr-lite.service\nstop aktualizr-lite.service\n"
                          "is-active aktualizr-lite.service\ncat aktualizr-lite.service\n"
                          "start aktualizr-lite.service\n");
    free(calls);
    free(log);
}

static void a_unit_that_is_not_there_is_no_failure(void **state)
{
    struct board *b = *state;

    kit_shell_stub(&b->shell, "systemctl",
                   "case $1 in is-active) echo inactive; exit 3;; *) exit 1;; esac");
    assert_int_equal(x8_update_daemon(&b->shell.base, &b->op, &root, 0, &b->err), 0);
    assert_int_equal(x8_update_daemon(&b->shell.base, &b->op, &root, 1, &b->err), 0);
}

static void an_answer_that_was_cut_is_not_believed(void **state)
{
    static const char whole[] = "run 1\nboot B\nverb run\nstatus 0\nlog 3\nabc\nerr 0\n\nend .\n";
    (void)state;

    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        X8_AUTO_AKLITE_RUN run = {0};
        struct x8_error err;
        int rc = aklite_look_parse((struct x8_span){(const uint8_t *)whole, len}, &run, &err);

        if (len < sizeof(whole) - 3) /* "end " is what it takes */
            assert_int_equal(rc, -X8_E_LINK);
        assert_true(rc == 0 || run.status == X8_STATUS_UNKNOWN);
    }
}

#define BOTH(test)                                                                                 \
    {#test, test, gnu, done, NULL},                                                                \
    {                                                                                              \
#test ", busybox", test, busybox, done, NULL                                               \
    }
#define ONE(test) cmocka_unit_test_setup_teardown(test, gnu, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_status_and_both_streams_are_collected),
        ONE(only_generation_c_knows_force),
        ONE(run_takes_no_folder),
        BOTH(nothing_was_started),
        BOTH(a_second_one_is_not_started),
        ONE(of_many_starters_one_starts),
        BOTH(a_cut_link_does_not_end_it),
        BOTH(a_job_that_is_killed_leaves_no_status),
        ONE(aklite_that_is_killed_has_a_signals_status),
        ONE(after_a_restart_it_is_over),
        ONE(a_status_outlives_the_restart),
        ONE(a_number_that_another_process_got_is_not_taken_for_it),
        BOTH(it_tells_what_it_waits_for),
        ONE(its_end_is_seen_at_once),
        ONE(a_stop_ends_the_waiting_only),
        BOTH(of_a_long_log_the_end_is_kept),
        ONE(systemd_gets_it_where_it_works),
        ONE(a_systemd_that_begins_and_then_fails_begins_one),
        ONE(one_that_x8ctl_did_not_start_is_seen),
        ONE(a_folder_that_is_a_link_is_refused),
        ONE(a_board_without_the_tool_says_so),
        ONE(a_tool_that_was_brought_along_gets_its_libraries),
        ONE(the_daemon_is_stopped_when_it_runs),
        ONE(a_unit_that_is_not_there_is_no_failure),
        cmocka_unit_test(an_answer_that_was_cut_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
