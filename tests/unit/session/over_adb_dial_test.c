/*
 * Ports and sockets of the board, which are those of this computer here.
 */
#include "kit_adb.h"

#include "net/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int board(void **state)
{
    static struct kit_adb kit;

    kit_adb_open(&kit, NULL);
    *state = &kit;
    return 0;
}

static int done(void **state)
{
    kit_adb_close(*state);
    return 0;
}

/* Answer "hello" with "world" and hang up. */
static void *echo(void *listener)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    char text[6] = "";
    int fd = -1;

    if (x8_tcp_accept(&op, *(int *)listener, x8_deadline_in(20000), &fd, NULL) != 0)
        return NULL;
    if (x8_sock_recv_full(&op, fd, text, 5, 20000, NULL) == 0)
        x8_sock_send(&op, fd, strcmp(text, "hello") == 0 ? "world" : "wrong", 5, 20000, NULL);
    close(fd);
    return NULL;
}

/* "hello" through the channel must come back as "world", then the end. */
static void talk(struct kit_adb *kit, const char *remote)
{
    struct x8_channel *channel = NULL;
    enum x8_output which;
    char text[16] = "";
    size_t len = 0;
    ssize_t n;

    assert_int_equal(x8_dial(kit->session, &kit->op, remote, &channel, &kit->err), 0);
    assert_int_equal(x8_channel_write(channel, &kit->op, "hello", 5, 20000, &kit->err), 0);
    assert_int_equal(x8_channel_end_input(channel, &kit->op, &kit->err), 0);
    while ((n = x8_channel_read(channel, &kit->op, &which, text + len, sizeof text - 1 - len, 20000,
                                &kit->err)) > 0)
        len += (size_t)n;
    assert_int_equal(n, 0);
    assert_string_equal(text, "world");
    assert_int_equal(which, X8_STDOUT);
    assert_int_equal(x8_channel_status(channel), X8_STATUS_UNKNOWN);
    x8_channel_close(&channel);
}

static void a_port_is_reached(void **state)
{
    struct kit_adb *kit = *state;
    char remote[32];
    uint16_t port;
    pthread_t thread;
    int fd;

    assert_int_equal(x8_tcp_listen(NULL, 0, &fd, &port, &kit->err), 0);
    pthread_create(&thread, NULL, echo, &fd);
    snprintf(remote, sizeof remote, "tcp:%u", port);
    talk(kit, remote);
    pthread_join(thread, NULL);
    close(fd);
}

static void a_unix_socket_is_reached(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char *dir = test_dir_new(), *path = test_path(dir, "socket"), remote[256];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    pthread_t thread;

    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    pthread_create(&thread, NULL, echo, &fd);
    snprintf(remote, sizeof remote, "unix:%s", path);
    talk(*state, remote);
    pthread_join(thread, NULL);
    close(fd);
    free(path);
    test_dir_free(dir);
}

static void nothing_listens(void **state)
{
    struct kit_adb *kit = *state;
    struct x8_channel *channel = NULL;

    assert_int_equal(x8_dial(kit->session, &kit->op, "tcp:1", &channel, &kit->err), -X8_E_REFUSED);
    assert_string_equal(kit->err.msg, "nothing on the board listens on tcp:1");
    assert_null(channel);
}

static void other_words_are_no_places(void **state)
{
    static const char *const words[] = {"",        "80",         "tcp:",     "tcp:0",
                                        "tcp:x",   "tcp:65536",  "tcp:80:h", "unix:x",
                                        "reboot:", "shell:true", "unix:"};
    struct kit_adb *kit = *state;
    struct x8_channel *channel = NULL;

    for (size_t i = 0; i < X8_COUNT(words); i++)
        assert_int_equal(x8_dial(kit->session, &kit->op, words[i], &channel, &kit->err),
                         -X8_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_port_is_reached, board, done),
        cmocka_unit_test_setup_teardown(a_unix_socket_is_reached, board, done),
        cmocka_unit_test_setup_teardown(nothing_listens, board, done),
        cmocka_unit_test_setup_teardown(other_words_are_no_places, board, done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
