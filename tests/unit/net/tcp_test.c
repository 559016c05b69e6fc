/*
 * Sockets of this computer.
 */
#include "sshserver.h"

#include "net/holder.h"
#include "net/tcp.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct x8_op op = {.deadline = X8_NO_DEADLINE};

struct pair {
    int listener, client, server;
    uint16_t port;
};

static void pair_up(struct pair *pair, const char *host)
{
    struct x8_error err = {0};

    if (x8_tcp_listen(host, 0, &pair->listener, &pair->port, &err) < 0)
        fail_msg("%s: %s", err.msg, err.why);
    if (x8_tcp_connect(&op, host ? host : "localhost", pair->port, x8_deadline_in(60000),
                       &pair->client, &err) < 0)
        fail_msg("%s: %s", err.msg, err.why);
    assert_int_equal(x8_tcp_accept(&op, pair->listener, x8_deadline_in(60000), &pair->server, &err),
                     0);
}

static void pair_done(struct pair *pair)
{
    close(pair->listener);
    close(pair->client);
    close(pair->server);
}

static void bytes_go_both_ways(void **state)
{
    static const char *const hosts[] = {NULL, "127.0.0.1"};
    struct x8_error err;
    struct pair pair;
    char text[8];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(hosts); i++) {
        struct x8_error untouched = {0};
        int fd;

        pair_up(&pair, hosts[i]);
        assert_int_equal(
            x8_tcp_connect(&op, "localhost", pair.port, x8_deadline_in(60000), &fd, &untouched), 0);
        assert_string_equal(untouched.msg, ""); /* also where the first address of a name refused */
        close(fd);
        assert_int_equal(x8_sock_send(&op, pair.client, "hello", 5, 60000, &err), 0);
        assert_int_equal(x8_sock_recv_full(&op, pair.server, text, 5, 60000, &err), 0);
        assert_memory_equal(text, "hello", 5);
        assert_int_equal(x8_sock_send(&op, pair.server, "x", 1, -1, &err), 0);
        assert_int_equal(x8_sock_recv(&op, pair.client, text, sizeof text, -1, &err), 1);
        pair_done(&pair);
    }
}

static void a_closed_peer_is_the_end_and_then_gone(void **state)
{
    struct x8_error err;
    struct pair pair;
    char byte;
    int rc = 0;

    (void)state;
    pair_up(&pair, NULL);
    close(pair.server);
    pair.server = -1;
    assert_int_equal(x8_sock_recv(&op, pair.client, &byte, 1, 60000, &err), 0);
    assert_int_equal(x8_sock_recv_full(&op, pair.client, &byte, 1, 60000, &err), -X8_E_GONE);
    for (int i = 0; i < 100 && rc == 0; i++)
        rc = x8_sock_send(&op, pair.client, "x", 1, 60000, &err);
    assert_int_equal(rc, -X8_E_GONE);
    close(pair.listener);
    close(pair.client);
}

static void waits_end_in_time(void **state)
{
    static char block[1 << 20];
    struct x8_op late = {.deadline = x8_deadline_in(200)};
    int64_t begin = x8_now_ms();
    struct x8_error err;
    struct pair pair;
    char byte;
    int rc = 0, fd;

    (void)state;
    pair_up(&pair, NULL);
    assert_int_equal(x8_sock_recv(&op, pair.client, &byte, 1, 0, &err), -X8_E_TIMEOUT);
    assert_int_equal(x8_sock_recv(&op, pair.client, &byte, 1, 100, &err), -X8_E_TIMEOUT);
    assert_int_equal(x8_sock_recv(&late, pair.client, &byte, 1, -1, &err), -X8_E_TIMEOUT);
    for (int i = 0; i < 100 && rc == 0; i++)
        rc = x8_sock_send(&op, pair.client, block, sizeof block, 100, &err);
    assert_int_equal(rc, -X8_E_TIMEOUT);
    assert_int_equal(x8_tcp_accept(&op, pair.listener, x8_deadline_in(50), &fd, &err),
                     -X8_E_TIMEOUT);
    assert_in_range(x8_now_ms() - begin, 300, 60000);
    pair_done(&pair);
}

struct stopper {
    struct x8_cancel *cancel;
    enum x8_cancel_level level;
};

static void *stop_soon(void *ctx)
{
    struct stopper *stopper = ctx;

    x8_cancel_sleep(NULL, x8_deadline_in(100), X8_CANCEL_HARD, NULL);
    x8_cancel_raise(stopper->cancel, stopper->level, X8_E_STOPPED);
    return NULL;
}

static int stopped_recv(const struct x8_op *own, struct pair *pair)
{
    char byte;

    return (int)x8_sock_recv(own, pair->client, &byte, 1, -1, NULL);
}

static int stopped_send(const struct x8_op *own, struct pair *pair)
{
    static char block[1 << 20];
    int rc = 0;

    while (rc == 0)
        rc = x8_sock_send(own, pair->client, block, sizeof block, -1, NULL);
    return rc;
}

static int stopped_accept(const struct x8_op *own, struct pair *pair)
{
    int fd;

    return x8_tcp_accept(own, pair->listener, X8_NO_DEADLINE, &fd, NULL);
}

static void a_stop_ends_every_wait(void **state)
{
    static const struct {
        int (*wait)(const struct x8_op *own, struct pair *pair);
        enum x8_cancel_level level;
    } rows[] = {{stopped_recv, X8_CANCEL_HARD},
                {stopped_send, X8_CANCEL_HARD},
                {stopped_accept, X8_CANCEL_SOFT},
                {stopped_accept, X8_CANCEL_HARD}};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_cancel cancel;
        struct x8_op own = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
        struct stopper stopper = {&cancel, rows[i].level};
        struct pair pair;
        pthread_t thread;

        x8_cancel_init(&cancel);
        pair_up(&pair, NULL);
        pthread_create(&thread, NULL, stop_soon, &stopper);
        assert_int_equal(rows[i].wait(&own, &pair), -X8_E_STOPPED);
        assert_int_equal(rows[i].wait(&own, &pair), -X8_E_STOPPED);
        pthread_join(thread, NULL);
        pair_done(&pair);
        x8_cancel_done(&cancel);
    }
}

static void a_stop_leaves_the_listening_socket_alone(void **state)
{
    struct x8_cancel cancel;
    struct x8_op own = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    struct x8_error err;
    struct pair pair;
    int client, server;

    (void)state;
    x8_cancel_init(&cancel);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    pair_up(&pair, NULL);
    assert_int_equal(stopped_accept(&own, &pair), -X8_E_STOPPED);
    assert_int_equal(
        x8_tcp_connect(&op, "127.0.0.1", pair.port, x8_deadline_in(60000), &client, &err), 0);
    assert_int_equal(x8_tcp_accept(&op, pair.listener, x8_deadline_in(60000), &server, &err), 0);
    close(client);
    close(server);
    pair_done(&pair);
    x8_cancel_done(&cancel);
}

/* --- connecting --- */

static void nobody_there_is_no_board(void **state)
{
    struct x8_error err;
    uint16_t port;
    int fd;

    (void)state;
    port = test_free_port();
    assert_int_equal(x8_tcp_connect(&op, "127.0.0.1", port, x8_deadline_in(60000), &fd, &err),
                     -X8_E_NO_BOARD);
    assert_int_equal(err.sys, ECONNREFUSED);
}

static void a_name_that_is_none_is_no_board(void **state)
{
    struct x8_error err;
    int fd, rc;

    (void)state;
    rc = x8_tcp_connect(&op, "no-such-name.invalid", 5555, x8_deadline_in(60000), &fd, &err);
    assert_true(rc == -(int)X8_E_NO_BOARD || rc == -(int)X8_E_TIMEOUT);
    assert_non_null(strstr(err.msg, "no-such-name.invalid"));
    assert_string_not_equal(err.next, "");
}

/* A look-up with no time left ends by itself later; nothing of it may be touched then. */
static void a_look_up_that_takes_too_long_is_left_behind(void **state)
{
    struct x8_error err;
    int fd;

    (void)state;
    for (int i = 0; i < 20; i++) {
        int rc = x8_tcp_connect(&op, "no-such-name.invalid", 5555, x8_deadline_in(0), &fd, &err);

        assert_true(rc == -(int)X8_E_TIMEOUT || rc == -(int)X8_E_NO_BOARD);
    }
}

/* A queue of connections that nobody takes: the kernel lets the next ones wait. */
static void a_host_that_does_not_answer_is_late(void **state)
{
    int fds[16], listener, count = 0, rc = 0;
    int64_t begin;
    struct x8_error err;
    uint16_t port;

    (void)state;
    assert_int_equal(x8_tcp_listen(NULL, 0, &listener, &port, &err), 0);
    assert_int_equal(listen(listener, 0), 0);
    do {
        begin = x8_now_ms();
        rc = x8_tcp_connect(&op, "127.0.0.1", port, x8_deadline_in(200), &fds[count], &err);
    } while (rc == 0 && ++count < 16);
    assert_int_equal(rc, -X8_E_TIMEOUT);
    assert_in_range(x8_now_ms() - begin, 190, 60000);
    while (count > 0)
        close(fds[--count]);
    close(listener);
}

static void a_stop_ends_a_connection_that_is_being_made(void **state)
{
    struct x8_cancel cancel;
    struct x8_op own = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    struct stopper stopper = {&cancel, X8_CANCEL_HARD};
    int fds[16], listener, count = 0, rc = 0;
    struct x8_error err;
    pthread_t thread;
    uint16_t port;

    (void)state;
    x8_cancel_init(&cancel);
    assert_int_equal(x8_tcp_listen(NULL, 0, &listener, &port, &err), 0);
    assert_int_equal(listen(listener, 0), 0);
    pthread_create(&thread, NULL, stop_soon, &stopper);
    do {
        rc = x8_tcp_connect(&own, "127.0.0.1", port, X8_NO_DEADLINE, &fds[count], &err);
    } while (rc == 0 && ++count < 16);
    assert_int_equal(rc, -X8_E_STOPPED);
    pthread_join(thread, NULL);
    while (count > 0)
        close(fds[--count]);
    close(listener);
    x8_cancel_done(&cancel);
}

/* --- listening --- */

static void a_port_that_is_taken_names_its_holder(void **state)
{
    struct x8_error err;
    struct pair pair;
    uint16_t port;
    char self[32];
    int fd;

    (void)state;
    pair_up(&pair, NULL);
    assert_int_equal(x8_tcp_listen(NULL, pair.port, &fd, &port, &err), -X8_E_BUSY);
    snprintf(self, sizeof self, "(%ld)", (long)getpid());
    assert_non_null(strstr(err.why, self));
    pair_done(&pair);
}

static void an_address_that_is_none_is_refused(void **state)
{
    struct x8_error err;
    uint16_t port;
    int fd;

    (void)state;
    assert_int_equal(x8_tcp_listen("no-such-name.invalid", 0, &fd, &port, &err), -X8_E_USAGE);
    assert_int_equal(x8_tcp_listen("192.0.2.1", 0, &fd, &port, &err), -X8_E_USAGE);
}

static void the_kernels_table_is_read(void **state)
{
    static const char line[] = "   0: 0100007F:13AD 00000000:0000 0A 00000000:00000000 "
                               "00:00000000 00000000  1000        0 34567 1 0000000000000000\n";

    (void)state;
    assert_int_equal(x8_listener_inode(line, 5037), 34567);
    assert_int_equal(x8_listener_inode(line, 5038), 0);
    assert_int_equal(x8_listener_inode("   0: 0100007F:13AD 00000000:0000 01 0 0 0 0 0 1", 5037),
                     0);
    assert_int_equal(x8_listener_inode("", 5037), 0);
    assert_int_equal(x8_listener_inode("a b c d", 0), 0);
}

/* --- addresses --- */

static void addresses_are_split_as_people_write_them(void **state)
{
    static const struct {
        const char *text, *host;
        int port; /* 0: refused */
    } rows[] = {
        {"10.0.0.5", "10.0.0.5", 5555},
        {"10.0.0.5:7000", "10.0.0.5", 7000},
        {"board.local", "board.local", 5555},
        {"[fe80::1%eth0]:22", "fe80::1%eth0", 22},
        {"[::1]", "::1", 5555},
        {"::1", "::1", 5555},
        {"fe80::1%eth0", "fe80::1%eth0", 5555},
        {"host:65535", "host", 65535},
        {"", NULL, 0},
        {":5555", NULL, 0},
        {"host:", NULL, 0},
        {"host:0", NULL, 0},
        {"host:65536", NULL, 0},
        {"host:-1", NULL, 0},
        {"host: 1", NULL, 0},
        {"host:+1", NULL, 0},
        {"[::1", NULL, 0},
        {"[::1]x", NULL, 0},
        {"[]:1", NULL, 0},
        {"a b", NULL, 0},
        {"a/b", NULL, 0},
        {"host\n", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        char host[64] = "";
        struct x8_error err;
        uint16_t port = 0;
        int rc = x8_host_port(rows[i].text, 5555, host, sizeof host, &port, &err);

        assert_int_equal(rc, rows[i].port ? 0 : -(int)X8_E_USAGE);
        if (rc == 0) {
            assert_string_equal(host, rows[i].host);
            assert_int_equal(port, rows[i].port);
        }
    }
}

static void a_host_that_is_too_long_is_refused(void **state)
{
    char host[8] = "old", text[] = "12345678";
    uint16_t port = 1;

    (void)state;
    assert_int_equal(x8_host_port(text, 1, host, sizeof host, &port, NULL), -X8_E_USAGE);
    assert_string_equal(host, "old");
    text[7] = '\0';
    assert_int_equal(x8_host_port(text, 1, host, sizeof host, &port, NULL), 0);
}

/* --- the link --- */

static void *wake_soon(void *ctx)
{
    x8_cancel_sleep(NULL, x8_deadline_in(100), X8_CANCEL_HARD, NULL);
    x8_transport_wake(ctx);
    return NULL;
}

static void a_link_that_is_woken_is_gone_from_then_on(void **state)
{
    struct x8_transport *link = NULL;
    struct x8_error err;
    struct pair pair;
    pthread_t thread;
    char byte;

    (void)state;
    pair_up(&pair, NULL);
    assert_int_equal(x8_tcp_transport(dup(pair.client), &link, &err), 0);
    pthread_create(&thread, NULL, wake_soon, link);
    assert_int_equal(x8_recv(link, &op, &byte, 1, -1, &err), -X8_E_GONE);
    pthread_join(thread, NULL);
    assert_int_equal(x8_recv(link, &op, &byte, 1, -1, &err), -X8_E_GONE);
    assert_int_equal(x8_send(link, &op, "x", 1, -1, &err), -X8_E_GONE);
    x8_transport_close(&link);
    assert_null(link);
    pair_done(&pair);
}

static void a_link_counts_and_ends_with_its_peer(void **state)
{
    struct x8_transport *link = NULL;
    struct x8_error err;
    struct pair pair;
    char bytes[8];

    (void)state;
    pair_up(&pair, NULL);
    assert_int_equal(x8_tcp_transport(dup(pair.client), &link, &err), 0);
    assert_int_equal(x8_send(link, &op, "abc", 3, 60000, &err), 0);
    assert_int_equal(x8_sock_recv_full(&op, pair.server, bytes, 3, 60000, &err), 0);
    assert_int_equal(x8_sock_send(&op, pair.server, "de", 2, 60000, &err), 0);
    assert_int_equal(x8_recv(link, &op, bytes, sizeof bytes, 60000, &err), 2);
    assert_int_equal(link->bytes_out, 3);
    assert_int_equal(link->bytes_in, 2);
    assert_int_equal(x8_recv(link, &op, bytes, sizeof bytes, 10, &err), -X8_E_TIMEOUT);
    shutdown(pair.server, SHUT_RDWR);
    assert_int_equal(x8_recv(link, &op, bytes, sizeof bytes, 60000, &err), -X8_E_GONE);
    x8_transport_close(&link);
    pair_done(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways),
        cmocka_unit_test(a_closed_peer_is_the_end_and_then_gone),
        cmocka_unit_test(waits_end_in_time),
        cmocka_unit_test(a_stop_ends_every_wait),
        cmocka_unit_test(a_stop_leaves_the_listening_socket_alone),
        cmocka_unit_test(nobody_there_is_no_board),
        cmocka_unit_test(a_name_that_is_none_is_no_board),
        cmocka_unit_test(a_look_up_that_takes_too_long_is_left_behind),
        cmocka_unit_test(a_host_that_does_not_answer_is_late),
        cmocka_unit_test(a_stop_ends_a_connection_that_is_being_made),
        cmocka_unit_test(a_port_that_is_taken_names_its_holder),
        cmocka_unit_test(an_address_that_is_none_is_refused),
        cmocka_unit_test(the_kernels_table_is_read),
        cmocka_unit_test(addresses_are_split_as_people_write_them),
        cmocka_unit_test(a_host_that_is_too_long_is_refused),
        cmocka_unit_test(a_link_that_is_woken_is_gone_from_then_on),
        cmocka_unit_test(a_link_counts_and_ends_with_its_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
