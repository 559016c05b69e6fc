/*
 * Files from a real web server, over TLS too. Skipped, with a sentence, where there is no nginx.
 */
#include "sshserver.h"
#include "testlib.h"

#include "net/http.h"
#include "util/file.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define UP_MS 30000
#define BIG   ((size_t)16 << 20)

extern char **environ;

static const struct x8_op quiet = {.deadline = X8_NO_DEADLINE};

struct server {
    char *dir, *ca, *other_ca, *file;
    pid_t pid;
    unsigned port;
    int is_absent;
};

static void path_of(const struct server *s, const char *name, char out[500])
{
    snprintf(out, 500, "%s/%s", s->dir, name);
}

/* Started, and all its ports answer: 1. Ended before: 0. */
static int is_up(struct server *s)
{
    struct x8_http_config config = {.ca_file = s->ca};
    struct x8_http_result result;
    struct x8_buf out = {0};
    char url[64];
    int rc;

    snprintf(url, sizeof url, "https://127.0.0.1:%u/file", s->port + 1);
    rc = x8_http_load(&quiet, &config, url, 1 << 20, &out, &result, NULL);
    x8_buf_done(&out);
    return rc == 0 || result.status == 404;
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

static void put(const struct server *s, const void *data, size_t len)
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
    if (start(&s))
        put(&s, "hello", 5);
    return s.pid > 0 || s.is_absent ? 0 : -1;
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
    test_dir_free(s->dir);
    return 0;
}

struct get {
    struct x8_http_config config;
    struct x8_http_result result;
    struct x8_error err;
    struct x8_buf out;
    char url[100];
};

/* `way`: 0 plain, 1 TLS, 2 with the certificate of another name, 3 with an old one. */
static void set_url(struct get *g, const struct server *s, unsigned way, const char *path)
{
    if (s->is_absent)
        skip();
    memset(g, 0, sizeof *g);
    g->config.ca_file = s->ca;
    snprintf(g->url, sizeof g->url, "http%s://127.0.0.1:%u/%s", way ? "s" : "", s->port + way,
             path);
}

static int load(struct get *g)
{
    x8_buf_done(&g->out);
    return x8_http_load(&quiet, &g->config, g->url, BIG * 2, &g->out, &g->result, &g->err);
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
}

static void files_come_with_and_without_tls(void **state)
{
    struct get g;

    for (unsigned way = 0; way < 2; way++) {
        set_url(&g, *state, way, "file");
        assert_int_equal(load(&g), 0);
        assert_string_equal(x8_buf_text(&g.out), "hello");
        assert_int_equal(g.result.total, 5);
        assert_int_equal(g.result.validator[0], '"');
        x8_buf_done(&g.out);
    }
}

struct rest {
    struct x8_sink sink;
    struct x8_buf bytes;
    size_t stop_at; /* 0: never */
};

static int push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct rest *r = (struct rest *)sink;

    if (r->stop_at && r->bytes.len >= r->stop_at)
        return x8_fail(err, X8_E_HOST_SPACE, "enough");
    return x8_buf_add(&r->bytes, data, len);
}

static int finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)sink;
    (void)err;
    return 0;
}

static void a_broken_download_is_gone_on_with(void **state)
{
    static const struct x8_sink_ops ops = {push, finish};
    struct rest r = {.sink = {&ops}, .stop_at = BIG / 3};
    struct x8_http_body body = {.sink = &r.sink};
    struct x8_http_get get = {0};
    uint8_t *want = malloc(BIG);
    char validator[160];
    struct get g;

    set_url(&g, *state, 1, "file");
    get.url = g.url;
    assert_non_null(want);
    for (size_t i = 0; i < BIG; i++)
        want[i] = (uint8_t)(i * 2654435761u >> 24);
    put(*state, want, BIG);
    assert_int_equal(x8_http_fetch(&quiet, &g.config, &get, &body, &g.result, &g.err),
                     -X8_E_HOST_SPACE);
    assert_int_equal(g.result.received, r.bytes.len);
    memcpy(validator, g.result.validator, sizeof validator);
    get.offset = r.bytes.len;
    get.validator = validator;
    r.stop_at = 0;
    assert_int_equal(x8_http_fetch(&quiet, &g.config, &get, &body, &g.result, &g.err), 0);
    assert_int_equal(g.result.status, 206);
    assert_int_equal(g.result.start, get.offset);
    assert_int_equal(r.bytes.len, BIG);
    assert_memory_equal(r.bytes.data, want, BIG);
    /* nothing is missing */
    get.offset = BIG;
    assert_int_equal(x8_http_fetch(&quiet, &g.config, &get, &body, &g.result, &g.err), 0);
    assert_int_equal(g.result.received, 0);
    assert_int_equal(g.result.total, BIG);
    /* the server's file is another one by now */
    put(*state, "hello", 5);
    r.bytes.len = 0;
    assert_int_equal(x8_http_fetch(&quiet, &g.config, &get, &body, &g.result, &g.err), 0);
    assert_int_equal(g.result.start, 0);
    assert_string_equal(x8_buf_text(&r.bytes), "hello");
    x8_buf_done(&r.bytes);
    free(want);
}

static void refused(struct get *g, const char *why, const char *next)
{
    assert_int_equal(load(g), -X8_E_NETWORK);
    contains(g->err.why, why);
    contains(g->err.next, next);
    assert_int_equal(g->out.len, 0);
}

static void a_certificate_that_nobody_vouches_for_is_refused(void **state)
{
    struct server *s = *state;
    struct get g;

    set_url(&g, s, 1, "file");
    g.config.ca_file = NULL;
    refused(&g, "issued by nobody this computer trusts", "--ca-file FILE");
    assert_false(g.result.is_retriable);
    g.config.ca_file = s->other_ca;
    g.config.ca_option = "--authority";
    refused(&g, "issued by nobody this computer trusts", "--authority FILE");
}

static void a_certificate_of_another_name_is_refused(void **state)
{
    struct get g;

    set_url(&g, *state, 2, "file");
    refused(&g, "is not accepted", "another network");
    contains(g.err.why, "127.0.0.1");
}

static void an_old_certificate_is_refused(void **state)
{
    struct get g;

    set_url(&g, *state, 3, "file");
    refused(&g, "has expired, by the clock of this computer", "check the clock");
}

static void a_missing_file_of_authorities_is_named(void **state)
{
    struct get g;
    char path[500];

    path_of(*state, "no-such.pem", path);
    set_url(&g, *state, 1, "file");
    g.config.ca_file = path;
    assert_int_equal(load(&g), -X8_E_NO_FILE);
    contains(g.err.msg, "no-such.pem");
}

static void a_redirect_may_lead_to_tls_and_not_away_from_it(void **state)
{
    struct get g;

    set_url(&g, *state, 0, "away");
    assert_int_equal(load(&g), 0);
    contains(g.result.url, "https://");
    x8_buf_done(&g.out);
    set_url(&g, *state, 1, "back");
    refused(&g, "which is not https", "final address");
}

static void other_answers_are_explained(void **state)
{
    struct get g;

    set_url(&g, *state, 0, "missing");
    refused(&g, "has no such file: it answers 404 Not Found", "moved");
    set_url(&g, *state, 1, "busy");
    refused(&g, "503", "try again in 3 s");
    assert_true(g.result.is_retriable);
    assert_int_equal(g.result.retry_after_ms, 3000);
}

static void the_wrong_port_for_tls_is_told(void **state)
{
    struct server *s = *state;
    struct get g;

    set_url(&g, s, 0, "file");
    snprintf(g.url, sizeof g.url, "https://127.0.0.1:%u/file", s->port);
    refused(&g, "no secure connection with 127.0.0.1", "network");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_with_and_without_tls),
        cmocka_unit_test(a_broken_download_is_gone_on_with),
        cmocka_unit_test(a_certificate_that_nobody_vouches_for_is_refused),
        cmocka_unit_test(a_certificate_of_another_name_is_refused),
        cmocka_unit_test(an_old_certificate_is_refused),
        cmocka_unit_test(a_missing_file_of_authorities_is_named),
        cmocka_unit_test(a_redirect_may_lead_to_tls_and_not_away_from_it),
        cmocka_unit_test(other_answers_are_explained),
        cmocka_unit_test(the_wrong_port_for_tls_is_told),
    };

    return cmocka_run_group_tests(tests, begin_all, end_all);
}
