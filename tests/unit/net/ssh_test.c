/*
 * SSH connections: who is let in, by what, and whose key it is.
 */
#include "sshserver.h"

#include "net/ssh.h"
#include "net/tcp.h"
#include "util/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What a person would say, and what they were asked. */
struct person {
    int accepts;
    const char *passwords[4]; /* NULL: none is known */
    const char *locked;       /* and this one is not */
    int asked_keys, asked_passwords;
    char what[512], print[100];
};

static struct test_ssh server;
static struct person person;
static struct x8_error err;
static struct x8_cancel cancel;
static struct x8_op op;

static int accept_key(void *ctx, const char *host, const char *type, const char *print)
{
    (void)ctx;
    assert_string_equal(host, "127.0.0.1");
    assert_string_equal(type, "ssh-ed25519");
    person.asked_keys++;
    x8_copy(person.print, sizeof person.print, print);
    return person.accepts;
}

static int password(void *ctx, const char *what, int number, char *out, size_t cap,
                    struct x8_error *why)
{
    (void)ctx;
    person.asked_passwords++;
    assert_true(number >= 1 && number <= 3);
    x8_copy(person.what, sizeof person.what, what);
    if (!person.passwords[number - 1] || (person.locked && strcmp(what, person.locked) == 0))
        return x8_fail(why, X8_E_NEED_YES, "nobody is here");
    x8_copy(out, cap, person.passwords[number - 1]);
    return 0;
}

static struct x8_ssh_way way_to_server(void)
{
    return (struct x8_ssh_way){.host = "127.0.0.1",
                               .port = server.port,
                               .user = "fio",
                               .known_hosts = server.known_hosts,
                               .asker = {accept_key, password, NULL}};
}

static int try_way(const struct x8_ssh_way *way)
{
    struct x8_ssh *ssh = NULL;
    int rc;

    memset(&err, 0, sizeof err);
    rc = x8_ssh_open(&op, way, &ssh, &err);
    assert_int_equal(rc == 0, ssh != NULL);
    x8_ssh_close(&ssh);
    return rc;
}

static void lets_in(const struct x8_ssh_way *way)
{
    if (try_way(way) != 0)
        fail_msg("%s | %s | %s", err.msg, err.why, err.next);
}

static int sh(const char *fmt, ...) X8_PRINTF(1, 2);
static int sh(const char *fmt, ...)
{
    char command[4096], shell[] = "bash", option[] = "-c";
    char *const argv[] = {shell, option, command, NULL};
    int status = -1;
    va_list ap;
    pid_t pid;

    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    assert_int_equal(posix_spawn(&pid, "/bin/bash", NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static char heard[2000];
static int waits;

static void hear(void *ctx, const struct x8_event *event)
{
    size_t len = strlen(heard);

    (void)ctx;
    waits += event->kind == X8_EV_WAIT;
    snprintf(heard + len, sizeof heard - len, "%s\n", event->text ? event->text : "");
}

static int begin(void **state)
{
    waits = 0;
    heard[0] = '\0';
    memset(&person, 0, sizeof person);
    x8_cancel_init(&cancel);
    op = (struct x8_op){.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    if (*state)
        test_ssh_begin(&server, *state);
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (server.dir)
        test_ssh_end(&server);
    x8_cancel_done(&cancel);
    return 0;
}

/* --- whose key --- */

static void an_unknown_key_is_refused_where_nobody_is_asked(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    way.key_folder = server.keys;
    way.asker.accept_key = NULL;
    unlink(server.known_hosts);
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_non_null(strstr(err.why, "ssh-ed25519 SHA256:"));
    assert_non_null(strstr(err.next, "--accept-new-host-key"));
    assert_int_equal(access(server.known_hosts, F_OK), -1);
    way.asker.accept_key = accept_key;
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_int_equal(person.asked_keys, 1);
    assert_int_equal(access(server.known_hosts, F_OK), -1);
}

static void an_accepted_key_is_kept(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char *folder = test_path(server.dir, "new"), *path = test_path(folder, "known_hosts"), *text;
    struct stat info;

    (void)state;
    way.key_folder = server.keys;
    way.known_hosts = path;
    person.accepts = 1;
    lets_in(&way);
    lets_in(&way);
    assert_int_equal(person.asked_keys, 1);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    /* What OpenSSH reads. */
    assert_int_equal(sh("ssh-keygen -q -f %s -F '[127.0.0.1]:%u' >%s/found", path,
                        (unsigned)server.port, server.dir),
                     0);
    assert_int_equal(sh("[ \"$(ssh-keygen -lf %s/host_key.pub | cut -d' ' -f2)\" = '%s' ]",
                        server.dir, person.print),
                     0);
    text = test_read(path, NULL);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
    free(path);
    free(folder);
}

static void a_file_that_ends_in_the_middle_of_a_line_is_not_spoiled(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    way.key_folder = server.keys;
    person.accepts = 1;
    sh("printf 'other.example ssh-ed25519 "
       "AAAAC3NzaC1lZDI1NTE5AAAAIGrAz0vNZK8NrSXQ8Q0kZ7pO2J0dQ7jPVwPrPTiDkQxW' >%s",
       server.known_hosts);
    lets_in(&way);
    assert_int_equal(sh("ssh-keygen -f %s -F other.example >/dev/null", server.known_hosts), 0);
    lets_in(&way);
    assert_int_equal(person.asked_keys, 1);
}

static void a_key_that_cannot_be_kept_is_an_error(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char *path = test_path(server.known_hosts, "x");

    (void)state;
    way.key_folder = server.keys;
    way.known_hosts = path; /* below a file */
    person.accepts = 1;
    assert_int_equal(try_way(&way), -X8_E_NO_FILE);
    assert_non_null(strstr(err.msg, "cannot keep"));
    free(path);
}

static void a_changed_key_is_never_asked_about(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    way.key_folder = server.keys;
    person.accepts = 1;
    lets_in(&way);
    test_ssh_again(&server, "dropbear fresh");
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_int_equal(person.asked_keys, 0);
    assert_non_null(strstr(err.why, "flashed"));
    assert_non_null(strstr(err.next, "x8ctl setup --renew-host-key -s 'net:[127.0.0.1]:"));
    assert_int_equal(sh("ssh-keygen -f %s -R '[127.0.0.1]:%u' >/dev/null 2>&1", server.known_hosts,
                        (unsigned)server.port),
                     0);
    lets_in(&way);
    assert_int_equal(person.asked_keys, 1);
}

/* A key of another kind than the known one is as much another key. */
static void a_key_of_another_kind_is_a_changed_one(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    way.key_folder = server.keys;
    person.accepts = 1;
    assert_int_equal(sh("ssh-keygen -q -t ecdsa -N '' -f %s/ec && printf '[127.0.0.1]:%u %%s\\n' "
                        "\"$(cut -d' ' -f1,2 %s/ec.pub)\" >%s",
                        server.dir, (unsigned)server.port, server.dir, server.known_hosts),
                     0);
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_int_equal(person.asked_keys, 0);
}

/* Whatever host the line is for, and also when another line knows the key. */
static void a_revoked_key_is_refused(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    way.key_folder = server.keys;
    person.accepts = 1;
    lets_in(&way);
    assert_int_equal(sh("printf '@revoked * %%s\\n' \"$(cut -d' ' -f1,2 %s/host_key.pub)\" >>%s",
                        server.dir, server.known_hosts),
                     0);
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_non_null(strstr(err.msg, "revoked"));
}

static void hashed_names_are_found(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    way.key_folder = server.keys;
    assert_int_equal(sh("ssh-keygen -q -H -f %s 2>/dev/null", server.known_hosts), 0);
    assert_int_equal(sh("grep -q '^|1|' %s", server.known_hosts), 0);
    lets_in(&way);
}

static void a_board_is_known_by_its_name_whatever_its_address(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char name[80];

    (void)state;
    snprintf(name, sizeof name, "[portenta-x8-a13b209dab6fad9]:%u", (unsigned)server.port);
    test_ssh_know(&server, name);
    way.key_folder = server.keys;
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    way.key_alias = "portenta-x8-A13B209DAB6FAD9";
    lets_in(&way);
}

/* --- who is let in, and by what --- */

static void a_password_is_asked_for_three_times(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    person.passwords[0] = "wrong";
    person.passwords[1] = "";
    person.passwords[2] = "secret";
    lets_in(&way);
    assert_int_equal(person.asked_passwords, 3);
    assert_string_equal(person.what, "fio@127.0.0.1");
    person.passwords[2] = "secret ";
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_int_equal(person.asked_passwords, 6);
    assert_non_null(strstr(err.msg, "did not let fio in"));
    assert_non_null(strstr(err.why, "tried: password"));
    assert_non_null(strstr(err.next, "x8ctl setup"));
}

static void what_the_asker_says_is_told(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    assert_int_equal(try_way(&way), -X8_E_NEED_YES);
    assert_string_equal(err.msg, "nobody is here");
    way.asker.password = NULL;
    assert_int_equal(try_way(&way), -X8_E_AUTH);
}

static void an_empty_password_lets_in_where_the_server_allows_it(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    lets_in(&way);
    assert_int_equal(person.asked_passwords, 0);
}

static void an_empty_password_is_refused_as_boards_do(void **state)
{
    struct x8_ssh_way way = way_to_server();

    (void)state;
    way.asker.password = NULL;
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_non_null(strstr(err.why, "empty password"));
    assert_non_null(strstr(err.next, "x8ctl setup"));
}

static void an_encrypted_key_asks_for_its_password(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/id_ed25519", server.keys);
    assert_int_equal(sh("ssh-keygen -q -p -P '' -N 'of the key' -f %s >/dev/null", path), 0);
    way.key_folder = server.keys;
    person.passwords[0] = "wrong";
    person.passwords[1] = "of the key";
    lets_in(&way);
    assert_int_equal(person.asked_passwords, 2);
    assert_string_equal(person.what, path);
    /* Its public part alone tells that the server does not want it. */
    person.asked_passwords = 0;
    assert_int_equal(sh("ssh-keygen -q -t ed25519 -N x -f %s/other && mv %s/other %s && "
                        "mv %s/other.pub %s.pub",
                        server.dir, server.dir, path, server.dir, path),
                     0);
    person.passwords[0] = NULL;
    assert_int_equal(try_way(&way), -X8_E_NEED_YES);
    assert_int_equal(person.asked_passwords, 1);
    assert_string_equal(person.what, "fio@127.0.0.1");
}

/* As with --password-file in a script. */
static void a_key_that_nobody_unlocks_leaves_the_password(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/id_ed25519", server.keys);
    assert_int_equal(sh("ssh-keygen -q -p -P '' -N 'of the key' -f %s >/dev/null", path), 0);
    way.key_folder = server.keys;
    person.locked = path;
    person.passwords[0] = "secret";
    lets_in(&way);
    person.passwords[0] = NULL;
    assert_int_equal(try_way(&way), -X8_E_NEED_YES);
    assert_non_null(strstr(err.why, "id_ed25519, which is encrypted"));
    person.passwords[0] = person.passwords[1] = person.passwords[2] = "wrong";
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_non_null(strstr(err.why, "id_ed25519, which is encrypted"));
}

static void a_configuration_that_forbids_every_login_is_named(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char *config = test_path(server.dir, "config");

    (void)state;
    way.config = config;
    assert_int_equal(sh("printf 'PubkeyAuthentication no\nPasswordAuthentication no\n' >%s && "
                        "chmod 600 %s",
                        config, config),
                     0);
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_non_null(strstr(err.msg, "the ssh configuration forbids every login"));
    assert_non_null(strstr(err.why, "PubkeyAuthentication PasswordAuthentication"));
    free(config);
}

static void a_configuration_is_read(void **state)
{
    struct x8_ssh_way way = {
        .host = "board", .known_hosts = server.known_hosts, .key_alias = "127.0.0.1"};
    char *config = test_path(server.dir, "config");

    (void)state;
    assert_int_equal(sh("mv %s %s/mine; printf 'StrictHostKeyChecking no\\nHost other\\n  Port 1\\n"
                        "Host board\\n  HostName 127.0.0.1\\n  Port %u\\n  User fio\\n"
                        "  IdentityFile %s/mine/id_ed25519\\n' >%s; chmod 600 %s",
                        server.keys, server.dir, (unsigned)server.port, server.dir, config, config),
                     0);
    way.config = config;
    lets_in(&way);
    /* Its carelessness about keys is not taken over. */
    unlink(server.known_hosts);
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    free(config);
}

static void write_config(const char *path, const char *fmt, ...) X8_PRINTF(2, 3);
static void write_config(const char *path, const char *fmt, ...)
{
    FILE *file = fopen(path, "w");
    va_list ap;

    assert_non_null(file);
    va_start(ap, fmt);
    vfprintf(file, fmt, ap);
    va_end(ap);
    fclose(file);
    chmod(path, 0600);
}

/* ssh looks for what HostName says, or HostKeyAlias, in the file that is named. */
static void known_hosts_is_searched_as_ssh_does(void **state)
{
    struct x8_ssh_way way = {.host = "board", .known_hosts = "/nowhere/at/all"};
    char *config = test_path(server.dir, "config"), *other = test_path(server.dir, "other hosts");
    static const char text[] = "Host board\n  HostName 127.0.0.1\n  Port %u\n  User fio\n"
                               "  IdentityFile %s/id_ed25519\n%s\n";

    (void)state;
    way.config = config;
    way.known_hosts = server.known_hosts; /* has the key of [127.0.0.1]:PORT */
    write_config(config, text, (unsigned)server.port, server.keys, "");
    lets_in(&way);
    write_config(config, text, (unsigned)server.port, server.keys, "HostKeyAlias Mine");
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_int_equal(sh("sed 's/^[^ ]*/mine/' %s >'%s'", server.known_hosts, other), 0);
    way.known_hosts = other;
    lets_in(&way);
    /* The file that is named, and no other. */
    way.known_hosts = "/nowhere/at/all";
    way.key_folder = server.dir;
    write_config(config, text, (unsigned)server.port, server.keys,
                 "HostKeyAlias mine\nUserKnownHostsFile \"%d/x\"");
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_int_equal(sh("cd %s && base=$(basename $PWD) && cp 'other hosts' ../$base.hosts && "
                        "sed -i \"s,%%d/x,%%d/$base.hosts,\" config",
                        server.dir),
                     0);
    lets_in(&way);
    assert_int_equal(sh("rm -f %s.hosts", server.dir), 0);
    free(other);
    free(config);
}

/* An address that a changed key is told for is that of the configuration. */
static void a_strict_configuration_accepts_no_new_key(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char *config = test_path(server.dir, "config");

    (void)state;
    way.key_folder = server.keys;
    way.config = config;
    person.accepts = 1;
    unlink(server.known_hosts);
    write_config(config, "Host 127.*\n  StrictHostKeyChecking yes\n");
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_int_equal(person.asked_keys, 0);
    assert_non_null(strstr(err.why, "StrictHostKeyChecking yes (config line 2)"));
    write_config(config, "StrictHostKeyChecking no\nUserKnownHostsFile %s/its\n", server.dir);
    person.accepts = 0;
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_int_equal(person.asked_keys, 1);
    person.accepts = 1;
    lets_in(&way);
    assert_int_equal(access(server.known_hosts, F_OK), -1);
    assert_int_equal(sh("grep -q 'ssh-ed25519' %s/its", server.dir), 0);
    assert_int_equal(sh("sed -i 's/AAAA[^ ]*/%s/' %s/its",
                        "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                        server.dir),
                     0);
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_non_null(strstr(err.next, "ssh-keygen -R '[127.0.0.1]:"));
    free(config);
}

static void the_family_of_addresses_is_obeyed(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char *config = test_path(server.dir, "config");

    (void)state;
    way.key_folder = server.keys;
    way.config = config;
    write_config(config, "AddressFamily inet\n");
    lets_in(&way);
    write_config(config, "AddressFamily inet6\n");
    assert_int_equal(try_way(&way), -X8_E_NO_BOARD);
    assert_string_equal(err.msg, "127.0.0.1 has no IPv6 address");
    free(config);
}

static void every_key_file_of_the_configuration_is_tried(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char *config = test_path(server.dir, "config");

    (void)state;
    way.asker.password = NULL;
    way.config = config;
    assert_int_equal(sh("ssh-keygen -q -t ed25519 -N '' -f %s/other", server.dir), 0);
    write_config(config,
                 "IdentityFile %s/other\nHost 127.*\nIdentityFile %s/missing\n"
                 "IdentityFile %s/id_ed25519\n",
                 server.dir, server.dir, server.keys);
    lets_in(&way);
    /* Those that are named, and no others; who is missing is told. */
    way.key_folder = server.keys;
    write_config(config, "IdentityFile %s/missing\nCertificateFile x\n", server.dir);
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_non_null(strstr(err.why, "/missing, which cannot be read"));
    assert_non_null(strstr(err.why, "CertificateFile (config line 2)"));
    write_config(config, "PubkeyAuthentication no\n");
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    write_config(config, "Host other\n  PubkeyAuthentication no\n");
    lets_in(&way);
    free(config);
}

static void a_line_that_cannot_be_followed_ends_it(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char *config = test_path(server.dir, "config");

    (void)state;
    way.key_folder = server.keys;
    way.config = config;
    write_config(config, "Host 127.0.0.1\n  BindInterface tun0\n");
    assert_int_equal(try_way(&way), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "config line 2: BindInterface is not supported"));
    write_config(config, "Match exec \"test %%h = 127.0.0.1\"\n  Ciphers nonsense\n");
    assert_int_equal(try_way(&way), -X8_E_USAGE);
    write_config(config, "Match !exec \"test %%h = 127.0.0.1\"\n  Ciphers nonsense\n");
    lets_in(&way);
    free(config);
}

/* --- through something else --- */

static void a_program_of_the_users_is_the_way(void **state)
{
    struct x8_ssh_way way = {
        .host = "board", .known_hosts = server.known_hosts, .key_alias = "127.0.0.1"};
    char *config = test_path(server.dir, "config"), *script = test_path(server.dir, "through");
    char *seen = test_path(server.dir, "seen"), *text;

    (void)state;
    if (access("/usr/bin/python3", X_OK) != 0)
        skip();
    write_config(script,
                 "echo \"$@\" >%s\necho complaint >&2\nexec python3 -c '\n"
                 "import os, select, socket\ns = socket.create_connection((\"127.0.0.1\", %u))\n"
                 "while True:\n"
                 "  for f in select.select([0, s], [], [])[0]:\n"
                 "    d = os.read(0, 65536) if f == 0 else s.recv(65536)\n"
                 "    if not d: raise SystemExit\n"
                 "    s.sendall(d) if f == 0 else os.write(1, d)'\n",
                 seen, (unsigned)server.port);
    write_config(config,
                 "Host board\n  HostName 192.0.2.1\n  Port %u\n  User fio\n"
                 "  IdentityFile %s/id_ed25519\n  ProxyCommand bash %s %%h %%p %%r %%n\n",
                 (unsigned)server.port, server.keys, script);
    way.config = config;
    lets_in(&way);
    text = test_read(seen, NULL);
    assert_true(x8_starts(text, "192.0.2.1 ") && strstr(text, " fio board\n"));
    free(text);
    /* What it complains about is the cause, when it fails. */
    write_config(script, "echo no such hop >&2\nexit 3\n");
    assert_int_equal(try_way(&way), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.why, "no such hop"));
    /* One that greets and ends is not a success. */
    write_config(script, "echo SSH-2.0-x\n");
    assert_int_equal(try_way(&way), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.why, "the ProxyCommand of config line 6 ended"));
    /* One that says nothing has a limit, and is ended. */
    write_config(script, "echo $$ >%s\ntrap '' TERM\nwhile :; do read -r line || :; done\n", seen);
    op.deadline = x8_deadline_in(2300);
    op.emit = hear;
    assert_int_equal(try_way(&way), -X8_E_TIMEOUT);
    assert_non_null(strstr(err.why, "the ProxyCommand of config line 6 runs, but"));
    assert_int_equal(waits, 1);
    assert_null(strstr(heard, script)); /* a password may be on its line */
    assert_int_equal(sh("! kill -0 $(cat %s) 2>/dev/null", seen), 0);
    free(seen);
    free(script);
    free(config);
}

static void a_jump_is_made_with_ssh(void **state)
{
    struct x8_ssh_way way = {
        .host = "board", .known_hosts = server.known_hosts, .key_alias = "127.0.0.1"};
    char *config = test_path(server.dir, "config"), *log;
    static const char hosts[] = "Host hop board\n  HostName 127.0.0.1\n  Port %u\n  User fio\n"
                                "  IdentityFile %s/id_ed25519\n  UserKnownHostsFile %s\n"
                                "Host board\n  ProxyJump %s\n";

    (void)state;
    if (sh("command -v ssh >/dev/null") != 0)
        skip();
    way.config = config;
    write_config(config, hosts, (unsigned)server.port, server.keys, server.known_hosts, "hop");
    lets_in(&way);
    log = test_ssh_log(&server);
    assert_int_equal(sh("[ $(grep -c 'Accepted publickey' %s/log) = 2 ]", server.dir), 0);
    free(log);
    /* Never past the jump when that fails. */
    write_config(config, hosts, (unsigned)server.port, server.keys, server.known_hosts,
                 "hop,fio@127.0.0.1:1");
    assert_int_equal(try_way(&way), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.why, "ProxyJump"));
    write_config(config, hosts, (unsigned)server.port, server.keys, server.known_hosts, "-oX;y");
    assert_int_equal(try_way(&way), -X8_E_USAGE);
    write_config(config, hosts, (unsigned)server.port, server.keys, server.known_hosts, "none");
    lets_in(&way);
    free(config);
}

/* --- the agent --- */

static void an_agent_lets_in(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/agent", server.dir);
    if (sh("cd %s && ssh-agent -a agent >agent.env && . ./agent.env >/dev/null && "
           "ssh-add -q ssh/id_ed25519",
           server.dir) != 0)
        skip();
    way.agent = path;
    way.asker.password = NULL;
    if (try_way(&way) != 0)
        print_error("%s | %s\n", err.msg, err.why);
    sh("cd %s && . ./agent.env >/dev/null && ssh-agent -k >/dev/null", server.dir);
    assert_int_equal(err.code, 0);
    assert_int_equal(try_way(&way), -X8_E_AUTH); /* it is gone: the rest is tried */
}

static void *stop_soon(void *ctx)
{
    (void)ctx;
    x8_cancel_sleep(NULL, x8_deadline_in(200), X8_CANCEL_SOFT, NULL);
    x8_cancel_raise(&cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    return NULL;
}

/* One that waits for its user to confirm. */
/* IdentitiesOnly: of the keys that only the agent has, those that a file names. */
static void an_agent_offers_no_key_but_those_wanted(void **state)
{
    struct x8_ssh_way way = way_to_server();
    char path[300], *config = test_path(server.dir, "config");
    int wrong, right, named;

    (void)state;
    snprintf(path, sizeof path, "%s/agent", server.dir);
    if (sh("cd %s && ssh-keygen -q -t ed25519 -N '' -f other && ssh-agent -a agent >agent.env && "
           ". ./agent.env >/dev/null && ssh-add -q other ssh/id_ed25519 && "
           "rm ssh/id_ed25519 other",
           server.dir) != 0)
        skip();
    way.agent = path;
    way.config = config;
    way.asker.password = NULL;
    write_config(config, "IdentitiesOnly yes\nIdentityFile %s/other\n", server.dir);
    wrong = try_way(&way);
    write_config(config, "IdentitiesOnly yes\nIdentityFile %s/id_ed25519\n", server.keys);
    right = try_way(&way);
    write_config(config, "IdentitiesOnly yes\nIdentityFile %s/id_ed25519.pub\n", server.keys);
    named = try_way(&way);
    write_config(config, "IdentitiesOnly yes\nIdentityFile %s/neither\n", server.keys);
    assert_int_equal(try_way(&way), -X8_E_AUTH);
    assert_non_null(strstr(err.why, "no IdentityFile has its public part"));
    sh("cd %s && . ./agent.env >/dev/null && ssh-agent -k >/dev/null", server.dir);
    assert_int_equal(wrong, -X8_E_AUTH);
    assert_int_equal(right, 0);
    assert_int_equal(named, 0);
    free(config);
}

static void a_stop_ends_the_wait_for_an_agent(void **state)
{
    struct x8_ssh_way way = way_to_server();
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    pthread_t thread;

    (void)state;
    snprintf(at.sun_path, sizeof at.sun_path, "%s/agent", server.dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 5), 0);
    way.agent = at.sun_path;
    pthread_create(&thread, NULL, stop_soon, NULL);
    assert_int_equal(try_way(&way), -X8_E_STOPPED);
    pthread_join(thread, NULL);
    close(fd);
}

/* --- no server --- */

static void a_refused_connection_means_ssh_is_off(void **state)
{
    struct x8_ssh_way way = {.host = "127.0.0.1", .port = test_free_port(), .user = "fio"};

    (void)state;
    assert_int_equal(try_way(&way), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.msg, "no ssh server listens on 127.0.0.1"));
    assert_non_null(strstr(err.why, "ssh is switched off"));
    assert_non_null(strstr(err.next, "dropbear.socket"));
}

static void addresses_are_tried_until_one_answers(void **state)
{
    static const char *const addresses[] = {"127.0.0.2", "::1", "127.0.0.1"};
    struct x8_ssh_way way = way_to_server();
    struct x8_ssh *ssh = NULL, *another = NULL;

    (void)state;
    person.passwords[0] = "secret";
    person.accepts = 1;
    way.addresses = addresses;
    way.address_count = 3;
    assert_int_equal(x8_ssh_open(&op, &way, &ssh, &err), 0);
    assert_int_equal(x8_ssh_open_another(ssh, &op, &another, &err), 0);
    x8_ssh_close(&another);
    x8_ssh_close(&ssh);
    way.address_count = 2;
    assert_int_equal(try_way(&way), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.why, "ssh is switched off"));
}

/* Accepts, says `words`, and then nothing. */
struct mute {
    int fd, said;
    uint16_t port;
    const char *words;
    pthread_t thread;
};

static void *say(void *ctx)
{
    struct mute *mute = ctx;
    int peer = accept(mute->fd, NULL, NULL);
    char byte;

    if (peer < 0)
        return NULL;
    (void)!write(peer, mute->words, strlen(mute->words));
    while (read(peer, &byte, 1) > 0)
        ;
    close(peer);
    return NULL;
}

static void mute_begin(struct mute *mute, const char *words)
{
    memset(mute, 0, sizeof *mute);
    mute->words = words;
    assert_int_equal(x8_tcp_listen(NULL, 0, &mute->fd, &mute->port, &err), 0);
    fcntl(mute->fd, F_SETFL, 0);
    pthread_create(&mute->thread, NULL, say, mute);
}

static void mute_end(struct mute *mute)
{
    pthread_join(mute->thread, NULL);
    close(mute->fd);
}

static void a_server_that_does_not_greet_has_a_limit(void **state)
{
    static const char *const words[] = {"", "welcome\r\n", "SSH-2.0-dropbear_2022.83\r\n"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(words); i++) {
        struct x8_ssh_way way = {.host = "127.0.0.1", .user = "fio"};
        struct mute mute;

        mute_begin(&mute, words[i]);
        way.port = mute.port;
        op.deadline = x8_deadline_in(i < 2 ? 300 : 3000); /* its greeting has to be in time */
        assert_int_equal(try_way(&way), -X8_E_TIMEOUT);
        assert_non_null(strstr(err.msg, i < 2 ? "does not greet" : "did not answer"));
        assert_null(strstr(err.why, "20 s")); /* it was less */
        mute_end(&mute);
    }
}

static void a_stop_ends_the_wait_for_a_greeting(void **state)
{
    struct x8_ssh_way way = {.host = "127.0.0.1", .user = "fio"};
    struct mute mute;
    pthread_t thread;

    (void)state;
    mute_begin(&mute, "");
    way.port = mute.port;
    pthread_create(&thread, NULL, stop_soon, NULL);
    assert_int_equal(try_way(&way), -X8_E_STOPPED);
    pthread_join(thread, NULL);
    mute_end(&mute);
}

static void another_kind_of_server_is_told(void **state)
{
    struct x8_ssh_way way = {.host = "127.0.0.1", .user = "fio"};
    struct mute mute;
    char words[600];

    (void)state;
    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    mute_begin(&mute, words);
    way.port = mute.port;
    assert_int_equal(try_way(&way), -X8_E_LINK);
    assert_non_null(strstr(err.msg, "no ssh server"));
    mute_end(&mute);
}

static void *talk_on(void *ctx)
{
    struct mute *mute = ctx;
    int peer = accept(mute->fd, NULL, NULL);

    while (peer >= 0 && send(peer, mute->words, strlen(mute->words), MSG_NOSIGNAL) > 0)
        ;
    close(peer);
    return NULL;
}

/* Lines before the greeting are allowed, and each keeps the connection from being silent. */
static void one_that_talks_on_without_a_greeting_has_an_end(void **state)
{
    struct x8_ssh_way way = {.host = "127.0.0.1", .user = "fio"};
    struct mute mute = {.words = "please wait\r\nplease wait\r\nplease wait\r\n"};

    (void)state;
    assert_int_equal(x8_tcp_listen(NULL, 0, &mute.fd, &mute.port, &err), 0);
    fcntl(mute.fd, F_SETFL, 0);
    pthread_create(&mute.thread, NULL, talk_on, &mute);
    way.port = mute.port;
    op.deadline = x8_deadline_in(15000);
    assert_int_equal(try_way(&way), -X8_E_LINK);
    assert_non_null(strstr(err.msg, "no ssh server"));
    mute_end(&mute);
}

static void names_that_are_none_are_refused(void **state)
{
    static const char *const names[] = {"a@b", "", "a b", "-oProxyCommand=x", "a;b"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        struct x8_ssh_way way = {.host = names[i], .user = "fio", .port = 1};

        if (try_way(&way) != -X8_E_USAGE)
            fail_msg("'%s': %d", names[i], err.code);
    }
}

/* Addresses are names of servers too. */
static void addresses_are_taken(void **state)
{
    static const char *const names[] = {"::1", "fe80::1%lo", "127.0.0.1", "portenta-x8-1a"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        struct x8_ssh_way way = {.host = names[i], .user = "fio", .port = test_free_port()};
        int rc = try_way(&way);

        if (rc == -X8_E_USAGE || rc == -X8_E_INTERNAL)
            fail_msg("'%s': %s", names[i], err.msg);
    }
}

/* --- on an open connection --- */

static struct x8_ssh *open_by_key(void)
{
    struct x8_ssh_way way = way_to_server();
    struct x8_ssh *ssh = NULL;

    way.key_folder = server.keys;
    if (x8_ssh_open(&op, &way, &ssh, &err) != 0)
        fail_msg("%s | %s", err.msg, err.why);
    return ssh;
}

static void another_connection_asks_nothing(void **state)
{
    struct x8_ssh_way way = way_to_server();
    struct x8_ssh *ssh = NULL, *another = NULL;

    (void)state;
    person.passwords[0] = "wrong";
    person.passwords[1] = "secret";
    person.accepts = 1;
    unlink(server.known_hosts);
    assert_int_equal(x8_ssh_open(&op, &way, &ssh, &err), 0);
    assert_int_equal(person.asked_passwords, 2);
    person.passwords[0] = person.passwords[1] = NULL;
    unlink(server.known_hosts);
    if (x8_ssh_open_another(ssh, &op, &another, &err) != 0)
        fail_msg("%s | %s", err.msg, err.why);
    assert_string_equal(x8_ssh_user(another), "fio");
    x8_ssh_close(&another);
    assert_int_equal(person.asked_passwords, 2);
    assert_int_equal(person.asked_keys, 1);
    /* Where that one ended, nobody is asked for another: it may be another server by now. */
    test_ssh_again(&server, "dropbear password fresh");
    assert_int_equal(x8_ssh_wait_gone(ssh, &op, x8_deadline_in(10000), &err), 1);
    assert_int_equal(x8_ssh_open_another(ssh, &op, &another, &err), -X8_E_GONE);
    x8_ssh_close(&ssh);
}

/* Says what it hears, with "<" in front, until its peer has said all. */
static void *echo(void *ctx)
{
    int fd = accept(*(const int *)ctx, NULL, NULL);
    char text[64] = "<";
    size_t len = 1;
    ssize_t n;

    while ((n = read(fd, text + len, sizeof text - len)) > 0)
        len += (size_t)n;
    (void)!write(fd, text, len);
    close(fd);
    return NULL;
}

static void talk(struct x8_ssh *ssh, const char *host, uint16_t port, int fd)
{
    struct x8_ssh_channel *channel = NULL;
    char text[64];
    size_t len = 0;
    pthread_t thread;
    int is_error;
    ssize_t n;

    pthread_create(&thread, NULL, echo, &fd);
    if (x8_ssh_dial(ssh, &op, host, port, &channel, &err) != 0)
        fail_msg("%s | %s", err.msg, err.why);
    assert_int_equal(x8_ssh_write(channel, &op, "hello", 5, 60000, &err), 0);
    assert_int_equal(x8_ssh_end_input(channel, &op, &err), 0);
    while ((n = x8_ssh_read(channel, &op, &is_error, text + len, sizeof text - len, 60000, &err)) >
           0)
        len += (size_t)n;
    assert_int_equal(n, 0);
    assert_memory_equal(text, "<hello", 6);
    assert_int_equal(x8_ssh_status(channel), -1);
    x8_ssh_channel_close(&channel);
    pthread_join(thread, NULL);
}

static void ports_of_the_server_are_reached(void **state)
{
    struct x8_ssh *ssh = open_by_key();
    struct x8_ssh_channel *channel = NULL;
    uint16_t port;
    int fd;

    (void)state;
    assert_int_equal(x8_tcp_listen(NULL, 0, &fd, &port, &err), 0);
    fcntl(fd, F_SETFL, 0);
    talk(ssh, "127.0.0.1", port, fd);
    close(fd);
    assert_int_equal(x8_ssh_dial(ssh, &op, "127.0.0.1", port, &channel, &err), -X8_E_REFUSED);
    x8_ssh_close(&ssh);
}

static void sockets_of_the_server_are_reached_where_it_can(void **state)
{
    struct x8_ssh *ssh = open_by_key();
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct x8_ssh_channel *channel = NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    snprintf(at.sun_path, sizeof at.sun_path, "%s/sock", server.dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 5), 0);
    if (strstr(x8_ssh_server(ssh), "OpenSSH")) {
        talk(ssh, at.sun_path, 0, fd);
    } else {
        assert_int_equal(x8_ssh_dial(ssh, &op, at.sun_path, 0, &channel, &err), -X8_E_REFUSED);
        assert_non_null(strstr(err.why, "dropbear"));
    }
    close(fd);
    x8_ssh_close(&ssh);
}

static long memory_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Whatever it says on which stream; and it goes on when somebody does. */
static void a_channel_that_nobody_reads_takes_little_memory(void **state)
{
    struct x8_ssh *ssh = open_by_key();
    struct x8_ssh_channel *channel = NULL;
    size_t len = 0, cap = 65536;
    char *bytes = malloc(cap);
    long before;

    (void)state;
    assert_int_equal(
        x8_ssh_exec(ssh, &op, "exec bash -c 'while :;do head -c 700000 /dev/zero;echo e >&2;done'",
                    NULL, &channel, &err),
        0);
    before = memory_kib();
    x8_cancel_sleep(NULL, x8_deadline_in(1500), X8_CANCEL_SOFT, NULL);
    assert_true(memory_kib() - before < 60000);
    while (len < 50000000) {
        int is_error;
        ssize_t n = x8_ssh_read(channel, &op, &is_error, bytes, cap, 10000, &err);

        assert_true(n > 0);
        len += (size_t)n;
    }
    x8_ssh_channel_close(&channel);
    x8_ssh_close(&ssh);
    free(bytes);
}

static void a_signal_is_a_status(void **state)
{
    static const struct {
        const char *name;
        int status;
    } rows[] = {{"TERM", 143}, {"KILL", 137}, {"HUP", 129}, {"SEGV", 139}};
    struct x8_ssh *ssh = open_by_key();

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_ssh_channel *channel = NULL;
        char command[64], byte;
        int is_error;

        snprintf(command, sizeof command, "kill -%s $$", rows[i].name);
        assert_int_equal(x8_ssh_exec(ssh, &op, command, NULL, &channel, &err), 0);
        assert_int_equal(x8_ssh_read(channel, &op, &is_error, &byte, 1, 10000, &err), 0);
        assert_int_equal(x8_ssh_status(channel), rows[i].status);
        x8_ssh_channel_close(&channel);
    }
    x8_ssh_close(&ssh);
}

static void the_end_of_the_server_is_noticed(void **state)
{
    struct x8_ssh *ssh = open_by_key();

    (void)state;
    assert_int_equal(x8_ssh_wait_gone(ssh, &op, x8_deadline_in(50), &err), 0);
    test_ssh_kill(&server);
    assert_int_equal(x8_ssh_wait_gone(ssh, &op, x8_deadline_in(60000), &err), 1);
    x8_ssh_close(&ssh);
}

#define WITH(words, test)                                                                          \
    {                                                                                              \
        words ": " #test, test, begin, end, (char *)(uintptr_t)words                               \
    }
#define ALONE(test)                                                                                \
    {                                                                                              \
#test, test, begin, end, NULL                                                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH("dropbear", an_unknown_key_is_refused_where_nobody_is_asked),
        WITH("dropbear", an_accepted_key_is_kept),
        WITH("sshd", an_accepted_key_is_kept),
        WITH("dropbear", a_file_that_ends_in_the_middle_of_a_line_is_not_spoiled),
        WITH("dropbear", a_key_that_cannot_be_kept_is_an_error),
        WITH("dropbear", a_changed_key_is_never_asked_about),
        WITH("dropbear", a_key_of_another_kind_is_a_changed_one),
        WITH("dropbear", a_revoked_key_is_refused),
        WITH("dropbear", hashed_names_are_found),
        WITH("dropbear", a_board_is_known_by_its_name_whatever_its_address),
        WITH("dropbear password", a_password_is_asked_for_three_times),
        WITH("sshd password", a_password_is_asked_for_three_times),
        WITH("dropbear password", what_the_asker_says_is_told),
        WITH("dropbear empty -B", an_empty_password_lets_in_where_the_server_allows_it),
        WITH("sshd empty PermitEmptyPasswords=yes",
             an_empty_password_lets_in_where_the_server_allows_it),
        WITH("dropbear empty", an_empty_password_is_refused_as_boards_do),
        WITH("dropbear", an_encrypted_key_asks_for_its_password),
        WITH("dropbear password", a_key_that_nobody_unlocks_leaves_the_password),
        WITH("dropbear", a_configuration_that_forbids_every_login_is_named),
        WITH("sshd", an_encrypted_key_asks_for_its_password),
        WITH("sshd password", a_key_that_nobody_unlocks_leaves_the_password),
        WITH("dropbear", a_configuration_is_read),
        WITH("dropbear", known_hosts_is_searched_as_ssh_does),
        WITH("dropbear", a_strict_configuration_accepts_no_new_key),
        WITH("dropbear", the_family_of_addresses_is_obeyed),
        WITH("dropbear", every_key_file_of_the_configuration_is_tried),
        WITH("dropbear", a_line_that_cannot_be_followed_ends_it),
        WITH("dropbear", a_program_of_the_users_is_the_way),
        WITH("sshd", a_jump_is_made_with_ssh),
        WITH("sshd", an_agent_lets_in),
        WITH("dropbear", an_agent_lets_in),
        WITH("dropbear", an_agent_offers_no_key_but_those_wanted),
        WITH("dropbear", a_stop_ends_the_wait_for_an_agent),
        ALONE(a_refused_connection_means_ssh_is_off),
        WITH("dropbear password", addresses_are_tried_until_one_answers),
        ALONE(a_server_that_does_not_greet_has_a_limit),
        ALONE(a_stop_ends_the_wait_for_a_greeting),
        ALONE(another_kind_of_server_is_told),
        ALONE(one_that_talks_on_without_a_greeting_has_an_end),
        ALONE(names_that_are_none_are_refused),
        ALONE(addresses_are_taken),
        WITH("dropbear password", another_connection_asks_nothing),
        WITH("dropbear", ports_of_the_server_are_reached),
        WITH("sshd", ports_of_the_server_are_reached),
        WITH("dropbear", sockets_of_the_server_are_reached_where_it_can),
        WITH("sshd", sockets_of_the_server_are_reached_where_it_can),
        WITH("dropbear", a_channel_that_nobody_reads_takes_little_memory),
        WITH("sshd", a_channel_that_nobody_reads_takes_little_memory),
        WITH("dropbear", a_signal_is_a_status),
        WITH("sshd", a_signal_is_a_status),
        WITH("dropbear", the_end_of_the_server_is_noticed),
        WITH("sshd", the_end_of_the_server_is_noticed),
    };

    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
