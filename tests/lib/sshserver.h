/*
 * A real ssh server for tests: dropbear or OpenSSH's, on a port of this computer, in a sandbox
 * whose only user is fio. tests/ssh/serve has the words.
 */
#ifndef TEST_SSHSERVER_H
#define TEST_SSHSERVER_H

#include "testlib.h"

#include <sys/types.h>

struct test_ssh {
    pid_t pid;
    uint16_t port;
    char *dir;         /* for what the servers of one test share: keys, home, known_hosts */
    char *known_hosts; /* with the server's key in it */
    char *keys;        /* a folder as ~/.ssh, with id_ed25519, which lets in */
    const char *serve; /* the script */
};

/* A folder, and a server in it. Skips the test, with a sentence, where that is not possible. */
#define test_ssh_begin(ssh, words) test_ssh_start(ssh, TEST_SOURCE_DIR "/ssh/serve", words)
void test_ssh_start(struct test_ssh *ssh, const char *serve, const char *words);
/* Another server in the same folder, at the same port, with other words. */
void test_ssh_again(struct test_ssh *ssh, const char *words);
/* Kill the server, and all that runs in its sandbox. */
void test_ssh_kill(struct test_ssh *ssh);
void test_ssh_end(struct test_ssh *ssh);

/* Write known_hosts anew: the server's key under `name` ("[127.0.0.1]:PORT" when NULL). */
void test_ssh_know(struct test_ssh *ssh, const char *name);
/* A file of fio's home, for free(). */
char *test_ssh_home(const struct test_ssh *ssh, const char *name);
/* What the server wrote to its log, for free(). */
char *test_ssh_log(const struct test_ssh *ssh);
/* The first of `count` ports in a row that nobody else gets while this program runs: they stay
 * bound here, without listening. A server takes one all the same, as servers set SO_REUSEADDR;
 * until then connections to it are refused. */
uint16_t test_free_ports(unsigned count);
#define test_free_port() test_free_ports(1)

#endif
