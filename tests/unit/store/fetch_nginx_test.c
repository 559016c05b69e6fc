/*
 * Downloads from a real web server, over TLS. Skipped, with a sentence, where there is no nginx.
 */
#include "kit_fetch.h"
#include "sshserver.h"

#include "util/file.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define UP_MS 30000
#define SIZE  ((size_t)8 << 20)
#define LIMIT ((rlim_t)2 << 20)

extern char **environ;

struct server {
    char *dir, *file, *ca, *other_ca;
    uint8_t *noise;
    pid_t pid;
    unsigned port;
    int is_absent;
};

/* A cache of its own for each test, and a job for the server's file over TLS. */
struct trial {
    char *dir, *cache;
    char url[64], sha[65];
    struct x8_http_config http;
    struct x8_cancel cancel;
    struct x8_op op;
    struct x8_fetch job;
    struct x8_cached got;
    struct x8_error err;
    uint64_t first; /* how far the first progress is */
    char told[8192];
};

static int is_up(struct server *s)
{
    struct x8_http_config http = {.ca_file = s->ca};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_http_result result;
    X8_AUTO_BUF out = {0};
    char url[64];

    snprintf(url, sizeof url, "https://127.0.0.1:%u/nothing", s->port + 1);
    (void)!x8_http_load(&op, &http, url, 1 << 20, &out, &result, NULL);
    return result.status == 404;
}

static int start(struct server *s)
{
    char command[600], shell[] = "bash", option[] = "-c";
    char *const argv[] = {shell, option, command, NULL};
    int64_t limit = x8_deadline_in(UP_MS);
    int status = 0;

    s->port = test_free_ports(4);
    snprintf(command, sizeof command, "exec %s/web/serve '%s' %u", TEST_SOURCE_DIR, s->dir,
             s->port);
    assert_int_equal(posix_spawn(&s->pid, "/bin/bash", NULL, NULL, argv, environ), 0);
    while (!is_up(s)) {
        if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
            s->pid = 0;
            s->is_absent = WIFEXITED(status) && WEXITSTATUS(status) == 77;
            return 0;
        }
        assert_true(x8_deadline_left(limit, 1) > 0);
        x8_cancel_sleep(NULL, x8_deadline_in(20), X8_CANCEL_SOFT, NULL);
    }
    return 1;
}

static void serve(const struct server *s, const void *data, size_t len)
{
    assert_int_equal(x8_file_replace(s->file, data, len, 0644, NULL), 0);
}

static int begin_all(void **state)
{
    static struct server s;

    memset(&s, 0, sizeof s);
    *state = &s;
    s.dir = test_dir_new();
    s.ca = test_path(s.dir, "ca.pem");
    s.other_ca = test_path(s.dir, "other-ca.pem");
    s.file = test_path(s.dir, "www/file");
    s.noise = kit_noise(SIZE + 1, 1);
    return start(&s) || s.is_absent ? 0 : -1;
}

static int end_all(void **state)
{
    struct server *s = *state;

    if (s->pid > 0) {
        kill(s->pid, SIGTERM);
        waitpid(s->pid, NULL, 0);
    }
    free(s->ca);
    free(s->other_ca);
    free(s->file);
    free(s->noise);
    test_dir_free(s->dir);
    return 0;
}

static void hear(void *ctx, const struct x8_event *event)
{
    struct trial *t = ctx;
    size_t len = strlen(t->told);

    if (event->kind == X8_EV_PROGRESS && strcmp(event->stage, "download") == 0 && !t->first)
        t->first = event->done;
    if (event->kind != X8_EV_PROGRESS)
        snprintf(t->told + len, sizeof t->told - len, "%s: %s\n", event->stage ? event->stage : "",
                 event->text ? event->text : "");
}

static void begin(struct trial *t, struct server *s)
{
    if (s->is_absent) {
        print_message("nginx or openssl is not installed here\n");
        skip();
    }
    memset(t, 0, sizeof *t);
    serve(s, s->noise, SIZE);
    t->dir = test_dir_new();
    t->cache = test_path(t->dir, "cache");
    x8_cancel_init(&t->cancel);
    kit_sha(s->noise, SIZE, t->sha);
    snprintf(t->url, sizeof t->url, "https://127.0.0.1:%u/file", s->port + 1);
    t->http = (struct x8_http_config){.user_agent = "x8ctl/test", .ca_file = s->ca};
    t->op = (struct x8_op){
        .deadline = X8_NO_DEADLINE, .cancel = &t->cancel, .emit = hear, .emit_ctx = t};
    t->job = (struct x8_fetch){
        .folder = t->cache, .url = t->url, .sha256 = t->sha, .http = &t->http, .tries = 1};
}

static void end(struct trial *t)
{
    x8_cancel_done(&t->cancel);
    free(t->cache);
    test_dir_free(t->dir);
}

static int fetch(struct trial *t)
{
    t->told[0] = '\0';
    t->first = 0;
    memset(&t->err, 0, sizeof t->err);
    return x8_fetch(&t->op, &t->job, &t->got, &t->err);
}

static void comes(struct trial *t, const uint8_t *data, size_t len)
{
    size_t got_len = 0;
    char *got;

    if (fetch(t) < 0)
        fail_msg("%s: %s", t->err.msg, t->err.why);
    got = test_read(t->got.path, &got_len);
    assert_int_equal(got_len, len);
    assert_memory_equal(got, data, len);
    free(got);
}

/* Ended on its way, by a disk that is full: a part of LIMIT bytes. */
static void broken(struct trial *t)
{
    struct x8_cached *items = NULL;
    struct rlimit was, limit;
    int rc;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    limit = was;
    limit.rlim_cur = LIMIT;
    setrlimit(RLIMIT_FSIZE, &limit);
    rc = fetch(t);
    setrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(rc, -X8_E_HOST_SPACE);
    assert_int_equal(x8_cache_list(t->cache, &items, NULL), 1);
    assert_true(items[0].is_part);
    assert_int_equal(items[0].size, LIMIT);
    free(items);
}

static void a_broken_download_is_gone_on_with(void **state)
{
    struct server *s = *state;
    struct trial t;

    begin(&t, s);
    broken(&t);
    comes(&t, s->noise, SIZE);
    assert_non_null(strstr(t.told, "check: "));
    assert_null(strstr(t.told, "from the start"));
    assert_true(t.first > LIMIT);
    end(&t);
}

static void a_file_that_changed_meanwhile_comes_from_the_start(void **state)
{
    struct server *s = *state;
    struct trial t;

    begin(&t, s);
    broken(&t);
    serve(s, s->noise + 1, SIZE - 1);
    t.job.sha256 = NULL;
    comes(&t, s->noise + 1, SIZE - 1);
    end(&t);
}

static void one_that_became_shorter_does_too(void **state)
{
    struct server *s = *state;
    struct trial t;

    begin(&t, s);
    broken(&t);
    serve(s, "short", 6);
    t.job.sha256 = NULL;
    comes(&t, (const uint8_t *)"short", 6);
    end(&t);
}

static void a_name_that_moves_is_not_sent_again(void **state)
{
    struct server *s = *state;
    struct trial t;
    struct stat before, after;

    begin(&t, s);
    t.job.sha256 = NULL;
    t.job.moves = 1;
    comes(&t, s->noise, SIZE);
    assert_int_equal(stat(t.got.path, &before), 0);
    comes(&t, s->noise, SIZE);
    assert_null(strstr(t.told, "download: \n")); /* asked, not downloaded */
    assert_non_null(strstr(t.told, "check: "));
    assert_int_equal(stat(t.got.path, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    serve(s, "newer", 6);
    comes(&t, (const uint8_t *)"newer", 6);
    assert_non_null(strstr(t.told, "is another file now"));
    end(&t);
}

static void a_redirect_to_tls_is_followed(void **state)
{
    struct server *s = *state;
    struct trial t;

    begin(&t, s);
    snprintf(t.url, sizeof t.url, "http://127.0.0.1:%u/away", s->port);
    broken(&t);
    comes(&t, s->noise, SIZE);
    end(&t);
}

static void nothing_comes_from_whom_nobody_vouches_for(void **state)
{
    struct server *s = *state;
    struct trial t;
    struct x8_cached *items = NULL;

    begin(&t, s);
    t.http.ca_file = s->other_ca;
    assert_int_equal(fetch(&t), -X8_E_NETWORK);
    assert_int_equal(x8_cache_list(t.cache, &items, NULL), 0);
    free(items);
    end(&t);
}

static void what_is_not_there_leaves_nothing(void **state)
{
    struct server *s = *state;
    struct trial t;
    struct x8_cached *items = NULL;

    begin(&t, s);
    snprintf(t.url, sizeof t.url, "https://127.0.0.1:%u/no-file", s->port + 1);
    assert_int_equal(fetch(&t), -X8_E_NETWORK);
    assert_non_null(strstr(t.err.why, "404"));
    assert_int_equal(x8_cache_list(t.cache, &items, NULL), 0);
    free(items);
    end(&t);
}

static void a_reader_gets_it_all(void **state)
{
    struct server *s = *state;
    struct x8_reader *reader = NULL;
    X8_AUTO_BUF out = {0};
    struct trial t;

    begin(&t, s);
    assert_int_equal(x8_fetch_reader(&t.op, &t.job, &reader, &t.err), 0);
    assert_int_equal(x8_read_all(reader, SIZE, &out, &t.err), 0);
    x8_reader_close(&reader);
    assert_int_equal(out.len, SIZE);
    assert_memory_equal(out.data, s->noise, SIZE);
    end(&t);
}

static void a_catalogue_comes_once_until_it_changes(void **state)
{
    static const char text[] = "{\"format\":1,\"images\":[{\"image\":\"934\",\"file\":\"file\"}]}";
    struct server *s = *state;
    X8_AUTO_CATALOGUE catalogue = {0};
    struct x8_wanted wanted;
    struct trial t;

    begin(&t, s);
    serve(s, text, sizeof text - 1);
    for (int i = 0; i < 2; i++) {
        x8_catalogue_done(&catalogue);
        assert_int_equal(x8_catalogue_open(&t.op, t.cache, t.url, &t.http, 0, &catalogue, &t.err),
                         0);
    }
    assert_int_equal(x8_wanted_find(&t.op, &catalogue, "934", &wanted, &t.err), 0);
    assert_string_equal(wanted.url, t.url);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_download_is_gone_on_with),
        cmocka_unit_test(a_file_that_changed_meanwhile_comes_from_the_start),
        cmocka_unit_test(one_that_became_shorter_does_too),
        cmocka_unit_test(a_name_that_moves_is_not_sent_again),
        cmocka_unit_test(a_redirect_to_tls_is_followed),
        cmocka_unit_test(nothing_comes_from_whom_nobody_vouches_for),
        cmocka_unit_test(what_is_not_there_leaves_nothing),
        cmocka_unit_test(a_reader_gets_it_all),
        cmocka_unit_test(a_catalogue_comes_once_until_it_changes),
    };

    return cmocka_run_group_tests(tests, begin_all, end_all);
}
