/*
 * Another connection to a server that answers on the first one only.
 */
#include "sshserver.h"

#include "net/ssh.h"
#include "net/tcp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct test_ssh server;
static struct x8_error err;

/* Stands before the server: the first connection is carried to it, all others wait for ever. */
struct door {
    int fd;
    uint16_t port;
    pthread_t thread;
};

static int pass_on(int from, int to)
{
    char data[4096];
    ssize_t n = read(from, data, sizeof data);

    return n > 0 && send(to, data, (size_t)n, MSG_NOSIGNAL) == n;
}

static void *carry(void *ctx)
{
    struct door *door = ctx;
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    struct pollfd fds[2] = {{.fd = accept(door->fd, NULL, NULL), .events = POLLIN},
                            {.fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN}};
    int goes_on = getsockname(door->fd, (struct sockaddr *)&address, &len) == 0;

    ((struct sockaddr_in *)&address)->sin_port = htons(server.port);
    goes_on = goes_on && connect(fds[1].fd, (struct sockaddr *)&address, len) == 0;
    while (goes_on && poll(fds, 2, -1) > 0)
        for (int i = 0; i < 2 && goes_on; i++)
            if (fds[i].revents)
                goes_on = pass_on(fds[i].fd, fds[1 - i].fd);
    close(fds[0].fd);
    close(fds[1].fd);
    return NULL;
}

static int accept_key(void *ctx, const char *host, const char *type, const char *print)
{
    (void)ctx;
    (void)host;
    (void)type;
    (void)print;
    return 1;
}

static struct x8_ssh *through(struct door *door, const struct x8_op *op, int silent_ms)
{
    struct x8_ssh_way way = {.host = "127.0.0.1",
                             .user = "fio",
                             .known_hosts = server.known_hosts,
                             .key_folder = server.keys,
                             .silent_ms = silent_ms,
                             .asker = {.accept_key = accept_key}};
    struct x8_ssh *ssh = NULL;

    assert_int_equal(x8_tcp_listen(NULL, 0, &door->fd, &door->port, &err), 0);
    fcntl(door->fd, F_SETFL, 0);
    assert_int_equal(pthread_create(&door->thread, NULL, carry, door), 0);
    way.port = door->port;
    if (x8_ssh_open(op, &way, &ssh, &err) != 0)
        fail_msg("%s | %s", err.msg, err.why);
    return ssh;
}

static void close_both(struct door *door, struct x8_ssh **ssh)
{
    x8_ssh_close(ssh);
    pthread_join(door->thread, NULL);
    close(door->fd);
}

static void a_server_that_does_not_answer_another_connection_is_gone(void **state)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_ssh *ssh, *another = NULL;
    struct door door;

    (void)state;
    ssh = through(&door, &op, 1500);
    assert_int_equal(x8_ssh_open_another(ssh, &op, &another, &err), -X8_E_GONE);
    assert_non_null(strstr(err.msg, "no longer answers over ssh"));
    assert_non_null(strstr(err.why, "1.5 s"));
    assert_null(another);
    close_both(&door, &ssh);
}

static void a_limit_of_ones_own_is_a_limit(void **state)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_ssh *ssh, *another = NULL;
    struct door door;

    (void)state;
    ssh = through(&door, &op, 60000);
    op.deadline = x8_deadline_in(300);
    assert_int_equal(x8_ssh_open_another(ssh, &op, &another, &err), -X8_E_TIMEOUT);
    close_both(&door, &ssh);
}

static int begin(void **state)
{
    (void)state;
    test_ssh_begin(&server, "dropbear");
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (server.dir)
        test_ssh_end(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_that_does_not_answer_another_connection_is_gone,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_limit_of_ones_own_is_a_limit, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
