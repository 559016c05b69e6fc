/*
 * One client at a time, and a port that goes away and comes back.
 */
#include "kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct port {
    struct ad *ad;
    pthread_t thread;
    int fd, stop[2], status;
    struct sockaddr_in address;
};

static void *serve(void *data)
{
    struct port *p = data;
    p->status = ad_listen(p->ad, p->fd);
    return NULL;
}

static void open_port(struct port *p, const char *words)
{
    char why[256];
    int on = 1;
    socklen_t len = sizeof p->address;
    *p = (struct port){.ad = ad_new()};
    p->address.sin_family = AF_INET;
    p->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(ad_words(p->ad, words, why), 0);
    assert_int_equal(pipe(p->stop), 0);
    ad_stop_at(p->ad, p->stop[0]);
    /* The second time by its number, so that the kernel keeps the port; and before the first lets
     * go of it, so that nobody else gets it. */
    for (int i = 0; i < 2; i++) {
        int first = p->fd;
        p->fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        assert_int_equal(bind(p->fd, (struct sockaddr *)&p->address, len), 0);
        assert_int_equal(getsockname(p->fd, (struct sockaddr *)&p->address, &len), 0);
        if (i)
            close(first);
    }
    assert_int_equal(listen(p->fd, 8), 0);
    assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
}

static int close_port(struct port *p)
{
    if (write(p->stop[1], "x", 1) != 1)
        fail();
    pthread_join(p->thread, NULL);
    close(p->fd);
    close(p->stop[0]);
    close(p->stop[1]);
    ad_free(p->ad);
    return p->status;
}

/* A client: -1 when refused. Who stands in the queue of a port that closes is reset. */
static int dial(const struct port *p)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (const struct sockaddr *)&p->address, sizeof p->address)) {
        assert_true(errno == ECONNREFUSED || errno == ECONNRESET);
        close(fd);
        return -1;
    }
    return fd;
}

/* 1 when the daemon answers within the time. */
static int is_heard(int fd, int ms)
{
    struct ad_packet p = {AD_CNXN, AD_OLD_VERSION, 4096, 7, 0x232, ~AD_CNXN, NULL};
    uint8_t bytes[AD_HEADER + 7];
    struct pollfd answer = {fd, POLLIN, 0};
    ad_header_put(&p, bytes);
    memcpy(bytes + AD_HEADER, "host::", 7);
    ssize_t n = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
    if (n < 0 && (errno == ECONNRESET || errno == EPIPE))
        return 0; /* it stood in the queue of a port that has closed */
    assert_int_equal(n, sizeof bytes);
    return poll(&answer, 1, ms) == 1 && recv(fd, bytes, 4, MSG_PEEK) == 4;
}

/* A client that the daemon hears, as soon as it hears one. */
static int heard_client(const struct port *p)
{
    for (int64_t end = ad_now_us() + LIMIT_MS * 1000; ad_now_us() < end;) {
        int fd = dial(p);
        if (fd < 0) {
            poll(NULL, 0, 10);
            continue;
        }
        if (is_heard(fd, 300))
            return fd;
        close(fd);
    }
    fail_msg("no client is heard any more");
    return -1;
}

static void a_second_client_is_accepted_and_never_heard(void **state)
{
    (void)state;
    struct port p;
    open_port(&p, "reaccept=100");
    int first = dial(&p);
    assert_true(is_heard(first, LIMIT_MS));
    int second = dial(&p);
    assert_true(second >= 0);
    assert_false(is_heard(second, 200));
    close(first);
    assert_false(is_heard(second, 400)); /* not even now */
    int third = heard_client(&p);
    close(second);
    close(third);
    assert_int_equal(close_port(&p), 0);
}

static void a_moment_passes_between_two_clients(void **state)
{
    (void)state;
    struct port p;
    open_port(&p, "reaccept=2000");
    int first = dial(&p);
    assert_true(is_heard(first, LIMIT_MS));
    close(first);
    int early = dial(&p);
    assert_false(is_heard(early, 200));
    int later = heard_client(&p);
    close(early);
    close(later);
    close_port(&p);
}

static void after_a_cut_the_port_refuses_for_a_while(void **state)
{
    (void)state;
    struct port p;
    open_port(&p, "fault=at:cnxn,do:drop,for:2000");
    int fd = dial(&p);
    assert_true(fd >= 0);
    assert_true(is_heard(fd, LIMIT_MS) == 0);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
    /* The link may end a moment before the port is closed. */
    for (int64_t end = ad_now_us() + LIMIT_MS * 1000; (fd = dial(&p)) >= 0; close(fd))
        assert_true(ad_now_us() < end);
    close(heard_client(&p));
    close_port(&p);
}

static void a_daemon_that_died_may_come_back(void **state)
{
    (void)state;
    struct port p;
    open_port(&p, "fault=at:cnxn,do:die restart=300");
    int fd = dial(&p);
    assert_false(is_heard(fd, LIMIT_MS));
    close(fd);
    close(heard_client(&p));
    assert_int_equal(close_port(&p), 0);
    open_port(&p, "fault=at:cnxn,do:die");
    fd = dial(&p);
    assert_false(is_heard(fd, LIMIT_MS));
    close(fd);
    pthread_join(p.thread, NULL);
    assert_int_equal(p.status, 1);
    close(p.fd);
    close(p.stop[0]);
    close(p.stop[1]);
    ad_free(p.ad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_client_is_accepted_and_never_heard),
        cmocka_unit_test(a_moment_passes_between_two_clients),
        cmocka_unit_test(after_a_cut_the_port_refuses_for_a_while),
        cmocka_unit_test(a_daemon_that_died_may_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
