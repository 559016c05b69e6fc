/*
 * Downloads by several processes, and by ones that are killed. This program is also such a process:
 * with the words of worker_main() it downloads one file.
 */
#include "kit_fetch.h"

#include "util/lock.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE  ((size_t)300000)
#define KILLS 30

extern char **environ;

/* WORKER URL FOLDER SHA256: the status is that of the download. */
static int worker_main(char **argv)
{
    struct x8_http_config http = {.user_agent = "x8ctl/test"};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_fetch job = {.folder = argv[3], .url = argv[2], .sha256 = argv[4], .http = &http};
    struct x8_cached out;
    struct x8_error err = {0};
    int rc = x8_fetch(&op, &job, &out, &err);

    if (rc < 0)
        fprintf(stderr, "%s: %s\n", err.msg, err.why);
    return rc < 0 ? -rc : 0;
}

static pid_t worker(const struct kit *kit)
{
    char self[] = "/proc/self/exe", word[] = "worker";
    char url[200], folder[600], sha[65];
    char *argv[] = {self, word, url, folder, sha, NULL};
    pid_t pid = 0;

    snprintf(url, sizeof url, "%s", kit->url);
    snprintf(folder, sizeof folder, "%s", kit->cache);
    snprintf(sha, sizeof sha, "%s", kit->job.sha256 ? kit->job.sha256 : "");
    assert_int_equal(posix_spawn(&pid, self, NULL, NULL, argv, environ), 0);
    return pid;
}

static int status_of(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void processes_share_one_download(void **state)
{
    uint8_t *noise = kit_noise(SIZE, 1);
    struct kit k;
    pid_t pids[3];

    (void)state;
    for (int known = 0; known < 2; known++) {
        kit_begin(&k, noise, SIZE);
        k.file.pace_ms = 20;
        if (!known)
            k.job.sha256 = NULL;
        kit_meet(&k);
        for (int i = 0; i < 3; i++)
            pids[i] = worker(&k);
        for (int i = 0; i < 3; i++)
            assert_int_equal(status_of(pids[i]), 0);
        assert_int_equal(k.bodies, 1);
        assert_int_equal(kit_count(&k, ""), 1);
        kit_comes(&k, noise, SIZE);
        assert_int_equal(k.bodies, 1);
        kit_end(&k);
    }
    free(noise);
}

static void *fetch_too(void *ctx)
{
    struct kit *kit = ctx;
    struct x8_cached got;

    return x8_fetch(&kit->op, &kit->job, &got, NULL) == 0 ? kit : NULL;
}

static void threads_share_one_too(void **state)
{
    uint8_t *noise = kit_noise(SIZE, 1);
    struct kit k;
    pthread_t threads[3];

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.pace_ms = 20;
    k.job.sha256 = NULL;
    kit_meet(&k);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_too, &k), 0);
    for (int i = 0; i < 3; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    assert_int_equal(k.bodies, 1);
    assert_non_null(strstr(k.told, "wait -: 934 is downloaded by another x8ctl already (process "));
    kit_end(&k);
    free(noise);
}

/* Another has the lock, as long as the test wants. */
static int hold(const struct kit *kit)
{
    char *path = kit_part_path(kit, ".lock"), *above = test_path(kit->dir, "a");
    int fd = -1;
    (void)!mkdir(above, 0700);
    assert_int_equal(x8_lock_take(path, &fd, NULL), 0);
    assert_true(fd >= 0);
    free(above);
    free(path);
    return fd;
}

static void *stop_soon(void *ctx)
{
    x8_cancel_sleep(NULL, x8_deadline_in(100), X8_CANCEL_SOFT, NULL);
    x8_cancel_raise(ctx, X8_CANCEL_SOFT, X8_E_STOPPED);
    return NULL;
}

static void waiting_for_another_can_be_stopped_and_has_a_limit(void **state)
{
    struct kit k;
    pthread_t thread;

    (void)state;
    kit_begin(&k, "hello", 5);
    int fd = hold(&k);
    k.op.deadline = x8_deadline_in(100);
    kit_fails(&k, X8_E_TIMEOUT, "another x8ctl downloads it");
    k.op.deadline = X8_NO_DEADLINE;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &k.cancel), 0);
    assert_int_equal(kit_fetch(&k), -X8_E_STOPPED);
    pthread_join(thread, NULL);
    assert_int_equal(k.web.count, 0);
    close(fd);
    kit_end(&k);
}

/* No complete file is there but the right one. */
static void cache_is_clean(struct kit *k)
{
    struct x8_cached *items = NULL, found;
    int count = x8_cache_list(k->cache, &items, NULL);

    for (int i = 0; i < count; i++)
        assert_true(items[i].is_part || strcmp(items[i].sha256, k->sha) == 0);
    free(items);
    assert_int_equal(kit_count(k, "bad-"), 0);
    if (kit_count(k, "")) {
        k->op.emit = NULL;
        assert_int_equal(x8_cache_find(&k->op, k->cache, k->sha, 1, &found, NULL), 1);
    }
}

/* The moment of the kill: often soon after its start, sometimes when it has got something, which
 * takes longer on a busy computer. */
static void await_moment(struct kit *k, int i, long before, int64_t ms)
{
    int64_t limit = x8_deadline_in(60000);

    x8_cancel_sleep(NULL, x8_deadline_in(ms), X8_CANCEL_SOFT, NULL);
    while (i % 4 == 0 && kit_part(k) <= before && !kit_count(k, "") &&
           x8_deadline_left(limit, 1) > 0)
        x8_cancel_sleep(NULL, x8_deadline_in(1), X8_CANCEL_SOFT, NULL);
}

static void a_kill_at_any_moment_leaves_what_can_go_on(void **state)
{
    uint8_t *noise = kit_noise(SIZE, 1);
    unsigned grown = 0, completed = 0, seed = 7;
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.job.sha256 = NULL; /* so that a damaged part would not be found out */
    k.file.pace_ms = 4;
    kit_meet(&k);
    for (int i = 0; i < KILLS; i++) {
        long before = kit_part(&k);
        pid_t pid = worker(&k);

        seed = seed * 1103515245u + 12345u;
        await_moment(&k, i, before, (int64_t)(seed >> 16) % 90);
        kill(pid, SIGKILL);
        status_of(pid);
        cache_is_clean(&k);
        assert_true(kit_count(&k, "") || before < 0 || kit_part(&k) >= before);
        grown += kit_part(&k) > before;
        if (kit_count(&k, "")) { /* it was quick enough: begin anew */
            completed++;
            char *all = test_path(k.cache, k.sha);
            assert_int_equal(unlink(all), 0);
            free(all);
        }
    }
    k.op.emit = NULL;
    kit_comes(&k, noise, SIZE);
    print_message("parts that grew: %u, complete: %u of %d\n", grown, completed, KILLS);
    assert_true(grown > 0);
    kit_end(&k);
    free(noise);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_share_one_download),
        cmocka_unit_test(threads_share_one_too),
        cmocka_unit_test(waiting_for_another_can_be_stopped_and_has_a_limit),
        cmocka_unit_test(a_kill_at_any_moment_leaves_what_can_go_on),
    };

    if (argc == 5 && strcmp(argv[1], "worker") == 0)
        return worker_main(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
