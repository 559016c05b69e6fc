#include "sshserver.h"

#include "util/cancel.h"
#include "util/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define UP_MS 20000

extern char **environ;

static struct sockaddr_in at_port(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

/* Bound and never closed; -1 where the port is somebody's. */
static int keep(uint16_t *port)
{
    struct sockaddr_in at = at_port(*port);
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static int keep_row(uint16_t *first, unsigned count)
{
    int fds[8];
    unsigned kept = 0;

    assert_in_range(count, 1, X8_COUNT(fds));
    for (; kept < count && *first <= UINT16_MAX - kept; kept++) {
        uint16_t port = kept ? (uint16_t)(*first + kept) : 0;

        fds[kept] = keep(&port);
        if (fds[kept] < 0)
            break;
        if (kept == 0)
            *first = port;
    }
    if (kept == count)
        return 1;
    while (kept > 0)
        close(fds[--kept]);
    return 0;
}

uint16_t test_free_ports(unsigned count)
{
    uint16_t first = 0;

    for (int i = 0; i < 1000; i++, first = 0)
        if (keep_row(&first, count))
            return first;
    fail_msg("no %u ports in a row are free", count);
    return 0;
}

static int answers(uint16_t port)
{
    struct sockaddr_in at = at_port(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0), rc;

    assert_true(fd >= 0);
    rc = connect(fd, (struct sockaddr *)&at, sizeof at);
    close(fd);
    return rc == 0;
}

static void ended_at_once(struct test_ssh *ssh, int status)
{
    char *log;

    ssh->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        test_ssh_end(ssh);
        skip(); /* the script said why */
    }
    log = test_ssh_log(ssh);
    fail_msg("serve ended with %d: %s", status, log);
}

static void await(struct test_ssh *ssh)
{
    int64_t limit = x8_deadline_in(UP_MS);

    while (!answers(ssh->port)) {
        int status;

        if (waitpid(ssh->pid, &status, WNOHANG) == ssh->pid)
            ended_at_once(ssh, status);
        assert_true(x8_deadline_left(limit, 1) > 0);
        x8_cancel_sleep(NULL, x8_deadline_in(10), X8_CANCEL_SOFT, NULL);
    }
}

void test_ssh_again(struct test_ssh *ssh, const char *words)
{
    char command[1024], shell[] = "bash", option[] = "-c";
    char *const argv[] = {shell, option, command, NULL};

    test_ssh_kill(ssh);
    snprintf(command, sizeof command, "exec %s '%s' %u %s", ssh->serve, ssh->dir,
             (unsigned)ssh->port, words);
    assert_int_equal(posix_spawn(&ssh->pid, "/bin/bash", NULL, NULL, argv, environ), 0);
    await(ssh);
}

void test_ssh_start(struct test_ssh *ssh, const char *serve, const char *words)
{
    memset(ssh, 0, sizeof *ssh);
    ssh->dir = test_dir_new();
    ssh->serve = serve;
    ssh->keys = test_path(ssh->dir, "ssh");
    ssh->known_hosts = test_path(ssh->dir, "known_hosts");
    ssh->port = test_free_port();
    test_ssh_again(ssh, words);
    test_ssh_know(ssh, NULL);
}

void test_ssh_kill(struct test_ssh *ssh)
{
    int64_t limit = x8_deadline_in(UP_MS);

    if (ssh->pid <= 0)
        return;
    kill(ssh->pid, SIGKILL);
    waitpid(ssh->pid, NULL, 0);
    ssh->pid = 0;
    while (answers(ssh->port)) { /* the server itself is a child of the one that was killed */
        assert_true(x8_deadline_left(limit, 1) > 0);
        x8_cancel_sleep(NULL, x8_deadline_in(5), X8_CANCEL_SOFT, NULL);
    }
}

void test_ssh_end(struct test_ssh *ssh)
{
    test_ssh_kill(ssh);
    free(ssh->keys);
    free(ssh->known_hosts);
    test_dir_free(ssh->dir);
    memset(ssh, 0, sizeof *ssh);
}

void test_ssh_know(struct test_ssh *ssh, const char *name)
{
    char usual[64], *path = test_path(ssh->dir, "host_key.pub"), *key = test_read(path, NULL);
    FILE *file = fopen(ssh->known_hosts, "w");

    snprintf(usual, sizeof usual, "[127.0.0.1]:%u", (unsigned)ssh->port);
    assert_non_null(file);
    fprintf(file, "%s %s", name ? name : usual, key);
    fclose(file);
    free(key);
    free(path);
}

char *test_ssh_home(const struct test_ssh *ssh, const char *name)
{
    char inside[256];

    snprintf(inside, sizeof inside, "home/%s", name);
    return test_path(ssh->dir, inside);
}

char *test_ssh_log(const struct test_ssh *ssh)
{
    char *path = test_path(ssh->dir, "log"), *text = test_read(path, NULL);

    free(path);
    return text;
}
