/*
 * ~/.ssh/config: what it says for a host. Where OpenSSH's ssh is there, it says the same (ssh -G).
 */
#include "testlib.h"

#include "net/ssh_config.h"
#include "util/text.h"

#include <ctype.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static struct x8_ssh_config said;
static struct x8_error err;
static char ran[200];
static int outcome;

static int run(void *ctx, const char *command, struct x8_error *why)
{
    (void)ctx;
    (void)why;
    x8_copy(ran, sizeof ran, command);
    return outcome;
}

static int parse(const char *host, const char *text)
{
    struct x8_ssh_config_for whom = {.host = host, .run = run};

    ran[0] = '\0';
    memset(&err, 0, sizeof err);
    return x8_ssh_config_parse(&whom, text, strlen(text), &said, &err);
}

static void reads(const char *host, const char *text)
{
    if (parse(host, text) != 0)
        fail_msg("%s: %s", text, err.msg);
}

static void the_first_value_wins(void **state)
{
    (void)state;
    reads("board", "Host other\n User a\n Port 1\nHost b*d !bo\n User b\n"
                   "Host *\n User c\n Port=2222\nHOSTNAME \"10.0.0.1\" # there\n");
    assert_string_equal(said.user, "b");
    assert_int_equal(said.port, 2222);
    assert_string_equal(said.hostname, "10.0.0.1");
}

static void patterns_fit_as_those_of_ssh(void **state)
{
    static const struct {
        const char *patterns, *host;
        int fits;
    } rows[] = {{"*", "x", 1},           {"b?ard", "board", 1},
                {"b?ard", "bard", 0},    {"*a*b*c", "aabbc", 1},
                {"*a*b*c", "acb", 0},    {"BOARD", "board", 0},
                {"* !bo*", "board", 0},  {"!x", "board", 0},
                {"a board", "board", 1}, {"10.0.*", "10.0.0.7", 1}};
    char text[200];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        snprintf(text, sizeof text, "Host %s\nUser u\n", rows[i].patterns);
        reads(rows[i].host, text);
        if (!!said.user[0] != rows[i].fits)
            fail_msg("'%s' and %s", rows[i].patterns, rows[i].host);
    }
}

static void conditions_of_match(void **state)
{
    (void)state;
    reads("board", "Match host boa*,x user *\n Port 1\nMatch originalhost board\n User u\n");
    assert_int_equal(said.port, 1);
    assert_string_equal(said.user, "u");
    reads("board", "HostName real\nMatch host board\n Port 1\nMatch originalhost board host real\n "
                   "Port 2\n");
    assert_int_equal(said.port, 2);
    reads("board", "Match !all\n Port 1\nMatch host !other !host other\n Port 3\n");
    assert_int_equal(said.port, 0); /* a list of nothing but '!' fits nothing */
    reads("board", "Match !host other\n Port 3\n");
    assert_int_equal(said.port, 3);
    /* Read twice where the end is asked for, with the values that the first time gave. */
    reads("board", "Match final host real\n Port 9\nHost board\n HostName real\n");
    assert_int_equal(said.port, 9);
}

static void a_command_decides_and_is_run_only_where_it_matters(void **state)
{
    (void)state;
    outcome = 1;
    reads("board", "Match host board exec \"test %h = 'board'\"\n ProxyJump away\n");
    assert_string_equal(ran, "test board = 'board'");
    assert_string_equal(said.proxy_jump, "away");
    reads("board", "Match host other exec x\n ProxyJump away\n");
    assert_string_equal(ran, "");
    outcome = 0;
    reads("board", "Match exec x\n ProxyJump away\nMatch !exec y\n Port 5\n");
    assert_string_equal(said.proxy_jump, "");
    assert_int_equal(said.port, 5);
    outcome = -X8_E_TIMEOUT;
    assert_int_equal(parse("board", "Match exec x\n"), -X8_E_TIMEOUT);
}

static void of_two_ways_through_the_first_holds(void **state)
{
    (void)state;
    reads("board", "ProxyJump a,b\nProxyCommand nc \"%h\" %p # all of it\n");
    assert_string_equal(said.proxy_jump, "a,b");
    assert_string_equal(said.proxy_command, "");
    reads("board", "ProxyCommand nc \"%h\" %p # all of it\nProxyJump a\n");
    assert_string_equal(said.proxy_command, "nc \"%h\" %p # all of it");
    assert_string_equal(said.proxy_jump, "");
    assert_string_equal(said.proxy_at, "config line 1");
    reads("board", "ProxyCommand none\nProxyJump x\n");
    assert_string_equal(said.proxy_jump, "");
    reads("board", "ProxyJump none\nProxyJump y\nProxyCommand x\nProxyJump z\n");
    assert_string_equal(said.proxy_command, "x");
    assert_string_equal(said.proxy_jump, "");
    assert_string_equal(said.proxy_at, "config line 3");
}

static void all_key_files_are_taken_in_their_order(void **state)
{
    (void)state;
    reads("board", "IdentityFile ~/a\nHost board\nIdentityFile \"/b c\"\nIdentityFile ~/a\n"
                   "IdentitiesOnly yes\nIdentityAgent none\n");
    assert_int_equal(said.identity_count, 2);
    assert_string_equal(said.identities[0], "~/a");
    assert_string_equal(said.identities[1], "/b c");
    assert_int_equal(said.identities_only, 1);
    assert_string_equal(said.agent, "none");
}

/* Without them the connection would be another one than the one asked for. */
static void what_cannot_be_followed_is_an_error_with_its_line(void **state)
{
    static const char *const lines[] = {"BindInterface tun0",
                                        "CanonicalizeHostname always",
                                        "GlobalKnownHostsFile /x",
                                        "StrictHostKeyChecking maybe",
                                        "AddressFamily inet7",
                                        "UserKnownHostsFile ${HOME}/x",
                                        "UserKnownHostsFile ~ana/x",
                                        "RevokedHostKeys /x",
                                        "ProxyUseFdpass yes",
                                        "Match tagged x",
                                        "Match localnetwork 10.0.0.0/8",
                                        "Match host",
                                        "Match",
                                        "Port 0",
                                        "Port 70000",
                                        "User \"a",
                                        "IdentitiesOnly often",
                                        "HostName a;b",
                                        "HostName -oX",
                                        "Include x",
                                        "ProxyJump",
                                        "HostName %k"};
    char text[200];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lines); i++) {
        snprintf(text, sizeof text, "\nHost board\n%s\n", lines[i]);
        if (parse("board", text) != -X8_E_USAGE || !strstr(err.msg, "line 3: ") || !err.next[0] ||
            !err.why[0])
            fail_msg("%s: %s", lines[i], err.msg);
        snprintf(text, sizeof text, "Host other\n%s\n", lines[i]);
        /* For another host only what is no line at all, or begins one for others, matters. */
        if (!x8_starts(lines[i], "Match") && !strchr(lines[i], '"') && strchr(lines[i], ' ') &&
            parse("board", text) != 0)
            fail_msg("%s: %s", lines[i], err.msg);
    }
    assert_int_equal(parse("board", "Match all\nBindAddress none\nProxyUseFdpass no\n"
                                    "GlobalKnownHostsFile /dev/null\nCanonicalizeHostname no\n"),
                     0);
}

static void what_only_may_matter_is_named(void **state)
{
    (void)state;
    reads("board", "ForwardAgent yes\nCertificateFile /c\nKnownHostsCommand none\n"
                   "UserKnownHostsFile /a /b\nPKCS11Provider /p\n");
    assert_string_equal(said.unused, "CertificateFile (config line 2), all but the first "
                                     "UserKnownHostsFile (config line 4), "
                                     "PKCS11Provider (config line 5)");
}

/* ssh stops at them whichever host they are for. */
static void a_line_that_ssh_does_not_know_is_an_error_for_every_host(void **state)
{
    static const char *const lines[] = {"Foo x",     "UserName x",  "Port 33 34", "User a b",
                                        "User ana,", "Host",        "Host \"\"",  "Port",
                                        "SendEnv",   "HostName a b"};
    char text[200];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lines); i++) {
        snprintf(text, sizeof text, "Host other\n%s\n", lines[i]);
        if ((parse("board", text) == 0) != (strcmp(lines[i], "User ana,") == 0))
            fail_msg("%s", lines[i]);
    }
    assert_int_equal(parse("board", "Host x\nUsername u\n"), -X8_E_USAGE);
    assert_string_equal(err.msg, "config line 2: 'Username' is no keyword of ssh");
    assert_non_null(strstr(err.next, "IgnoreUnknown Username"));
    reads("board", "IgnoreUnknown Use*,foo\nUseKeychain yes\nFOO\nPort 5 # five\nSendEnv A B\n");
    assert_int_equal(said.port, 5);
    assert_int_equal(parse("board", "IgnoreUnknown a\nIgnoreUnknown foo\nFoo x\n"), -X8_E_USAGE);
}

static void whose_key_and_where_is_told(void **state)
{
    (void)state;
    reads("board", "HostKeyAlias x\nHostKeyAlias y\nUserKnownHostsFile ~/k\n"
                   "StrictHostKeyChecking yes\nStrictHostKeyChecking no\nAddressFamily inet6\n"
                   "AddressFamily any\n");
    assert_string_equal(said.key_alias, "x");
    assert_string_equal(said.known_hosts, "~/k");
    assert_int_equal(said.strict, 1);
    assert_string_equal(said.strict_at, "config line 4");
    assert_int_equal(said.family, 6);
    reads("board", "StrictHostKeyChecking accept-new\nStrictHostKeyChecking yes\n");
    assert_int_equal(said.strict, 2);
}

static void tokens_are_replaced(void **state)
{
    struct x8_ssh_tokens tokens = {"10.0.0.1", "board", "fio", "/home/ana/.ssh", 2222};
    char out[100];

    (void)state;
    assert_int_equal(x8_ssh_config_expand("%h %n %p %r %d %%", &tokens, 0, out, sizeof out, &err),
                     0);
    assert_string_equal(out, "10.0.0.1 board 2222 fio /home/ana %");
    assert_int_equal(x8_ssh_config_expand("~/.ssh/%n", &tokens, 1, out, sizeof out, &err), 0);
    assert_string_equal(out, "/home/ana/.ssh/board");
    assert_int_equal(x8_ssh_config_expand("%C", &tokens, 0, out, sizeof out, &err), -X8_E_USAGE);
    assert_int_equal(x8_ssh_config_expand("%", &tokens, 0, out, sizeof out, &err), -X8_E_USAGE);
    assert_int_equal(x8_ssh_config_expand("%h%h", &tokens, 0, out, 16, &err), -X8_E_USAGE);
}

/* A password may stand in it, and errors are kept. */
static void no_error_tells_a_command(void **state)
{
    struct x8_ssh_tokens tokens = {"a;b", "board", "fio", "/home/ana/.ssh", 2222};
    char out[100];

    (void)state;
    assert_int_equal(x8_ssh_config_expand("nc -P hush %k", &tokens, 0, out, sizeof out, &err),
                     -X8_E_USAGE);
    assert_null(strstr(err.msg, "hush"));
    assert_true(err.why[0] && err.next[0]);
    assert_int_equal(x8_ssh_config_expand("nc -P hush %h", &tokens, 0, out, sizeof out, &err),
                     -X8_E_USAGE);
    assert_null(strstr(err.msg, "hush"));
    assert_int_equal(x8_ssh_config_expand("nc -P hush", &tokens, 0, out, 8, &err), -X8_E_USAGE);
    assert_null(strstr(err.msg, "hush"));
}

/* A board gives itself its name. */
static void nothing_from_the_network_reaches_a_shell(void **state)
{
    static const char *const bad[] = {"a;b", "$(x)", "`x`", "a b", "-x", "a'b", "a\nb", ""};
    char out[100];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(bad); i++) {
        struct x8_ssh_tokens host = {bad[i], "x", "fio", NULL, 22},
                             user = {"x", "x", bad[i], NULL, 22};

        assert_int_equal(x8_ssh_is_host(bad[i]), 0);
        assert_int_equal(x8_ssh_config_expand("x %h", &host, 0, out, sizeof out, &err),
                         -X8_E_USAGE);
        if (bad[i][0])
            assert_int_equal(x8_ssh_config_expand("x %r", &user, 0, out, sizeof out, &err),
                             -X8_E_USAGE);
    }
}

/* --- files --- */

static char *dir;

static void put(const char *name, const char *text)
{
    char *path = test_path(dir, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    free(path);
}

static int read_for(const char *host, const char *user)
{
    char *path = test_path(dir, "config");
    char *system = test_path(dir, "etc/ssh_config");
    struct x8_ssh_config_for whom = {
        .host = host, .user = user, .folder = dir, .system = system, .run = run};
    int rc;

    memset(&err, 0, sizeof err);
    rc = x8_ssh_config_read(&whom, path, &said, &err);
    free(path);
    free(system);
    return rc;
}

static int setup(void **state)
{
    (void)state;
    dir = test_dir_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_dir_free(dir);
    return 0;
}

static void included_files_end_with_their_own_conditions(void **state)
{
    (void)state;
    put("one.conf", "Host other\n Port 1\n");
    put("two.conf", "Host board\n User u\n");
    put("config", "Host board\n Include *.conf nothing-there\n Port 7\nHost other\n Include x\n");
    assert_int_equal(read_for("board", NULL), 0);
    assert_string_equal(said.user, "u");
    assert_int_equal(said.port, 7);
}

static void a_file_that_includes_itself_has_an_end(void **state)
{
    (void)state;
    put("config", "Include config\n");
    assert_int_equal(read_for("board", NULL), -X8_E_USAGE);
    put("config", "Include config config config\n");
    assert_int_equal(read_for("board", NULL), -X8_E_USAGE);
}

static void a_file_that_others_may_write_is_refused(void **state)
{
    char *path = test_path(dir, "config");

    (void)state;
    put("config", "Port 1\n");
    chmod(path, 0666);
    assert_int_equal(read_for("board", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.next, "chmod"));
    chmod(path, 0620);
    assert_int_equal(read_for("board", NULL), -X8_E_USAGE);
    chmod(path, 0600);
    if (getuid() == 0 && chown(path, 1234, (gid_t)-1) == 0) {
        assert_int_equal(read_for("board", NULL), -X8_E_USAGE);
        assert_non_null(strstr(err.next, "chown 0 "));
    }
    unlink(path);
    assert_int_equal(read_for("board", NULL), 0);
    mkdir(path, 0700);
    assert_int_equal(read_for("board", NULL), -X8_E_NO_FILE);
    rmdir(path);
    free(path);
}

static void make_folder(const char *name)
{
    char *path = test_path(dir, name);

    assert_int_equal(mkdir(path, 0700), 0);
    free(path);
}

static void the_computers_own_configuration_comes_last(void **state)
{
    char *file = test_path(dir, "etc/ssh_config");

    (void)state;
    make_folder("etc");
    make_folder("etc/jumps.d");
    put("etc/jumps.d/one.conf", "Host board\n ProxyJump gate\n");
    put("etc/ssh_config", "Include jumps.d/*.conf\nHost *\n User all\n Port 9\n");
    put("config", "Host board\n Port 7\n");
    assert_int_equal(read_for("board", NULL), 0);
    assert_int_equal(said.port, 7);
    assert_string_equal(said.user, "all");
    assert_string_equal(said.proxy_jump, "gate");
    put("config", "Match final user all\n Port 8\n");
    assert_int_equal(read_for("other", NULL), 0);
    assert_int_equal(said.port, 9); /* it was the first in the first reading */
    assert_string_equal(said.proxy_jump, "");
    put("etc/ssh_config", "Host *\n BindAddress 10.0.0.1\n");
    assert_int_equal(read_for("board", NULL), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "etc/ssh_config line 2"));
    unlink(file);
    free(file);
}

/* What ssh itself says: "hostname X port N user U", each key file, and the way through. "" without
 * ssh. */
static char *ask_ssh(const char *host)
{
    char command[2000], shell[] = "sh", option[] = "-c";
    char *const argv[] = {shell, option, command, NULL};
    char *answer = test_path(dir, "answer"), *text;
    int status = -1;
    pid_t pid;

    snprintf(command, sizeof command,
             "command -v ssh >/dev/null || exit 77; ssh -G -F %s/config %s 2>/dev/null | awk '"
             "$1 ~ /^(hostname|port|user|identityfile|proxyjump|proxycommand)$/ { print }' | "
             "sort -s -k1,1 >%s",
             dir, host, answer);
    assert_int_equal(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
    text = test_read(answer, NULL);
    free(answer);
    return text;
}

/* The same in our words; every host of the table has a user and a key file. */
static void tell(const char *host, char *out, size_t cap)
{
    size_t len =
        (size_t)snprintf(out, cap, "hostname %s\n", said.hostname[0] ? said.hostname : host);

    for (char *c = out; *c; c++) /* as ssh tells names */
        *c = (char)tolower((unsigned char)*c);
    for (size_t i = 0; i < said.identity_count; i++)
        len += (size_t)snprintf(out + len, cap - len, "identityfile %s\n", said.identities[i]);
    len += (size_t)snprintf(out + len, cap - len, "port %d\n", said.port ? said.port : 22);
    if (said.proxy_command[0] && strcmp(said.proxy_command, "none") != 0)
        len += (size_t)snprintf(out + len, cap - len, "proxycommand %s\n", said.proxy_command);
    if (said.proxy_jump[0] && strcmp(said.proxy_jump, "none") != 0)
        len += (size_t)snprintf(out + len, cap - len, "proxyjump %s\n", said.proxy_jump);
    snprintf(out + len, cap - len, "user %s\n", said.user);
}

static void ssh_itself_says_the_same(void **state)
{
    static const char *const hosts[] = {"board",    "board2",  "bench-1", "alias", "x.example",
                                        "10.0.0.7", "fe80::1", "Upper",   "upper", "comma"};
    char mine[2000], *its;

    (void)state;
    put("part.conf", "Host bench-?\n  Port 77\n  IdentityFile /inc\nMatch host board*\n"
                     "  ProxyJump ana@hop:2200,last\n");
    /* A relative Include is one of the real ~/.ssh for ssh, wherever the file is. */
    snprintf(mine, sizeof mine,
             "# a comment\n\nHost board board2 !board3\n\tHostName  10.0.0.%%h\n"
             "  IdentityFile=/a\n  IdentityFile \"/b c\"\n\n"
             "Include %s/part.conf\nMatch originalhost 10.0.0.*,x.example !host 10.0.0.8\n"
             "  ProxyCommand nc \"%%h\" %%p\n  Port = 2222\n"
             "Match exec \"test %%h = bench-1\"\n User root\n"
             "Host alias\n HostName real\nHost real\n IdentityFile /real\n"
             "Host Upper\n ProxyJump none\n ProxyCommand up\nHost UPPER\n Port 1\n"
             "Match host UPPER\n Port 2\nHost other,comma\n Port 3\nMatch user Fio\n Port 4\n"
             "Host comma\n ProxyCommand none\n"
             "Host *\n  User fio\n  IdentityFile /z\n  Port 23\nMatch final host 10.0.0.*\n"
             " IdentityFile /final\n",
             dir);
    put("config", mine);
    outcome = 0;
    for (size_t i = 0; i < X8_COUNT(hosts); i++) {
        outcome = strcmp(hosts[i], "bench-1") == 0;
        if (read_for(hosts[i], NULL) != 0)
            fail_msg("%s: %s", hosts[i], err.msg);
        tell(hosts[i], mine, sizeof mine);
        its = ask_ssh(hosts[i]);
        if (strcmp(mine, its) != 0)
            fail_msg("%s: here\n%s, ssh says\n%s", hosts[i], mine, its);
        free(its);
    }
}

/* A line that one takes and the other does not would mean two things. */
static void ssh_itself_refuses_the_same(void **state)
{
    static const char *const lines[] = {"Port 33 34",
                                        "Foo x",
                                        "IgnoreUnknown F*\nFoo x y",
                                        "IgnoreUnknown F*\nIgnoreUnknown Bar\nBar x",
                                        "Host other\nFoo x",
                                        "Host other\nIgnoreUnknown Foo\nFoo x",
                                        "Host",
                                        "Host \"\"",
                                        "Port",
                                        "User a #b",
                                        "SendEnv A B",
                                        "ForwardAgent yes yes",
                                        "Protocol 2",
                                        "UserKnownHostsFile /a /b",
                                        "AddressFamily inet7",
                                        "AddressFamily inet6",
                                        "StrictHostKeyChecking off",
                                        "StrictHostKeyChecking often",
                                        "IdentityFile a b",
                                        "HostKeyAlias x",
                                        "ProxyJump a b",
                                        "Match foo",
                                        "RekeyLimit 1G 1h"};
    char command[1000], shell[] = "sh", option[] = "-c";
    char *const argv[] = {shell, option, command, NULL};
    int status;
    pid_t pid;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lines); i++) {
        put("config", lines[i]);
        snprintf(command, sizeof command,
                 "command -v ssh >/dev/null || exit 77; ssh -G -F %s/config board >/dev/null 2>&1",
                 dir);
        assert_int_equal(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WEXITSTATUS(status) == 77)
            skip();
        if ((status == 0) != (read_for("board", NULL) == 0))
            fail_msg("ssh ends with status %d at: %s", WEXITSTATUS(status), lines[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_value_wins),
        cmocka_unit_test(patterns_fit_as_those_of_ssh),
        cmocka_unit_test(conditions_of_match),
        cmocka_unit_test(a_command_decides_and_is_run_only_where_it_matters),
        cmocka_unit_test(of_two_ways_through_the_first_holds),
        cmocka_unit_test(all_key_files_are_taken_in_their_order),
        cmocka_unit_test(what_cannot_be_followed_is_an_error_with_its_line),
        cmocka_unit_test(what_only_may_matter_is_named),
        cmocka_unit_test(a_line_that_ssh_does_not_know_is_an_error_for_every_host),
        cmocka_unit_test(whose_key_and_where_is_told),
        cmocka_unit_test(no_error_tells_a_command),
        cmocka_unit_test(tokens_are_replaced),
        cmocka_unit_test(nothing_from_the_network_reaches_a_shell),
        cmocka_unit_test_setup_teardown(included_files_end_with_their_own_conditions, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_that_includes_itself_has_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_others_may_write_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_computers_own_configuration_comes_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ssh_itself_says_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(ssh_itself_refuses_the_same, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
