/*
 * SSH connections that are lost at any byte of their opening: never taken for a login that was
 * refused.
 */
#include "sshserver.h"

#include "net/ssh.h"
#include "net/tcp.h"
#include "util/text.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct test_ssh server;
static struct x8_error err;
static struct x8_cancel cancel;
static struct x8_op op;

/* Between the program and the server: ends both after so many bytes of the server. */
struct relay {
    int listener, client, server;
    uint16_t port;
    size_t last, count; /* 0: never */
    pthread_t thread;
};

/* Pass on what `from` has. 0 at its end. */
static int pass(int from, int to, size_t most)
{
    char data[4096];
    ssize_t n = read(from, data, most < sizeof data ? most : sizeof data);

    return n > 0 && write(to, data, (size_t)n) == n ? (int)n : 0;
}

static void *carry(void *ctx)
{
    struct relay *relay = ctx;

    struct x8_error why = {0};
    int rc = x8_tcp_accept(&op, relay->listener, x8_deadline_in(60000), &relay->client, &why);

    while (rc == 0) {
        struct pollfd fds[2] = {{relay->client, POLLIN, 0}, {relay->server, POLLIN, 0}};
        int n;

        if (poll(fds, 2, 60000) <= 0)
            break;
        if (fds[0].revents && pass(relay->client, relay->server, 4096) == 0)
            break;
        if (!fds[1].revents)
            continue;
        n = pass(relay->server, relay->client, relay->last ? relay->last - relay->count : 4096);
        relay->count += (size_t)n;
        if (n == 0 || (relay->last && relay->count >= relay->last))
            break;
    }
    if (rc == 0)
        close(relay->client);
    close(relay->server);
    return NULL;
}

/* The next connection is carried so far. */
static void relay_begin(struct relay *relay, size_t last)
{
    struct x8_error why = {0};

    relay->last = last;
    relay->count = 0;
    assert_int_equal(
        x8_tcp_connect(&op, "127.0.0.1", server.port, x8_deadline_in(10000), &relay->server, &why),
        0);
    assert_int_equal(pthread_create(&relay->thread, NULL, carry, relay), 0);
}

static int try_way(struct relay *relay)
{
    struct x8_ssh_way way = {.host = "127.0.0.1",
                             .port = relay->port,
                             .user = "fio",
                             .known_hosts = server.known_hosts,
                             .key_folder = server.keys};
    struct x8_ssh *ssh = NULL;
    int rc;

    memset(&err, 0, sizeof err);
    rc = x8_ssh_open(&op, &way, &ssh, &err);
    x8_ssh_close(&ssh);
    pthread_join(relay->thread, NULL);
    return rc;
}

static void a_link_that_is_lost_is_no_refusal(void **state)
{
    struct relay relay;
    size_t all, step;
    char name[80];

    (void)state;
    assert_int_equal(x8_tcp_listen("127.0.0.1", 0, &relay.listener, &relay.port, &err), 0);
    snprintf(name, sizeof name, "[127.0.0.1]:%u", (unsigned)relay.port);
    test_ssh_know(&server, name);
    relay_begin(&relay, 0);
    if (try_way(&relay) != 0)
        fail_msg("%s | %s", err.msg, err.why);
    all = relay.count;
    assert_true(all > 1000);
    step = all / 40;
    /* The last bytes may be what the server says when all is over. */
    for (size_t last = 1; last < all * 3 / 4; last += step) {
        relay_begin(&relay, last);
        if (try_way(&relay) != -X8_E_GONE || !err.why[0] || !err.next[0])
            fail_msg("after %zu of %zu bytes: %d, %s | %s | %s", last, all, err.code, err.msg,
                     err.why, err.next);
    }
    close(relay.listener);
}

static int begin(void **state)
{
    x8_cancel_init(&cancel);
    op = (struct x8_op){.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    test_ssh_begin(&server, *state);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_ssh_end(&server);
    x8_cancel_done(&cancel);
    return 0;
}

#define WITH(words, test)                                                                          \
    {                                                                                              \
        words ": " #test, test, begin, end, (char *)(uintptr_t)words                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH("dropbear", a_link_that_is_lost_is_no_refusal),
        WITH("sshd", a_link_that_is_lost_is_no_refusal),
    };

    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
