/*
 * A real adb server, of its own port and home, between us and the double of the daemon. Left out
 * where the program adb is not installed.
 */
#include "sshserver.h"

#include "adb/server.h"
#include "adb/server_talk.h"
#include "adb/sync.h"
#include "adbd.h"
#include "net/tcp.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct x8_op op = {.deadline = X8_NO_DEADLINE};

struct fixture {
    char *home;
    pid_t server;
    uint16_t server_port, board_port;
    int listener, stop[2];
    struct ad *ad;
    pthread_t board;
    char serial[32];
};

static void *serve(void *ctx)
{
    struct fixture *f = ctx;

    ad_listen(f->ad, f->listener);
    return NULL;
}

/* 0 where there is no adb. */
static int start_server(struct fixture *f)
{
    char port[8], home[300];
    char name[] = "adb", option[] = "-P", how[] = "nodaemon", what[] = "server";
    char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    char *argv[] = {name, option, port, how, what, NULL};
    char *env[] = {home, path, NULL};
    posix_spawn_file_actions_t actions;
    int rc;

    f->server_port = test_free_port();
    snprintf(port, sizeof port, "%u", (unsigned)f->server_port);
    snprintf(home, sizeof home, "HOME=%s", f->home);
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    rc = posix_spawnp(&f->server, "adb", &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    return rc == 0;
}

static void await_server(const struct fixture *f)
{
    int64_t deadline = x8_deadline_in(60000);
    struct x8_error err;
    unsigned version = 0;

    while (x8_adb_server_version(&op, f->server_port, &version, &err) != 1) {
        assert_true(x8_deadline_left(deadline, 1) > 0);
        x8_cancel_sleep(NULL, x8_deadline_in(50), X8_CANCEL_HARD, NULL);
    }
    assert_true(version >= 31);
}

/* What nothing but a test asks of a server. */
static void connect_board(struct fixture *f)
{
    X8_AUTO_BUF text = {0};
    char request[64];
    struct x8_error err = {0};

    snprintf(f->serial, sizeof f->serial, "127.0.0.1:%u", (unsigned)f->board_port);
    snprintf(request, sizeof request, "host:connect:%s", f->serial);
    if (x8_server_query(&op, f->server_port, request, "", x8_deadline_in(60000), &text, &err) < 0)
        fail_msg("%s: %s", err.msg, err.why);
}

static int begin(struct fixture *f)
{
    struct x8_error err;
    char why[256];

    memset(f, 0, sizeof *f);
    f->home = test_dir_new();
    if (!start_server(f)) {
        test_dir_free(f->home);
        return 0;
    }
    assert_int_equal(x8_tcp_listen(NULL, 0, &f->listener, &f->board_port, &err), 0);
    assert_int_equal(pipe(f->stop), 0);
    f->ad = ad_new();
    assert_int_equal(ad_words(f->ad, "noise=0", why), 0);
    ad_stop_at(f->ad, f->stop[0]);
    pthread_create(&f->board, NULL, serve, f);
    await_server(f);
    connect_board(f);
    return 1;
}

static void stop_board(struct fixture *f)
{
    close(f->stop[1]);
    f->stop[1] = -1;
    pthread_join(f->board, NULL);
}

static void end(struct fixture *f)
{
    if (f->stop[1] >= 0)
        stop_board(f);
    close(f->stop[0]);
    close(f->listener);
    ad_free(f->ad);
    kill(f->server, SIGTERM);
    waitpid(f->server, NULL, 0);
    test_dir_free(f->home);
}

/* A device that was just connected may still be "offline" for a moment. */
static struct x8_adb *reach(const struct fixture *f)
{
    int64_t deadline = x8_deadline_in(60000);
    struct x8_error err = {0};
    struct x8_adb *adb = NULL;

    while (x8_adb_over_server(&op, f->server_port, f->serial, &adb, &err) < 0) {
        if (x8_deadline_left(deadline, 1) == 0)
            fail_msg("%s: %s", err.msg, err.why);
        x8_cancel_sleep(NULL, x8_deadline_in(50), X8_CANCEL_HARD, NULL);
    }
    return adb;
}

static void check_streams(struct x8_adb *adb)
{
    char service[4100] = "shell:stty raw; echo ", answer[4100];
    size_t max = x8_adb_service_max(adb), have = 0;
    struct x8_adb_stream *stream = NULL;
    struct x8_error err = {0};
    ssize_t n;

    memset(service + strlen(service), 'x', max - strlen(service));
    assert_int_equal(x8_adb_open(adb, &op, service, 5000, &stream, &err), 0);
    while ((n = x8_adb_read(stream, &op, answer + have, sizeof answer - have, 60000, &err)) > 0)
        have += (size_t)n;
    assert_int_equal(n, 0);
    assert_int_equal(have, max - strlen("shell:stty raw; echo ") + 1);
    x8_adb_stream_close(&stream);
    assert_int_equal(x8_adb_open(adb, &op, "nonsense:", 5000, &stream, &err), -X8_E_REFUSED);
    assert_int_equal(x8_adb_open(adb, &op, "tcp:1", 5000, &stream, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.why, "nothing answers"));
}

static void check_files(struct x8_adb *adb, const char *dir)
{
    char *path = test_path(dir, "file"), *missing = test_path(dir, "missing"), *got;
    struct x8_reader *reader = NULL;
    struct x8_adb_stat st;
    uint8_t *data = malloc(300000);
    struct x8_error err = {0};
    size_t len;

    for (size_t i = 0; i < 300000; i++)
        data[i] = (uint8_t)(i * 7 + i / 250);
    x8_mem_reader((struct x8_span){data, 300000}, &reader, &err);
    assert_int_equal(x8_adb_send_file(adb, &op, path, 0644, reader, &err), 300000);
    x8_reader_close(&reader);
    got = test_read(path, &len);
    assert_int_equal(len, 300000);
    assert_memory_equal(got, data, len);
    assert_int_equal(x8_adb_stat(adb, &op, path, &st, &err), 0);
    assert_int_equal(st.size, 300000);
    assert_int_equal(x8_adb_stat(adb, &op, missing, &st, &err), -X8_E_NO_FILE);
    free(got);
    free(data);
    free(missing);
    free(path);
}

static void a_real_server_leads_to_the_board(void **state)
{
    struct x8_adb *adb;
    struct x8_error err;
    struct fixture f;

    (void)state;
    if (!begin(&f)) {
        skip();
        return;
    }
    adb = reach(&f);
    check_streams(adb);
    check_files(adb, f.home);
    assert_int_equal(x8_adb_wait_gone(adb, &op, x8_deadline_in(100), &err), 0);
    stop_board(&f);
    assert_int_equal(x8_adb_wait_gone(adb, &op, x8_deadline_in(60000), &err), 1);
    x8_adb_close(&adb);
    end(&f);
}

static void a_real_server_does_not_know_others(void **state)
{
    struct x8_adb *adb = NULL;
    struct x8_error err;
    struct fixture f;

    (void)state;
    if (!begin(&f)) {
        skip();
        return;
    }
    assert_int_equal(x8_adb_over_server(&op, f.server_port, "0123456789ABCDEF", &adb, &err),
                     -X8_E_NO_BOARD);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_server_leads_to_the_board),
        cmocka_unit_test(a_real_server_does_not_know_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
